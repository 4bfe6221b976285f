"""One writer a source at a time, across processes and machines. Must not know tables.

The lock belongs to the operating system (a lock file beside a SQLite store) or to the database session (PostgreSQL),
never to a row: when its process dies, by whatever signal, it is free.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from lms_sync.errors import StoreBusy, StoreError
from lms_sync.store.failures import translated


def lock_number(name: str) -> int:
    """A PostgreSQL advisory lock's number for a name: 64 bits, signed."""
    return int.from_bytes(hashlib.sha256(b"lms-sync " + name.encode()).digest()[:8], "big", signed=True)


_APPEND = lock_number("append to the ledger")


def lock_ledger(connection: Connection) -> None:
    """Makes this transaction the only one that appends, until it ends. SQLite's BEGIN IMMEDIATE does so already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _APPEND})


@contextmanager
def file_lock(store: Path, source: str) -> Iterator[None]:
    """Holds `<store>.<source>.lock`. Raises StoreBusy at once when another holds it."""
    path = store.with_name(f"{store.name}.{quote(source, safe='')}.lock")
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise _busy(source) from None
    except OSError as error:
        raise StoreError(
            f"the lock file {path} cannot be made ({error.strerror}): check the directory's rights"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def session_lock(engine: Engine, place: str, source: str) -> Iterator[None]:
    """Holds a PostgreSQL session lock on a connection of its own. Raises StoreBusy at once when another holds it."""
    number = {"number": lock_number(f"source {source}")}
    with translated(place):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:number)"), number).scalar_one()
    try:
        if not taken:
            raise _busy(source)
        yield
    finally:
        # A closed session's locks are freed a moment later, too late for a pull that follows at once: so give it back
        # first, and then close the session all the same, which frees the lock when giving it back has failed.
        with suppress(DBAPIError):
            if taken:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), number)
        connection.invalidate()
        connection.close()


def _busy(source: str) -> StoreBusy:
    return StoreBusy(f"another lms-sync process is working on the source {source!r}: wait for it to end and run again")
