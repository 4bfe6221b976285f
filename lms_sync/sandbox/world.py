"""A sandbox site: the single truth behind every answer of the sandbox server."""

from __future__ import annotations

import random

from lms_sync.sandbox import people_names, random_changes
from lms_sync.sandbox.changes_courses import CourseChanges
from lms_sync.sandbox.changes_grades import GradeChanges
from lms_sync.sandbox.changes_people import PeopleChanges
from lms_sync.sandbox.changes_quizzes import QuizChanges
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
