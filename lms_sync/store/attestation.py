"""What the store knows about final attestations: the facts that results and protocols are made of. Reads only.

Gives plain frozen values, all within the caller's transaction. Must not know what counts, nor what follows from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, and_, func, or_, select

from lms_sync.records import (
    KINDS,
    Assessment,
    AttestationResult,
    Course,
    Drift,
    DriftState,
    GradeItem,
    ProgrammeKind,
    Protocol,
    Record,
)
from lms_sync.store.rows import Operation
from lms_sync.store.statements import chunks
from lms_sync.store.tables import (
    assessment,
    attempt,
    attestation_result,
    course,
    drift,
    enrolment,
    grade_entry,
    grade_item,
    learner,
    ledger,
    protocol,
)

QUIZ = "quiz"
"""The module whose grade items are judged by attempts."""

RecordT = TypeVar("RecordT", bound=Record)


@dataclass(frozen=True)
class AttemptFacts:
    """An attempt as last read. `told_at` is when the LMS says it last changed (UTC)."""

    key: str
    learner: str
    number: int
    state: str
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    points: Decimal | None
    points_maximum: Decimal | None
    grade: Decimal | None
    grade_maximum: Decimal | None
    live: bool
    told_at: dt.datetime | None


@dataclass(frozen=True)
class EntryFacts:
    """A gradebook entry as last read."""

    learner: str
    raw: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    word: str
    overridden: bool
    submitted_at: dt.datetime | None
    graded_at: dt.datetime | None
    graded_by: str
    live: bool

    @property
    def has_value(self) -> bool:
        """Whether there is a grade at all."""
        return self.raw is not None or bool(self.word)


@dataclass(frozen=True)
class PersonFacts:
    """A learner as last read; an erased one has no data left."""

    learner: str
    last_name: str
    first_name: str
    middle_name: str
    birth_date: dt.date | None
    idnumber: str
    erased: bool

    @property
    def full_name(self) -> str:
        """Фамилия Имя Отчество."""
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)


@dataclass(frozen=True)
class EnrolmentFacts:
    """A learner's place in the course as last read; not `live`: the learner left."""

    learner: str
    status: str
    groups: tuple[str, ...]
    live: bool


@dataclass(frozen=True)
class StoredResult:
    """A frozen result in its latest version, and the digest that a protocol names it by."""

    record: AttestationResult
    version: int
    payload_digest: str


@dataclass(frozen=True)
class FinalFacts:
    """One grade item with everything known about it. `scope` is where its official records are kept.

    `read_in` are the scopes in which it, its test and its course are read.
    """

    source: str
    scope: str
    item: GradeItem
    item_live: bool
    read_in: frozenset[str]
    course: Course | None
    assessment: Assessment | None
    attempts: list[AttemptFacts] = field(default_factory=list)
    entries: dict[str, EntryFacts] = field(default_factory=dict)
    people: dict[str, PersonFacts] = field(default_factory=dict)
    enrolments: dict[str, EnrolmentFacts] = field(default_factory=dict)
    results: list[StoredResult] = field(default_factory=list)
    protocols: list[Protocol] = field(default_factory=list)
    drifts: dict[str, Drift] = field(default_factory=dict)

    @property
    def by_attempts(self) -> bool:
        """Whether it is a test that is taken in attempts."""
        return self.item.module == QUIZ

    @property
    def course_title(self) -> str:
        """The course's title; empty while the course was never read."""
        return self.course.title if self.course else ""

    @property
    def programme_kind(self) -> ProgrammeKind:
        """The course's kind of programme; `other` while the course was never read."""
        return self.course.programme_kind if self.course else ProgrammeKind.OTHER

    @property
    def hours(self) -> int | None:
        """The course's academic hours; None while they, or the course, were never read."""
        return self.course.hours if self.course else None


