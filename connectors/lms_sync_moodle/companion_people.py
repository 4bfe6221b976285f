"""The stream `people` on the companion rung: with patronymics, and every change of an enrolment as it happens.

Owns the rows of people and enrolments, and whether an enrolment is active. Builds the records that the core rung
builds, so that a site may climb and fall without a new version of anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lms_sync.connector import Mode, Outcome, Page, ReadTask, Scope, SourceRecord
from lms_sync.errors import SourceRefused
from lms_sync_moodle.companion import Companion
from lms_sync_moodle.companion_cursor import CompanionCursor
from lms_sync_moodle.companion_plan import CompanionPlan, earliest, new_feeds, plan, whole
from lms_sync_moodle.companion_wire import Row, picker
from lms_sync_moodle.feed import EVERYWHERE
from lms_sync_moodle.pages import Tally, paged, refused
from lms_sync_moodle.site import MoodleSite, course_of

STREAMS = ("enrolments", "people")
LEARNERS = "learners by the companion"
MOST_TOGETHER = 10_000
"""People who are kept in memory, so that they are asked for once for all courses."""

_NAMES = ("firstname", "lastname", "middlename", "fullname", "email", "idnumber", "institution", "department", "city",
          "country")  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A person's place in a course. `wake`: the next instant at which the clock alone may change it."""

    course: int
    person: int
    active: bool
    is_learner: bool
    roles: list[str]
    groups: list[str]
    wake: int | None

    def record(self) -> SourceRecord:
        """The enrolment."""
        fields = {
            "courseid": self.course,
            "userid": self.person,
            "suspended": not self.active,
            "is_learner": self.is_learner,
            "roles": self.roles,
            "groups": self.groups,
        }
        return SourceRecord("enrolment", f"{self.course}/{self.person}", fields)


