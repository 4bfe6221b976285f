"""Mappings for pure tests: the shipped one, and one with other rules laid over it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Mapping]:
    """The shipped mapping with this text laid over it."""

    def laid_over(text: str) -> Mapping:
        path = tmp_path_factory.mktemp("rules") / "academy.toml"
        path.write_text(f"format = 1\n{text}", encoding="utf-8")
        return load_mapping("moodle", [path], timezone="Europe/Moscow")

    return laid_over


@pytest.fixture(scope="session")
def mapping() -> Mapping:
    """The shipped mapping: closed by hand, each group by itself."""
    return load_mapping("moodle", [], timezone="Europe/Moscow")


@pytest.fixture(scope="session")
def per_day(rules: Callable[[str], Mapping]) -> Mapping:
    """One protocol for each day."""
    return rules('[protocols]\nclosing = "per-day"\n')
