"""Writes a report as JSON for programs: one object a row, by the columns' keys.

Owns the form: decimals and instants as text, so that nothing on the way turns a grade into a float.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any, TextIO

from lms_sync.exact import utc_text
from lms_sync.report.interface import Stream, Table, Value, value_text


def write_json(table: Table | Stream, stream: TextIO) -> int:
    """Puts out `{"title", "columns": {key: caption}, "rows": [{key: value}], "notes"}` and a line break, row by row.

    Each row is a line of its own. Gives the number of rows.
    """
    keys = [column.key for column in table.columns]
    captions = {column.key: column.caption for column in table.columns}
    stream.write(f'{{\n"title": {_text(table.title)},\n"columns": {_text(captions)},\n"rows": [')
    count = 0
    for row in table.rows:
        stream.write(",\n" if count else "\n")
        stream.write(_text(dict(zip(keys, map(json_value, row), strict=True))))
        count += 1
        if count == 1:
            stream.flush()  # whoever waits for the first row of many has it
    stream.write(f'\n],\n"notes": {_text(list(table.notes))}\n}}\n')
    return count


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def json_value(value: Value) -> Any:
    """The value as JSON holds it without loss."""
    if isinstance(value, dt.datetime):
        return utc_text(value)
    if isinstance(value, (Decimal, dt.date)):
        return value_text(value)
    return value
