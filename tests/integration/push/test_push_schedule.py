"""The service pushes a source like it reads a stream: when it is due, once, and never losing a wish."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from lms_sync import schedule
from lms_sync.config import SourceSettings
from lms_sync.connector import SiteAccess
from lms_sync.errors import StoreBusy
from lms_sync.exact import utc_now
from lms_sync.schedule import Plan, Service, last_push
from lms_sync.store.query import runs
from lms_sync.sync.pull import PullOptions, PullSource, Silence
from lms_sync.sync.push import PushSilence, PushSummary, push_lock
from lms_sync.timing import Timing
from tests.integration.push.lms import Memory, NoOptions
from tests.integration.push.office import ALL, Office
from tests.integration.registers.world import SOURCE

PATIENCE = 60.0
HOURLY = Timing(every=dt.timedelta(hours=1))


class Bell(PushSilence):
    """Counts the pushes that have ended, and lets a test wait for them."""

    def __init__(self) -> None:
        self.summaries: list[PushSummary] = []
        self._rung = threading.Condition()

    def push_done(self, summary: PushSummary) -> None:
        with self._rung:
            self.summaries.append(summary)
            self._rung.notify_all()

    def wait_for(self, count: int) -> None:
        with self._rung:
            assert self._rung.wait_for(lambda: len(self.summaries) >= count, PATIENCE), "no push ended"


def plan(office: Office, timing: Timing = HOURLY) -> Plan:
    settings = SourceSettings(
        name=SOURCE,
        connector=Memory,
        access=SiteAccess(name=SOURCE, url="", secret=SecretStr("")),
        options=NoOptions(),
        timezone="UTC",
        targets=ALL,
        push=timing,
    )
    pulled = PullSource(SOURCE, office.lms.connector, office.mappings[0])
    return Plan(settings, pulled, office.source)


def serve(office: Office, bell: Bell, wait: Callable[[], None], timing: Timing = HOURLY, **options: Any) -> None:
    Service(office.store, [plan(office, timing)], PullOptions(), Silence, push_progress=lambda: bell, **options).run(
        wait
    )


@pytest.fixture
def served(lite: Office) -> Office:
    """An office by the clock of this machine, as the service's own, with issued documents."""
    lite.issued()
    lite.world.clock.now = utc_now()
    return lite


def test_what_is_due_is_pushed_and_after_a_restart_only_what_came_due(served: Office) -> None:
    bell, done = Bell(), list[int]()
    serve(served, bell, lambda: bell.wait_for(1), after_pull=lambda: done.append(1))
    served.check()
    assert done == [1]
    assert last_push(served.store, plan(served).settings) == served.world.clock.now
    serve(served, bell, lambda: None)
    assert len(bell.summaries) == 1
    serve(served, bell, lambda: bell.wait_for(2), Timing(every=dt.timedelta(microseconds=1)))
    actors = {version.actor for version in _steps(served)}
    assert actors == {"schedule"}
    assert runs(served.store)[0].outcome == ""  # the world's own, begun before: a push is no run and interrupts none


def _steps(office: Office) -> list[Any]:
    from lms_sync.store.history import history

    return [one for key in office.rows() for one in history(office.store, SOURCE, "document_push", key)]


def test_a_push_that_did_not_come_to_its_end_is_due_again(served: Office) -> None:
    served.lms.trouble = lambda act, subject: "unavailable" if act == "look" else ""
    bell = Bell()
    serve(served, bell, lambda: bell.wait_for(1))
    assert last_push(served.store, plan(served).settings) is None
    served.lms.calm()
    serve(served, bell, lambda: bell.wait_for(2))
    served.check()


def test_a_target_that_was_never_pushed_to_is_due(served: Office) -> None:
    served.targets = ["companion"]
    served.push()
    assert last_push(served.store, plan(served).settings) is None


def test_a_source_that_another_process_pushes_is_postponed_not_lost(
    served: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "BUSY_PAUSE", dt.timedelta(milliseconds=20))
    bell, refused = Bell(), threading.Event()
    lock = served.store.lock

    @contextmanager
    def watched(source: str) -> Iterator[None]:
        try:
            with lock(source):
                yield
        except StoreBusy:
            refused.set()
            raise

    with lock(push_lock(SOURCE)):
        monkeypatch.setattr(served.store, "lock", watched)
        thread = threading.Thread(target=serve, args=(served, bell, lambda: bell.wait_for(1)))
        thread.start()
        assert refused.wait(PATIENCE)
        assert bell.summaries == []
    thread.join(PATIENCE)
    served.check()


def test_stopping_ends_a_push_after_the_batch_under_way(served: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from lms_sync.sync import push as pushing

    monkeypatch.setattr(pushing, "BATCH", 1)
    sending, stopped = threading.Event(), threading.Event()

    def hold(where: str) -> None:
        if where == "after writing":
            sending.set()
            assert stopped.wait(PATIENCE)

    served.lms.pause = hold
    bell = Bell()
    service = Service(served.store, [plan(served)], PullOptions(), Silence, push_progress=lambda: bell)
    ask = service._stop.set
    monkeypatch.setattr(service._stop, "set", lambda: (ask(), stopped.set())[0])
    service.run(lambda: None if sending.wait(PATIENCE) else pytest.fail("nothing was sent"))
    [summary] = bell.summaries
    assert [target.ended for target in summary.targets] == [False]
    assert sorted(served.states("companion").values()) == ["confirmed", "pending", "pending", "pending"]
