"""Which composition of a commission a protocol names."""

from __future__ import annotations

import pytest

from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import FIRST, World

COMMISSION = """
[protocols]
organisation = "АНО ДПО «Пример»"
commission = "main"

[[commission]]
name = "main"
valid_from = 2026-03-01
order = "приказ № 12"
chair = { name = "Образцов Пётр Ильич", position = "директор" }

[[commission]]
name = "main"
valid_from = 2026-03-04
order = "приказ № 40"
chair = { name = "Примерова Анна Сергеевна", position = "директор" }
secretary = { name = "Условная Мария Игоревна" }
"""


@pytest.mark.parametrize(("days", "order"), [(0, "приказ № 12"), (2, "приказ № 40")])
def test_the_commission_is_that_of_the_day_of_closing(world: World, rules: Rules, days: int, order: str) -> None:
    world.mapping = rules(COMMISSION)
    world.three()
    world.clock.to(days=days)
    protocol = world.close("7/А").protocol
    assert protocol.commission is not None
    assert (protocol.commission.order, protocol.organisation) == (order, "АНО ДПО «Пример»")


def test_a_later_composition_changes_no_closed_protocol(world: World, rules: Rules) -> None:
    world.mapping = rules(COMMISSION)
    world.three()
    before = world.close("7/А").protocol
    world.clock.to(days=3)
    world.attempt("1", 9)
    world.pass_over()
    world.amend(FIRST)
    assert world.protocol(FIRST).commission == before.commission


def test_a_day_before_the_first_composition_is_refused(world: World, rules: Rules) -> None:
    world.mapping = rules(COMMISSION)
    world.three()
    world.clock.to(days=-5)
    message = world.refusal(lambda: world.close("7/А"))
    assert message.startswith("The commission 'main' of rule final has no version valid on 2026-02-25: add one")
