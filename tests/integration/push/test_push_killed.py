"""A push killed at each of its steps, one after the other: before and after every request and every commit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.store.store import Store
from tests.integration.push.lms import Killed, Lms
from tests.integration.push.office import ALL, office_of
from tests.integration.registers.world import opened


class Clockwork:
    """Kills at the nth of the places that it is asked about."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.where = ""

    def __call__(self, where: str) -> None:
        self.left -= 1
        if self.left == 0:
            self.where = where
            raise Killed


@contextmanager
def dying(store: Store, clockwork: Clockwork) -> Iterator[None]:
    """Every transaction asks before and after its commit."""
    writing = store.writing

    @contextmanager
    def asked() -> Iterator[Any]:
        with writing() as connection:
            yield connection
            clockwork("before commit")
        clockwork("after commit")

    store.writing = asked  # type: ignore[method-assign]
    try:
        yield
    finally:
        store.writing = writing  # type: ignore[method-assign]


@pytest.fixture
def begun(filled: Path, tmp_path: Path, texts: list[Mapping]) -> tuple[Path, Lms]:
    """A store and its LMS: one document is shown and was annulled since, another was issued since."""
    path = tmp_path / "begun.db"
    shutil.copy(filled, path)
    with opened(f"sqlite:///{path}", texts[0]) as world:
        office = office_of(world, tmp_path, texts)
        office.issued("d000001")
        office.push()
        office.papers.annul("d000001")
        office.issued("d000002")
    return path, office.lms


@pytest.mark.parametrize("target", ALL)
def test_wherever_a_push_is_killed_the_next_ones_end_it(
    target: str, begun: tuple[Path, Lms], tmp_path: Path, texts: list[Mapping]
) -> None:
    path, before = begun
    places: list[str] = []
    while True:
        copy = tmp_path / f"{len(places)}.db"
        shutil.copy(path, copy)
        clockwork = Clockwork(len(places) + 1)
        lms = Lms(lambda: before.clock(), dict(before.table), {**before.fields}, dict(before.notes), before.people)
        lms.numbers = before.numbers
        with opened(f"sqlite:///{copy}", texts[0]) as world:
            office = office_of(world, tmp_path, texts)
            office.lms, lms.clock, lms.pause = lms, world.clock, clockwork
            with suppress(Killed), dying(office.store, clockwork):
                office.push(targets=[target])
        # Another process, with another store and connector.
        with opened(f"sqlite:///{copy}", texts[0]) as world:
            office = office_of(world, tmp_path, texts)
            office.lms, lms.clock = lms, world.clock
            lms.calm()
            office.push(targets=[target])
            office.until_quiet()
            office.check()
            assert sum(one.subject == "d000002" for name, one in lms.sent if name == "note") == 1
            if not clockwork.where:
                assert office.papers.sound()
        copy.unlink()
        if not clockwork.where:
            break
        places.append(clockwork.where)
    assert len(places) > 10
    assert set(places) == {
        *("before commit", "after commit", "before looking", "after looking", "before writing", "after writing"),
    }
