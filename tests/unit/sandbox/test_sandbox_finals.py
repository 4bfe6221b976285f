"""Final attestations of the small world: what there is, and what disturbances do to it."""

from __future__ import annotations

import random
from decimal import Decimal

from lms_sync.sandbox import Truth, World, final_change, small_world
from lms_sync.sandbox.finals import final_items, final_quizzes


def test_every_sort_of_final_is_in_some_small_world() -> None:
    worlds = [small_world(seed, finals=True) for seed in range(12)]
    idnumbers = {item.idnumber for world in worlds for item in final_items(world)}
    assert idnumbers == {"FINAL", "FINAL-ESSAY", "FINAL-WORK", "FINAL-DEFENCE", "FINAL-ORAL"}
    for world in worlds:
        assert any(quiz.has_essay for quiz in final_quizzes(world))
        assert any(item.module == "assign" for item in final_items(world))
    closings = [quiz.timeclose - world.now for world in worlds for quiz in final_quizzes(world) if quiz.timeclose]
    assert min(closings) < 0 < max(closings)
    assert any(not quiz.timeclose for world in worlds for quiz in final_quizzes(world))


def test_the_same_seed_gives_the_same_finals_and_disturbances() -> None:
    assert after_changes(5) == after_changes(5)
    assert after_changes(5) != after_changes(6)


def after_changes(seed: int) -> tuple[list[str], Truth]:
    world, rng = small_world(seed, finals=True), random.Random(seed)
    return [final_change(world, rng) for _ in range(40)], world.truth()


def test_a_final_change_leaves_every_other_item_alone() -> None:
    world, rng = small_world(4, finals=True), random.Random(4)
    final = {item.id for item in final_items(world)}
    totals = {item.id for item in world.grade_items.values() if item.itemtype == "course"}
    before = others(world, final | totals)
    for _ in range(200):
        final_change(world, rng)
    assert others(world, final | totals) == before


def others(world: World, apart: set[int]) -> dict[tuple[int, int], Decimal | None]:
    return {key: facts.grade for key, facts in world.truth().grades.items() if key[0] not in apart}


def test_another_closing_time_reaches_the_change_feed() -> None:
    world = small_world(1, finals=True)
    quiz = final_quizzes(world)[0]
    world.advance(60)
    world.change_closing_time(quiz.id, world.now + 3600)
    assert quiz.timeclose == world.now + 3600
    assert world.activities[quiz.cmid].timemodified == world.now
