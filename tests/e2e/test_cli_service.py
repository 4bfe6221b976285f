"""What runs by itself: the service and the demonstration, as real processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.e2e.desk import PATIENCE, Desk


class TestService:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_pulls_what_is_due_and_ends_cleanly(self, desk: Desk, number: signal.Signals) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "lms_sync", "run"],
            cwd=desk.path,
            env=desk.environment(),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert process.stderr
        lines: list[Any] = []
        try:
            for line in process.stderr:
                lines.append(json.loads(line))
                if lines[-1]["event"] == "pull finished":
                    process.send_signal(number)
            assert process.wait(timeout=PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
        assert [line["event"] for line in lines if line["event"].startswith("service")] == [
            "service started",
            "service stopping",
            "service stopped",
        ]
        assert desk.rows("SELECT outcome, actor FROM run") == [("done", "schedule")]
        assert desk.token not in json.dumps(lines)


class TestDemo:
    def test_it_shows_two_pulls_and_a_gradebook_and_can_be_repeated(self, desk: Desk) -> None:
        for _ in range(2):
            outcome = desk.run("demo", "--learners", "20")
            assert outcome.code == 0, outcome.both
            assert outcome.err.count("requests to the LMS") == 2
            assert "Электронный журнал" in outcome.out
        assert (desk.path / "demo" / "academy.token").stat().st_mode & 0o777 == 0o600
        *_, checkpoint = sorted((desk.path / "demo" / "checkpoints").iterdir())
        verified = desk.run("verify", "--config", "demo/lms-sync.toml", "--checkpoint", str(checkpoint))
        assert verified.code == 0, verified.both
