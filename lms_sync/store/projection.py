"""Projection rows: how the latest ledger row of a record becomes the row that people query.

Owns that one function and the writing of its result. A projection row depends on nothing but the record's latest
ledger row and the time of its first, so that it can be rebuilt and verified.

Decimals and instants go from the payload to the database as the texts that they are: nothing parses them on the way,
and both databases take the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any

import msgspec
from msgspec.structs import astuple
from sqlalchemy import Column, Connection, Dialect, Table

from lms_sync.records import KINDS
from lms_sync.store.columns import JsonText
from lms_sync.store.rows import Operation
from lms_sync.store.sql_text import payload_text
from lms_sync.store.statements import dialect_insert, driver_text, insert_rows
from lms_sync.store.tables import BOOKKEEPING, PROJECTIONS


@dataclass(frozen=True, slots=True)
class Latest:
    """What a projection row is made of: the latest ledger row of its record, and when the first was observed.

    Times are as the database driver takes them: a `digest_time`, or what the driver gave.
    """

    seq: int
    source: str
    kind: str
    key: str
    scope: str
    version: int
    operation: Operation
    payload: str | None
    observed_at: Any
    first_seen_at: Any


def row_of(latest: Latest) -> tuple[Any, ...]:
    """The projection row, as the database driver takes it: `BOOKKEEPING` and then the fields of the kind.

    A record whose data was erased keeps its key, and every other field is empty.
    """
    gone = latest.operation in (Operation.RETIRE, Operation.ERASE)
    return (
        latest.key,
        latest.source,
        latest.scope,
        latest.seq,
        latest.version,
        latest.first_seen_at,
        latest.observed_at,
        latest.observed_at if gone else None,
        *_FIELDS[latest.kind].values(latest.payload, latest.key),
    )


def upsert(connection: Connection, kind: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes whole rows of `row_of`, new or known."""
    insert_rows(connection, _upsert_text(connection.dialect, kind), rows)


@lru_cache(maxsize=64)
def _upsert_text(dialect: Dialect, kind: str) -> str:
    table = PROJECTIONS[kind]
    statement = dialect_insert(dialect, table)
    return driver_text(
        dialect,
        statement.on_conflict_do_update(
            index_elements=[table.c.source, table.c.key],
            set_={column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key},
        ),
    )


class FieldColumns:
    """The columns of one kind's projection that hold its record's fields, and what stands in them for a payload."""

    def __init__(self, table: Table) -> None:
        self.columns: tuple[Column[Any], ...] = tuple(
            column for column in table.columns if column.name not in BOOKKEEPING
        )
        self.names = tuple(column.name for column in self.columns)
        self._decode = msgspec.json.Decoder(_payload_type(table)).decode
        self._texts: list[tuple[int, Callable[[Any], str]]] = [
            (place, text) for place, column in enumerate(self.columns) if (text := payload_text(column))
        ]

    def values(self, payload: str | None, key: str) -> list[Any]:
        """What stands in the columns for a payload, as `stored_text` gives it; for None, which is an erased one: empty.

        Raises ValueError, TypeError or AttributeError for a text that is no payload.
        """
        if payload is None:
            return [_erased(column, key) for column in self.columns]
        values = list(astuple(self._decode(payload)))
        for place, text in self._texts:
            if values[place] is not None:
                values[place] = text(values[place])
        return values


def field_columns(kind: str) -> FieldColumns:
    """The columns of a kind's projection that hold its record's fields."""
    return _FIELDS[kind]


def same_fields(kind: str, payload: str | None, other: str) -> bool:
    """Whether two payloads of a kind say the same. Fields that an older lms-sync did not know yet count as empty."""
    if payload == other or payload is None:
        return payload == other
    fields = field_columns(kind)
    try:
        return fields.values(payload, "") == fields.values(other, "")
    except (ValueError, TypeError, AttributeError):
        return False  # the one that was kept is damaged


def _payload_type(table: Table) -> type[msgspec.Struct]:
    """What a payload is decoded to: its fields in the order of the columns, with defaults for older payloads."""
    fields = KINDS[table.name].model_fields
    names = [column.name for column in table.columns if column.name not in BOOKKEEPING]
    return msgspec.defstruct(table.name, [(name, Any, _default(fields[name])) for name in names])


def _default(field: Any) -> Any:
    if field.is_required():
        return None
    default = field.get_default(call_default_factory=True)
    if isinstance(default, (list, dict)):
        return msgspec.field(default_factory=partial(copy, default))
    return default.value if isinstance(default, StrEnum) else default


def _erased(column: Column[Any], key: str) -> str | None:
    if column.name == "external_id":
        return key
    if column.nullable:
        return None
    return "[]" if isinstance(column.type, JsonText) else ""


_FIELDS = {kind: FieldColumns(table) for kind, table in PROJECTIONS.items()}
