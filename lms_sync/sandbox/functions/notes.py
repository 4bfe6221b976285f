"""Functions that write, change, list and delete notes about people."""

from __future__ import annotations

from typing import Any

from lms_sync.sandbox import refusals
from lms_sync.sandbox.model import Note
from lms_sync.sandbox.registry import ALPHA, INT, TEXT, Call, Record, Several, function, optional
from lms_sync.sandbox.state import FRONT_PAGE

_NEW_NOTE = Record(
    {
        "userid": INT,
        "publishstate": ALPHA,
        "courseid": INT,
        "text": TEXT,
        "format": optional("int", 1),
        "clientnoteid": optional("text"),
    }
)
_CHANGED_NOTE = Record({"id": INT, "publishstate": ALPHA, "text": TEXT, "format": optional("int", 1)})

#: How a caller says who sees a note -> how Moodle keeps and tells it. Any other word means the course.
_STATES = {"personal": "draft", "course": "public", "site": "site"}


@function("core_notes_create_notes", notes=Several(_NEW_NOTE))
def create_notes(call: Call) -> list[dict[str, Any]]:
    """Write notes. A note that fails is told by ``noteid`` -1 inside a 200; nothing prevents a second copy."""
    _require_notes(call)
    _require_right(call, "Manage notes")
    return [_create(call, wanted) for wanted in call.params["notes"]]


def _create(call: Call, wanted: dict[str, Any]) -> dict[str, Any]:
    told = {"clientnoteid": wanted["clientnoteid"]} if wanted["clientnoteid"] is not None else {}
    error = ""
    if wanted["courseid"] not in call.world.courses:
        error = "You are trying to use an invalid course ID"
    person = call.world.users.get(wanted["userid"])
    if person is None or person.deleted:
        error = f"Invalid user id: {wanted['userid']}"
    if error:
        return told | {"noteid": -1, "errormessage": error}
    if _is_empty(wanted["text"]):
        return told | {"noteid": 1}  # nothing is written, and Moodle's own "true" becomes the id
    state = _STATES.get(wanted["publishstate"], "public")
    course = FRONT_PAGE if state == "site" else wanted["courseid"]
    note = call.world.add_note(
        course, wanted["userid"], wanted["text"], publishstate=state, textformat=wanted["format"]
    )
    return told | {"noteid": note.id}


@function("core_notes_update_notes", notes=Several(_CHANGED_NOTE, default=[]))
def update_notes(call: Call) -> list[dict[str, Any]]:
    """Write over notes; the answer is a list of warnings, and a wrong state is written all the same.

    A note for the site that is given to a course stays on the front page, where nothing lists it any more.
    """
    _require_notes(call)
    _require_right(call, "Manage notes")
    warnings = []
    for wanted in call.params["notes"]:
        if wanted["id"] not in call.world.notes:
            warnings.append(_warning(wanted["id"], "badid", "Note does not exist"))
            continue
        if wanted["publishstate"] not in _STATES:
            warnings.append(_warning(wanted["id"], "badparam", "Provided publishstate incorrect"))
        if _is_empty(wanted["text"]):
            warnings.append(_warning(wanted["id"], "savedfailed", "Note could not be modified"))
            continue
        state = _STATES.get(wanted["publishstate"], "public")
        call.world.change_note(wanted["id"], wanted["text"], publishstate=state, textformat=wanted["format"])
    return warnings


def _require_notes(call: Call) -> None:
    if not call.world.notes_enabled:
        raise refusals.Refusal("moodle_exception", "notesdisabled", "Notes are disabled, sorry.")


def _require_right(call: Call, right: str) -> None:
    if not call.world.may_manage_notes:
        raise refusals.no_permission(right)


def _is_empty(text: str) -> bool:
    return text.strip() in {"", "0"}  # PHP's ``empty``


def _warning(note: int, code: str, message: str) -> dict[str, Any]:
    return {"item": "note", "itemid": note, "warningcode": code, "message": message}


@function("core_notes_get_course_notes", courseid=INT, userid=optional("int", 0))
def get_course_notes(call: Call) -> dict[str, Any]:
    """Notes seen from a course: the site's, the course's own and the service account's personal ones.

    From the front page: the site's, and those of all courses in which the person asked for has an active enrolment.
    """
    _require_notes(call)
    course, user = call.params["courseid"] or FRONT_PAGE, call.params["userid"]
    if user and user not in call.world.users and call.world.release != "5.1":
        raise refusals.Refusal("dml_missing_record_exception", "invaliduser", "Invalid user")
    if user:
        call.person(user)
    call.course(course)
    if course != FRONT_PAGE:
        _require_right(call, "View notes")
    notes = sorted(call.world.notes.values(), key=lambda note: (-note.modified, note.id))
    notes = [note for note in notes if user in {0, note.user} and call.world.may_manage_notes]
    courses = {course} if course != FRONT_PAGE else _active_courses(call, user)
    personal = [note for note in notes if note.publishstate == "draft" and note.author == call.world.account.userid]
    return {
        "sitenotes": [_told(note) for note in notes if note.publishstate == "site"],
        "coursenotes": [_told(note) for note in notes if note.publishstate == "public" and note.course in courses],
        "personalnotes": [_told(note) for note in personal if note.course == course != FRONT_PAGE],
        "canmanagesystemnotes": call.world.may_manage_notes,
        "canmanagecoursenotes": call.world.may_manage_notes,
        "warnings": [],
    }


def _active_courses(call: Call, user: int) -> set[int]:
    enrolments = call.world.enrolments
    courses = call.world.courses_of.get(user, ())
    return {one for one in courses if call.world.courses[one].visible and not enrolments[one][user].suspended}


def _told(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "courseid": note.course,
        "userid": note.user,
        "content": note.text,
        "format": note.format,
        "created": note.created,
        "lastmodified": note.modified,
        "usermodified": note.author,
        "publishstate": note.publishstate,
    }


@function("core_notes_delete_notes", notes=Several(INT))
def delete_notes(call: Call) -> list[dict[str, Any]]:
    """Delete notes; the answer is a list of warnings about those that do not exist."""
    _require_notes(call)
    gone = [note for note in call.params["notes"] if not call.world.delete_note(note)]
    return [_warning(note, "badid", "Note does not exist") for note in gone]
