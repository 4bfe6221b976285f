"""Connectors that break the contract, at least one for each of its tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lms_sync.connector import (
    Event,
    Events,
    Finding,
    Level,
    Mode,
    Outcome,
    Page,
    ReadTask,
    Scope,
    ScopeEnd,
    SourceRecord,
    Stream,
)
from lms_sync.errors import SourceUnavailable
from lms_sync.records import Rung
from lms_sync.testing import MemoryConnector, MemorySite
from lms_sync.testing.memory import STREAMS


def with_records(change: Callable[[SourceRecord], SourceRecord]) -> type[MemoryConnector]:
    """A connector that spoils every record."""

    class Spoiling(MemoryConnector):
        def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
            for page in super().read(scope, task):
                yield replace(page, records=[change(record) for record in page.records])

    return Spoiling


def with_ends(change: Callable[[Scope, ReadTask, Page], Page]) -> type[MemoryConnector]:
    """A connector that spoils the last page of every scope."""

    class Spoiling(MemoryConnector):
        def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
            for page in super().read(scope, task):
                yield change(scope, task, page) if page.end else page

    return Spoiling


def with_streams(streams: Sequence[Stream]) -> type[MemoryConnector]:
    class Spoiling(MemoryConnector):
        def streams(self) -> Sequence[Stream]:
            return streams

    return Spoiling


def with_check(findings: Callable[[MemorySite], Iterable[Finding]]) -> type[MemoryConnector]:
    class Spoiling(MemoryConnector):
        def check(self) -> Iterable[Finding]:
            return findings(self._site)

    return Spoiling


def with_field(name: str, value: Any) -> type[MemoryConnector]:
    def change(record: SourceRecord) -> SourceRecord:
        return replace(record, fields={**record.fields, name: value})

    return with_records(change)


class WithoutTitle(MemoryConnector):
    title = " "


class AskingForStreams(MemoryConnector):
    def streams(self) -> Sequence[Stream]:
        return STREAMS if not self._site.faults.down else STREAMS[:2]


class OneScopeTwice(MemoryConnector):
    def scopes(self, stream: str) -> Sequence[Scope]:
        return [*super().scopes(stream), *super().scopes(stream)]


class ScopesThatMove(MemoryConnector):
    def scopes(self, stream: str) -> Sequence[Scope]:
        return [replace(scope, key=f"{scope.key}@{id(self)}") for scope in super().scopes(stream)]


class TwoEnds(MemoryConnector):
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        for page in super().read(scope, task):
            yield page
            if page.end:
                yield page


class WithoutEnd(MemoryConnector):
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        return (page for page in super().read(scope, task) if not page.end)


class EveryRecordTwice(MemoryConnector):
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        for page in super().read(scope, task):
            yield replace(page, records=[*page.records, *page.records])


class OnePlaceForAll(MemoryConnector):
    """Gives the first course's records in every course."""

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        scopes = self.scopes(scope.stream)
        return super().read(scopes[0], task)


def with_events(change: Callable[[Event], object]) -> type[MemoryConnector]:
    """A connector that spoils every event."""

    class Spoiling(MemoryConnector):
        def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
            for page in super().read(scope, task):
                rows: Any = [change(event) for event in page.events.rows] if page.events else ()
                yield replace(page, events=replace(page.events, rows=rows)) if page.events else page

    return Spoiling


class EveryEventTwice(MemoryConnector):
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        for page in super().read(scope, task):
            rows = page.events.rows if page.events else ()
            yield replace(page, events=replace(page.events, rows=[*rows, *rows])) if page.events else page


class SilentAboutItsRung(MemoryConnector):
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        return (replace(page, events=None) for page in super().read(scope, task))


class EventsUnannounced(MemoryConnector):
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        return (replace(page, events=page.events or Events((), Rung.LOG)) for page in super().read(scope, task))


class Drifting(MemoryConnector):
    """Numbers its readings in every record."""

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        for page in super().read(scope, task):
            number = len(self._site.reads)
            yield replace(
                page, records=[replace(one, fields={**one.fields, "idnumber": f"{number}"}) for one in page.records]
            )


class IgnoringChanges(MemoryConnector):
    """Calls every reading of changes empty."""

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        if task.mode is Mode.CHANGES:
            return iter([Page(cursor=task.cursor, end=ScopeEnd(Outcome.CHANGES, 0))])
        return super().read(scope, task)


class DroppingAbsent(MemoryConnector):
    """Tells of changes, but not of what is gone."""

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        return (replace(page, absent=()) for page in super().read(scope, task))


