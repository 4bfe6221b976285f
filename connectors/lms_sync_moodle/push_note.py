"""The target `note`: a note about the learner, which teachers see in the course or in the whole site.

Owns the finding of a document's note. Must not know templates or what was sent before.

Moodle keeps no key of ours beside a note, so its text bears the document's uid. A note is a document's when it bears
the uid, and this account wrote it last or its id is the one that lms-sync knows: a teacher who mentions a document has
not made its note, and one who takes the uid out has made the note their own. Nothing keeps Moodle from creating a
second one; so every write looks first.

`core_notes_create_notes` and `core_notes_update_notes` write one after the other without a transaction, and break off
at the first course that the account may not write in (`notes/externallib.php`). What was written then is not told:
hence one note a call.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from lms_sync.connector import Answer, Delivery, Receipt, Shown, Target
from lms_sync.errors import OutcomeUnknown, SourceGone, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.push_parts import UNKNOWN_PERSON, course_of, person_of, refused, require
from lms_sync_moodle.site import FRONT_PAGE, MoodleSite

CREATE = "core_notes_create_notes"
UPDATE = "core_notes_update_notes"
GET = "core_notes_get_course_notes"
RIGHT = "moodle/notes:manage"

TARGET = Target("note", "a note about the learner, for the teachers", {"text": True}, keeps_revoked=False)

PLAIN = 2
"""Moodle's FORMAT_PLAIN, in which its own form writes notes: the text is kept as it is and escaped when it is shown."""

_MARKED_UP = {0, 1, 4}  # FORMAT_MOODLE, FORMAT_HTML, FORMAT_MARKDOWN
_STATE = {"public": "course", "site": "site", "draft": "personal"}
"""How Moodle tells who sees a note -> how it wants to be told."""

_OF_ALL = {"notesdisabled", "accessexception"}
_UID = re.compile(r"d\d{6,}")
"""A document's uid, as `lms_sync.records.document_uid` makes them."""

_BETWEEN = re.compile(r"[^\w.:/-]+")  # what stands between words, of which a uid is one
_AROUND = ".:/-"


@dataclass(frozen=True)
class _Found:
    """A document's notes, the oldest first; none: it has no note."""

    delivery: Delivery
    notes: Sequence[wire.Note] = ()


def send(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Receipt]:
    """See `Connector.send`. Writes over the document's note where there is one."""
    require(site, TARGET.name, CREATE, UPDATE, GET)
    for delivery in deliveries:
        if code := _unfit(delivery):
            yield refused(delivery, code)
            continue
        try:
            notes = _notes_of(site, delivery)
            yield _put_right(site, delivery, notes) if notes else _create(site, delivery)
        except SourceRefused as error:
            if _concerns_all(site, error):
                raise
            yield refused(delivery, error.code or "refused")


def look(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Shown]:
    """See `Connector.look`."""
    require(site, TARGET.name, GET)
    for found in site.client.each(lambda delivery: _Found(delivery, _notes_of(site, delivery)), deliveries):
        if found.notes:
            yield _shown(found.delivery.subject, found.notes)


