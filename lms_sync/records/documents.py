"""Official records of issued documents: the register's lines, their holders, scans, blanks, and recognised results.

A line of the register (`IssuedDocument`) names its holder by the LMS's identifier only: who that is stands in
`DocumentHolder`, which erasing a person empties. So numbers, blanks and dates of the register stay whole for good, as
in a protocol. Numbers are given once, when a document is issued, and never change.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from lms_sync.exact import Instant
from lms_sync.records.base import Record
from lms_sync.records.lists import (
    DocumentBasis,
    DocumentOrigin,
    DocumentStatus,
    ProgrammeKind,
    PushState,
    RecognitionState,
)


class Signatory(BaseModel):
    """Who signs a document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    position: str = ""


class IssuedDocument(Record):
    """A line of the register of issued documents (F5, F6, F13, F14). Without the holder's name: see `DocumentHolder`.

    The registration number, the blank's series and the blank's number are three fields. `reason` is of the latest act
    that has one (annulling, loss, duplicate, correction).
    """

    kind: ClassVar[str] = "issued_document"

    uid: str  # d000001, d000002, …: given in order, never again; not the registration number
    document_kind: str  # code of a [[document]] of the mapping
    title: str  # its name then: «Удостоверение о повышении квалификации»
    appendix_title: str = ""
    status: DocumentStatus
    origin: DocumentOrigin = DocumentOrigin.DRAFTED

    # on what basis
    learner: str = ""  # LMS id of the holder; empty for somebody whom the LMS does not know
    basis: DocumentBasis
    basis_reason: str = ""  # of a document without a passed line: «отчислен по заявлению»
    protocol: str = ""  # number of the protocol
    result: str = ""  # key of the AttestationResult
    result_version: int | None = None  # as the protocol's line named it when this was drafted
    mark: int | None = None
    mark_text: str = ""
    passed: bool | None = None

    # of what
    course: str = ""
    programme_title: str
    programme_kind: ProgrammeKind
    hours: int | None = None
    studied_from: dt.date | None = None
    studied_to: dt.date | None = None
    qualification: str = ""
    profession: str = ""
    rank: str = ""
    honours: bool | None = None

    # numbers: all empty until it is issued
    registration_number: str = ""
    registration_series: str = ""  # the count that the number belongs to, and its place in it
    registration_ordinal: int | None = None
    blank_range: str | None = None  # uid of the BlankRange that the blank came from
    blank_series: str = ""
    blank_number: str = ""
    appendix: bool | None = None
    appendix_number: str = ""
    appendix_series: str = ""
    appendix_ordinal: int | None = None
    issue_date: dt.date | None = None
    issue_place: str = ""
    organisation: str = ""
    signatories: list[Signatory] = []

    # what became of it
    handed_at: dt.date | None = None
    handed_how: str = ""  # лично, по доверенности, почтой
    replaces: str = ""  # uid of the document that this duplicate stands for
    original: str = ""  # uid of the first of them, whose data FRDO asks for
    replaced_by: str = ""  # uid of the duplicate
    reason: str = ""
    proof: str = ""  # of loss or exchange: «справка из органов внутренних дел № 5»
    mapping_version: str = ""

    @property
    def key(self) -> str:
        """The register's own uid."""
        return self.uid

    @property
    def is_duplicate(self) -> bool:
        """Whether it stands for another document."""
        return bool(self.replaces)


class DocumentHolder(Record):
    """Whose document it is, as known when it was drafted: a snapshot. Personal data; also who received it."""

    kind: ClassVar[str] = "document_holder"

    document: str  # uid
    learner: str = ""
    last_name: str
    first_name: str
    middle_name: str = ""
    name_dative: str = ""  # «Ивановой Анне Сергеевне»
    birth_date: dt.date | None = None
    snils: str = ""
    citizenship: str = ""
    sex: str = ""
    received_by: str = ""  # who came for it, if not the holder: name and power of attorney

    @property
    def key(self) -> str:
        """The document's uid."""
        return self.document

    @property
    def full_name(self) -> str:
        """Фамилия Имя Отчество."""
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)


class DocumentScan(Record):
    """A file of a document (S1 3.4: «сканы … хранятся в электронном виде»). The file itself is outside the database.

    Personal data: erasing the holder empties this, and the file is removed.
    """

    kind: ClassVar[str] = "document_scan"

    document: str  # uid
    learner: str = ""
    sha256: str
    name: str  # as it was called when it was attached
    media_type: str = ""
    size: int | None = None  # bytes
    attached_at: Instant | None = None

    @property
    def key(self) -> str:
        """`uid/sha256`."""
        return f"{self.document}/{self.sha256}"


class BlankRange(Record):
    """Blanks received together: all numbers of one series from `first` to `last`, both of one width."""

    kind: ClassVar[str] = "blank_range"

    uid: str  # b0001, b0002, …
    document_kinds: list[str]
    series: str = ""
    first: str  # digits, with leading zeros as printed
    last: str
    received_on: dt.date
    invoice: str = ""

    @property
    def key(self) -> str:
        """The range's uid."""
        return self.uid

    @property
    def size(self) -> int:
        """How many blanks there are in it."""
        return int(self.last) - int(self.first) + 1

    def holds(self, number: str) -> bool:
        """Whether a number, as printed, is one of it."""
        digits = number.isascii() and number.isdigit()
        return digits and len(number) == len(self.first) and self.first <= number <= self.last


