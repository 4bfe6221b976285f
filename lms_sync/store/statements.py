"""Cutting long lists of keys to what one statement may carry, and the insert that both databases share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

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
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
