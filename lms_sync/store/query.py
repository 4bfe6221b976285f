"""Questions that reports and the command line ask of the projections. Reads only; never sorts by a person's name.

Gives plain frozen values. What was known at an earlier time is in `history.py`; how scopes stand in
`Store.scope_states`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, select

from lms_sync.exact import utc_instant
from lms_sync.store import bookkeeping
from lms_sync.store.rows import Operation, QuarantineState, RunState
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS, course, enrolment, grade_entry, grade_item, learner, ledger


@dataclass(frozen=True)
class KindCount:
    """How many records of a kind a source has: live, and gone from the LMS (or erased)."""

    source: str
    kind: str
    live: int
    retired: int


@dataclass(frozen=True)
class CourseSummary:
    """A course, for choosing one."""

    source: str
    key: str
    title: str
    short_name: str
    idnumber: str
    retired_at: dt.datetime | None


@dataclass(frozen=True)
class GradebookColumn:
    """A grade item of a course. Bounds in the item's own points."""

    key: str
    title: str
    item_type: str
    module: str
    idnumber: str
    position: int
    minimum: Decimal | None
    maximum: Decimal | None
    attestation_kind: str
    control_form: str
    scale: str
    retired_at: dt.datetime | None


@dataclass(frozen=True)
class GradebookLine:
    """A learner's place in a course. Names are empty when the person was never read, or `erased`."""

    key: str
    last_name: str
    first_name: str
    middle_name: str
    idnumber: str
    status: str
    groups: tuple[str, ...]
    retired_at: dt.datetime | None  # of the enrolment
    erased: bool


@dataclass(frozen=True)
class GradebookCell:
    """One learner's grade in one column, as in `lms_sync.records.GradeEntry`."""

    grade_item: str
    learner: str
    raw: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    word: str
    mark: int | None
    mark_text: str
    passed: bool | None
    scale: str
    scale_version: str
    status: str
    hidden: bool
    locked: bool
    overridden: bool
    submitted_at: dt.datetime | None
    graded_at: dt.datetime | None
    retired_at: dt.datetime | None


@dataclass(frozen=True)
class Gradebook:
    """A course's gradebook: columns by position, lines by the learner's identifier, cells by (learner, grade item)."""

    source: str
    course: CourseSummary | None  # None: the course's own record was never read
    columns: list[GradebookColumn]
    lines: list[GradebookLine]
    cells: dict[tuple[str, str], GradebookCell]


def runs(store: Store, source: str | None = None, limit: int = 50) -> list[RunState]:
    """The latest runs, newest first."""
    with store.reading() as connection:
        return bookkeeping.runs(connection, source, limit)


def quarantine(store: Store, source: str | None = None) -> list[QuarantineState]:
    """What could not become a record and why, by source, kind and key."""
    with store.reading() as connection:
        return bookkeeping.quarantined(connection, source)


def counts(store: Store, source: str | None = None) -> list[KindCount]:
    """Records per source and kind, kinds in the order of `lms_sync.records.KINDS`; empty kinds are left out."""
    found = []
    with store.reading() as connection:
        for kind, table in PROJECTIONS.items():
            retired = func.count(table.c.retired_at)
            statement = select(table.c.source, func.count() - retired, retired).group_by(table.c.source)
            statement = statement.where(*_of_source(table, source)).order_by(table.c.source)
            found += [KindCount(name, kind, live, gone) for name, live, gone in connection.execute(statement)]
    return found


def courses(store: Store, source: str | None = None, *, include_retired: bool = False) -> list[CourseSummary]:
    """The courses, by source and key."""
    statement = _select(CourseSummary, course).where(*_of_source(course, source), *_live(course, include_retired))
    with store.reading() as connection:
        rows = connection.execute(statement.order_by(course.c.source, course.c.key))
        return [CourseSummary(**row._mapping) for row in rows]


