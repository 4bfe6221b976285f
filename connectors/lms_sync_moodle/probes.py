"""Which rights the service account really has: Moodle tells only when it is asked, so a sample course is read.

Owns the choice of the sample and the probes. Reads only; nothing in a finding names a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lms_sync.connector import Finding, Level
from lms_sync.errors import SourceError, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.enrolled import ALL_FIELDS, FUNCTION, EnrolledList, is_learner
from lms_sync_moodle.quiz_attempts import attempts_of, listed_attempts
from lms_sync_moodle.refusals import RIGHTS, ROLES_PAGE, missing_rights
from lms_sync_moodle.site import COURSES_A_CALL, FRONT_PAGE, MoodleSite

REPORT = "gradereport_user_get_grade_items"
QUIZZES = "mod_quiz_get_quizzes_by_courses"
SAMPLES = 5
"""Courses that are looked at, at most, to find one with learners."""


@dataclass(frozen=True)
class _Sample:
    """A course to probe with: its quizzes, everybody in it, and the learners among them."""

    course: wire.Course
    quizzes: tuple[wire.Quiz, ...]
    people: tuple[wire.Person, ...]
    learners: tuple[int, ...]


def probe_rights(site: MoodleSite) -> Iterator[Finding]:
    """What the account can see, tried on a sample course."""
    try:
        courses = site.courses()
        yield from _courses(courses)
        sample = _sample(site)
        if sample is None:
            yield Finding(
                Level.WARNING,
                "rights",
                "no course with learners was found to try the account's rights on",
                f"grant {', '.join(RIGHTS[FUNCTION])} on {ROLES_PAGE}, or enrol somebody and run doctor again",
            )
            return
        for probe in (_people, _suspended, _grades, _attempts, _form_size, _size):
            yield from probe(site, sample)
    except SourceError as error:
        yield Finding(Level.FAILURE, "rights", str(error), f"check the account's role on {ROLES_PAGE}")


def _courses(courses: dict[int, wire.Course]) -> Iterator[Finding]:
    closed = sum(course.visible is None for course in courses.values())
    if not courses:
        yield Finding(
            Level.FAILURE,
            "courses",
            "the account sees no course, or the options choose none",
            missing_rights("core_course_get_courses_by_field"),
        )
    elif closed:
        yield Finding(
            Level.WARNING,
            "courses",
            f"{closed} of {len(courses)} courses may be listed but not entered",
            missing_rights("core_course_get_courses_by_field"),
        )
    else:
        yield Finding(Level.OK, "courses", f"{len(courses)} courses can be read")


def _sample(site: MoodleSite) -> _Sample | None:
    """A course with learners, one with quizzes before one without."""
    open_courses = [course for course in site.courses().values() if course.visible is not None][:COURSES_A_CALL]
    if not open_courses:
        return None
    with_quizzes = [(course, site.quizzes(course.id).quizzes) for course in open_courses[: 2 * SAMPLES]]
    with_quizzes.sort(key=lambda pair: not pair[1])
    for course, quizzes in with_quizzes[:SAMPLES]:
        people = tuple(person for page in EnrolledList(site, course.id, ALL_FIELDS).pages() for person in page)
        learners = tuple(person.id for person in people if is_learner(site, person))
        if learners:
            return _Sample(course, quizzes, people, learners)
    return None


def _people(site: MoodleSite, sample: _Sample) -> Iterator[Finding]:
    learners = [person for person in sample.people if person.id in sample.learners]
    unseen = [
        name
        for name, values in (
            ("idnumber", [person.idnumber for person in learners]),
            ("email", [person.email for person in learners]),
            ("groups", [person.groups for person in learners]),
            ("profile fields", [person.customfields for person in learners]),
        )
        if all(value is None for value in values)
    ]
    if unseen:
        yield Finding(
            Level.WARNING,
            "people",
            f"not shown for any learner of the sample course: {', '.join(unseen)}",
            "grant moodle/user:viewalldetails, moodle/site:viewuseridentity, moodle/course:viewhiddenuserfields and "
            f"moodle/site:accessallgroups on {ROLES_PAGE}",
        )
    else:
        yield Finding(Level.OK, "people", "learners, groups and profile fields can be read")


def _suspended(site: MoodleSite, sample: _Sample) -> Iterator[Finding]:
    try:
        for _ in EnrolledList(site, sample.course.id, "id", only_suspended=True).pages():
            pass
    except SourceRefused:
        yield Finding(
            Level.WARNING,
            "people",
            "suspended enrolments cannot be told from active ones, so that no list of people is ever complete",
            f"grant moodle/course:enrolreview and moodle/course:viewsuspendedusers on {ROLES_PAGE}",
        )
        return
    yield Finding(Level.OK, "suspended", "suspended enrolments can be read")


def _grades(site: MoodleSite, sample: _Sample) -> Iterator[Finding]:
    params = {"courseid": sample.course.id, "userid": sample.learners[0]}
    try:
        answer = site.client.call(REPORT, params, answer=wire.GradeReport)
    except SourceRefused as error:
        yield Finding(Level.FAILURE, "grades", str(error), missing_rights(REPORT))
        return
    items = [item for report in answer.usergrades for item in report.gradeitems]
    yield Finding(Level.OK, "grades", "grades of other people can be read")
    # Without moodle/grade:viewhidden the report also leaves the weights out (measured on Moodle 5.1).
    if items and all(item.weightraw is None for item in items):
        yield Finding(
            Level.NOTICE,
            "grades",
            "hidden grades are probably not shown to the account",
            f"grant moodle/grade:viewhidden on {ROLES_PAGE}",
        )


def _attempts(site: MoodleSite, sample: _Sample) -> Iterator[Finding]:
    if not sample.quizzes:
        yield Finding(
            Level.NOTICE,
            "attempts",
            "the sample course shows no quiz to try; without mod/quiz:view Moodle hides them all",
            missing_rights("mod_quiz_get_user_quiz_attempts"),
        )
        return
    reply = attempts_of(site, sample.quizzes[0].id, sample.learners[0])
    if isinstance(reply, SourceError):
        yield Finding(Level.FAILURE, "attempts", str(reply), missing_rights("mod_quiz_get_user_quiz_attempts"))
        return
    listed = listed_attempts(site, sample.course.id)
    if reply and listed is not None and reply[0].id not in listed.get(sample.quizzes[0].id, set()):
        yield Finding(
            Level.WARNING,
            "attempts",
            "Moodle does not list everybody's attempts to the account, so that changes would be missed",
            f"grant mod/quiz:viewreports and moodle/site:accessallgroups on {ROLES_PAGE}",
        )
        return
    yield Finding(Level.OK, "attempts", "attempts of other people can be read")


def _form_size(site: MoodleSite, sample: _Sample) -> Iterator[Finding]:
    """Sends the longest form that lms-sync may send: PHP cuts a longer one in silence, and the last course is lost."""
    if not sample.quizzes:
        return
    room = site.client.room()
    answer = site.client.call(
        QUIZZES, {"courseids": [*[FRONT_PAGE] * (room - 1), sample.course.id]}, answer=wire.Quizzes
    )
    if any(quiz.course == sample.course.id for quiz in answer.quizzes):
        yield Finding(Level.OK, "form size", f"forms of {site.options.form_limit} fields arrive whole")
        return
    yield Finding(
        Level.FAILURE,
        "form size",
        f"a form of {site.options.form_limit} fields does not arrive whole: PHP's max_input_vars is lower",
        "lower the option form_limit, or raise max_input_vars in php.ini (Moodle asks for 5000)",
    )


def _size(site: MoodleSite, sample: _Sample) -> Iterator[Finding]:
    if len(sample.learners) > site.options.slice_above:
        yield Finding(
            Level.NOTICE,
            "size",
            f"the sample course has {len(sample.learners)} learners; its gradebook is read learner by learner, about "
            f"{round(len(sample.learners) * 0.05)} s for a full reading",
            "run full readings at night; readings of changes stay short",
        )
