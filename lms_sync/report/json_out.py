"""Writes a report as JSON for programs: one object a row, by the columns' keys.

Owns the form: decimals and instants as text, so that nothing on the way turns a grade into a float.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any, TextIO

from lms_sync.exact import utc_text
from lms_sync.report.interface import Table, Value, value_text


def write_json(table: Table, stream: TextIO) -> None:
    """Puts out `{"title", "columns": {key: caption}, "rows": [{key: value}], "notes"}` and a line break."""
    keys = [column.key for column in table.columns]
    document = {
        "title": table.title,
        "columns": {column.key: column.caption for column in table.columns},
        "rows": [dict(zip(keys, map(json_value, row), strict=True)) for row in table.rows],
        "notes": list(table.notes),
    }
    json.dump(document, stream, ensure_ascii=False, indent=2)
    stream.write("\n")


def json_value(value: Value) -> Any:
    """The value as JSON holds it without loss."""
    if isinstance(value, dt.datetime):
        return utc_text(value)
    if isinstance(value, (Decimal, dt.date)):
        return value_text(value)
    return value
