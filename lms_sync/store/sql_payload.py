"""A projection row as the payload it was made from, written by the database itself.

For one use: a row whose text equals the payload of its ledger row, byte for byte, needs no closer look. The text is
never kept, digested or shown. Whatever a database writes otherwise than lms-sync, and every value that lms-sync would
never have stored, only makes the texts differ; then the row is compared value by value.

Written as text: as SQLAlchemy's expressions it would take longer to build than many a store takes to verify.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Connection, Date, Text, literal_column

from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.store.columns import JsonText

_WIDTH = len("2026-11-22T04:20:00.000000Z")


def payload_of_row(connection: Connection, columns: Iterable[Column[Any]]) -> ColumnElement[str]:
    """The canonical payload of these columns, as an SQL expression.

    In SQLite it fails where a column holds a BLOB, or one of lists and objects holds no JSON.
    """
    named = sorted(columns, key=lambda column: column.name)
    if connection.dialect.name == "sqlite":
        pairs = ", ".join(f"'{column.name}', {_sqlite_value(column)}" for column in named)
        return literal_column(f"json_object({pairs})", Text)
    fields = " || ',' || ".join(f"""'"{column.name}":' || {_postgresql_json(column)}""" for column in named)
    return literal_column(f"'{{' || {fields} || '}}'", Text)


def _sqlite_value(column: Column[Any]) -> str:
    """What `json_object` writes as the payload has it."""
    name = _name(column)
    if isinstance(column.type, Boolean):
        return f"CASE {name} WHEN 1 THEN json('true') WHEN 0 THEN json('false') ELSE {name} END"
    if isinstance(column.type, UtcInstant):
        return _instant(name, name)
    if isinstance(column.type, JsonText):
        return f"CASE WHEN {_plain_list(name)} AND json({name}) = {name} THEN json({name}) ELSE {_unlike(name)} END"
    return name


def _postgresql_json(column: Column[Any]) -> str:
    """The value's JSON as text."""
    name = _name(column)
    if isinstance(column.type, JsonText):
        return f"CASE WHEN {_plain_list(name)} THEN {name} ELSE coalesce({_unlike(name)}, 'null') END"
    if isinstance(column.type, UtcInstant):
        name = _instant(name, f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""")
    elif isinstance(column.type, ExactDecimal):
        name = f"trim_scale({name})::text"
    elif isinstance(column.type, Date):
        name = f"CASE WHEN isfinite({name}) THEN to_char({name}, 'YYYY-MM-DD') ELSE {_unlike(name)} END"
    return f"coalesce(to_json({name})::text, 'null')"


def _name(column: Column[Any]) -> str:
    return f'{column.table.name}."{column.name}"'


def _instant(name: str, text: str) -> str:
    """The instant as payloads have it: no fraction where there is none."""
    return f"CASE WHEN length({text}) = {_WIDTH} THEN replace({text}, '.000000Z', 'Z') ELSE {_unlike(name)} END"


def _plain_list(name: str) -> str:
    """Whether column and payload write the list alike: one of several members has blanks between them in the column."""
    return f"{name} NOT LIKE '%,%' AND {name} NOT LIKE '%:%'"


def _unlike(name: str) -> str:
    """NULL for NULL, and else a text that no payload has for a date, an instant, a list or an object."""
    return f"CASE WHEN {name} IS NOT NULL THEN '' END"
