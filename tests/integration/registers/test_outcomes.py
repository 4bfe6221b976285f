"""What becomes of each learner at a final: who has a result, who waits, who is listed without one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lms_sync.records import AttemptState, ResultOutcome
from lms_sync.registers.freezing import WaitingFor
from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import COURSE_RECORD, MONDAY, SOURCE, World, after


@pytest.fixture
def world(lite: World) -> World:
    """In SQLite only: what is asked of the store here, the tests of closing and of drift ask of both databases."""
    return lite


def waiting(world: World, name: str = "7") -> dict[str, WaitingFor]:
    return {one.learner: one.reason for one in world.sitting(name).waiting}


# --- attempts ---------------------------------------------------------------------------------------------------------


def test_a_finished_marked_attempt_freezes_with_everything_known_then(world: World) -> None:
    world.person("1", "Ёлкина Дарья Олеговна", groups=["ПК-1"], idnumber="ЗК-17", birth_date="1990-02-28")
    world.attempt("1", "8.4")
    assert world.pass_over().frozen == 1
    [result] = world.results().values()
    assert (result.key, result.attempt, result.attempt_number) == ("7/1/attempt-1", "311", 1)
    assert (result.full_name, result.idnumber, str(result.birth_date)) == (
        "Ёлкина Дарья Олеговна",
        "ЗК-17",
        "1990-02-28",
    )
    assert (result.groups, result.course_title, result.hours, result.title) == (
        ["ПК-1"],
        "Охрана труда",
        72,
        "Итоговый тест",
    )
    assert (result.started_at, result.finished_at, result.duration) == (after(minutes=-10), MONDAY, 600)
    assert (result.points, result.points_maximum, result.grade, result.percent) == (
        Decimal("8.4"),
        Decimal(10),
        Decimal(84),
        Decimal(84),
    )
    assert (result.mark, result.mark_text, result.passed) == (4, "хорошо", True)
    assert (result.rule, result.scale, result.scale_version) == ("final", "hundred-point", "example-1")
    assert result.mapping_version == world.mapping.version


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (AttemptState.NOT_STARTED, WaitingFor.LEARNER),
        (AttemptState.IN_PROGRESS, WaitingFor.LEARNER),
        (AttemptState.OVERDUE, WaitingFor.LEARNER),
        (AttemptState.SUBMITTED, WaitingFor.MARKING),
        (AttemptState.FINISHED, WaitingFor.MARKING),  # an essay
    ],
)
def test_an_attempt_that_is_not_finished_and_marked_waits(
    world: World, state: AttemptState, reason: WaitingFor
) -> None:
    world.person("1")
    world.attempt("1", None, state=state)
    summary = world.pass_over()
    assert (summary.frozen, summary.waiting) == (0, 1)
    assert waiting(world) == {"1": reason}
    assert world.sitting().missing == {}


def test_an_abandoned_attempt_is_no_result_and_its_learner_not_attested(world: World) -> None:
    world.person("1")
    world.attempt("1", None, state=AttemptState.ABANDONED)
    assert (world.pass_over().frozen, world.sitting().missing) == (0, {"1": ResultOutcome.NOT_COMPLETED})
    assert world.listed(world.close().protocol.number) == {"1": ResultOutcome.NOT_COMPLETED}


def test_another_attempt_counts_beside_an_abandoned_one(world: World) -> None:
    world.person("1")
    world.attempt("1", None, state=AttemptState.ABANDONED)
    world.attempt("1", 7, number=2)
    world.pass_over()
    assert (list(world.results()), world.sitting().missing) == (["1/attempt-2"], {})


def test_an_essay_marked_later_freezes_in_the_pull_that_sees_it(world: World) -> None:
    world.person("1")
    world.attempt("1", None)
    world.pass_over()
    world.clock.to(days=2)
    world.attempt("1", 9)
    summary = world.pass_over()
    assert (summary.frozen, summary.waiting, summary.drifted) == (1, 0, 0)
    assert world.results()["1/attempt-1"].mark == 5


# --- people -----------------------------------------------------------------------------------------------------------


def test_a_suspended_learner_has_the_result_they_finished(world: World) -> None:
    world.person("1")
    world.enrol("1", suspended=True)
    world.attempt("1", 7)
    world.pass_over()
    assert world.listed(world.close().protocol.number) == {"1": ResultOutcome.GRADED}


def test_a_suspended_learner_is_not_admitted_or_not_attested_and_never_waited_for(world: World) -> None:
    for key in ("1", "2"):
        world.person(key)
        world.enrol(key, suspended=True)
    world.attempt("2", None, state=AttemptState.IN_PROGRESS)
    assert world.pass_over().waiting == 0
    outcomes = {"1": ResultOutcome.NOT_ADMITTED, "2": ResultOutcome.NOT_COMPLETED}
    assert world.listed(world.close().protocol.number) == outcomes
    assert [line.mark_text for line in world.protocols()[0].lines] == ["не допущен", "не аттестован"]


def test_who_left_the_course_keeps_a_result_and_is_else_not_listed(world: World) -> None:
    for key in ("1", "2", "3"):
        world.person(key)
    world.attempt("1", 7)
    world.attempt("2", None, state=AttemptState.IN_PROGRESS)
    for key in ("1", "2", "3"):
        world.unenrol(key)
    assert world.pass_over().waiting == 0
    assert world.listed(world.close().protocol.number) == {"1": ResultOutcome.GRADED}


def test_an_unmarked_attempt_of_somebody_who_left_still_waits(world: World) -> None:
    world.person("1")
    world.attempt("1", None)
    world.unenrol("1")
    world.pass_over()
    assert waiting(world) == {"1": WaitingFor.MARKING}


def test_an_attempt_of_somebody_whose_name_was_never_read_waits(world: World) -> None:
    world.enrol("1")
    world.attempt("1", 7)
    assert (world.pass_over().frozen, waiting(world)) == (0, {"1": WaitingFor.NAME})
    world.rename("1", "Иванова Анна")
    assert (world.pass_over().frozen, waiting(world)) == (1, {})


def test_an_enrolled_learner_without_a_name_is_waited_for_and_not_left_out(world: World) -> None:
    world.person("1")
    world.enrol("2")
    world.attempt("1", 7)
    world.pass_over()
    assert waiting(world) == {"2": WaitingFor.NAME}
    world.rename("2", "Иванова Анна")
    assert world.listed(world.close().protocol.number) == {"1": ResultOutcome.GRADED, "2": ResultOutcome.ABSENT}


def test_a_deleted_person_keeps_the_result_that_was_read_before(world: World) -> None:
    world.person("1", "Иванова Анна")
    world.attempt("1", 7)
    world.unenrol("1")
    world.gone("learner", "1")
    world.pass_over()
    assert world.results()["1/attempt-1"].full_name == "Иванова Анна"


def test_an_erased_learner_gets_no_result_and_is_nowhere(world: World) -> None:
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.store.erase_learner(SOURCE, "1", "operator", "отозвано согласие")
    world.store.erase_learner(SOURCE, "2", "operator", "отозвано согласие")
    assert world.pass_over().frozen == 0
    assert world.sittings() == {}


def test_absence_is_a_line_of_its_own(world: World) -> None:
    world.person("1", "Яковлев Олег")
    world.person("2", "Ёлкина Дарья")
    world.attempt("1", 7)
    world.pass_over()
    assert world.sitting().missing == {"2": ResultOutcome.ABSENT}
    number = world.close().protocol.number
    first, second = world.protocol(number).lines
    assert (first.learner, first.mark, first.mark_text, first.passed) == ("2", None, "не явился", False)
    assert (second.learner, second.mark, second.mark_text, second.passed) == ("1", 3, "удовлетворительно", True)
    absent = world.results()[f"2/protocol {number}"]
    assert (absent.outcome, absent.full_name, absent.grade, absent.attempt) == (
        ResultOutcome.ABSENT,
        "Ёлкина Дарья",
        None,
        "",
    )


def test_staff_are_not_absent(world: World) -> None:
    world.person("1")
    world.enrol("9", learner=False)
    world.attempt("1", 7)
    world.pass_over()
    assert world.sitting().missing == {}


def test_nobody_is_absent_from_a_test_that_was_deleted(world: World) -> None:
    world.person("1")
    world.pass_over()
    assert world.sitting().missing == {"1": ResultOutcome.ABSENT}
    world.gone("grade_item", "7")
    world.gone("assessment", "3")
    assert world.sittings() == {}


def test_who_was_absent_and_comes_later_stands_in_a_later_protocol(world: World) -> None:
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.pass_over()
    world.close()
    world.attempt("2", 9, at=after(days=7))
    world.clock.to(days=8)
    world.pass_over()
    assert world.listed(world.close().protocol.number) == {"2": ResultOutcome.GRADED}
    assert [one.number for one in world.protocols()] == ["2026/001", "2026/002"]


# --- repeating --------------------------------------------------------------------------------------------------------


def test_a_second_pass_writes_nothing(world: World) -> None:
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.attempt("2", None)
    world.entry("1", 80, overridden=True)
    world.pass_over()
    rows = world.ledger_rows()
    assert (world.pass_over().frozen, world.ledger_rows()) == (0, rows)


def test_a_new_mapping_changes_no_result(world: World, rules: Rules) -> None:
    world.person("1")
    world.attempt("1", 7)
    world.pass_over()
    world.mapping = rules('[[attestation]]\nname = "final"\nscales = []\npass_percent = 71\n')
    rows = world.ledger_rows()
    assert (world.pass_over().drifted, world.ledger_rows()) == (0, rows)
    assert world.results()["1/attempt-1"].passed is True


def test_a_course_that_comes_under_a_rule_is_looked_at_again(world: World, rules: Rules) -> None:
    text = '[[attestation]]\nname = "not-yet"\ncourse_idnumber = "DEMO"\nprotocol = false\n'
    world.mapping = rules(text)
    world.put(COURSE_RECORD.model_copy(update={"idnumber": "DEMO"}))
    world.person("1")
    world.attempt("1", 7)
    assert world.pass_over().frozen == 0
    world.put(COURSE_RECORD)
    assert world.pass_over().frozen == 1
