"""What the store knows of documents on their way into the LMS, and which targets are switched on.

Owns the SQL of `push_target`; of `document_push` it only reads. Must not know what a state means for what is done next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Join, Row, Select, and_, func, or_, select

from lms_sync.records import DocumentPush, PushState
from lms_sync.store.canonical import storable_text
from lms_sync.store.statements import chunks, insert_or_update
from lms_sync.store.tables import document_holder, document_push, issued_document, push_target


@dataclass(frozen=True)
class TargetState:
    """A target as the store knows it. `templates_version`: of the texts that its whole outbox was made with."""

    source: str
    target: str
    enabled: bool
    templates_version: str
    pushed_at: dt.datetime | None  # UTC; when a push last came to its end
    note: str  # what kept the last one from its end


@dataclass(frozen=True)
class PushCount:
    """So many documents of a source stand in one state in one target."""

    target: str
    state: PushState
    count: int


# --- targets ----------------------------------------------------------------------------------------------------------


def target_states(connection: Connection, source: str) -> dict[str, TargetState]:
    """The targets that a source has or had, by name."""
    statement = select(push_target).where(push_target.c.source == source).order_by(push_target.c.target)
    return {row.target: TargetState(**row._mapping) for row in connection.execute(statement)}


def enabled_targets(connection: Connection, source: str) -> list[str]:
    """The targets that whatever is written of a document has to go to."""
    return [one.target for one in target_states(connection, source).values() if one.enabled]


def write_target(connection: Connection, source: str, target: str, **values: Any) -> None:
    """Keeps what is given of a target: `enabled`, `templates_version`, `pushed_at`, `note`."""
    if "note" in values:
        values["note"] = storable_text(values["note"])
    key = {"source": source, "target": target}
    fresh = {"enabled": False, "templates_version": "", "note": ""}
    statement = insert_or_update(connection, push_target).values({**fresh, **values, **key})
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


# --- documents on their way -------------------------------------------------------------------------------------------


def pushes(
    connection: Connection,
    source: str,
    *,
    target: str | None = None,
    uids: Collection[str] | None = None,
    states: Collection[PushState] = (),
) -> list[DocumentPush]:
    """Where documents stand on their way, by document and target."""
    return [row for row, _ in changed_pushes(connection, source, target=target, uids=uids, states=states)]


def changed_pushes(
    connection: Connection,
    source: str,
    *,
    target: str | None = None,
    uids: Collection[str] | None = None,
    states: Collection[PushState] = (),
) -> list[tuple[DocumentPush, dt.datetime]]:
    """The same, each with the time of its latest step (UTC)."""
    columns = document_push.c
    statement = _live(source)
    if target is not None:
        statement = statement.where(columns.target == target)
    if states:
        statement = statement.where(columns.state.in_([state.value for state in states]))
    parts = [statement] if uids is None else [statement.where(columns.document.in_(part)) for part in chunks(uids)]
    found = [(_push(row), row.changed_at) for part in parts for row in connection.execute(part)]
    return sorted(found, key=lambda one: (len(one[0].document), one[0].key))


def pushes_of_learners(
    connection: Connection, source: str, target: str, learners: Collection[str]
) -> list[DocumentPush]:
    """The same of all documents of these learners in one target."""
    columns = document_push.c
    statement = _live(source).where(columns.target == target)
    parts = [statement.where(columns.learner.in_(part)) for part in chunks(learners)]
    return sorted(
        (_push(row) for part in parts for row in connection.execute(part)),
        key=lambda one: (len(one.document), one.document),
    )


def under_work(connection: Connection, source: str, target: str, now: dt.datetime) -> list[tuple[str, str]]:
    """(uid, learner) of what a push has to look at: pending and due, or sent and never answered for; in order.

    Documents of erased people stay as they are, and are not among them.
    """
    columns = document_push.c
    due = and_(columns.state == PushState.PENDING.value, or_(columns.due_at.is_(None), columns.due_at <= now))
    under_way = columns.state.in_([PushState.SENT.value, PushState.UNCERTAIN.value])
    statement = (
        select(columns.document, columns.learner)
        .select_from(_with_holders())
        .where(columns.source == source, columns.target == target, or_(due, under_way))
        .order_by(func.length(columns.document), columns.document)
    )
    return [(row.document, row.learner) for row in connection.execute(statement)]


def waiting_count(connection: Connection, source: str, target: str, now: dt.datetime) -> int:
    """How many are pending and not due yet."""
    columns = document_push.c
    statement = (
        select(func.count())
        .select_from(_with_holders())
        .where(
            columns.source == source,
            columns.target == target,
            columns.state == PushState.PENDING.value,
            columns.due_at > now,
        )
    )
    return connection.execute(statement).scalar_one()


def push_counts(connection: Connection, source: str) -> list[PushCount]:
    """How many documents stand where, by target and state; those of erased people are not counted."""
    columns = document_push.c
    statement = (
        select(columns.target, columns.state, func.count().label("count"))
        .select_from(_with_holders())
        .where(columns.source == source)
        .group_by(columns.target, columns.state)
        .order_by(columns.target, columns.state)
    )
    return [PushCount(row.target, PushState(row.state), row._mapping["count"]) for row in connection.execute(statement)]


# --- documents that should be on their way ----------------------------------------------------------------------------


def erased_holders(connection: Connection, source: str, uids: Collection[str]) -> set[str]:
    """Those of these documents whose holder was erased."""
    holder = document_holder.c
    parts = [
        select(holder.key).where(holder.source == source, holder.key.in_(part), holder.retired_at.is_not(None))
        for part in chunks(uids)
    ]
    return {uid for part in parts for uid in connection.execute(part).scalars()}


def told_documents(connection: Connection, source: str) -> list[str]:
    """The uids of all documents that the LMS may be told of: numbered, of a learner of the LMS who was not erased."""
    return list(connection.execute(_in_order(_told(source))).scalars())


def documents_of_learners(connection: Connection, source: str, learners: Collection[str]) -> list[str]:
    """Those of these learners."""
    parts = [_told(source).where(issued_document.c.learner.in_(part)) for part in chunks(learners)]
    return [uid for part in parts for uid in connection.execute(_in_order(part)).scalars()]


def learners_of(connection: Connection, source: str, uids: Collection[str]) -> dict[str, str]:
    """The holder of each of these documents, by the LMS's identifier."""
    columns, found = issued_document.c, dict[str, str]()
    for part in chunks(uids):
        statement = select(columns.uid, columns.learner).where(columns.source == source, columns.key.in_(part))
        found |= {row.uid: row.learner for row in connection.execute(statement)}
    return found


