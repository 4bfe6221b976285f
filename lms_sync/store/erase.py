"""Erasing a learner's personal data while the chain still proves itself.

Owns what is removed: payload and salt of every ledger row of the person's records of `PERSONAL_KINDS`, and every field
of their projection rows; the person's part of the action journal is emptied by `journal_erase.py`. Digests and rows
stay. Without the salt the payload's digest tells nothing of the payload. Other kinds of record name a learner by the
LMS's identifier only and are left as they are: protocols too.

An erased record is never kept again: a later put is refused and counted as `erased`, or `repeated` for an action.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from lms_sync.errors import StoreError
from lms_sync.records import PERSONAL_KINDS, DocumentHolder, DocumentScan, IssuedDocument, Learner
from lms_sync.store.canonical import storable_text
from lms_sync.store.journal_erase import erase_actions
from lms_sync.store.ledger import Entry, Signature
from lms_sync.store.page import states, write
from lms_sync.store.rows import Operation
from lms_sync.store.statements import chunks
from lms_sync.store.tables import PROJECTIONS, ledger


def erase_learner(connection: Connection, signature: Signature, key: str, reason: str) -> bool:
    """Erases one learner of the signature's source with all that holds their personal data.

    False when nothing was left to erase. Raises StoreError if the learner is unknown.
    """
    if key not in states(connection, signature.source, Learner.kind, [key]):
        raise StoreError(f"the source {signature.source!r} has no learner {key!r}: check the identifier")
    erased = 0
    for kind in PERSONAL_KINDS:
        keys = [key] if kind == Learner.kind else _keys_of(connection, signature.source, kind, key)
        erased += _erase(connection, signature, kind, keys, storable_text(reason))
    erased += erase_actions(connection, signature, key, storable_text(reason))
    return erased > 0


def erase_holder(connection: Connection, signature: Signature, uid: str, reason: str) -> bool:
    """Erases who holds one document whose holder the LMS does not know, with the document's scans.

    The register's line stays. False when nothing was left to erase. Raises StoreError for an unknown document, or one
    that has a learner: then the learner is to be erased, of whom there is more.
    """
    table = PROJECTIONS[IssuedDocument.kind].c
    found = connection.execute(select(table.learner).where(table.key == uid, table.source == signature.source)).first()
    if found is None:
        raise StoreError(f"the source {signature.source!r} has no document {uid!r}: see `lms-sync documents list`")
    if found.learner:
        raise StoreError(
            f"the holder of document {uid} is learner {found.learner} of the LMS: erase the learner, "
            "which empties everything that is known of the person"
        )
    scan = PROJECTIONS[DocumentScan.kind].c
    of_document = select(scan.key).where(scan.source == signature.source, scan.document == uid)
    scans = list(connection.execute(of_document.order_by(scan.key)).scalars())
    return sum(
        _erase(connection, signature, kind, keys, storable_text(reason))
        for kind, keys in ((DocumentHolder.kind, [uid]), (DocumentScan.kind, scans))
    ) > 0  # fmt: skip


def _keys_of(connection: Connection, source: str, kind: str, learner: str) -> list[str]:
    """The person's records of a kind. One that was erased names nobody any more, and is not among them."""
    table = PROJECTIONS[kind]
    statement = select(table.c.key).where(table.c.source == source, table.c.learner == learner).order_by(table.c.key)
    return list(connection.execute(statement).scalars())


def _erase(connection: Connection, signature: Signature, kind: str, keys: Sequence[str], reason: str) -> int:
    known = states(connection, signature.source, kind, keys)
    kept = {key: state for key, state in known.items() if state.operation is not Operation.ERASE}
    for chunk in chunks(kept):
        of_records = (ledger.c.source == signature.source, ledger.c.kind == kind, ledger.c.key.in_(chunk))
        connection.execute(update(ledger).where(*of_records).values(payload=None, salt=None))
    entries = [
        Entry(kind, key, state.scope, state.version + 1, Operation.ERASE, None, reason=reason)
        for key, state in kept.items()
    ]
    write(connection, entries, signature, kept)
    return len(entries)
