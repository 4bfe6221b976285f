"""The Moodle connector: its streams and scopes, and which module reads each; its targets, and which writes each.

Owns the names of the streams. Must not know how anything is read or written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from lms_sync.connector import (
    EVENT,
    Connector,
    Delivery,
    Finding,
    Page,
    ReadTask,
    Receipt,
    Scope,
    Shown,
    SiteAccess,
    Stream,
    Target,
)
from lms_sync_moodle.actions import STREAM as ACTIONS
from lms_sync_moodle.actions import read_actions, scopes_of_actions
from lms_sync_moodle.attempts import read_attempts
from lms_sync_moodle.client import MoodleClient
from lms_sync_moodle.companion import Companion
from lms_sync_moodle.companion_attempts import read_attempts as read_attempts_of_companion
from lms_sync_moodle.companion_courses import read_assessments as read_assessments_of_companion
from lms_sync_moodle.companion_grades import read_grades as read_grades_of_companion
from lms_sync_moodle.companion_people import read_people as read_people_of_companion
from lms_sync_moodle.courses import read_assessments, read_courses
from lms_sync_moodle.doctor import examine
from lms_sync_moodle.grades import read_grades
from lms_sync_moodle.people import read_people
from lms_sync_moodle.push import STRATEGIES, TARGETS
from lms_sync_moodle.settings import MoodleOptions
from lms_sync_moodle.site import MoodleSite

STREAMS = (
    Stream("courses", "Courses", ("course",), every_pull=True),
    Stream("assessments", "Tests", ("quiz",), every_pull=True),
    Stream("people", "People and enrolments", ("person", "enrolment")),
    Stream("grades", "Gradebook", ("grade_item", "grade"), incremental=True),
    Stream("attempts", "Test attempts", ("attempt",), incremental=True),
    Stream(ACTIONS, "Action journal", (EVENT,), incremental=True),
)

Reader = Callable[[MoodleSite, Scope, ReadTask], Iterator[Page]]
READERS: dict[str, Reader] = {
    "courses": read_courses,
    "assessments": read_assessments,
    "people": read_people,
    "grades": read_grades,
    "attempts": read_attempts,
    ACTIONS: read_actions,
}

ReaderOfCompanion = Callable[[MoodleSite, Companion, Scope, ReadTask], Iterator[Page]]
READERS_OF_COMPANION: dict[str, ReaderOfCompanion] = {
    "assessments": read_assessments_of_companion,
    "people": read_people_of_companion,
    "grades": read_grades_of_companion,
    "attempts": read_attempts_of_companion,
}
"""The readers that take the place of others where the site has the companion plugin. Other streams have one reader for
both rungs."""

FED = frozenset({"people", "grades", "attempts"})
"""Streams of which the companion tells every change, deletions included."""

OF_THE_SITE = frozenset({"courses", "assessments"})


class MoodleConnector(Connector):
    """Reads one Moodle site, release 4.1 to 5.1, through its REST web services, and shows issued documents there."""

    title: ClassVar[str] = "Moodle 4.1–5.1 (web services)"
    options: ClassVar[type[MoodleOptions]] = MoodleOptions
    mapping: ClassVar[str] = "moodle"

    def __init__(self, access: SiteAccess, options: Any) -> None:
        self._access = access
        self._client = MoodleClient(access, form_limit=options.form_limit)
        self._site = MoodleSite(self._client, options)

    def streams(self) -> Sequence[Stream]:
        """See `Connector.streams`."""
        return STREAMS

    def scopes(self, stream: str) -> Sequence[Scope]:
        """See `Connector.scopes`. Courses are labelled by their short names."""
        if stream in OF_THE_SITE:
            return [Scope(stream, "site", self._access.name)]
        if stream == ACTIONS:
            return scopes_of_actions(self._site, self._access.name)
        fed = True if stream in FED and self._site.companion() else None
        courses = self._site.courses().values()
        return [Scope(stream, f"course/{course.id}", course.shortname, incremental=fed) for course in courses]

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        """See `Connector.read`."""
        companion = self._site.companion()
        if companion is not None and scope.stream in READERS_OF_COMPANION:
            return READERS_OF_COMPANION[scope.stream](self._site, companion, scope, task)
        return READERS[scope.stream](self._site, scope, task)

    def check(self) -> Iterable[Finding]:
        """See `Connector.check`."""
        return examine(self._access, self._site)

    def targets(self) -> Sequence[Target]:
        """See `Connector.targets`."""
        return TARGETS

    def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
        """See `Connector.send`."""
        return STRATEGIES[target].send(self._site, deliveries)

    def look(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        """See `Connector.look`."""
        return STRATEGIES[target].look(self._site, deliveries)

    def survey(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        """See `Connector.survey`."""
        return STRATEGIES[target].survey(self._site, deliveries)

    def close(self) -> None:
        """See `Connector.close`."""
        self._client.close()
