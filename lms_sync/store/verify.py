"""Proof that the ledger is an unbroken chain and that the projections say what it says. Reads only.

Owns the report. The chain is checked in `verify_chain.py`, the projections in `verify_projections.py`, the action
journal in `verify_journal.py`, what protocols say of their results in `verify_protocols.py`, the register of issued
documents in `verify_documents.py`, applications to recognise a result in `verify_recognitions.py`. What this proves,
and what it cannot, is in `docs/ledger.md`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from lms_sync.errors import StoreError
from lms_sync.records import AttestationResult, Protocol
from lms_sync.store import verify_chain, verify_projections
from lms_sync.store.checkpoint import checkpoint_problems
from lms_sync.store.ledger import Head
from lms_sync.store.rows import Broken
from lms_sync.store.scan_files import ScanFiles
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger
from lms_sync.store.verify_documents import all_document_problems, scan_problems
from lms_sync.store.verify_journal import journal_problems
from lms_sync.store.verify_protocols import (
    all_protocol_problems,
    protocol_problems,
    results_named_by,
    sources_with,
    versions_of,
)
from lms_sync.store.verify_recognitions import recognition_problems

Progress = Callable[[int, int], None]
"""Told (ledger rows checked, ledger rows in all) now and then."""

LISTED = 100

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class VerifyReport:
    """What was checked and what is broken: checkpoints first, then ledger rows in their order, tables, the journal's
    pages, protocols, issued documents and recognised results.

    `actions` counts the journal's rows. `problems` lists at most as many as were asked for; `unlisted` counts the rest.
    `head` is the end of the chain.
    """

    ok: bool
    rows: int
    projected: int
    protocols: int
    documents: int
    checkpoints: int
    actions: int
    head: Head
    problems: list[Broken] = field(default_factory=list)
    unlisted: int = 0


@dataclass(frozen=True)
class ProtocolReport:
    """What was checked of one protocol: so many versions of it, and ledger rows with those of the results it names."""

    ok: bool
    source: str
    number: str
    versions: int
    rows: int
    problems: list[Broken] = field(default_factory=list)
    unlisted: int = 0


def verify(
    store: Store,
    *,
    checkpoints: Sequence[Path] = (),
    public_key: str | None = None,
    scans: ScanFiles | None = None,
    progress: Progress | None = None,
    listed: int = LISTED,
) -> VerifyReport:
    """Checks the whole store as it stands at this instant, and that it extends each checkpoint.

    `public_key` is the one that checkpoints must be signed with (64 hexadecimal digits); None takes the one each names.
    `scans` are the files of scans, which are read as well; None leaves them unread.
    Memory does not grow with the store. Raises StoreError when the database or a checkpoint's file cannot be read.
    """

    def work(connection: Connection) -> VerifyReport:
        found = _Found(listed)
        for path in checkpoints:
            for problem in checkpoint_problems(connection, path, public_key):
                found.add(f"checkpoint {path}", problem)
        return _verify(connection, progress, found, len(checkpoints), scans)

    return _whatever_is_stored(store, work)


def verify_protocol(store: Store, source: str, number: str, *, listed: int = LISTED) -> ProtocolReport:
    """Checks one protocol and the results it names: their ledger rows, their tables, its lines and totals.

    Fast: the rest of the chain is not looked at. Raises StoreError for a protocol the store does not know.
    """

    def work(connection: Connection) -> ProtocolReport:
        found = _Found(listed)
        versions = versions_of(connection, source, number)
        if not versions:
            raise StoreError(f"the source {source!r} has no protocol {number!r}: check number and source")
        rows = 0
        for kind, keys in ((Protocol.kind, [number]), (AttestationResult.kind, results_named_by(versions))):
            rows += verify_chain.record_problems(connection, source, kind, keys, found.add)
            verify_projections.record_problems(connection, source, kind, keys, found.add)
        protocol_problems(connection, versions, found.add)
        return ProtocolReport(
            ok=not found.count,
            source=source,
            number=number,
            versions=len(versions),
            rows=rows,
            problems=found.listed,
            unlisted=found.count - len(found.listed),
        )

    return _whatever_is_stored(store, work)


def sources_with_protocol(store: Store, number: str) -> list[str]:
    """The sources that have a protocol of this number, by name."""
    with store.reading() as connection:
        return sources_with(connection, number)


def _whatever_is_stored(store: Store, work: Callable[[Connection], Answer]) -> Answer:
    """Does the work in a reading transaction, also when SQLite holds texts that are not UTF-8."""
    with store.reading() as connection:
        try:
            return work(connection)
        except (OperationalError, sqlite3.OperationalError) as error:
            if "Could not decode" not in str(error):
                raise
        with _undecodable_texts_allowed(connection):
            return work(connection)


def _verify(
    connection: Connection, progress: Progress | None, found: _Found, checkpoints: int, scans: ScanFiles | None
) -> VerifyReport:
    total = connection.execute(select(func.count()).select_from(ledger)).scalar_one()
    chain = verify_chain.ChainCheck(connection)
    for done in chain.run(found.add):
        if progress:
            progress(done, total)
    projected = verify_projections.projection_problems(connection, found.add)
    actions = journal_problems(connection, found.add)
    protocols = all_protocol_problems(connection, found.add)
    documents = all_document_problems(connection, found.add)
    recognition_problems(connection, found.add)
    if scans is not None:
        scan_problems(connection, scans, found.add)
    return VerifyReport(
        ok=not found.count,
        rows=chain.rows,
        projected=projected,
        protocols=protocols,
        documents=documents,
        checkpoints=checkpoints,
        actions=actions,
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
