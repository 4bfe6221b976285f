"""An operator's desk with an LMS that answers over HTTP: before the first pull, and after it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lms_sync.sandbox import SandboxServer, small_world
from tests.e2e.desk import Desk, FirstPull, set_up


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with SandboxServer(small_world(7)) as server:
        yield set_up(tmp_path, server)


@pytest.fixture(scope="session")
def first_pull(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstPull]:
    with SandboxServer(small_world(7)) as server:
        desk = set_up(tmp_path_factory.mktemp("desk"), server)
        desk.replace("[store]", '[log]\nlevel = "debug"\n[store]')
        outcome = desk.run("pull", "--json")
        assert outcome.code == 0, outcome.both
        yield FirstPull(desk, outcome)


@pytest.fixture
def pulled(first_pull: FirstPull, tmp_path: Path) -> Desk:
    """A copy of that desk, to do with as one likes; the LMS is shared."""
    path = tmp_path / "pulled"
    shutil.copytree(first_pull.desk.path, path)
    return Desk(path, first_pull.desk.server, first_pull.desk.token)
