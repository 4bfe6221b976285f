"""Cutting long lists of keys to what one statement may carry, and inserting many rows, alike in both databases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Table,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.default import DefaultDialect

CHUNK = 400
"""Keys in one statement: well below SQLite's oldest limit of 999 variables, with two variables a key."""

Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def insert_or_update(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of the connection's own dialect: it knows ON CONFLICT DO UPDATE."""
    return dialect_insert(connection.dialect, table)


def dialect_insert(dialect: Dialect, table: Table) -> postgresql.Insert | sqlite.Insert:
    """The same for a dialect, where there is no connection at hand."""
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)


def driver_text(dialect: Dialect, statement: Insert) -> str:
    """The statement with a place for each of its table's columns, in their order, as `insert_rows` takes it."""
    positional = dialect if dialect.positional else cast(type[DefaultDialect], type(dialect))(paramstyle="format")
    return str(statement.compile(dialect=positional))


def insert_rows(connection: Connection, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts rows whose values are already what the driver takes.

    SQLAlchemy would look at each value of each row anew, which takes longer than the database takes to insert them.
    """
    if rows:
        connection.exec_driver_sql(text, list(rows))


def among(connection: Connection, column: ColumnElement[Item], values: Iterable[Item]) -> ColumnElement[bool]:
    """Whether the column holds one of the values, however many: they go to the database as one parameter."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), ARRAY(column.type)))
    listed = func.json_each(json.dumps(list(values), ensure_ascii=False)).table_valued("value", name="listed")
    return column.in_(select(listed.c.value))
