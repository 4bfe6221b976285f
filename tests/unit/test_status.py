"""What counts as late and as needing attention."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lms_sync.report.status import SourceStatus, source_status
from lms_sync.store.rows import QuarantineEntry, QuarantineState, RunState, ScopeState
from lms_sync.timing import Timing

NOW = dt.datetime(2026, 3, 4, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def scope(
    outcome: str = "complete", age: dt.timedelta = HOUR, stream: str = "grades", key: str = "course/5"
) -> ScopeState:
    read = NOW - age
    return ScopeState(
        "academy", stream, key, "", outcome, 1, 1, read, read if outcome == "complete" else None, "", False
    )


def run(outcome: str = "done", age: dt.timedelta = HOUR, number: int = 1) -> RunState:
    return RunState(number, "academy", "changes", "schedule", "1", NOW - age, None, outcome)


def status(**given: Any) -> SourceStatus:
    facts: dict[str, Any] = {"runs": [run()], "states": [scope()], "quarantine": [], "schedule": {}}
    return source_status("academy", **{**facts, **given}, timezone="UTC", now=NOW)


def test_when_everything_is_fresh_nothing_needs_attention() -> None:
    assert status(schedule={"grades": Timing(every=HOUR)}).attention == []


@pytest.mark.parametrize(("minutes", "late"), [(60, False), (119, False), (121, True)])
def test_a_stream_is_late_when_its_time_came_twice(minutes: int, late: bool) -> None:
    found = status(states=[scope(age=dt.timedelta(minutes=minutes))], schedule={"grades": Timing(every=HOUR)})
    assert found.streams[0].late is late
    assert ("grades is late" in found.attention) is late


@pytest.mark.parametrize(("hours", "late"), [(10, False), (32, False), (34, True)])
def test_a_cron_stream_is_late_after_its_second_missed_time(hours: int, late: bool) -> None:
    found = status(states=[scope(age=dt.timedelta(hours=hours))], schedule={"grades": Timing(cron="0 3 * * *")})
    assert found.streams[0].late is late


def test_a_stream_without_a_schedule_is_never_late() -> None:
    assert not status(states=[scope(age=dt.timedelta(days=400))]).streams[0].late


def test_a_scheduled_stream_that_was_never_read_needs_attention() -> None:
    assert "people was never read" in status(schedule={"people": Timing(every=HOUR)}).attention


def test_scopes_are_counted_by_how_they_ended() -> None:
    outcomes = ("complete", "changes", "partial", "refused", "braked", "braked", "closed")
    states = [scope(outcome, key=f"course/{place}") for place, outcome in enumerate(outcomes)]
    found = status(states=states)
    (stream,) = found.streams
    counted = (stream.scopes, stream.trusted, stream.partial, stream.refused, stream.braked, stream.closed)
    assert counted == (6, 2, 1, 1, 2, 1)
    assert [state.outcome for state in found.troubled] == ["partial", "refused", "braked", "braked"]
    assert found.attention == [
        "2 scopes could not be read whole",
        "2 scopes were stopped by the brake, for too much vanished at once: see their notes",
    ]


def test_the_brake_alone_is_no_reading_that_failed() -> None:
    (told,) = status(states=[scope("braked")]).attention
    assert told.startswith("1 scopes were stopped by the brake")


def test_a_closed_scope_does_not_make_its_stream_look_old() -> None:
    closed = scope("closed", age=dt.timedelta(days=100), key="course/1")
    assert status(states=[scope(), closed]).streams[0].oldest_read == NOW - HOUR


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ([], "nothing was pulled yet"),
        ([run("failed")], "the last run failed"),
        ([run("interrupted")], "the last run was interrupted"),
        ([run("stopped")], "the last run was stopped before its end"),
        ([run("", age=dt.timedelta(days=2))], "the last run began more than a day ago and has not ended"),
    ],
)
def test_a_run_that_went_wrong_needs_attention(runs: list[RunState], told: str) -> None:
    assert told in status(runs=runs).attention


def test_a_run_under_way_and_a_partial_one_are_told_apart_from_the_last_whole_one() -> None:
    whole = run(number=1, age=2 * HOUR)
    found = status(runs=[run("partial", number=2), whole])
    assert found.last_run is not None and found.last_run.id == 2
    assert found.last_done == whole
    assert status(runs=[run("")]).attention == []


def test_quarantine_is_counted_by_reason() -> None:
    def kept(key: str, code: str) -> QuarantineState:
        entry = QuarantineEntry("learner", key, "snils", code, f"because of {code}")
        return QuarantineState("academy", "people", "course/5", entry, NOW, NOW, 1)

    found = status(quarantine=[kept("1", "a"), kept("2", "b"), kept("3", "b")])
    assert [(count.code, count.count) for count in found.quarantine] == [("b", 2), ("a", 1)]
    assert "3 objects are in quarantine" in found.attention
