"""Runs, cursors, scope states and quarantine: what lms-sync remembers of its own work.

Owns the SQL of these four tables. Must not know the ledger: nothing here is an official record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Row,
    Select,
    Table,
    and_,
    delete,
    insert,
    select,
    tuple_,
    update,
)

from lms_sync.store.canonical import storable_text
from lms_sync.store.rows import (
    QuarantineEntry,
    QuarantineState,
    Run,
    RunOutcome,
    RunState,
    ScopeOutcome,
    ScopeState,
)
from lms_sync.store.statements import chunks, insert_or_update
from lms_sync.store.tables import cursor, quarantine, run, scope_state


@dataclass(frozen=True)
class Place:
    """A scope of a stream of a source, under the run that reads it."""

    source: str
    stream: str
    scope: str
    run_id: int


def begin_run(
    connection: Connection, source: str, mode: str, actor: str, mapping_version: str, now: dt.datetime
) -> Run:
    """Records a new run; whatever run of this source was left unfinished is marked interrupted."""
    connection.execute(
        update(run)
        .where(run.c.source == source, run.c.outcome == RunOutcome.UNDER_WAY.value)
        .values(outcome=RunOutcome.INTERRUPTED.value, finished_at=now)
    )
    values: dict[str, Any] = {
        "source": source,
        "mode": mode,
        "actor": storable_text(actor),
        "mapping_version": mapping_version,
        "started_at": now,
        "outcome": RunOutcome.UNDER_WAY.value,
        "counts": {},
        "note": "",
    }
    result = connection.execute(insert(run).values(values).returning(run.c.id))
    return Run(id=result.scalar_one(), source=source, started_at=now, actor=values["actor"])


def finish_run(
    connection: Connection, run_id: int, outcome: str, counts: Mapping[str, int], note: str, now: dt.datetime
) -> None:
    """Records how a run ended."""
    values = {"outcome": outcome, "counts": dict(counts), "note": storable_text(note), "finished_at": now}
    connection.execute(update(run).where(run.c.id == run_id).values(values))


def runs(connection: Connection, source: str | None, limit: int) -> list[RunState]:
    """The latest runs, newest first."""
    statement = select(run).order_by(run.c.id.desc()).limit(limit)
    if source is not None:
        statement = statement.where(run.c.source == source)
    return [RunState(**row._mapping) for row in connection.execute(statement)]


def read_cursor(connection: Connection, source: str, stream: str, scope: str) -> str | None:
    """The connector's own text; None: never read."""
    found: str | None = connection.execute(
        select(cursor.c.position).where(_is_scope(cursor, source, stream, scope))
    ).scalar_one_or_none()
    return found


def write_cursor(connection: Connection, place: Place, position: str, now: dt.datetime) -> None:
    """Keeps the cursor."""
    values = {"position": position, "run_id": place.run_id, "updated_at": now}
    connection.execute(_upsert(connection, cursor, _scope_key(place), values))


def write_scope_end(
    connection: Connection,
    place: Place,
    *,
    label: str,
    outcome: str,
    expected: int | None,
    received: int,
    note: str,
    now: dt.datetime,
) -> None:
    """Records the end of a reading. Only a complete one moves `complete_at` and answers a request to read again.

    A braked one is such a request: until somebody decides or the records come back, the scope is read whole again.
    """
    values: dict[str, object] = {
        "outcome": outcome,
        "expected": expected,
        "received": received,
        "read_at": now,
        "note": storable_text(note),
        "run_id": place.run_id,
    }
    if label:
        values["label"] = storable_text(label)
    if outcome == ScopeOutcome.COMPLETE:
        values |= {"complete_at": now, "reread_requested_at": None}
    elif outcome == ScopeOutcome.BRAKED:
        values["reread_requested_at"] = now
    connection.execute(_upsert(connection, scope_state, _scope_key(place), values, {"label": ""}))


def request_reread(connection: Connection, source: str, stream: str, scope: str, now: dt.datetime) -> None:
    """Marks the scope as due for a full reading."""
    key = {"source": source, "stream": stream, "scope": scope}
    fresh = {"label": "", "outcome": "", "note": ""}
    connection.execute(_upsert(connection, scope_state, key, {"reread_requested_at": now}, fresh))


def scope_states(connection: Connection, source: str | None) -> list[ScopeState]:
    """How each scope stands, by source, stream and scope."""
    columns = scope_state.c
    statement = select(scope_state).order_by(columns.source, columns.stream, columns.scope)
    if source is not None:
        statement = statement.where(columns.source == source)
    return [_scope_state(row) for row in connection.execute(statement)]


def write_quarantine(
    connection: Connection, place: Place, entries: Iterable[QuarantineEntry], now: dt.datetime
) -> None:
    """Keeps the entries; a known one keeps the time it was first seen."""
    rows = [
        {
            "source": place.source,
            "kind": entry.kind,
            "key": entry.key,
            "stream": place.stream,
            "scope": place.scope,
            "field": storable_text(entry.field),
            "code": entry.code,
            "message": storable_text(entry.message),
            "first_seen_at": now,
            "last_seen_at": now,
            "run_id": place.run_id,
        }
        for entry in entries
    ]
    if not rows:
        return
    statement = insert_or_update(connection, quarantine)
    kept = ("source", "kind", "key", "first_seen_at")
    statement = statement.on_conflict_do_update(
        index_elements=["source", "kind", "key"],
        set_={name: statement.excluded[name] for name in rows[0] if name not in kept},
    )
    connection.execute(statement, rows)


def release_quarantine(connection: Connection, source: str, pairs: Collection[tuple[str, str]]) -> int:
    """Drops the entries of these (kind, key); gives how many there were."""
    released = 0
    for chunk in chunks(pairs):
        statement = delete(quarantine).where(
            quarantine.c.source == source, tuple_(quarantine.c.kind, quarantine.c.key).in_(chunk)
        )
        released += connection.execute(statement).rowcount
    return released


def quarantined(connection: Connection, source: str | None) -> list[QuarantineState]:
    """What stands in quarantine, by source, kind and key."""
    columns = quarantine.c
    statement: Select[tuple[object, ...]] = select(quarantine).order_by(columns.source, columns.kind, columns.key)
    if source is not None:
        statement = statement.where(columns.source == source)
    return [_quarantine_state(row) for row in connection.execute(statement)]


def _scope_state(row: Row[tuple[object, ...]]) -> ScopeState:
    values = dict(row._mapping)
    values["reread"] = values.pop("reread_requested_at") is not None
    del values["run_id"]
    return ScopeState(**values)


def _quarantine_state(row: Row[tuple[object, ...]]) -> QuarantineState:
    values = dict(row._mapping)
    entry = QuarantineEntry(**{name: values.pop(name) for name in ("kind", "key", "field", "code", "message")})
    return QuarantineState(entry=entry, **values)


def _scope_key(place: Place) -> dict[str, str]:
    return {"source": place.source, "stream": place.stream, "scope": place.scope}


def _is_scope(table: Table, source: str, stream: str, scope: str) -> ColumnElement[bool]:
    return and_(table.c.source == source, table.c.stream == stream, table.c.scope == scope)


def _upsert(
    connection: Connection,
    table: Table,
    key: Mapping[str, object],
    values: Mapping[str, object],
    fresh: Mapping[str, object] | None = None,
) -> Insert:
    """Inserts key, `fresh` and `values`, or sets only `values` where the key is known."""
    statement = insert_or_update(connection, table).values({**(fresh or {}), **values, **key})
    return statement.on_conflict_do_update(index_elements=list(key), set_=dict(values))
