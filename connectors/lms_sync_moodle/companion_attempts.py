"""The stream `attempts` on the companion rung: everybody's attempts, whole or as the feed tells them.

Owns the rows of attempts. Those of people who left are read like all others; teachers' previews are never told; those
of deleted people are nobody's result, as on the core rung. Those of a quiz that waits to be deleted stay until it goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from lms_sync.connector import Mode, Outcome, Page, ReadTask, Scope, SourceRecord
from lms_sync.errors import SourceRefused
from lms_sync_moodle.companion import Companion
from lms_sync_moodle.companion_cursor import CompanionCursor
from lms_sync_moodle.companion_plan import CompanionPlan, by_id, new_feeds, plan, whole
from lms_sync_moodle.companion_wire import Row, picker
from lms_sync_moodle.feed import EVERYWHERE
from lms_sync_moodle.pages import Tally, instant, paged, refused
from lms_sync_moodle.site import MoodleSite, course_of

STREAMS = ("attempts",)
_FIELDS = ("id", "quiz", "courseid", "userid", "attempt", "state", "timestart", "timefinish", "sumgrades",
           "quiz_sumgrades", "quiz_grade", "timemodified", "user_deleted")  # fmt: skip


def read_attempts(site: MoodleSite, companion: Companion, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """The course's attempts: all of them, or those that the feed tells."""
    tally = Tally()
    course_id = course_of(scope)
    try:
        site.course(course_id)
        chosen = plan(site, companion, scope, task, STREAMS)
        tally.findings += chosen.findings
        if chosen.mode is Mode.CHANGES:
            yield from _changes(companion, scope, task, chosen, tally)
            return
        for page in whole(companion, "attempts", course_id, by_id, tally):
            yield from paged(_records(page.columns, page.rows))
        yield Page(cursor=_cursor(companion, chosen), end=tally.end(Outcome.COMPLETE), findings=tally.findings)
    except SourceRefused as error:
        yield refused(error, tally.received, tally.expected)


def _changes(companion: Companion, scope: Scope, task: ReadTask, chosen: CompanionPlan, tally: Tally) -> Iterator[Page]:
    feed = chosen.feeds["attempts"]
    share = feed.share(course_of(scope))
    records = list(_records(feed.columns, share.rows))
    told = {record.key for record in records}
    absent = {str(attempt) for attempt in share.told} - told
    if strays := {str(attempt) for attempt in feed.share(EVERYWHERE).gone}:
        absent |= strays & task.known.rows("attempt", scope.key, ()).keys()
    feed.drop(course_of(scope))
    tally.received = tally.expected = len(records)
    yield from paged(records)
    yield Page(
        absent=[("attempt", key) for key in sorted(absent, key=int)],
        cursor=_cursor(companion, chosen),
        end=tally.end(Outcome.CHANGES),
        findings=tally.findings,
    )


def _cursor(companion: Companion, chosen: CompanionPlan) -> str | None:
    feeds = new_feeds(companion, chosen, STREAMS)
    return CompanionCursor(feeds).text() if feeds else None


def _records(columns: list[str], rows: Iterable[Row]) -> Iterator[SourceRecord]:
    """The records of rows, without those of deleted people."""
    take = picker(columns, _FIELDS, "attempts")
    for row in rows:
        attempt, quiz, course, person, number, state, began, ended, points, most, grade, modified, deleted = take(row)
        if deleted:
            continue
        fields = {
            "id": attempt,
            "quiz": quiz,
            "course": course,
            "userid": person,
            "attempt": number,
            "state": state,
            "timestart": began,
            "timefinish": ended,
            "sumgrades": None if points is None else Decimal(points),
            "quiz_sumgrades": Decimal(most or 0),
            "quiz_grade": Decimal(grade or 0),
        }
        yield SourceRecord("attempt", str(attempt), fields, instant(modified))
