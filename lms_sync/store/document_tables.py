"""The projections of issued documents: one table for each kind of `lms_sync.records.documents`."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from lms_sync.store.table_parts import Projection, instant, json_text, table_of, text


class IssuedDocumentRow(Projection, table=True):
    """See `lms_sync.records.IssuedDocument`."""

    __tablename__: ClassVar[Any] = "issued_document"
    __table_args__ = (
        UniqueConstraint(
            "registration_series", "registration_ordinal", "source", name="uq_issued_document_registration"
        ),
        UniqueConstraint("appendix_series", "appendix_ordinal", "source", name="uq_issued_document_appendix"),
        UniqueConstraint("blank_range", "blank_number", "source", name="uq_issued_document_blank"),
        Index(None, "learner", "source"),
        Index(None, "course", "source"),
        Index(None, "protocol", "source"),
        Index(None, "registration_number", "source"),
    )

    uid: str
    document_kind: str
    title: str = text()
    appendix_title: str = text()
    status: str
    origin: str
    learner: str
    basis: str
    basis_reason: str = text()
    protocol: str
    result: str
    result_version: int | None = Field(sa_type=BigInteger)
    mark: int | None = Field(sa_type=BigInteger)
    mark_text: str
    passed: bool | None
    course: str
    programme_title: str = text()
    programme_kind: str
    hours: int | None = Field(sa_type=BigInteger)
    studied_from: dt.date | None
    studied_to: dt.date | None
    qualification: str = text()
    profession: str = text()
    rank: str
    honours: bool | None
    registration_number: str
    registration_series: str
    registration_ordinal: int | None = Field(sa_type=BigInteger)
    blank_range: str | None
    blank_series: str
    blank_number: str
    appendix: bool | None
    appendix_number: str
    appendix_series: str
    appendix_ordinal: int | None = Field(sa_type=BigInteger)
    issue_date: dt.date | None
    issue_place: str = text()
    organisation: str = text()
    signatories: list[dict[str, Any]] = json_text()
    handed_at: dt.date | None
    handed_how: str = text()
    replaces: str
    original: str
    replaced_by: str
    reason: str = text()
    proof: str = text()
    mapping_version: str


class DocumentHolderRow(Projection, table=True):
    """See `lms_sync.records.DocumentHolder`. Holds personal data."""

    __tablename__: ClassVar[Any] = "document_holder"
    __table_args__ = (Index(None, "learner", "source"), Index(None, "last_name", "source"))

    document: str
    learner: str
    last_name: str
    first_name: str
    middle_name: str
    name_dative: str
    birth_date: dt.date | None
    snils: str
    citizenship: str
    sex: str
    received_by: str = text()


class DocumentScanRow(Projection, table=True):
    """See `lms_sync.records.DocumentScan`. Holds personal data."""

    __tablename__: ClassVar[Any] = "document_scan"
    __table_args__ = (Index(None, "document", "source"), Index(None, "learner", "source"))

    document: str
    learner: str
    sha256: str
    name: str = text()
    media_type: str
    size: int | None = Field(sa_type=BigInteger)
    attached_at: dt.datetime | None = instant()


class BlankRangeRow(Projection, table=True):
    """See `lms_sync.records.BlankRange`."""

    __tablename__: ClassVar[Any] = "blank_range"

    uid: str
    document_kinds: list[str] = json_text()
    series: str
    first: str
    last: str
    received_on: dt.date
    invoice: str = text()


class SpoiledBlankRow(Projection, table=True):
    """See `lms_sync.records.SpoiledBlank`."""

    __tablename__: ClassVar[Any] = "spoiled_blank"

    blank_range: str
    series: str
    number: str
    act: str = text()
    reason: str = text()


class RecognitionRow(Projection, table=True):
    """See `lms_sync.records.Recognition`. Holds personal data."""

    __tablename__: ClassVar[Any] = "recognition"
    __table_args__ = (Index(None, "learner", "source"), Index(None, "course", "source"))

    uid: str
    state: str
    learner: str
    course: str
    grade_item: str
    subject: str = text()
    hours: int | None = Field(sa_type=BigInteger)
    mark_text: str
    source_organisation: str = text()
    source_document: str = text()
    source_number: str
    source_date: dt.date | None
    application_number: str
    application_date: dt.date | None
    minutes_number: str
    minutes_date: dt.date | None
    reason: str = text()


class DocumentPushRow(Projection, table=True):
    """See `lms_sync.records.DocumentPush`."""

    __tablename__: ClassVar[Any] = "document_push"
    __table_args__ = (
        Index(None, "document", "source"),
        Index(None, "learner", "source"),
        Index(None, "state", "source"),
    )

    document: str
    target: str
    learner: str
    document_version: int = Field(sa_type=BigInteger)
    state: str
    revision: int = Field(sa_type=BigInteger)
    attempts: int = Field(sa_type=BigInteger)
    due_at: dt.datetime | None = instant()
    last_error: str = text()
    external_id: str
    content_hash: str
    idempotency_key: str


issued_document = table_of(IssuedDocumentRow)
document_holder = table_of(DocumentHolderRow)
document_scan = table_of(DocumentScanRow)
blank_range = table_of(BlankRangeRow)
spoiled_blank = table_of(SpoiledBlankRow)
recognition = table_of(RecognitionRow)
document_push = table_of(DocumentPushRow)
