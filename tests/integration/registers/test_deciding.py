"""Deciding a difference without amending: keeping, accepting, closing as recorded; and which acts are refused."""

from __future__ import annotations

import pytest

from lms_sync.errors import RegisterError
from lms_sync.records import DriftState
from lms_sync.registers.amending import Act
from lms_sync.registers.closing import OnDrift
from tests.integration.registers.changes import regrade
from tests.integration.registers.world import FIRST, SOURCE, World

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


def test_closing_as_recorded_needs_nothing_where_nothing_differs(world: World) -> None:
    world.three()
    assert world.close("7/А", on_drift=OnDrift.KEEP, reason="как записано").created
    assert world.drifts(None) == {}


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_amending_and_keeping_where_nothing_differs_are_refused(closed: World) -> None:
    assert closed.refusal(lambda: closed.amend(FIRST)).startswith(
        f"The LMS tells nothing of protocol {FIRST} otherwise"
    )
    assert closed.refusal(lambda: closed.keep(FIRST)) == f"Nothing about protocol {FIRST} is undecided."


@pytest.mark.parametrize("act", ["amend", "keep", "annul"])
def test_an_unknown_number_is_refused(closed: World, act: str) -> None:
    message = closed.refusal(lambda: getattr(closed, act)("2026/999"))
    assert message.startswith(f"There is no protocol 2026/999 of {SOURCE}: see `lms-sync protocols list`")


@pytest.mark.parametrize("act", ["amend", "keep", "annul"])
def test_nothing_more_is_done_with_an_annulled_protocol(closed: World, act: str) -> None:
    regrade(closed)
    closed.pass_over()
    closed.annul(FIRST, "ошибка")
    message = closed.refusal(lambda: getattr(closed, act)(FIRST))
    assert message == f"Protocol {FIRST} was annulled (ошибка); nothing more can be done with it."


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_act_without_a_reason_is_refused(reason: str) -> None:
    with pytest.raises(RegisterError, match="needs a reason"):
        Act("registrar", reason)