def gradebook(
    store: Store,
    source: str,
    course_key: str,
    *,
    group: str | None = None,
    learner_key: str | None = None,
    graded_from: dt.datetime | None = None,
    graded_to: dt.datetime | None = None,
    include_retired: bool = False,
) -> Gradebook:
    """Who has which grade in a course. Staff are left out.

    `group` keeps the learners of one group (its exact name), `learner_key` one learner. `graded_from` (inclusive) and
    `graded_to` (exclusive), both aware, keep cells by `graded_at`: cells without one are left out then. Only live
    records are given unless `include_retired`.
    """
    with store.reading() as connection:
        found = connection.execute(
            _select(CourseSummary, course).where(course.c.key == course_key, course.c.source == source)
        ).first()
        lines = [
            line
            for line in _lines(connection, source, course_key, learner_key, include_retired)
            if group is None or group in line.groups
        ]
        columns = _columns(connection, source, course_key, include_retired)
        shown = {line.key for line in lines}
        statement = _cells(source, course_key, learner_key, graded_from, graded_to, include_retired)
        cells = [GradebookCell(**row._mapping) for row in connection.execute(statement)]
    return Gradebook(
        source=source,
        course=None if found is None else CourseSummary(**found._mapping),
        columns=columns,
        lines=lines,
        cells={(cell.learner, cell.grade_item): cell for cell in cells if cell.learner in shown},
    )


def _columns(connection: Connection, source: str, course_key: str, include_retired: bool) -> list[GradebookColumn]:
    statement = (
        _select(GradebookColumn, grade_item)
        .where(grade_item.c.course == course_key, grade_item.c.source == source, *_live(grade_item, include_retired))
        .order_by(grade_item.c.position, grade_item.c.key)
    )
    return [GradebookColumn(**row._mapping) for row in connection.execute(statement)]


def _lines(
    connection: Connection, source: str, course_key: str, learner_key: str | None, include_retired: bool
) -> list[GradebookLine]:
    person = and_(learner.c.key == enrolment.c.learner, learner.c.source == enrolment.c.source)
    statement = (
        select(
            enrolment.c.learner.label("key"),
            *(func.coalesce(learner.c[name], "").label(name) for name in ("last_name", "first_name", "middle_name")),
            func.coalesce(learner.c.idnumber, "").label("idnumber"),
            enrolment.c.status,
            enrolment.c.groups,
            enrolment.c.retired_at,
            func.coalesce(ledger.c.operation == Operation.ERASE.value, False).label("erased"),
        )
        .select_from(enrolment.outerjoin(learner, person).outerjoin(ledger, ledger.c.seq == learner.c.ledger_seq))
        .where(enrolment.c.course == course_key, enrolment.c.source == source, enrolment.c.is_learner)
        .where(*_live(enrolment, include_retired))
        .order_by(enrolment.c.learner)
    )
    if learner_key is not None:
        statement = statement.where(enrolment.c.learner == learner_key)
    rows = connection.execute(statement)
    return [GradebookLine(**(dict(row._mapping) | {"groups": tuple(row.groups)})) for row in rows]


def _cells(
    source: str,
    course_key: str,
    learner_key: str | None,
    graded_from: dt.datetime | None,
    graded_to: dt.datetime | None,
    include_retired: bool,
) -> Select[Any]:
    columns = grade_entry.c
    statement = _select(GradebookCell, grade_entry).where(
        columns.course == course_key, columns.source == source, *_live(grade_entry, include_retired)
    )
    if learner_key is not None:
        statement = statement.where(columns.learner == learner_key)
    if graded_from is not None:
        statement = statement.where(columns.graded_at >= utc_instant(graded_from))
    if graded_to is not None:
        statement = statement.where(columns.graded_at < utc_instant(graded_to))
    return statement


def _select(shape: type[Any], table: Table) -> Select[Any]:
    return select(*(table.c[name] for name in shape.__dataclass_fields__))


def _live(table: Table, include_retired: bool) -> list[ColumnElement[bool]]:
    return [] if include_retired else [table.c.retired_at.is_(None)]


def _of_source(table: Table, source: str | None) -> list[ColumnElement[bool]]:
    return [] if source is None else [table.c.source == source]
