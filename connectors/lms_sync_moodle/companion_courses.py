"""The streams `courses` and `assessments` on the companion rung: with idnumbers and unseen quizzes.

Owns the course and quiz rows. The list of courses stays Moodle's own, so that it is the same on both rungs.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lms_sync.connector import Outcome, Page, ReadTask, Scope, SourceRecord
from lms_sync.errors import SourceRefused
from lms_sync_moodle.companion import Companion
from lms_sync_moodle.companion_gradebook import CourseFacts
from lms_sync_moodle.companion_plan import by_id, whole
from lms_sync_moodle.companion_wire import Row, picker
from lms_sync_moodle.feed import EVERYWHERE
from lms_sync_moodle.pages import Tally, instant, paged, refused
from lms_sync_moodle.site import MoodleSite

_QUIZ = ("id", "courseid", "name", "timeopen", "timeclose", "timelimit", "attempts", "grademethod", "sumgrades",
         "grade", "timemodified")  # fmt: skip


def course_facts(site: MoodleSite, companion: Companion) -> dict[int, CourseFacts]:
    """The idnumbers and categories of the chosen courses, asked for once a run."""

    def ask() -> dict[int, CourseFacts]:
        found: dict[int, CourseFacts] = {}
        for page in companion.rows("courses", sorted(site.courses())):
            take = picker(page.columns, ("id", "idnumber", "category_path"), "courses")
            for course_id, idnumber, path in map(take, page.rows):
                found[course_id] = CourseFacts(idnumber or "", tuple(path))
        return found

    return site.once("course facts", EVERYWHERE, ask)


def read_assessments(site: MoodleSite, companion: Companion, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """All quizzes of the chosen courses, but for those that wait to be deleted."""
    tally = Tally()
    try:
        for page in whole(companion, "assessments", EVERYWHERE, by_id, tally, only=site.courses().keys()):
            yield from paged(_quiz_records(page.columns, page.rows))
    except SourceRefused as error:
        yield refused(error, tally.received, tally.expected)
        return
    yield Page(end=tally.end(Outcome.COMPLETE))


def _quiz_records(columns: list[str], rows: list[Row]) -> Iterator[SourceRecord]:
    take = picker(columns, _QUIZ, "assessments")
    for row in rows:
        quiz, course, name, opens, closes, limit, attempts, method, points, grade, modified = take(row)
        fields = {
            "id": quiz,
            "course": course,
            "name": name,
            "timeopen": opens,
            "timeclose": closes,
            "timelimit": limit,
            "attempts": attempts,
            "grademethod": method,
            "sumgrades": Decimal(points or 0),
            "grade": Decimal(grade or 0),
        }
        yield SourceRecord("quiz", str(quiz), fields, instant(modified))
