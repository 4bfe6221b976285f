"""Appending to the ledger: numbers, links and digests of new rows. The format is `docs/ledger.md`.

Must not know what a payload means. The caller holds the append lock (`Store.writing`), so that the chain has no gaps.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, insert, select

from lms_sync.errors import StoreError
from lms_sync.store.canonical import GENESIS, digest_time, new_salts, payload_digest, row_digest
from lms_sync.store.rows import Operation
from lms_sync.store.statements import driver_text, insert_rows
from lms_sync.store.tables import ledger


@dataclass(frozen=True, slots=True)
class Entry:
    """What one new ledger row says. `payload` is canonical JSON; None only for an erasure."""

    kind: str
    key: str
    scope: str
    version: int
    operation: Operation
    payload: str | None
    source_at: dt.datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Signature:
    """What all rows of one transaction share: whose records, when they were seen (UTC), by which run, for whom."""

    source: str
    observed_at: dt.datetime
    run_id: int | None
    actor: str


@dataclass(frozen=True)
class Head:
    """The last row of the chain; seq 0 and the genesis digest while there is none."""

    seq: int
    digest: str


def head(connection: Connection) -> Head:
    """The end of the chain as this transaction sees it."""
    row = connection.execute(select(ledger.c.seq, ledger.c.digest).order_by(ledger.c.seq.desc()).limit(1)).first()
    return Head(0, GENESIS) if row is None else Head(row.seq, row.digest)


def append(connection: Connection, entries: Sequence[Entry], signature: Signature) -> range:
    """Appends the entries in their order; gives their sequence numbers. Raises StoreError for a time without a zone."""
    if not entries:
        return range(0)
    last = head(connection)
    numbers = range(last.seq + 1, last.seq + 1 + len(entries))
    observed_at = digest_time(signature.observed_at)
    rows = []
    previous = last.digest
    for seq, entry, salt in zip(numbers, entries, new_salts(len(entries)), strict=True):
        row = _row(seq, entry, salt, previous, observed_at, signature)
        rows.append(row)
        previous = row[_DIGEST]
    insert_rows(connection, _insert_text(connection.dialect), rows)
    return numbers


_DIGEST = list(ledger.columns.keys()).index("digest")


@lru_cache(maxsize=8)
def _insert_text(dialect: Dialect) -> str:
    return driver_text(dialect, insert(ledger))


def _row(seq: int, entry: Entry, salt: bytes, previous: str, observed_at: str, signature: Signature) -> tuple[Any, ...]:
    """The row as the database driver takes it, in the order of the table's columns."""
    source_at = None if entry.source_at is None else _source_time(entry.source_at)
    operation = entry.operation.value
    digest_of_payload = "" if entry.payload is None else payload_digest(salt, entry.payload)
    digest = row_digest(
        (
            previous,
            seq,
            observed_at,
            source_at,
            signature.source,
            entry.kind,
            entry.key,
            entry.scope,
            entry.version,
            operation,
            digest_of_payload,
            signature.run_id,
            signature.actor,
            entry.reason,
        )
    )
    return (
        seq,
        observed_at,
        source_at,
        signature.source,
        entry.kind,
        entry.key,
        entry.scope,
        entry.version,
        operation,
        entry.payload,
        None if entry.payload is None else salt.hex(),
        digest_of_payload,
        previous,
        digest,
        signature.run_id,
        signature.actor,
        entry.reason,
    )


def _source_time(instant: dt.datetime) -> str:
    try:
        return digest_time(instant)
    except ValueError:
        raise StoreError(
            "a record's time of change in the LMS carries no time zone: report this to the connector's author"
        ) from None
