"""A `World` over an empty store, and mappings with an academy's own rules laid over the shipped one.

Stores are copied from one that was made once a worker: making all the tables takes longer than most tests here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.store.store import Store
from tests.integration.registers.papers import Papers
from tests.integration.registers.world import World, opened

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


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with all its tables and nothing in them."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def empty_postgresql(postgresql_server: Any) -> str:
    """The name of a PostgreSQL database with all tables and nothing in them."""
    url = postgresql_server.new_database()
    Store.open(url).close()
    name: str = url.partition("@/")[2].partition("?")[0]
    return name


@pytest.fixture
def new_sqlite(empty_sqlite: Path, tmp_path: Path) -> str:
    """The URL of an empty SQLite store."""
    return f"sqlite:///{shutil.copy(empty_sqlite, tmp_path / 'records.db')}"


@pytest.fixture
def new_postgresql(empty_postgresql: str, postgresql_server: Any) -> Iterator[str]:
    """The URL of an empty PostgreSQL store."""
    url = postgresql_server.new_database()
    name = url.partition("@/")[2].partition("?")[0]
    postgresql_server.execute(f"DROP DATABASE {name}")
    postgresql_server.execute(f"CREATE DATABASE {name} TEMPLATE {empty_postgresql}")
    yield url
    postgresql_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, shipped: Mapping) -> Iterator[World]:
    """An academy in a store of each database, with the final test 7 (quiz 3) and nobody in it."""
    with opened(request.getfixturevalue(f"new_{request.param}"), shipped) as world:
        yield world


@pytest.fixture
def lite(new_sqlite: str, shipped: Mapping) -> Iterator[World]:
    """The same in SQLite only, for what does not depend on the database."""
    with opened(new_sqlite, shipped) as world:
        yield world


@pytest.fixture
def closed(world: World) -> World:
    """Two learners with 5 and 8 points in the protocol 2026/001, closed on Monday; now it is Thursday."""
    world.person("1", "Аксёнов Олег", birth_date="1990-01-01", idnumber="ЗК-1")
    world.person("2", "Борисов Олег")
    world.attempt("1", 5)
    world.attempt("2", 8)
    world.pass_over()
    world.close()
    world.clock.to(days=3)
    return world


def graduates(world: World, directory: Path) -> Papers:
    """Three learners in the closed protocol 2026/001, two of whom passed; five blanks; now it is Thursday."""
    world.person("1", "Аксёнов Олег Ильич", birth_date="1990-01-01", snils="112-233-445 95")
    world.person("2", "Борисова Анна Петровна")
    world.person("3", "Примеров Пётр Ильич")
    for learner, points in (("1", 9), ("2", 8), ("3", 1)):
        world.attempt(learner, points)
    world.pass_over()
    world.close()
    world.clock.to(days=3)
    papers = Papers(world, directory)
    papers.receive()
    return papers


@pytest.fixture
def papers(world: World, tmp_path: Path) -> Papers:
    """See `graduates`."""
    return graduates(world, tmp_path)


@pytest.fixture
def lite_papers(lite: World, tmp_path: Path) -> Papers:
    """The same in SQLite only."""
    return graduates(lite, tmp_path)
