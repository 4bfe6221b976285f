"""An academy in memory and a store to pull it into: what every test of the sync engine begins with."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lms_sync.connector import Connector
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.store.history import history
from lms_sync.store.query import quarantine
from lms_sync.store.rows import Operation, ScopeState
from lms_sync.store.store import Store
from lms_sync.store.verify import verify
from lms_sync.sync.pull import Progress, PullOptions, PullSource, RunSummary, Silence, pull
from lms_sync.testing import MemoryConnector, MemorySite, memory_connector

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
SOURCE = "academy"


class Clock:
    """A clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **step: float) -> None:
        self.now += dt.timedelta(**step)


class Academy:
    """A site, a store and the pulls between them."""

    def __init__(self, site: MemorySite, store: Store, mapping: Mapping, clock: Clock) -> None:
        self.site = site
        self.store = store
        self.mapping = mapping
        self.clock = clock
        self.page_size = 3
        self.reconcile_after: dict[str, dt.timedelta] = {}
        self.connector: type[MemoryConnector] = MemoryConnector
        self.progress: Progress = Silence()

    def connect(self) -> Connector:
        plain = memory_connector(self.site, name=SOURCE, page_size=self.page_size)
        return self.connector(plain._access, plain.options(site=self.site, page_size=self.page_size))

    def pull(self, **options: Any) -> RunSummary:
        """One pull; the readings that it began are in `site.reads` afterwards."""
        self.site.reads.clear()
        source = PullSource(SOURCE, self.connect, self.mapping, self.reconcile_after)
        return pull(self.store, source, PullOptions(**options), self.progress)

    def live(self, kind: str, scope: str = "course/5") -> set[str]:
        return self.store.live_keys(SOURCE, kind, scope)

    def value(self, kind: str, key: str, field: str, scope: str = "course/5") -> Any:
        return self.store.known(SOURCE).rows(kind, scope, (field,))[key][0]

    def operations(self, kind: str, key: str) -> list[Operation]:
        return [version.operation for version in history(self.store, SOURCE, kind, key)]

    def state(self, stream: str, scope: str = "course/5") -> ScopeState:
        states = {(state.stream, state.scope): state for state in self.store.scope_states(SOURCE)}
        return states[stream, scope]

    def cursor(self, stream: str = "grades", scope: str = "course/5") -> str | None:
        return self.store.cursor(SOURCE, stream, scope)

    def quarantined(self) -> dict[tuple[str, str], str]:
        return {(one.entry.kind, one.entry.key): one.entry.code for one in quarantine(self.store, SOURCE)}

    def ledger_rows(self) -> int:
        report = verify(self.store)
        assert report.ok, report.problems
        return report.rows


def add_course(site: MemorySite, course: int, learners: int, items: int = 1) -> None:
    """A course with learners `course`01…, columns `course`0… and everybody's grade in each, and a test taken by all."""
    site.add_course(course)
    site.add_quiz(course, course)
    columns = [course * 10 + number for number in range(items)]
    for column in columns:
        site.add_item(course, column)
    for person in range(course * 100 + 1, course * 100 + 1 + learners):
        site.add_person(course, person)
        site.add_attempt(course, person, person, "7.5")
        for column in columns:
            site.add_grade(column, person, "80")


def several_courses(academy: Academy) -> None:
    """Courses 6 to 9 beside course 5, with one learner each."""
    for course in (6, 7, 8, 9):
        add_course(academy.site, course, learners=1)


def reads(academy: Academy, *streams: str) -> list[tuple[str, str, str]]:
    """(stream, scope, mode) of the readings of some streams that the last pull began."""
    return [read for read in academy.site.reads if read[0] in streams]


@pytest.fixture(scope="session")
def mapping() -> Mapping:
    return load_mapping("moodle", [], timezone="Europe/Moscow")


@pytest.fixture
def site() -> MemorySite:
    """Course 5 with four learners, 501 to 504; one column, 50; one test, 5, with an attempt of each."""
    site = MemorySite()
    add_course(site, 5, learners=4)
    return site


@pytest.fixture
def academy_anywhere(site: MemorySite, store_url: str, mapping: Mapping) -> Iterator[Academy]:
    """Over a store in each of the two databases."""
    clock = Clock()
    with Store.open(store_url, clock=clock) as store:
        yield Academy(site, store, mapping, clock)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with all its tables and nothing in them."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def academy(site: MemorySite, empty_store: Path, tmp_path: Path, mapping: Mapping) -> Iterator[Academy]:
    """Over SQLite."""
    path = Path(shutil.copy(empty_store, tmp_path / "records.db"))
    clock = Clock()
    with Store.open(f"sqlite:///{path}", clock=clock) as store:
        yield Academy(site, store, mapping, clock)
