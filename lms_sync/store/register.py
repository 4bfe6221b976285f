"""Writing official records: one transaction of one actor, in which it is read, decided and written.

Owns that a frozen record is written once and that every later version has a reason. Must not know what the records
mean. The transaction is the only one that appends to the ledger (`Store.writing`), so what was read in it is still
true when it commits: numbers have no gaps and no doubles, whoever else is closing at the same time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from lms_sync.records import Record
from lms_sync.store.canonical import canonical_payload, storable_text
from lms_sync.store.ledger import Entry, Signature
from lms_sync.store.page import states, write
from lms_sync.store.rows import Operation
from lms_sync.store.statements import chunks
from lms_sync.store.store import Store

_BATCH = 500


@dataclass(frozen=True)
class RegisterWriter:
    """The one who may write official records of a source while the transaction lasts. `now` is its instant (UTC)."""

    connection: Connection
    source: str
    now: dt.datetime
    signature: Signature

    def freeze(self, records: Sequence[Record], scope: str) -> int:
        """Writes each record whose key was never written, and leaves every other as it is; gives how many were new."""
        return sum(self._freeze(batch, scope) for batch in chunks(records, _BATCH))

    def _freeze(self, records: Sequence[Record], scope: str) -> int:
        kind, new = records[0].kind, {record.key: record for record in records}
        known = states(self.connection, self.source, kind, new)
        entries = [
            Entry(kind, key, scope, 1, Operation.PUT, canonical_payload(record.payload()))
            for key, record in new.items()
            if key not in known
        ]
        write(self.connection, entries, self.signature, {})
        return len(entries)

    def put(self, records: Sequence[Record], scope: str, reason: str) -> int:
        """Writes a new version of each record that differs from its latest; gives how many did. All of one kind.

        A known record keeps its scope. One whose personal data was erased is never written again.
        """
        if not records:
            return 0
        kind = records[0].kind
        known = states(self.connection, self.source, kind, [record.key for record in records])
        entries = []
        for record in records:
            payload, state = canonical_payload(record.payload()), known.get(record.key)
            if state is not None and (state.operation is Operation.ERASE or state.payload == payload):
                continue
            version, kept_scope = (1, scope) if state is None else (state.version + 1, state.scope)
            entries.append(
                Entry(kind, record.key, kept_scope, version, Operation.PUT, payload, reason=storable_text(reason))
            )
        write(self.connection, entries, self.signature, known)
        return len(entries)


@contextmanager
def registering(store: Store, source: str, actor: str, run_id: int | None = None) -> Iterator[RegisterWriter]:
    """A transaction for official records of a source: all of its block or, if it raises, nothing."""
    with store.writing() as connection:
        now = store.now()
        yield RegisterWriter(connection, source, now, Signature(source, now, run_id, storable_text(actor)))
