"""The projections of what the LMS said: one table for each kind of `lms_sync.records.study`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from lms_sync.store.table_parts import Projection, decimal, instant, json_text, table_of, text, text_added_later


class CourseRow(Projection, table=True):
    """See `lms_sync.records.Course`."""

    __tablename__: ClassVar[Any] = "course"
    __table_args__ = (Index(None, "scope", "source"),)

    external_id: str
    title: str = text()
    short_name: str = text()
    idnumber: str
    category_path: list[str] = json_text()
    programme_kind: str
    hours: int | None = Field(sa_type=BigInteger)
    visible: bool | None
    starts_at: dt.datetime | None = instant()
    ends_at: dt.datetime | None = instant()


class LearnerRow(Projection, table=True):
    """See `lms_sync.records.Learner`. Personal data."""

    __tablename__: ClassVar[Any] = "learner"
    __table_args__ = (Index(None, "snils", "source"), Index(None, "idnumber", "source"))

    external_id: str
    last_name: str
    first_name: str
    middle_name: str
    email: str
    idnumber: str
    snils: str
    birth_date: dt.date | None
    citizenship: str
    organisation: str = text()
    department: str = text()
    city: str
    country: str


class EnrolmentRow(Projection, table=True):
    """See `lms_sync.records.Enrolment`."""

    __tablename__: ClassVar[Any] = "enrolment"
    __table_args__ = (Index(None, "scope", "source"), Index(None, "course", "source"), Index(None, "learner", "source"))

    course: str
    learner: str
    status: str
    is_learner: bool
    roles: list[str] = json_text()
    groups: list[str] = json_text()


class AssessmentRow(Projection, table=True):
    """See `lms_sync.records.Assessment`."""

    __tablename__: ClassVar[Any] = "assessment"
    __table_args__ = (Index(None, "scope", "source"), Index(None, "course", "source"))

    external_id: str
    course: str
    title: str = text()
    opens_at: dt.datetime | None = instant()
    closes_at: dt.datetime | None = instant()
    time_limit: int | None = Field(sa_type=BigInteger)
    attempts_allowed: int | None = Field(sa_type=BigInteger)
    counting: str
    points_maximum: Decimal | None = decimal()
    grade_maximum: Decimal | None = decimal()


class GradeItemRow(Projection, table=True):
    """See `lms_sync.records.GradeItem`."""

    __tablename__: ClassVar[Any] = "grade_item"
    __table_args__ = (Index(None, "scope", "source"), Index(None, "course", "source"))

    external_id: str
    course: str
    title: str = text()
    item_type: str
    module: str
    instance: str
    idnumber: str
    position: int = Field(sa_type=BigInteger)
    minimum: Decimal | None = decimal()
    maximum: Decimal | None = decimal()
    pass_mark: Decimal | None = decimal()
    scale_lowest: str
    scale_highest: str
    attestation_kind: str
    control_form: str
    scale: str
    rule: str


class GradeEntryRow(Projection, table=True):
    """See `lms_sync.records.GradeEntry`."""

    __tablename__: ClassVar[Any] = "grade_entry"
    __table_args__ = (
        Index(None, "scope", "source"),
        Index(None, "course", "source"),
        Index(None, "learner", "source"),
        Index(None, "grade_item", "source"),
    )

    course: str
    grade_item: str
    learner: str
    raw: Decimal | None = decimal()
    minimum: Decimal | None = decimal()
    maximum: Decimal | None = decimal()
    word: str
    mark: int | None = Field(sa_type=BigInteger)
    mark_text: str
    passed: bool | None
    scale: str
    scale_version: str
    status: str
    hidden: bool
    locked: bool
    overridden: bool
    graded_by: str = text_added_later()
    submitted_at: dt.datetime | None = instant()
    graded_at: dt.datetime | None = instant()


class AttemptRow(Projection, table=True):
    """See `lms_sync.records.Attempt`."""

    __tablename__: ClassVar[Any] = "attempt"
    __table_args__ = (
        Index(None, "scope", "source"),
        Index(None, "course", "source"),
        Index(None, "learner", "source"),
        Index(None, "assessment", "source"),
    )

    external_id: str
    course: str
    assessment: str
    learner: str
    number: int = Field(sa_type=BigInteger)
    state: str
    started_at: dt.datetime | None = instant()
    finished_at: dt.datetime | None = instant()
    points: Decimal | None = decimal()
    points_maximum: Decimal | None = decimal()
    grade: Decimal | None = decimal()
    grade_maximum: Decimal | None = decimal()


course = table_of(CourseRow)
learner = table_of(LearnerRow)
enrolment = table_of(EnrolmentRow)
assessment = table_of(AssessmentRow)
grade_item = table_of(GradeItemRow)
grade_entry = table_of(GradeEntryRow)
attempt = table_of(AttemptRow)
