"""Moodle's events: every change of a world is told to the log, and to the companion's observers where it is installed.

``KINDS`` says what Moodle writes about each kind of event; ``Happenings.happen`` writes it. Who changes what, and
which events a change makes, stands with the changes themselves.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lms_sync.sandbox import php
from lms_sync.sandbox.model import Activity, Enrolment
from lms_sync.sandbox.state import FRONT_PAGE, WorldState

SYSTEM, PERSON, CATEGORY, COURSE, MODULE = 10, 30, 40, 50, 70  # levels of contexts
#: Whom Moodle names as the one who computes course totals.
NOBODY = -1


class Kind(NamedTuple):
    """What is the same for all events of one kind: table of the object, what is done to it, level of the context."""

    table: str | None
    crud: str
    edulevel: int  # 0 other, 1 teaching, 2 participating
    level: int


KINDS: dict[str, Kind] = {
    r"\core\event\user_loggedin": Kind("user", "r", 0, SYSTEM),
    r"\core\event\user_loggedout": Kind("user", "r", 0, SYSTEM),
    r"\core\event\user_loggedinas": Kind("user", "r", 0, COURSE),
    r"\core\event\webservice_function_called": Kind(None, "r", 0, SYSTEM),
    r"\core\event\notification_sent": Kind("notifications", "c", 0, SYSTEM),
    r"\core\event\config_log_created": Kind("config_log", "c", 0, SYSTEM),
    r"\core\event\user_info_field_created": Kind("user_info_field", "c", 0, SYSTEM),
    r"\core\event\user_created": Kind("user", "c", 0, PERSON),
    r"\core\event\user_updated": Kind("user", "u", 0, PERSON),
    r"\core\event\user_deleted": Kind("user", "d", 0, PERSON),
    r"\core\event\user_profile_viewed": Kind("user", "r", 0, PERSON),
    r"\core\event\course_category_created": Kind("course_categories", "c", 0, CATEGORY),
    r"\core\event\course_category_updated": Kind("course_categories", "u", 0, CATEGORY),
    r"\core\event\course_created": Kind("course", "c", 1, COURSE),
    r"\core\event\course_updated": Kind("course", "u", 1, COURSE),
    r"\core\event\course_content_deleted": Kind("course", "d", 1, COURSE),
    r"\core\event\course_deleted": Kind("course", "d", 1, COURSE),
    r"\core\event\course_reset_ended": Kind(None, "d", 1, COURSE),
    r"\core\event\course_restored": Kind("course", "c", 1, COURSE),
    r"\core\event\course_viewed": Kind(None, "r", 2, COURSE),
    r"\core\event\role_assigned": Kind("role", "c", 0, COURSE),
    r"\core\event\role_unassigned": Kind("role", "d", 0, COURSE),
    r"\core\event\user_enrolment_created": Kind("user_enrolments", "c", 0, COURSE),
    r"\core\event\user_enrolment_updated": Kind("user_enrolments", "u", 0, COURSE),
    r"\core\event\user_enrolment_deleted": Kind("user_enrolments", "d", 0, COURSE),
    r"\core\event\group_created": Kind("groups", "c", 0, COURSE),
    r"\core\event\group_updated": Kind("groups", "u", 0, COURSE),
    r"\core\event\group_member_added": Kind("groups", "c", 0, COURSE),
    r"\core\event\group_member_removed": Kind("groups", "d", 0, COURSE),
    r"\core\event\note_created": Kind("post", "c", 0, COURSE),
    r"\core\event\note_updated": Kind("post", "u", 0, COURSE),
    r"\core\event\note_deleted": Kind("post", "d", 0, COURSE),
    r"\core\event\scale_created": Kind("scale", "c", 0, SYSTEM),
    r"\core\event\grade_item_created": Kind("grade_items", "c", 0, COURSE),
    r"\core\event\grade_item_updated": Kind("grade_items", "u", 0, COURSE),
    r"\core\event\grade_item_deleted": Kind("grade_items", "d", 0, COURSE),
    r"\core\event\user_graded": Kind("grade_grades", "u", 1, COURSE),
    r"\core\event\grade_deleted": Kind("grade_grades", "d", 1, COURSE),
    r"\gradereport_grader\event\grade_report_viewed": Kind(None, "r", 1, COURSE),
    r"\core\event\course_module_created": Kind("course_modules", "c", 1, MODULE),
    r"\core\event\course_module_updated": Kind("course_modules", "u", 1, MODULE),
    r"\core\event\course_module_deleted": Kind("course_modules", "d", 1, MODULE),
    r"\core\event\course_module_completion_updated": Kind("course_modules_completion", "u", 2, MODULE),
    r"\mod_page\event\course_module_viewed": Kind("page", "r", 2, MODULE),
    r"\mod_forum\event\course_module_viewed": Kind("forum", "r", 2, MODULE),
    r"\mod_forum\event\discussion_created": Kind("forum_discussions", "c", 2, MODULE),
    r"\mod_quiz\event\course_module_viewed": Kind("quiz", "r", 2, MODULE),
    r"\mod_quiz\event\attempt_started": Kind("quiz_attempts", "c", 2, MODULE),
    r"\mod_quiz\event\attempt_preview_started": Kind("quiz_attempts", "c", 1, MODULE),
    r"\mod_quiz\event\attempt_viewed": Kind("quiz_attempts", "r", 2, MODULE),
    r"\mod_quiz\event\attempt_updated": Kind("quiz_attempts", "u", 2, MODULE),
    r"\mod_quiz\event\attempt_submitted": Kind("quiz_attempts", "u", 2, MODULE),
    r"\mod_quiz\event\attempt_graded": Kind("quiz_attempts", "u", 2, MODULE),
    r"\mod_quiz\event\attempt_reviewed": Kind("quiz_attempts", "r", 1, MODULE),
    r"\mod_quiz\event\attempt_becameoverdue": Kind("quiz_attempts", "u", 2, MODULE),
    r"\mod_quiz\event\attempt_abandoned": Kind("quiz_attempts", "u", 2, MODULE),
    r"\mod_quiz\event\attempt_deleted": Kind("quiz_attempts", "d", 1, MODULE),
    r"\mod_quiz\event\attempt_regraded": Kind("quiz_attempts", "u", 1, MODULE),
    r"\mod_quiz\event\question_manually_graded": Kind("question", "u", 1, MODULE),
    r"\mod_assign\event\course_module_viewed": Kind("assign", "r", 2, MODULE),
    r"\mod_assign\event\assessable_submitted": Kind("assign_submission", "u", 2, MODULE),
    r"\mod_assign\event\submission_graded": Kind("assign_grades", "u", 1, MODULE),
    r"\assignsubmission_onlinetext\event\submission_created": Kind("assignsubmission_onlinetext", "c", 2, MODULE),
    r"\mod_feedback\event\response_submitted": Kind("feedback_completed", "c", 2, MODULE),
    r"\mod_hologram\event\scene_entered": Kind("hologram", "r", 2, MODULE),  # of a plugin that nobody knows
}


class Happening(NamedTuple):
    """An event as an observer gets it. ``instance`` is what its context belongs to."""

    name: str
    object_id: int
    instance: int
    course: int
    user: int
    related: int
    other: dict[str, Any]


class Happenings(WorldState):
    """Tells events. Called by changes, under the lock."""

    def happen(
        self,
        name: str,
        *,
        course: int = 0,
        activity: Activity | None = None,
        person: int = 0,
        category: int = 0,
        about: int | None = None,
        user: int | None = None,
        related: int | None = None,
        other: dict[str, Any] | None = None,
        anonymous: bool = False,
        origin: str = "web",
        real_user: int | None = None,
        time: int | None = None,
        commits_in: int | None = None,
    ) -> None:
        """Tell an event. Of ``course``, ``activity``, ``person`` and ``category`` the kind's level needs one.

        ``about`` is the id of the object; ``user`` did it (None: the administrator; 0: nobody). ``time`` differs from
        now where a long task kept the row back, ``commits_in`` seconds pass until others see it.
        """
        kind = KINDS[name]
        course = activity.course if activity else course
        context, instance = self._context(kind.level, course, activity, person, category)
        doer = self.admin_id if user is None else user
        if self.log.enabled:
            _, component, _, words = name.split("\\")
            target, _, action = words.rpartition("_")
            self.log.write(
                (
                    name, component, action, target, kind.table, about, kind.crud, kind.edulevel, context, kind.level,
                    instance, doer, course, related, int(anonymous), php.to_json(other).decode(),
                    self.now if time is None else time, origin, self._address(doer, origin), real_user,
                ),
                commits_at=None if commits_in is None else self.now + commits_in,
            )  # fmt: skip
        if self.companion is not None:
            self.companion.observe(Happening(name, about or 0, instance, course, doer, related or 0, other or {}))

    def _context(
        self, level: int, course: int, activity: Activity | None, person: int, category: int
    ) -> tuple[int, int]:
        """Id of the context, and of what it belongs to."""
        if level == MODULE and activity is not None:
            return activity.contextid, activity.id
        if level == COURSE:
            return self.courses[course].contextid, course
        if level == PERSON:
            return 100_000 + person, person
        if level == CATEGORY:
            return 90_000 + category, category
        return 1, 0

    def _address(self, user: int, origin: str) -> str | None:
        """Where a request came from: an address that is kept for examples."""
        if origin == "cli":
            return None
        return "127.0.0.1" if origin == "ws" else f"192.0.2.{user % 250 + 1}"

    def teacher_of(self, course: int) -> int:
        """Who grades in a course: its first teacher, or the administrator."""
        return next((u for u, e in self.enrolments[course].items() if not self.is_learner(e)), self.admin_id)

    def log_call(self, function: str) -> None:
        """A web-service function is being called: Moodle logs that before it runs, under the account's name."""
        self.happen(
            r"\core\event\webservice_function_called",
            user=self.account.userid,
            other={"function": function},
            origin="ws",
        )

    def tell_visit(self, course: int, user: int, *, time: int | None = None, commits_in: int | None = None) -> None:
        """Somebody opened a course page."""
        viewed = r"\core\event\course_viewed"
        self.happen(viewed, course=course or FRONT_PAGE, user=user, time=time, commits_in=commits_in)

    def _tell_enrolment(self, done: str, enrolment: Enrolment) -> None:
        """Tell that an enrolment was ``created``, ``updated`` or ``deleted``."""
        name, other = rf"\core\event\user_enrolment_{done}", {"enrol": "manual"}
        self.happen(name, course=enrolment.course, about=enrolment.id, related=enrolment.user, other=other)

    def _tell_module(self, done: str, activity: Activity) -> None:
        """Tell that an activity was ``created``, ``updated`` or ``deleted``."""
        other = {"modulename": activity.module, "instanceid": activity.instance, "name": activity.name}
        name = rf"\core\event\course_module_{done}"
        self.happen(name, activity=activity, about=activity.id, other=other)

    def activity_changed(self, activity: Activity) -> None:
        """The settings of an activity were saved."""
        activity.timemodified = self.now
        self._tell_module("updated", activity)
