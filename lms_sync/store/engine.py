"""How a store's URL becomes an SQLAlchemy engine whose transactions mean what the store needs.

Owns the accepted URLs, the SQLite pragmas and the two kinds of transaction. Must not know tables.

SQLite runs in WAL mode, so readers never wait for a writer. `synchronous=FULL` (not NORMAL) because a checkpoint may be
exported right after a commit: after a power cut the store must still hold every row that was signed for. That costs
one flush a page. A writer begins with BEGIN IMMEDIATE: what it reads before it writes cannot change under it.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from lms_sync.errors import StoreError

WRITER = "lms_sync_writer"
"""Execution option of a connection whose transactions write."""

_POSTGRESQL_NAMES = {"postgresql", "postgres", "postgresql+psycopg"}
_CONNECT_SECONDS = 10


def parse_url(text: str) -> URL:
    """The store's URL: `sqlite:///path` or `postgresql://…`. Raises StoreError without quoting the URL's password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(
            "the store's URL cannot be read: write sqlite:///path or postgresql://user@host/name"
        ) from None
    if url.drivername == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("the store's URL names no file: write sqlite:///path/to/records.db")
        return url
    if url.drivername in _POSTGRESQL_NAMES:
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(
        f"the store's URL begins with {url.drivername!r}, which is not supported: use sqlite:///path or postgresql://…"
    )


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite store; None for PostgreSQL."""
    return Path(url.database or "") if url.drivername == "sqlite" else None


def place_of(url: URL) -> str:
    """The store's name for messages: never the user, the password or any other part of the URL."""
    path = sqlite_path(url)
    if path is not None:
        return f"the store {path}"
    host = url.host or url.query.get("host") or "the default host"
    port = f":{url.port}" if url.port else ""
    return f"the PostgreSQL store {url.database or ''} at {host}{port}"


def open_engine(url: URL, busy_seconds: float) -> Engine:
    """An engine for the URL; opens no connection. `busy_seconds`: how long a writer waits for another."""
    if url.drivername == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": busy_seconds})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "lms-sync",
            # A source's lock lives as long as its connection: notice a dead peer, and be noticed.
            "keepalives_idle": 30,
            # Compiling a statement takes longer than any of these runs: they look little up, and often.
            "options": f"-c lock_timeout={int(busy_seconds * 1000)} -c timezone=UTC -c datestyle=ISO -c jit=off",
        },
    )


def create_sqlite_file(path: Path) -> None:
    """Makes the file readable by its owner only, as it will hold personal data. Raises OSError."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def set_write_ahead_log(engine: Engine) -> None:
    """Turns the SQLite file to WAL mode; it stays so. Nothing for PostgreSQL."""
    _pragma(engine, "journal_mode=WAL")


def empty_write_ahead_log(engine: Engine) -> None:
    """Moves everything from SQLite's WAL into the file, so that no older page stays behind. Nothing for PostgreSQL."""
    _pragma(engine, "wal_checkpoint(TRUNCATE)")


def _pragma(engine: Engine, text: str) -> None:
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute(f"PRAGMA {text}")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")  # what is erased leaves no trace in free space


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITER)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
