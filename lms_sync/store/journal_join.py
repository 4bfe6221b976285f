"""Joining what was derived with what the log tells: the same action must not count twice.

Owns the mark `superseded_by` of derived rows; which actions are the same is for the caller's rules to say. A mark is no
part of a row's digest: the row stays what it was, and reports pass it over.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    func,
    literal_column,
    select,
    true,
    tuple_,
    update,
)

from lms_sync.exact import UtcInstant
from lms_sync.records import Rung
from lms_sync.store.journal_rows import PAGE_KIND
from lms_sync.store.journal_state import JoinState, keep_join_state, read_join_state
from lms_sync.store.journal_tables import action
from lms_sync.store.ledger import head
from lms_sync.store.sql_text import as_stored
from lms_sync.store.statements import among
from lms_sync.store.tables import ledger


@dataclass(frozen=True)
class JoinRule:
    """When a derived action and a row of the log are the same: both are this action of the same learner, and the log's
    time lies from `before` before the derived one to `after` after it (both inclusive, whole seconds).

    With `same_object` the object's type and identifier must be equal too, otherwise the course. With `any_action` the
    log may tell whatever else the learner did in that course: a last access says that somebody was there, not what they
    did. Actions that name no learner are never the same.
    """

    action: str
    same_object: bool
    before: dt.timedelta
    after: dt.timedelta
    any_action: bool = False


def supersede(connection: Connection, source: str, rules: Sequence[JoinRule]) -> int:
    """Marks every live derived row of the source that its log tells too, with the key of the earliest such row of the
    log; gives how many were marked. A mark stays, whatever the rules say later.

    Only what was added since the last time is looked at, unless the rules are others.
    """
    told = json.dumps([_plain(rule) for rule in rules])
    state = read_join_state(connection, source)
    since = state.seq if state.rules == told else 0
    pages = _pages_since(connection, source, since)
    marked = 0
    if pages and _any_live(connection, source):
        for rule in rules:
            marked += _supersede(connection, source, rule, pages, everything=not since)
    keep_join_state(connection, source, JoinState(head(connection).seq, told))
    return marked


def join_anew(connection: Connection, source: str) -> None:
    """Has all rows of the source looked at the next time, since some were marked and are not any more."""
    keep_join_state(connection, source, JoinState())


_DERIVED, _TOLD, _TWIN = action, action.alias("told"), action.alias("twin")


def _pages_since(connection: Connection, source: str, seq: int) -> list[int]:
    columns = ledger.c
    statement = select(columns.seq).where(columns.seq > seq, columns.kind == PAGE_KIND, columns.source == source)
    return list(connection.execute(statement).scalars())


def _any_live(connection: Connection, source: str) -> bool:
    found = select(_DERIVED.c.key).where(_is_derived(_DERIVED), _DERIVED.c.source == source)
    return connection.execute(found.limit(1)).first() is not None


def _supersede(connection: Connection, source: str, rule: JoinRule, pages: list[int], *, everything: bool) -> int:
    if everything:
        return _mark(connection, source, rule, true())
    own = _DERIVED.c
    # The pages themselves and no range of them: of a range PostgreSQL would expect a third of the table.
    marked = _mark(connection, source, rule, among(connection, own.page, pages))
    newly_told = _twins_of_new_rows(connection, source, rule, pages)
    return marked + _mark(connection, source, rule, tuple_(own.page, own.position).in_(newly_told))


def _mark(connection: Connection, source: str, rule: JoinRule, candidates: ColumnElement[bool]) -> int:
    told = _telling(connection, rule)
    statement = update(_DERIVED).values(superseded_by=told)
    return connection.execute(statement.where(_live(_DERIVED, source, rule), candidates, told.is_not(None))).rowcount


def _telling(connection: Connection, rule: JoinRule) -> ScalarSelect[str]:
    """The key of the earliest row of the log that tells the derived one."""
    told, own = _TOLD.c, _DERIVED.c
    same = (told.object_type == own.object_type, told.object_id == own.object_id)
    what = told.actor.is_(None) if rule.any_action else told.action == own.action
    return (
        select(told.key)
        .where(
            told.learner == own.learner,
            told.source == own.source,
            what,
            told.rung == Rung.LOG.value,
            told.occurred_at >= _shifted(connection, own.occurred_at, -rule.before),
            told.occurred_at <= _shifted(connection, own.occurred_at, rule.after),
            *(same if rule.same_object else (told.course == own.course,)),
        )
        .order_by(told.occurred_at, told.page, told.position)
        .limit(1)
        .correlate(_DERIVED)
        .scalar_subquery()
    )


def _twins_of_new_rows(connection: Connection, source: str, rule: JoinRule, pages: list[int]) -> Select[Any]:
    """The live derived rows that rows of the log on these pages may tell."""
    told, twin = _TOLD.c, _TWIN.c
    what = told.course == twin.course if rule.any_action else told.action == rule.action
    return select(twin.page, twin.position).where(
        among(connection, told.page, pages),
        told.source == source,
        told.rung == Rung.LOG.value,
        what,
        _live(_TWIN, source, rule),
        # An expression, so that SQLite cannot begin with all that was ever derived.
        twin.learner == told.learner.concat(""),
        twin.occurred_at >= _shifted(connection, told.occurred_at, -rule.after),
        twin.occurred_at <= _shifted(connection, told.occurred_at, rule.before),
    )


def _live(of: FromClause, source: str, rule: JoinRule) -> ColumnElement[bool]:
    """Whether it is a live derived row of the rule's action, of some learner."""
    return and_(_is_derived(of), of.c.source == source, of.c.action == rule.action, of.c.learner != "")


def _is_derived(of: FromClause) -> ColumnElement[bool]:
    """The condition of the index of live derived rows. A parameter in it would hide that index from the database."""
    return and_(of.c.rung == literal_column(f"'{Rung.DERIVED.value}'"), of.c.superseded_by.is_(None))


def _shifted(connection: Connection, instant: ColumnElement[Any], by: dt.timedelta) -> ColumnElement[Any]:
    """The instant of a row, which is of whole seconds, moved by whole seconds."""
    seconds = int(by.total_seconds())
    if connection.dialect.name == "postgresql":
        return as_stored(instant) + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return func.strftime("%Y-%m-%dT%H:%M:%S.000000Z", as_stored(instant), f"{seconds:+} seconds", type_=UtcInstant)


def _plain(rule: JoinRule) -> list[Any]:
    before, after = rule.before.total_seconds(), rule.after.total_seconds()
    return [rule.action, rule.same_object, before, after, rule.any_action]
