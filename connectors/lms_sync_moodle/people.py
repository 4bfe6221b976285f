"""The stream `people`: who learns in a course, and everybody's enrolment.

Owns the records person and enrolment. Staff are recorded by identifier and role only. Names and profile values are
taken as they come: Moodle never escapes them; only names of groups are escaped and are read back.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from lms_sync.connector import Outcome, Page, ReadTask, Scope, SourceRecord
from lms_sync.errors import SourceGone, SourceRefused
from lms_sync_moodle import companion_cursor, wire
from lms_sync_moodle.enrolled import ALL_FIELDS, FUNCTION, EnrolledList, Roster, is_learner, suspended_people
from lms_sync_moodle.pages import Tally, paged, refused
from lms_sync_moodle.refusals import missing_rights
from lms_sync_moodle.site import MoodleSite, course_of


def read_people(site: MoodleSite, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """Everybody enrolled in the course, page by page. The roster is remembered for the other streams."""
    course_id = course_of(scope)
    known = task.known.rows("enrolment", scope.key, ("learner", "is_learner", "status"))
    tally = Tally()
    try:
        site.course(course_id)
        suspended, problem = suspended_people(site, course_id)
    except SourceGone as error:
        yield refused(error)
        return
    patronymics = _told_by_companion(scope, task)
    known_suspended = {str(row[0]) for row in known.values() if str(row[2]) == "suspended"}
    learners: dict[int, bool] = {}
    accesses: dict[int, int] = {}
    listing = EnrolledList(site, course_id, ALL_FIELDS, at_least=len(known))
    try:
        for people in listing.pages():
            records: list[SourceRecord] = []
            for person in people:
                is_suspended = str(person.id) in known_suspended if problem else person.id in suspended
                if is_learner(site, person):
                    learners[person.id] = is_suspended
                    if person.lastcourseaccess is not None:
                        accesses[person.id] = person.lastcourseaccess
                    if person.id not in listing.plain_only:
                        records.append(_person_record(person, patronymics))
                records.append(_enrolment_record(site, course_id, person, is_suspended))
            yield from paged(records)
    except SourceRefused as error:
        yield refused(error, len(listing.seen))
        return
    for note in [*listing.notes(), problem]:
        if note:
            tally.note(note)
    if not learners and any(row[1] for row in known.values()):
        tally.note(f"Moodle shows none of the learners known before; {missing_rights(FUNCTION)}")
    tally.received = len(listing.seen)
    tally.expected = tally.received + len(listing.unreadable)
    others = frozenset(listing.seen - learners.keys())
    site.once("roster", course_id, lambda: Roster(learners, others, tuple(tally.notes), accesses))
    yield Page(end=tally.end(Outcome.COMPLETE))


def _told_by_companion(scope: Scope, task: ReadTask) -> dict[str, tuple[str, str]]:
    """First names and patronymics as they are known, where the companion told them before the site lost it."""
    if companion_cursor.parse(task.cursor) is None:
        return {}
    known = task.known.rows("learner", scope.key, ("first_name", "middle_name"))
    return {key: (str(first), str(middle)) for key, (first, middle) in known.items()}


def _person_record(person: wire.Person, patronymics: dict[str, tuple[str, str]]) -> SourceRecord:
    """A person. The core tells no patronymic: one that the companion told stays as long as the first name does."""
    first, middle = patronymics.get(str(person.id), ("", ""))
    fields = {
        "id": person.id,
        "firstname": person.firstname or "",
        "lastname": person.lastname or "",
        "middlename": middle if first == " ".join((person.firstname or "").split()) else "",
        "fullname": person.fullname or "",
        "email": person.email or "",
        "idnumber": person.idnumber or "",
        "institution": person.institution or "",
        "department": person.department or "",
        "city": person.city or "",
        "country": person.country or "",
        "profile": {field.shortname: field.value or "" for field in person.customfields or ()},
    }
    return SourceRecord("person", str(person.id), fields)


def _enrolment_record(site: MoodleSite, course_id: int, person: wire.Person, suspended: bool) -> SourceRecord:
    fields = {
        "courseid": course_id,
        "userid": person.id,
        "suspended": suspended,
        "is_learner": is_learner(site, person),
        "roles": sorted({role.shortname for role in person.roles or ()}),
        "groups": sorted({html.unescape(group.name) for group in person.groups or ()}),
    }
    return SourceRecord("enrolment", f"{course_id}/{person.id}", fields)
