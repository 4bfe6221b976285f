"""What the store knows of learners' studies: what record books, sheets and statistics are made of. Reads only.

Gives plain frozen values, records that the LMS no longer has too: what counts is the reports' to say. A study is read
in one transaction and in a fixed number of statements, however many people, courses and grades it holds.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, Text, and_, exists, func, or_, select, type_coerce

from lms_sync.records import AttemptState, AttestationResult, RecognitionState
from lms_sync.store.rows import Operation
from lms_sync.store.store import Store
from lms_sync.store.tables import (
    attempt,
    attestation_result,
    course,
    enrolment,
    grade_entry,
    grade_item,
    learner,
    ledger,
    protocol,
    recognition,
)


@dataclass(frozen=True)
class StudyScope:
    """Whose studies are asked for: of the learners of a course, of a group (its exact name), of one learner.

    What is given together must hold together.
    """

    source: str
    course: str | None = None
    group: str | None = None
    learner: str | None = None


@dataclass(frozen=True)
class Person:
    """A learner as last read. An `erased` one has no data left."""

    key: str
    last_name: str
    first_name: str
    middle_name: str
    birth_date: dt.date | None
    idnumber: str
    snils: str
    citizenship: str
    organisation: str
    department: str
    city: str
    email: str
    erased: bool = False


@dataclass(frozen=True)
class Programme:
    """A course, read as a programme or its part."""

    key: str
    title: str
    programme_kind: str
    hours: int | None
    retired_at: dt.datetime | None


@dataclass(frozen=True)
class Place:
    """A learner's place in a course. `first_seen_at` is when lms-sync first saw it (UTC)."""

    course: str
    learner: str
    status: str
    groups: tuple[str, ...]
    first_seen_at: dt.datetime
    retired_at: dt.datetime | None


@dataclass(frozen=True)
class Item:
    """A grade item. `assessment` is the test behind it, "" for none."""

    key: str
    course: str
    title: str
    item_type: str
    position: int
    attestation_kind: str
    control_form: str
    assessment: str
    retired_at: dt.datetime | None


@dataclass(frozen=True)
class Grade:
    """A grade of the gradebook, as in `lms_sync.records.GradeEntry`."""

    course: str
    grade_item: str
    learner: str
    raw: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    word: str
    mark: int | None
    mark_text: str
    passed: bool | None
    submitted_at: dt.datetime | None
    graded_at: dt.datetime | None
    retired_at: dt.datetime | None


@dataclass(frozen=True)
class AttemptCount:
    """How many begun attempts of a learner at a test stand in one state; `gone`: the LMS no longer has them."""

    course: str
    learner: str
    assessment: str
    state: str
    gone: bool
    count: int


@dataclass(frozen=True)
class Line:
    """A line of a protocol: it still says what the result came to when the learner's data was erased."""

    result: str
    learner: str
    outcome: str
    mark: int | None
    mark_text: str
    passed: bool | None


@dataclass(frozen=True)
class ProtocolFacts:
    """A protocol in its latest version. `sitting` is a day, or None."""

    number: str
    state: str
    course: str
    grade_item: str
    sitting: dt.date | None
    closed_at: dt.datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Recognised:
    """A result of another organisation that a commission recognised as one in `grade_item`, or "": the whole course.

    `subject`, `hours` and `mark_text` are those of the other organisation's document.
    """

    uid: str
    learner: str
    course: str
    grade_item: str
    subject: str
    hours: int | None
    mark_text: str
    source_organisation: str
    source_document: str
    source_number: str
    source_date: dt.date | None
    minutes_number: str
    minutes_date: dt.date


@dataclass(frozen=True)
class Study:
    """The facts of a scope. `results` leaves out those of erased learners; the protocols' lines still tell of them."""

    scope: StudyScope
    courses: list[Programme] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    grades: list[Grade] = field(default_factory=list)
    results: list[AttestationResult] = field(default_factory=list)
    protocols: list[ProtocolFacts] = field(default_factory=list)
    attempts: list[AttemptCount] = field(default_factory=list)
    recognised: list[Recognised] = field(default_factory=list)


def study(store: Store, scope: StudyScope) -> Study:
    """Everything known of the studies in a scope, each list by its records' keys."""
    with store.reading() as connection:
        places = _places(connection, scope)
        of_group = {place.course for place in places}
        exact = scope.group is None
        return Study(
            scope=scope,
            courses=[one for one in _courses(connection, scope) if exact or one.key in of_group],
            people=_people(connection, scope),
            places=places,
            items=[one for one in _items(connection, scope) if exact or one.course in of_group],
            grades=[Grade(**row) for row in _rows(connection, _select(Grade, grade_entry, scope))],
            results=_results(connection, scope),
            protocols=_protocols(connection, scope),
            attempts=_attempts(connection, scope),
            recognised=_recognised(connection, scope),
        )


def learners_named(store: Store, source: str, name: str) -> list[str]:
    """The keys of the learners whose identifier in the LMS or individual number this is, the identifier's first."""
    columns = learner.c
    statement = select(columns.key).where(columns.source == source, or_(columns.key == name, columns.idnumber == name))
    with store.reading() as connection:
        found = connection.execute(statement).scalars().all()
    return [name] if name in found else sorted(found)


def _courses(connection: Connection, scope: StudyScope) -> list[Programme]:
    names = [course.c[name] for name in Programme.__dataclass_fields__]
    statement = select(*names).where(course.c.source == scope.source, _course_in(course.c.key, scope))
    return [Programme(**row) for row in _rows(connection, statement.order_by(course.c.key))]


