"""What a sandbox site consists of, its clock and its look-ups. Knows no rule for changing anything."""

from __future__ import annotations

import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from lms_sync.sandbox.eventlog import EventLog
from lms_sync.sandbox.history import Histories
from lms_sync.sandbox.model import (
    LEARNER_ROLES,
    Activity,
    AssignGrade,
    Assignment,
    Attempt,
    Category,
    Course,
    Enrolment,
    Grade,
    GradeItem,
    Group,
    Note,
    ProfileField,
    Quiz,
    QuizGrade,
    Scale,
    ServiceAccount,
    Submission,
    User,
)

if TYPE_CHECKING:
    from lms_sync.sandbox.companion import Companion

FRONT_PAGE = 1
_FIVE_PLACES = Decimal("0.00001")

P = ParamSpec("P")
R = TypeVar("R")


def five_places(value: Decimal) -> Decimal:
    """The value as a ``numeric(10,5)`` column keeps it."""
    return value.quantize(_FIVE_PLACES, ROUND_HALF_UP)


def change(method: Callable[P, R]) -> Callable[P, R]:
    """Mark a method that changes the world: it runs under the lock and moves ``revision``."""

    @functools.wraps(method)
    def changing(*args: P.args, **kwargs: P.kwargs) -> R:
        world = cast("WorldState", args[0])
        with world.lock:
            world.keep_time()
            world.revision += 1
            return method(*args, **kwargs)

    return changing


