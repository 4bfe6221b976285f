"""Bare rows of columns and grades become what Moodle's own report says of them, by the rules of its classes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from lms_sync_moodle.companion_gradebook import (
    Column,
    CourseFacts,
    Grade,
    Item,
    empty_grade,
    grade_record,
    grades_of,
    holds_anything,
    items_of,
    wakes,
)

NOW = 1_795_320_000
LATER, BEFORE = NOW + 60, NOW - 60

ITEM = Item(
    id=4, courseid=2, itemname="Тест", itemtype="mod", itemmodule="quiz", iteminstance=3, idnumber="", gradetype=1,
    grademin="0.00000", grademax="100.00000", gradepass="60.00000", scale=None, hidden=0, locked=0, position=2,
    own_bounds=0,
)  # fmt: skip
GRADE = Grade(
    itemid=4, courseid=2, userid=5, rawgrademin="0.00000", rawgrademax="70.00000", finalgrade="60.00000", hidden=0,
    locked=0, overridden=0, usermodified=27, timecreated=BEFORE - 9, timemodified=BEFORE, status="used", has_feedback=0,
)  # fmt: skip
WORDS = {"gradetype": 2, "grademin": "1.00000", "grademax": "3.00000", "scale": ["плохо", "годно", "отлично"]}


def column(**of: Any) -> Column:
    return Column.of(ITEM._replace(**of), CourseFacts("PK-1", ("ПК", "ОТ")))


def told(grade: dict[str, Any] | None = None, **of: Any) -> dict[str, Any]:
    return dict(grade_record(GRADE._replace(**(grade or {})), column(**of), NOW).fields)


def test_a_plain_grade() -> None:
    record = grade_record(GRADE, column(), NOW)
    assert record.key == "4/5"
    assert record.source_time is not None
    assert record.source_time.timestamp() == BEFORE
    assert {name: value for name, value in record.fields.items() if name != "item"} == {
        "itemid": 4, "userid": 5, "courseid": 2, "graderaw": Decimal(60), "grademin": 0, "grademax": 100, "word": "",
        "status": "", "hidden": False, "locked": False, "overridden": False, "usermodified": 27,
        "gradedatesubmitted": BEFORE - 9, "gradedategraded": BEFORE, "pass_icon": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("points", "of", "passed"),
    [
        ("59.99999", {}, False),
        ("60.00000", {}, True),
        (None, {}, None),
        ("60.00000", {"gradepass": None}, None),
        ("60.00000", {"gradepass": "0.00000"}, None),  # at the lowest grade: no bar
        ("0.00000", {"grademin": "-10.00000", "gradepass": "0.00000"}, True),
        ("2.00000", {**WORDS, "gradepass": "0.00000"}, None),  # on a scale 0 means none
        ("2.00000", {**WORDS, "gradepass": "2.00000"}, True),
        ("60.00000", {"hidden": 1}, None),  # the report shows no icon with a hidden grade
    ],
)
def test_whether_the_pass_mark_was_reached(points: str | None, of: dict[str, Any], passed: bool | None) -> None:
    assert told({"finalgrade": points}, **of)["pass_icon"] is passed


@pytest.mark.parametrize(
    ("points", "word"),
    [("1.00000", "плохо"), ("1.49999", "плохо"), ("1.50000", "годно"), ("3.00000", "отлично"), ("0.00000", "плохо"),
     ("9.00000", "отлично"), (None, "")],
)  # fmt: skip
def test_the_word_of_a_scale(points: str | None, word: str) -> None:
    assert told({"finalgrade": points}, **WORDS)["word"] == word


def test_words_are_those_of_a_scale_only() -> None:
    assert told(scale=["а", "б"])["word"] == ""
    fields = column(**WORDS).record(1).fields
    assert (fields["is_scale"], fields["scale_lowest"], fields["scale_highest"]) == (True, "плохо", "отлично")
    assert column().record(1).fields["is_scale"] is False


@pytest.mark.parametrize(
    ("of_grade", "of_item", "hidden"),
    [
        (0, 0, False),
        (1, 0, True),
        (0, 1, True),
        (LATER, 0, True),
        (BEFORE, 0, False),
        (0, LATER, True),
        (0, NOW, False),
    ],
)
def test_hidden_always_and_until(of_grade: int, of_item: int, hidden: bool) -> None:
    assert told({"hidden": of_grade}, hidden=of_item)["hidden"] is hidden


def test_what_hides_until_a_time_wakes_then() -> None:
    assert [wakes(hidden, NOW) for hidden in (0, 1, BEFORE, NOW, LATER)] == [None, None, None, None, LATER]


def test_locked_by_itself_or_with_its_column() -> None:
    assert [told({"locked": one}, locked=other)["locked"] for one, other in ((0, 0), (1, 0), (0, BEFORE))] == [
        False, True, True,
    ]  # fmt: skip


def test_when_it_was_graded() -> None:
    assert told({"overridden": BEFORE - 5})["gradedategraded"] == BEFORE - 5
    assert told({"finalgrade": None})["gradedategraded"] is None
    assert told({"finalgrade": None, "has_feedback": 1})["gradedategraded"] == BEFORE


@pytest.mark.parametrize(
    ("status", "said"), [("used", ""), ("unknown", ""), (None, ""), ("dropped", "dropped"), ("excluded", "excluded")]
)
def test_the_status_in_the_total(status: str | None, said: str) -> None:
    assert told({"status": status})["status"] == said


def test_totals_have_the_bounds_of_their_day() -> None:
    assert (told(own_bounds=1)["grademax"], told()["grademax"]) == (70, 100)
    assert told({"finalgrade": None}, own_bounds=1)["grademax"] == 100


def test_a_total_is_as_wide_as_its_widest_grade() -> None:
    total = column(own_bounds=1)
    total.widen(Decimal(0), Decimal(70))
    total.widen(Decimal(-5), Decimal(40))
    assert [total.record(2).fields[name] for name in ("grademin", "grademax")] == [-5, 70]
    assert total.record(3).fields["grademax"] == 100  # somebody without a grade shows the column's own
    assert total.unused().record(0).fields["grademax"] == 100


def test_the_pass_mark_is_told_with_the_column_only() -> None:
    assert column().record(1).fields["gradepass"] == 60
    assert column(gradepass="0.00000").record(1).fields["gradepass"] is None
    assert "gradepass" not in told()["item"]


@pytest.mark.parametrize(
    ("of_grade", "of_item", "holds"),
    [
        ({}, {}, True),
        ({"finalgrade": None}, {}, False),
        ({"finalgrade": None, "has_feedback": 1}, {}, True),
        ({"finalgrade": None, "overridden": 1}, {}, True),
        ({"finalgrade": None, "locked": 1}, {}, True),
        ({"finalgrade": None, "hidden": 1}, {}, True),
        ({"finalgrade": None}, {"hidden": 1}, True),
        ({"finalgrade": None}, {"locked": BEFORE}, True),
        ({"finalgrade": None, "hidden": BEFORE}, {}, False),
    ],
)
def test_what_is_worth_recording(of_grade: dict[str, Any], of_item: dict[str, Any], holds: bool) -> None:
    assert holds_anything(GRADE._replace(**of_grade), column(**of_item), NOW) is holds


def test_an_empty_grade_of_a_shut_column() -> None:
    shut = column(hidden=1)
    fields = grade_record(empty_grade(shut, 9), shut, NOW).fields
    assert (fields["userid"], fields["graderaw"], fields["hidden"], fields["pass_icon"]) == (9, None, True, None)
    assert (fields["usermodified"], fields["gradedategraded"]) == (None, None)


def test_columns_that_reports_do_not_show_are_none() -> None:
    columns = [*reversed(Item._fields), "a_newer_one"]
    rows = [[*reversed(ITEM._replace(id=one, position=place)), 0] for one, place in ((1, 0), (2, 1))]
    assert [item.id for item in items_of(columns, rows)] == [2]
    assert list(grades_of(list(Grade._fields), [list(GRADE)])) == [GRADE]


def test_rules_find_the_course_of_a_column() -> None:
    fields = column().record(1).fields
    assert (fields["course_idnumber"], fields["course_category_path"]) == ("PK-1", ["ПК", "ОТ"])
