"""Columns as the text (or whole number) that verification compares: the same in both databases, whatever is stored.

A value that nobody could have written through lms-sync, as an infinite time, comes out as text too and is told as a
difference instead of stopping the check.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Date, String, cast, func, type_coerce
from sqlalchemy.types import NullType

from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.store.columns import JsonText


def as_stored(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as the database driver gives it, and takes it again: nothing converts it."""
    return type_coerce(column, NullType())


def stored_text(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column as stored: instants with six places and Z, decimals without trailing zeros, dates as YYYY-MM-DD."""
    if connection.dialect.name == "postgresql":
        if isinstance(column.type, UtcInstant):
            return _finite(column, func.timezone("UTC", as_stored(column)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        if isinstance(column.type, ExactDecimal):
            return cast(func.trim_scale(as_stored(column)), String)
        if isinstance(column.type, Date):
            return _finite(column, as_stored(column), "YYYY-MM-DD")
    return as_stored(column)


def _finite(column: ColumnElement[Any], time: ColumnElement[Any], form: str) -> ColumnElement[Any]:
    """The time in this form; an infinite one, of which `to_char` makes NULL, by its name."""
    return func.coalesce(func.to_char(time, form), cast(as_stored(column), String))


def payload_text(column: Column[Any]) -> Callable[[Any], Any] | None:
    """What makes `stored_text` of a payload's value that is not None; None when they are the same."""
    if isinstance(column.type, UtcInstant):
        return _six_places
    if isinstance(column.type, JsonText):
        return _json
    return None


def _six_places(instant: str) -> str:
    return instant if "." in instant else f"{instant[:-1]}.000000Z"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
