"""The tables of the store, as an auditor finds them with plain SQL.

Owns names, columns and indexes. Must not know how rows are written or read. A projection table has one row a record:
the fields of its kind in `lms_sync.records` plus the bookkeeping of `Projection`; a test holds both equal. Retired
rows stay, with `retired_at` set. Indexes end with `source`, which has few values: PostgreSQL would else read all of a
source for a handful of keys while its statistics are young. A change here needs a revision in `migrations/versions`.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.store.columns import JsonText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _instant(**options: Any) -> Any:
    return Field(sa_type=UtcInstant, **options)


def _decimal() -> Any:
    return Field(default=None, sa_type=ExactDecimal)


def _json(**options: Any) -> Any:
    return Field(sa_type=JsonText, **options)


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


class _StoreTable(SQLModel):
    metadata = metadata


class Projection(_StoreTable):
    """What every projection row says about itself."""

    key: str = Field(primary_key=True)  # the natural key within source and kind
    source: str = Field(primary_key=True)  # the name of the source in the configuration
    scope: str  # the part of the LMS it was last read with, as `course/5`; empty for learners
    ledger_seq: int = Field(sa_type=BigInteger, foreign_key="ledger.seq")  # the ledger row it was made from
    version: int  # 1 when first seen; every put, retire, restore and erase adds one
    first_seen_at: dt.datetime = _instant()
    changed_at: dt.datetime = _instant()  # observed time of `ledger_seq`
    retired_at: dt.datetime | None = _instant(default=None)  # gone from the LMS (or erased) since


class CourseRow(Projection, table=True):
    """See `lms_sync.records.Course`."""

    __tablename__: ClassVar[Any] = "course"
    __table_args__ = (Index(None, "scope", "source"),)

    external_id: str
    title: str = _text()
    short_name: str = _text()
    idnumber: str
    category_path: list[str] = _json()
    programme_kind: str
    hours: int | None = Field(sa_type=BigInteger)
    visible: bool | None
    starts_at: dt.datetime | None = _instant()
    ends_at: dt.datetime | None = _instant()


class LearnerRow(Projection, table=True):
    """See `lms_sync.records.Learner`. The only table with personal data."""

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
    organisation: str = _text()
    department: str = _text()
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
    roles: list[str] = _json()
    groups: list[str] = _json()


class AssessmentRow(Projection, table=True):
    """See `lms_sync.records.Assessment`."""

    __tablename__: ClassVar[Any] = "assessment"
    __table_args__ = (Index(None, "scope", "source"), Index(None, "course", "source"))

    external_id: str
    course: str
    title: str = _text()
    opens_at: dt.datetime | None = _instant()
    closes_at: dt.datetime | None = _instant()
    time_limit: int | None = Field(sa_type=BigInteger)
    attempts_allowed: int | None = Field(sa_type=BigInteger)
    counting: str
    points_maximum: Decimal | None = _decimal()
    grade_maximum: Decimal | None = _decimal()


class GradeItemRow(Projection, table=True):
    """See `lms_sync.records.GradeItem`."""

    __tablename__: ClassVar[Any] = "grade_item"
    __table_args__ = (Index(None, "scope", "source"), Index(None, "course", "source"))

    external_id: str
    course: str
    title: str = _text()
    item_type: str
    module: str
    instance: str
    idnumber: str
    position: int = Field(sa_type=BigInteger)
    minimum: Decimal | None = _decimal()
    maximum: Decimal | None = _decimal()
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
    raw: Decimal | None = _decimal()
    minimum: Decimal | None = _decimal()
    maximum: Decimal | None = _decimal()
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
    submitted_at: dt.datetime | None = _instant()
    graded_at: dt.datetime | None = _instant()


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
    started_at: dt.datetime | None = _instant()
    finished_at: dt.datetime | None = _instant()
    points: Decimal | None = _decimal()
    points_maximum: Decimal | None = _decimal()
    grade: Decimal | None = _decimal()
    grade_maximum: Decimal | None = _decimal()


class LedgerRow(_StoreTable, table=True):
    """One version of one record; appended, never edited. The format is `docs/ledger.md`."""

    __tablename__: ClassVar[Any] = "ledger"
    __table_args__ = (
        UniqueConstraint("key", "kind", "source", "version"),
        Index(None, "run_id"),
        Index(None, "observed_at"),
    )

    # Not autoincremented: the writer gives the numbers, so that the chain has no gaps. INTEGER makes it SQLite's rowid.
    seq: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False)
    )
    observed_at: dt.datetime = _instant()  # when lms-sync saw it
    source_at: dt.datetime | None = _instant()  # when the LMS says it changed
    source: str
    kind: str
    key: str
    scope: str
    version: int
    operation: str  # put, retire, restore, erase
    payload: str | None = _text()  # canonical JSON; NULL once erased
    salt: str | None  # 32 hexadecimal digits; NULL once erased
    payload_digest: str  # empty for an erase row
    previous_digest: str
    digest: str
    run_id: int | None = Field(foreign_key="run.id")
    actor: str
    reason: str = _text()


class RunRow(_StoreTable, table=True):
    """One run of one source."""

    __tablename__: ClassVar[Any] = "run"
    __table_args__ = (Index(None, "source", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    mode: str
    actor: str
    mapping_version: str
    started_at: dt.datetime = _instant()
    finished_at: dt.datetime | None = _instant(default=None)
    outcome: str = ""  # empty while it runs; interrupted when it was killed
    counts: dict[str, int] = _json(default_factory=dict)
    note: str = _text(default="")


class CursorRow(_StoreTable, table=True):
    """How far a scope was read, in the connector's own words."""

    __tablename__: ClassVar[Any] = "cursor"

    source: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    position: str = _text()
    run_id: int = Field(foreign_key="run.id")
    updated_at: dt.datetime = _instant()


class ScopeStateRow(_StoreTable, table=True):
    """How the last reading of a scope ended."""

    __tablename__: ClassVar[Any] = "scope_state"

    source: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    label: str = ""
    outcome: str = ""
    expected: int | None = None
    received: int | None = None
    read_at: dt.datetime | None = _instant(default=None)
    complete_at: dt.datetime | None = _instant(default=None)
    note: str = _text(default="")
    reread_requested_at: dt.datetime | None = _instant(default=None)
    run_id: int | None = Field(default=None, foreign_key="run.id")


class QuarantineRow(_StoreTable, table=True):
    """An object of the LMS that could not become a record, and why."""

    __tablename__: ClassVar[Any] = "quarantine"
    __table_args__ = (Index(None, "scope", "stream", "source"),)

    source: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    stream: str
    scope: str
    field: str
    code: str
    message: str = _text()
    first_seen_at: dt.datetime = _instant()
    last_seen_at: dt.datetime = _instant()
    run_id: int = Field(foreign_key="run.id")


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


ledger = _table(LedgerRow)
run = _table(RunRow)
cursor = _table(CursorRow)
scope_state = _table(ScopeStateRow)
quarantine = _table(QuarantineRow)
course = _table(CourseRow)
learner = _table(LearnerRow)
enrolment = _table(EnrolmentRow)
assessment = _table(AssessmentRow)
grade_item = _table(GradeItemRow)
grade_entry = _table(GradeEntryRow)
attempt = _table(AttemptRow)

PROJECTIONS: dict[str, Table] = {
    table.name: table for table in (course, learner, enrolment, assessment, grade_item, grade_entry, attempt)
}
"""The projection table of each kind of record; it bears the kind's name."""

BOOKKEEPING = tuple(Projection.model_fields)
"""The columns of a projection that are not fields of its record."""
