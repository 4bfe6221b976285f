"""An `Office` over a store of each database; its stores are copied from one with graduates and drafts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.store.store import Store
from tests.integration.push.office import RULES, Office, office_of
from tests.integration.registers.conftest import (  # noqa: F401 - fixtures
    empty_postgresql,
    empty_sqlite,
    new_postgresql,
    new_sqlite,
)
from tests.integration.registers.world import opened


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[Mapping]:
    """Two mappings that differ in one word of the note."""
    directory = tmp_path_factory.mktemp("texts")
    mappings = []
    for word in ("Выдан", "Оформлен"):
        path = directory / f"{word}.toml"
        path.write_text(f"format = 1\n{RULES % word}", encoding="utf-8")
        mappings.append(load_mapping("moodle", [path], timezone="Europe/Moscow"))
    return mappings


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, texts: list[Mapping], tmp_path: Path) -> Iterator[Office]:
    """Four graduates with drafts, in a store of each database."""
    with opened(request.getfixturevalue(f"new_{request.param}"), texts[0]) as world:
        made = Office(world, tmp_path, texts)
        made.fill()
        yield made


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, texts: list[Mapping]) -> Path:
    """A SQLite store with four graduates and drafts of their documents; only to be copied."""
    directory = tmp_path_factory.mktemp("office")
    path = directory / "records.db"
    Store.open(f"sqlite:///{path}").close()
    with opened(f"sqlite:///{path}", texts[0]) as world:
        Office(world, directory, texts).fill()
    return path


@pytest.fixture
def lite(filled: Path, texts: list[Mapping], tmp_path: Path) -> Iterator[Office]:
    """The same in SQLite only."""
    path = tmp_path / "records.db"
    shutil.copy(filled, path)
    with opened(f"sqlite:///{path}", texts[0]) as world:
        yield office_of(world, tmp_path, texts)
