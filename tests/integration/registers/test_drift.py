"""What the LMS says otherwise after a result froze: it is told, once, and changes nothing by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from lms_sync.records import CountingMethod, DriftState, ProtocolState
from tests.integration.registers.changes import (
    LATER,
    POINTS,
    birth_date,
    delete_attempt,
    frozen,
    idnumber,
    override,
    regrade,
    rename,
    reopen_attempt,
    unmark,
)
from tests.integration.registers.world import FIRST, World

CHANGES = {
    "grade": (regrade, POINTS, "баллы 9 из 10, оценка 90 из 100", LATER),
    "gradebook": (override, "оценка 50 из 100", "оценка 80 из 100", LATER),
    "attempt": (delete_attempt, POINTS, "нет в СДО", None),
    "name": (rename, "Аксёнов Олег", "Яшин Олег", None),
    "birth_date": (birth_date, "01.01.1990", "01.01.1991", None),
    "idnumber": (idnumber, "ЗК-1", "ЗК-2", None),
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_change_is_told_with_both_values_and_changes_nothing(closed: World, field: str) -> None:
    change, before, now, changed_at = CHANGES[field]
    was = frozen(closed)
    change(closed)
    summary = closed.pass_over()
    assert (summary.drifted, summary.undecided, summary.frozen) == (1, 1, 0)
    [drift] = closed.drifts().values()
    assert (drift.field, drift.frozen, drift.current, drift.lms_changed_at) == (field, before, now, changed_at)
    assert (drift.protocol, drift.learner, drift.state) == (FIRST, "1", DriftState.OPEN)
    assert frozen(closed) == was
    assert [one.field for one in closed.document(FIRST).drifts] == [field]
    assert closed.is_sound()


@pytest.mark.parametrize(("change", "now"), [(reopen_attempt, "не завершена"), (unmark, "не проверено")])
def test_an_attempt_that_is_no_longer_finished_or_marked_is_told(
    closed: World, change: Callable[[World], None], now: str
) -> None:
    change(closed)
    closed.pass_over()
    assert [current for _, current in closed.told().values()] == [now]


@pytest.mark.parametrize("field", CHANGES)
def test_a_second_pass_tells_nothing_twice(closed: World, field: str) -> None:
    CHANGES[field][0](closed)
    closed.pass_over()
    rows = closed.ledger_rows()
    assert (closed.pass_over().drifted, closed.ledger_rows()) == (0, rows)


def test_a_further_change_is_told_anew_and_its_return_settles_it(closed: World) -> None:
    regrade(closed)
    closed.pass_over()
    closed.attempt("1", 7)
    assert closed.pass_over().drifted == 1
    assert closed.told() == {"1/attempt-1 grade": (POINTS, "баллы 7 из 10, оценка 70 из 100")}
    closed.attempt("1", 5)
    assert closed.pass_over().undecided == 0
    assert [one.state for one in closed.drifts(None).values()] == [DriftState.SETTLED]
    regrade(closed)
    assert closed.pass_over().undecided == 1


def test_who_leaves_the_course_raises_nothing(closed: World) -> None:
    closed.column("8")
    closed.entry("1", 70, "8")
    closed.pass_over()
    closed.unenrol("1")
    closed.gone("grade_entry", "8/1")
    assert closed.pass_over().drifted == 0


def test_a_grade_without_attempts_that_changes_or_goes_is_told(closed: World) -> None:
    closed.column("8")
    closed.entry("1", 70, "8")
    closed.entry("2", 70, "8")
    closed.pass_over()
    closed.entry("1", 75, "8", graded_at=LATER)
    closed.gone("grade_entry", "8/2")
    closed.pass_over()
    assert closed.told() == {
        "1/grade grade": ("оценка 70 из 100", "оценка 75 из 100"),
        "2/grade attempt": ("оценка 70 из 100", "нет в СДО"),
    }


def test_a_deleted_test_is_told_of_everybody(closed: World) -> None:
    closed.gone("attempt", "311", "321")
    closed.gone("assessment", "3")
    closed.gone("grade_item", "7")
    closed.pass_over()
    assert {current for _, current in closed.told().values()} == {"нет в СДО"}
    assert len(closed.told()) == 2
    assert closed.protocol(FIRST).state is ProtocolState.CLOSED


def test_a_grade_written_over_an_attempt_that_does_not_count_is_no_drift_of_it(world: World) -> None:
    world.person("1")
    world.attempt("1", 5)
    world.attempt("1", 8, number=2)
    world.entry("1", 90, overridden=True)
    world.pass_over()
    assert list(world.told()) == ["1/attempt-2 gradebook"]


def test_an_average_that_changed_with_an_earlier_attempt_is_told(world: World) -> None:
    world.test(counting=CountingMethod.AVERAGE)
    world.person("1")
    world.attempt("1", 4)
    world.attempt("1", 8, number=2)
    world.pass_over()
    world.attempt("1", 6)
    world.pass_over()
    assert world.told()["1/attempt-2 grade"] == ("баллы 8 из 10, оценка 60 из 100", "баллы 8 из 10, оценка 70 из 100")


def test_drift_says_when_it_was_found_and_the_ledger_who_decided(closed: World) -> None:
    regrade(closed)
    closed.clock.to(days=4)
    closed.pass_over()
    [drift] = closed.drifts().values()
    assert drift.lms_changed_at == LATER
    assert drift.changed_by == ""
    assert isinstance(drift.lms_changed_at, dt.datetime)
