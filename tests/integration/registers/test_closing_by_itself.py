"""Sittings that close in the pull that first sees them over: each day's, or all of a test after its closing time."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from lms_sync.connector import Outcome
from lms_sync.mapping.apply import Mapping
from lms_sync.records import AttemptState, Protocol, ResultOutcome
from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import SCOPE, STREAMS, World, after, opened

FIRST, SECOND = "2026/001", "2026/002"

MIDNIGHT = after(hours=12)
"""The end of Monday in Moscow."""


@pytest.fixture
def per_day(rules: Rules) -> Mapping:
    return rules('[protocols]\nclosing = "per-day"\n')


@pytest.fixture
def on_close(rules: Rules) -> Mapping:
    return rules('[protocols]\nclosing = "on-quiz-close"\n')


def closed(world: World) -> list[tuple[str, list[str]]]:
    """(day, learners) of every protocol, by number."""
    return [(one.sitting, [line.learner for line in one.lines]) for one in world.protocols()]


# --- per day ----------------------------------------------------------------------------------------------------------


def test_a_day_closes_when_it_is_over_where_the_academy_is(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    world.person("1")
    world.attempt("1", 7)
    world.clock.now = MIDNIGHT - dt.timedelta(seconds=1)
    assert world.pass_over().closed == []
    world.clock.now = MIDNIGHT
    [protocol] = world.pass_over().closed
    assert (protocol.number, protocol.sitting, protocol.closing, protocol.closed_by) == (
        FIRST,
        "2026-03-02",
        "per-day",
        "operator",
    )
    rows = world.ledger_rows()
    assert (world.pass_over().closed, world.ledger_rows()) == ([], rows)
    assert world.is_sound()


def test_each_day_has_its_own_protocol_and_a_retake_stands_in_its_day(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    for key in "12":
        world.person(key)
        world.attempt(key, 5)
    world.clock.to(days=1)
    world.pass_over()
    world.attempt("1", 8, number=2, at=after(days=1))
    world.attempt("2", 4, number=2, at=after(days=1))
    world.clock.to(days=2)
    world.pass_over()
    assert closed(world) == [("2026-03-02", ["1", "2"]), ("2026-03-03", ["1"])]


def test_of_two_attempts_on_one_day_the_one_that_counts_stands(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    world.person("1")
    world.attempt("1", 8)
    world.attempt("1", 5, number=2, at=after(hours=1))
    world.clock.to(days=1)
    world.pass_over()
    assert [line.result for line in world.protocol(FIRST).lines] == ["7/1/attempt-1"]


STORY = [  # (learner, points, number of the attempt) of each of three days
    [("1", 5, 1), ("2", 8, 1)],
    [("1", 9, 2), ("3", 4, 1), ("2", 7, 2)],
    [("3", 8, 2), ("1", 6, 3)],
]


def put_day(world: World, day: int) -> None:
    for learner, points, number in STORY[day]:
        world.attempt(learner, points, number=number, at=after(days=day, minutes=number))


def plain(protocols: Sequence[Protocol]) -> list[tuple[str, list[tuple[str, str, int | None]]]]:
    return [(one.number, [(line.result, line.mark_text, line.mark) for line in one.lines]) for one in protocols]


@pytest.mark.parametrize("counting", ["best", "first", "last"])
@pytest.mark.parametrize("pulls", [[3], [0, 3], [2, 3], [1, 3], [0, 1, 2], [1, 2, 3, 4]])
def test_late_pulls_give_the_protocols_that_daily_pulls_give(
    lite: World, rules: Rules, empty_sqlite: Path, tmp_path: Path, counting: str, pulls: list[int]
) -> None:
    mapping = rules(f'[protocols]\nclosing = "per-day"\ncounting = "{counting}"\nnumber = "{{number}}"\n')
    lite.mapping = mapping
    other = shutil.copy(empty_sqlite, tmp_path / "daily.db")
    with opened(f"sqlite:///{other}", mapping) as daily:
        for world, at in ((lite, {*pulls, 4}), (daily, {0, 1, 2, 3, 4})):
            for key in "123":
                world.person(key)
            for day in range(5):
                if day < len(STORY):
                    put_day(world, day)
                if day in at:
                    world.clock.to(days=day, hours=2)
                    world.pass_over()
        assert plain(lite.protocols()) == plain(daily.protocols())
        assert len(daily.protocols()) >= 2


def test_an_unmarked_essay_holds_its_day_and_no_other(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    for key in "123":
        world.person(key)
    world.attempt("1", None)
    world.attempt("2", 7, at=after(days=1))
    world.attempt("3", 7)
    world.clock.to(days=2)
    assert [one.sitting for one in world.pass_over().closed] == ["2026-03-03"]
    world.attempt("1", 8)
    world.clock.to(days=3)
    world.pass_over()
    assert closed(world) == [("2026-03-03", ["2"]), ("2026-03-02", ["1", "3"])]


def test_an_attempt_under_way_holds_no_day(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.attempt("2", None, state=AttemptState.IN_PROGRESS)
    world.clock.to(days=1)
    assert [len(one.lines) for one in world.pass_over().closed] == [1]


def test_who_never_came_is_listed_on_the_day_on_which_the_test_closes(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    world.test(closes_at=after(days=2))
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.clock.to(days=2, hours=1)
    world.pass_over()
    assert closed(world) == [("2026-03-02", ["1"])]
    world.clock.to(days=3)
    world.pass_over()
    assert closed(world) == [("2026-03-02", ["1"]), ("2026-03-04", ["2"])]
    assert world.protocol(SECOND).lines[0].outcome is ResultOutcome.ABSENT


def test_a_test_without_a_closing_time_lists_nobody_by_itself(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.clock.to(days=1)
    world.pass_over()
    assert closed(world) == [("2026-03-02", ["1"])]
    world.close()
    assert closed(world)[1] == ("", ["2"])


def test_groups_of_a_day_are_closed_apart_and_numbered_by_day(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    for key, group, day in (("1", "А", 1), ("2", "Б", 0), ("3", "А", 0)):
        world.person(key, groups=[group])
        world.attempt(key, 7, at=after(days=day))
    world.clock.to(days=3)
    world.pass_over()
    told = [(one.sitting, one.group_name) for one in world.protocols()]
    assert told == [("2026-03-02", "А"), ("2026-03-02", "Б"), ("2026-03-03", "А")]


# --- after the test's closing time ------------------------------------------------------------------------------------


def test_a_test_closes_after_its_closing_time_with_all_who_never_came(world: World, on_close: Mapping) -> None:
    world.mapping = on_close
    world.test(closes_at=after(days=2))
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.clock.to(days=2, seconds=-1)
    assert world.pass_over().closed == []
    world.clock.to(days=2)
    [protocol] = world.pass_over().closed
    assert [line.outcome for line in protocol.lines] == [ResultOutcome.GRADED, ResultOutcome.ABSENT]


def test_a_test_that_is_put_off_closes_later(world: World, on_close: Mapping) -> None:
    world.mapping = on_close
    world.test(closes_at=after(days=1))
    world.person("1")
    world.attempt("1", 7)
    world.pass_over()
    world.test(closes_at=after(days=5))
    world.clock.to(days=2)
    assert world.pass_over().closed == []
    world.clock.to(days=5)
    assert len(world.pass_over().closed) == 1


def test_a_test_without_a_closing_time_is_closed_by_hand_only(world: World, on_close: Mapping) -> None:
    world.mapping = on_close
    world.person("1")
    world.attempt("1", 7)
    world.clock.to(days=99)
    assert world.pass_over().closed == []
    assert world.close().created


@pytest.mark.parametrize("state", [AttemptState.IN_PROGRESS, AttemptState.OVERDUE, AttemptState.SUBMITTED])
def test_an_attempt_under_way_holds_the_protocol(world: World, on_close: Mapping, state: AttemptState) -> None:
    world.mapping = on_close
    world.test(closes_at=after(days=1))
    world.person("1")
    world.attempt("1", None, state=state)
    world.clock.to(days=2)
    assert world.pass_over().closed == []
    world.attempt("1", None, state=AttemptState.ABANDONED)
    [protocol] = world.pass_over().closed
    assert [line.outcome for line in protocol.lines] == [ResultOutcome.NOT_COMPLETED]


def test_nobody_is_recorded_absent_from_a_test_that_was_deleted(world: World, on_close: Mapping) -> None:
    world.mapping = on_close
    world.test(closes_at=after(days=1))
    world.person("1")
    world.pass_over()
    world.gone("grade_item", "7")
    world.clock.to(days=2)
    assert world.pass_over().closed == []


# --- only after everything was read -----------------------------------------------------------------------------------


@pytest.mark.parametrize("unread", STREAMS)
def test_nothing_closes_before_everything_of_the_course_was_read_since(
    world: World, per_day: Mapping, unread: str
) -> None:
    world.mapping = per_day
    world.person("1")
    world.attempt("1", 7)
    world.clock.to(hours=1)
    world.pass_over()
    world.clock.to(days=1)
    world.read_everything(streams=[stream for stream in STREAMS if stream != unread])
    assert world.pass_over(read=False).closed == []
    world.read_everything(streams=[unread])
    assert len(world.pass_over(read=False).closed) == 1


@pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.REFUSED])
def test_a_course_that_was_not_read_whole_closes_nothing(world: World, per_day: Mapping, outcome: Outcome) -> None:
    world.mapping = per_day
    world.person("1")
    world.attempt("1", 7)
    world.clock.to(days=1)
    world.read_everything()
    world.read_everything(outcome, ["attempts"])
    assert world.pass_over(read=False).closed == []


def test_the_test_itself_must_have_been_read_since_wherever_it_is_read(world: World, on_close: Mapping) -> None:
    world.mapping = on_close
    put, world.put = world.put, lambda *records, **_: put(*records, scope="site")  # type: ignore[method-assign]
    world.test(closes_at=after(days=1))
    world.put = put  # type: ignore[method-assign]
    world.column("7", title="Итоговый тест", item_type="mod", module="quiz", instance="3")
    world.person("1")
    world.attempt("1", 7)
    read_site(world, after())
    world.clock.to(days=2)
    assert world.pass_over().closed == []
    read_site(world, after(days=2))
    assert len(world.pass_over().closed) == 1


def read_site(world: World, at: dt.datetime) -> None:
    was, world.clock.now = world.clock.now, at
    with world.store.page(world.run, "assessments", "site") as page:
        page.end(Outcome.COMPLETE, 0, 0)
    world.clock.now = was


def test_other_courses_hold_nothing(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    world.person("1")
    world.attempt("1", 7)
    with world.store.page(world.run, "attempts", f"{SCOPE}0") as page:
        page.end(Outcome.REFUSED, 0, 0)
    world.clock.to(days=1)
    assert len(world.pass_over().closed) == 1


# --- people decide first ----------------------------------------------------------------------------------------------


def test_an_undecided_difference_holds_the_sitting(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    world.person("1")
    world.attempt("1", 5)
    world.entry("1", 80, overridden=True)
    world.clock.to(days=1)
    assert world.pass_over().closed == []
    world.accept("7//2026-03-02")
    assert [line.mark for line in world.pass_over().closed[0].lines] == [4]


def test_an_annulled_sitting_never_closes_by_itself_again(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    world.person("1")
    world.attempt("1", 7)
    world.clock.to(days=1)
    world.pass_over()
    world.annul(FIRST)
    world.clock.to(days=9)
    assert world.pass_over().closed == []
    assert world.close("7//2026-03-02").protocol.number == SECOND
    # What was not in the annulled protocol closes by itself as ever.
    world.person("2")
    world.attempt("2", 8)
    world.clock.to(days=20)
    assert [[line.learner for line in one.lines] for one in world.pass_over().closed] == [["2"]]


def test_what_cannot_be_closed_is_told_and_the_others_are(world: World, rules: Rules) -> None:
    world.mapping = rules(
        '[protocols]\nclosing = "per-day"\n[[attestation]]\nname = "defence"\nitem_type = "manual"\n'
        'commission = "later"\n[[commission]]\nname = "later"\nvalid_from = 2030-01-01\nchair = { name = "Образцов" }\n'
    )
    world.column("6")
    world.person("1")
    world.entry("1", 80, "6")
    world.attempt("1", 7)
    world.clock.to(days=1)
    summary = world.pass_over()
    assert [one.grade_item for one in summary.closed] == ["7"]
    assert [
        problem.startswith("The commission 'later' of rule defence has no version") for problem in summary.problems
    ] == [True]
    assert world.is_sound()


def test_what_is_closed_by_hand_is_never_closed_by_itself(world: World) -> None:
    world.test(closes_at=after(days=1))
    world.person("1")
    world.attempt("1", 7)
    world.clock.to(days=99)
    assert world.pass_over().closed == []


def test_the_numbers_that_a_run_is_recorded_with(world: World, per_day: Mapping) -> None:
    world.mapping = per_day
    for key in "123":
        world.person(key)
    world.attempt("1", 7)
    world.attempt("2", None, at=after(days=1))
    world.attempt("3", 7, at=after(days=1))
    world.entry("3", 90, overridden=True)
    world.clock.to(days=2)
    assert world.pass_over().counts == {
        "results_recorded": 2,
        "results_waiting": 1,
        "drift_found": 1,
        "drift_undecided": 1,
        "protocols_closed": 1,
    }
    # Nothing has changed since: what stands undecided and waits is told again.
    assert world.pass_over().counts == {
        "results_recorded": 0,
        "results_waiting": 1,
        "drift_found": 0,
        "drift_undecided": 1,
        "protocols_closed": 0,
    }
