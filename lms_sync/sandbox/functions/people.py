"""Functions about people: who is enrolled, accounts by field, writing profile fields, groups."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Callable
from typing import Any

from lms_sync.sandbox import php, refusals
from lms_sync.sandbox.functions.site import picture
from lms_sync.sandbox.model import FORMAT_MOODLE, ROLE_IDS, Enrolment, ProfileField, User
from lms_sync.sandbox.registry import ALPHA, INT, TEXT, Call, Param, Record, Several, function, optional
from lms_sync.sandbox.state import FRONT_PAGE
from lms_sync.sandbox.truth import shown_fields

#: Fields that ``userfields`` may name (``user_get_default_fields``); there is no patronymic among them.
_KNOWN_FIELDS = frozenset(
    "id username fullname firstname lastname email address phone1 phone2 department institution interests "  # noqa: SIM905
    "firstaccess lastaccess auth confirmed idnumber lang theme timezone mailformat description city country "
    "profileimageurl profileimageurlsmall customfields groups roles preferences enrolledcourses suspended "
    "lastcourseaccess trackforums".split()
)
#: Values that Moodle cleans as text: one tag in any of them fails the whole list.
_CLEANED = ("firstname", "lastname", "department", "institution", "city")


def require_clean(person: User) -> None:
    """Fail the whole answer when a value holds a tag, as Moodle's cleaning of answers does."""
    if any(php.has_tags(getattr(person, name)) for name in _CLEANED):
        raise refusals.invalid_response()


def custom_fields(call: Call, user: int) -> list[dict[str, Any]]:
    """A person's custom profile fields as Moodle tells them; a field without a value is left out."""
    values = shown_fields(call.world, user)
    fields = call.world.profile_fields
    return [
        {
            "type": fields[name].datatype,
            "value": _told_value(call, fields[name], value),
            "name": php.format_string(fields[name].name),
            "shortname": name,
        }
        for name, value in values.items()
    ]


def _told_value(call: Call, field: ProfileField, value: str) -> str:
    """The value as it is stored; 4.1 tells texts as HTML."""
    return php.format_string(value) if call.world.release == "4.1" and field.datatype == "text" else value


def _option(options: list[dict[str, str]], name: str, default: str = "") -> str:
    return next((option["value"] for option in options if option["name"] == name), default)


@function(
    "core_enrol_get_enrolled_users",
    cached=True,
    courseid=INT,
    options=Several(Record({"name": ALPHA, "value": TEXT}), default=[]),
)
def get_enrolled_users(call: Call) -> list[dict[str, Any]]:
    """Moodle's answer: a page of people, cut before anybody is looked at; fields only those asked for."""
    course, options = call.params["courseid"], call.params["options"]
    call.course(course)
    only_active = _option(options, "onlyactive") not in {"", "0"}
    only_suspended = _option(options, "onlysuspended") not in {"", "0"}
    if only_active and only_suspended:
        raise refusals.coding_error("Both onlyactive and onlysuspended are set, this is probably not what you want!")
    if course == FRONT_PAGE and only_suspended:
        raise refusals.coding_error("onlysuspended is not supported on frontpage; please add your own early-exit!")
    wanted = [name.strip() for name in _option(options, "userfields").split(",") if name.strip()]
    for name in wanted:
        if name not in _KNOWN_FIELDS:
            raise refusals.Refusal("moodle_exception", "invaliduserfield", f"Invalid user field: {name}")
    enrolments = [
        e
        for e in _enrolments(call, course)
        if not (only_active and e.suspended) and not (only_suspended and not e.suspended)
    ]
    page = _page(call, enrolments, options)
    fields = frozenset(wanted) or _KNOWN_FIELDS - {"suspended"}
    return [_enrolled_user(call, enrolment, fields) for enrolment in page]


def _enrolments(call: Call, course: int) -> list[Enrolment]:
    world = call.world
    if course == FRONT_PAGE:  # everybody belongs to the front page
        return [Enrolment(FRONT_PAGE, u.id, []) for u in world.users.values() if not u.deleted]
    group = php.integer(_option(call.params["options"], "groupid"))
    members = world.groups[group].members if group in world.groups else None
    return [e for u, e in world.enrolments[course].items() if members is None or u in members]


