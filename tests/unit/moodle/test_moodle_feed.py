"""The plugin's feeds shared out by course: a model of what is told, pages cut anywhere, memory that stays bounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lms_sync_moodle import companion_cursor, cursor, feed
from lms_sync_moodle.companion_cursor import CompanionCursor
from lms_sync_moodle.companion_wire import FeedPage, Handshake, decode, picker
from lms_sync_moodle.feed import EVERYWHERE, Feed, read_feed

from lms_sync.errors import SourceAnswerInvalid

GONE = ["id", "parentid", "courseid", "userid", "time"]
COLUMNS = ["itemid", "courseid", "userid", "finalgrade"]
COURSES = (2, 3)


def grades(rows: list[list[Any]], gone: list[list[int]] | None = None, **more: Any) -> FeedPage:
    settled: dict[str, Any] = {"settled_until": 1, "cursor": "c", **more}
    return FeedPage(stream="grades", columns=COLUMNS, rows=rows, gone_columns=GONE, gone=gone or [], **settled)


class Plugin:
    """Answers `changes` with these pages, in turn."""

    def __init__(self, *pages: FeedPage) -> None:
        self.pages = list(pages)
        self.cursors: list[str] = []

    def changes(self, stream: str, cursor: str) -> FeedPage:
        self.cursors.append(cursor)
        return self.pages.pop(0)


def taken(*pages: FeedPage, courses: tuple[int, ...] = COURSES) -> Feed:
    found = Feed("grades", since="a")
    for page in pages:
        found.take(page, courses)
    return found


# --- sharing out ------------------------------------------------------------------------------------------------------

KEYS = st.tuples(st.integers(10, 12), st.integers(5, 7))
EVENTS = st.lists(st.tuples(KEYS, st.integers(0, 3), st.booleans()), max_size=30)


@given(EVENTS, st.integers(1, 5))
def test_a_share_is_what_the_events_leave_behind(events: list[Any], size: int) -> None:
    """Each event is a grade that is told (with its course: the column's) or that is gone; the last one counts."""
    model: dict[int, dict[Any, Any]] = {course: {} for course in COURSES}
    found = Feed("grades", since="a")
    for start in range(0, len(events), size):
        # Within a page an object is told once, as it is now.
        page = {key: (value, gone) for key, value, gone in events[start : start + size]}
        rows = [[item, 2 + item % 2, user, value] for (item, user), (value, gone) in page.items() if not gone]
        gone = [[99, item, 2 + item % 2, user, 0] for (item, user), (_, is_gone) in page.items() if is_gone]
        found.take(grades(rows, gone), COURSES)
        for (item, user), (value, is_gone) in page.items():
            model[2 + item % 2][item, user] = None if is_gone else [item, 2 + item % 2, user, value]
    assert {course: found.share(course).told for course in COURSES} == model


def test_what_is_gone_and_given_anew_in_one_page_is_there() -> None:
    share = taken(grades([[10, 2, 5, "1.0"]], [[46, 10, 2, 5, 0]])).share(2)
    assert (share.rows, share.gone) == ([[10, 2, 5, "1.0"]], [])


def test_what_is_gone_from_nowhere_waits_for_whoever_knows_it() -> None:
    found = taken(grades([], [[46, 10, 0, 5, 0]]))
    assert found.share(EVERYWHERE).gone == [(10, 5)]
    assert found.share(2).told == {}


def test_courses_that_were_not_chosen_leave_nothing() -> None:
    found = taken(grades([[10, 9, 5, "1"]], [[46, 11, 9, 5, 0]], resync=[9]))
    assert found.shares() == {}
    assert not found.whole_site


def test_a_resync_makes_its_course_whole_and_keeps_nothing_of_it() -> None:
    found = taken(grades([[10, 2, 5, "1"]]), grades([], resync=[2]), grades([[11, 2, 5, "1"], [10, 3, 5, "1"]]))
    assert found.share(2).whole
    assert found.share(2).told == {}
    assert not found.share(3).whole
    assert found.share(3).rows


def test_a_resync_of_the_whole_site() -> None:
    assert taken(grades([[10, 2, 5, "1"]], resync=[0])).whole_site


def test_people_belong_to_no_course() -> None:
    found = Feed("people", since="a")
    page = FeedPage(
        columns=["id", "deleted"], rows=[[5, 0]], gone_columns=GONE, gone=[[6, 0, 0, 6, 0]], settled_until=1
    )
    found.take(page, COURSES)
    assert found.share(EVERYWHERE).told == {6: None, 5: [5, 0]}


@given(st.lists(st.tuples(st.sampled_from(COURSES), st.integers(1, 40)), max_size=120))
def test_no_more_is_kept_than_is_good(told: list[tuple[int, int]]) -> None:
    """Beyond the limit the course of which most is told is read whole instead; nothing is forgotten without that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "MOST_KEPT", 20)
        found = taken(*(grades([[item, course, 5, "1"]]) for course, item in told))
    assert sum(len(share.told) for share in found.shares().values()) <= 20
    for course in COURSES:
        share = found.share(course)
        assert share.whole or set(share.told) == {(item, 5) for where, item in told if where == course}


def test_too_many_people_mean_everybody() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "MOST_KEPT", 3)
        found = Feed("people", since="a")
        page = FeedPage(columns=["id"], rows=[[one] for one in range(9)], gone_columns=GONE, settled_until=1)
        found.take(page, COURSES)
    assert found.whole_site
    assert found.shares() == {}


def test_a_share_that_was_read_makes_room() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "MOST_KEPT", 3)
        found = taken(grades([[item, 2, 5, "1"] for item in range(3)]))
        found.drop(2)
        found.take(grades([[item, 3, 5, "1"] for item in range(3)]), COURSES)
    assert not found.share(3).whole
    assert len(found.share(3).rows) == 3


# --- reading ----------------------------------------------------------------------------------------------------------


def test_pages_are_asked_for_until_there_are_no_more() -> None:
    plugin = Plugin(grades([[10, 2, 5, "1"]], more=True, cursor="b"), grades([[11, 2, 5, "1"]], cursor="c"))
    found = read_feed(plugin, "grades", "a", COURSES)  # type: ignore[arg-type]
    assert plugin.cursors == ["a", "b"]
    assert (found.since, found.cursor, len(found.share(2).rows)) == ("a", "c", 2)


@pytest.mark.parametrize("how", ["rewound", "expired", "invalid"])
def test_a_lost_cursor_ends_the_reading(how: str) -> None:
    found = read_feed(Plugin(FeedPage(**{how: True})), "grades", "a", COURSES)  # type: ignore[arg-type]
    assert found.lost
    assert getattr(found.lost, how)


def test_a_feed_that_does_not_move_on_is_no_feed() -> None:
    plugin = Plugin(grades([], more=True, cursor="a"))
    with pytest.raises(SourceAnswerInvalid, match="does not move on"):
        read_feed(plugin, "grades", "a", COURSES)  # type: ignore[arg-type]


# --- the wire ---------------------------------------------------------------------------------------------------------


def test_columns_are_found_by_name_wherever_they_stand() -> None:
    assert picker(["a", "b", "c"], ["c", "a"], "grades")([1, 2, 3]) == (3, 1)
    assert picker(["a", "b"], ["b"], "grades")([1, 2]) == (2,)


def test_a_column_that_is_not_told_names_itself() -> None:
    with pytest.raises(SourceAnswerInvalid, match="tells no gradepass in the stream grade_items"):
        picker(["id"], ["id", "gradepass"], "grade_items")


def test_numbers_of_grades_are_never_floats() -> None:
    page = decode('{"rows": [[1, 2.5, 1e2]]}', "changes", FeedPage)
    assert [type(value).__name__ for value in page.rows[0]] == ["int", "Decimal", "Decimal"]


@pytest.mark.parametrize(
    ("text", "place"),
    [('{"rows": [["secret"], 7]}', r"\$.rows\[1\]"), ("secret", r"\$"), ('{"rows": [["secret"', r"\$")],
)
def test_an_answer_of_another_shape_is_named_without_its_words(text: str, place: str) -> None:
    with pytest.raises(SourceAnswerInvalid, match=rf"unknown shape at {place};") as caught:
        decode(text, "local_lmssync_changes", FeedPage)
    assert "secret" not in str(caught.value)


def test_a_handshake_may_know_more_than_we_do() -> None:
    text = (
        '{"api": 1, "plugin": {"version": "1", "new": 2}, "clock": {"time": 5}, "limits": {}, "streams": '
        '[{"name": "log", "cursor": "x"}], "moon": "full"}'
    )
    said = decode(text, "handshake", Handshake)
    assert [stream.cursor for stream in said.streams] == ["x"]
    assert said.stream("grades") is None


# --- the cursor -------------------------------------------------------------------------------------------------------

IDS = st.lists(st.integers(1, 2**53), unique=True).map(lambda ids: tuple(sorted(ids)))
CURSORS = st.builds(
    CompanionCursor,
    feeds=st.dictionaries(st.sampled_from(["grades", "people"]), st.text("abc", min_size=1)),
    wake=st.none() | st.integers(0, 2**40),
    others=IDS,
    shut=IDS,
)


@given(CURSORS)
def test_the_cursor_is_read_back_by_its_own_rung_only(written: CompanionCursor) -> None:
    assert companion_cursor.parse(written.text()) == written
    assert cursor.parse(written.text()) is None


@given(st.integers(0, 2**40), st.booleans())
def test_the_cursor_of_the_core_is_not_the_companions(since: int, fallen: bool) -> None:
    text = cursor.Cursor(since, (5,), {7: "preview"}, fallen).text()
    assert companion_cursor.parse(text) is None
    assert cursor.parse(text) == cursor.Cursor(since, (5,), {7: "preview"}, fallen)


@pytest.mark.parametrize(
    "text", [None, "", "{}", '{"v":1,"rung":"core","feeds":{}}', '{"v":2,"rung":"companion"}', "x"]
)
def test_anything_else_means_reading_everything(text: str | None) -> None:
    assert companion_cursor.parse(text) is None
