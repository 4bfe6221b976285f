"""The gradebook and the counts, as reports ask for them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from lms_sync.store.query import KindCount, counts, courses, gradebook
from lms_sync.store.store import Store
from tests.integration.store import samples

DAY = dt.timedelta(days=1)


@pytest.fixture
def course(store: Store) -> Store:
    """Two learners and a teacher, two columns, one learner gone, one column gone."""
    samples.put(
        store,
        samples.course(),
        samples.grade_item("8", position=1, title="Практика"),
        samples.grade_item("7", position=2),
        samples.grade_item("6", position=3),
        samples.learner("9"),
        samples.learner("10", last_name="Абрамов"),
        samples.enrolment("9", groups=["А", "Б"]),
        samples.enrolment("10", groups=["Б"]),
        samples.enrolment("11", groups=["А"]),
        samples.enrolment("12", is_learner=False, groups=["А"]),
        samples.grade("7", "9", graded_at=samples.SOME_TIME),
        samples.grade("8", "9", graded_at=samples.SOME_TIME + DAY),
        samples.grade("7", "10", graded_at=None, raw=None),
        samples.grade("7", "11"),
        samples.grade("6", "9"),
        samples.grade("7", "12"),
    )
    samples.put(store, samples.grade("7", "9", course="6", grade_item="77"), scope="course/6")
    samples.put(store, samples.grade("7", "9", mark=2), source="branch")
    samples.retire(store, "enrolment", ["5/11"])
    samples.retire(store, "grade_item", ["6"])
    samples.retire(store, "grade_entry", ["6/9"])
    return store


def test_a_gradebook_has_live_columns_lines_and_cells(course: Store) -> None:
    book = gradebook(course, "moodle", "5")
    assert book.course is not None
    assert book.course.title == "Охрана труда"
    assert [(column.key, column.title) for column in book.columns] == [("8", "Практика"), ("7", "Итоговый тест")]
    assert [(line.key, line.last_name, line.groups) for line in book.lines] == [
        ("10", "Абрамов", ("Б",)),
        ("9", "Ёлкина", ("А", "Б")),
    ]
    assert set(book.cells) == {("9", "7"), ("9", "8"), ("10", "7")}
    cell = book.cells["9", "7"]
    assert (cell.raw, cell.maximum, cell.mark_text, cell.passed, cell.overridden) == (
        Decimal("84.5"),
        Decimal("100"),
        "хорошо",
        True,
        True,
    )


def test_a_gradebook_with_what_is_gone(course: Store) -> None:
    book = gradebook(course, "moodle", "5", include_retired=True)
    assert [column.key for column in book.columns] == ["8", "7", "6"]
    assert [(line.key, line.retired_at is None) for line in book.lines] == [("10", True), ("11", False), ("9", True)]
    assert {("11", "7"), ("9", "6")} <= set(book.cells)


@pytest.mark.parametrize(
    ("filters", "cells"),
    [
        ({"group": "А"}, {("9", "7"), ("9", "8")}),
        ({"group": "нет такой"}, set()),
        ({"learner_key": "10"}, {("10", "7")}),
        ({"graded_from": samples.SOME_TIME}, {("9", "7"), ("9", "8")}),
        ({"graded_from": samples.SOME_TIME + dt.timedelta(seconds=1)}, {("9", "8")}),
        ({"graded_to": samples.SOME_TIME + DAY}, {("9", "7")}),
        ({"graded_from": samples.SOME_TIME + DAY, "graded_to": samples.SOME_TIME + 2 * DAY}, {("9", "8")}),
    ],
)
def test_a_gradebook_by_group_learner_and_period(course: Store, filters: dict, cells: set) -> None:
    assert set(gradebook(course, "moodle", "5", **filters).cells) == cells


def test_a_course_that_was_never_read(store: Store) -> None:
    book = gradebook(store, "moodle", "404")
    assert (book.course, book.columns, book.lines, book.cells) == (None, [], [], {})


def test_counts_and_courses(course: Store) -> None:
    assert [count for count in counts(course, "moodle") if count.retired] == [
        KindCount("moodle", "enrolment", 3, 1),
        KindCount("moodle", "grade_item", 2, 1),
        KindCount("moodle", "grade_entry", 6, 1),
    ]
    assert {count.source for count in counts(course)} == {"moodle", "branch"}
    samples.put(course, samples.course("6"), scope="site")
    samples.retire(course, "course", ["6"], scope="site")
    assert [found.key for found in courses(course)] == ["5"]
    assert [found.key for found in courses(course, "moodle", include_retired=True)] == ["5", "6"]
