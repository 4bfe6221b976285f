"""What the identifiers in the action journal are called: people, courses, columns and attempts. Reads only.

Gives what is known of a handful of keys at a time, records that the LMS no longer has too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from lms_sync.store.rows import Operation
from lms_sync.store.statements import among
from lms_sync.store.study import StudyScope, enrolments_within
from lms_sync.store.tables import assessment, attempt, course, enrolment, grade_item, learner, ledger


@dataclass(frozen=True)
class PersonName:
    """A person's name as last read. An `erased` one has none left."""

    key: str
    last_name: str
    first_name: str
    middle_name: str
    erased: bool


@dataclass(frozen=True)
class CourseName:
    """A course's title and, where it is known, its hours."""

    title: str
    hours: int | None


@dataclass(frozen=True)
class AttemptName:
    """An attempt's number, and the title of its test; empty where that was never read."""

    number: int
    title: str


def people_named(connection: Connection, source: str, keys: Collection[str]) -> dict[str, PersonName]:
    """The people of these keys that were ever read."""
    columns = learner.c
    statement = (
        select(columns.key, columns.last_name, columns.first_name, columns.middle_name, ledger.c.operation)
        .join(ledger, ledger.c.seq == columns.ledger_seq)
        .where(columns.source == source, among(connection, columns.key, keys))
    )
    return {
        row.key: PersonName(*row[:4], row.operation == Operation.ERASE.value) for row in connection.execute(statement)
    }


def courses_named(connection: Connection, source: str, keys: Collection[str]) -> dict[str, CourseName]:
    """The courses of these keys."""
    columns = course.c
    statement = select(columns.key, columns.title, columns.hours).where(
        columns.source == source, among(connection, columns.key, keys)
    )
    return {key: CourseName(title, hours) for key, title, hours in connection.execute(statement)}


def grade_items_named(connection: Connection, source: str, keys: Collection[str]) -> dict[str, str]:
    """The titles of the gradebook's columns of these keys."""
    columns = grade_item.c
    statement = select(columns.key, columns.title).where(columns.source == source, among(connection, columns.key, keys))
    return {row.key: row.title for row in connection.execute(statement)}


def attempts_named(connection: Connection, source: str, keys: Collection[str]) -> dict[str, AttemptName]:
    """The attempts of these keys."""
    columns = attempt.c
    test = and_(assessment.c.source == columns.source, assessment.c.key == columns.assessment)
    statement = (
        select(columns.key, columns.number, assessment.c.title)
        .outerjoin(assessment, test)
        .where(columns.source == source, among(connection, columns.key, keys))
    )
    return {key: AttemptName(number, title or "") for key, number, title in connection.execute(statement)}


def learner_places(connection: Connection, scope: StudyScope) -> set[tuple[str, str]]:
    """Who learns where in a scope: (learner, course), those who left too."""
    columns = enrolment.c
    statement = select(columns.learner, columns.course, columns.groups).where(
        *enrolments_within(scope), columns.is_learner
    )
    return {
        (person, place)
        for person, place, groups in connection.execute(statement)
        if scope.group is None or scope.group in groups
    }
