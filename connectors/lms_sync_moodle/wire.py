"""Moodle's answers as typed values: only the fields that lms-sync reads, as releases 4.1 to 5.1 send them.

Owns the shapes. Must not know requests or records. Unknown fields are ignored and absent ones have defaults, because
releases and rights differ in what they send; numbers of grades are decimals straight from the digits on the wire.
Times are epoch seconds.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Warning_(msgspec.Struct, frozen=True):
    """A partial failure inside a success (`core_external\\external_warnings`)."""

    item: str | None = None
    itemid: int | None = None
    warningcode: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """What Moodle answers, with HTTP 200, instead of the data. Its message is localised and may quote SQL: not read."""

    exception: str | None = None
    errorcode: str | None = None


class SiteFunction(msgspec.Struct, frozen=True):
    """A function that the token may call."""

    name: str


class SiteInfo(msgspec.Struct, frozen=True):
    """`core_webservice_get_site_info`, without its secrets."""

    userid: int = 0
    username: str = ""
    siteurl: str = ""
    release: str = ""
    version: str = ""
    functions: list[SiteFunction] = []
    userissiteadmin: bool | None = None


class Course(msgspec.Struct, frozen=True):
    """A course of `core_course_get_courses_by_field`. Without `visible` the account may not enter the course;
    idnumber and timemodified come only with moodle/course:update (`course/externallib.php`)."""

    id: int
    fullname: str = ""
    shortname: str = ""
    categoryid: int = 0
    categoryname: str | None = None
    idnumber: str | None = None
    visible: bool | None = None
    startdate: int | None = 0
    enddate: int | None = 0
    timemodified: int | None = None
    enablecompletion: bool | None = None


class Courses(msgspec.Struct, frozen=True):
    """`core_course_get_courses_by_field`."""

    courses: list[Course]
    warnings: list[Warning_] = []


class Category(msgspec.Struct, frozen=True):
    """A category of `core_course_get_categories`; `path` is `/1/5/9`."""

    id: int
    name: str = ""
    parent: int = 0
    path: str = ""
    idnumber: str | None = None


class ProfileField(msgspec.Struct, frozen=True):
    """A custom profile field of a person."""

    shortname: str
    value: str | None = None


class Role(msgspec.Struct, frozen=True):
    """A role that a person holds in the course."""

    shortname: str = ""


class Group(msgspec.Struct, frozen=True):
    """A group of a person; its name stays HTML-escaped even with raw=1 (`user/lib.php`)."""

    name: str = ""


class Person(msgspec.Struct, frozen=True):
    """A person of `core_enrol_get_enrolled_users`, with the fields asked for and allowed."""

    id: int
    firstname: str | None = None
    lastname: str | None = None
    fullname: str | None = None
    email: str | None = None
    idnumber: str | None = None
    institution: str | None = None
    department: str | None = None
    city: str | None = None
    country: str | None = None
    customfields: list[ProfileField] | None = None
    groups: list[Group] | None = None
    roles: list[Role] | None = None
    lastcourseaccess: int | None = None


class Quiz(msgspec.Struct, frozen=True):
    """A quiz of `mod_quiz_get_quizzes_by_courses`."""

    id: int
    course: int
    coursemodule: int
    name: str = ""
    timeopen: int | None = 0
    timeclose: int | None = 0
    timelimit: int | None = 0
    attempts: int | None = 0
    grademethod: int | None = 1
    sumgrades: Decimal | None = None
    grade: Decimal | None = None
    timemodified: int | None = None


class Quizzes(msgspec.Struct, frozen=True):
    """`mod_quiz_get_quizzes_by_courses`."""

    quizzes: list[Quiz]
    warnings: list[Warning_] = []


class GradeItem(msgspec.Struct, frozen=True):
    """One column for one learner, of `gradereport_user_get_grade_items`. The formatted texts are localised HTML."""

    id: int
    itemtype: str
    itemname: str | None = None
    itemmodule: str | None = None
    iteminstance: int | None = None
    idnumber: str | None = None
    status: str | None = None
    weightraw: Decimal | None = None
    graderaw: Decimal | None = None
    grademin: Decimal | None = None
    grademax: Decimal | None = None
    gradedatesubmitted: int | None = None
    gradedategraded: int | None = None
    gradeneedsupdate: bool | None = None
    gradeishidden: bool | None = None
    gradeislocked: bool | None = None
    gradeisoverridden: bool | None = None
    gradeformatted: str | None = None
    rangeformatted: str | None = None


class UserGrades(msgspec.Struct, frozen=True):
    """All columns of one learner."""

    courseid: int
    userid: int
    gradeitems: list[GradeItem]
    courseidnumber: str | None = None


class GradeReport(msgspec.Struct, frozen=True):
    """`gradereport_user_get_grade_items`."""

    usergrades: list[UserGrades]
    warnings: list[Warning_] = []


class Attempt(msgspec.Struct, frozen=True):
    """A quiz attempt; `sumgrades` is in the quiz's own points and null until everything is marked."""

    id: int
    quiz: int
    userid: int
    attempt: int
    state: str
    preview: bool | None = False
    timestart: int | None = 0
    timefinish: int | None = 0
    timemodified: int | None = None
    sumgrades: Decimal | None = None