class WorldState:
    """All tables of one site, by id, with the indexes that answers need.

    ``now`` is epoch seconds. A world made with a fixed ``now`` stands still until ``advance`` or an
    assignment moves it; one made without follows the computer's clock (``advance`` then adds an offset).
    """

    def __init__(self, *, release: str = "5.1", now: int | None = None, sitename: str = "Академия") -> None:
        if release not in {"4.1", "4.5", "5.1"}:
            raise ValueError(f"The sandbox imitates Moodle 4.1, 4.5 and 5.1, not {release!r}.")
        self.release = release
        self.sitename = sitename
        self.site_shortname = "academy"
        self.language = "en"
        self.languages = {"en"}  # installed language packs
        self.timezone = "Asia/Irkutsk"
        self.lock = threading.RLock()
        self.revision = 0
        self._fixed_now = now
        self._offset = 0
        self._ids: dict[str, int] = defaultdict(int)  # the id that was given last
        self.theme_revision = self.now
        self.admin_id = 0
        self.guest_id = 0
        self.account = ServiceAccount(0, "", "", [])

        self.categories: dict[int, Category] = {}
        self.courses: dict[int, Course] = {}
        self.users: dict[int, User] = {}
        self.profile_fields: dict[str, ProfileField] = {}
        self.enrolments: dict[int, dict[int, Enrolment]] = defaultdict(dict)  # course -> user
        self.courses_of: dict[int, set[int]] = defaultdict(set)  # user -> courses
        self.groups: dict[int, Group] = {}
        self.scales: dict[int, Scale] = {}
        self.activities: dict[int, Activity] = {}
        self.activities_of: dict[int, list[Activity]] = defaultdict(list)  # course, in page order
        self.quizzes: dict[int, Quiz] = {}
        self.assignments: dict[int, Assignment] = {}
        self.attempts: dict[int, Attempt] = {}
        self.attempts_of: dict[tuple[int, int], list[Attempt]] = defaultdict(list)  # (quiz, user)
        self.quiz_attempts: dict[int, dict[int, Attempt]] = defaultdict(dict)  # quiz -> id
        self.quiz_grades: dict[int, dict[int, QuizGrade]] = defaultdict(dict)  # quiz -> user
        self.submissions: dict[int, Submission] = {}
        self.assign_grades: dict[int, AssignGrade] = {}
        self.grade_items: dict[int, GradeItem] = {}
        self.items_of: dict[int, list[GradeItem]] = defaultdict(list)  # course, its total last
        self.grades: dict[int, dict[int, Grade]] = defaultdict(dict)  # item -> user
        self.notes: dict[int, Note] = {}
        self.notes_enabled = True  # $CFG->enablenotes
        self.may_manage_notes = True  # whether the service account sees and writes notes
        self.completions: dict[tuple[int, int], tuple[int, int]] = {}  # (cmid, user) -> (state, time)
        self.log = EventLog()
        self.histories = Histories()
        self.companion: Companion | None = None  # the plugin local_lmssync, where it is installed

    # -- clock and ids

    @property
    def now(self) -> int:
        """The site's time, epoch seconds. Once set, the clock stands still but for ``advance``."""
        return (int(time.time()) if self._fixed_now is None else self._fixed_now) + self._offset

    @now.setter
    def now(self, value: int) -> None:
        with self.lock:
            self._fixed_now, self._offset = value, 0
            self.keep_time()

    def follow_real_time(self) -> None:
        """Let the site's clock be the computer's clock from now on."""
        self._fixed_now, self._offset = None, 0

    def advance(self, seconds: int) -> None:
        """Move the site's clock forward."""
        with self.lock:
            self.revision += 1
            self._offset += seconds
            self.keep_time()

    def keep_time(self) -> None:
        """Let happen what the site's scheduled tasks did since the last change."""
        if self.companion is not None:
            self.companion.run_tasks()

    def new_id(self, table: str) -> int:
        """The next id of a table, as Moodle's sequences give them: never one twice."""
        self._ids[table] += 1
        return self._ids[table]

    def start_ids(self, table: str, first: int) -> None:
        """Make the next id of a table ``first`` (to rebuild a site whose ids are known)."""
        self._ids[table] = first - 1

    @property
    def token(self) -> str:
        """The web-service token that the site accepts."""
        return self.account.token

    # -- look-ups

    def activity_of(self, module: str, instance: int) -> Activity:
        """The course module of a quiz or assignment, by the instance's own id. Raises KeyError."""
        cmid = self.quizzes[instance].cmid if module == "quiz" else self.assignments[instance].cmid
        return self.activities[cmid]

    def item_of(self, module: str, instance: int) -> GradeItem | None:
        """The grade item of an activity, None when it has been deleted."""
        course = self.activity_of(module, instance).course
        for item in self.items_of[course]:
            if item.module == module and item.instance == instance:
                return item
        return None

    def total_of(self, course: int) -> GradeItem | None:
        """The course total's grade item; None until the course has any item."""
        for item in self.items_of[course]:
            if item.itemtype == "course":
                return item
        return None

    def is_learner(self, enrolment: Enrolment) -> bool:
        """Whether the enrolment is graded: it holds one of ``LEARNER_ROLES``."""
        return not LEARNER_ROLES.isdisjoint(enrolment.roles)

    def learners(self, course: int) -> list[Enrolment]:
        """Enrolments with a graded role, in order of user id."""
        return [e for _, e in sorted(self.enrolments[course].items()) if self.is_learner(e)]

    def groups_of(self, course: int, user: int) -> list[Group]:
        """Somebody's groups in one course, the oldest first."""
        return [g for g in self.groups.values() if g.course == course and user in g.members]

    def name_order(self, user: User) -> tuple[str, str, int]:
        """The order of people by name: PostgreSQL with code points for 5.1, MariaDB's collation before."""
        names = (user.lastname, user.firstname)
        if self.release != "5.1":
            names = tuple(name.casefold().replace("ё", "е") for name in names)  # type: ignore[assignment]
        return (*names, user.id)

    def snapshot_counts(self) -> dict[str, int]:
        """How much the world holds: for greetings and logs."""
        real = [c for c in self.courses if c != FRONT_PAGE]
        people = {u for c in real for u, e in self.enrolments[c].items() if self.is_learner(e)}
        counts: dict[str, Any] = {"courses": len(real), "learners": len(people)}
        return counts | {"quizzes": len(self.quizzes), "attempts": len(self.attempts)}