def final_facts(connection: Connection, source: str, item: str) -> FinalFacts | None:
    """Everything about one grade item; None for one that the store does not know."""
    found = _record_row(connection, grade_item, source, item)
    if found is None:
        return None
    record = _record(GradeItem, found)
    test_row = _record_row(connection, assessment, source, record.instance) if record.module == QUIZ else None
    test = None if test_row is None else _record(Assessment, test_row)
    course_row = _record_row(connection, course, source, record.course)
    results = _results(connection, source, item)
    attempts = [] if test is None else _attempts(connection, source, test.external_id)
    entries = _entries(connection, source, item)
    enrolments = _enrolments(connection, source, record.course)
    named = {*(one.learner for one in attempts), *entries, *enrolments, *(one.record.learner for one in results)}
    return FinalFacts(
        source=source,
        scope=found.scope,
        item=record,
        item_live=found.retired_at is None,
        read_in=frozenset(row.scope for row in (found, test_row, course_row) if row is not None),
        course=None if course_row is None else _record(Course, course_row),
        assessment=test,
        attempts=attempts,
        entries=entries,
        people=_people(connection, source, named),
        enrolments=enrolments,
        results=results,
        protocols=protocols(connection, source, grade_item_key=item),
        drifts={one.key: one for one in drifts(connection, source, grade_item_key=item)},
    )


def touched_items(connection: Connection, source: str, after: int) -> set[str]:
    """The keys of grade items about which a ledger row after `after` may have something to say."""
    columns = ledger.c
    # Of protocols only what was done to a closed one: annulling it sets its results free.
    telling = or_(columns.kind != Protocol.kind, columns.version > 1)
    changed = connection.execute(
        select(columns.kind, columns.key).where(columns.seq > after, columns.source == source, telling).distinct()
    )
    keys: dict[str, list[str]] = {}
    for kind, key in changed:
        keys.setdefault(kind, []).append(key)
    items = set(keys.get("grade_item", ()))
    entries = keys.get("grade_entry", ())
    items |= _distinct(connection, protocol, protocol.c.grade_item, source, protocol.c.key, keys.get("protocol", ()))
    items |= _distinct(connection, grade_entry, grade_entry.c.grade_item, source, grade_entry.c.key, entries)
    tests = set(keys.get("assessment", ()))
    tests |= _distinct(connection, attempt, attempt.c.assessment, source, attempt.c.key, keys.get("attempt", ()))
    courses = set(keys.get("course", ()))
    courses |= _distinct(connection, enrolment, enrolment.c.course, source, enrolment.c.key, keys.get("enrolment", ()))
    items |= _distinct(connection, grade_item, grade_item.c.key, source, grade_item.c.course, sorted(courses))
    people = keys.get("learner", ())
    tests |= _distinct(connection, attempt, attempt.c.assessment, source, attempt.c.learner, people)
    for table in (grade_entry, attestation_result):
        items |= _distinct(connection, table, table.c.grade_item, source, table.c.learner, people)
    for chunk in chunks(sorted(tests)):
        statement = select(grade_item.c.key).where(
            grade_item.c.source == source, grade_item.c.module == QUIZ, grade_item.c.instance.in_(chunk)
        )
        items |= set(connection.execute(statement).scalars())
    return items


def all_items(connection: Connection, source: str) -> list[tuple[GradeItem, Course | None]]:
    """Every grade item of a source with its course, gone ones too, by key."""
    courses = {
        row.key: _record(Course, row) for row in connection.execute(select(course).where(course.c.source == source))
    }
    rows = connection.execute(select(grade_item).where(grade_item.c.source == source).order_by(grade_item.c.key))
    return [(item, courses.get(item.course)) for item in (_record(GradeItem, row) for row in rows)]


def protocols(
    connection: Connection, source: str | None = None, *, number: str | None = None, grade_item_key: str | None = None
) -> list[Protocol]:
    """The protocols in their latest versions, by series and ordinal."""
    columns = protocol.c
    statement = select(protocol).order_by(columns.source, columns.series, columns.ordinal)
    for column, wanted in ((columns.source, source), (columns.number, number), (columns.grade_item, grade_item_key)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_record(Protocol, row) for row in connection.execute(statement)]


def last_ordinal(connection: Connection, source: str, series: str) -> int:
    """The highest number given in a series; 0 while there is none."""
    statement = select(func.max(protocol.c.ordinal)).where(protocol.c.source == source, protocol.c.series == series)
    return connection.execute(statement).scalar_one() or 0


def drifts(
    connection: Connection,
    source: str | None = None,
    *,
    grade_item_key: str | None = None,
    state: DriftState | None = None,
) -> list[Drift]:
    """The drift records in their latest versions, by key; those of erased learners are left out."""
    columns = drift.c
    statement = select(drift).where(columns.retired_at.is_(None)).order_by(columns.source, columns.key)
    for column, wanted in ((columns.source, source), (columns.grade_item, grade_item_key), (columns.state, state)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_record(Drift, row) for row in connection.execute(statement)]


