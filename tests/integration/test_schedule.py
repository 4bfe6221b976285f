"""The service: what is due is pulled once, one pull a source at a time, and nothing due is lost."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from lms_sync import schedule
from lms_sync.config import SourceSettings
from lms_sync.connector import Connector, Finding, Outcome, Page, ReadTask, Scope, ScopeEnd, SiteAccess, Stream
from lms_sync.errors import StoreBusy, StoreError
from lms_sync.mapping.load import load_mapping
from lms_sync.schedule import Plan, Service, last_full_run, last_reads_of
from lms_sync.store.query import runs
from lms_sync.store.store import Store
from lms_sync.sync.pull import PullOptions, PullSource, RunSummary, Silence, pull
from lms_sync.timing import Timing

PATIENCE = 60.0
"""Seconds after which a service that hangs fails its test."""

HOURLY = Timing(every=dt.timedelta(hours=1))
END = Page(end=ScopeEnd(Outcome.COMPLETE, received=0, expected=0))


class ToyOptions(BaseModel):
    pass


class Toy(Connector):
    """Two streams with one empty scope each; `pages` may be replaced."""

    title = "Toy"
    options = ToyOptions
    mapping = "moodle"
    pages: Callable[[Scope], Iterator[Page]]

    def __init__(self, access: SiteAccess, options: Any) -> None:
        self.access = access

    def streams(self) -> Sequence[Stream]:
        return [Stream("people", "People", ("person",)), Stream("grades", "Grades", ("grade",))]

    def scopes(self, stream: str) -> Sequence[Scope]:
        return [Scope(stream, "course/1")]

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        yield END

    def check(self) -> Iterable[Finding]:
        return []


class Bell(Silence):
    """Counts the pulls that have ended, and lets a test wait for them."""

    def __init__(self) -> None:
        self.streams: list[tuple[str, ...]] = []
        self.outcomes: list[str] = []
        self._rung = threading.Condition()

    def run_started(self, source: str, streams: Sequence[str]) -> None:
        self.streams.append(tuple(streams))

    def run_done(self, summary: RunSummary) -> None:
        with self._rung:
            self.outcomes.append(summary.outcome)
            self._rung.notify_all()

    def wait_for(self, count: int) -> None:
        with self._rung:
            assert self._rung.wait_for(lambda: len(self.outcomes) >= count, PATIENCE), f"{self.outcomes} ended"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as opened:
        yield opened


def plan(
    connector: Callable[[], Connector] | None = None,
    name: str = "academy",
    reconcile: Timing | None = None,
    **times: Timing,
) -> Plan:
    access = SiteAccess(name=name, url="https://lms.example.com", secret=SecretStr("x"))
    settings = SourceSettings(
        name=name,
        connector=Toy,
        access=access,
        options=ToyOptions(),
        timezone="UTC",
        schedule=times or {"people": HOURLY, "grades": HOURLY},
        reconcile=reconcile,
    )
    mapping = load_mapping("moodle", [], timezone="UTC")
    return Plan(settings, PullSource(name, connector or (lambda: Toy(access, ToyOptions())), mapping))


def serve(store: Store, plans: Sequence[Plan], bell: Bell, wait: Callable[[], None]) -> None:
    Service(store, plans, PullOptions(), lambda: bell).run(wait)


def test_at_first_everything_is_due_and_read_in_one_pull(store: Store) -> None:
    bell = Bell()
    serve(store, [plan()], bell, lambda: bell.wait_for(1))
    assert bell.streams == [("people", "grades")]
    assert [run.actor for run in runs(store)] == ["schedule"]


def test_after_a_restart_only_what_came_due_is_read(store: Store) -> None:
    bell = Bell()
    serve(store, [plan()], bell, lambda: bell.wait_for(1))
    soon = Timing(every=dt.timedelta(microseconds=1))
    serve(store, [plan(people=HOURLY, grades=soon)], bell, lambda: bell.wait_for(2))
    assert set(bell.streams[1:]) == {("grades",)}
    count = len(bell.streams)
    serve(store, [plan()], bell, lambda: None)
    assert len(bell.streams) == count


def test_after_an_interrupted_run_everything_is_due(store: Store) -> None:
    bell = Bell()
    settings = plan().settings
    serve(store, [plan()], bell, lambda: bell.wait_for(1))
    assert None not in last_reads_of(store, settings).values()
    store.begin_run("academy", "changes", "test", "1")  # killed: it never ends
    assert last_reads_of(store, settings) == {"people": None, "grades": None}


def test_a_reconciling_pull_reads_everything_whole(store: Store) -> None:
    bell = Bell()
    everything = plan(reconcile=HOURLY, people=HOURLY)
    serve(store, [everything], bell, lambda: bell.wait_for(1))
    assert bell.streams == [("people", "grades")]
    (run,) = runs(store)
    assert run.mode == "full"
    assert last_full_run(store, "academy") == run.started_at


def test_it_repeats_at_its_interval(store: Store) -> None:
    bell = Bell()
    serve(store, [plan(grades=Timing(every=dt.timedelta(seconds=1)))], bell, lambda: bell.wait_for(3))
    assert set(bell.streams) == {("grades",)}


def test_a_source_pulled_by_another_process_is_postponed_not_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "BUSY_PAUSE", dt.timedelta(milliseconds=20))
    bell, refused = Bell(), threading.Event()
    lock = store.lock

    @contextmanager
    def watched(source: str) -> Iterator[None]:
        try:
            with lock(source):
                yield
        except StoreBusy:
            refused.set()
            raise

    with lock("academy"):
        monkeypatch.setattr(store, "lock", watched)
        thread = threading.Thread(target=serve, args=(store, [plan()], bell, lambda: bell.wait_for(1)))
        thread.start()
        assert refused.wait(PATIENCE)
        assert bell.outcomes == []
    thread.join(PATIENCE)
    assert bell.streams == [("people", "grades")]


def test_a_pull_that_fails_in_an_unforeseen_way_is_tried_again_and_harms_no_other(store: Store) -> None:
    class Stumbling(Bell):
        stumbled = False

        def run_started(self, source: str, streams: Sequence[str]) -> None:
            if source == "first" and not self.stumbled:
                self.stumbled = True
                raise ZeroDivisionError
            super().run_started(source, streams)

    bell = Stumbling()
    often = Timing(every=dt.timedelta(seconds=1))
    serve(store, [plan(name="first", grades=often), plan()], bell, lambda: bell.wait_for(2))
    assert bell.stumbled
    assert {run.source for run in runs(store) if run.outcome == "done"} == {"first", "academy"}


def test_stopping_ends_a_pull_after_the_page_under_way(store: Store) -> None:
    begun = threading.Event()

    class Endless(Toy):
        def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
            while True:
                begun.set()
                yield Page()

    bell = Bell()
    settings = plan().settings
    serve(
        store,
        [plan(lambda: Endless(settings.access, settings.options))],
        bell,
        lambda: None if begun.wait(PATIENCE) else pytest.fail("no page was read"),
    )
    assert bell.outcomes == ["stopped"]


def test_a_reading_of_everything_that_was_stopped_is_due_again(store: Store) -> None:
    """Grades never end, so the stop comes when people were read and the run still owes the rest."""
    reading = threading.Event()

    class Endless(Toy):
        def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
            while scope.stream == "grades":
                reading.set()
                yield Page()
            yield END

    daily = Timing(every=dt.timedelta(days=1))
    settings = plan().settings
    stopped = plan(lambda: Endless(settings.access, settings.options), reconcile=daily, people=daily, grades=daily)
    serve(store, [stopped], Bell(), lambda: None if reading.wait(PATIENCE) else pytest.fail("nothing was read"))
    assert [(run.mode, run.outcome) for run in runs(store)] == [("full", "stopped")]
    assert last_full_run(store, "academy") is None
    assert last_reads_of(store, stopped.settings) == {"people": None, "grades": None}
    bell = Bell()
    serve(store, [plan(reconcile=daily, people=daily, grades=daily)], bell, lambda: bell.wait_for(1))
    assert bell.streams == [("people", "grades")]
    newest = runs(store)[0]
    assert (newest.mode, newest.outcome) == ("full", "done")
    assert last_full_run(store, "academy") == newest.started_at


def test_a_whole_reading_of_some_streams_is_no_reading_of_everything(store: Store) -> None:
    source = plan().source
    pull(store, source, PullOptions(full=True, streams=("people",)), Silence())
    assert [(run.mode, run.outcome) for run in runs(store)] == [("selected", "done")]
    assert last_full_run(store, "academy") is None
    pull(store, source, PullOptions(full=True), Silence())
    assert last_full_run(store, "academy") == runs(store)[0].started_at


def test_what_comes_due_while_a_source_is_read_waits_for_one_more_pull(store: Store) -> None:
    reading, go_on = threading.Event(), threading.Event()

    class Slow(Toy):
        def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
            reading.set()
            assert go_on.wait(PATIENCE)
            yield END

    bell = Bell()
    settings = plan().settings
    service = Service(
        store,
        [plan(lambda: Slow(settings.access, settings.options), people=HOURLY)],
        PullOptions(),
        lambda: bell,
    )
    (worker,) = service._workers

    def while_reading() -> None:
        assert reading.wait(PATIENCE)
        for stream in ("people", "grades", "people"):
            worker.want(stream)
        go_on.set()
        bell.wait_for(2)

    service.run(while_reading)
    assert bell.streams == [("people",), ("people", "grades")]


def test_what_is_done_after_each_pull_is_done_once_a_pull_and_its_failure_harms_no_other(store: Store) -> None:
    bell, done = Bell(), []

    def after_pull() -> None:
        done.append(len(bell.outcomes))
        if len(done) == 1:
            raise StoreError("the disk is full")
        raise LookupError

    soon = Timing(every=dt.timedelta(microseconds=1))
    service = Service(store, [plan(grades=soon)], PullOptions(), lambda: bell, after_pull)
    service.run(lambda: bell.wait_for(3))
    assert done == list(range(1, len(bell.outcomes) + 1))


def test_nothing_is_done_after_a_pull_that_another_process_keeps_from_beginning(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "BUSY_PAUSE", dt.timedelta(0))
    bell, tried, done = Bell(), threading.Event(), []

    @contextmanager
    def taken(source: str) -> Iterator[None]:
        tried.set()
        raise StoreBusy("another process pulls it")
        yield

    monkeypatch.setattr(store, "lock", taken)
    service = Service(store, [plan()], PullOptions(), lambda: bell, lambda: done.append(1))
    service.run(lambda: tried.wait(PATIENCE) and None)
    assert tried.is_set()
    assert done == []