def survey(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[Shown]:
    """See `Connector.survey`: the notes of the courses, or of the whole site, and of each document not found there.

    A course whose notes the account may not see shows none, and keeps no other from being surveyed.
    """
    require(site, TARGET.name, GET)
    wanted = {delivery.subject: delivery for delivery in deliveries}
    by_uid: dict[str, dict[int, wire.Note]] = {}
    for note in _all_notes(site, deliveries):
        for uid in _uids(note, wanted.keys()):
            if _is_ours(site, note, wanted[uid].external_id if uid in wanted else ""):
                by_uid.setdefault(uid, {})[note.id] = note
    for uid, notes in by_uid.items():
        yield _shown(uid, sorted(notes.values(), key=lambda note: note.id))
    others = [delivery for uid, delivery in wanted.items() if uid not in by_uid]
    for found in site.client.each(lambda delivery: _find(site, delivery), others):
        if found.notes:
            yield _shown(found.delivery.subject, found.notes)


def _unfit(delivery: Delivery) -> str:
    """Why a delivery cannot become a note; empty when it can."""
    text = delivery.values.get("text", "").strip()
    if not text:
        return "emptytext"
    if delivery.subject not in _words(text):
        return "uidnotintext"
    return UNKNOWN_PERSON if person_of(delivery) is None else ""


def _create(site: MoodleSite, delivery: Delivery) -> Receipt:
    visibility = site.options.note_visibility
    course = course_of(delivery) if visibility == "course" else FRONT_PAGE
    if course is None:
        return refused(delivery, "nocourse")
    note = {
        "userid": person_of(delivery),
        "publishstate": visibility,
        "courseid": course,
        "text": delivery.values["text"],
        "format": PLAIN,
    }
    answer = site.client.call(CREATE, {"notes": [note]}, answer=list[wire.CreatedNote], safe=False)
    if len(answer) != 1:
        raise OutcomeUnknown(f"Moodle answers {CREATE} for {len(answer)} notes in place of one; look before repeating.")
    if answer[0].noteid > 0:
        return Receipt(delivery.subject, Answer.ACCEPTED, str(answer[0].noteid))
    return refused(delivery, _reason(delivery, answer[0]))


def _reason(delivery: Delivery, created: wire.CreatedNote) -> str:
    """Moodle tells a localised sentence only; the one about the person names the person's id."""
    if not created.errormessage:
        return "refused"
    return UNKNOWN_PERSON if delivery.learner in created.errormessage else "invalidcourseid"


def _put_right(site: MoodleSite, delivery: Delivery, notes: Sequence[wire.Note]) -> Receipt:
    """Every copy is written over, so that none tells what is no longer so; each stays where it is shown."""
    for note in notes:
        if _text(note) == delivery.values["text"]:
            continue
        state = _STATE.get(note.publishstate, note.publishstate)
        changed = {"id": note.id, "publishstate": state, "text": delivery.values["text"], "format": PLAIN}
        warnings = site.client.call(UPDATE, {"notes": [changed]}, answer=list[wire.Warning_], safe=False)
        if warnings and warnings[0].warningcode == "badid":  # deleted a moment ago
            return Receipt(delivery.subject, Answer.LATER, code="badid")
        if warnings:
            return refused(delivery, warnings[0].warningcode or "refused")
    return Receipt(delivery.subject, Answer.ACCEPTED, str(notes[0].id))


def _find(site: MoodleSite, delivery: Delivery) -> _Found:
    try:
        return _Found(delivery, _notes_of(site, delivery))
    except SourceRefused as error:
        if _concerns_all(site, error):
            raise
        return _Found(delivery)


def _notes_of(site: MoodleSite, delivery: Delivery) -> list[wire.Note]:
    """The document's notes, the oldest first. Raises SourceRefused where they may not be seen."""
    person = person_of(delivery)
    if person is None:
        return []
    answer = _of_person(site, course_of(delivery), person)
    ours = {
        note.id: note
        for note in [*answer.sitenotes, *answer.coursenotes]
        if delivery.subject in _words(_text(note)) and _is_ours(site, note, delivery.external_id)
    }
    return sorted(ours.values(), key=lambda note: note.id)


def _of_person(site: MoodleSite, course: int | None, person: int) -> wire.Notes:
    """A person's notes for the site and the course; without it, or once it is gone, those for the site."""
    for place in [course, FRONT_PAGE] if course else [FRONT_PAGE]:
        try:
            return _ask(site, place, person)
        except SourceGone:  # the course, or the person: neither has notes any more
            continue
    return wire.Notes()


def _all_notes(site: MoodleSite, deliveries: Sequence[Delivery]) -> Iterator[wire.Note]:
    courses = sorted({course for delivery in deliveries if (course := course_of(delivery)) is not None})
    places = [FRONT_PAGE] if site.options.note_visibility == "site" else courses
    for answer in site.client.each(lambda place: _of_everybody(site, place), places):
        yield from answer.sitenotes
        yield from answer.coursenotes


def _of_everybody(site: MoodleSite, place: int) -> wire.Notes:
    try:
        return _ask(site, place, 0)
    except SourceRefused as error:
        if _concerns_all(site, error):
            raise
        return wire.Notes()


def _ask(site: MoodleSite, course: int, person: int) -> wire.Notes:
    return site.client.call(GET, {"courseid": course, "userid": person}, answer=wire.Notes)


def _concerns_all(site: MoodleSite, error: SourceRefused) -> bool:
    """Whether a refusal stands for every note: notes are off, or the account lacks the rights in the whole site."""
    if error.code in _OF_ALL:
        return True
    return error.code == "nopermissions" and not may_manage(site)


def may_manage(site: MoodleSite) -> bool:
    """Whether the account may write notes in the whole site. Asked once a run."""
    return site.once("may manage notes", 0, lambda: _ask(site, FRONT_PAGE, site.info().userid).canmanagesystemnotes)


def _is_ours(site: MoodleSite, note: wire.Note, external_id: str) -> bool:
    return note.usermodified == site.info().userid or str(note.id) == external_id


def _uids(note: wire.Note, wanted: Set[str]) -> set[str]:
    """The documents whose uid a note bears, whether they are wanted or not."""
    words = _words(_text(note))
    return (words & wanted) | {word for word in words if _UID.fullmatch(word)}


def _words(text: str) -> set[str]:
    return {word.strip(_AROUND) for word in _BETWEEN.split(text)}


def _shown(subject: str, notes: Sequence[wire.Note]) -> Shown:
    first = notes[0]
    return Shown(subject, str(first.userid), {"text": _text(first)}, external_id=str(first.id), copies=len(notes))


def _text(note: wire.Note) -> str:
    """The note as plain text. Moodle's form ends lines its own way; what came through HTML has its marks taken off."""
    text = note.content.replace("\r\n", "\n")
    if note.format in _MARKED_UP:
        text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return text.strip()
