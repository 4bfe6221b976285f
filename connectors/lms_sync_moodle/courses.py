"""The streams `courses` and `assessments`: what is taught, and which quizzes there are.

Owns the records course and quiz. Must not read people or results.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lms_sync.connector import Finding, Level, Outcome, Page, ReadTask, Scope, SourceRecord
from lms_sync.errors import SourceAnswerInvalid, SourceGone, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.companion_courses import course_facts
from lms_sync_moodle.companion_gradebook import CourseFacts
from lms_sync_moodle.enrolled import FUNCTION as ENROLLED
from lms_sync_moodle.pages import Tally, instant, paged, refused
from lms_sync_moodle.refusals import missing_rights
from lms_sync_moodle.site import MoodleSite

LIST_RIGHTS = missing_rights("core_course_get_courses_by_field")


def read_courses(site: MoodleSite, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """All chosen courses. An idnumber that Moodle does not show to the account stays what it was, unless the companion
    tells it."""
    try:
        courses = site.courses()
        companion = site.companion()
        facts = course_facts(site, companion) if companion else {}
    except SourceRefused as error:
        yield refused(error)
        return
    known = task.known.rows("course", scope.key, ("idnumber",))
    tally = Tally(expected=len(courses), received=len(courses))
    yield from paged(_course_record(site, course, known, facts.get(course.id)) for course in courses.values())
    for course_id in sorted({int(key) for key in known} - site.listed):
        if not _is_gone(site, course_id):
            tally.note(f"course {course_id} exists and is hidden from the account; {LIST_RIGHTS}")
    closed = sum(course.visible is None for course in courses.values())
    if closed:
        tally.findings.append(
            Finding(
                Level.WARNING,
                "courses",
                f"{closed} of {len(courses)} courses may be listed but not entered by the service account",
                LIST_RIGHTS,
            )
        )
    yield Page(end=tally.end(Outcome.COMPLETE), findings=tally.findings)


def read_assessments(site: MoodleSite, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """All quizzes of the chosen courses."""
    tally = Tally()
    try:
        for quizzes, left_out in site.remember_quizzes():
            tally.received += len(quizzes)
            yield from paged(_quiz_record(quiz) for quiz in quizzes)
            if left_out:
                tally.note("Moodle leaves courses out; " + missing_rights("mod_quiz_get_quizzes_by_courses"))
    except SourceRefused as error:
        yield refused(error, tally.received)
        return
    yield Page(end=tally.end(Outcome.COMPLETE))


def _is_gone(site: MoodleSite, course_id: int) -> bool:
    """Whether a course that is no longer listed was deleted. Moodle leaves one that it hides out without a word."""
    options = [{"name": "userfields", "value": "id"}, {"name": "limitnumber", "value": 1}]
    try:
        site.client.call(ENROLLED, {"courseid": course_id, "options": options}, answer=list[wire.Person])
    except SourceGone:
        return True
    except (SourceRefused, SourceAnswerInvalid):
        return False
    return False


def _course_record(
    site: MoodleSite, course: wire.Course, known: dict[str, tuple[object, ...]], facts: CourseFacts | None
) -> SourceRecord:
    idnumber = course.idnumber if facts is None else facts.idnumber
    if idnumber is None:
        idnumber = str(known.get(str(course.id), ("",))[0])
    fields = {
        "id": course.id,
        "fullname": course.fullname,
        "shortname": course.shortname,
        "idnumber": idnumber,
        "category_path": site.category_path(course) if facts is None else list(facts.category_path),
        "visible": course.visible,
        "startdate": course.startdate or 0,
        "enddate": course.enddate or 0,
    }
    return SourceRecord("course", str(course.id), fields, instant(course.timemodified))


def _quiz_record(quiz: wire.Quiz) -> SourceRecord:
    fields = {
        "id": quiz.id,
        "course": quiz.course,
        "name": quiz.name,
        "timeopen": quiz.timeopen or 0,
        "timeclose": quiz.timeclose or 0,
        "timelimit": quiz.timelimit or 0,
        "attempts": quiz.attempts or 0,
        "grademethod": quiz.grademethod,
        "sumgrades": quiz.sumgrades or Decimal(0),
        "grade": quiz.grade or Decimal(0),
    }
    return SourceRecord("quiz", str(quiz.id), fields, instant(quiz.timemodified))
