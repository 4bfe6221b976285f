"""Which grade a result holds: of the attempt that counts, of a final without attempts, or written in the gradebook."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lms_sync.records import AttemptState, CountingMethod, ResultOutcome
from lms_sync.registers.freezing import WaitingFor
from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import MONDAY, World


@pytest.fixture
def world(lite: World) -> World:
    """In SQLite only: what is asked of the store here, the tests of closing and of drift ask of both databases."""
    return lite


# --- which attempt counts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counting", "number", "grade"),
    [
        (CountingMethod.HIGHEST, 2, "90"),
        (CountingMethod.FIRST, 1, "50"),
        (CountingMethod.LAST, 3, "70"),
        (CountingMethod.AVERAGE, 3, "70"),
    ],
)
def test_the_attempt_that_the_test_says_counts(world: World, counting: CountingMethod, number: int, grade: str) -> None:
    world.test(counting=counting)
    world.person("1")
    for attempt, points in enumerate((5, 9, 7), start=1):
        world.attempt("1", points, number=attempt)
    assert world.pass_over().frozen == 3
    [ready] = world.sitting().ready
    assert (ready.record.attempt_number, ready.record.grade, ready.record.counting) == (
        number,
        Decimal(grade),
        counting,
    )


def test_a_rule_says_otherwise_than_the_test(world: World, rules: Rules) -> None:
    world.mapping = rules('[[attestation]]\nname = "final"\ncounting = "first"\n')
    world.person("1")
    world.attempt("1", 5)
    world.attempt("1", 9, number=2)
    world.pass_over()
    assert [one.record.attempt_number for one in world.sitting().ready] == [1]


def test_an_average_waits_until_everything_before_it_is_marked(world: World) -> None:
    world.test(counting=CountingMethod.AVERAGE)
    world.person("1")
    world.attempt("1", None)
    world.attempt("1", "8.3333", number=2)
    assert (world.pass_over().frozen, world.sitting().waiting[1].reason) == (0, WaitingFor.MARKING)
    world.attempt("1", 5)
    assert world.pass_over().frozen == 2
    grades = [one.grade for one in world.results().values()]
    assert grades == [Decimal(50), Decimal("66.6665")]


# --- finals of other sorts --------------------------------------------------------------------------------------------


def test_two_finals_in_one_course_have_protocols_of_their_own(world: World) -> None:
    world.test("4", "8", title="Итоговый экзамен")
    world.person("1")
    world.attempt("1", 7)
    world.attempt("1", 9, quiz="4")
    world.pass_over()
    titles = {world.close(name).protocol.number: world.protocols()[-1].title for name in ("7", "8")}
    assert titles == {"2026/001": "Итоговый тест", "2026/002": "Итоговый экзамен"}
    assert [line.mark for one in world.protocols() for line in one.lines] == [3, 5]


@pytest.mark.parametrize("module", ["assign", ""])
def test_a_final_that_is_an_assignment_or_a_manual_column(world: World, module: str) -> None:
    world.column("8", item_type="mod" if module else "manual", module=module, instance="6" if module else "")
    world.person("1")
    world.person("2")
    world.entry("1", 91, "8")
    world.entry("2", None, "8")
    assert world.pass_over().frozen == 1
    [result] = world.results("8").values()
    assert (result.occasion, result.attempt, result.finished_at, result.duration) == ("grade", "", MONDAY, None)
    assert (result.grade_source, result.grade, result.mark) == ("gradebook", Decimal(91), 5)
    assert world.listed(world.close("8").protocol.number) == {"1": ResultOutcome.GRADED, "2": ResultOutcome.ABSENT}


WORDS = {"scale": "five-point", "scale_lowest": "не явился", "scale_highest": "отлично", "maximum": Decimal(5)}


def test_a_word_scale_may_say_that_somebody_did_not_appear(world: World) -> None:
    world.column("8", **WORDS)
    world.person("1", "Аксёнов Олег")
    world.person("2", "Яшин Олег")
    world.entry("1", 1, "8", word="не явился", maximum=Decimal(5))
    world.entry("2", 4, "8", word="хорошо", maximum=Decimal(5))
    world.pass_over()
    protocol = world.close("8").protocol
    assert [(line.outcome, line.mark, line.mark_text, line.passed) for line in protocol.lines] == [
        (ResultOutcome.ABSENT, None, "не явился", False),
        (ResultOutcome.GRADED, 4, "хорошо", True),
    ]
    assert (protocol.totals.took_part, protocol.totals.absent, protocol.totals.failed) == (1, 1, 0)


def test_a_grade_that_nothing_can_judge_waits_with_its_reason(world: World) -> None:
    world.column("8", scale="")
    world.person("1")
    world.entry("1", 91, "8")
    assert world.pass_over().frozen == 0
    [one] = world.sitting("8").waiting
    assert (one.reason, one.note[:21]) == (WaitingFor.SCALE, "the item has no scale")


def test_a_pass_mark_judges_without_a_scale(world: World, rules: Rules) -> None:
    world.mapping = rules('[[attestation]]\nname = "final"\nscales = []\npass_percent = 70\n')
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.attempt("2", "6.9999")
    world.pass_over()
    marks = {one.learner: (one.mark, one.mark_text, one.passed) for one in world.results().values()}
    assert marks == {"1": (None, "зачтено", True), "2": (None, "не зачтено", False)}


def test_an_item_that_is_no_final_has_no_results(world: World) -> None:
    world.column("8", attestation_kind="current", title="Задание")
    world.person("1")
    world.entry("1", 91, "8")
    assert world.pass_over().frozen == 0


# --- grades written in the gradebook ----------------------------------------------------------------------------------


def test_a_grade_written_for_somebody_without_an_attempt_is_their_result(world: World) -> None:
    world.person("1")
    world.entry("1", 80, overridden=True)
    world.pass_over()
    assert {key: (one.grade, one.mark) for key, one in world.results().items()} == {"1/grade": (Decimal(80), 4)}


def test_a_grade_written_for_somebody_who_abandoned_the_test_is_their_result(world: World) -> None:
    world.person("1")
    world.attempt("1", None, state=AttemptState.ABANDONED)
    world.entry("1", 80, overridden=True)
    world.pass_over()
    assert {key: one.mark for key, one in world.results().items()} == {"1/grade": 4}


def test_a_grade_that_the_test_itself_gave_is_no_second_result(world: World) -> None:
    world.person("1")
    world.attempt("1", 7)
    world.entry("1", 70)
    world.pass_over()
    assert list(world.results()) == ["1/attempt-1"]
    assert world.told() == {}


def test_a_grade_written_over_an_attempt_before_it_froze_is_told_at_once(world: World) -> None:
    world.person("1")
    world.attempt("1", 5)
    world.entry("1", 80, overridden=True)
    summary = world.pass_over()
    assert (summary.frozen, summary.drifted, summary.undecided) == (1, 1, 1)
    assert world.results()["1/attempt-1"].grade == Decimal(50)
    assert world.told() == {"1/attempt-1 gradebook": ("оценка 50 из 100", "оценка 80 из 100")}
