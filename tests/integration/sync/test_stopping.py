"""A run that is told to stop ends after the page under way, and is kept as what it is."""

from __future__ import annotations

import threading

import pytest

from lms_sync.cli.pull import pull_each
from lms_sync.connector import Scope
from lms_sync.errors import SourceUnavailable
from lms_sync.store.query import runs
from lms_sync.sync.pull import PullOptions, PullSource, ScopeVerdict, Silence
from lms_sync.testing import MemoryConnector
from tests.integration.sync.conftest import Academy, reads, several_courses


class StopAfter(Silence):
    """Sets the event when so many pages of a stream were committed."""

    def __init__(self, stream: str, pages: int) -> None:
        self.stop = threading.Event()
        self._stream, self._left = stream, pages

    def page(self, stream: str, counts: object) -> None:
        self._left -= stream == self._stream
        if not self._left:
            self.stop.set()


def test_a_stop_ends_the_run_after_the_page_under_way(academy: Academy) -> None:
    academy.page_size = 2
    academy.progress = progress = StopAfter("grades", 1)
    summary = academy.pull(stop=progress.stop)
    assert (summary.outcome, summary.exit_code) == ("stopped", 1)
    assert runs(academy.store)[0].outcome == "stopped"
    assert len(academy.live("grade_entry")) == 1
    assert reads(academy, "attempts") == []
    academy.progress = Silence()
    assert academy.pull().outcome == "done"
    assert len(academy.live("grade_entry")) == 4


def test_a_stop_between_two_scopes_ends_the_run_there(academy: Academy) -> None:
    several_courses(academy)
    academy.page_size = 100
    academy.progress = progress = StopAfter("people", 2)
    assert academy.pull(stop=progress.stop).outcome == "stopped"
    assert [scope for _, scope, _ in reads(academy, "people", "grades")] == ["course/5", "course/6"]


def test_a_stop_at_the_very_end_loses_nothing_and_says_nothing(academy: Academy) -> None:
    academy.progress = progress = StopAfter("attempts", 2)
    assert academy.pull(stop=progress.stop).outcome == "done"


@pytest.mark.parametrize("stream", ["courses", "grades"])
def test_a_stopped_run_is_told_from_one_in_which_the_lms_gave_less(academy: Academy, stream: str) -> None:
    academy.site.faults.partial["courses", "site"] = "half of it"
    assert academy.pull().outcome == "partial"
    academy.progress = progress = StopAfter(stream, 1)
    assert academy.pull(full=True, stop=progress.stop).outcome == "stopped"


def test_a_stop_does_not_hide_that_the_lms_never_answered(academy: Academy) -> None:
    stop = threading.Event()

    class StopAfterAScope(Silence):
        def scope_done(self, scope: Scope, verdict: ScopeVerdict) -> None:
            stop.set()

    academy.progress = StopAfterAScope()
    academy.site.faults.pages["courses", "site", 1] = SourceUnavailable("nobody answers")
    summary = academy.pull(stop=stop)
    assert [read[0] for read in academy.site.reads] == ["courses"]
    assert (summary.outcome, summary.exit_code) == ("failed", 3)


def test_a_source_that_was_not_come_to_is_undone_work(academy: Academy) -> None:
    stop, signed = threading.Event(), []

    class StoppedAtItsEnd(MemoryConnector):
        def close(self) -> None:
            stop.set()

    academy.connector = StoppedAtItsEnd
    sources = [PullSource(name, academy.connect, academy.mapping) for name in ("first", "second")]
    results, exit_code = pull_each(academy.store, sources, PullOptions(stop=stop), lambda: signed.append(1) or 0)
    assert [(result.source, result.exit_code) for result in results] == [("first", 0)]
    assert (exit_code, signed) == (1, [1])
    results, exit_code = pull_each(academy.store, sources[:1], PullOptions(), lambda: 0)
    assert ([result.source for result in results], exit_code) == (["first"], 0)
