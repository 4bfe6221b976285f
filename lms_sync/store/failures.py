"""The one place where an error of a database becomes a sentence for the operator.

Owns the translation to StoreError and its kinds. Must not know tables. The original error is not chained: a driver's
message may quote a row ("Failing row contains …") or a connection string. PostgreSQL's driver is not imported for the
sake of its errors: what was never imported has raised none.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lms_sync.errors import StoreBusy, StoreDamaged, StoreError

if TYPE_CHECKING:
    import psycopg

_SQLITE = (
    # SQLite's own words -> what to say. Longest match first is not needed: the words exclude each other.
    ("file is not a database", StoreError, "is not a database: give the path of a store or of a file yet to be made"),
    ("disk image is malformed", StoreDamaged, "is damaged: restore it from a backup and run lms-sync verify"),
    (
        "unable to open",
        StoreError,
        "cannot be opened: check that the directory exists and that this user may write to it",
    ),
    ("readonly", StoreError, "cannot be written: check the rights of this user on the file and its directory"),
    ("is full", StoreError, "cannot be written because the disk is full: free some space and run again"),
    ("is locked", StoreBusy, "is being written by another process: wait for it to end and run again"),
    ("disk i/o error", StoreError, "cannot be read or written: the disk reports an error"),
    ("no such table", StoreDamaged, "lacks one of its tables: restore it from a backup"),
    ("no such column", StoreDamaged, "lacks one of its columns: restore it from a backup"),
    ("could not decode", StoreDamaged, "holds a text that cannot be read: run lms-sync verify"),
)

_POSTGRESQL_STATES = (
    # SQLSTATE prefix -> what to say (PostgreSQL documentation, appendix A).
    ("28", StoreError, "refuses the user name or the password: check the store's URL"),
    ("3D", StoreError, "does not exist: create the database or check its name in the store's URL"),
    ("53100", StoreError, "cannot be written because its disk is full: free some space and run again"),
    ("53", StoreError, "is out of resources (memory or connections): try again later"),
    ("55P03", StoreBusy, "is being written by another process: wait for it to end and run again"),
    ("57P", StoreError, "is shutting down or starting: try again when it is up"),
    ("25006", StoreError, "is read-only: check that the URL names the primary server and not a replica"),
    ("42501", StoreError, "refuses a right to this user: grant it the schema and its tables"),
    ("42P01", StoreDamaged, "lacks one of its tables: restore it from a backup"),
    ("42703", StoreDamaged, "lacks one of its columns: restore it from a backup"),
    ("08", StoreError, "broke the connection: check the server and run again"),
    ("XX001", StoreDamaged, "is damaged: restore it from a backup and run lms-sync verify"),
    ("XX002", StoreDamaged, "is damaged: restore it from a backup and run lms-sync verify"),
)

_POSTGRESQL_CONNECTING = (
    # While connecting, psycopg gives words and no SQLSTATE.
    ("authentication failed", "refuses the user name or the password: check the store's URL"),
    ("no password supplied", "asks for a password: put it into the store's URL"),
    ("does not exist", "or its user does not exist: check the names in the store's URL"),
    ("resolve", "cannot be found: check the host name in the store's URL"),
    ("name or service not known", "cannot be found: check the host name in the store's URL"),
    ("refused", "cannot be reached: check that the server runs and that host and port are right"),
    ("no such file", "cannot be reached: check that the server runs and that host and port are right"),
    ("timeout", "does not answer: check host, port and firewall"),
    ("too many clients", "has no connection left: try again later"),
    ("starting up", "is starting: try again when it is up"),
    ("shutting down", "is shutting down: try again when it is up"),
)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turns every database error of its body into StoreError, StoreBusy or StoreDamaged about `place`."""
    try:
        yield
    except _database_errors() as error:
        raise store_error(error, place) from None


def store_error(error: Exception, place: str) -> StoreError:
    """The error in one sentence."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite_error(cause, place)
    if isinstance(cause, _postgresql_errors()):
        return _postgresql_error(cause, place)
    return StoreError(f"{place} gave an unexpected error ({type(cause).__name__}): run lms-sync verify")


def _database_errors() -> tuple[type[Exception], ...]:
    return (SQLAlchemyError, sqlite3.Error, *_postgresql_errors())


def _postgresql_errors() -> tuple[type[psycopg.Error], ...]:
    driver = sys.modules.get("psycopg")
    return (driver.Error,) if driver is not None else ()


def _sqlite_error(cause: sqlite3.Error, place: str) -> StoreError:
    words = str(cause).lower()
    for part, kind, sentence in _SQLITE:
        if part in words:
            return kind(f"{place} {sentence}")
    code = getattr(cause, "sqlite_errorname", None) or type(cause).__name__
    return StoreError(f"{place} gave an unexpected error ({code}): run lms-sync verify")


def _postgresql_error(cause: psycopg.Error, place: str) -> StoreError:
    if cause.sqlstate is None:
        words = str(cause).lower()
        for part, sentence in _POSTGRESQL_CONNECTING:
            if part in words:
                return StoreError(f"{place} {sentence}")
        return StoreError(f"{place} broke the connection ({type(cause).__name__}): check the server and run again")
    for prefix, kind, sentence in _POSTGRESQL_STATES:
        if cause.sqlstate.startswith(prefix):
            return kind(f"{place} {sentence}")
    return StoreError(f"{place} gave an unexpected error (SQLSTATE {cause.sqlstate}): run lms-sync verify")
