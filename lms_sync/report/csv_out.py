"""Writes a report as CSV that a spreadsheet program opens without harm.

Owns quoting and the guard against formulas: a text that such a program would take for a formula gets an apostrophe
before it. Numbers are left alone, a negative one too.
"""

from __future__ import annotations

import csv
from typing import TextIO

from lms_sync.report.interface import Stream, Table, Value, value_text

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
BOM = "\ufeff"


def write_csv(table: Table | Stream, stream: TextIO, *, delimiter: str = ",", bom: bool = False) -> int:
    """Puts the table out with CRLF line ends (RFC 4180), row by row; gives the number of rows.

    `stream` must be opened with `newline=""`. Columns are headed by their captions. Excel needs `bom` for Cyrillic, and
    a `delimiter` of ";" where the decimal sign is a comma.
    """
    if bom:
        stream.write(BOM)
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([safe_cell(column.caption) for column in table.columns])
    count = 0
    for row in table.rows:
        writer.writerow([safe_cell(value) for value in row])
        count += 1
        if count == 1:
            stream.flush()  # whoever waits for the first row of many has it
    return count


def safe_cell(value: Value) -> str:
    """The value's text, made harmless for a spreadsheet program."""
    if not isinstance(value, str):
        return value_text(value)
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else str(value)
