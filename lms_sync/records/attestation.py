"""Official records of final attestation: results that froze themselves, the protocols they stand in, and drift.

A result is written once, from what the LMS said when the attempt was first seen finished and fully marked (S1 3.3:
«автоматическая фиксация результатов»). Only an amendment of its protocol makes a new version of it. A protocol names
its lines by result and digest and holds no learner's personal data, so that erasing a person leaves it whole.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from lms_sync.exact import Exact, Instant
from lms_sync.records.base import Record
from lms_sync.records.lists import (
    AttestationKind,
    ClosingPolicy,
    ControlForm,
    CountingMethod,
    DriftField,
    DriftState,
    GradeSource,
    ProgrammeKind,
    ProtocolState,
    ResultOutcome,
)


class _Part(BaseModel):
    """A part of a record that is no record itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AttestationResult(Record):
    """One learner's result of one attempt at a final test, or of a final that is graded without attempts. Frozen.

    Who has none when a protocol is closed (absent, not admitted, not completed) gets a result of that closing, without
    attempt and grade. Holds personal data: the learner as known when it froze.
    """

    kind: ClassVar[str] = "attestation_result"

    course: str
    grade_item: str
    learner: str
    occasion: (
        str  # `attempt-2`, `grade` (the next of that name `attempt-2.2`), or `protocol NUMBER`: none at its closing
    )
    outcome: ResultOutcome

    # who, as then known
    last_name: str
    first_name: str
    middle_name: str = ""
    birth_date: dt.date | None = None
    idnumber: str = ""
    groups: list[str] = []

    # what
    course_title: str
    programme_kind: ProgrammeKind
    hours: int | None = None
    title: str  # of the test, assignment or column
    attestation_kind: AttestationKind
    control_form: ControlForm

    # the attempt; all empty for a final that is graded without attempts
    assessment: str = ""
    attempt: str = ""
    attempt_number: int | None = None
    started_at: Instant | None = None
    finished_at: Instant | None = None  # of a grade without attempts: when it was graded
    duration: int | None = None  # seconds
    points: Exact | None = None  # of this attempt, in the test's own points
    points_maximum: Exact | None = None

    # the grade: of this attempt, or with `average` of all attempts up to it
    grade_source: GradeSource = GradeSource.ATTEMPT
    grade: Exact | None = None
    grade_minimum: Exact | None = None
    grade_maximum: Exact | None = None
    percent: Exact | None = None  # of the range from minimum to maximum, five places, half up
    word: str = ""  # the scale's word, when the LMS grades in words
    mark: int | None = None  # 2..5 where the scale gives a figure
    mark_text: str = ""  # отлично, зачтено, не явился, …
    passed: bool | None = None

    # by which rules
    counting: CountingMethod
    rule: str
    scale: str = ""
    scale_version: str = ""
    mapping_version: str

    @property
    def key(self) -> str:
        """`grade_item/learner/occasion`."""
        return f"{self.grade_item}/{self.learner}/{self.occasion}"

    @property
    def full_name(self) -> str:
        """Фамилия Имя Отчество, as Russian forms write it."""
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)


class CommissionMember(_Part):
    """A member of an attestation commission."""

    name: str
    position: str = ""


class Commission(_Part):
    """An attestation commission and the order that appointed it (S0 2.7.2, S1 2.5)."""

    name: str
    order: str = ""  # «приказ № 12 от 10.01.2026»
    chair: CommissionMember | None = None
    members: list[CommissionMember] = []
    secretary: CommissionMember | None = None


class ProtocolLine(_Part):
    """One line: which result, in which version, and what it came to. No name: that is the result's."""

    number: int  # from 1, in the Russian alphabetical order of the names
    learner: str
    result: str  # key of the AttestationResult
    version: int  # of the result
    payload_digest: str  # of that version's ledger row
    outcome: ResultOutcome
    mark: int | None = None
    mark_text: str = ""
    passed: bool | None = None


class MarkCount(_Part):
    """How many lines have a mark."""

    text: str
    mark: int | None = None
    count: int


class ProtocolTotals(_Part):
    """How many lines there are of each sort. `marks` lists the marks of those who took part, best first."""

    listed: int
    took_part: int  # outcome graded
    passed: int
    failed: int  # took part and did not pass
    absent: int
    not_admitted: int
    not_completed: int
    withdrawn: int
    marks: list[MarkCount] = []


class Protocol(Record):
    """A numbered protocol of final attestation (F12). Closed once; later versions are amendments or its annulment."""

    kind: ClassVar[str] = "protocol"

    number: str
    series: str  # numbers count up within a series
    ordinal: int
    state: ProtocolState
    revision: int = 1  # 1 as closed, one more with each amendment
    organisation: str = ""

    course: str
    grade_item: str
    course_title: str
    programme_kind: ProgrammeKind
    hours: int | None = None
    title: str
    attestation_kind: AttestationKind
    control_form: ControlForm
    group_name: str = ""
    sitting: str = ""  # the day (YYYY-MM-DD, site's zone) with closing per day, else empty
    held_from: dt.date | None = None  # first and last day of its attempts, in the site's zone
    held_to: dt.date | None = None
    timezone: str

    closing: ClosingPolicy
    closed_at: Instant
    closed_by: str
    reason: str = ""  # of the latest amendment, or of the annulment
    commission: Commission | None = None
    lines: list[ProtocolLine] = []
    totals: ProtocolTotals
    rule: str
    mapping_version: str

    @property
    def key(self) -> str:
        """The protocol's number."""
        return self.number

    @property
    def in_force(self) -> bool:
        """Whether it was not annulled."""
        return self.state.in_force


class Drift(Record):
    """What the LMS now says otherwise than a frozen result does. May hold names: personal data.

    `frozen` and `current` are texts as people read them; `changed_by` is empty where the LMS does not tell.
    """

    kind: ClassVar[str] = "drift"

    result: str
    field: DriftField
    course: str
    grade_item: str
    learner: str
    protocol: str = ""  # number of the protocol the result stands in; empty: in none yet
    frozen: str
    current: str
    lms_changed_at: Instant | None = None  # as the LMS tells
    changed_by: str = ""
    state: DriftState = DriftState.OPEN
    reason: str = ""  # why it was amended or kept

    @property
    def key(self) -> str:
        """`result field`."""
        return f"{self.result} {self.field}"
