"""Making the projections anew from the ledger. Must not know how rows got into it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, FromClause, and_, delete, exists, select

from lms_sync.store.projection import Latest, row_of, upsert
from lms_sync.store.rows import Operation
from lms_sync.store.sql_text import as_stored
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS, ledger

BATCH = 2000


def rebuild_projections(store: Store) -> int:
    """Empties every projection and fills it from the ledger, in one transaction; gives the number of rows."""
    written = 0
    with store.writing() as connection:
        for kind, table in PROJECTIONS.items():
            connection.execute(delete(table))
            for batch in _latest(connection, kind):
                upsert(connection, kind, [row_of(latest) for latest in batch])
                written += len(batch)
    return written


def _latest(connection: Connection, kind: str) -> Iterator[list[Latest]]:
    """The latest ledger row of every record of a kind, in the ledger's order, batch by batch."""
    first, newer = ledger.alias("first"), ledger.alias("newer")

    def same_record(other: FromClause) -> ColumnElement[bool]:
        return and_(other.c.key == ledger.c.key, other.c.kind == kind, other.c.source == ledger.c.source)

    columns = ("seq", "source", "kind", "key", "scope", "version", "operation", "payload")
    times = as_stored(ledger.c.observed_at), as_stored(first.c.observed_at).label("first_seen_at")
    statement = (
        select(*(ledger.c[name] for name in columns), *times)
        .select_from(ledger.join(first, and_(same_record(first), first.c.version == 1)))
        .where(ledger.c.kind == kind)
        .where(~exists().where(same_record(newer), newer.c.version == ledger.c.version + 1))
        .order_by(ledger.c.seq)
        .limit(BATCH)
    )
    done = 0
    while True:
        rows = connection.execute(statement.where(ledger.c.seq > done)).all()
        if not rows:
            return
        yield [Latest(**(dict(row._mapping) | {"operation": Operation(row.operation)})) for row in rows]
        done = rows[-1].seq
