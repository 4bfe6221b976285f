"""Duplicates: a draft made of the document it stands for, with its reason and proof.

Issuing it (`issuing.py`) makes the other one replaced, in the same transaction. A duplicate of a duplicate names both
the document before it and the first of all, whose data ФРДО asks for.
"""

from __future__ import annotations

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import DocumentOrigin, DocumentStatus, IssuedDocument
from lms_sync.records.documents import document_uid
from lms_sync.registers.documents.acts import DocumentAct, changed, must_find, must_have_holder
from lms_sync.registers.documents.checks import may_be_replaced
from lms_sync.store.documents import DocumentFilter, StoredDocument, document_count, documents
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.store import Store

_OF_THE_PAPER = {
    "registration_number": "", "registration_series": "", "registration_ordinal": None,
    "blank_range": None, "blank_series": "", "blank_number": "",
    "appendix_number": "", "appendix_series": "", "appendix_ordinal": None,
    "issue_date": None, "handed_at": None, "handed_how": "", "replaced_by": "",
}  # fmt: skip
"""What a duplicate does not take over."""


def draft_duplicate(
    store: Store, source: str, mapping: Mapping, uid: str, act: DocumentAct, *, proof: str = ""
) -> IssuedDocument:
    """Drafts a duplicate of an issued, handed over or lost document. Raises RegisterError when there may be none."""
    with registering(store, source, act.actor) as writer:
        stored = must_find(writer, uid)
        holder = must_have_holder(stored)
        kind = mapping.documents.kind(stored.record.document_kind)
        _refuse(writer, stored)
        duplicate = changed(
            stored.record,
            **_OF_THE_PAPER,
            uid=document_uid(document_count(writer.connection, source) + 1),
            status=DocumentStatus.DRAFT,
            origin=DocumentOrigin.DRAFTED,
            basis=kind.basis,
            replaces=uid,
            original=stored.record.original or uid,
            issue_place=kind.issue_place,
            organisation=kind.organisation,
            signatories=[one.model_dump() for one in kind.signatories],
            reason=act.reason,
            proof=proof.strip() or stored.record.proof,
            mapping_version=mapping.documents.version,
        )
        writer.put([duplicate], stored.scope, act.reason)
        copied = holder.model_copy(update={"document": duplicate.uid, "received_by": ""})
        writer.put([copied], stored.scope, act.reason)
        return duplicate


def _refuse(writer: RegisterWriter, stored: StoredDocument) -> None:
    record = stored.record
    annulled = False
    if record.replaced_by:
        annulled = must_find(writer, record.replaced_by).record.status is DocumentStatus.ANNULLED
    if not may_be_replaced(record, annulled):
        duplicate = f" by {record.replaced_by}" if record.replaced_by else ""
        raise RegisterError(f"Document {record.uid} is {record.status.value}{duplicate}: no duplicate of it is due.")
    drafts = DocumentFilter(
        learner=record.learner, document_kind=record.document_kind, statuses=[DocumentStatus.DRAFT], duplicates=True
    )
    for one in documents(writer.connection, writer.source, drafts):
        if one.record.replaces == record.uid:
            raise RegisterError(f"There is a draft of a duplicate of {record.uid} already: {one.record.uid}.")
