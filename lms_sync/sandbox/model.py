"""The records a sandbox site holds: plain dataclasses, one for each table of Moodle that the sandbox imitates.

Owns the shapes and nothing else: no rule of Moodle lives here (see ``state`` and the ``changes_*`` modules)
and nothing here knows how an answer is written. Times are epoch seconds (0 means "never"), grades and points
are ``Decimal`` with at most five places, as Moodle's ``numeric(10,5)`` columns keep them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

FORMAT_MOODLE, FORMAT_HTML, FORMAT_PLAIN = 0, 1, 2

#: Roles whose holders are graded (Moodle's ``$CFG->gradebookroles``).
LEARNER_ROLES = frozenset({"student"})
#: Role ids of a fresh Moodle.
ROLE_IDS = {"manager": 1, "coursecreator": 2, "editingteacher": 3, "teacher": 4, "student": 5}

GRADE_HIGHEST, GRADE_AVERAGE, ATTEMPT_FIRST, ATTEMPT_LAST = 1, 2, 3, 4


@dataclass(slots=True)
class Category:
    """A course category (table ``course_categories``); ``parent`` 0 stands at the top."""

    id: int
    name: str
    idnumber: str = ""
    parent: int = 0
    description: str = ""
    descriptionformat: int = FORMAT_HTML
    visible: bool = True


@dataclass(slots=True)
class Section:
    """A topic of a course page (``course_sections``); number 0 is the general one above all others."""

    id: int
    number: int
    name: str


@dataclass(slots=True)
class Course:
    """A course (``course``). The front page is one as well."""

    id: int
    category: int
    fullname: str
    shortname: str
    idnumber: str = ""
    visible: bool = True
    startdate: int = 0
    enddate: int = 0
    summary: str = ""
    summaryformat: int = FORMAT_MOODLE
    contextid: int = 0
    gradecategory: int = 0  # id of the course's grade category; 0 until it has a grade item
    timecreated: int = 0
    timemodified: int = 0
    sections: list[Section] = field(default_factory=list)


@dataclass(slots=True)
class User:
    """An account (``user``), with its custom profile fields (``user_info_data``) by short name."""

    id: int
    username: str
    firstname: str
    lastname: str
    email: str = ""
    idnumber: str = ""
    middlename: str = ""
    city: str = ""
    country: str = ""
    department: str = ""
    institution: str = ""
    timezone: str = "99"
    suspended: bool = False
    deleted: bool = False
    customfields: dict[str, str] = field(default_factory=dict)
    firstaccess: int = 0
    lastaccess: int = 0
    timecreated: int = 0
    timemodified: int = 0

    @property
    def fullname(self) -> str:
        """Moodle's default display format: first name, then last name; the patronymic is not in it."""
        return f"{self.firstname} {self.lastname}"


@dataclass(slots=True)
class ProfileField:
    """A custom profile field that every account may have (``user_info_field``)."""

    shortname: str
    name: str
    datatype: str  # text, datetime, checkbox
    default: str = ""  # shown for people without a value of their own when not empty (a checkbox's "0")


@dataclass(slots=True)
class Enrolment:
    """Somebody's place in a course: ``user_enrolments`` with the roles that they hold there (``role_assignments``).

    Roles are short names; ``suspended`` is this enrolment's, not the account's.
    """

    course: int
    user: int
    roles: list[str]
    suspended: bool = False
    timestart: int = 0
    lastaccess: int = 0
    id: int = 0
    timemodified: int = 0


@dataclass(slots=True)
class Group:
    """A group of one course (``groups``) with the ids of its members (``groups_members``)."""

    id: int
    course: int
    name: str
    idnumber: str = ""
    description: str = ""
    descriptionformat: int = FORMAT_MOODLE
    members: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Scale:
    """Words that serve as grades, the worst first (``scale``): the grade 1 means the first of them."""

    id: int
    name: str
    words: tuple[str, ...]


@dataclass(slots=True)
class Activity:
    """A course module: what a course page lists, whatever its kind."""

    id: int
    course: int
    module: str  # quiz, assign, page, forum
    instance: int
    name: str
    contextid: int
    intro: str = ""
    visible: bool = True
    completion: int = 0  # 0 none, 1 by hand, 2 automatic (on receiving a grade)
    timemodified: int = 0


