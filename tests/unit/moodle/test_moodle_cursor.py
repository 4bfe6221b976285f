"""The cursor's text: what is written is read back, and nothing else is taken for a cursor."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lms_sync_moodle.cursor import Cursor, is_ahead, parse

IDS = st.integers(1, 2**53)
CURSORS = st.builds(
    Cursor,
    since=st.integers(0, 2**40),
    todo=st.lists(IDS, unique=True).map(lambda ids: tuple(sorted(ids))),
    skip=st.dictionaries(IDS, st.sampled_from(["preview", "deleted", "unreadable"])),
)


@given(CURSORS)
def test_what_is_written_is_read_back(cursor: Cursor) -> None:
    assert parse(cursor.text()) == cursor


@given(CURSORS)
def test_the_text_depends_on_the_content_only(cursor: Cursor) -> None:
    backwards = Cursor(cursor.since, tuple(reversed(cursor.todo)), dict(reversed(cursor.skip.items())))
    assert backwards.text() == cursor.text()
    assert json.loads(cursor.text())["v"] == 1


@pytest.mark.parametrize(
    "text",
    [None, "", "x", "[]", "{}", '{"v":2,"since":5}', '{"v":1}', '{"v":1,"since":-1}', '{"v":1,"since":"x"}', "1"],
)
def test_anything_else_means_reading_everything(text: str | None) -> None:
    assert parse(text) is None


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A cursor's text of which a part was replaced."""
    text = draw(CURSORS).text()
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return text[:start] + draw(st.text(alphabet='0123456789-{}[]":,.ev\\\ud800я', max_size=6)) + text[end:]


@given(st.text() | damaged())
def test_no_text_breaks_the_reading(text: str) -> None:
    found = parse(text)
    assert found is None or (found.since >= 0 and parse(found.text()) is not None)


@given(now=st.integers(1000, 2**40), ahead=st.integers(-1000, 1000), overlap=st.integers(0, 500))
def test_a_cursor_is_ahead_beyond_the_overlap(now: int, ahead: int, overlap: int) -> None:
    assert is_ahead(Cursor(now + ahead), now, overlap) == (ahead > overlap)
