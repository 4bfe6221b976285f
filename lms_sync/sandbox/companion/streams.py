"""What the companion's streams of objects tell of the world's tables: columns, rows and keys.

Column names and their order are the plugin's (``classes/local/stream/*.php``). Points and grades are decimal texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lms_sync.sandbox.companion.plugin import Companion, Pointer
from lms_sync.sandbox.model import Attempt, Course, Enrolment, Grade, GradeItem, Quiz, User
from lms_sync.sandbox.state import FRONT_PAGE, WorldState
from lms_sync.sandbox.truth import category_path

Row = list[Any]
Record = Any


@dataclass(frozen=True)
class ObjectStream:
    """A stream of objects: where they are, which of them are told, and how."""

    name: str
    columns: tuple[str, ...]
    key_columns: tuple[str, ...]
    sources: tuple[str, ...]
    records: Callable[[WorldState], Iterable[Record]]
    row: Callable[[Companion, Record], Row]
    key: Callable[[WorldState, Record], Row]
    in_course: Callable[[WorldState, Record, int], bool]
    find: Callable[[WorldState, Pointer], Record | None]

    def ordered(self, world: WorldState) -> list[Record]:
        """All told objects by id."""
        return sorted(self.records(world), key=lambda record: record.id)


def points(value: Decimal | None) -> str | None:
    """A decimal column as PHP gets it from the database."""
    return None if value is None else f"{value:.5f}"


# -- courses


def _course(companion: Companion, course: Course) -> Row:
    world = companion.world
    return [
        course.id, course.fullname, course.shortname, course.idnumber, course.category,
        list(category_path(world, course.category)), int(course.visible), course.startdate, course.enddate,
        course.timecreated, course.timemodified,
    ]  # fmt: skip


COURSES = ObjectStream(
    "courses",
    ("id", "fullname", "shortname", "idnumber", "categoryid", "category_path", "visible", "startdate", "enddate",
     "timecreated", "timemodified"),
    ("id", "timemodified"),
    ("changeid",),
    lambda world: (course for course in world.courses.values() if course.id != FRONT_PAGE),
    _course,
    lambda world, course: [course.id, course.timemodified],
    lambda world, course, wanted: course.id == wanted,
    lambda world, pointer: world.courses.get(pointer.objectid) if pointer.objectid != FRONT_PAGE else None,
)  # fmt: skip


# -- people


def _person(companion: Companion, user: User) -> Row:
    names = companion.profile_fields
    defaults = {name: one.default for name, one in companion.world.profile_fields.items() if one.default}
    values = defaults | user.customfields
    profile = {name: value for name, value in values.items() if names is None or name in names}
    identity: Row = [
        user.lastname, user.firstname, user.middlename, None, user.email, user.idnumber, user.institution,
        user.department, user.city, user.country, user.timezone, profile,
    ]  # fmt: skip
    shown = [None] * len(identity) if user.deleted else identity
    fullname = None if user.deleted else user.fullname
    return [user.id, int(user.deleted), int(user.suspended), *shown, user.timecreated, user.timemodified, fullname]


PEOPLE = ObjectStream(
    "people",
    ("id", "deleted", "suspended", "lastname", "firstname", "middlename", "alternatename", "email", "idnumber",
     "institution", "department", "city", "country", "timezone", "profile", "timecreated", "timemodified", "fullname"),
    ("id", "timemodified", "deleted", "suspended"),
    ("changeid",),
    lambda world: (user for user in world.users.values() if user.id != world.guest_id),
    _person,
    lambda world, user: [user.id, user.timemodified, int(user.deleted), int(user.suspended)],
    lambda world, user, course: user.id in world.enrolments[course],
    lambda world, pointer: world.users.get(pointer.objectid) if pointer.objectid != world.guest_id else None,
)  # fmt: skip


# -- enrolments


def _enrolment(companion: Companion, enrolment: Enrolment) -> Row:
    world, status = companion.world, int(enrolment.suspended)
    method = [enrolment.id, "manual", status, 0, enrolment.timestart, 0, enrolment.timemodified]
    groups = sorted(world.groups_of(enrolment.course, enrolment.user), key=lambda group: group.id)
    active = int(not status and enrolment.timestart <= world.now)
    told = [[group.id, group.idnumber, group.name] for group in groups]
    return [enrolment.course, enrolment.user, active, [method], enrolment.roles, told]


ENROLMENTS = ObjectStream(
    "enrolments",
    ("courseid", "userid", "active", "methods", "roles", "groups"),
    ("id", "courseid", "userid", "status", "timemodified"),
    ("changeid",),
    lambda world: (
        one for course, people in world.enrolments.items() if course != FRONT_PAGE for one in people.values()
    ),
    _enrolment,
    lambda world, one: [one.id, one.course, one.user, int(one.suspended), one.timemodified],
    lambda world, one, course: one.course == course,
    lambda world, pointer: world.enrolments.get(pointer.courseid, {}).get(pointer.userid),
)


# -- assessments and attempts


def _assessment(companion: Companion, quiz: Quiz) -> Row:
    world = companion.world
    activity, item = world.activities[quiz.cmid], world.item_of("quiz", quiz.id)
    return [
        quiz.id, quiz.course, quiz.cmid, (item.idnumber if item else "") or "", activity.name, int(activity.visible),
        quiz.timeopen, quiz.timeclose, quiz.timelimit, quiz.attempts, quiz.grademethod, points(quiz.sumgrades),
        points(quiz.grade), activity.timemodified, activity.timemodified,
    ]  # fmt: skip


ASSESSMENTS = ObjectStream(
    "assessments",
    ("id", "courseid", "cmid", "idnumber", "name", "visible", "timeopen", "timeclose", "timelimit", "attempts",
     "grademethod", "sumgrades", "grade", "timecreated", "timemodified"),
    ("id", "courseid", "timemodified"),
    ("changeid",),
    lambda world: world.quizzes.values(),
    _assessment,
    lambda world, quiz: [quiz.id, quiz.course, world.activities[quiz.cmid].timemodified],
    lambda world, quiz, course: quiz.course == course,
    lambda world, pointer: world.quizzes.get(pointer.objectid),
)  # fmt: skip


def _attempt(companion: Companion, attempt: Attempt) -> Row:
    quiz = companion.world.quizzes[attempt.quiz]
    return [
        attempt.id, attempt.quiz, quiz.course, attempt.user, attempt.number, attempt.state, attempt.timestart,
        attempt.timefinish, points(attempt.sumgrades), points(quiz.sumgrades), points(quiz.grade), attempt.timemodified,
        int(companion.world.users[attempt.user].deleted),
    ]  # fmt: skip


ATTEMPTS = ObjectStream(
    "attempts",
    ("id", "quiz", "courseid", "userid", "attempt", "state", "timestart", "timefinish", "sumgrades", "quiz_sumgrades",
     "quiz_grade", "timemodified", "user_deleted"),
    ("id", "quiz", "courseid", "userid", "timemodified"),
    ("changeid",),
    lambda world: (attempt for attempt in world.attempts.values() if not attempt.preview),
    _attempt,
    lambda world, one: [one.id, one.quiz, world.quizzes[one.quiz].course, one.user, one.timemodified],
    lambda world, one, course: world.quizzes[one.quiz].course == course,
    lambda world, pointer: world.attempts.get(pointer.objectid),
)  # fmt: skip


# -- the gradebook


def _item(companion: Companion, item: GradeItem) -> Row:
    world = companion.world
    items, total = world.items_of[item.course], item.itemtype == "course"
    words = list(world.scales[item.scale].words) if item.scale is not None else None
    return [
        item.id, item.course, item.name, item.itemtype, item.module, item.instance, 0 if item.module else None,
        item.idnumber or "", 1 if words is None else 2, points(item.grademin), points(item.grademax),
        points(item.gradepass), item.scale, words, world.courses[item.course].gradecategory, [],
        item.sortorder, int(item.hidden), item.locked_at, item.timecreated, item.timemodified,
        items.index(item) + 1, int(total),
    ]  # fmt: skip


GRADE_ITEMS = ObjectStream(
    "grade_items",
    ("id", "courseid", "itemname", "itemtype", "itemmodule", "iteminstance", "itemnumber", "idnumber", "gradetype",
     "grademin", "grademax", "gradepass", "scaleid", "scale", "categoryid", "category_path", "sortorder", "hidden",
     "locked", "timecreated", "timemodified", "position", "own_bounds"),
    ("id", "courseid", "timemodified"),
    ("changeid", "itemid", "categoryid"),
    lambda world: world.grade_items.values(),
    _item,
    lambda world, item: [item.id, item.course, item.timemodified],
    lambda world, item, course: item.course == course,
    lambda world, pointer: world.grade_items.get(pointer.objectid),
)  # fmt: skip


def _grade(companion: Companion, grade: Grade) -> Row:
    item = companion.world.grade_items[grade.item]
    maximum = grade.grademax if grade.grademax is not None else item.grademax
    raw = grade.raw if item.module else None  # only an activity supplies one
    return [
        grade.id, grade.item, item.course, grade.user, points(raw), points(item.grademin), points(maximum),
        points(grade.final), int(grade.hidden), grade.locked_at, 0, grade.overridden, grade.excluded_at, grade.grader,
        grade.datesubmitted, grade.dategraded, grade.status, int(bool(grade.feedback)),
    ]  # fmt: skip


def _all_grades(world: WorldState) -> Iterator[Grade]:
    return (grade for rows in world.grades.values() for grade in rows.values())


GRADES = ObjectStream(
    "grades",
    ("id", "itemid", "courseid", "userid", "rawgrade", "rawgrademin", "rawgrademax", "finalgrade", "hidden", "locked",
     "locktime", "overridden", "excluded", "usermodified", "timecreated", "timemodified", "status", "has_feedback"),
    ("id", "itemid", "courseid", "userid", "timemodified"),
    ("changeid", "gradeid"),
    _all_grades,
    _grade,
    lambda world, one: [one.id, one.item, world.grade_items[one.item].course, one.user, one.dategraded],
    lambda world, one, course: world.grade_items[one.item].course == course,
    # A grade that was deleted and given anew has another id.
    lambda world, pointer: world.grades.get(pointer.parentid, {}).get(pointer.userid),
)  # fmt: skip

OBJECT_STREAMS = {
    stream.name: stream for stream in (COURSES, PEOPLE, ENROLMENTS, ASSESSMENTS, ATTEMPTS, GRADE_ITEMS, GRADES)
}
LOG, GRADE_HISTORY = "log", "grade_history"
LOG_COLUMNS = (
    "id", "eventname", "component", "action", "target", "objecttable", "objectid", "crud", "edulevel", "contextid",
    "contextlevel", "contextinstanceid", "userid", "courseid", "relateduserid", "anonymous", "other", "timecreated",
    "origin", "ip", "realuserid", "userdeleted",
)  # fmt: skip
HISTORY_COLUMNS = (
    "id", "gradeid", "action", "itemid", "userid", "loggeduser", "usermodified", "source", "rawgrade", "rawgrademin",
    "rawgrademax", "finalgrade", "hidden", "locked", "locktime", "overridden", "excluded", "timemodified",
)  # fmt: skip
#: All streams in an order in which no row points forward.
STREAM_NAMES = (*OBJECT_STREAMS, GRADE_HISTORY, LOG)
