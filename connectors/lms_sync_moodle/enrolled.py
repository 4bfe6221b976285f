"""The list of people enrolled in a course, read page by page, and what is known to be wrong with it.

Owns the paging of `core_enrol_get_enrolled_users`. Must not build records.

Moodle pages by offset, so somebody who leaves between two pages makes the next one skip a person: pages overlap by
one, and when the overlap does not match, the reading steps back. One value that Moodle does not let out fails a whole
page (`invalidresponse`): the page is halved until the one person is found. People whom the account may not see are
dropped after the limit was applied (`enrol/externallib.php`), so a short page is not always the last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lms_sync.errors import SourceAnswerInvalid, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.refusals import missing_rights
from lms_sync_moodle.site import MoodleSite

FUNCTION = "core_enrol_get_enrolled_users"
ALL_FIELDS = (
    "id,firstname,lastname,fullname,email,idnumber,institution,department,city,country,customfields,groups,roles,"
    "lastcourseaccess"
)
PLAIN_FIELDS = "id,groups,roles"
ROLE_FIELDS = "id,roles,lastcourseaccess"
STEPS_BACK = 10
"""How often a reading may step back before the list is called too unsteady."""
FIRST_FAILURES, MOST_FAILURES = 30, 400
"""Failed requests in search of unreadable people: so many while nobody at all could be read, and altogether."""


@dataclass
class EnrolledList:
    """Reads one course's list. After `pages` is exhausted, the other attributes say how far to trust it."""

    site: MoodleSite
    course_id: int
    fields: str
    only_suspended: bool = False
    at_least: int = 0
    """How many people are known to be enrolled: with fewer, a short page is not believed to be the last."""

    seen: set[int] = field(default_factory=set)
    plain_only: set[int] = field(default_factory=set)
    """People of whom only `PLAIN_FIELDS` could be read."""
    unreadable: set[int] = field(default_factory=set)
    """Positions in the list (from 1) of people of whom nothing could be read."""
    hidden: bool = False
    unsteady: bool = False
    _failures: int = 0
    _lost: int = 0

    def pages(self) -> Iterator[list[wire.Person]]:
        """The people, each once, in the order of their ids. Raises SourceRefused when the list is refused."""
        size = self.site.options.page_size
        start, last_full, steps_back = 0, False, 0
        while True:
            overlap = 1 if start else 0
            lost_before = self._lost
            people = self._range(start - overlap, size + overlap)
            whole = self._lost == lost_before
            # The person that both pages share was there a moment ago; without them the list has become shorter.
            moved = not people or people[0].id not in self.seen
            if overlap and last_full and whole and moved:
                steps_back += 1
                if steps_back <= STEPS_BACK:
                    start = max(0, start - size)
                    continue
                self.unsteady = True
            fresh = [person for person in people if person.id not in self.seen]
            self.seen.update(person.id for person in fresh)
            if fresh:
                yield fresh
            short = whole and len(people) < size + overlap
            if (not people and whole) or (short and len(self.seen) >= self.at_least):
                return
            self.hidden = self.hidden or (short and bool(self._range(start + size, 1)))
            last_full = whole and not short  # of a page with a gap the shared person may be the one that is lost
            start += size

    def notes(self) -> list[str]:
        """What stands in the way of calling the list complete."""
        notes = []
        if self.unreadable:
            places = ", ".join(map(str, sorted(self.unreadable)[:5]))
            notes.append(
                f"{len(self.unreadable)} people cannot be read, since a name or field of theirs holds a tag "
                f"(position {places} in the list of participants by id); clean it in Moodle"
            )
        if self.plain_only:
            ids = ", ".join(map(str, sorted(self.plain_only)[:5]))
            notes.append(
                f"the profiles of {len(self.plain_only)} people cannot be read (Moodle user id {ids}); "
                "a field holds a tag: clean it in Moodle"
            )
        if self.hidden:
            notes.append("Moodle hides some of the enrolled people; " + missing_rights(FUNCTION))
        if self.unsteady:
            notes.append("the list of people kept changing while it was read")
        return notes

    def _range(self, start: int, count: int) -> list[wire.Person]:
        try:
            return self._ask(start, count, self.fields)
        except SourceAnswerInvalid as error:
            self._failures += 1
            if self._failures > MOST_FAILURES or (self._failures > FIRST_FAILURES and not self.seen):
                raise error from None
        if count > 1:
            half = count // 2
            return self._range(start, half) + self._range(start + half, count - half)
        return self._single(start)

    def _single(self, start: int) -> list[wire.Person]:
        """The one person whose data fail the list: at least with whom it is and what they may do."""
        try:
            people = self._ask(start, 1, PLAIN_FIELDS)
        except SourceAnswerInvalid:
            self.unreadable.add(start + 1)
            self._lost += 1
            return []
        self.plain_only.update(person.id for person in people)
        return people

    def _ask(self, start: int, count: int, fields: str) -> list[wire.Person]:
        options = {"userfields": fields, "limitfrom": start, "limitnumber": count, "sortby": "id"}
        if self.only_suspended:
            options["onlysuspended"] = 1
        params = {
            "courseid": self.course_id,
            "options": [{"name": name, "value": value} for name, value in options.items()],
        }
        return self.site.client.call(FUNCTION, params, answer=list[wire.Person])


@dataclass(frozen=True)
class Roster:
    """Who is enrolled in a course: learners by id with whether they are suspended, and the ids of all others.

    `accesses`: when learners last entered the course (epoch seconds; 0: never), as far as Moodle shows it.
    """

    learners: dict[int, bool]
    others: frozenset[int]
    notes: tuple[str, ...] = ()
    accesses: Mapping[int, int] = field(default_factory=dict)

    @property
    def active(self) -> list[int]:
        """The learners who are not suspended."""
        return [learner for learner, suspended in self.learners.items() if not suspended]


def roster(site: MoodleSite, course_id: int) -> Roster:
    """Who is enrolled, asked once a run. Raises SourceRefused when the list is refused."""
    return site.once("roster", course_id, lambda: _read_roster(site, course_id))


def is_learner(site: MoodleSite, person: wire.Person) -> bool:
    """Whether the person holds one of the roles that learn."""
    return any(role.shortname in site.options.learner_roles for role in person.roles or ())


def suspended_people(site: MoodleSite, course_id: int) -> tuple[set[int], str]:
    """The ids of those without an active enrolment, and what is wrong if they cannot be told."""
    listing = EnrolledList(site, course_id, "id", only_suspended=True)
    try:
        for _ in listing.pages():
            pass
    except SourceRefused:
        return set(), f"suspended enrolments cannot be told from active ones; {missing_rights(FUNCTION)}"
    return listing.seen, "; ".join(listing.notes())


def _read_roster(site: MoodleSite, course_id: int) -> Roster:
    listing = EnrolledList(site, course_id, ROLE_FIELDS)
    people = {person.id: person for page in listing.pages() for person in page}
    suspended, problem = suspended_people(site, course_id)
    learners = {one: one in suspended for one, person in people.items() if is_learner(site, person)}
    accesses = {one: people[one].lastcourseaccess for one in learners}
    return Roster(
        learners=learners,
        others=frozenset(people.keys() - learners.keys()),
        notes=tuple([*listing.notes(), problem] if problem else listing.notes()),
        accesses={one: time for one, time in accesses.items() if time is not None},
    )
