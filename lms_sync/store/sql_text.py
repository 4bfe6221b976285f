"""Columns as the text (or whole number) that verification compares: the same in both databases, whatever is stored.

A value that nobody could have written through lms-sync, as an infinite time, comes out as text too and is told as a
difference instead of stopping the check.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Date, String, cast, func, type_coerce
from sqlalchemy.types import NullType

from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.store.columns import JsonText


def stored_text(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as stored: instants with six places and Z, decimals without trailing zeros, dates as YYYY-MM-DD."""
    if connection.dialect.name == "postgresql":
        if isinstance(column.type, UtcInstant):
            return func.to_char(func.timezone("UTC", type_coerce(column, NullType())), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        if isinstance(column.type, ExactDecimal):
            return cast(func.trim_scale(type_coerce(column, NullType())), String)
        if isinstance(column.type, Date):
            return func.to_char(type_coerce(column, NullType()), "YYYY-MM-DD")
    return type_coerce(column, NullType())


def expected_text(column: Column[Any], value: Any) -> Any:
    """What `stored_text` must give for a payload's value."""
    if value is None:
        return None
    if isinstance(column.type, UtcInstant):
        return value if "." in value else f"{value[:-1]}.000000Z"
    if isinstance(column.type, JsonText):
        return json.dumps(value, ensure_ascii=False)
    return value
