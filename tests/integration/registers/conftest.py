"""A `World` over an empty store, and mappings with an academy's own rules laid over the shipped one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.store.store import Store
from tests.integration.registers.world import Clock, World

Rules = Callable[[str], Mapping]


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    """The shipped mapping with this text laid over it."""

    def laid_over(text: str) -> Mapping:
        path = tmp_path / "academy.toml"
        path.write_text(f"format = 1\n{text}", encoding="utf-8")
        return load_mapping("moodle", [path], timezone="Europe/Moscow")

    return laid_over


@pytest.fixture(scope="session")
def shipped() -> Mapping:
    """The mapping that comes with lms-sync: protocols are closed by hand, each group has its own."""
    return load_mapping("moodle", [], timezone="Europe/Moscow")


@pytest.fixture
def world(store_url: str, shipped: Mapping) -> Iterator[World]:
    """An academy in a store of each database, with the final test 7 (quiz 3) and nobody in it."""
    clock = Clock()
    with Store.open(store_url, clock=clock) as store:
        world = World(store, clock, shipped)
        world.test()
        yield world