class RefusingItsCursor(MemoryConnector):
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        if task.mode is Mode.CHANGES:
            return iter([Page(end=ScopeEnd(Outcome.PARTIAL, 0, note="the cursor is not mine"))])
        return super().read(scope, task)


class AbsentOfSourceKinds(MemoryConnector):
    def _absent(self, place: Any, since: int) -> list[tuple[str, str]]:
        return list(self._site.gone(place, since))


class CallingKnownAbsent(MemoryConnector):
    def _absent(self, place: Any, since: int) -> list[tuple[str, str]]:
        return [("grade_entry", "500/11")]


class LabelledByLearner(MemoryConnector):
    def scopes(self, stream: str) -> Sequence[Scope]:
        return [replace(scope, label="Фамилиев11, Пётр") for scope in super().scopes(stream)]


class ShowingItsAccess(MemoryConnector):
    def __repr__(self) -> str:
        return f"ShowingItsAccess({self._access.secret.get_secret_value()})"


class TellingItsSecret(MemoryConnector):
    def scopes(self, stream: str) -> Sequence[Scope]:
        try:
            return super().scopes(stream)
        except SourceUnavailable:
            raise SourceUnavailable(f"no answer for {self._access.secret.get_secret_value()}") from None


class RaisingAnything(MemoryConnector):
    def scopes(self, stream: str) -> Sequence[Scope]:
        try:
            return super().scopes(stream)
        except SourceUnavailable:
            raise ConnectionError("no answer") from None


class SilentWhenDown(MemoryConnector):
    def scopes(self, stream: str) -> Sequence[Scope]:
        return [] if self._site.faults.down else super().scopes(stream)


class ClosedOnce(MemoryConnector):
    closed = False

    def close(self) -> None:
        assert not self.closed, "closed already"
        self.closed = True


class LosingRecords(MemoryConnector):
    """Shows each course's last page only to the first who asks."""

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        pages = list(super().read(scope, task))
        repeated = self._site.reads.count((scope.stream, scope.key, task.mode.value)) > 1
        return iter(pages[:1] * (len(pages) > 2) + pages[-1:] if repeated else pages)


class Empty(MemoryConnector):
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        return iter([Page(cursor="0", end=ScopeEnd(Outcome.COMPLETE, 0))])


class EndingPartial(MemoryConnector):
    def _end(self, place: Any, whole: Outcome, received: int) -> ScopeEnd:
        return ScopeEnd(Outcome.PARTIAL, received, note="something is missing")


def wrong_end(**fields: Any) -> type[MemoryConnector]:
    return with_ends(lambda scope, task, page: replace(page, end=replace(page.end, **fields)))  # type: ignore[type-var]


def no_cursor(scope: Scope, task: ReadTask, page: Page) -> Page:
    return replace(page, cursor=None)


def telling_finding(scope: Scope, task: ReadTask, page: Page) -> Page:
    return replace(page, findings=[Finding(Level.NOTICE, "somebody", "person11@example.com has no grade")])


def always(*findings: Finding) -> Callable[[MemorySite], Iterable[Finding]]:
    return lambda site: findings


BAD = Finding(Level.FAILURE, "site", "It is down.")
FINE = Finding(Level.OK, "site", "All is well.")

