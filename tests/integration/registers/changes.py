"""What may change in the LMS about learner 1 of the `closed` world, and what must stay as it is all the same."""

from __future__ import annotations

from lms_sync.records import AttemptState, AttestationResult, Protocol
from tests.integration.registers.world import FIRST, World, after

LATER = after(days=3)
POINTS = "баллы 5 из 10, оценка 50 из 100"
"""How the result of learner 1 is told as it froze."""


def frozen(world: World) -> tuple[list[object], list[object]]:
    """Every version of the protocol and of its first result."""
    return world.versions(Protocol.kind, FIRST), world.versions(AttestationResult.kind, "7/1/attempt-1")


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
