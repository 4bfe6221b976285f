"""What Moodle's refusals mean: error code -> what kind of error it is, and the page that mends it.

Owns the reading of `errorcode`, and the rights that each function needs. Must not make requests. Sentences are ours:
Moodle's own message is localised and may quote SQL, so it is never shown.
"""

from __future__ import annotations

import re

from lms_sync.errors import SourceAnswerInvalid, SourceDenied, SourceError, SourceGone, SourceRefused, SourceUnavailable

SERVICES_PAGE = "Site administration › Server › Web services › External services"
TOKENS_PAGE = "Site administration › Server › Web services › Manage tokens"
PROTOCOLS_PAGE = "Site administration › Server › Web services › Manage protocols"
FEATURES_PAGE = "Site administration › General › Advanced features"
ROLES_PAGE = "Site administration › Users › Permissions › Define roles"
USERS_PAGE = "Site administration › Users › Accounts › Browse list of users"
PLUGINS_PAGE = "Site administration › Plugins › Install plugins"

SITE_INFO = "core_webservice_get_site_info"

RIGHTS: dict[str, tuple[str, ...]] = {
    "core_course_get_courses_by_field": ("moodle/course:view", "moodle/course:viewhiddencourses"),
    "core_course_get_categories": ("moodle/category:viewhiddencategories",),
    "core_enrol_get_enrolled_users": (
        "moodle/course:view",
        "moodle/course:viewparticipants",
        "moodle/user:viewdetails",
        "moodle/course:enrolreview",
    ),
    "gradereport_user_get_grade_items": ("gradereport/user:view", "moodle/grade:viewall", "moodle/grade:viewhidden"),
    "core_course_get_updates_since": ("moodle/course:view", "mod/quiz:viewreports"),
    "mod_quiz_get_quizzes_by_courses": ("moodle/course:view", "mod/quiz:view"),
    "mod_quiz_get_user_attempts": ("mod/quiz:view", "mod/quiz:viewreports"),
    "mod_quiz_get_user_quiz_attempts": ("mod/quiz:view", "mod/quiz:viewreports"),
    "mod_quiz_get_attempt_review": ("mod/quiz:viewreports",),
    "mod_assign_get_assignments": ("moodle/course:view", "mod/assign:view"),
    "mod_assign_get_submissions": ("mod/assign:view", "mod/assign:viewgrades"),
    "core_completion_get_activities_completion_status": ("moodle/course:view", "report/progress:view"),
    "local_lmssync_handshake": ("local/lmssync:read",),
    "local_lmssync_changes": ("local/lmssync:read",),
    "local_lmssync_keys": ("local/lmssync:read",),
    "local_lmssync_rows": ("local/lmssync:read",),
    "local_lmssync_get_documents": ("local/lmssync:read",),
    "local_lmssync_upsert_documents": ("local/lmssync:read", "local/lmssync:writedocuments"),
    "core_user_get_users_by_field": ("moodle/user:viewdetails", "moodle/user:viewalldetails"),
    "core_user_update_users": ("moodle/user:update",),
    "core_notes_get_course_notes": ("moodle/course:view", "moodle/notes:view"),
    "core_notes_create_notes": ("moodle/course:view", "moodle/notes:manage"),
    "core_notes_update_notes": ("moodle/course:view", "moodle/notes:manage"),
}
"""The rights that the service account needs for each function (`FUNCTION`'s `require_capability` calls)."""

_DENIED: dict[str, str] = {
    "invalidtoken": f"the token is unknown or has expired; make a new one on {TOKENS_PAGE}",
    "invalidtimedtoken": f"the token has expired; make a new one on {TOKENS_PAGE}",
    "forcepasswordchangenotice": f"the service account must change its password; clear that flag on {USERS_PAGE}",
    "wsaccessusersuspended": f"the service account is suspended; activate it on {USERS_PAGE}",
    "wsaccessuserdeleted": f"the service account is deleted; make a new one and its token on {TOKENS_PAGE}",
    "wsaccessuserunconfirmed": f"the service account is not confirmed; confirm it on {USERS_PAGE}",
    "wsaccessuserexpired": f"the service account's password has expired; renew it on {USERS_PAGE}",
    "wsaccessusernologin": f"the service account's authentication is “No login”; change it on {USERS_PAGE}",
    "sitepolicynotagreed": "the service account has not agreed to the site policy; log in with it once and agree",
    "usernotfullysetup": f"the service account's profile is incomplete; complete it on {USERS_PAGE}",
    "enablewsdescription": f"web services are off; switch them on under {FEATURES_PAGE}",
}

