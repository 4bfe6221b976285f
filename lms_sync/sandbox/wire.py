"""One web-service request to one answer: token, function, parameters, refusals. Knows no socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lms_sync.sandbox import functions, php, refusals
from lms_sync.sandbox.registry import REGISTRY, Call, Function
from lms_sync.sandbox.world import World

assert functions  # imported for its effect: it registers the functions

_RESERVED = frozenset({"wstoken", "wsfunction", "moodlewsrestformat"})
_TRUE = frozenset({"1", "true"})

#: Functions of Moodle that no sandbox service offers: calling one is refused otherwise than an unknown name.
NOT_IN_SERVICE = frozenset(
    "core_message_send_instant_messages core_user_create_users core_user_delete_users core_user_get_users "  # noqa: SIM905
    "core_course_create_courses core_course_delete_courses core_course_check_updates core_enrol_get_users_courses "
    "core_group_get_group_members core_group_create_groups core_cohort_get_cohorts core_cohort_get_cohort_members "
    "core_grades_update_grades core_grades_get_grade_tree core_notes_get_notes core_files_upload "
    "core_completion_get_course_completion_status gradereport_user_get_grades_table "
    "core_calendar_get_calendar_events core_course_get_enrolled_courses_by_timeline_classification "
    "core_course_get_recent_courses core_cohort_search_cohorts core_badges_get_user_badges core_role_assign_roles "
    "core_files_get_files core_comment_get_comments mod_quiz_get_quiz_feedback_for_grade "
    "mod_forum_get_forums_by_courses".split()
)

#: Functions of the companion plugin: unknown to a site that has it not installed.
COMPANION_PREFIX = "local_lmssync_"

HTML_TYPE = "text/html; charset=utf-8"


@dataclass
class Answer:
    """An HTTP answer about to be sent."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    reason: str = "OK"
    headers: dict[str, str] = field(default_factory=dict)
    #: How many people the answer tells of, for the latency model.
    people: int = 0


@dataclass(frozen=True)
class Request:
    """One request as it reached the sandbox, without its token."""

    order: int
    function: str
    params: Mapping[str, Any]
    settings: Mapping[str, str]
    token: str = field(repr=False, default="")
    json: bool = True

    @classmethod
    def read(cls, order: int, query: str, form: str, max_input_vars: int) -> Request:
        """Read a request's query string and form as PHP does, the form winning."""
        fields = php.parse_form(query, max_input_vars) | php.parse_form(form, max_input_vars)
        params = {k: v for k, v in fields.items() if k not in _RESERVED and not k.startswith("moodlewssetting")}
        settings = {k: str(v) for k, v in fields.items() if k.startswith("moodlewssetting")}
        return cls(
            order,
            str(fields.get("wsfunction", "")),
            params,
            settings,
            str(fields.get("wstoken", "")),
            fields.get("moodlewsrestformat") == "json",
        )


def find_function(world: World, request: Request) -> Function:
    """The function asked for, after the checks that Moodle makes before it looks at any parameter."""
    if not world.token or request.token != world.token:
        raise refusals.invalid_token()
    if not request.function:
        raise refusals.invalid_parameter()
    function = REGISTRY.functions.get(request.function)
    known = function is not None and world.release in function.releases
    if request.function.startswith(COMPANION_PREFIX):
        known = known and world.companion is not None
    if not known and request.function not in NOT_IN_SERVICE:
        raise refusals.missing_record("external_functions")
    if function is None or request.function not in world.account.functions:
        raise refusals.access_denied()
    return function


def compute(world: World, url: str, request: Request, function: Function) -> Any:
    """The value that the function answers. Raises ``Refusal``."""
    language = request.settings.get("moodlewssettinglang", world.language)
    call = Call(
        world,
        url,
        function.spec.clean(dict(request.params)),
        raw=request.settings.get("moodlewssettingraw", "").lower() in _TRUE,
        language=language if language in world.languages else world.language,
    )
    return function.handler(call)


def people_told(value: Any) -> int:
    """How many people an answer lists."""
    if isinstance(value, dict):
        value = value.get("usergrades")
    return len(value) if isinstance(value, list) else 0


def written(request: Request, value: Any) -> Answer:
    """The answer in the format asked for: XML unless the request says ``json``."""
    people = people_told(value)
    if request.json:
        return Answer(php.to_json(value), people=people)
    return Answer(php.to_xml(value), "application/xml; charset=utf-8", people=people)


def refused(world: World, request: Request, refusal: refusals.Refusal) -> Answer:
    """A refusal in the format asked for, worded as the world's release does. HTTP says 200 all the same."""
    if request.json:
        return Answer(php.to_json(refusal.body(world.release)))
    disposition = {"Content-Disposition": 'inline; filename="response.xml"'}
    return Answer(refusal.xml(world.release), "application/xml; charset=utf-8", headers=disposition)


def page(status: int, reason: str, title: str, **headers: str) -> Answer:
    """An HTML page, as proxies, PHP and Moodle's maintenance send one."""
    head, body = f"<head><title>{title}</title></head>", f"<body><h1>{title}</h1></body>"
    html = f'<!DOCTYPE html>\n<html lang="en">\n{head}\n{body}\n</html>\n'
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(html.encode(), HTML_TYPE, status, reason, named)
