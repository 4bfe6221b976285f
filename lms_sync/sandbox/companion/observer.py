"""Which events point to which objects: the companion's ``observer.php``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lms_sync.sandbox.state import FRONT_PAGE

if TYPE_CHECKING:
    from lms_sync.sandbox.companion.plugin import Companion
    from lms_sync.sandbox.happenings import Happening

Observer = Callable[["Companion", "Happening"], None]
#: The streams whose objects lie in a course.
IN_COURSE = ("assessments", "attempts", "enrolments", "grade_items", "grades")


def observe(companion: Companion, event: Happening) -> None:
    """Write the pointers of an event, if it has any."""
    found = _OBSERVERS.get(event.name)
    if found is not None:
        found(companion, event)


def _course(companion: Companion, event: Happening) -> None:
    companion.point("courses", event.course, 0, event.course)


def _course_gone(companion: Companion, event: Happening) -> None:
    """The course is deleted, emptied, reset or restored: much of that happens without events."""
    _course(companion, event)
    for stream in IN_COURSE:
        companion.point(stream, 0, 0, event.course)
    if event.name == r"\core\event\course_restored":
        companion.point("people", 0, 0, event.course)


def _category(companion: Companion, event: Happening) -> None:
    below = {event.object_id}
    for category in sorted(companion.world.categories.values(), key=lambda one: one.id):
        if category.parent in below:
            below.add(category.id)
    for course in companion.world.courses.values():
        if course.category in below:
            companion.point("courses", course.id, 0, course.id)


def _person(companion: Companion, event: Happening) -> None:
    companion.point("people", event.object_id, 0, 0, event.object_id)


def _person_gone(companion: Companion, event: Happening) -> None:
    _person(companion, event)
    for attempt in companion.world.attempts.values():
        if attempt.user == event.object_id and not attempt.preview:
            course = companion.world.quizzes[attempt.quiz].course
            companion.point("attempts", attempt.id, attempt.quiz, course, attempt.user)
    companion.documents.delete_of(event.object_id)


def _profile_fields(companion: Companion, event: Happening) -> None:
    companion.point("people", 0)


def _enrolment(companion: Companion, event: Happening) -> None:
    if event.instance != FRONT_PAGE:
        companion.point("enrolments", 0, 0, event.course, event.related)


def _group(companion: Companion, event: Happening) -> None:
    for member in companion.world.groups[event.object_id].members:
        companion.point("enrolments", 0, 0, event.course, member)


def _grade_item(companion: Companion, event: Happening) -> None:
    companion.point("grade_items", event.object_id, 0, event.course)


def _grade(companion: Companion, event: Happening) -> None:
    """Points of a quiz's attempts change together with its grade."""
    world, item = companion.world, int(event.other["itemid"])
    companion.point("grades", event.object_id, item, event.course, event.related)
    record = world.grade_items.get(item)
    if record is not None and record.module == "quiz" and record.instance is not None:
        for attempt in world.attempts_of.get((record.instance, event.related), []):
            if not attempt.preview:
                companion.point("attempts", attempt.id, record.instance, event.course, event.related)


def _module(companion: Companion, event: Happening) -> None:
    if event.other["modulename"] != "quiz":
        return
    companion.point("assessments", event.other["instanceid"], 0, event.course)
    if event.name.endswith("updated"):
        companion.touch_quiz(event.other["instanceid"], event.course)
    elif event.name.endswith("deleted"):
        companion.point("attempts", 0, 0, event.course)


def _attempt(companion: Companion, event: Happening) -> None:
    quiz = int(event.other.get("quizid", 0))
    companion.point("attempts", event.object_id, quiz, event.course, event.related)
    if event.name.endswith("regraded"):
        companion.touch_quiz(quiz, event.course)


def _attempt_marked(companion: Companion, event: Happening) -> None:
    companion.point("attempts", event.other["attemptid"], event.other["quizid"], event.course)


_OBSERVERS: dict[str, Observer] = {
    rf"\core\event\{name}": found
    for found, names in (
        (_course, "course_created course_updated"),
        (_course_gone, "course_deleted course_content_deleted course_restored course_reset_ended"),
        (_category, "course_category_updated"),
        (_person, "user_created user_updated"),
        (_person_gone, "user_deleted"),
        (_profile_fields, "user_info_field_created"),
        (_enrolment, "user_enrolment_created user_enrolment_updated user_enrolment_deleted"),
        (_enrolment, "role_assigned role_unassigned group_member_added group_member_removed"),
        (_group, "group_updated"),
        (_grade_item, "grade_item_created grade_item_updated grade_item_deleted"),
        (_grade, "user_graded grade_deleted"),
        (_module, "course_module_created course_module_updated course_module_deleted"),
    )
    for name in names.split()
} | {rf"\mod_quiz\event\attempt_{name}": _attempt for name in (
    "started", "submitted", "graded", "becameoverdue", "abandoned", "updated", "deleted", "regraded",
)} | {r"\mod_quiz\event\question_manually_graded": _attempt_marked}  # fmt: skip