_GONE = {
    "userdeleted": "the person is deleted",
    "invaliduser": "there is no such person",
    "invaliduserid": "there is no such person",
    "invalidrecord": "there is no such object or function",
    "invalidrecordunknown": "there is no such object or function",
    "invalidcourseid": "there is no such course",
    "invalidcoursemodule": "there is no such activity",
    "invalidattemptid": "there is no such attempt",
}

_MAINTENANCE = {"sitemaintenance", "upgraderunning"}
_UNAVAILABLE = {
    "dbconnectionfailed",
    "nosite",
    "cannotconnecttodb",
    "dmlconnectionexception",
    "lockedtimeout",
    "locktimeout",
}
_NO_RIGHT = {"nopermissions", "nopermissiontoviewgrades", "cannotviewreport", "required_capability_exception"}


class UncleanAnswer(SourceAnswerInvalid):
    """Moodle refuses to send a whole list because one value in it does not pass Moodle's own check."""


def refusal(function: str, code: str, exception: str, functions: frozenset[str] | None) -> SourceError:
    """The error that a refusal means. `functions` are those that the token may call, None if not known yet."""
    code = _plain_code(code) or _plain_code(exception.replace("\\", "/").rsplit("/", 1)[-1])
    label = f"Moodle refuses {function} ({code or 'no error code'})"
    if code in _MAINTENANCE:
        return SourceUnavailable("Moodle is under maintenance or being upgraded; try again later.", maintenance=True)
    if code in _UNAVAILABLE:
        return SourceUnavailable("Moodle cannot reach its database; try again later.")
    if code in _DENIED:
        return SourceDenied(f"{label}: {_DENIED[code]}.", code=code)
    if code == "accessexception":
        return _access_exception(label, function, functions)
    if code in _GONE:
        return SourceGone(f"{label}: {_GONE[code]}.", code=code)
    if code == "invalidresponse":
        return UncleanAnswer(
            f"{label}: one value in the list holds a tag or a sign that Moodle does not let out; "
            "find the record by asking for fewer, and clean it in Moodle."
        )
    return SourceRefused(f"{label}: {_refused(function, code)}.", code=code)


def is_deleted(answer: object) -> bool:
    """Whether an answer says that the person asked about is deleted. No other refusal says so: `invalidrecord` stands
    for an unknown person, activity or function alike."""
    return isinstance(answer, SourceGone) and answer.code == "userdeleted"


def missing_rights(function: str) -> str:
    """What to grant so that the function answers fully."""
    return f"grant {', '.join(RIGHTS.get(function, ())) or 'the missing right'} to the account's role on {ROLES_PAGE}"


def _access_exception(label: str, function: str, functions: frozenset[str] | None) -> SourceError:
    """One code for seven causes: a function outside of the service concerns only itself, all else the account."""
    if function != SITE_INFO and functions is not None and function not in functions:
        return SourceRefused(
            f"{label}: the function is not in the token's service; add it on {SERVICES_PAGE}.", code="accessexception"
        )
    return SourceDenied(
        f"{label}: the service is off, or the account is not among its users, lacks webservice/rest:use, asks from "
        f"a forbidden address or has an expired token; check {SERVICES_PAGE} and {TOKENS_PAGE}.",
        code="accessexception",
    )


def _refused(function: str, code: str) -> str:
    if code in _NO_RIGHT:
        return f"the account lacks a right there; {missing_rights(function)}"
    if code in {"requireloginerror", "errorcoursecontextnotvalid"}:
        return f"the account may not enter the course or activity; grant moodle/course:view and {_rest(function)}"
    if code == "notingroup":
        return f"the groups are separate; grant moodle/site:accessallgroups on {ROLES_PAGE}"
    if code in {"dmlreadexception", "dml_read_exception"}:
        return "Moodle's database query failed; see that “Graded roles” is not empty (Grades › General settings)"
    if code == "notesdisabled":
        return f"notes are switched off in Moodle; enable them under {FEATURES_PAGE}"
    if code == "invalidparameter":
        return "this release of Moodle does not take these parameters; report it with the release's number"
    return "see the error code in Moodle's documentation, and the service account's rights"


def _rest(function: str) -> str:
    rights = [right for right in RIGHTS.get(function, ()) if right != "moodle/course:view"]
    return f"{', '.join(rights)} on {ROLES_PAGE}" if rights else f"check the role on {ROLES_PAGE}"


def _plain_code(text: str) -> str:
    """An error code as a short plain word, whatever a broken site sends in its place."""
    return re.sub(r"[^A-Za-z0-9_/:-]", "", text)[:60]
