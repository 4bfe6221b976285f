"""A complete connector over an LMS in memory: the smallest example of the contract, and a double for tests.

Owns how a `MemorySite` is read. Must not know the store or the sync engine. A cursor is the site's revision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr

from lms_sync.connector import (
    EVENT,
    Connector,
    Events,
    Finding,
    Level,
    Mode,
    Outcome,
    Page,
    ReadTask,
    Scope,
    ScopeEnd,
    SiteAccess,
    SourceRecord,
    Stream,
)
from lms_sync.testing.site import SITE, MemorySite, Place

STREAMS = (
    Stream("courses", "Courses", ("course",), every_pull=True),
    Stream("assessments", "Tests", ("quiz",), every_pull=True),
    Stream("people", "People and enrolments", ("person", "enrolment")),
    Stream("grades", "Gradebook", ("grade_item", "grade"), incremental=True),
    Stream("attempts", "Test attempts", ("attempt",), incremental=True),
)
ACTIONS = Stream("actions", "Action journal", (EVENT,), incremental=True)
_ABSENT_AS = {"grade_item": "grade_item", "grade": "grade_entry", "attempt": "attempt"}
_EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class MemoryOptions(BaseModel):
    """Which LMS in memory to read, and how many records go on a page."""

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    site: MemorySite
    page_size: int = 3


class MemoryConnector(Connector):
    """Reads a `MemorySite`. Obeys the faults that are switched on at it."""

    title: ClassVar[str] = "LMS in memory (for tests)"
    options: ClassVar[type[MemoryOptions]] = MemoryOptions
    mapping: ClassVar[str] = "moodle"

    def __init__(self, access: SiteAccess, options: MemoryOptions) -> None:
        self._access = access
        self._site = options.site
        self._page_size = options.page_size

    def streams(self) -> Sequence[Stream]:
        """See `Connector.streams`."""
        return STREAMS if self._site.log is None else (*STREAMS, ACTIONS)

    def scopes(self, stream: str) -> Sequence[Scope]:
        """See `Connector.scopes`."""
        self._raise_if_down()
        faults = self._site.faults
        if stream in faults.scopes:
            raise faults.scopes[stream]
        scopes = [Scope(stream, f"course/{course['id']}", course["shortname"]) for course in self._site.courses()]
        if stream in ("courses", "assessments"):
            scopes = [Scope(stream, SITE, self._access.name)]
        if stream == ACTIONS.name:
            scopes = [Scope(stream, SITE, self._access.name, append_only=True)]
        return [scope for scope in scopes if scope.key not in faults.unlisted]

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        """See `Connector.read`."""
        self._site.reads.append((scope.stream, scope.key, task.mode.value))
        pages = self._log_pages(task) if scope.stream == ACTIONS.name else self._pages(scope, task)
        for number, page in enumerate(pages, start=1):
            self._raise_if_down()
            fault = self._site.faults.pages.get((scope.stream, scope.key, number))
            if fault is not None:
                raise fault
            yield page

    def check(self) -> Iterable[Finding]:
        """See `Connector.check`."""
        if self._site.faults.down:
            return [Finding(Level.FAILURE, "site", "The LMS does not answer.", "Clear the fault that is switched on.")]
        return [Finding(Level.OK, "site", f"The LMS shows {len(self._site.courses())} courses.")]

    def _pages(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        place = Place(scope.stream, scope.key)
        since = int(task.cursor) if task.mode is Mode.CHANGES and task.cursor else None
        revision = self._site.revision  # taken first: what changes meanwhile is read again next time
        records = list(self._records(place, since))
        absent = [] if since is None else self._absent(place, since)
        whole = Outcome.COMPLETE if since is None else Outcome.CHANGES
        starts = range(0, max(len(records), 1), self._page_size)
        for start in starts[:-1]:
            yield Page(records=records[start : start + self._page_size])
        end = self._end(place, whole, len(records))
        yield Page(records=records[starts[-1] :], absent=absent, cursor=str(revision), end=end)

    def _log_pages(self, task: ReadTask) -> Iterator[Page]:
        log, told_until = self._site.log or [], self._site.told_until
        done = int(task.cursor) if task.mode is Mode.CHANGES and task.cursor else 0
        begun, more = done, True
        while more:
            rows = log[done : done + self._page_size]
            done += len(rows)
            more = done < len(log)
            whole = Outcome.CHANGES if task.mode is Mode.CHANGES else Outcome.COMPLETE
            end = None if more else self._end(Place(ACTIONS.name, SITE), whole, done - begun)
            yield Page(cursor=str(done), end=end, events=Events(rows, self._site.rung, told_until))

    def _records(self, place: Place, since: int | None) -> Iterator[SourceRecord]:
        kinds = next(stream.kinds for stream in STREAMS if stream.name == place.stream)
        for kind, key, fields, revision in self._site.shown(place, kinds):
            if since is None or revision > since:
                if kind == "grade":
                    fields = {**fields, "item": self._site.objects.get(("grade_item", str(fields["itemid"])), {})}
                yield SourceRecord(kind, key, fields, _EPOCH + dt.timedelta(seconds=revision))

    def _absent(self, place: Place, since: int) -> list[tuple[str, str]]:
        return [(_ABSENT_AS[kind], key) for kind, key in self._site.gone(place, since)]

    def _end(self, place: Place, whole: Outcome, received: int) -> ScopeEnd:
        note = self._site.faults.partial.get((place.stream, place.scope))
        if note is None:
            return ScopeEnd(whole, received, received)
        return ScopeEnd(Outcome.PARTIAL, received, received + 1, note)

    def _raise_if_down(self) -> None:
        if self._site.faults.down:
            raise self._site.faults.down


def memory_connector(site: MemorySite, *, name: str = "memory", page_size: int = 3, **access: Any) -> MemoryConnector:
    """A connector for the site, for one run."""
    options = MemoryOptions(site=site, page_size=page_size)
    secret = SecretStr(access.pop("secret", "not-needed"))
    return MemoryConnector(SiteAccess(name, "memory://site", secret, **access), options)
