"""Erasing a learner's personal data while the chain still proves itself.

Owns what is removed: payload and salt of every ledger row of the learner's record, and every personal column of the
projection. Digests and row stay. Without the salt the payload's digest tells nothing of the payload. Other kinds of
record name a learner by the LMS's identifier only and are left as they are.

An erased learner is never kept again: a later pull's put is refused and counted as `erased`.
"""

from __future__ import annotations

from sqlalchemy import Connection, update

from lms_sync.errors import StoreError
from lms_sync.records import Learner
from lms_sync.store.canonical import storable_text
from lms_sync.store.ledger import Entry, Signature
from lms_sync.store.page import states, write
from lms_sync.store.rows import Operation
from lms_sync.store.tables import ledger


def erase_learner(connection: Connection, signature: Signature, key: str, reason: str) -> bool:
    """Erases one learner of the signature's source. False when that was done before. Raises StoreError if unknown."""
    known = states(connection, signature.source, Learner.kind, [key])
    if key not in known:
        raise StoreError(f"the source {signature.source!r} has no learner {key!r}: check the identifier")
    state = known[key]
    if state.operation is Operation.ERASE:
        return False
    connection.execute(
        update(ledger)
        .where(ledger.c.source == signature.source, ledger.c.kind == Learner.kind, ledger.c.key == key)
        .values(payload=None, salt=None)
    )
    entry = Entry(
        Learner.kind, key, state.scope, state.version + 1, Operation.ERASE, None, reason=storable_text(reason)
    )
    write(connection, [entry], signature, known)
    return True
