"""``core_course_get_updates_since``: the change feed of a course."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lms_sync.sandbox.model import Activity
from lms_sync.sandbox.registry import ALPHA, INT, Call, Several, function
from lms_sync.sandbox.world import World


@function("core_course_get_updates_since", courseid=INT, since=INT, filter=Several(ALPHA, default=[]))
def get_updates_since(call: Call) -> dict[str, Any]:
    """What moved in a course's activities after ``since`` (strictly). Deletions, enrolments, marks typed into
    the gradebook and renamed courses are not listed. A filter does not reach the quiz's and assignment's own
    names, as in Moodle."""
    course, since = call.params["courseid"], call.params["since"]
    call.course(course)
    wanted = call.params["filter"]
    instances = []
    for activity in call.world.activities_of[course]:
        updates: list[dict[str, Any]] = []
        if activity.timemodified > since and (not wanted or "configuration" in wanted) and activity.module != "forum":
            updates.append({"name": "configuration", "timeupdated": activity.timemodified})
        updates += _OWN.get(activity.module, _nothing)(call.world, activity, since)
        if updates:
            instances.append({"contextlevel": "module", "id": activity.id, "updates": updates})
    return {"instances": instances, "warnings": []}


def _named(name: str, ids: list[int]) -> list[dict[str, Any]]:
    return [{"name": name, "itemids": ids}] if ids else []


def _nothing(world: World, activity: Activity, since: int) -> list[dict[str, Any]]:
    return []


def _quiz_updates(world: World, activity: Activity, since: int) -> list[dict[str, Any]]:
    """Questions, and everybody's attempts (previews and deleted people's too) and quiz grades."""
    quiz = world.quizzes[activity.instance]
    questions = quiz.questions if quiz.questions_modified > since else []
    attempts = [a.id for a in world.quiz_attempts[quiz.id].values() if a.timemodified > since]
    grades = [g.id for g in world.quiz_grades[quiz.id].values() if g.timemodified > since]
    return [*_named("questions", questions), *_named("userattempts", attempts), *_named("usergrades", grades)]


def _assign_updates(world: World, activity: Activity, since: int) -> list[dict[str, Any]]:
    assignment = activity.instance
    submissions = [s.id for s in world.submissions.values() if s.assignment == assignment and s.timemodified > since]
    grades = [g.id for g in world.assign_grades.values() if g.assignment == assignment and g.timemodified > since]
    return [*_named("usersubmissions", submissions), *_named("usergrades", grades)]


_OWN: dict[str, Callable[[World, Activity, int], list[dict[str, Any]]]] = {
    "quiz": _quiz_updates,
    "assign": _assign_updates,
}
