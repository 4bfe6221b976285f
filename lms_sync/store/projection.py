"""Projection rows: how the latest ledger row of a record becomes the row that people query.

Owns that one function and the writing of its result. A projection row depends on nothing but the record's latest
ledger row and the time of its first, so that it can be rebuilt and verified.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Date, Table

from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.records import KINDS
from lms_sync.store.columns import JsonText
from lms_sync.store.rows import Operation
from lms_sync.store.statements import insert_or_update
from lms_sync.store.tables import BOOKKEEPING, PROJECTIONS

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Latest:
    """What a projection row is made of: the latest ledger row of its record, and when the first was observed."""

    seq: int
    source: str
    kind: str
    key: str
    scope: str
    version: int
    operation: Operation
    payload: str | None
    observed_at: dt.datetime
    first_seen_at: dt.datetime


def row_of(latest: Latest) -> dict[str, Any]:
    """The projection row. A record whose data was erased keeps its key, and every other field is empty."""
    gone = latest.operation in (Operation.RETIRE, Operation.ERASE)
    row = {
        "source": latest.source,
        "key": latest.key,
        "scope": latest.scope,
        "ledger_seq": latest.seq,
        "version": latest.version,
        "first_seen_at": latest.first_seen_at,
        "changed_at": latest.observed_at,
        "retired_at": latest.observed_at if gone else None,
    }
    return row | _fields_of(latest)


def upsert(connection: Connection, kind: str, rows: Sequence[dict[str, Any]]) -> None:
    """Writes whole rows, new or known."""
    if not rows:
        return
    table = PROJECTIONS[kind]
    statement = insert_or_update(connection, table)
    statement = statement.on_conflict_do_update(
        index_elements=[table.c.source, table.c.key],
        set_={column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key},
    )
    connection.execute(statement, list(rows))


def _fields_of(latest: Latest) -> dict[str, Any]:
    fields = _FIELDS[latest.kind]
    if latest.payload is None:
        return {field.name: field.erased(latest.key) for field in fields}
    payload = _decode(latest.payload)
    return {field.name: field.value(payload) for field in fields}


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """How one field of a payload becomes a column's value."""

    name: str
    column: Column[Any]
    read: Callable[[str], Any] | None
    default: Any  # for a payload that was written before the field existed

    def value(self, payload: dict[str, Any]) -> Any:
        """The column's value, as the database driver takes it."""
        value = payload.get(self.name, self.default)
        return value if value is None or self.read is None else self.read(value)

    def erased(self, key: str) -> str | list[Any] | None:
        """What stands in the column once the record's data was erased, as the database driver takes it."""
        if self.name == "external_id":
            return key
        if self.column.nullable:
            return None
        return [] if isinstance(self.column.type, JsonText) else ""


def field_columns(kind: str) -> tuple[FieldColumn, ...]:
    """The columns of a kind's projection that hold its record's fields."""
    return _FIELDS[kind]


def _field_columns(table: Table) -> tuple[FieldColumn, ...]:
    fields = KINDS[table.name].model_fields
    return tuple(
        FieldColumn(column.name, column, _reader(column.type), _default(fields[column.name]))
        for column in table.columns
        if column.name not in BOOKKEEPING
    )


def _reader(column_type: Any) -> Callable[[str], Any] | None:
    if isinstance(column_type, UtcInstant):
        return dt.datetime.fromisoformat
    if isinstance(column_type, ExactDecimal):
        return Decimal
    if isinstance(column_type, Date):
        return dt.date.fromisoformat
    return None


def _default(field: Any) -> Any:
    if field.is_required():
        return None
    default = field.get_default(call_default_factory=True)
    return default.value if isinstance(default, StrEnum) else default


_FIELDS = {kind: _field_columns(table) for kind, table in PROJECTIONS.items()}
