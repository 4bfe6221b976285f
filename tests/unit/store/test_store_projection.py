"""From a ledger row to a projection row."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from lms_sync.records import KINDS, PERSONAL_KINDS
from lms_sync.store.columns import JsonText
from lms_sync.store.projection import Latest, row_of
from lms_sync.store.rows import Operation
from lms_sync.store.tables import PROJECTIONS

FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


def projected(kind: str, payload: str | None, operation: Operation = Operation.PUT) -> dict[str, Any]:
    return row_of(Latest(8, "moodle", kind, "7/9", "course/5", 3, operation, payload, NOW, FIRST))


def test_values_get_their_types_back() -> None:
    row = projected("grade_entry", '{"raw":"84.5","graded_at":"2026-03-01T09:30:00.000250Z","mark":4,"passed":true}')
    assert row["raw"] == Decimal("84.5")
    assert row["graded_at"] == dt.datetime(2026, 3, 1, 9, 30, 0, 250, tzinfo=dt.UTC)
    assert (row["mark"], row["passed"]) == (4, True)
    assert projected("learner", '{"birth_date":"1990-02-28"}')["birth_date"] == dt.date(1990, 2, 28)


def test_a_field_younger_than_the_payload_has_its_default() -> None:
    row = projected("course", '{"external_id":"5","title":"Охрана труда"}')
    assert (row["short_name"], row["category_path"], row["hours"]) == ("", [], None)
    assert type(row["programme_kind"]) is str
    assert row["programme_kind"] == "other"


@pytest.mark.parametrize(
    ("operation", "retired_at"),
    [(Operation.PUT, None), (Operation.RESTORE, None), (Operation.RETIRE, NOW), (Operation.ERASE, NOW)],
)
def test_what_a_row_says_about_itself(operation: Operation, retired_at: dt.datetime | None) -> None:
    row = projected("learner", None if operation is Operation.ERASE else "{}", operation)
    assert (row["ledger_seq"], row["version"], row["scope"]) == (8, 3, "course/5")
    assert (row["first_seen_at"], row["changed_at"], row["retired_at"]) == (FIRST, NOW, retired_at)


def test_an_erased_row_has_its_key_and_nothing_else() -> None:
    row = projected("learner", None, Operation.ERASE)
    assert row["external_id"] == "7/9"
    assert (row["last_name"], row["city"], row["birth_date"]) == ("", "", None)


@pytest.mark.parametrize("kind", PERSONAL_KINDS)
def test_an_erased_row_of_every_personal_kind_holds_only_empty_values_that_its_columns_take(kind: str) -> None:
    row = projected(kind, None, Operation.ERASE)
    fields = {name: row[name] for name in KINDS[kind].model_fields}
    assert set(fields) - {"external_id"}
    for name, value in fields.items():
        column = PROJECTIONS[kind].columns[name]
        empty = None if column.nullable else [] if isinstance(column.type, JsonText) else ""
        assert value == ("7/9" if name == "external_id" else empty), name


def test_lists_and_objects_within_a_payload_stay_what_they_are() -> None:
    line, totals = {"number": 1, "result": "7/9/grade"}, {"listed": 1, "marks": [{"count": 1, "text": "зачтено"}]}
    payload = msgspec.json.encode({"lines": [line], "totals": totals, "commission": None}).decode()
    row = projected("protocol", payload)
    assert (row["lines"], row["totals"], row["commission"]) == ([line], totals, None)