def not_in_outbox(connection: Connection, source: str, target: str) -> list[str]:
    """Those of which the outbox of a target knows nothing, or an older version only."""
    columns = issued_document.c
    key = columns.key + ("/" + target)
    same = and_(document_push.c.key == key, document_push.c.source == columns.source)
    statement = (
        _told(source)
        .outerjoin(document_push, same)
        .where(or_(document_push.c.key.is_(None), document_push.c.document_version != columns.version))
    )
    return list(connection.execute(_in_order(statement)).scalars())


def _told(source: str) -> Select[str]:
    columns, holder = issued_document.c, document_holder.c
    kept = and_(holder.key == columns.key, holder.source == columns.source, holder.retired_at.is_(None))
    return (
        select(columns.key)
        .select_from(issued_document.join(document_holder, kept))
        .where(columns.source == source, columns.registration_number != "", columns.learner != "")
    )


def _in_order(statement: Select[str]) -> Select[str]:
    return statement.order_by(func.length(issued_document.c.key), issued_document.c.key)


# --- rows to records --------------------------------------------------------------------------------------------------


def _with_holders() -> Join:
    """Documents on their way whose holder was not erased."""
    holder, columns = document_holder.c, document_push.c
    same = and_(holder.key == columns.document, holder.source == columns.source, holder.retired_at.is_(None))
    return document_push.join(document_holder, same)


def _live(source: str) -> Select[Any]:
    return select(document_push).where(document_push.c.source == source)


def _push(row: Row[Any]) -> DocumentPush:
    return DocumentPush.model_validate({name: row._mapping[name] for name in DocumentPush.model_fields})
