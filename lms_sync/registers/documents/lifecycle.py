"""What becomes of a document after it was drafted: corrected, handed over, annulled, lost. Each act appends a version.

A draft may be corrected in everything but its basis. After issue what the document itself bears is corrected with a
reason, its numbers and its holder's name never: annul it and issue another. Empty data of the holder may be filled in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as ReadOnly

from pydantic import ValidationError

from lms_sync.errors import RegisterError
from lms_sync.mapping import snils
from lms_sync.records import DocumentHolder, DocumentStatus, IssuedDocument
from lms_sync.registers.documents.acts import (
    DocumentAct,
    changed,
    must_find,
    must_have_holder,
    refuse_unless_next,
    unfit,
    write_document,
)
from lms_sync.store.documents import StoredDocument
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.store import Store

IN_PERSON = "лично"

CORRECTABLE = (
    "programme_title", "hours", "studied_from", "studied_to", "qualification", "profession", "rank", "honours",
    "issue_place", "basis_reason",
)  # fmt: skip
"""What a document bears that may be corrected, also after issue."""

OF_HOLDER = (
    "last_name", "first_name", "middle_name", "name_dative", "birth_date", "snils", "citizenship", "sex",
)  # fmt: skip
"""What may be corrected of the holder in a draft; after issue only what is still empty."""

ONLY_IN_DRAFTS = ("appendix",)


def hand_over(
    store: Store, source: str, uid: str, actor: str, day: dt.date, *, how: str = IN_PERSON, received_by: str = ""
) -> IssuedDocument:
    """Records that a document was received, on a day of the site's zone. Raises RegisterError."""
    with registering(store, source, actor) as writer:
        stored = must_find(writer, uid)
        refuse_unless_next(stored.record, DocumentStatus.HANDED_OVER)
        issued = stored.record.issue_date
        if issued is not None and day < issued:
            raise RegisterError(f"Document {uid} was issued on {issued} and cannot be handed over before that.")
        handed = changed(stored.record, status=DocumentStatus.HANDED_OVER, handed_at=day, handed_how=how)
        if received_by.strip():
            holder = must_have_holder(stored).model_copy(update={"received_by": received_by.strip()})
            writer.put([holder], stored.scope, "")
        write_document(writer, handed, stored.scope, "")
        return handed


def annul(store: Store, source: str, uid: str, act: DocumentAct) -> IssuedDocument:
    """Takes a document out of force, or withdraws a draft. Numbers and blank stay taken. Raises RegisterError."""
    return _become(store, source, uid, DocumentStatus.ANNULLED, act)


def lose(store: Store, source: str, uid: str, act: DocumentAct, *, proof: str = "") -> IssuedDocument:
    """Records that a document is lost. Raises RegisterError."""
    return _become(store, source, uid, DocumentStatus.LOST, act, proof)


def _become(
    store: Store, source: str, uid: str, status: DocumentStatus, act: DocumentAct, proof: str = ""
) -> IssuedDocument:
    with registering(store, source, act.actor) as writer:
        stored = must_find(writer, uid)
        refuse_unless_next(stored.record, status)
        became = changed(stored.record, status=status, reason=act.reason, proof=proof.strip() or stored.record.proof)
        write_document(writer, became, stored.scope, act.reason)
        return became


def correct(store: Store, source: str, uid: str, values: ReadOnly[str, str], act: DocumentAct) -> IssuedDocument:
    """Corrects fields of a document and of its holder; a value is a text as typed, an empty one takes it away.

    Raises RegisterError for a field that may not be corrected as the document stands, or a value that does not fit.
    """
    with registering(store, source, act.actor) as writer:
        stored = must_find(writer, uid)
        refuse_uncorrectable(stored, values)
        of_document = {
            name: _typed(IssuedDocument, name, text) for name, text in values.items() if name not in OF_HOLDER
        }
        of_holder = {name: _typed(DocumentHolder, name, text) for name, text in values.items() if name in OF_HOLDER}
        if of_holder:
            _correct_holder(writer, stored, of_holder, act)
        record = stored.record
        if of_document:
            record = changed(stored.record, **of_document, reason=act.reason)
            if record != stored.record:
                write_document(writer, record, stored.scope, act.reason)
        return record


def refuse_uncorrectable(stored: StoredDocument, values: ReadOnly[str, str]) -> None:
    """Raises RegisterError for a field that may not be corrected as the document stands."""
    uid, status = stored.record.uid, stored.record.status
    if status in (DocumentStatus.ANNULLED, DocumentStatus.REPLACED):
        raise RegisterError(f"Document {uid} is {status.value}: it stays as it is.")
    draft = status is DocumentStatus.DRAFT
    for name in values:
        known = name in CORRECTABLE or name in OF_HOLDER or name in ONLY_IN_DRAFTS
        if not known:
            named = ", ".join((*CORRECTABLE, *OF_HOLDER, *ONLY_IN_DRAFTS))
            raise RegisterError(f"{name} cannot be corrected; these can: {named}.")
        filled = name in OF_HOLDER and stored.holder is not None and getattr(stored.holder, name)
        if not draft and (name in ONLY_IN_DRAFTS or filled):
            raise RegisterError(
                f"{name} of document {uid} stays as it was issued: annul the document and issue another."
            )


def _correct_holder(
    writer: RegisterWriter, stored: StoredDocument, values: dict[str, object], act: DocumentAct
) -> None:
    number = values.get("snils")
    if isinstance(number, str) and number:
        normalised = snils.normalise(number)
        if normalised is None or not snils.is_valid(normalised):
            raise RegisterError("The check digits of this СНИЛС are wrong: look at it again.")
        values["snils"] = normalised
    try:
        holder = DocumentHolder.model_validate(must_have_holder(stored).model_dump() | values)
    except ValidationError as error:
        raise unfit(error) from None
    writer.put([holder], stored.scope, act.reason)


def _typed(shape: type[IssuedDocument] | type[DocumentHolder], name: str, text: str) -> object:
    """The text as the field takes it: pydantic reads numbers, days and yes or no; an empty one is nothing."""
    cleaned = " ".join(text.split())
    return cleaned if cleaned or shape.model_fields[name].annotation is str else None
