"""Rows of Moodle's log become events: whatever the order of the columns, and less what is left out and counted."""

from __future__ import annotations

import random
from typing import Any

import pytest
from lms_sync_moodle.companion_wire import FeedPage
from lms_sync_moodle.log_rows import COLUMNS as NEEDED
from lms_sync_moodle.log_rows import CourseChoice, LogRows

from lms_sync.connector import Event
from lms_sync.errors import SourceAnswerInvalid
from tests.unit.moodle.log_model import ACCOUNT, COLUMNS, log_row

SUBMITTED = log_row(
    41, 1_790_000_600, eventname="\\mod_quiz\\event\\attempt_submitted", objecttable="quiz_attempts", objectid=77,
    crud="u", contextlevel=70, contextinstanceid=12, userid=7, relateduserid=9, realuserid=2, courseid=5,
    other='{"submitterid":7}', origin="web", ip="192.0.2.7",
)  # fmt: skip


def told(*rows: dict[str, Any], columns: tuple[str, ...] = COLUMNS, withheld: int = 0) -> FeedPage:
    return FeedPage(columns=list(columns), rows=[[row[name] for name in columns] for row in rows], withheld=withheld)


def events(page: FeedPage, choice: CourseChoice | None = None) -> tuple[list[Event], dict[str, int]]:
    return LogRows(ACCOUNT, choice or CourseChoice()).events(page)


def test_each_column_has_its_place() -> None:
    assert events(told(SUBMITTED)) == (
        [
            Event(
                id=41, time=1_790_000_600, name="\\mod_quiz\\event\\attempt_submitted", person=7, related_person=9,
                real_person=2, course=5, activity=12, object_type="quiz_attempts", object_id=77, crud="u",
                address="192.0.2.7", origin="web", anonymous=0, other='{"submitterid":7}',
            )
        ],
        {},
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_columns_may_come_in_any_order_and_with_others_between(seed: int) -> None:
    columns = [*COLUMNS, "somethingnew"]
    random.Random(seed).shuffle(columns)
    row = SUBMITTED | {"somethingnew": "x"}
    assert events(told(row, columns=tuple(columns))) == events(told(SUBMITTED))


@pytest.mark.parametrize("missing", NEEDED)
def test_without_a_needed_column_nothing_is_kept_half(missing: str) -> None:
    columns = tuple(name for name in COLUMNS if name != missing)
    with pytest.raises(SourceAnswerInvalid, match=missing):
        events(told(SUBMITTED, columns=columns))


def test_rows_that_do_not_fit_their_columns_are_no_rows() -> None:
    page = told(SUBMITTED, SUBMITTED)
    page.rows[1].pop()
    with pytest.raises(SourceAnswerInvalid, match="do not fit their columns"):
        events(page)


@pytest.mark.parametrize(("level", "activity"), [(70, 12), (50, None), (10, None), (30, None), (80, None)])
def test_an_activity_is_the_instance_of_a_module_context(level: int, activity: int | None) -> None:
    [event], _ = events(told(SUBMITTED | {"contextlevel": level}))
    assert event.activity == activity


@pytest.mark.parametrize("nobody", [0, -1, -10, -20, None])
def test_ids_below_one_are_nobody(nobody: int | None) -> None:
    [event], _ = events(told(SUBMITTED | {"userid": nobody, "relateduserid": nobody}))
    assert (event.person, event.related_person) == (None, None)


def test_our_own_polling_is_left_out_and_counted_and_nothing_else_is() -> None:
    own = log_row(1, 1, userid=ACCOUNT, origin="ws", courseid=0)
    by_hand = log_row(2, 1, userid=ACCOUNT, origin="web")
    about_us = log_row(3, 1, userid=7, relateduserid=ACCOUNT, origin="web")
    other_service = log_row(4, 1, userid=7, origin="ws")
    kept, left_out = events(told(own, by_hand, about_us, other_service, own))
    assert [event.id for event in kept] == [2, 3, 4]
    assert left_out == {"own_polling": 2}


def test_rows_of_courses_that_are_not_chosen_are_left_out_and_counted() -> None:
    rows = [log_row(one, 1, courseid=course) for one, course in enumerate([5, 6, 0, 1, None, 99], start=1)]
    kept, left_out = events(told(*rows), CourseChoice(frozenset({5}), frozenset({6}), others=False))
    assert [event.course for event in kept] == [5, 0, 1, None]
    assert left_out == {"other_courses": 2}


def test_a_course_that_moodle_no_longer_lists_is_kept_where_courses_are_only_excluded() -> None:
    rows = [log_row(one, 1, courseid=course) for one, course in enumerate([5, 6, 99], start=1)]
    kept, left_out = events(told(*rows), CourseChoice(frozenset({5}), frozenset({6}), others=True))
    assert [event.course for event in kept] == [5, 99]
    assert left_out == {"other_courses": 1}


def test_what_the_plugin_withholds_is_counted_even_when_nothing_is_left() -> None:
    assert events(told(withheld=3)) == ([], {"withheld": 3})
    assert events(told(SUBMITTED, withheld=2))[1] == {"withheld": 2}