def _page(call: Call, enrolments: list[Enrolment], options: list[dict[str, str]]) -> list[Enrolment]:
    """Sort and cut, as the database does before Moodle looks at anybody's fields."""
    users = call.world.users
    keys: dict[str, Callable[[Enrolment], Any]] = {
        "id": lambda e: e.user,
        "lastname": lambda e: (users[e.user].lastname, e.user),
        "firstname": lambda e: (users[e.user].firstname, e.user),
        "siteorder": lambda e: call.world.name_order(users[e.user]),
    }
    order = _option(options, "sortby") or "id"
    direction = (_option(options, "sortdirection") or "ASC").upper()
    if order not in keys or direction not in {"ASC", "DESC"}:
        raise refusals.invalid_parameter()
    ordered = sorted(enrolments, key=keys[order], reverse=direction == "DESC")
    begin, count = (php.integer(_option(options, name)) for name in ("limitfrom", "limitnumber"))
    begin = max(begin, 0)
    return ordered[begin : begin + count] if count > 0 else ordered[begin:]


def _enrolled_user(call: Call, enrolment: Enrolment, fields: frozenset[str]) -> dict[str, Any]:
    world = call.world
    person = world.users[enrolment.user]
    require_clean(person)
    told: dict[str, Any] = {"id": person.id}
    for name in ("username", "firstname", "lastname"):
        if name in fields:
            told[name] = getattr(person, name)
    told["fullname"] = person.fullname
    if "email" in fields:
        told["email"] = person.email
    if "department" in fields:
        told["department"] = person.department
    for name in ("institution", "idnumber"):
        if name in fields and getattr(person, name):
            told[name] = getattr(person, name)
    for name in ("firstaccess", "lastaccess"):
        if name in fields:
            told[name] = getattr(person, name)
    if "lastcourseaccess" in fields:
        told["lastcourseaccess"] = enrolment.lastaccess
    for name in ("city", "country"):
        if name in fields and getattr(person, name):
            told[name] = getattr(person, name)
    for name, size in (("profileimageurlsmall", "f2"), ("profileimageurl", "f1")):
        if name in fields:
            told[name] = picture(call, size)
    if "customfields" in fields and (custom := custom_fields(call, person.id)):
        told["customfields"] = custom
    if "groups" in fields and (groups := _groups(call, enrolment)):
        told["groups"] = groups
    if "roles" in fields:
        told["roles"] = [
            {"roleid": ROLE_IDS[role], "name": "", "shortname": role, "sortorder": 0} for role in enrolment.roles
        ]
    if "enrolledcourses" in fields and (courses := _enrolled_courses(call, person.id)):
        told["enrolledcourses"] = courses
    return told


def _groups(call: Call, enrolment: Enrolment) -> list[dict[str, Any]]:
    """A person's groups. Names come escaped even with ``moodlewssettingraw``."""
    groups = call.world.groups_of(enrolment.course, enrolment.user)
    return [
        {
            "id": group.id,
            "name": php.format_string(group.name),
            "description": f'<div class="text_to_html">{group.description}</div>'
            if group.description and group.descriptionformat == FORMAT_MOODLE
            else group.description,
            "descriptionformat": group.descriptionformat,
        }
        for group in groups
    ]


def _enrolled_courses(call: Call, user: int) -> list[dict[str, Any]]:
    """The courses of somebody's active enrolments, names escaped whatever the settings."""
    world = call.world
    return [
        {
            "id": course,
            "fullname": php.format_string(world.courses[course].fullname),
            "shortname": php.format_string(world.courses[course].shortname),
        }
        for course in sorted(world.courses_of[user])
        if not world.enrolments[course][user].suspended
        and (world.courses[course].visible or not world.is_learner(world.enrolments[course][user]))
    ]


@function("core_group_get_course_groups", courseid=INT)
def get_course_groups(call: Call) -> Any:
    """Refused: the service account may not manage groups."""
    course = call.params["courseid"]
    if course not in call.world.courses:
        raise refusals.course_context_invalid(course, "Invalid parameter value detected")
    raise refusals.no_permission("Manage groups")


@function("core_user_get_users_by_field", field=ALPHA, values=Several(TEXT))
def get_users_by_field(call: Call) -> list[dict[str, Any]]:
    """Accounts by id, idnumber, username or email. A deleted account is found by id, disguised."""
    name, values = call.params["field"], call.params["values"]
    if name not in {"id", "idnumber", "username", "email"}:
        raise refusals.coding_error("invalid field parameter")
    if name == "id" and not all(value.isdigit() for value in values):
        raise refusals.invalid_parameter()
    wanted = set(values)
    found = [u for u in call.world.users.values() if str(getattr(u, name)) in wanted]
    return [_account(call, user) for user in sorted(found, key=lambda u: u.id) if name == "id" or not user.deleted]


