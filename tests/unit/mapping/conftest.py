"""A shipped mapping, mappings from a text, and source records as the Moodle connector gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from tests.unit.mapping.samples import Overlay


@pytest.fixture(scope="session")
def shipped() -> Mapping:
    return load_mapping("moodle", [], timezone="Asia/Irkutsk")


@pytest.fixture
def overlay(tmp_path: Path) -> Overlay:
    """Lays texts over the shipped mapping, in order; `format = 1` is put before each."""

    def lay(*texts: str, shipped: str | None = "moodle", timezone: str = "Asia/Irkutsk") -> Mapping:
        paths = []
        for number, text in enumerate(texts):
            path = tmp_path / f"overlay-{number}.toml"
            path.write_text("format = 1\n" + text, encoding="utf-8")
            paths.append(path)
        return load_mapping(shipped, paths, timezone=timezone)

    return lay