@dataclass(slots=True)
class Quiz:
    """What a quiz has beside its activity (``quiz``). ``questions`` are ids, ``timelimit`` in seconds, 0: none."""

    id: int
    cmid: int
    course: int
    grade: Decimal  # what the gradebook's maximum is
    sumgrades: Decimal  # the quiz's own points
    questions: list[int] = field(default_factory=list)
    questions_modified: int = 0
    has_essay: bool = False
    grademethod: int = GRADE_HIGHEST
    attempts: int = 0  # allowed attempts, 0 = unlimited
    timelimit: int = 0
    timeopen: int = 0
    timeclose: int = 0


@dataclass(slots=True)
class Attempt:
    """One attempt at a quiz (``quiz_attempts``). ``sumgrades`` are the quiz's own points, None until all is marked.

    ``number`` counts one person's attempts from 1; ``state`` is inprogress, overdue, finished or abandoned, and since
    5.0 also notstarted or submitted.
    """

    id: int
    quiz: int
    user: int
    number: int
    state: str
    timestart: int
    timefinish: int = 0
    timemodified: int = 0
    timecheckstate: int | None = None
    sumgrades: Decimal | None = None
    preview: bool = False
    notified: int | None = None
    answered: int = 0  # answers saved while it is open


@dataclass(slots=True)
class QuizGrade:
    """What a quiz itself thinks somebody's grade is; only its id is ever told, by the change feed."""

    id: int
    quiz: int
    user: int
    grade: Decimal
    timemodified: int


@dataclass(slots=True)
class Assignment:
    """What an assignment has beside its activity (``assign``)."""

    id: int
    cmid: int
    course: int
    grade: int  # maximum, or minus the id of a scale


@dataclass(slots=True)
class Submission:
    """What somebody handed in (``assign_submission``); ``status`` is draft or submitted."""

    id: int
    assignment: int
    user: int
    status: str
    timecreated: int
    timemodified: int


@dataclass(slots=True)
class AssignGrade:
    """What a teacher gave for a submission (``assign_grades``), before the gradebook takes it over."""

    id: int
    assignment: int
    user: int
    grade: Decimal
    grader: int
    timecreated: int
    timemodified: int


@dataclass(slots=True)
class GradeItem:
    """A column of the gradebook (``grade_items``); ``module`` and ``instance`` only where an activity fills it.

    With a ``scale`` the range counts its words, from 1.
    """

    id: int
    course: int
    name: str | None
    itemtype: str  # course, mod, manual
    module: str | None = None
    instance: int | None = None
    idnumber: str | None = ""
    grademin: Decimal = Decimal(0)
    grademax: Decimal = Decimal(100)
    gradepass: Decimal = Decimal(0)
    scale: int | None = None
    hidden: bool = False
    locked: bool = False
    locked_at: int = 0  # 0 while it is not
    sortorder: int = 1
    timecreated: int = 0
    timemodified: int = 0


@dataclass(slots=True)
class Grade:
    """A cell of the gradebook (``grade_grades``). ``overridden`` is the time of the override, 0 for none."""

    id: int
    item: int
    user: int
    raw: Decimal | None = None  # what the activity supplied
    final: Decimal | None = None  # what the gradebook shows
    grademax: Decimal | None = None  # a course total's own maximum for this person
    overridden: int = 0
    hidden: bool = False
    locked: bool = False
    excluded: bool = False
    locked_at: int = 0  # 0 while it is not
    excluded_at: int = 0  # 0 while it is not
    grader: int | None = None
    feedback: str = ""
    feedbackformat: int = FORMAT_PLAIN
    datesubmitted: int | None = None
    dategraded: int | None = None
    status: str = "unknown"
    weight: Decimal | None = None


@dataclass(slots=True)
class Note:
    """A teacher's note about somebody in a course (``post``, module notes).

    ``author`` wrote it last; ``publishstate`` is draft, public (the course's) or site.
    """

    id: int
    course: int
    user: int
    author: int
    text: str
    format: int
    publishstate: str
    created: int
    modified: int


@dataclass(slots=True)
class ServiceAccount:
    """The person and the token that the web services are called with."""

    userid: int
    token: str
    privatekey: str
    functions: list[str]
