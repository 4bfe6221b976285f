"""``core_completion_get_activities_completion_status``: what somebody has completed in a course."""

from __future__ import annotations

from typing import Any

from lms_sync.sandbox.functions.courses import completion_of
from lms_sync.sandbox.registry import INT, Call, function


@function("core_completion_get_activities_completion_status", courseid=INT, userid=INT)
def get_activities_completion_status(call: Call) -> dict[str, Any]:
    """Moodle's answer: one entry for each activity that tracks completion, also where nothing was done."""
    course, person = call.params["courseid"], call.person(call.params["userid"])
    call.course(course)
    statuses = []
    for activity in call.world.activities_of[course]:
        if not activity.completion:
            continue
        state, time = call.world.completions.get((activity.id, person.id), (0, 0))
        told = completion_of(activity, state, time, tracked=True)
        head = {"cmid": activity.id, "modname": activity.module, "instance": activity.instance}
        head |= {"state": told.pop("state"), "timecompleted": told.pop("timecompleted")}
        statuses.append(head | {"tracking": activity.completion} | told)
    return {"statuses": statuses, "warnings": []}
