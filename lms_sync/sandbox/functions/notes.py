"""Functions that write, list and delete notes about people."""

from __future__ import annotations

from typing import Any

from lms_sync.sandbox import refusals
from lms_sync.sandbox.model import Note
from lms_sync.sandbox.registry import ALPHA, INT, TEXT, Call, Record, Several, function, optional
from lms_sync.sandbox.state import FRONT_PAGE

_NOTE = Record(
    {
        "userid": INT,
        "publishstate": ALPHA,
        "courseid": INT,
        "text": TEXT,
        "format": optional("int", 1),
        "clientnoteid": optional("text"),
    }
)


@function("core_notes_create_notes", notes=Several(_NOTE))
def create_notes(call: Call) -> list[dict[str, Any]]:
    """Write notes. A note that fails is told by ``noteid`` -1 inside a 200; nothing prevents a second copy."""
    return [_create(call, wanted) for wanted in call.params["notes"]]


def _create(call: Call, wanted: dict[str, Any]) -> dict[str, Any]:
    told = {"clientnoteid": wanted["clientnoteid"]} if wanted["clientnoteid"] is not None else {}
    if wanted["userid"] not in call.world.users:
        return told | {"noteid": -1, "errormessage": f"Invalid user id: {wanted['userid']}"}
    if wanted["publishstate"] not in {"personal", "course", "site"}:
        return told | {"noteid": -1, "errormessage": "Invalid publish state"}
    if wanted["courseid"] not in call.world.courses:
        return told | {"noteid": -1, "errormessage": f"Invalid course id: {wanted['courseid']}"}
    site_wide = wanted["publishstate"] == "site"
    note = call.world.add_note(
        FRONT_PAGE if site_wide else wanted["courseid"],
        wanted["userid"],
        wanted["text"],
        publishstate=wanted["publishstate"],
        textformat=wanted["format"],
    )
    return told | {"noteid": note.id}


@function("core_notes_get_course_notes", courseid=INT, userid=optional("int", 0))
def get_course_notes(call: Call) -> dict[str, Any]:
    """Notes seen from a course: the site's, the course's own and the service account's personal ones."""
    course, user = call.params["courseid"], call.params["userid"]
    if user and user not in call.world.users:
        raise refusals.missing_record("user")
    call.course(course or FRONT_PAGE)
    notes = [note for note in call.world.notes.values() if user in {0, note.user}]
    if not user:
        notes = [note for note in notes if note.publishstate != "site" or course in {0, FRONT_PAGE}]
    return {
        "sitenotes": [_told(note) for note in notes if note.publishstate == "site"],
        "coursenotes": [_told(n) for n in notes if n.publishstate == "course" and n.course == course],
        "personalnotes": [_told(n) for n in notes if n.publishstate == "personal" and n.course == course],
        "canmanagesystemnotes": True,
        "canmanagecoursenotes": True,
        "warnings": [],
    }


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
    warnings = []
    for note in call.params["notes"]:
        if not call.world.delete_note(note):
            message = "Note does not exist"
            warnings.append({"item": "note", "itemid": note, "warningcode": "badid", "message": message})
    return warnings
