"""Annulling a protocol: its number stays taken, and what stood in it is decided anew."""

from __future__ import annotations

from lms_sync.records import DriftState, ProtocolState, ResultOutcome
from tests.integration.registers.world import FIRST, SECOND, World


def test_an_annulled_number_stays_taken_and_its_results_wait_again(world: World) -> None:
    world.three()
    world.close("7/А")
    annulled = world.annul(FIRST, "не та группа")
    assert (annulled.state, annulled.reason, annulled.revision) == (ProtocolState.ANNULLED, "не та группа", 1)
    assert [stored.record.learner for stored in world.sitting("7/А").ready] == ["1", "3"]
    again = world.close("7/А")
    assert (again.created, again.protocol.number) == (True, SECOND)
    assert world.learners(SECOND) == ["1", "3"]
    assert world.protocol(FIRST) == annulled
    assert world.is_sound()


def test_absence_is_decided_anew_after_an_annulment(world: World) -> None:
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.pass_over()
    world.close()
    world.annul(FIRST)
    world.attempt("2", 8)
    world.pass_over()
    world.close()
    assert [(line.learner, line.outcome) for line in world.protocol(SECOND).lines] == [
        ("1", ResultOutcome.GRADED),
        ("2", ResultOutcome.GRADED),
    ]
    world.annul(SECOND)
    world.gone("attempt", "321")
    world.pass_over()
    assert world.sitting().drifts != []
    world.accept()
    world.close()
    assert [(line.learner, line.outcome) for line in world.protocol("2026/003").lines] == [
        ("1", ResultOutcome.GRADED),
        ("2", ResultOutcome.ABSENT),
    ]
    assert world.is_sound()


def test_a_renamed_absentee_of_an_annulled_protocol_is_nobodys_to_decide(world: World) -> None:
    world.person("1")
    world.pass_over()
    world.close()
    world.annul(FIRST)
    world.unenrol("1")
    world.rename("1", "Яшин Олег")
    assert world.pass_over().undecided == 0


def test_annulling_settles_what_differed_of_an_absentee_and_says_so(world: World) -> None:
    world.person("1")
    world.pass_over()
    world.close()
    world.rename("1", "Яшин Олег")
    assert world.pass_over().undecided == 1
    world.annul(FIRST)  # and no pull after it
    assert not world.drifts(DriftState.OPEN)
    (settled,) = world.drifts(DriftState.SETTLED).values()
    assert settled.reason == "the protocol that listed it was annulled"