BREAKING: list[tuple[str, type[MemoryConnector]]] = [
    ("test_it_names_itself_its_options_and_a_mapping_that_is_installed", WithoutTitle),
    ("test_making_it_and_naming_its_streams_asks_the_lms_nothing", AskingForStreams),
    ("test_streams_are_well_formed", with_streams([])),
    ("test_streams_are_well_formed", with_streams([replace(STREAMS[0], name="All courses")])),
    ("test_streams_are_well_formed", with_streams([replace(STREAMS[0], title="")])),
    ("test_streams_are_well_formed", with_streams([replace(STREAMS[0], kinds=())])),
    ("test_streams_are_well_formed", with_streams([replace(STREAMS[0], kinds=("kurs",))])),
    ("test_streams_are_unique_and_share_no_kind", with_streams([*STREAMS, replace(STREAMS[0], kinds=("quiz",))])),
    ("test_streams_are_unique_and_share_no_kind", with_streams([*STREAMS, replace(STREAMS[0], name="more")])),
    ("test_scopes_are_well_formed_unique_and_stable", OneScopeTwice),
    ("test_scopes_are_well_formed_unique_and_stable", ScopesThatMove),
    ("test_a_reading_ends_with_its_only_end", TwoEnds),
    ("test_a_reading_ends_with_its_only_end", WithoutEnd),
    ("test_something_is_read_and_all_of_it", EndingPartial),
    ("test_complete_means_that_nothing_is_missing", wrong_end(expected=1000)),
    ("test_complete_means_that_nothing_is_missing", wrong_end(outcome=Outcome.PARTIAL)),
    ("test_complete_means_that_nothing_is_missing", wrong_end(received=-1)),
    ("test_records_are_of_the_kinds_of_their_stream", with_records(lambda one: replace(one, kind="course"))),
    ("test_records_are_plain_values_and_no_grade_is_a_float", with_field("profile", {"height": [1.75]})),
    ("test_records_are_plain_values_and_no_grade_is_a_float", with_field("graderaw", Decimal("NaN"))),
    ("test_records_are_plain_values_and_no_grade_is_a_float", with_field("profile", {7: "x"})),
    ("test_records_are_plain_values_and_no_grade_is_a_float", with_field("startdate", dt.datetime.now(dt.UTC))),
    ("test_keys_are_text_and_unique", EveryRecordTwice),
    ("test_keys_are_text_and_unique", OnePlaceForAll),
    ("test_keys_are_text_and_unique", with_records(lambda one: replace(one, key=7))),  # type: ignore[arg-type]
    ("test_events_are_plain_rows_and_told_once", EveryEventTwice),
    ("test_events_are_plain_rows_and_told_once", SilentAboutItsRung),
    ("test_events_are_plain_rows_and_told_once", EventsUnannounced),
    ("test_events_are_plain_rows_and_told_once", with_events(lambda event: event._replace(time=1.5))),
    ("test_events_are_plain_rows_and_told_once", with_events(lambda event: event._replace(name=""))),
    ("test_events_are_plain_rows_and_told_once", with_events(lambda event: event._replace(id=None))),
    ("test_events_are_plain_rows_and_told_once", with_events(lambda event: event._replace(other={"itemid": 5}))),
    ("test_events_are_plain_rows_and_told_once", with_events(tuple)),
    ("test_times_of_change_are_utc", with_records(lambda one: replace(one, source_time=dt.datetime(2026, 1, 1)))),  # noqa: DTZ001
    ("test_two_full_readings_are_equal", Drifting),
    ("test_an_incremental_stream_gives_a_cursor_and_accepts_it", with_ends(no_cursor)),
    ("test_an_incremental_stream_gives_a_cursor_and_accepts_it", RefusingItsCursor),
    ("test_without_a_change_nothing_new_is_read", type("Odd", (Drifting,), {"_records": lambda self, place, since:
        MemoryConnector._records(self, place, None)})),
    ("test_without_a_change_nothing_new_is_read", CallingKnownAbsent),
    ("test_absent_names_kinds_of_records", AbsentOfSourceKinds),
    ("test_a_change_reaches_the_store", IgnoringChanges),
    ("test_a_change_reaches_the_store", DroppingAbsent),
    ("test_nothing_it_says_names_a_learner", LabelledByLearner),
    ("test_nothing_it_says_names_a_learner", with_ends(telling_finding)),
    ("test_nothing_it_says_names_a_learner", wrong_end(note="person11@example.com is new")),
    ("test_its_secret_is_nowhere", ShowingItsAccess),
    ("test_its_secret_is_nowhere", TellingItsSecret),
    ("test_what_the_lms_does_wrong_is_a_source_error", RaisingAnything),
    ("test_what_the_lms_does_wrong_is_a_source_error", SilentWhenDown),
    ("test_check_finds_nothing_wrong_where_nothing_is", with_check(always())),
    ("test_check_finds_nothing_wrong_where_nothing_is", with_check(always(replace(FINE, level=Level.FAILURE)))),
    ("test_check_finds_nothing_wrong_where_nothing_is", with_check(always(replace(BAD, remedy="Mend it.")))),
    ("test_check_tells_what_is_wrong_and_the_remedy", with_check(always(FINE))),
    ("test_check_tells_what_is_wrong_and_the_remedy", with_check(always(BAD))),
    ("test_it_may_be_closed_twice", ClosedOnce),
    ("test_everything_read_becomes_a_record", with_field("id", None)),
    ("test_pulling_twice_changes_nothing_the_second_time", Drifting),
    ("test_pulling_twice_changes_nothing_the_second_time", LosingRecords),
    ("test_pulling_twice_changes_nothing_the_second_time", EndingPartial),
    ("test_what_was_pulled_is_verified", Empty),
]  # fmt: skip