class Attempts(msgspec.Struct, frozen=True):
    """`mod_quiz_get_user_quiz_attempts` and `mod_quiz_get_user_attempts`."""

    attempts: list[Attempt]
    warnings: list[Warning_] = []


class Review(msgspec.Struct, frozen=True):
    """`mod_quiz_get_attempt_review`, without the rendered questions."""

    attempt: Attempt


class Update(msgspec.Struct, frozen=True):
    """One kind of change in an activity; `itemids` are unordered."""

    name: str
    itemids: list[int] | None = None


class UpdatedModule(msgspec.Struct, frozen=True):
    """An activity that changed; `id` is its course module."""

    id: int
    updates: list[Update] = []
    contextlevel: str = "module"


class Updates(msgspec.Struct, frozen=True):
    """`core_course_get_updates_since`."""

    instances: list[UpdatedModule]
    warnings: list[Warning_] = []


class Assignment(msgspec.Struct, frozen=True):
    """An assignment of `mod_assign_get_assignments`; `cmid` is its course module. With `blindmarking` whoever marks
    does not see whose the work is."""

    id: int
    cmid: int
    blindmarking: bool = False


class AssignmentCourse(msgspec.Struct, frozen=True):
    """The assignments of a course."""

    id: int
    assignments: list[Assignment] = []


class Assignments(msgspec.Struct, frozen=True):
    """`mod_assign_get_assignments`. Courses that the account may not enter are left out, with a warning."""

    courses: list[AssignmentCourse]
    warnings: list[Warning_] = []


class Submission(msgspec.Struct, frozen=True):
    """A submission, without what was handed in. `userid` is 0 for a team's."""

    id: int
    userid: int
    timemodified: int


class AssignmentSubmissions(msgspec.Struct, frozen=True):
    """The latest submission of everybody to an assignment."""

    assignmentid: int
    submissions: list[Submission] = []


class Submissions(msgspec.Struct, frozen=True):
    """`mod_assign_get_submissions`. Assignments whose grades the account may not see are left out, with a warning."""

    assignments: list[AssignmentSubmissions]
    warnings: list[Warning_] = []


class ActivityStatus(msgspec.Struct, frozen=True):
    """How far somebody is with an activity (`COMPLETION_…` of `lib/completionlib.php`)."""

    cmid: int
    state: int
    timecompleted: int | None = 0


class ActivityStatuses(msgspec.Struct, frozen=True):
    """`core_completion_get_activities_completion_status`."""

    statuses: list[ActivityStatus]
    warnings: list[Warning_] = []


class CustomField(msgspec.Struct, frozen=True):
    """A custom profile field; an empty one is left out of an account. `value` is as it is stored where there is a
    `displayvalue` beside it; before, in Moodle 4.1, texts came as HTML (`user/lib.php: user_get_user_details`)."""

    shortname: str
    type: str = ""
    value: str | None = None
    displayvalue: str | None = None


class Account(msgspec.Struct, frozen=True):
    """An account of `core_user_get_users_by_field`; a deleted one is told too, disguised."""

    id: int
    customfields: list[CustomField] | None = None


class Updated(msgspec.Struct, frozen=True):
    """`core_user_update_users`: a warning for each account that was left as it was."""

    warnings: list[Warning_] = []


class Note(msgspec.Struct, frozen=True):
    """A note about a person. `usermodified` wrote it last; `publishstate` is draft, public (the course's) or site."""

    id: int
    courseid: int
    userid: int
    content: str = ""
    format: int = 0
    usermodified: int = 0
    publishstate: str = ""


class Notes(msgspec.Struct, frozen=True):
    """`core_notes_get_course_notes`. Of the front page the lists are empty where the account may not see them."""

    sitenotes: list[Note] = []
    coursenotes: list[Note] = []
    canmanagesystemnotes: bool = False


class CreatedNote(msgspec.Struct, frozen=True):
    """What became of one note of `core_notes_create_notes`: its id, or -1 with a localised reason."""

    noteid: int
    errormessage: str | None = None
