"""Questions to the action journal. Reads only, streamed: memory stays flat however long the answer is.

Must not know names of people or what an action means. Rows that were erased, and derived ones that the log tells too,
are never given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Executable, Select, not_, select, union_all

from lms_sync.exact import utc_instant
from lms_sync.records import Action, Rung
from lms_sync.store.journal_rows import FIELDS
from lms_sync.store.journal_tables import action
from lms_sync.store.statements import among

BATCH = 1000


@dataclass(frozen=True)
class ActionQuery:
    """Which actions of a source to give. None: whichever; an empty list: none.

    `learners` asks for the journals of people: what concerned them, and what they did themselves. `since` and `until`
    are aware instants, `until` exclusive. `courses` holds identifiers, `actions` codes.
    """

    source: str
    learners: Sequence[str] | None = None
    courses: Sequence[str] | None = None
    actions: Sequence[str] | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    rungs: Sequence[Rung] | None = None


def actions(connection: Connection, query: ActionQuery, *, by_learner: bool = False) -> Iterator[Action]:
    """The actions in the order of time, or of learners (as the database sorts texts) and then of time.

    Actions of one instant come in the order in which they were kept. Each is given once.
    """
    with connection.execute(action_statement(connection, query, by_learner=by_learner)) as rows:
        for key, occurred_at, *rest in rows:
            yield Action(key, int(occurred_at.timestamp()), *rest[: len(FIELDS) - 2])


def action_statement(connection: Connection, query: ActionQuery, *, by_learner: bool = False) -> Executable:
    """What `actions` asks the database: the columns of `Action`, and the row's place."""
    columns = action.c
    found = select(*(columns[name] for name in (*FIELDS, "page", "position"))).where(*_conditions(connection, query))
    statement: Select[Any] | CompoundSelect[Any] = found
    if query.learners is not None:
        concerned = _one_of(connection, columns.learner, query.learners)
        acting = _one_of(connection, columns.actor, query.learners)
        # Each is answered by an index of its own, in order; of one with "or" all had to be found and sorted first.
        statement = union_all(found.where(concerned), found.where(acting, not_(concerned)))
    order = ("occurred_at", "page", "position")
    selected = statement.selected_columns
    statement = statement.order_by(*(selected[name] for name in (("learner", *order) if by_learner else order)))
    return statement.execution_options(yield_per=BATCH)


def _conditions(connection: Connection, query: ActionQuery) -> Iterator[ColumnElement[bool]]:
    columns = action.c
    yield columns.source == query.source
    yield columns.superseded_by.is_(None)
    yield columns.occurred_at.is_not(None)  # else it was erased
    if query.since is not None:
        yield columns.occurred_at >= utc_instant(query.since)
    if query.until is not None:
        yield columns.occurred_at < utc_instant(query.until)
    if query.courses is not None:
        yield _one_of(connection, columns.course, query.courses)
    if query.actions is not None:
        yield _one_of(connection, columns.action, query.actions)
    if query.rungs is not None:
        yield _one_of(connection, columns.rung, [rung.value for rung in query.rungs])


def _one_of(connection: Connection, column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """A single value is asked for plainly: then the index gives the rows in order."""
    return column == values[0] if len(values) == 1 else among(connection, column, values)