def _people(connection: Connection, scope: StudyScope) -> list[Person]:
    names = [learner.c[name] for name in Person.__dataclass_fields__ if name != "erased"]
    erased = (ledger.c.operation == Operation.ERASE.value).label("erased")
    wanted = (
        learner.c.key == scope.learner
        if scope.learner is not None
        else or_(
            learner.c.key.in_(select(enrolment.c.learner).where(*_within(enrolment, scope))),
            learner.c.key.in_(select(attestation_result.c.learner).where(*_within(attestation_result, scope))),
        )
    )
    statement = (
        select(*names, erased)
        .join(ledger, ledger.c.seq == learner.c.ledger_seq)
        .where(learner.c.source == scope.source, wanted)
    )
    return [Person(**row) for row in _rows(connection, statement.order_by(learner.c.key))]


def _places(connection: Connection, scope: StudyScope) -> list[Place]:
    statement = _select(Place, enrolment, scope).where(enrolment.c.is_learner)
    places = [Place(**row | {"groups": tuple(row["groups"])}) for row in _rows(connection, statement)]
    return [place for place in places if scope.group is None or scope.group in place.groups]


def _items(connection: Connection, scope: StudyScope) -> list[Item]:
    columns = grade_item.c
    names = [columns[name] for name in Item.__dataclass_fields__ if name != "assessment"]
    statement = (
        select(*names, columns.module, columns.instance)
        .where(columns.source == scope.source, _course_in(columns.course, scope))
        .order_by(columns.key)
    )
    found = []
    for row in _rows(connection, statement):
        module, instance = row.pop("module"), row.pop("instance")
        found.append(Item(**row, assessment=instance if module == "quiz" else ""))
    return found


def _results(connection: Connection, scope: StudyScope) -> list[AttestationResult]:
    columns = attestation_result.c
    statement = (
        select(*(columns[name] for name in AttestationResult.model_fields))
        .where(*_within(attestation_result, scope), columns.retired_at.is_(None))
        .order_by(columns.key)
    )
    return [AttestationResult.model_validate(row) for row in _rows(connection, statement)]


def _protocols(connection: Connection, scope: StudyScope) -> list[ProtocolFacts]:
    columns = protocol.c
    names = [columns[name] for name in ProtocolFacts.__dataclass_fields__]
    statement = (
        select(*names)
        .where(columns.source == scope.source, _course_in(columns.course, scope))
        .order_by(columns.series, columns.ordinal)
    )
    return [_protocol(row) for row in _rows(connection, statement)]


def _protocol(row: dict[str, Any]) -> ProtocolFacts:
    names = Line.__dataclass_fields__
    sitting = dt.date.fromisoformat(row["sitting"]) if row["sitting"] else None
    lines = tuple(Line(**{name: line[name] for name in names}) for line in row["lines"])
    return ProtocolFacts(**row | {"sitting": sitting, "lines": lines})


def _attempts(connection: Connection, scope: StudyScope) -> list[AttemptCount]:
    columns = attempt.c
    gone = columns.retired_at.is_not(None)
    kept = (columns.course, columns.learner, columns.assessment, columns.state, gone)
    statement = (
        select(*kept[:-1], gone.label("gone"), func.count().label("count"))
        .where(*_within(attempt, scope), columns.state != AttemptState.NOT_STARTED.value)
        .group_by(*kept)
        .order_by(*kept)
    )
    return [AttemptCount(**row) for row in _rows(connection, statement)]


def _recognised(connection: Connection, scope: StudyScope) -> list[Recognised]:
    columns = recognition.c
    standing = (columns.state == RecognitionState.RECOGNISED.value, columns.retired_at.is_(None))
    statement = _select(Recognised, recognition, scope).where(*standing)
    return [Recognised(**row) for row in _rows(connection, statement)]


def enrolments_within(scope: StudyScope) -> list[ColumnElement[bool]]:
    """The condition on enrolments of a scope. Of groups it may let pass more than is meant."""
    return _within(enrolment, scope)


def _select(shape: type[Any], table: Table, scope: StudyScope) -> Select[Any]:
    columns = [table.c[name] for name in shape.__dataclass_fields__]
    return select(*columns).where(*_within(table, scope)).order_by(table.c.key)


def _within(table: Table, scope: StudyScope) -> list[ColumnElement[bool]]:
    """The condition on a table that has course and learner. Of groups it may let pass more than is meant."""
    columns = table.c
    conditions = [columns.source == scope.source]
    if scope.course is not None:
        conditions.append(columns.course == scope.course)
    if scope.learner is not None:
        conditions.append(columns.learner == scope.learner)
    if scope.group is not None and table is enrolment:
        conditions.append(_holds_group(enrolment, scope.group))
    elif scope.group is not None:
        place = enrolment.alias("place")
        same = and_(
            place.c.source == columns.source, place.c.course == columns.course, place.c.learner == columns.learner
        )
        conditions.append(exists().where(same, _holds_group(place, scope.group)))
    return conditions


def _course_in(column: ColumnElement[str], scope: StudyScope) -> ColumnElement[bool]:
    if scope.course is not None:
        return column == scope.course
    return or_(
        column.in_(select(enrolment.c.course).where(*_within(enrolment, scope), enrolment.c.is_learner)),
        column.in_(select(attestation_result.c.course).where(*_within(attestation_result, scope))),
    )


def _holds_group(table: Any, name: str) -> ColumnElement[bool]:
    # Groups are kept as a JSON list of texts: the name stands in it as JSON writes it.
    # LIKE would take capitals for small letters in SQLite.
    groups, written = type_coerce(table.c.groups, Text), json.dumps(name, ensure_ascii=False)
    return func.replace(groups, written, "") != groups


def _rows(connection: Connection, statement: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(statement)]
