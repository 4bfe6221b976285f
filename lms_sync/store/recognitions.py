"""What the store knows around applications to recognise a result: of whom and what, and which were erased.

Reads only, within the caller's transaction. The applications themselves are read by `documents.recognitions`. Must not
know what may be done with one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from lms_sync.records import KINDS, GradeItem, Learner, Recognition
from lms_sync.store.documents import people
from lms_sync.store.page import states
from lms_sync.store.statements import chunks
from lms_sync.store.tables import course, enrolment, grade_item, recognition


@dataclass(frozen=True)
class Named:
    """The names that applications point at, by the LMS's identifiers: learners, and titles of courses and items."""

    learners: Mapping[str, Learner]
    courses: Mapping[str, str]
    items: Mapping[str, str]


def named(connection: Connection, source: str, applications: Iterable[Recognition]) -> Named:
    """Everything that these applications name, as last read."""
    known = list(applications)
    return Named(
        learners=people(connection, source, {one.learner for one in known}),
        courses=_titles(connection, course, source, {one.course for one in known}),
        items=_titles(connection, grade_item, source, {one.grade_item for one in known} - {""}),
    )


def erased_applications(connection: Connection, source: str) -> list[str]:
    """The uids of the applications whose personal data was erased, in the order of the register."""
    columns = recognition.c
    statement = select(columns.key).where(columns.source == source, columns.retired_at.is_not(None))
    return list(connection.execute(statement.order_by(func.length(columns.key), columns.key)).scalars())


def is_known(connection: Connection, source: str, learner: str) -> bool:
    """Whether the store has, or had before an erasure, a learner of that identifier."""
    return learner in states(connection, source, Learner.kind, [learner])


def studied_in(connection: Connection, source: str, course: str, learner: str) -> bool:
    """Whether somebody is, or was, a learner of a course."""
    columns = enrolment.c
    statement = select(columns.key).where(
        columns.source == source, columns.course == course, columns.learner == learner, columns.is_learner
    )
    return connection.execute(statement).first() is not None


def item_of(connection: Connection, source: str, key: str) -> GradeItem | None:
    """A column of the gradebook as last read; None while it never was."""
    row = connection.execute(select(grade_item).where(grade_item.c.source == source, grade_item.c.key == key)).first()
    if row is None:
        return None
    return GradeItem.model_validate({name: row._mapping[name] for name in KINDS[GradeItem.kind].model_fields})


def _titles(connection: Connection, table: Table, source: str, keys: Iterable[str]) -> dict[str, str]:
    found = dict[str, str]()
    for chunk in chunks(sorted(set(keys))):
        statement = select(table.c.key, table.c.title).where(table.c.source == source, table.c.key.in_(chunk))
        found |= {row.key: row.title for row in connection.execute(statement)}
    return found
