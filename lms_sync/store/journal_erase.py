"""Emptying a person's rows of the action journal while every page still proves itself.

Owns what is removed: every column but the row's place, source and key. Its digest takes the place of what it held,
and one ledger row of kind `action_erasure` seals which rows were emptied, so that nobody can empty one unseen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from lms_sync.records import Rung
from lms_sync.store.canonical import canonical_payload
from lms_sync.store.journal_join import join_anew
from lms_sync.store.journal_rows import ERASURE_KIND, FIELDS, erased_text, row_digest
from lms_sync.store.journal_tables import action
from lms_sync.store.ledger import Entry, Signature, append, head
from lms_sync.store.rows import Operation
from lms_sync.store.sql_text import stored_text
from lms_sync.store.statements import among
from lms_sync.store.tables import ledger

BATCH = 2000

_PLACE = ("page", "position", "salt")
_KEY, _LEARNER, _RUNG = (FIELDS.index(name) for name in ("key", "learner", "rung"))
_EMPTY = dict.fromkeys((*FIELDS[_KEY + 1 :], "superseded_by", "salt"))


def erase_actions(connection: Connection, signature: Signature, person: str, reason: str) -> int:
    """Empties every action of the signature's source that concerns the person, that they did, or that they did
    logged in as somebody else; gives how many there were.

    A derived action that was passed over because one of these rows told it too counts again.
    """
    erased_by = head(connection).seq + 1
    hasher = hashlib.sha256()
    count = 0
    for rows in _rows_of(connection, signature.source, person):
        digests = [row_digest(salt, values) for _, _, salt, *values in rows]
        _empty(connection, rows, digests, erased_by)
        _count_again(connection, signature.source, [values for _, _, _, *values in rows])
        for (page, position, _, key, *_), digest in zip(rows, digests, strict=True):
            hasher.update(erased_text(page, position, key, digest))
        count += len(rows)
    if count:
        payload = canonical_payload({"rows": count, "digest": hasher.hexdigest()})
        version = _last_version(connection, signature.source, person) + 1
        append(connection, [Entry(ERASURE_KIND, person, "", version, Operation.PUT, payload, reason=reason)], signature)
    return count


def _rows_of(connection: Connection, source: str, person: str) -> Iterator[Sequence[Sequence[Any]]]:
    """The person's rows in the order of their places, read while they are emptied: each is given once, as it was."""
    columns = action.c
    fields = (columns[name] if name != "occurred_at" else stored_text(connection, columns[name]) for name in FIELDS)
    statement = (
        select(*(columns[name] for name in _PLACE), *fields)
        .where(columns.source == source)
        .where(or_(columns.learner == person, columns.actor == person, columns.impersonator == person))
        .order_by(columns.page, columns.position)
    )
    yield from connection.execute(statement.execution_options(yield_per=BATCH)).partitions()


def _empty(connection: Connection, rows: Sequence[Sequence[Any]], digests: Sequence[bytes], erased_by: int) -> None:
    place = (action.c.page == bindparam("of_page"), action.c.position == bindparam("at"))
    statement = update(action).where(*place).values(**_EMPTY, erased_by=erased_by, digest=bindparam("had"))
    places = [
        {"of_page": page, "at": position, "had": digest}
        for (page, position, *_), digest in zip(rows, digests, strict=True)
    ]
    connection.execute(statement, places)


def _count_again(connection: Connection, source: str, emptied: Sequence[Sequence[Any]]) -> None:
    """Takes the mark from the derived rows that a row of the log told too which tells nothing any more."""
    told = [values for values in emptied if values[_RUNG] == Rung.LOG]
    columns = action.c
    statement = update(action).where(
        among(connection, columns.learner, {values[_LEARNER] for values in told}),
        among(connection, columns.superseded_by, {values[_KEY] for values in told}),
        columns.source == source,
    )
    if told and connection.execute(statement.values(superseded_by=None)).rowcount:
        join_anew(connection, source)


def _last_version(connection: Connection, source: str, person: str) -> int:
    columns = ledger.c
    statement = select(func.max(columns.version)).where(
        columns.key == person, columns.kind == ERASURE_KIND, columns.source == source
    )
    return connection.execute(statement).scalar_one() or 0