class SpoiledBlank(Record):
    """A blank that no document will ever be written on, and the act of its destruction."""

    kind: ClassVar[str] = "spoiled_blank"

    blank_range: str  # uid
    series: str = ""
    number: str
    act: str
    reason: str

    @property
    def key(self) -> str:
        """`range/number`."""
        return f"{self.blank_range}/{self.number}"


class Recognition(Record):
    """An application to recognise a result of another organisation, and what was decided (F9, F10). Personal data."""

    kind: ClassVar[str] = "recognition"

    uid: str  # z0001, z0002, …
    state: RecognitionState
    learner: str
    course: str
    grade_item: str = ""  # what it is recognised as; empty: the whole course
    subject: str  # as the other organisation's document calls it
    hours: int | None = None
    mark_text: str = ""
    source_organisation: str
    source_document: str  # «диплом о профессиональной переподготовке»
    source_number: str = ""  # series and number
    source_date: dt.date | None = None
    application_number: str = ""
    application_date: dt.date | None = None
    minutes_number: str = ""
    minutes_date: dt.date | None = None
    reason: str = ""  # of the decision, as of a refusal; once it is annulled, of that

    @property
    def key(self) -> str:
        """The register's own uid."""
        return self.uid


class DocumentPush(Record):
    """What is known of one document's way into one target of the LMS; every version is one step of it.

    `content_hash` and `idempotency_key` are of the revision that was sent last. Erasing the holder leaves this:
    it names them by the LMS's identifier, and nothing that is sent is about the person (`lms_sync.mapping.push`).
    """

    kind: ClassVar[str] = "document_push"

    document: str  # uid
    target: str
    learner: str  # LMS id of the holder
    document_version: int  # the version of the document, as the ledger counts, that the LMS is to show
    state: PushState
    revision: int = 0  # counts the contents sent to this target; 0 until the first
    attempts: int = 0  # how often this was tried since it was queued or asked for again
    due_at: Instant | None = None  # not before, UTC; None: at once
    last_error: str = ""  # a code, never a body
    external_id: str = ""
    content_hash: str = ""
    idempotency_key: str = ""

    @property
    def key(self) -> str:
        """`uid/target`."""
        return f"{self.document}/{self.target}"


NEXT_STATUSES: dict[DocumentStatus, frozenset[DocumentStatus]] = {
    DocumentStatus.DRAFT: frozenset({DocumentStatus.ISSUED, DocumentStatus.ANNULLED}),
    DocumentStatus.ISSUED: frozenset(
        {DocumentStatus.HANDED_OVER, DocumentStatus.ANNULLED, DocumentStatus.LOST, DocumentStatus.REPLACED}
    ),
    DocumentStatus.HANDED_OVER: frozenset({DocumentStatus.ANNULLED, DocumentStatus.LOST, DocumentStatus.REPLACED}),
    DocumentStatus.LOST: frozenset({DocumentStatus.REPLACED, DocumentStatus.ANNULLED}),
    DocumentStatus.ANNULLED: frozenset(),
    DocumentStatus.REPLACED: frozenset(),
}
"""What may become of a document of each status."""

NEXT_RECOGNITION_STATES: dict[RecognitionState, frozenset[RecognitionState]] = {
    RecognitionState.APPLIED: frozenset(
        {RecognitionState.RECOGNISED, RecognitionState.REFUSED, RecognitionState.ANNULLED}
    ),
    RecognitionState.RECOGNISED: frozenset({RecognitionState.ANNULLED}),
    RecognitionState.REFUSED: frozenset({RecognitionState.ANNULLED}),
    RecognitionState.ANNULLED: frozenset(),
}
"""What may become of an application of each state."""

KEPT_SINCE_ISSUE = (
    "document_kind", "origin", "learner", "registration_number", "registration_series", "registration_ordinal",
    "blank_range", "blank_series", "blank_number", "appendix", "appendix_number", "appendix_series",
    "appendix_ordinal", "issue_date", "replaces", "original",
)  # fmt: skip
"""The fields of a document that no later version may change once it is issued: annul it and issue another.

A learner may be named later where there is none, once: see `may_be_linked`."""

KEPT_SINCE_APPLICATION = (
    "uid", "learner", "course", "grade_item", "subject", "hours", "mark_text", "source_organisation",
    "source_document", "source_number", "source_date", "application_number", "application_date",
)  # fmt: skip
"""The fields of an application that no later version may change: annul it and register another."""


def may_be_linked(learner: str) -> bool:
    """Whether a learner may still be named: only once, for a document taken over for somebody unknown to the LMS."""
    return not learner


def document_uid(ordinal: int) -> str:
    """The uid of the register's `ordinal`th document (from 1)."""
    return f"d{ordinal:06}"


def recognition_uid(ordinal: int) -> str:
    """The uid of the `ordinal`th application to recognise a result (from 1)."""
    return f"z{ordinal:04}"
