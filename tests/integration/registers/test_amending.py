"""Amending a protocol: what the LMS now says is taken over in new versions, and the ones before are kept."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lms_sync.records import AttestationResult, DriftState, ProtocolState, ResultOutcome
from tests.integration.registers.changes import LATER, delete_attempt, frozen, override, regrade, rename, unmark
from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import FIRST, MONDAY, SOURCE, World


def test_amending_makes_a_new_version_and_keeps_the_old(closed: World) -> None:
    protocols, results = frozen(closed)
    regrade(closed)
    closed.pass_over()
    done = closed.amend(FIRST, "протокол заседания № 4")
    assert done.decided == 1
    protocol = closed.protocol(FIRST)
    assert (protocol.state, protocol.revision, protocol.reason) == (ProtocolState.AMENDED, 2, "протокол заседания № 4")
    line = next(line for line in protocol.lines if line.learner == "1")
    assert (line.version, line.mark, line.passed) == (2, 5, True)
    assert [one.count for one in protocol.totals.marks] == [1, 1]
    result = closed.results()["1/attempt-1"]
    assert (result.points, result.grade, result.percent, result.mark_text) == (9, 90, 90, "отлично")
    assert frozen(closed) == ([*protocols, protocol], [*results, result])
    assert [one.state for one in closed.drifts(None).values()] == [DriftState.AMENDED]
    history = [(one.revision, one.state, one.actor, one.reason) for one in closed.document(FIRST).history]
    assert history == [(1, "closed", "registrar", ""), (2, "amended", "registrar", "протокол заседания № 4")]
    assert closed.pass_over().drifted == 0
    assert closed.is_sound()


def test_amending_a_name_puts_the_lines_in_order_anew_and_leaves_the_grade(closed: World) -> None:
    rename(closed)
    closed.pass_over()
    before = closed.results()["1/attempt-1"]
    closed.amend(FIRST)
    assert [line.learner for line in closed.protocol(FIRST).lines] == ["2", "1"]
    changed = {
        name
        for name in AttestationResult.model_fields
        if getattr(before, name) != getattr(closed.results()["1/attempt-1"], name)
    }
    assert changed == {"last_name"}


def test_amending_by_a_grade_written_over_the_attempt_and_what_follows(closed: World) -> None:
    override(closed)
    closed.pass_over()
    closed.amend(FIRST)
    result = closed.results()["1/attempt-1"]
    assert (result.grade_source, result.grade, result.mark, result.points) == ("gradebook", Decimal(80), 4, Decimal(5))
    closed.entry("1", 95, overridden=True)
    closed.pass_over()
    assert closed.told() == {"1/attempt-1 gradebook": ("оценка 80 из 100", "оценка 95 из 100")}
    closed.entry("1", 50)  # the override is taken back
    closed.pass_over()
    closed.amend(FIRST)
    assert closed.results()["1/attempt-1"].grade == Decimal(50)
    assert closed.protocol(FIRST).revision == 3


def test_a_grade_written_over_goes_before_a_regrade(closed: World) -> None:
    regrade(closed)
    override(closed)
    closed.pass_over()
    assert closed.amend(FIRST).decided == 2
    result = closed.results()["1/attempt-1"]
    assert (result.points, result.grade, result.grade_source) == (Decimal(9), Decimal(80), "gradebook")
    assert closed.pass_over().undecided == 0


def test_amending_by_a_deleted_attempt_withdraws_the_result(closed: World) -> None:
    delete_attempt(closed)
    closed.pass_over()
    closed.amend(FIRST)
    line = next(line for line in closed.protocol(FIRST).lines if line.learner == "1")
    assert (line.outcome, line.mark, line.mark_text, line.passed) == (
        ResultOutcome.WITHDRAWN,
        None,
        "результат аннулирован",
        False,
    )
    totals = closed.protocol(FIRST).totals
    assert (totals.listed, totals.took_part, totals.withdrawn) == (2, 1, 1)
    assert closed.sittings() == {}
    assert closed.is_sound()


def test_an_attempt_made_after_one_was_deleted_has_its_number_and_is_recorded(closed: World) -> None:
    delete_attempt(closed)
    closed.attempt("1", 10, key="900", at=LATER)
    assert closed.pass_over().frozen == 1
    assert {key for key, one in closed.results().items() if one.attempt == "900"}.isdisjoint({"1/attempt-1"})
    closed.amend(FIRST)
    closed.pass_over()
    assert [line.mark for line in closed.close().protocol.lines] == [5]
    assert closed.is_sound()


@pytest.mark.parametrize("by", ["attempt", "grade"])
def test_what_comes_back_after_it_was_withdrawn_is_recorded_again(closed: World, by: str) -> None:
    closed.column("8")
    closed.entry("1", 70, "8")
    closed.pass_over()
    number = closed.close("8").protocol.number
    if by == "attempt":
        number = FIRST
        delete_attempt(closed)
    else:
        closed.gone("grade_entry", "8/1")
    closed.pass_over()
    closed.amend(number)
    assert closed.pass_over().frozen == 0
    closed.attempt("1", 5, told_at=LATER)
    closed.entry("1", 70, "8")
    assert closed.pass_over().frozen == 1
    assert closed.pass_over().frozen == 0
    assert [line.learner for line in closed.close("7" if by == "attempt" else "8").protocol.lines] == ["1"]


def test_a_scale_that_says_withdrawn_does_not_record_without_end(world: World, rules: Rules) -> None:
    world.mapping = rules(
        '[[scale]]\nname = "words"\nversion = "1"\nsource = "act"\nwords = ['
        '{ words = ["результат аннулирован"], text = "результат аннулирован", passed = false },'
        '{ words = ["хорошо"], mark = 4, text = "хорошо", passed = true }]\n'
    )
    world.column("8", scale="words", scale_lowest="результат аннулирован", scale_highest="хорошо", maximum=Decimal(2))
    world.person("1")
    world.entry("1", 1, "8", word="результат аннулирован", maximum=Decimal(2))
    assert (world.pass_over().frozen, world.pass_over().frozen) == (1, 0)
    world.entry("1", 1, "8", word="результат аннулирован", maximum=Decimal(2), hidden=True)
    assert world.pass_over().frozen == 0


def test_amending_one_learner_leaves_the_others_undecided(closed: World) -> None:
    regrade(closed)
    closed.attempt("2", 10)
    closed.pass_over()
    assert closed.amend(FIRST, learner="2").decided == 1
    assert [drift.learner for drift in closed.drifts().values()] == ["1"]
    assert [line.version for line in closed.protocol(FIRST).lines] == [1, 2]
    assert closed.is_sound()


def test_what_is_told_of_an_attempt_that_does_not_count_can_be_decided_too(world: World) -> None:
    world.person("1", "Аксёнов Олег")
    world.attempt("1", 5)
    world.attempt("1", 8, number=2)
    world.pass_over()
    world.close()
    world.rename("1", "Яшин Олег")
    assert world.pass_over().undecided == 2
    assert world.amend(FIRST).decided == 2
    assert world.pass_over().undecided == 0
    assert {one.last_name for one in world.results().values()} == {"Яшин"}


def test_who_was_erased_keeps_a_line_without_a_name_through_an_amendment(closed: World) -> None:
    regrade(closed)
    closed.pass_over()
    closed.store.erase_learner(SOURCE, "2", "operator", "отозвано согласие")
    closed.amend(FIRST)
    document = closed.document(FIRST)
    assert [(line.line.learner, line.line.number, line.result is None) for line in document.lines] == [
        ("1", 1, False),
        ("2", 2, True),
    ]
    assert closed.protocol(FIRST).totals.listed == 2
    assert closed.is_sound()


def test_what_is_told_of_an_erased_learner_is_gone_and_stays_so(closed: World) -> None:
    rename(closed)
    closed.pass_over()
    closed.store.erase_learner(SOURCE, "1", "operator", "отозвано согласие")
    assert closed.pass_over().undecided == 0
    closed.attempt("1", 10)
    assert (closed.pass_over().undecided, closed.told()) == (0, {})
    assert closed.is_sound()


def test_a_change_that_no_pull_has_told_yet_is_amended_all_the_same(closed: World) -> None:
    regrade(closed)
    assert closed.amend(FIRST).decided == 1
    assert [one.state for one in closed.drifts(None).values()] == [DriftState.AMENDED]


def test_the_day_that_judges_is_the_day_of_the_attempt_also_when_amending(world: World, rules: Rules) -> None:
    scale = '[[scale]]\nname = "hundred-point"\nversion = "{0}"\nsource = "act"\n{1}thresholds = [{2}]\n'
    low = '{ from_percent = 0, mark = 2, text = "неудовлетворительно", passed = false },'
    first = scale.format("old", "", low + '{ from_percent = 50, mark = 3, text = "удовлетворительно", passed = true }')
    second = scale.format(
        "new", "valid_from = 2026-03-03\n", low + '{ from_percent = 95, mark = 5, text = "отлично", passed = true }'
    )
    world.mapping = rules(first + second)
    world.person("1")
    world.attempt("1", 5, at=MONDAY)
    world.pass_over()
    world.close()
    world.clock.to(days=3)
    world.attempt("1", 9, at=MONDAY)
    world.pass_over()
    world.amend(FIRST)
    result = world.results()["1/attempt-1"]
    assert (result.scale_version, result.mark) == ("old", 3)


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_result_whose_attempt_is_not_marked_cannot_be_amended(closed: World) -> None:
    unmark(closed)
    closed.pass_over()
    message = closed.refusal(lambda: closed.amend(FIRST))
    assert message.startswith("The attempt of result 7/1/attempt-1 is not marked in the LMS at the moment")


def test_a_grade_that_nothing_can_judge_is_not_taken_over(closed: World) -> None:
    closed.entry("1", None, overridden=True)
    closed.pass_over()
    message = closed.refusal(lambda: closed.amend(FIRST))
    assert message.startswith(
        "What the LMS now says of result 7/1/attempt-1 cannot be judged, because there is no grade"
    )


def test_one_refused_result_leaves_the_whole_protocol_as_it_was(closed: World) -> None:
    unmark(closed)
    closed.attempt("2", 10)
    closed.pass_over()
    closed.refusal(lambda: closed.amend(FIRST))
    assert closed.amend(FIRST, learner="2").decided == 1
