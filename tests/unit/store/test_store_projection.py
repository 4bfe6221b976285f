"""From a ledger row to a projection row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite import dialect

from lms_sync.records import KINDS, PERSONAL_KINDS, Enrolment, EnrolmentStatus, GradeEntry, Learner, Record
from lms_sync.store.canonical import canonical_payload
from lms_sync.store.columns import JsonText
from lms_sync.store.projection import Latest, field_columns, row_of
from lms_sync.store.rows import Operation
from lms_sync.store.tables import BOOKKEEPING, PROJECTIONS

SQLITE = dialect()

FIRST = "2026-01-01T00:00:00.000000Z"
NOW = "2026-02-01T00:00:00.000000Z"


def projected(kind: str, payload: str | None, operation: Operation = Operation.PUT) -> dict[str, Any]:
    row = row_of(Latest(8, "moodle", kind, "7/9", "course/5", 3, operation, payload, NOW, FIRST))
    return dict(zip(PROJECTIONS[kind].columns.keys(), row, strict=True))


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_a_row_has_its_columns_in_the_order_of_the_table(kind: str) -> None:
    assert list(PROJECTIONS[kind].columns.keys()) == [*BOOKKEEPING, *field_columns(kind).names]


def test_values_are_what_the_column_holds() -> None:
    row = projected("grade_entry", '{"raw":"84.5","graded_at":"2026-03-01T09:30:00.000250Z","mark":4,"passed":true}')
    assert (row["raw"], row["graded_at"]) == ("84.5", "2026-03-01T09:30:00.000250Z")
    assert (row["mark"], row["passed"]) == (4, True)
    assert projected("attempt", '{"started_at":"2026-03-01T09:30:00Z"}')["started_at"] == "2026-03-01T09:30:00.000000Z"
    assert projected("learner", '{"birth_date":"1990-02-28"}')["birth_date"] == "1990-02-28"


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
DECIMALS = st.none() | st.decimals(min_value=-(10**14), max_value=10**14, places=5)
INSTANTS = st.none() | st.datetimes(timezones=st.just(dt.UTC))


@given(
    raw=DECIMALS, graded_at=INSTANTS, word=TEXTS, passed=st.none() | st.booleans(), mark=st.none() | st.integers(2, 5)
)
def test_a_grade_is_written_as_its_typed_columns_would_write_it(**fields: Any) -> None:
    entry = GradeEntry(course="5", grade_item="7", learner="9", maximum="100", **fields)
    check_like_typed_columns(entry)


@given(birth_date=st.none() | st.dates(), city=TEXTS)
def test_a_learner_is_written_as_its_typed_columns_would_write_it(**fields: Any) -> None:
    check_like_typed_columns(Learner(external_id="9", last_name="Ёлкина", first_name="Дарья", **fields))


@given(groups=st.lists(TEXTS), status=st.sampled_from(EnrolmentStatus))
def test_an_enrolment_is_written_as_its_typed_columns_would_write_it(**fields: Any) -> None:
    check_like_typed_columns(Enrolment(course="5", learner="9", is_learner=True, **fields))


def check_like_typed_columns(record: Record) -> None:
    """What SQLAlchemy binds for the record's own values in SQLite is what stands in the row."""
    row = projected(record.kind, canonical_payload(record.payload()))
    for name in type(record).model_fields:
        column_type = PROJECTIONS[record.kind].columns[name].type
        bind = column_type.dialect_impl(SQLITE).bind_processor(SQLITE)
        value = getattr(record, name)
        assert row[name] == (bind(value) if bind else value), name


def test_a_field_younger_than_the_payload_has_its_default() -> None:
    row = projected("course", '{"external_id":"5","title":"Охрана труда"}')
    assert (row["short_name"], row["category_path"], row["hours"]) == ("", "[]", None)
    assert type(row["programme_kind"]) is str
    assert row["programme_kind"] == "other"


@pytest.mark.parametrize(
    ("operation", "retired_at"),
    [(Operation.PUT, None), (Operation.RESTORE, None), (Operation.RETIRE, NOW), (Operation.ERASE, NOW)],
)
def test_what_a_row_says_about_itself(operation: Operation, retired_at: str | None) -> None:
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
        empty = None if column.nullable else "[]" if isinstance(column.type, JsonText) else ""
        assert value == ("7/9" if name == "external_id" else empty), name


def test_lists_and_objects_within_a_payload_stay_what_they_are() -> None:
    line, totals = {"number": 1, "result": "7/9/grade"}, {"listed": 1, "marks": [{"count": 1, "text": "зачтено"}]}
    payload = msgspec.json.encode({"lines": [line], "totals": totals, "commission": None}).decode()
    row = projected("protocol", payload)
    assert (row["lines"], row["totals"], row["commission"]) == (
        '[{"number": 1, "result": "7/9/grade"}]',
        '{"listed": 1, "marks": [{"count": 1, "text": "зачтено"}]}',
        None,
    )
