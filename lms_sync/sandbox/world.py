"""A sandbox site: the single truth behind every answer of the sandbox server."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass
from typing import Any

from lms_sync.sandbox import people_names, random_changes
from lms_sync.sandbox.changes_courses import CourseChanges
from lms_sync.sandbox.changes_grades import GradeChanges
from lms_sync.sandbox.changes_people import PeopleChanges
from lms_sync.sandbox.changes_quizzes import QuizChanges
from lms_sync.sandbox.companion.plugin import FUNCTIONS as COMPANION_FUNCTIONS
from lms_sync.sandbox.companion.plugin import Companion
from lms_sync.sandbox.model import Course, ServiceAccount, User
from lms_sync.sandbox.state import FRONT_PAGE, change
from lms_sync.sandbox.truth import Truth, truth_of

#: The functions that the service of a sandbox site offers, in the order in which they were added to it.
SERVICE_FUNCTIONS = (
    "core_webservice_get_site_info",
    "core_course_get_courses",
    "core_course_get_courses_by_field",
    "core_course_get_categories",
    "core_course_get_contents",
    "core_course_get_updates_since",
    "core_enrol_get_enrolled_users",
    "core_group_get_course_groups",
    "core_user_get_users_by_field",
    "core_user_update_users",
    "core_notes_create_notes",
    "core_notes_update_notes",
    "core_notes_get_course_notes",
    "core_notes_delete_notes",
    "core_completion_get_activities_completion_status",
    "gradereport_user_get_grade_items",
    "core_grades_get_gradeitems",
    "mod_quiz_get_quizzes_by_courses",
    "mod_quiz_get_user_attempts",
    "mod_quiz_get_user_quiz_attempts",
    "mod_quiz_get_attempt_review",
    "mod_quiz_get_user_best_grade",
    "mod_assign_get_assignments",
    "mod_assign_get_submissions",
    "mod_assign_get_grades",
)


#: Attributes of a world that are in no database.
_NO_TABLES = frozenset({"lock", "revision", "_fixed_now", "_offset"})


@dataclass(frozen=True)
class Backup:
    """A site's database as it was at a moment."""

    tables: dict[str, Any]


class World(PeopleChanges, CourseChanges, QuizChanges, GradeChanges):
    """One Moodle site with its front page, administrator and guest; everything else is added by calls.

    Reading attributes while a server runs is safe under ``world.lock``; every mutation takes it itself.
    """

    @change
    def set_up(self, *, token: str, privatekey: str = "0" * 32) -> None:
        """Create what every Moodle has: the front page, guest, administrator and the first category."""
        self.courses[FRONT_PAGE] = Course(self.new_id("course"), 0, self.sitename, self.site_shortname, contextid=2)
        self.guest_id = self.add_user("guest", "Guest user", " ", email="root@localhost").id
        self.admin_id = self.add_user("admin", "Admin", "User", email="admin@example.com").id
        self.account = ServiceAccount(0, token, privatekey, list(SERVICE_FUNCTIONS))

    @change
    def add_service_account(self) -> User:
        """Create the account that the token belongs to."""
        user = self.add_user("lmssync", "LMS", "Sync", email="lmssync@example.com")
        self.account.userid = user.id
        return user

    @change
    def add_random_learner(self, rng: random.Random) -> User:
        """Create an account with an invented name, not enrolled anywhere."""
        name = people_names.random_name(rng)
        user = self.add_user(f"learner{self.new_id('username'):05d}", name.given, name.family)
        user.email, user.idnumber = f"{user.username}@example.com", f"ЛД-{10_000 + user.id}"
        if "snils" in self.profile_fields:
            user.customfields["snils"] = people_names.snils(rng)
        return user

    # -- the companion plugin, backups, the log

    @change
    def install_companion(self, **settings: Any) -> Companion:
        """Install the plugin and add its functions to the service; ``settings`` are fields of ``Companion``."""
        self.companion = Companion(self, **settings)
        named = self.account.functions
        self.account.functions = [*(name for name in named if name not in COMPANION_FUNCTIONS), *COMPANION_FUNCTIONS]
        return self.companion

    @change
    def remove_companion(self) -> None:
        """Remove the plugin with its tables: a later installation knows no cursor of this one."""
        self.companion = None
        self.account.functions = [name for name in self.account.functions if name not in COMPANION_FUNCTIONS]

    def back_up(self) -> Backup:
        """A copy of the site's database."""
        with self.lock:
            return Backup(self._copied(vars(self)))

    @change
    def restore(self, backup: Backup) -> None:
        """Bring the database back to a backup: what was written since is undone, and its ids are given out again.

        The clock goes on. Rows of the log that are undone are kept in ``log.forgotten``.
        """
        undone = [*self.log.forgotten, *self.log.rows(self.now)]
        vars(self).update(self._copied(backup.tables))
        kept = set(self.log.rows(self.now))
        self.log.forgotten = [row for row in dict.fromkeys(undone) if row not in kept]

    def _copied(self, tables: dict[str, Any]) -> dict[str, Any]:
        """The tables without clock, lock and revision, as a copy that shares nothing with them."""
        kept = {name: value for name, value in tables.items() if name not in _NO_TABLES}
        return copy.deepcopy(kept, {id(self): self})

    @change
    def purge_log(self) -> int:
        """Moodle's nightly clean-up of its log, after the lifetime that is set. Gives how many rows went."""
        days = self.log.lifetime_days
        return self.log.purge(self.now - days * 86_400) if days else 0

    @change
    def add_bulk_log(self, count: int, days: int = 365) -> None:
        """Fill the log with so many rows of learners' traffic of the last ``days``. They take no memory, and
        ``truth`` does not tell them."""
        courses = [course for course in sorted(self.courses) if course != FRONT_PAGE]
        people = sorted({one.user for course in courses for one in self.learners(course)})
        self.log.add_bulk(count, people, courses, self.now - days * 86_400, self.now)

    @change
    def reset_course(self, course: int) -> None:
        """Reset a course: attempts, submissions, grades and completion go, with one event for all of it."""
        for quiz in [one for one in self.quizzes.values() if one.course == course]:
            for attempt in list(self.quiz_attempts.pop(quiz.id, {}).values()):
                self.attempts.pop(attempt.id, None)
                self.attempts_of.pop((quiz.id, attempt.user), None)
            self.quiz_grades.pop(quiz.id, None)
        ours = {activity.id for activity in self.activities_of[course]}
        self.completions = {key: state for key, state in self.completions.items() if key[0] not in ours}
        for item in self.items_of[course]:
            for user in list(self.grades[item.id]):
                self._drop_grade(item.id, user)
        self.happen(r"\core\event\course_reset_ended", course=course)

    def staff_ids(self) -> set[int]:
        """Accounts that never are learners: guest, administrator, the service account and all teachers."""
        teachers = {u for rows in self.enrolments.values() for u, e in rows.items() if not self.is_learner(e)}
        return teachers | {self.guest_id, self.admin_id, self.account.userid}

    def random_change(self, rng: random.Random) -> str:
        """Apply one random believable change; returns a short description of it."""
        return random_changes.random_change(self, rng)

    def truth(self) -> Truth:
        """What a perfect reader must end up with.

        Its reading makes Moodle give every course with learners a total, so this does too.
        """
        with self.lock:
            for course in list(self.courses):
                if course != FRONT_PAGE and self.learners(course) and self.total_of(course) is None:
                    self.ensure_total(course)
            return truth_of(self)
