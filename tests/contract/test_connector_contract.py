"""The connector contract: both connectors of this repository keep it, and each of its tests catches a connector that
does not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lms_sync_moodle import MoodleConnector
from pydantic import SecretStr

from lms_sync.connector import Connector, SiteAccess
from lms_sync.errors import SourceUnavailable
from lms_sync.mapping.load import load_mapping
from lms_sync.sandbox import SandboxServer, World, small_world
from lms_sync.testing import ConnectorContract, MemoryConnector, MemoryOptions, MemorySite
from tests.contract.breaking import BREAKING

SECRET = "q7-secret-of-the-test"


def furnished_site() -> MemorySite:
    """Two courses, a teacher, six learners of whom one is in both courses, grades, attempts and a log."""
    site = MemorySite()
    for course, people in ((5, range(11, 15)), (6, range(14, 17))):
        site.add_course(course)
        site.add_person(course, 10, learner=False)
        site.add_quiz(course, course * 10)
        site.add_item(course, course * 100)
        for person in people:
            site.add_person(course, person)
            site.add_grade(course * 100, person, "77.5")
            site.add_attempt(course * 10, course * 1000 + person, person, "7.75")
            site.add_event(len(site.log or ()) + 1, person, "\\core\\event\\course_viewed", course=course)
    return site


def memory(site: MemorySite, kind: type[MemoryConnector] = MemoryConnector) -> Callable[[], Connector]:
    return lambda: kind(SiteAccess("memory", "memory://site", SecretStr(SECRET)), MemoryOptions(site=site))


def site_that_is_down() -> MemorySite:
    site = MemorySite()
    site.log = []
    site.faults.down = SourceUnavailable("nobody answers")
    return site


class TestMemoryConnector(ConnectorContract):
    @pytest.fixture
    def site(self) -> MemorySite:
        return furnished_site()

    @pytest.fixture
    def connect(self, site: MemorySite) -> Callable[[], Connector]:
        return memory(site)

    @pytest.fixture
    def connect_nowhere(self) -> Callable[[], Connector]:
        return memory(site_that_is_down())

    @pytest.fixture
    def change_something(self, site: MemorySite) -> Callable[[], object]:
        def change() -> None:
            site.add_grade(500, 11, "90")
            site.unenrol(5, 12)
            site.remove("attempt", "5013")

        return change

    @pytest.fixture
    def secret(self) -> str:
        return SECRET


class TestMoodleConnector(ConnectorContract):
    @pytest.fixture
    def world(self) -> World:
        return small_world(3)

    @pytest.fixture
    def connect(self, world: World) -> Iterator[Callable[[], Connector]]:
        with SandboxServer(world) as server:
            access = SiteAccess("moodle", server.url, SecretStr(world.token))
            yield lambda: MoodleConnector(access, MoodleConnector.options())

    @pytest.fixture
    def connect_nowhere(self, world: World) -> Callable[[], Connector]:
        server = SandboxServer(small_world(4)).start()
        server.close()  # its port is free again, and nobody listens there
        access = SiteAccess("nowhere", server.url, SecretStr(world.token), retries=0)
        return lambda: MoodleConnector(access, MoodleConnector.options())

    @pytest.fixture
    def change_something(self, world: World) -> Callable[[], object]:
        def change() -> None:
            world.advance(3600)
            quiz = min(world.quizzes.values(), key=lambda quiz: quiz.id)
            learner = next(user for user, one in world.enrolments[quiz.course].items() if "student" in one.roles)
            attempt = world.start_attempt(quiz.id, learner)
            world.advance(600)
            world.finish_attempt(attempt.id, quiz.sumgrades)

        return change

    @pytest.fixture
    def secret(self, world: World) -> str:
        return str(world.token)


def prove(test: str, kind: type[MemoryConnector], directory: Path) -> None:
    """Runs one test of the contract with a connector of that kind over the furnished site."""
    site = furnished_site()

    def change() -> None:
        site.add_grade(500, 11, "90")
        site.remove("grade", "500/12")

    fixtures: dict[str, Any] = {
        "connect": memory(site, kind),
        "connect_nowhere": memory(site_that_is_down(), kind),
        "change_something": change,
        "secret": SECRET,
        "mapping": load_mapping("moodle", [], timezone="Europe/Moscow"),
        "tmp_path": directory,
    }
    function = getattr(ConnectorContract(), test)
    function(**{name: fixtures[name] for name in inspect.signature(function).parameters})


@pytest.mark.parametrize(("test", "kind"), BREAKING, ids=lambda value: getattr(value, "__name__", value))
def test_each_test_of_the_contract_catches_a_connector_that_breaks_it(
    test: str, kind: type[MemoryConnector], tmp_path: Path
) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        prove(test, kind, tmp_path)


def test_every_test_of_the_contract_is_proved() -> None:
    tests = {name for name in vars(ConnectorContract) if name.startswith("test_")}
    assert tests == {test for test, _ in BREAKING}
