"""Functions about assignments, their submissions and their own marks."""

from __future__ import annotations

from typing import Any

from lms_sync.sandbox.functions.courses import formatted
from lms_sync.sandbox.model import Activity, Assignment
from lms_sync.sandbox.php import fixed
from lms_sync.sandbox.registry import ALPHA, INT, Call, Several, function, optional

_SWITCHES = (  # noqa: SIM905
    "completionsubmit cutoffdate gradingduedate teamsubmission requireallteammemberssubmit "
    "teamsubmissiongroupingid blindmarking hidegrader revealidentities"
).split()


@function(
    "mod_assign_get_assignments",
    courseids=Several(INT, default=[]),
    capabilities=Several(ALPHA, default=[]),
    includenotenrolledcourses=optional("bool", False),
)
def get_assignments(call: Call) -> dict[str, Any]:
    """Assignments of the account's own courses, or of any with ``includenotenrolledcourses``."""
    told, warnings = [], []
    for course in call.params["courseids"]:
        if course in call.world.courses and call.params["includenotenrolledcourses"]:
            told.append(_course(call, course))
        else:
            message = "User is not enrolled or does not have requested capability"
            warnings.append({"item": "course", "itemid": course, "warningcode": "2", "message": message})
    return {"courses": told, "warnings": warnings}


def _course(call: Call, course: int) -> dict[str, Any]:
    record = call.world.courses[course]
    activities = [a for a in call.world.activities_of[course] if a.module == "assign"]
    return {
        "id": course,
        "fullname": call.shown(record.fullname),
        "shortname": call.shown(record.shortname),
        "timemodified": record.timemodified,
        "assignments": [_assignment(call, a, call.world.assignments[a.instance]) for a in activities],
    }


def _assignment(call: Call, activity: Activity, assignment: Assignment) -> dict[str, Any]:
    intro, introformat = formatted(call, activity.intro, 0)
    settings = [("onlinetext", "enabled", "1"), ("onlinetext", "wordlimit", "0"),
                ("onlinetext", "wordlimitenabled", "0"), ("comments", "enabled", "0")]  # fmt: skip
    told = {
        "id": assignment.id,
        "cmid": activity.id,
        "course": activity.course,
        "name": call.shown(activity.name),
        "nosubmissions": 0,
        "submissiondrafts": 1,
        "sendnotifications": 0,
        "sendlatenotifications": 0,
        "sendstudentnotifications": 1,
        "duedate": 0,
        "allowsubmissionsfromdate": 0,
        "grade": assignment.grade,
    }
    if call.world.release == "5.1":
        told["gradepenalty"] = 0
    return told | {
        "timemodified": activity.timemodified,
        **dict.fromkeys(_SWITCHES, 0),
        "attemptreopenmethod": "untilpass",
        "maxattempts": 1,
        "markingworkflow": 0,
        "markingallocation": 0,
        "markinganonymous": 0,
        "requiresubmissionstatement": 0,
        "preventsubmissionnotingroup": 0,
        "configs": [
            {"plugin": plugin, "subtype": "assignsubmission", "name": name, "value": value}
            for plugin, name, value in settings
        ],
        "intro": intro,
        "introformat": introformat,
        "introfiles": [],
        "introattachments": [],
        "timelimit": 0,
        "submissionattachments": 0,
    }


@function(
    "mod_assign_get_submissions",
    assignmentids=Several(INT),
    status=optional("alpha", ""),
    since=optional("int", 0),
    before=optional("int", 0),
)
def get_submissions(call: Call) -> dict[str, Any]:
    """Moodle's answer: submissions by assignment, filtered by status and by time of change (both ends included)."""
    world = call.world
    told: list[dict[str, Any]] = []
    warnings = []
    status, since, before = (call.params[name] for name in ("status", "since", "before"))
    for assignment in call.params["assignmentids"]:
        if assignment not in world.assignments:
            continue
        found = [
            s
            for s in world.submissions.values()
            if s.assignment == assignment
            and status in {"", s.status}
            and s.timemodified >= since
            and (not before or s.timemodified <= before)
        ]
        if not found:
            warnings.append(_warning("module", assignment, "No submissions found"))
        graded = {g.user for g in world.assign_grades.values() if g.assignment == assignment}
        submissions: list[dict[str, Any]] = [
            {
                "id": s.id,
                "userid": s.user,
                "attemptnumber": 0,
                "timecreated": s.timecreated,
                "timemodified": s.timemodified,
                "timestarted": None,
                "status": s.status,
                "groupid": 0,
                "plugins": [],
                "gradingstatus": "graded" if s.user in graded else "notgraded",
            }
            for s in found
        ]
        told.append({"assignmentid": assignment, "submissions": submissions})
    return {"assignments": told, "warnings": warnings}


@function("mod_assign_get_grades", assignmentids=Several(INT), since=optional("int", 0))
def get_grades(call: Call) -> dict[str, Any]:
    """Marks given on the assignment's own page; a mark typed into the gradebook is not among them."""
    told, warnings = [], []
    for assignment in call.params["assignmentids"]:
        found = [
            {
                "id": g.id,
                "userid": g.user,
                "attemptnumber": 0,
                "timecreated": g.timecreated,
                "timemodified": g.timemodified,
                "grader": g.grader,
                "grade": fixed(g.grade, 5, "."),
            }
            for g in call.world.assign_grades.values()
            if g.assignment == assignment and g.timemodified >= call.params["since"]
        ]
        if found:
            told.append({"assignmentid": assignment, "grades": found})
        else:
            warnings.append(_warning("assignment", assignment, "No grades found"))
    return {"assignments": told, "warnings": warnings}


def _warning(item: str, identity: int, message: str) -> dict[str, Any]:
    return {"item": item, "itemid": identity, "warningcode": "3", "message": message}
