"""Whatever happens between and during pulls, the last one leaves the store equal to the LMS: nothing lost or doubled.

And whatever people do with protocols meanwhile: what was closed stays as it is, and every difference is told. And
whether the LMS has the companion plugin, gets it, loses it or never had it: its log is in the action journal, each row
once, and what was concluded without it does not count a second time.

LMS_SYNC_SEEDS sets how many scenarios are played (60; `make simulate` plays 1,000), LMS_SYNC_FIRST_SEED the first.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.simulation.scenario import play

FIRST = int(os.environ.get("LMS_SYNC_FIRST_SEED", "0"))
COUNT = int(os.environ.get("LMS_SYNC_SEEDS", "60"))
PER_TEST = 10


@pytest.fixture
def quiet() -> Iterator[None]:
    """No line for each request: a failure tells its story."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest.mark.simulation
@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, PER_TEST))
def test_the_store_ends_equal_to_the_lms(first: int, tmp_path: Path) -> None:
    seeds = range(first, min(first + PER_TEST, FIRST + COUNT))
    stories = [play(seed, tmp_path) for seed in seeds]
    assert len(stories) == len(seeds)
    acts = sum((story.acts for story in stories), Counter[str]())
    assert len(seeds) < PER_TEST or acts["close"] > PER_TEST, f"next to no protocol was closed by anybody: {acts}"
