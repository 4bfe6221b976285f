"""Proof that the ledger is an unbroken chain and that the projections say what it says. Reads only.

Owns the report. The chain is checked in `verify_chain.py`, the projections in `verify_projections.py`. What this
proves, and what it cannot, is in `docs/ledger.md`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from lms_sync.store.ledger import Head
from lms_sync.store.rows import Broken
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger
from lms_sync.store.verify_chain import ChainCheck
from lms_sync.store.verify_projections import projection_problems

Progress = Callable[[int, int], None]
"""Told (ledger rows checked, ledger rows in all) now and then."""

LISTED = 100


@dataclass(frozen=True)
class VerifyReport:
    """What was checked and what is broken, the first broken ledger row first.

    `problems` lists at most as many as were asked for; `unlisted` counts the rest. `head` is the end of the chain.
    """

    ok: bool
    rows: int
    projected: int
    head: Head
    problems: list[Broken] = field(default_factory=list)
    unlisted: int = 0


def verify(store: Store, *, progress: Progress | None = None, listed: int = LISTED) -> VerifyReport:
    """Checks the whole store as it stands at this instant. Memory does not grow with the store.

    Raises StoreError when the database itself cannot be read.
    """
    with store.reading() as connection:
        try:
            return _verify(connection, progress, listed)
        except (OperationalError, sqlite3.OperationalError) as error:
            if "Could not decode" not in str(error):
                raise
        with _undecodable_texts_allowed(connection):
            return _verify(connection, progress, listed)


def _verify(connection: Connection, progress: Progress | None, listed: int) -> VerifyReport:
    found = _Found(listed)
    total = connection.execute(select(func.count()).select_from(ledger)).scalar_one()
    chain = ChainCheck(connection)
    for done in chain.run(found.add):
        if progress:
            progress(done, total)
    projected = projection_problems(connection, found.add)
    return VerifyReport(
        ok=not found.count,
        rows=chain.rows,
        projected=projected,
        head=chain.head,
        problems=found.listed,
        unlisted=found.count - len(found.listed),
    )


class _Found:
    """Keeps the first problems and counts all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.listed: list[Broken] = []
        self.count = 0

    def add(self, where: str, what: str) -> None:
        self.count += 1
        if len(self.listed) < self._limit:
            self.listed.append(Broken(where, what))


@contextmanager
def _undecodable_texts_allowed(connection: Connection) -> Iterator[None]:
    """Lets SQLite give texts that are not UTF-8, so that the row which holds one can be named. Slower."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str
