"""What a connector may ask of the store: `lms_sync.connector.Known` over the projections. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from lms_sync.records import Learner
from lms_sync.store.statements import chunks
from lms_sync.store.tables import PROJECTIONS, enrolment

if TYPE_CHECKING:
    from lms_sync.store.store import Store


class StoreKnown:
    """See `lms_sync.connector.Known`; obtained from `Store.known`."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source

    def rows(self, kind: str, scope: str, fields: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """See `Known.rows`. Learners have no scope of their own: given are those with a live enrolment of it."""
        with self._store.reading() as connection:
            return live_rows(connection, self._source, kind, scope, fields)

    def live_among(self, kind: str, keys: Collection[str]) -> set[str]:
        """Which of these keys are live records of the kind, whatever their scope."""
        with self._store.reading() as connection:
            return live_among(connection, self._source, kind, keys)


def live_among(connection: Connection, source: str, kind: str, keys: Collection[str]) -> set[str]:
    """Which of these keys are live records of the kind, whatever their scope."""
    table = PROJECTIONS[kind]
    live = select(table.c.key).where(table.c.source == source, table.c.retired_at.is_(None))
    return {key for chunk in chunks(keys) for key in connection.execute(live.where(table.c.key.in_(chunk))).scalars()}


def live_rows(
    connection: Connection, source: str, kind: str, scope: str, fields: Sequence[str]
) -> dict[str, tuple[Any, ...]]:
    """The live records of a kind in a scope: key -> the named fields. Raises KeyError for a field that is none."""
    table = PROJECTIONS[kind]
    statement = select(table.c.key, *(table.c[name] for name in fields)).where(
        table.c.source == source, table.c.retired_at.is_(None)
    )
    if kind == Learner.kind and scope:
        enrolled = select(enrolment.c.learner).where(
            enrolment.c.source == source, enrolment.c.scope == scope, enrolment.c.retired_at.is_(None)
        )
        statement = statement.where(table.c.key.in_(enrolled))
    else:
        statement = statement.where(table.c.scope == scope)
    return {row[0]: tuple(row[1:]) for row in connection.execute(statement)}


def live_keys(connection: Connection, source: str, kind: str, scope: str) -> set[str]:
    """The keys of the live records that are kept under exactly this scope."""
    table = PROJECTIONS[kind]
    statement = select(table.c.key).where(
        table.c.source == source, table.c.scope == scope, table.c.retired_at.is_(None)
    )
    return set(connection.execute(statement).scalars())
