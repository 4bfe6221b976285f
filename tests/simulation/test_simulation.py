"""Whatever happens between and during pulls, the last one leaves the store equal to the LMS: nothing lost or doubled.

LMS_SYNC_SEEDS sets how many scenarios are played (200; `make simulate` plays 1,000), LMS_SYNC_FIRST_SEED the first.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.simulation.scenario import play

FIRST = int(os.environ.get("LMS_SYNC_FIRST_SEED", "0"))
COUNT = int(os.environ.get("LMS_SYNC_SEEDS", "200"))
PER_TEST = 10


@pytest.mark.simulation
@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, PER_TEST))
def test_the_store_ends_equal_to_the_lms(first: int, tmp_path: Path) -> None:
    seeds = range(first, min(first + PER_TEST, FIRST + COUNT))
    stories = [play(seed, tmp_path) for seed in seeds]
    assert len(stories) == len(seeds)
