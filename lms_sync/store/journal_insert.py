"""Getting a sealed page into the table `action`, as fast as each database takes rows. Must not know what they mean."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, insert

from lms_sync.store.journal_rows import SealedPage
from lms_sync.store.journal_tables import action
from lms_sync.store.statements import driver_text, insert_rows

_COLUMNS = tuple(column.name for column in action.columns)
_NULL = "\x00"  # until everything is escaped; no storable text has it
_ESCAPES = {ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def insert_page(connection: Connection, seq: int, source: str, page: SealedPage) -> None:
    """Inserts the page's rows; `seq` is its ledger row's."""
    if connection.dialect.name == "postgresql":
        _copy(connection, _copy_text(seq, source, page))
        return
    rows = [
        (seq, position, source, *values, None, salt, None, None)
        for position, (values, salt) in enumerate(zip(page.rows, page.salts, strict=True), 1)
    ]
    insert_rows(connection, _insert_text(connection.dialect), rows)


@lru_cache(maxsize=8)
def _insert_text(dialect: Dialect) -> str:
    return driver_text(dialect, insert(action))


def _copy(connection: Connection, text: str) -> None:
    """Sends rows through COPY, in the connection's own transaction."""
    driver: Any = connection.connection.driver_connection
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    with driver.cursor() as cursor, cursor.copy(f"COPY action ({names}) FROM STDIN") as copy:
        copy.write(text)


def _copy_text(seq: int, source: str, page: SealedPage) -> str:
    """The rows as COPY takes them (PostgreSQL documentation, COPY, "Text Format")."""
    rows = [
        [f"{seq}", f"{position}", source, *map(_field, values), _NULL, f"\\x{salt.hex()}", _NULL, _NULL]
        for position, (values, salt) in enumerate(zip(page.rows, page.salts, strict=True), 1)
    ]
    text = "\n".join(["\t".join(row) for row in rows])
    tabs, lines = len(rows) * (len(_COLUMNS) - 1), len(rows) - 1
    if text.count("\t") == tabs and text.count("\n") == lines and "\r" not in text:
        text = text.replace("\\", "\\\\")
    else:  # some text has one of them within
        text = "\n".join(["\t".join([field.translate(_ESCAPES) for field in row]) for row in rows])
    return text.replace(_NULL, "\\N") + "\n"


def _field(value: Any) -> str:
    return _NULL if value is None else str(value)
