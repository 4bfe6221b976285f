"""What the end-to-end tests share: an operator's directory, and commands run in it as real processes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lms_sync.sandbox import SandboxServer

CONFIG = """
[store]
url = "sqlite:///store.db"

[sources.academy]
connector = "moodle"
url = "{url}"
token_file = "academy.token"
timezone = "Europe/Moscow"
timeout = 5
retries = 0

[sources.academy.schedule]
courses = {{ every = "1h" }}
assessments = {{ every = "1h" }}
people = {{ every = "1h" }}
grades = {{ every = "15m" }}
attempts = {{ every = "15m" }}
"""
PATIENCE = 120
"""Seconds after which a command that hangs fails its test."""


@dataclass
class Outcome:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def both(self) -> str:
        return self.out + self.err

    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Desk:
    """An operator's directory with a configuration and a token, and the LMS it names."""

    path: Path
    server: SandboxServer
    token: str

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_SYNC")}
        return {**kept, "PYTHONWARNINGS": "error", "NO_COLOR": "1", **more}

    def run(self, *arguments: str, **environment: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "lms_sync", *arguments],
            cwd=self.path,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        outcome = Outcome(done.returncode, done.stdout, done.stderr)
        assert self.token not in outcome.both
        if "--debug" not in arguments:
            assert "Traceback" not in outcome.both
        return outcome

    @property
    def config(self) -> Path:
        return self.path / "lms-sync.toml"

    def replace(self, old: str, new: str) -> None:
        text = self.config.read_text(encoding="utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), encoding="utf-8")

    def files(self) -> set[str]:
        return {path.name for path in self.path.iterdir()}

    def rows(self, statement: str) -> list[Any]:
        connection = sqlite3.connect(self.path / "store.db")
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


def set_up(path: Path, server: SandboxServer) -> Desk:
    (path / "lms-sync.toml").write_text(CONFIG.format(url=server.url), encoding="utf-8")
    secret = path / "academy.token"
    secret.touch(0o600)
    secret.write_text(f"{server.token}\n", encoding="utf-8")
    return Desk(path, server, server.token)


@dataclass
class FirstPull:
    """A desk after a first pull, with debug logs and `--json`, and what that pull wrote. Only to be read."""

    desk: Desk
    outcome: Outcome


def a_course(desk: Desk) -> str:
    """The course with most grades."""
    ((course,),) = desk.rows("SELECT course FROM grade_entry GROUP BY course ORDER BY count(*) DESC LIMIT 1")
    return str(course)
