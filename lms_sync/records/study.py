"""What an LMS says: people, courses, tests, grades and attempts, as a stream brings them.

Only `Learner` holds personal data; the other kinds point at a learner by the LMS's own identifier.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from lms_sync.exact import Exact, Instant
from lms_sync.records.base import Record
from lms_sync.records.lists import (
    AttemptState,
    AttestationKind,
    ControlForm,
    CountingMethod,
    EnrolmentStatus,
    ProgrammeKind,
)


class _Identified(Record):
    external_id: str

    @property
    def key(self) -> str:
        """See `Record.key`."""
        return self.external_id


class Course(_Identified):
    """A course of the LMS, read as a programme (or its part)."""

    kind: ClassVar[str] = "course"

    title: str
    short_name: str = ""
    idnumber: str = ""
    category_path: list[str] = []  # names from the root down
    programme_kind: ProgrammeKind = ProgrammeKind.OTHER
    hours: int | None = None
    visible: bool | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None


class Learner(_Identified):
    """A person who learns, as first and last seen. Personal data: minimal, erasable, absent from logs."""

    kind: ClassVar[str] = "learner"

    last_name: str
    first_name: str
    middle_name: str = ""
    email: str = ""
    idnumber: str = ""
    snils: str = ""  # XXX-XXX-XXX XX, check digits verified
    birth_date: dt.date | None = None
    citizenship: str = ""
    organisation: str = ""
    department: str = ""
    city: str = ""
    country: str = ""

    @property
    def full_name(self) -> str:
        """Фамилия Имя Отчество, as Russian forms write it."""
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)


class Enrolment(Record):
    """A person's place in a course. Staff are kept too, by identifier and role only."""

    kind: ClassVar[str] = "enrolment"

    course: str
    learner: str
    status: EnrolmentStatus
    is_learner: bool
    roles: list[str] = []  # the LMS's role names, sorted
    groups: list[str] = []  # names, sorted

    @property
    def key(self) -> str:
        """`course/learner`."""
        return f"{self.course}/{self.learner}"


class Assessment(_Identified):
    """A test of the LMS that is taken in attempts (a Moodle quiz)."""

    kind: ClassVar[str] = "assessment"

    course: str
    title: str
    opens_at: Instant | None = None
    closes_at: Instant | None = None
    time_limit: int | None = None  # seconds
    attempts_allowed: int | None = None  # None: without limit
    counting: CountingMethod = CountingMethod.HIGHEST
    points_maximum: Exact | None = None  # the test's own points
    grade_maximum: Exact | None = None  # what the points are rescaled to


class GradeItem(_Identified):
    """A column of the gradebook."""

    kind: ClassVar[str] = "grade_item"

    course: str
    title: str
    item_type: str  # mod, manual, course, category
    module: str = ""  # quiz, assign, …
    instance: str = ""  # the module's own id; a quiz's is its Assessment's
    idnumber: str = ""
    position: int = 0  # order in the gradebook, from 1
    minimum: Exact | None = None
    maximum: Exact | None = None
    pass_mark: Exact | None = None  # None: there is none, or the LMS does not tell it
    scale_lowest: str = ""  # words at both ends of a scale, empty for points
    scale_highest: str = ""
    attestation_kind: AttestationKind = AttestationKind.CURRENT
    control_form: ControlForm = ControlForm.OTHER
    scale: str = ""  # name of the mapping's scale that turns points into a mark
    rule: str = ""  # the mapping rule that decided


class GradeEntry(Record):
    """One learner's grade in one column, with the mark it means."""

    kind: ClassVar[str] = "grade_entry"

    course: str
    grade_item: str
    learner: str
    raw: Exact | None = None
    minimum: Exact | None = None
    maximum: Exact | None = None
    word: str = ""  # the scale's word, when the LMS grades in words
    mark: int | None = None  # 2..5 where the scale gives a figure
    mark_text: str = ""  # отлично, зачтено, …
    passed: bool | None = None
    scale: str = ""
    scale_version: str = ""
    status: str = ""  # the LMS's aggregation status
    hidden: bool = False
    locked: bool = False
    overridden: bool = False
    graded_by: str = ""  # the person's identifier; empty: nobody, or the LMS does not tell it
    submitted_at: Instant | None = None
    graded_at: Instant | None = None

    @property
    def key(self) -> str:
        """`grade_item/learner`."""
        return f"{self.grade_item}/{self.learner}"


class Attempt(_Identified):
    """One learner's attempt at a test. `points` is None until everything is marked."""

    kind: ClassVar[str] = "attempt"

    course: str
    assessment: str
    learner: str
    number: int
    state: AttemptState
    started_at: Instant | None = None
    finished_at: Instant | None = None
    points: Exact | None = None
    points_maximum: Exact | None = None
    grade: Exact | None = None  # points / points_maximum × grade_maximum, five places, half up
    grade_maximum: Exact | None = None
