"""The contract of targets: those of this repository keep it, and each of its tests catches one that does not."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lms_sync_moodle import MoodleConnector
from pydantic import SecretStr

from lms_sync.connector import Answer, Connector, Delivery, Receipt, Shown, SiteAccess, Standing, Target
from lms_sync.errors import SourceUnavailable
from lms_sync.sandbox import SandboxServer, World, small_world
from lms_sync.testing import MemoryOptions, MemoryShowingConnector, MemorySite, TargetContract
from lms_sync.testing.memory_push import REGISTER

NOBODY = "999999"


# What keeps the contract


def site_with_people() -> MemorySite:
    site = MemorySite()
    site.add_course(5)
    for person in (11, 12):
        site.add_person(5, person)
    return site


def memory(site: MemorySite, kind: type[MemoryShowingConnector] = MemoryShowingConnector) -> Callable[[], Connector]:
    return lambda: kind(SiteAccess("memory", "memory://site", SecretStr("s")), MemoryOptions(site=site))


def site_that_is_down() -> MemorySite:
    site = MemorySite()
    site.faults.down = SourceUnavailable("nobody answers")
    return site


def of_the_register(revision: int, title: str, standing: Standing = Standing.IN_FORCE) -> list[Delivery]:
    return [
        Delivery(f"d{person:06}", str(person), {"title": title}, revision, f"{person}/{revision}", standing=standing)
        for person in (11, 12)
    ]


class TestMemoryTarget(TargetContract):
    @pytest.fixture
    def connect(self) -> Callable[[], Connector]:
        return memory(site_with_people())

    @pytest.fixture
    def connect_nowhere(self) -> Callable[[], Connector]:
        return memory(site_that_is_down())

    @pytest.fixture
    def target(self) -> str:
        return REGISTER.name

    @pytest.fixture
    def wanted(self) -> Sequence[Delivery]:
        return of_the_register(1, "Удостоверение")

    @pytest.fixture
    def changed(self) -> Sequence[Delivery]:
        return of_the_register(2, "Диплом")

    @pytest.fixture
    def out_of_force(self) -> Sequence[Delivery]:
        return of_the_register(3, "Диплом", Standing.REVOKED)

    @pytest.fixture
    def refused(self) -> Delivery:
        return replace(of_the_register(1, "x")[0], subject="d000099", learner=NOBODY)


class MoodleTarget(TargetContract):
    """Any target of the Moodle connector, against the sandbox."""

    @pytest.fixture
    def world(self) -> World:
        world = small_world(3, companion=True)
        world.add_profile_field("document", "Документ")
        return world

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
    def wanted(self, world: World, target: str) -> Sequence[Delivery]:
        return self.deliveries(world, target, 1, "Первое")

    @pytest.fixture
    def changed(self, world: World, target: str) -> Sequence[Delivery]:
        return self.deliveries(world, target, 2, "Второе")

    @pytest.fixture
    def out_of_force(self, world: World, target: str) -> Sequence[Delivery]:
        revoked = self.deliveries(world, target, 3, "Аннулировано")
        return [replace(one, standing=Standing.REVOKED) for one in revoked]

    @pytest.fixture
    def refused(self, world: World, target: str) -> Delivery:
        return replace(self.deliveries(world, target, 1, "x")[0], subject=NOBODY, learner=NOBODY)

    def deliveries(self, world: World, target: str, revision: int, word: str) -> list[Delivery]:
        pairs = [pair for pair, facts in sorted(world.truth().enrolments.items()) if "student" in facts.roles][:2]
        return [self.delivery(user, course, revision, word) for course, user in pairs]

    def delivery(self, user: int, course: int, revision: int, word: str) -> Delivery:
        raise NotImplementedError


class TestMoodleCompanion(MoodleTarget):
    @pytest.fixture
    def target(self) -> str:
        return "companion"

    def delivery(self, user: int, course: int, revision: int, word: str) -> Delivery:
        values = {"kind": "advanced_training", "title": word, "hours": "72", "issuedate": "2026-11-20"}
        return Delivery(f"d{user:06}", str(user), values, revision, f"{user}/{revision}", str(course))


class TestMoodleProfile(MoodleTarget):
    @pytest.fixture
    def target(self) -> str:
        return "profile"

    def delivery(self, user: int, course: int, revision: int, word: str) -> Delivery:
        values = {"document": "" if revision == 3 else f"{word} & «{user}»"}
        return Delivery(str(user), str(user), values, revision, f"{user}/{revision}")


class TestMoodleNote(MoodleTarget):
    @pytest.fixture
    def target(self) -> str:
        return "note"

    @pytest.fixture
    def refused(self, world: World, target: str) -> Delivery:
        return replace(self.deliveries(world, target, 1, "x")[0], subject="d999999", learner=NOBODY)

    def delivery(self, user: int, course: int, revision: int, word: str) -> Delivery:
        values = {"text": f"{word} & <b> (d{user:06})"}
        return Delivery(f"d{user:06}", str(user), values, revision, f"{user}/{revision}", str(course))


# What breaks it


class AskingForTargets(MemoryShowingConnector):
    def targets(self) -> Sequence[Target]:
        return () if self._site.faults.down else (REGISTER,)


def with_targets(*targets: Target) -> type[MemoryShowingConnector]:
    class Spoiling(MemoryShowingConnector):
        def targets(self) -> Sequence[Target]:
            return targets

    return Spoiling


def with_sent(change: Callable[[list[Delivery]], list[Delivery]]) -> type[MemoryShowingConnector]:
    """A connector that sends something else than it is given, and says that all is well."""

    class Spoiling(MemoryShowingConnector):
        def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
            given = list(super().send(target, change(list(deliveries))))
            told = {receipt.subject: receipt for receipt in given}
            return [told.get(one.subject, Receipt(one.subject, Answer.ACCEPTED)) for one in deliveries]

    return Spoiling


def with_receipts(change: Callable[[Receipt], Iterable[Receipt]]) -> type[MemoryShowingConnector]:
    class Spoiling(MemoryShowingConnector):
        def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
            return [told for receipt in super().send(target, deliveries) for told in change(receipt)]

    return Spoiling


def with_shown(change: Callable[[Shown], Iterable[Shown]]) -> type[MemoryShowingConnector]:
    class Spoiling(MemoryShowingConnector):
        def look(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
            return [told for one in super().look(target, deliveries) for told in change(one)]

        def survey(self, target: str, deliveries: Sequence[Delivery]) -> Iterator[Shown]:
            for one in super().survey(target, deliveries):
                yield from change(one)

    return Spoiling


class CountingEverySending(MemoryShowingConnector):
    """Shows each document as often as it was sent."""

    def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
        for one in deliveries:
            sent: dict[str, int] = self._site.__dict__.setdefault("sent", {})
            sent[one.subject] = sent.get(one.subject, 0) + 1
        return super().send(target, deliveries)

    def look(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        sent = self._site.__dict__.get("sent", {})
        return [replace(one, copies=sent[one.subject]) for one in super().look(target, deliveries)]


class StoppingAtARefusal(MemoryShowingConnector):
    def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
        receipts: list[Receipt] = []
        for one in deliveries:
            stopped = any(receipt.answer is Answer.REFUSED for receipt in receipts)
            receipts += [Receipt(one.subject, Answer.LATER)] if stopped else super().send(target, [one])
        return receipts


class ShowingEverything(MemoryShowingConnector):
    def look(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        return list(self.survey(target, deliveries))


class AnsweringNobody(MemoryShowingConnector):
    def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
        return super().send(target, deliveries) or [Receipt("d000001", Answer.ACCEPTED)]


class FailingInItsOwnWay(MemoryShowingConnector):
    def _raise_if_down(self) -> None:
        if self._site.faults.down:
            raise OSError("no route")


class ReachingNowhere(MemoryShowingConnector):
    def _raise_if_down(self) -> None:
        pass


def with_title(one: Shown, title: str) -> Shown:
    return replace(one, values={**one.values, "title": title})


BREAKING: list[tuple[str, type[MemoryShowingConnector]]] = [
    ("test_it_is_offered_without_asking_the_lms", AskingForTargets),
    ("test_it_is_offered_without_asking_the_lms", with_targets()),
    ("test_it_is_offered_without_asking_the_lms", with_targets(REGISTER, REGISTER)),
    ("test_it_is_offered_without_asking_the_lms", with_targets(REGISTER, replace(REGISTER, name="The Register"))),
    ("test_it_is_offered_without_asking_the_lms", with_targets(replace(REGISTER, title=" "))),
    ("test_the_deliveries_of_the_test_fit_the_target", with_targets(replace(REGISTER, values={"name": True}))),
    ("test_nothing_is_shown_of_what_was_never_sent", ShowingEverything),
    ("test_what_is_sent_is_shown_to_another_connector", with_sent(lambda given: [])),
    ("test_what_is_sent_is_shown_to_another_connector", with_shown(lambda one: [with_title(one, "x")])),
    ("test_what_is_sent_is_shown_to_another_connector", with_shown(lambda one: [replace(one, learner="1")])),
    ("test_what_is_sent_is_shown_to_another_connector", with_shown(lambda one: [replace(one, copies=2)])),
    ("test_what_is_sent_is_shown_to_another_connector", with_shown(lambda one: [replace(one, replaced_by="d1")])),
    ("test_what_is_sent_is_shown_to_another_connector", with_receipts(lambda one: [one, one])),
    ("test_what_is_sent_is_shown_to_another_connector", with_receipts(lambda one: [replace(one, subject="d1")])),
    ("test_a_repetition_changes_nothing", CountingEverySending),
    (
        "test_a_change_takes_the_place_of_what_was_shown",
        with_sent(lambda given: [one for one in given if one.revision == 1]),
    ),
    ("test_a_refused_one_holds_up_no_other", StoppingAtARefusal),
    ("test_a_refused_one_holds_up_no_other", with_receipts(lambda one: [replace(one, answer=Answer.ACCEPTED)])),
    ("test_a_refused_one_holds_up_no_other", with_receipts(lambda one: [replace(one, code="Нет такого человека")])),
    (
        "test_what_is_out_of_force_is_no_longer_shown_as_in_force",
        with_sent(lambda given: [one for one in given if one.standing is Standing.IN_FORCE]),
    ),
    (
        "test_what_is_out_of_force_is_no_longer_shown_as_in_force",
        with_shown(lambda one: [] if one.standing is Standing.REVOKED else [one]),
    ),
    ("test_a_survey_shows_each_once", with_shown(lambda one: [one, one])),
    ("test_nothing_to_send_is_no_fault", AnsweringNobody),
    ("test_an_lms_that_is_not_reached_gives_a_source_error_and_no_receipt", FailingInItsOwnWay),
    ("test_an_lms_that_is_not_reached_gives_a_source_error_and_no_receipt", ReachingNowhere),
]


@pytest.mark.parametrize(("test", "kind"), BREAKING, ids=lambda value: getattr(value, "__name__", value))
def test_each_test_of_the_contract_catches_a_connector_that_breaks_it(
    test: str, kind: type[MemoryShowingConnector]
) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        prove(test, kind)


def prove(test: str, kind: type[MemoryShowingConnector]) -> None:
    """Runs one test of the contract with a connector of that kind."""
    site = site_with_people()
    if test == "test_nothing_is_shown_of_what_was_never_sent":
        site.documents["d000001"] = of_the_register(1, "Чужое")[0]
    fixtures: dict[str, Any] = {
        "connect": memory(site, kind),
        "connect_nowhere": memory(site_that_is_down(), kind),
        "target": REGISTER.name,
        "wanted": of_the_register(1, "Удостоверение"),
        "changed": of_the_register(2, "Диплом"),
        "out_of_force": of_the_register(3, "Диплом", Standing.REVOKED),
        "refused": replace(of_the_register(1, "x")[0], subject="d000099", learner=NOBODY),
    }
    function = getattr(TargetContract(), test)
    function(**{name: fixtures[name] for name in inspect.signature(function).parameters})


def test_every_test_of_the_contract_is_proved() -> None:
    tests = {name for name in vars(TargetContract) if name.startswith("test_")}
    assert tests == {test for test, _ in BREAKING}


def test_each_fixture_that_is_left_out_is_told_without_a_traceback(tmp_path: Path) -> None:
    fixtures = ("connect", "connect_nowhere", "target", "wanted", "changed", "out_of_force", "refused")
    lines = ["from lms_sync.testing import TargetContract", "class TestMine(TargetContract):"]
    lines += [f"    def test_needs_{name}(self, {name}): pass" for name in fixtures]
    (tmp_path / "test_mine.py").write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "test_needs_"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    for name in fixtures:
        assert f"TestMine must define the fixture `{name}`: " in done.stdout, done.stdout + done.stderr
    assert "See docs/writing-a-connector.md." in done.stdout
    assert "target_contract.py" not in done.stdout