def read_people(site: MoodleSite, companion: Companion, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """Everybody enrolled in the course, or those whose enrolment, profile or person changed."""
    tally = Tally()
    try:
        site.course(course_of(scope))
        chosen = plan(site, companion, scope, task, STREAMS)
        tally.findings += chosen.findings
        if chosen.mode is Mode.CHANGES and chosen.cursor is not None:
            yield from _changes(site, companion, scope, task, chosen, chosen.cursor, tally)
        else:
            yield from _full(site, companion, scope, chosen, tally)
    except SourceRefused as error:
        yield refused(error, tally.received, tally.expected)


def places(site: MoodleSite, columns: list[str], rows: Iterable[Row]) -> Iterator[Place]:
    """The places that rows of enrolments tell, as of now by Moodle's clock."""
    take = picker(columns, ("courseid", "userid", "methods", "roles", "groups"), "enrolments")
    now = site.client.now()
    for row in rows:
        course, person, methods, roles, groups = take(row)
        yield Place(
            course,
            person,
            active=any(_lets_in(method, now) for method in methods),
            is_learner=any(role in site.options.learner_roles for role in roles),
            roles=sorted(set(roles)),
            groups=sorted({group[2] for group in groups}),
            wake=earliest(*(_wake(method, now) for method in methods)),
        )


def learners_of_course(site: MoodleSite, companion: Companion, course_id: int, tally: Tally) -> frozenset[int]:
    """Who learns in a course, asked for once a run. What keeps it from being known is noted. Raises SourceRefused."""

    def ask() -> frozenset[int]:
        counted = Tally()
        learners = _learners(_places_of_course(site, companion, course_id, counted))
        counted.end(Outcome.COMPLETE)
        for note in counted.notes:
            tally.note(f"people: {note}")
        return learners

    return site.once(LEARNERS, course_id, ask)


def _places_of_course(site: MoodleSite, companion: Companion, course_id: int, tally: Tally) -> list[Place]:
    pages = whole(companion, "enrolments", course_id, lambda key: (key[1], key[2]), tally)
    return [place for page in pages for place in places(site, page.columns, page.rows)]


def _learners(found: Iterable[Place]) -> frozenset[int]:
    return frozenset(place.person for place in found if place.is_learner)


def _full(site: MoodleSite, companion: Companion, scope: Scope, chosen: CompanionPlan, tally: Tally) -> Iterator[Page]:
    found = _places_of_course(site, companion, course_of(scope), tally)
    learners = _learners(found)
    if tally.received == tally.expected:
        site.once(LEARNERS, course_of(scope), lambda: learners)
    for page in companion.rows("people", sorted(learners)):
        yield from paged(_person_records(page.columns, page.rows))
    yield from paged(place.record() for place in found)
    feeds = new_feeds(companion, chosen, STREAMS)
    wake = earliest(*(place.wake for place in found))
    cursor = CompanionCursor(feeds, wake).text() if feeds else None
    yield Page(cursor=cursor, end=tally.end(Outcome.COMPLETE), findings=tally.findings)


def _changes(
    site: MoodleSite,
    companion: Companion,
    scope: Scope,
    task: ReadTask,
    chosen: CompanionPlan,
    cursor: CompanionCursor,
    tally: Tally,
) -> Iterator[Page]:
    course_id = course_of(scope)
    share = chosen.share("enrolments", course_id)
    changed = list(places(site, chosen.feeds["enrolments"].columns, share.rows))
    newcomers = {place.person for place in changed if place.is_learner}
    records = list(_persons(site, companion, scope, task, chosen, newcomers))
    records += [place.record() for place in changed]
    absent = [("enrolment", f"{course_id}/{person}") for _, person in share.gone]
    tally.received = tally.expected = len(records)
    yield from paged(records)
    feeds = new_feeds(companion, chosen, STREAMS)
    wake = earliest(cursor.wake, *(place.wake for place in changed))
    text = CompanionCursor(feeds, wake).text() if feeds else None
    yield Page(absent=absent, cursor=text, end=tally.end(Outcome.CHANGES), findings=tally.findings)


def _persons(
    site: MoodleSite,
    companion: Companion,
    scope: Scope,
    task: ReadTask,
    chosen: CompanionPlan,
    newcomers: Collection[int],
) -> Iterator[SourceRecord]:
    """Learners of the course who changed themselves, and those whose enrolment did: they may be new to us."""
    people = chosen.feeds["people"]
    told = people.share(EVERYWHERE).told
    if any(told.values()):
        known = task.known.rows("enrolment", scope.key, ("learner", "is_learner")).values()
        learners = {int(learner) for learner, is_learner in known if is_learner} | set(newcomers)
        rows = (row for person, row in told.items() if row is not None and person in learners)
        yield from _person_records(people.columns, rows)
    unread = sorted(person for person in newcomers if not told.get(person))
    if unread:
        together = _newcomers_of_site(site, companion, chosen)
        yield from (record for record in map(together.get, unread) if record is not None)
        for page in companion.rows("people", [person for person in unread if person not in together]):
            yield from _person_records(page.columns, page.rows)


def _newcomers_of_site(site: MoodleSite, companion: Companion, chosen: CompanionPlan) -> dict[int, SourceRecord | None]:
    """All learners whose enrolment in any course changed, asked for together; nobody, when they are too many."""
    feed = chosen.feeds["enrolments"]

    def ask() -> dict[int, SourceRecord | None]:
        rows = (row for share in feed.shares().values() for row in share.rows)
        people = {place.person for place in places(site, feed.columns, rows) if place.is_learner}
        if len(people) > MOST_TOGETHER:
            return {}
        found: dict[int, SourceRecord | None] = dict.fromkeys(people)
        for page in companion.rows("people", sorted(people)):
            found |= {int(record.key): record for record in _person_records(page.columns, page.rows)}
        return found

    return site.once(f"newcomers since {feed.since}", EVERYWHERE, ask)


def _person_records(columns: list[str], rows: Iterable[Row]) -> Iterator[SourceRecord]:
    """The records of people; of a deleted one nothing is told."""
    take = picker(columns, ("id", "deleted", "profile", *_NAMES), "people")
    for row in rows:
        person, deleted, profile, *named = take(row)
        if not deleted:
            fields: dict[str, Any] = {"id": person}
            fields |= {name: value or "" for name, value in zip(_NAMES, named, strict=True)}
            fields["profile"] = {name: value for name, value in (profile or {}).items() if not _is_empty(value)}
            yield SourceRecord("person", str(person), fields)


def _is_empty(value: object) -> bool:
    """Whether Moodle's core would not tell a profile field (`profile_field_base::is_empty`)."""
    return value is None or value == ""


def _lets_in(method: Row, now: int) -> bool:
    """Whether an enrolment method lets the person in (`get_enrolled_join`)."""
    _, _, status, method_status, starts, ends, *_ = method
    return not status and not method_status and starts <= now and (not ends or ends > now)


def _wake(method: Row, now: int) -> int | None:
    """When the clock alone next opens or ends an enrolment method that is in force."""
    _, _, status, method_status, starts, ends, *_ = method
    if status or method_status:
        return None
    return earliest(*(instant for instant in (starts, ends) if instant and instant > now))