def _account(call: Call, person: User) -> dict[str, Any]:
    require_clean(person)
    told: dict[str, Any] = {
        "id": person.id,
        "username": person.username,
        "firstname": person.firstname,
        "lastname": person.lastname,
        "fullname": person.fullname,
        "email": person.email,
        "department": person.department,
    }
    told |= {name: getattr(person, name) for name in ("institution", "idnumber") if getattr(person, name)}
    told |= {
        "firstaccess": person.firstaccess,
        "lastaccess": person.lastaccess,
        "auth": "manual",
        "suspended": person.suspended,
        "confirmed": True,
        "lang": call.world.language,
        "theme": "",
        "timezone": person.timezone,
        "mailformat": 1,
        "trackforums": 0,
    }
    told |= {name: getattr(person, name) for name in ("city", "country") if getattr(person, name)}
    told |= {"profileimageurlsmall": picture(call, "f2"), "profileimageurl": picture(call, "f1")}
    custom = custom_fields(call, person.id)
    if custom:
        newer = call.world.release != "4.1"
        told["customfields"] = [_with_display_value(call, entry) for entry in custom] if newer else custom
    return told


def _with_display_value(call: Call, entry: dict[str, Any]) -> dict[str, Any]:
    """Put the shown value after the stored one."""
    shown = entry["value"]
    if entry["type"] == "checkbox":
        shown = "Yes" if shown == "1" else "No"
    elif entry["type"] == "datetime":
        zone = zoneinfo.ZoneInfo(call.world.timezone)
        moment = datetime.datetime.fromtimestamp(int(shown), zone)
        shown = f"{moment:%A}, {moment.day} {moment:%B %Y}, {moment.hour % 12 or 12}:{moment:%M %p}"
    else:
        shown = php.format_string(shown)
    return {"type": entry["type"], "value": entry["value"], "displayvalue": shown} | {
        name: entry[name] for name in ("name", "shortname")
    }


_FIELD = Record({"type": Param("name"), "value": TEXT})
_USER = Record(
    {"id": INT}
    | {name: optional("text") for name in ("username", "firstname", "lastname", "email", "idnumber", "department")}
    | {"customfields": Several(_FIELD, default=[])}  # type: ignore[arg-type]
)


@function("core_user_update_users", users=Several(_USER))
def update_users(call: Call) -> dict[str, Any]:
    """Write accounts, each by itself: one that is not written is only a warning in a 200."""
    warnings = []
    for wanted in call.params["users"]:
        refusal = _untouchable(call, wanted["id"])
        if refusal:
            warnings.append({"item": "user", "itemid": wanted["id"], "warningcode": refusal[0], "message": refusal[1]})
            continue
        plain = {name: value for name, value in wanted.items() if name not in {"id", "customfields"}}
        fields = {entry["type"]: _kept_value(call, entry["type"], entry["value"]) for entry in wanted["customfields"]}
        call.world.update_account(wanted["id"], plain, fields)
    return {"warnings": warnings}


def _untouchable(call: Call, user: int) -> tuple[str, str] | None:
    """Code and message for an account that no web service writes."""
    person = call.world.users.get(user)
    if person is None:
        return "invaliduserid", "Invalid user ID"
    if user == call.world.admin_id:
        return "usernotupdatedadmin", "Cannot update admin accounts"
    if person.deleted:
        return "usernotupdateddeleted", "error/usernotupdateddeleted"
    if user == call.world.guest_id:
        return "usernotupdatedguest", "error/usernotupdatedguest"
    return None


def _kept_value(call: Call, field: str, value: str) -> str:
    """The value as the kind of field keeps it: a day as the seconds of its midnight."""
    known = call.world.profile_fields.get(field)
    if known is None or known.datatype != "datetime" or not value:
        return value
    day = datetime.date(*(php.integer(part) for part in value.split("-")[:3]))
    return str(int(datetime.datetime.combine(day, datetime.time(), zoneinfo.ZoneInfo(call.world.timezone)).timestamp()))
