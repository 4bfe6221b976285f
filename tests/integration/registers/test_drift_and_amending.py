"""What the LMS says otherwise after a result froze: it is told, changes nothing by itself, and is decided by an act."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from lms_sync.errors import RegisterError
from lms_sync.records import (
    AttemptState,
    AttestationResult,
    CountingMethod,
    DriftState,
    Protocol,
    ProtocolState,
    ResultOutcome,
)
from lms_sync.registers.amending import Act
from lms_sync.registers.closing import OnDrift
from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import MONDAY, SOURCE, World, after

FIRST = "2026/001"
LATER = after(days=3)


@pytest.fixture
def closed(world: World) -> World:
    """Two learners with 5 and 8 points in the protocol 2026/001, closed on Monday; now it is Thursday."""
    world.person("1", "Аксёнов Олег", birth_date="1990-01-01", idnumber="ЗК-1")
    world.person("2", "Борисов Олег")
    world.attempt("1", 5)
    world.attempt("2", 8)
    world.pass_over()
    world.close()
    world.clock.to(days=3)
    return world


def frozen(world: World) -> tuple[list[object], list[object]]:
    """Every version of the protocol and of its first result."""
    return world.versions(Protocol.kind, FIRST), world.versions(AttestationResult.kind, "7/1/attempt-1")


# --- telling ----------------------------------------------------------------------------------------------------------


def regrade(world: World) -> None:
    world.attempt("1", 9, told_at=LATER)


def override(world: World) -> None:
    world.entry("1", 80, overridden=True, graded_at=LATER)


def delete_attempt(world: World) -> None:
    world.gone("attempt", "311")


def reopen_attempt(world: World) -> None:
    world.attempt("1", None, state=AttemptState.IN_PROGRESS, told_at=LATER)


def unmark(world: World) -> None:
    world.attempt("1", None, told_at=LATER)


def rename(world: World) -> None:
    world.rename("1", "Яшин Олег", birth_date="1990-01-01", idnumber="ЗК-1")


def birth_date(world: World) -> None:
    world.rename("1", "Аксёнов Олег", birth_date="1991-01-01", idnumber="ЗК-1")


def idnumber(world: World) -> None:
    world.rename("1", "Аксёнов Олег", birth_date="1990-01-01", idnumber="ЗК-2")


POINTS = "баллы 5 из 10, оценка 50 из 100"
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


# --- amending ---------------------------------------------------------------------------------------------------------


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


# --- keeping ----------------------------------------------------------------------------------------------------------


def test_keeping_decides_and_is_not_asked_again(closed: World) -> None:
    before = closed.protocol(FIRST)
    regrade(closed)
    closed.pass_over()
    assert closed.keep(FIRST, "апелляция отклонена").decided == 1
    assert closed.pass_over().undecided == 0
    [drift] = closed.drifts(None).values()
    assert (drift.state, drift.reason, drift.protocol) == (DriftState.KEPT, "апелляция отклонена", FIRST)
    assert closed.protocol(FIRST) == before
    closed.attempt("1", 10)
    assert closed.pass_over().undecided == 1


def test_what_was_kept_can_be_amended_for_a_learner_by_name_only(closed: World) -> None:
    regrade(closed)
    closed.pass_over()
    closed.keep(FIRST)
    with pytest.raises(RegisterError, match="nothing to amend"):
        closed.amend(FIRST)
    assert closed.amend(FIRST, learner="1").decided == 1
    assert closed.results()["1/attempt-1"].mark == 5


def test_what_was_kept_settles_when_the_lms_says_it_again(closed: World) -> None:
    regrade(closed)
    closed.pass_over()
    closed.keep(FIRST)
    closed.attempt("1", 5)
    closed.pass_over()
    assert [one.state for one in closed.drifts(None).values()] == [DriftState.SETTLED]


# --- before a protocol is closed --------------------------------------------------------------------------------------


@pytest.fixture
def drifted(world: World) -> World:
    """An open sitting with a result of 5 points, over which 80 per cent were written in the gradebook."""
    world.person("1")
    world.attempt("1", 5)
    world.entry("1", 80, overridden=True)
    world.pass_over()
    return world


def test_a_difference_stops_closing_until_it_is_accepted(drifted: World) -> None:
    assert not drifted.sitting().is_ready
    rows = drifted.ledger_rows()
    with pytest.raises(
        RegisterError, match=r"^The LMS tells of 7 otherwise than was recorded \(differences: 1, .*accept 7"
    ):
        drifted.close()
    assert drifted.ledger_rows() == rows
    assert drifted.accept().decided == 1
    assert [line.mark for line in drifted.close().protocol.lines] == [4]
    assert drifted.protocol(FIRST).lines[0].version == 2
    assert drifted.is_sound()


def test_closing_as_recorded_decides_the_difference(drifted: World) -> None:
    drifted.close(on_drift=OnDrift.KEEP, reason="исправление без основания")
    [drift] = drifted.drifts(None).values()
    assert (drift.state, drift.protocol, drift.reason) == (DriftState.KEPT, FIRST, "исправление без основания")
    assert [line.mark for line in drifted.protocol(FIRST).lines] == [2]
    assert drifted.pass_over().undecided == 0


def test_accepting_where_nothing_differs_is_refused(closed: World) -> None:
    with pytest.raises(RegisterError, match=r"^The LMS tells nothing of 7 otherwise than was recorded\.$"):
        closed.accept()


# --- refusals ---------------------------------------------------------------------------------------------------------


def refusal(world: World, act: Callable[[], object]) -> str:
    """What an act is refused with; it must be one sentence about the thing, and nothing may have been written."""
    rows = world.ledger_rows()
    with pytest.raises(RegisterError) as refused:
        act()
    assert world.ledger_rows() == rows
    message = str(refused.value)
    assert not any(name in message for name in ("Аксёнов", "Борисов"))
    return message


def test_amending_and_keeping_where_nothing_differs_are_refused(closed: World) -> None:
    assert refusal(closed, lambda: closed.amend(FIRST)).startswith(
        f"The LMS tells nothing of protocol {FIRST} otherwise"
    )
    assert refusal(closed, lambda: closed.keep(FIRST)) == f"Nothing about protocol {FIRST} is undecided."


@pytest.mark.parametrize("act", ["amend", "keep", "annul"])
def test_an_unknown_number_is_refused(closed: World, act: str) -> None:
    message = refusal(closed, lambda: getattr(closed, act)("2026/999"))
    assert message.startswith(f"There is no protocol 2026/999 of {SOURCE}: see `lms-sync protocols list`")


@pytest.mark.parametrize("act", ["amend", "keep", "annul"])
def test_nothing_more_is_done_with_an_annulled_protocol(closed: World, act: str) -> None:
    regrade(closed)
    closed.pass_over()
    closed.annul(FIRST, "ошибка")
    message = refusal(closed, lambda: getattr(closed, act)(FIRST))
    assert message == f"Protocol {FIRST} was annulled (ошибка); nothing more can be done with it."


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_act_without_a_reason_is_refused(reason: str) -> None:
    with pytest.raises(RegisterError, match="needs a reason"):
        Act("registrar", reason)


def test_a_result_whose_attempt_is_not_marked_cannot_be_amended(closed: World) -> None:
    unmark(closed)
    closed.pass_over()
    message = refusal(closed, lambda: closed.amend(FIRST))
    assert message.startswith("The attempt of result 7/1/attempt-1 is not marked in the LMS at the moment")


def test_a_grade_that_nothing_can_judge_is_not_taken_over(closed: World) -> None:
    closed.entry("1", None, overridden=True)
    closed.pass_over()
    message = refusal(closed, lambda: closed.amend(FIRST))
    assert message.startswith(
        "What the LMS now says of result 7/1/attempt-1 cannot be judged, because there is no grade"
    )


def test_one_refused_result_leaves_the_whole_protocol_as_it_was(closed: World) -> None:
    unmark(closed)
    closed.attempt("2", 10)
    closed.pass_over()
    refusal(closed, lambda: closed.amend(FIRST))
    assert closed.amend(FIRST, learner="2").decided == 1


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


def test_drift_says_when_it_was_found_and_the_ledger_who_decided(closed: World) -> None:
    regrade(closed)
    closed.clock.to(days=4)
    closed.pass_over()
    [drift] = closed.drifts().values()
    assert drift.lms_changed_at == LATER
    assert drift.changed_by == ""
    assert isinstance(drift.lms_changed_at, dt.datetime)
