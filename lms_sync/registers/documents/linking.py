"""Naming the learner whose document it is, where it was taken over for somebody whom the LMS did not know, or not yet.

The holder's snapshot stays as the paper has it; it and the scans then belong to the learner, and are erased with them.
"""

from __future__ import annotations

from dataclasses import dataclass

from lms_sync.errors import RegisterError
from lms_sync.mapping.text import fold
from lms_sync.records import IssuedDocument
from lms_sync.records.documents import may_be_linked
from lms_sync.registers.documents.acts import DocumentAct, changed, must_find, must_have_holder, write_document
from lms_sync.store.documents import person, scans
from lms_sync.store.register import registering
from lms_sync.store.store import Store


@dataclass(frozen=True)
class Linked:
    """The document as linked; `same_name`: whether the learner has the surname and given name that stand on it."""

    document: IssuedDocument
    same_name: bool


def link(store: Store, source: str, uid: str, learner: str, act: DocumentAct) -> Linked:
    """Links a document without a learner, which was imported or stands for one that was, to one of the LMS, for good.

    Raises RegisterError for one that has a learner, an unknown learner, or a holder who was erased.
    """
    with registering(store, source, act.actor) as writer:
        stored = must_find(writer, uid)
        record, holder = stored.record, must_have_holder(stored)
        if not may_be_linked(record.learner):
            raise RegisterError(f"Document {uid} belongs to learner {record.learner} already, and stays so.")
        known = person(writer.connection, source, learner)
        if known is None:
            raise RegisterError(f"The store has no learner {learner} of {source}: check the identifier.")
        # The holder first: whether the LMS is told of a document depends on whose it is.
        writer.put([holder.model_copy(update={"learner": learner})], stored.scope, act.reason)
        kept = [one.model_copy(update={"learner": learner}) for one in scans(writer.connection, source, uid)]
        writer.put(kept, stored.scope, act.reason)
        linked = changed(record, learner=learner)
        write_document(writer, linked, stored.scope, act.reason)
        mine, theirs = (holder.last_name, holder.first_name), (known.last_name, known.first_name)
        return Linked(linked, list(map(fold, mine)) == list(map(fold, theirs)))
