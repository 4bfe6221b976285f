"""What a perfect reader with the service account's rights must end up with. Plain values, easy to compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from lms_sync.sandbox.eventlog import LogRow
from lms_sync.sandbox.state import FRONT_PAGE, WorldState

_MODULE = 70  # the level of an activity's context


class CourseFacts(NamedTuple):
    """A course. Its ``idnumber`` is empty where there are no learners, whose reports alone would tell it."""

    fullname: str
    shortname: str
    idnumber: str
    categories: tuple[str, ...]  # names from the top
    visible: bool


class LearnerFacts(NamedTuple):
    """A learner's own data, as the account may see them."""

    lastname: str
    firstname: str
    email: str
    idnumber: str
    customfields: tuple[tuple[str, str], ...]  # (shortname, value), sorted


class EnrolmentFacts(NamedTuple):
    """Somebody's place in a course: short names of roles in the order of assignment, names of groups sorted."""

    status: str  # active, suspended
    roles: tuple[str, ...]
    groups: tuple[str, ...]


class ItemFacts(NamedTuple):
    """A column of the gradebook with its range in points, or in the numbers of a scale's words."""

    name: str | None  # None for a course total
    itemtype: str
    module: str | None
    grademin: Decimal
    grademax: Decimal


class GradeFacts(NamedTuple):
    """A cell as the gradebook shows it: ``hidden`` and ``locked`` also where only the column is."""

    grade: Decimal | None
    overridden: bool
    hidden: bool
    locked: bool


class AttemptFacts(NamedTuple):
    """An attempt: ``sumgrades`` in the quiz's own points, ``timefinish`` 0 while it is open."""

    quiz: int
    user: int
    number: int
    state: str
    sumgrades: Decimal | None
    timestart: int
    timefinish: int


class LogFacts(NamedTuple):
    """A row of the log as a journal must hold it. Ids are Moodle's, 0 or None for none; ``cmid`` names an activity."""

    id: int
    time: int
    eventname: str
    userid: int
    relateduserid: int | None
    realuserid: int | None
    courseid: int | None
    cmid: int | None
    objecttable: str | None
    objectid: int | None
    crud: str
    origin: str
    anonymous: bool


@dataclass(frozen=True)
class Truth:
    """Keys are Moodle's ids. Times are epoch seconds, grades ``Decimal``.

    ``learners``: everyone enrolled anywhere with a learner role. ``enrolments``: everyone enrolled (teachers
    too; ``roles`` tells). ``grades``: each learner enrolled in the item's course, suspended ones included,
    None where nothing is graded. Only a learner's report tells of a course's grade items and idnumber: a course
    without learners has neither here. ``attempts``: all but previews and those of deleted people.
    ``log``: the rows that are there now and that the account may see, without its own web-service calls.
    """

    courses: dict[int, CourseFacts] = field(default_factory=dict)
    learners: dict[int, LearnerFacts] = field(default_factory=dict)
    enrolments: dict[tuple[int, int], EnrolmentFacts] = field(default_factory=dict)
    grade_items: dict[tuple[int, int], ItemFacts] = field(default_factory=dict)
    grades: dict[tuple[int, int], GradeFacts] = field(default_factory=dict)
    attempts: dict[int, AttemptFacts] = field(default_factory=dict)
    log: list[LogFacts] = field(default_factory=list)


def truth_of(world: WorldState) -> Truth:
    """The truth of a world at this moment."""
    truth = Truth()
    with world.lock:
        for course in world.courses:
            if course != FRONT_PAGE:
                _tell_course(world, course, truth)
        for attempt in world.attempts.values():
            if not attempt.preview and not world.users[attempt.user].deleted:
                truth.attempts[attempt.id] = AttemptFacts(
                    attempt.quiz,
                    attempt.user,
                    attempt.number,
                    attempt.state,
                    attempt.sumgrades,
                    attempt.timestart,
                    attempt.timefinish,
                )
        truth.log.extend(log_facts(row) for row in world.log.rows(world.now) if _is_told(world, row))
    return truth


def log_facts(row: LogRow) -> LogFacts:
    """A row of the log as a journal must hold it."""
    return LogFacts(
        row.id, row.timecreated, row.eventname, row.userid, row.relateduserid, row.realuserid, row.courseid,
        row.contextinstanceid if row.contextlevel == _MODULE else None, row.objecttable, row.objectid, row.crud,
        row.origin, bool(row.anonymous),
    )  # fmt: skip


def _is_told(world: WorldState, row: LogRow) -> bool:
    """Whether a journal holds a row: neither the reader's own polling, nor an anonymous one without the right to it."""
    if row.userid == world.account.userid and row.origin == "ws":
        return False
    return not row.anonymous or (world.companion is not None and world.companion.sees_anonymous)


def _tell_course(world: WorldState, course: int, truth: Truth) -> None:
    record = world.courses[course]
    learners = [enrolment.user for enrolment in world.learners(course)]
    path = category_path(world, record.category)
    idnumber = record.idnumber if learners else ""
    truth.courses[course] = CourseFacts(record.fullname, record.shortname, idnumber, path, record.visible)
    for user, enrolment in world.enrolments[course].items():
        groups = tuple(sorted(group.name for group in world.groups_of(course, user)))
        status = "suspended" if enrolment.suspended else "active"
        truth.enrolments[course, user] = EnrolmentFacts(status, tuple(enrolment.roles), groups)
    for user in learners:
        person = world.users[user]
        fields = tuple(sorted(shown_fields(world, user).items()))
        truth.learners[user] = LearnerFacts(person.lastname, person.firstname, person.email, person.idnumber, fields)
    for item in world.items_of[course] if learners else []:
        facts = ItemFacts(item.name, item.itemtype, item.module, item.grademin, item.grademax)
        truth.grade_items[course, item.id] = facts
        for user in learners:
            row = world.grades[item.id].get(user)
            hidden = item.hidden or (row is not None and row.hidden)
            locked = item.locked or (row is not None and row.locked)
            grade = row.final if row else None
            truth.grades[item.id, user] = GradeFacts(grade, bool(row and row.overridden), hidden, locked)


def category_path(world: WorldState, category: int) -> tuple[str, ...]:
    """Names of a category and its parents, from the top."""
    names: list[str] = []
    while category:
        record = world.categories[category]
        names.insert(0, record.name)
        category = record.parent
    return tuple(names)


def shown_fields(world: WorldState, user: int) -> dict[str, str]:
    """A person's custom profile fields as they are shown: own values and non-empty defaults."""
    own = world.users[user].customfields
    values = {name: own.get(name, field.default) for name, field in world.profile_fields.items()}
    return {name: value for name, value in values.items() if value != ""}
