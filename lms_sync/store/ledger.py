"""Appending to the ledger: numbers, links and digests of new rows. The format is `docs/ledger.md`.

Must not know what a payload means. The caller holds the append lock (`Store.writing`), so that the chain has no gaps.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from lms_sync.store.canonical import GENESIS, digest_time, new_salts, payload_digest, row_digest
from lms_sync.store.rows import Operation
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
    """Appends the entries in their order; gives their sequence numbers."""
    if not entries:
        return range(0)
    last = head(connection)
    numbers = range(last.seq + 1, last.seq + 1 + len(entries))
    rows = []
    previous = last.digest
    for seq, entry, salt in zip(numbers, entries, new_salts(len(entries)), strict=True):
        row = _row(seq, entry, salt, previous, signature)
        rows.append(row)
        previous = row["digest"]
    connection.execute(insert(ledger), rows)
    return numbers


def _row(seq: int, entry: Entry, salt: bytes, previous: str, signature: Signature) -> dict[str, Any]:
    digest_of_payload = "" if entry.payload is None else payload_digest(salt, entry.payload)
    digest = row_digest(
        [
            previous,
            seq,
            digest_time(signature.observed_at),
            None if entry.source_at is None else digest_time(entry.source_at),
            signature.source,
            entry.kind,
            entry.key,
            entry.scope,
            entry.version,
            entry.operation,
            digest_of_payload,
            signature.run_id,
            signature.actor,
            entry.reason,
        ]
    )
    return {
        "seq": seq,
        "observed_at": signature.observed_at,
        "source_at": entry.source_at,
        "source": signature.source,
        "kind": entry.kind,
        "key": entry.key,
        "scope": entry.scope,
        "version": entry.version,
        "operation": entry.operation.value,
        "payload": entry.payload,
        "salt": None if entry.payload is None else salt.hex(),
        "payload_digest": digest_of_payload,
        "previous_digest": previous,
        "digest": digest,
        "run_id": signature.run_id,
        "actor": signature.actor,
        "reason": entry.reason,
    }
