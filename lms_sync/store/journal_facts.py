"""What actions are derived from: the ledger rows that have come since the last time. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from lms_sync.store.rows import Operation
from lms_sync.store.tables import grade_item, ledger


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One ledger row. `payload` is the record's canonical JSON; None once the learner's data was erased."""

    seq: int
    kind: str
    key: str
    version: int
    operation: Operation
    observed_at: dt.datetime  # UTC
    payload: str | None


def changed_since(
    connection: Connection, source: str, seq: int, kinds: Collection[str], limit: int
) -> list[ChangedRow]:
    """The source's ledger rows after `seq` of these kinds, in the order of the ledger, at most `limit`."""
    columns = ledger.c
    names = ("seq", "kind", "key", "version", "operation", "observed_at", "payload")
    statement = (
        select(*(columns[name] for name in names))
        .where(columns.seq > seq, columns.source == source, columns.kind.in_(list(kinds)))
        .order_by(columns.seq)
        .limit(limit)
    )
    return [
        ChangedRow(row.seq, row.kind, row.key, row.version, Operation(row.operation), row.observed_at, row.payload)
        for row in connection.execute(statement)
    ]


def observed_before(connection: Connection, instant: dt.datetime) -> int:
    """The last ledger row that was written before an instant (UTC); 0: there is none."""
    last = select(func.max(ledger.c.seq)).where(ledger.c.observed_at < instant)
    return connection.execute(last).scalar_one() or 0


def totals(connection: Connection, source: str) -> set[str]:
    """The keys of the gradebook's columns that the LMS itself computes."""
    computed = select(grade_item.c.key).where(
        grade_item.c.source == source, grade_item.c.item_type.in_(("course", "category"))
    )
    return set(connection.execute(computed).scalars())
