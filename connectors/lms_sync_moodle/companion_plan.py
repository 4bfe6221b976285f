"""How a course's stream is read on the companion rung: whole, or only what the feeds tell of it.

Owns that choice, the whole reading of a stream's rows in a course, and the cursors that both leave behind. Must not
build records.

Every reading of a run leaves the cursors of the run's handshake behind, which are from before anything was read: so all
courses stand at the same place, and the next run reads each feed once for all of them. What a feed told beyond that
place is told again, which is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lms_sync.connector import Finding, Level, Mode, ReadTask, Scope
from lms_sync_moodle.companion import SUBJECT, Companion
from lms_sync_moodle.companion_cursor import CompanionCursor, parse
from lms_sync_moodle.companion_wire import FeedPage, Row
from lms_sync_moodle.feed import EVERYWHERE, Feed, Key, Share, read_feed
from lms_sync_moodle.pages import Tally
from lms_sync_moodle.site import MoodleSite, course_of


@dataclass(frozen=True)
class CompanionPlan:
    """`cursor` and `feeds` (by stream) are there when only changes are read."""

    mode: Mode
    cursor: CompanionCursor | None = None
    feeds: dict[str, Feed] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def share(self, stream: str, course_id: int) -> Share:
        """What a feed tells of a course."""
        return self.feeds[stream].share(course_id)


def plan(site: MoodleSite, companion: Companion, scope: Scope, task: ReadTask, streams: Sequence[str]) -> CompanionPlan:
    """Whole when asked to, without a cursor of this rung, when one leads nowhere, when the feed asks for it, and when
    something has changed by the clock. `streams`: the plugin's that matter to the scope."""
    cursor = parse(task.cursor)
    if task.mode is Mode.FULL or cursor is None or any(stream not in cursor.feeds for stream in streams):
        return CompanionPlan(Mode.FULL)
    if cursor.wake is not None and cursor.wake <= site.client.now():
        return CompanionPlan(Mode.FULL)
    feeds = {stream: feed_of(site, companion, stream, cursor.feeds[stream]) for stream in streams}
    lost = [feed for feed in feeds.values() if feed.lost]
    if lost:
        return CompanionPlan(Mode.FULL, findings=_tell_once(site, lost[0]))
    course_id = course_of(scope)
    if any(feed.whole_site or feed.share(course_id).whole for feed in feeds.values()):
        return CompanionPlan(Mode.FULL)
    return CompanionPlan(Mode.CHANGES, cursor, feeds)


def feed_of(site: MoodleSite, companion: Companion, stream: str, cursor: str) -> Feed:
    """A feed since a cursor, read once a run for the chosen courses."""
    return site.once(
        f"feed {stream} {cursor}", EVERYWHERE, lambda: read_feed(companion, stream, cursor, site.courses().keys())
    )


def new_feeds(companion: Companion, chosen: CompanionPlan, streams: Sequence[str]) -> dict[str, str] | None:
    """The cursors that a reading leaves behind; None when nothing had settled before it."""
    cursors: dict[str, str] = {}
    for stream in streams:
        cursor = companion.now(stream)
        if cursor is None and stream in chosen.feeds:
            cursor = chosen.feeds[stream].cursor
        if not cursor:
            return None
        cursors[stream] = cursor
    return cursors


def whole(
    companion: Companion,
    stream: str,
    course_id: int,
    key: Callable[[Row], Key],
    tally: Tally,
    *,
    only: Collection[int] | None = None,
) -> Iterator[FeedPage]:
    """All rows of a stream in a course (0: of the site), page by page, and counted: every key must have its row.

    `key` takes out of a listed key what the row is asked for by: the id, of enrolments the course and the person.
    `only`: the courses that matter, where the second column of a listed key is the course.
    """

    def list_keys() -> dict[Key, None]:
        rows = companion.keys(stream, course_id)
        return dict.fromkeys(key(row) for row in rows if only is None or row[1] in only)

    listed = list_keys()
    tally.expected = (tally.expected or 0) + len(listed)
    received = 0
    for page in companion.rows(stream, list(listed)):
        received += len(page.rows)
        yield page
    missing = len(listed) - received
    if missing > 0:  # gone in between, or kept from us: the keys tell which
        tally.expected -= min(missing, len(listed.keys() - list_keys().keys()))
    tally.received += received


def by_id(row: Row) -> Any:
    """The key of a row whose first column is its id."""
    return row[0]


def earliest(*instants: int | None) -> int | None:
    """The first of these instants; None when there is none."""
    return min((instant for instant in instants if instant is not None), default=None)


def _tell_once(site: MoodleSite, feed: Feed) -> tuple[Finding, ...]:
    """Why a cursor was lost: told with the first course that is read whole for it."""
    told: set[str] = site.once("lost feeds", EVERYWHERE, set)
    if feed.stream in told:
        return ()
    told.add(feed.stream)
    page = feed.lost
    if page is not None and page.rewound:
        message = "Moodle was restored from a backup of before the last reading; everything is read again"
        remedy = "compare the registers with Moodle: what was entered since the backup is no longer there"
    elif page is not None and page.expired:
        message = "the last reading is older than the changes that the plugin keeps; everything is read again"
        remedy = "pull more often, or raise the plugin's retention"
    else:
        message = "the plugin does not know where the last reading ended; everything is read again"
        remedy = "nothing needs doing after the plugin was updated or installed anew"
    return (Finding(Level.WARNING, f"{SUBJECT}: {feed.stream}", message, remedy),)
