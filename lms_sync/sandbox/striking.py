"""What each fault does to a request or its answer. ``faults`` says when; ``server`` does the sending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lms_sync.sandbox import refusals
from lms_sync.sandbox.faults import Faults
from lms_sync.sandbox.refusals import Refusal
from lms_sync.sandbox.wire import Answer, Request, page, refused
from lms_sync.sandbox.world import World

Struck = dict[str, dict[str, Any]]

_COURSE_LISTS = frozenset({"core_course_get_courses", "core_course_get_courses_by_field"})
_REPORT = "gradereport_user_get_grade_items"


def _upgrade() -> Refusal:
    return Refusal("moodle_exception", "upgraderunning", "Site is being upgraded, please retry later.")


def _database_down() -> Refusal:
    message = "<p>Error: Database connection failed.</p>"
    return Refusal("dml_connection_exception", "dbconnectionfailed", message)


_PAGES: dict[str, Callable[[dict[str, Any]], Answer]] = {
    "maintenance": lambda options: page(
        503,
        "Moodle under maintenance",
        "The site is undergoing maintenance",
        Retry_After=str(options["retry_after"]),
        Cache_Control="no-store, no-cache, must-revalidate",
    ),
    "rate-limit": lambda options: page(
        429, "Too Many Requests", "429 Too Many Requests", Retry_After=str(options["retry_after"])
    ),
    "error-500": lambda _: page(500, "Internal Server Error", "500 Internal Server Error"),
    "error-502": lambda _: page(502, "Bad Gateway", "502 Bad Gateway"),
    "error-504": lambda _: page(504, "Gateway Time-out", "504 Gateway Time-out"),
    "services-off": lambda _: Answer(b"", "text/html", 403, "Forbidden"),
    "html-page": lambda _: page(200, "OK", "Please wait"),
    "empty-body": lambda _: Answer(b""),
}

_PAGES_AFTER = {"error-500-after": _PAGES["error-500"], "error-504-after": _PAGES["error-504"]}

_REFUSALS: dict[str, Callable[[], Refusal]] = {
    "maintenance-json": refusals.site_maintenance,
    "upgrade": _upgrade,
    "database-down": _database_down,
    "invalid-response": refusals.invalid_response,
    "access-denied": refusals.access_denied,
    "no-permission": lambda: refusals.no_permission("View grades of other users"),
    "force-password": refusals.must_change_password,
}


def instead_of_running(world: World, request: Request, struck: Struck, faults: Faults) -> Answer | None:
    """The answer that comes in place of the function's, None when the function shall run."""
    if faults.token_gone:
        return refused(world, request, refusals.invalid_token())
    if "token-expired" in struck:
        faults.token_gone = True
        return refused(world, request, refusals.access_denied())
    if "xml-refusal" in struck:
        as_xml = Request(request.order, request.function, {}, {}, json=False)
        return refused(world, as_xml, refusals.invalid_token())
    for name, options in struck.items():
        if name in _PAGES:
            return _PAGES[name](options)
        if name in _REFUSALS:
            return refused(world, request, _REFUSALS[name]())
    return None


def changed_value(request: Request, value: Any, struck: Struck, faults: Faults) -> Any:
    """The function's answer as a fault has spoilt it: rows missing, nothing said about it."""
    if request.function in _COURSE_LISTS and "course-vanished" in struck:
        value = _without_course(value, struck["course-vanished"], faults)
    if request.function == _REPORT and isinstance(value, dict):
        grades = value["usergrades"]
        if "empty-grades" in struck:
            grades = []
        elif "partial-grades" in struck and "userid" not in request.params:
            share = struck["partial-grades"]["share"]
            grades = [entry for entry in grades if faults.rng.random() >= share]
        value = value | {"usergrades": grades}
    return value


def _without_course(value: Any, options: dict[str, Any], faults: Faults) -> Any:
    courses = value["courses"] if isinstance(value, dict) else value
    ids = [course["id"] for course in courses if course["id"] != 1]
    lost = options.get("course") or (faults.rng.choice(ids) if ids else None)
    kept = [course for course in courses if course["id"] != lost]
    return value | {"courses": kept} if isinstance(value, dict) else kept


def changes_value(request: Request, struck: Struck) -> bool:
    """Whether ``changed_value`` would touch this answer."""
    if request.function in _COURSE_LISTS:
        return "course-vanished" in struck
    return request.function == _REPORT and not struck.keys().isdisjoint({"empty-grades", "partial-grades"})


def changed_answer(request: Request, answer: Answer, struck: Struck) -> Answer:
    """The written answer as something between Moodle and the client has spoilt it."""
    limit = struck.get("proxy-timeout", {}).get("learners")
    whole_course = request.function == _REPORT and "userid" not in request.params
    if limit is not None and whole_course and answer.people > limit:
        return _PAGES["error-504"]({})
    for name, page_of in _PAGES_AFTER.items():
        if name in struck:
            return page_of({})
    if "truncated" in struck:
        answer.body = answer.body[: len(answer.body) // 2]
    return answer
