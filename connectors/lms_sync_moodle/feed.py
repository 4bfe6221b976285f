"""The plugin's change feeds, read once a run for the whole site and shared out by course.

Owns the paging, the order of what is told and how much of it is kept in memory. Must not build records.

What a feed tells are states, so an object is kept once, as it was told last; within a page what is gone comes before
the rows, since a grade that was deleted and given anew is told as both. A course of which too much is told is read
whole in its place, so that memory stays bounded however long nobody pulled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from lms_sync.errors import SourceAnswerInvalid
from lms_sync_moodle.companion import Companion
from lms_sync_moodle.companion_wire import FeedPage, Row, picker

MOST_KEPT = 20_000
"""Objects of one feed that are kept at once: some tens of megabytes."""

EVERYWHERE = 0
"""The course of what belongs to none (people), and of what was gone before anybody could say where it had been."""

Key = Any
"""The value of one column, or the values of several as a tuple."""


@dataclass(frozen=True)
class Form:
    """How the objects of a stream are known: the columns of their key in rows, and in what is gone."""

    key: tuple[str, ...]
    gone: tuple[str, ...]
    has_course: bool = True


FORMS = {
    "people": Form(("id",), ("id",), has_course=False),
    "enrolments": Form(("courseid", "userid"), ("courseid", "userid")),
    "attempts": Form(("id",), ("id",)),
    "grade_items": Form(("id",), ("id",)),
    "grades": Form(("itemid", "userid"), ("parentid", "userid")),
}


@dataclass
class Share:
    """What a feed tells of one course. `told`: key -> the row, None for what is gone. `whole`: more than is told."""

    told: dict[Key, Row | None] = field(default_factory=dict)
    whole: bool = False

    @property
    def rows(self) -> list[Row]:
        """The objects that there are."""
        return [row for row in self.told.values() if row is not None]

    @property
    def gone(self) -> list[Key]:
        """The keys of those that there are no more."""
        return [key for key, row in self.told.items() if row is None]


@dataclass
class Feed:
    """One stream's changes since one cursor."""

    stream: str
    since: str
    columns: list[str] = field(default_factory=list)
    lost: FeedPage | None = None
    """The page that said that the cursor leads nowhere."""
    whole_site: bool = False
    cursor: str = ""
    _shares: dict[int, Share] = field(default_factory=dict)
    _kept: int = 0

    def share(self, course_id: int) -> Share:
        """What is told of a course; nothing, if nothing is."""
        return self._shares.get(course_id) or Share()

    def shares(self) -> dict[int, Share]:
        """All of them, by course."""
        return self._shares

    def drop(self, course_id: int) -> None:
        """The course was read, and no other stream needs what is kept of it."""
        share = self._shares.get(course_id)
        if share is not None:
            self._kept -= len(share.told)
            share.told = {}

    def take(self, page: FeedPage, courses: Collection[int]) -> None:
        """Takes in a page. Of courses that were not chosen nothing is kept."""
        form = FORMS[self.stream]
        self.columns = page.columns
        self.cursor = page.cursor
        gone_key = _key_of(page.gone_columns, form.gone, self.stream)
        gone_course = _key_of(page.gone_columns, ("courseid",), self.stream)
        for gone in page.gone:
            course = gone_course(gone) if form.has_course else EVERYWHERE
            if course == EVERYWHERE or course in courses:
                self._keep(course, gone_key(gone), None)
        row_key = _key_of(page.columns, form.key, self.stream)
        row_course = _key_of(page.columns, ("courseid",), self.stream) if form.has_course else None
        for row in page.rows:
            course = row_course(row) if row_course else EVERYWHERE
            if course in courses or not form.has_course:
                self._keep(course, row_key(row), row)
        for course in page.resync:
            if course == EVERYWHERE or course in courses:
                self._make_whole(course)

    def _keep(self, course: int, key: Key, row: Row | None) -> None:
        if self.whole_site:
            return
        share = self._shares.setdefault(course, Share())
        if share.whole:
            return
        self._kept += key not in share.told
        share.told[key] = row
        if self._kept > MOST_KEPT:
            self._make_whole(max(self._shares, key=lambda one: len(self._shares[one].told)))

    def _make_whole(self, course: int) -> None:
        if course == EVERYWHERE:  # of what belongs to no course, nothing less than everything can be read again
            self.whole_site = True
            self._shares = {}
        else:
            self._shares.setdefault(course, Share()).whole = True
            self.drop(course)


def read_feed(companion: Companion, stream: str, cursor: str, courses: Collection[int]) -> Feed:
    """Everything that has settled since the cursor. Raises what `Companion.changes` raises."""
    feed = Feed(stream, since=cursor, cursor=cursor)
    while True:
        page = companion.changes(stream, feed.cursor)
        if page.lost:
            feed.lost = page
            return feed
        moved = page.cursor != feed.cursor
        feed.take(page, courses)
        if not page.more:
            return feed
        if not moved:
            raise SourceAnswerInvalid(f"The companion plugin's feed of {stream} does not move on; report it.")


def _key_of(columns: Sequence[str], names: tuple[str, ...], stream: str) -> Callable[[Row], Key]:
    """Takes the key out of a row: a plain value of one column, a tuple of several."""
    take = picker(columns, names, stream)
    return take if len(names) > 1 else lambda row: take(row)[0]
