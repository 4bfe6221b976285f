"""One page: what is committed at once. Decides what is new, and writes ledger and projection together.

Must not open or end transactions (`Store.page` does) and must not know any LMS.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from lms_sync.records import Learner, Record
from lms_sync.store import bookkeeping
from lms_sync.store.bookkeeping import Place
from lms_sync.store.canonical import canonical_payload, digest_time, storable_text
from lms_sync.store.journal import JournalWriter
from lms_sync.store.ledger import Entry, Signature, append
from lms_sync.store.projection import Latest, row_of, same_fields, upsert
from lms_sync.store.rows import Operation, PutCounts, QuarantineEntry
from lms_sync.store.sql_text import as_stored
from lms_sync.store.statements import chunks
from lms_sync.store.tables import PROJECTIONS, ledger

_COUNTED_AS = {Operation.PUT: "changed", Operation.RESTORE: "restored"}


@dataclass(frozen=True, slots=True)
class State:
    """How a record stands before a write. `first_seen_at` is as the database driver gives and takes it."""

    version: int
    scope: str
    operation: Operation
    payload: str | None
    first_seen_at: Any

    @property
    def live(self) -> bool:
        return self.operation in (Operation.PUT, Operation.RESTORE)


def scope_of(kind: str, scope: str) -> str:
    """The scope that a record is kept under. A learner has none: one person is read with every course of theirs."""
    return "" if kind == Learner.kind else scope


class PageWriter:
    """Writes one page of one scope. Obtained from `Store.page`; of no use after its `with` block.

    A record's source is the run's, its scope the page's (see `scope_of`).
    """

    def __init__(self, connection: Connection, place: Place, signature: Signature, label: str = "") -> None:
        self._connection = connection
        self._place = place
        self._signature = signature
        self._label = label

    def put(self, records: Sequence[tuple[Record, dt.datetime | None]]) -> PutCounts:
        """Keeps each (record, time of change in the LMS or None) that is new or differs from what is known.

        A repeat writes nothing. Of two records with one key the last is kept and counted.
        """
        by_kind: dict[str, dict[str, tuple[Record, dt.datetime | None]]] = {}
        for record, source_at in records:
            by_kind.setdefault(record.kind, {})[record.key] = (record, source_at)
        counts = PutCounts()
        for kind, latest in by_kind.items():
            counts += self._put_kind(kind, latest)
        return counts

    def retire(self, kind: str, keys: Collection[str], reason: str) -> int:
        """Marks live records as gone from the LMS, their last values kept; gives how many there were.

        Unknown, retired and erased keys are passed over.
        """
        known = states(self._connection, self._place.source, kind, keys)
        gone = {key: state for key, state in known.items() if state.live}
        entries = [
            Entry(
                kind, key, state.scope, state.version + 1, Operation.RETIRE, state.payload, reason=storable_text(reason)
            )
            for key, state in gone.items()
        ]
        write(self._connection, entries, self._signature, gone)
        return len(entries)

    def quarantine(self, entries: Iterable[QuarantineEntry]) -> None:
        """Keeps objects that could not become records; of two with one (kind, key) the last stands."""
        latest = {(entry.kind, entry.key): entry for entry in entries}
        bookkeeping.write_quarantine(self._connection, self._place, latest.values(), self._signature.observed_at)

    def release(self, kind_key_pairs: Collection[tuple[str, str]]) -> int:
        """Drops quarantine entries of objects that have become records since; gives how many there were."""
        return bookkeeping.release_quarantine(self._connection, self._place.source, kind_key_pairs)

    @property
    def journal(self) -> JournalWriter:
        """The action journal of the page's source, written in the same transaction."""
        return JournalWriter(self._connection, self._signature, self._place.scope)

    def set_cursor(self, position: str) -> None:
        """Keeps how far the scope was read, in the connector's own words."""
        bookkeeping.write_cursor(self._connection, self._place, position, self._signature.observed_at)

    def end(self, outcome: str, expected: int | None, received: int, note: str = "") -> None:
        """Records how the reading of the scope ended (`lms_sync.store.rows.ScopeOutcome`)."""
        bookkeeping.write_scope_end(
            self._connection,
            self._place,
            label=self._label,
            outcome=str(outcome),
            expected=expected,
            received=received,
            note=note,
            now=self._signature.observed_at,
        )

    def _put_kind(self, kind: str, records: dict[str, tuple[Record, dt.datetime | None]]) -> PutCounts:
        scope = scope_of(kind, self._place.scope)
        known = states(self._connection, self._place.source, kind, records)
        entries = []
        counts = dict.fromkeys(("added", "changed", "unchanged", "restored", "erased"), 0)
        for key, (record, source_at) in records.items():
            payload = canonical_payload(record.payload())
            state = known.get(key)
            if state is None:
                counts["added"] += 1
                entries.append(Entry(kind, key, scope, 1, Operation.PUT, payload, source_at))
            elif state.operation is Operation.ERASE:
                counts["erased"] += 1
            elif state.live and state.scope == scope and same_fields(kind, state.payload, payload):
                counts["unchanged"] += 1
            else:
                operation = Operation.PUT if state.live else Operation.RESTORE
                counts[_COUNTED_AS[operation]] += 1
                entries.append(Entry(kind, key, scope, state.version + 1, operation, payload, source_at))
        write(self._connection, entries, self._signature, known)
        return PutCounts(**counts)


def states(connection: Connection, source: str, kind: str, keys: Iterable[str]) -> dict[str, State]:
    """How the known ones among these records stand."""
    found: dict[str, State] = {}
    for chunk in chunks(keys):
        found |= _states(connection, source, PROJECTIONS[kind], chunk)
    return found


def _states(connection: Connection, source: str, table: Table, keys: Sequence[str]) -> dict[str, State]:
    # Two plain look-ups and no join: PostgreSQL would scan the whole ledger for one when its statistics are young.
    columns = (table.c.key, table.c.ledger_seq, table.c.version, table.c.scope, as_stored(table.c.first_seen_at))
    rows = connection.execute(select(*columns).where(table.c.source == source, table.c.key.in_(keys))).all()
    if not rows:
        return {}
    numbers = [row.ledger_seq for row in rows]
    latest = select(ledger.c.seq, ledger.c.operation, ledger.c.payload).where(ledger.c.seq.in_(numbers))
    versions = {seq: (Operation(operation), payload) for seq, operation, payload in connection.execute(latest)}
    return {key: State(version, scope, *versions[seq], first) for key, seq, version, scope, first in rows}


def write(connection: Connection, entries: Sequence[Entry], signature: Signature, known: dict[str, State]) -> None:
    """Appends the entries, all of one kind, to the ledger and brings their projection rows up to them."""
    rows = []
    observed_at = digest_time(signature.observed_at)
    for seq, entry in zip(append(connection, entries, signature), entries, strict=True):
        state = known.get(entry.key)
        latest = Latest(
            seq=seq,
            source=signature.source,
            kind=entry.kind,
            key=entry.key,
            scope=entry.scope,
            version=entry.version,
            operation=entry.operation,
            payload=entry.payload,
            observed_at=observed_at,
            first_seen_at=observed_at if state is None else state.first_seen_at,
        )
        rows.append(row_of(latest))
    if entries:
        upsert(connection, entries[0].kind, rows)
