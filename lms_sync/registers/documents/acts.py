"""What every act on a document shares: who does it and why, finding it, what may follow what, and writing it.

Every version of a document is written by `write_documents`, so whatever must happen with each of them has one place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from lms_sync.errors import RegisterError
from lms_sync.records import DocumentHolder, DocumentStatus, IssuedDocument
from lms_sync.records.documents import NEXT_STATUSES
from lms_sync.registers.documents import outbox
from lms_sync.store.documents import StoredDocument, document
from lms_sync.store.register import RegisterWriter


@dataclass(frozen=True)
class Looking:
    """The register of a source at one instant (UTC), within somebody's transaction."""

    connection: Connection
    source: str
    now: dt.datetime

    @classmethod
    def through(cls, writer: RegisterWriter) -> Looking:
        """As the one who may write sees it."""
        return cls(writer.connection, writer.source, writer.now)


@dataclass(frozen=True)
class DocumentAct:
    """Who does it and why. Raises RegisterError without a reason."""

    actor: str
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise RegisterError("An act on a document needs a reason: give one with --reason.")


def must_find(register: RegisterWriter | Looking, uid: str) -> StoredDocument:
    """The document of that uid. Raises RegisterError."""
    found = document(register.connection, register.source, uid)
    if found is None:
        raise RegisterError(f"The register of {register.source} has no document {uid}: see `lms-sync documents list`.")
    return found


def must_have_holder(stored: StoredDocument) -> DocumentHolder:
    """Whose document it is. Raises RegisterError once the person was erased."""
    if stored.holder is None:
        raise RegisterError(
            f"The personal data of the holder of document {stored.record.uid} was erased: it stays as it is."
        )
    return stored.holder


def refuse_unless_next(record: IssuedDocument, status: DocumentStatus) -> None:
    """Raises RegisterError unless the document may become that."""
    if status not in NEXT_STATUSES[record.status]:
        possible = ", ".join(sorted(one.value for one in NEXT_STATUSES[record.status])) or "nothing any more"
        raise RegisterError(
            f"Document {record.uid} is {record.status.value} and cannot become {status.value}: "
            f"it can become {possible}."
        )


def changed(record: IssuedDocument, **values: Any) -> IssuedDocument:
    """The document with other values, validated. Raises RegisterError for what no document can hold."""
    try:
        return IssuedDocument.model_validate(record.model_dump() | values)
    except ValidationError as error:
        raise unfit(error) from None


def unfit(error: ValidationError) -> RegisterError:
    """What to raise for values that do not fit, without repeating them."""
    told = "; ".join(f"{one['loc'][0] if one['loc'] else 'value'}: {one['msg']}" for one in error.errors())
    return RegisterError(f"This cannot be kept: {told}. Correct it and try again.")


def write_document(writer: RegisterWriter, record: IssuedDocument, scope: str, reason: str) -> None:
    """Writes a version of a document and puts it into the outbox of the LMS."""
    write_documents(writer, [record], scope, reason)


def write_documents(writer: RegisterWriter, records: Sequence[IssuedDocument], scope: str, reason: str) -> None:
    """The same for many at once, none of them twice."""
    writer.put(records, scope, reason)
    outbox.queue(writer, records)