def open_drifts(connection: Connection, source: str) -> int:
    """How many differences nobody has decided about."""
    return connection.execute(
        select(func.count()).where(
            drift.c.source == source, drift.c.state == DriftState.OPEN.value, drift.c.retired_at.is_(None)
        )
    ).scalar_one()


def result_versions(
    connection: Connection, source: str, wanted: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], AttestationResult | None]:
    """Results in the versions that a protocol names, by (key, version); None for one whose data was erased."""
    versions: dict[tuple[str, int], AttestationResult | None] = {}
    pairs = set(wanted)
    columns = ledger.c
    for chunk in chunks(sorted({key for key, _ in pairs})):
        statement = select(columns.key, columns.version, columns.payload).where(
            columns.source == source, columns.kind == AttestationResult.kind, columns.key.in_(chunk)
        )
        for key, version, payload in connection.execute(statement):
            if (key, version) in pairs:
                record = None if payload is None else AttestationResult.model_validate_json(payload)
                versions[key, version] = record
    return versions


def _results(connection: Connection, source: str, item: str) -> list[StoredResult]:
    table = attestation_result
    statement = (
        select(table, ledger.c.payload_digest)
        .join(ledger, ledger.c.seq == table.c.ledger_seq)
        .where(table.c.source == source, table.c.grade_item == item, table.c.retired_at.is_(None))
        .order_by(table.c.key)
    )
    return [
        StoredResult(_record(AttestationResult, row), row.version, row.payload_digest)
        for row in connection.execute(statement)
    ]


def _attempts(connection: Connection, source: str, test: str) -> list[AttemptFacts]:
    columns = attempt.c
    names = [name for name in AttemptFacts.__dataclass_fields__ if name not in ("live", "told_at")]
    statement = (
        select(
            *(columns[name] for name in names),
            columns.retired_at.is_(None).label("live"),
            ledger.c.source_at.label("told_at"),
        )
        .join(ledger, ledger.c.seq == columns.ledger_seq)
        .where(columns.source == source, columns.assessment == test)
        .order_by(columns.learner, columns.number, columns.key)
    )
    return [AttemptFacts(**row._mapping) for row in connection.execute(statement)]


def _entries(connection: Connection, source: str, item: str) -> dict[str, EntryFacts]:
    columns = grade_entry.c
    names = [name for name in EntryFacts.__dataclass_fields__ if name != "live"]
    statement = select(*(columns[name] for name in names), columns.retired_at.is_(None).label("live")).where(
        columns.source == source, columns.grade_item == item
    )
    return {row.learner: EntryFacts(**row._mapping) for row in connection.execute(statement)}


def _enrolments(connection: Connection, source: str, course_key: str) -> dict[str, EnrolmentFacts]:
    columns = enrolment.c
    statement = select(
        columns.learner, columns.status, columns.groups, columns.retired_at.is_(None).label("live")
    ).where(columns.source == source, columns.course == course_key, columns.is_learner)
    return {
        row.learner: EnrolmentFacts(row.learner, row.status, tuple(row.groups), row.live)
        for row in connection.execute(statement)
    }


def _people(connection: Connection, source: str, keys: Iterable[str]) -> dict[str, PersonFacts]:
    columns = learner.c
    erased = (ledger.c.operation == Operation.ERASE.value).label("erased")
    names = [name for name in PersonFacts.__dataclass_fields__ if name not in ("learner", "erased")]
    people: dict[str, PersonFacts] = {}
    for chunk in chunks(sorted(keys)):
        statement = (
            select(columns.key.label("learner"), *(columns[name] for name in names), erased)
            .join(ledger, ledger.c.seq == columns.ledger_seq)
            .where(columns.source == source, columns.key.in_(chunk))
        )
        people |= {row.learner: PersonFacts(**row._mapping) for row in connection.execute(statement)}
    return people


def _distinct(
    connection: Connection, table: Table, wanted: Any, source: str, column: Any, keys: Sequence[str]
) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(keys):
        statement = select(wanted).where(table.c.source == source, column.in_(chunk)).distinct()
        found |= set(connection.execute(statement).scalars())
    return found - {""}


def _record_row(connection: Connection, table: Table, source: str, key: str) -> Any:
    statement: Select[Any] = select(table).where(and_(table.c.key == key, table.c.source == source))
    return connection.execute(statement).first()


def _record(shape: type[RecordT], row: Any) -> RecordT:
    names = KINDS[shape.kind].model_fields
    return shape.model_validate({name: row._mapping[name] for name in names})
