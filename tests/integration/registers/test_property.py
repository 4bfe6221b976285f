"""Whatever the LMS does after it: a closed protocol stands, numbers have no gaps, and everybody is accounted for.

A machine changes a small academy at will, passes over it and acts on its protocols. After each step the invariants
must hold; what may write a new version of a protocol is told beforehand, and nothing else does.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import AttemptState, AttestationResult, DriftState, Protocol, ProtocolState, Record
from lms_sync.registers.closing import OnDrift
from lms_sync.store.attestation import result_versions
from lms_sync.store.history import history
from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import SOURCE, World, opened

PEOPLE = "1234"
GROUPS = {"1": ["А"], "2": ["А"], "3": ["Б"], "4": []}
ITEMS = {"7": "3", "8": "4"}

RULES = """
[protocols]
number = "{year}/{number}"

[[attestation]]
name = "by-itself"
id = "8"
closing = "per-day"
number = "С-{number}/{group}"
"""

people = st.sampled_from(PEOPLE)
items = st.sampled_from(sorted(ITEMS))
points = st.sampled_from([None, "3", "6.5", "8", "10"])
states = st.sampled_from([AttemptState.FINISHED] * 3 + [AttemptState.IN_PROGRESS, AttemptState.ABANDONED])

Versions = dict[str, list[Record | None]]
"""Every version of each protocol, by number."""


class Registers(RuleBasedStateMachine):
    """Course 5 with test 7, closed by hand, and test 8, closed by itself for each day."""

    new_world: Callable[[], AbstractContextManager[World]]

    def __init__(self) -> None:
        super().__init__()
        self._context = self.new_world()
        self.world = self._context.__enter__()
        self.attempts: set[str] = set()
        self.erased: set[str] = set()
        self.enrolled: set[str] = set()
        self.may_change: set[str] = set()  # the numbers that the step under way may write a version of
        self.seen: Versions = {}

    def teardown(self) -> None:
        try:
            assert self.world.is_sound()
        finally:
            self._context.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.world.test("4", "8", title="Второй тест")
        for key in PEOPLE:
            self.world.person(key, f"Примеров{key} Пётр", groups=GROUPS[key])
            self.enrolled.add(key)

    # --- what the LMS does --------------------------------------------------------------------------------------------

    @rule(person=people, item=items, number=st.integers(1, 2), points=points, state=states)
    def attempt(self, person: str, item: str, number: int, points: str | None, state: AttemptState) -> None:
        known = points if state is AttemptState.FINISHED else None
        at = self.world.clock.now
        self.attempts.add(self.world.attempt(person, known, number, quiz=ITEMS[item], state=state, at=at))

    @precondition(lambda self: self.attempts)
    @rule(data=st.data())
    def delete_attempt(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.attempts)))
        self.attempts.discard(key)
        self.world.gone("attempt", key)

    @rule(person=people, name=st.sampled_from(["Яшин Олег", "Аксёнов Ян"]), idnumber=st.sampled_from(["", "ЗК-1"]))
    def rename(self, person: str, name: str, idnumber: str) -> None:
        if person not in self.erased:
            self.world.rename(person, name, idnumber=idnumber)

    @rule(person=people, item=items, raw=st.sampled_from([None, 20, 65, 100]), overridden=st.booleans())
    def grade(self, person: str, item: str, raw: int | None, overridden: bool) -> None:
        self.world.entry(person, raw, item, overridden=overridden)

    @rule(person=people, suspended=st.booleans(), group=st.sampled_from(["А", "Б", ""]))
    def enrol(self, person: str, suspended: bool, group: str) -> None:
        self.world.enrol(person, groups=[group] if group else [], suspended=suspended)
        self.enrolled.add(person)

    @precondition(lambda self: self.enrolled)
    @rule(data=st.data())
    def unenrol(self, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(sorted(self.enrolled)))
        self.enrolled.discard(person)
        self.world.unenrol(person)

    @rule(item=items, days=st.sampled_from([None, -1, 1, 3]))
    def move_the_closing_time(self, item: str, days: int | None) -> None:
        closes_at = None if days is None else self.world.clock.now.replace(hour=12, day=10 + days)
        self.world.test(ITEMS[item], item, closes_at=closes_at)

    @rule(hours=st.sampled_from([1, 12, 24]))
    def time_goes_by(self, hours: int) -> None:
        now = self.world.clock.now
        self.world.clock.to(hours=hours + (now - self.world.clock.to()).total_seconds() / 3600)

    @precondition(lambda self: not self.erased)
    @rule(sure=st.integers(0, 3))
    def erase(self, sure: int) -> None:
        if sure == 0:
            self.world.store.erase_learner(SOURCE, "4", "operator", "отозвано согласие")
            self.erased.add("4")

    # --- what the registers do ----------------------------------------------------------------------------------------

    @rule()
    def pass_over(self) -> None:
        self.world.pass_over()
        rows = self.world.ledger_rows()
        again = self.world.pass_over()
        assert (again.frozen, again.drifted, again.closed, self.world.ledger_rows()) == (0, 0, [], rows)

    @rule(item=items, data=st.data(), as_recorded=st.booleans())
    def close(self, item: str, data: st.DataObject, as_recorded: bool) -> None:
        names = sorted(self.world.sittings(item))
        if not names:
            return
        name = data.draw(st.sampled_from(names))
        on_drift = OnDrift.KEEP if as_recorded else OnDrift.REFUSE
        rows = self.world.ledger_rows()
        try:
            closed = self.world.close(name, absent=True, leave_waiting=True, on_drift=on_drift, reason="решение")
        except RegisterError:
            assert self.world.ledger_rows() == rows
            return
        if closed.created:
            self.everybody_is_somewhere(item, name, closed.protocol)
        rows = self.world.ledger_rows()
        assert not self.world.close(name, absent=True, leave_waiting=True, on_drift=on_drift).created
        assert self.world.ledger_rows() == rows

    def everybody_is_somewhere(self, item: str, name: str, protocol: Protocol) -> None:
        """No enrolled learner of a closed sitting is left out: each has one line of it, an earlier one, or waits."""
        lines = Counter(line.learner for line in protocol.lines)
        assert set(lines.values()) == {1}
        standing = {
            line.learner
            for one in self.world.protocols()
            if one.grade_item == item and one.state is not ProtocolState.ANNULLED
            for line in one.lines
        }
        final = self.world.final(item)
        waiting = {one.learner for sitting in final.sittings.open() for one in sitting.waiting}
        ready = {stored.record.learner for sitting in final.sittings.open() for stored in sitting.ready}
        for learner, enrolment in final.facts.enrolments.items():
            if enrolment.live and learner not in self.erased and (enrolment.groups or ("",))[0] == protocol.group_name:
                assert learner in standing | waiting | ready or item == "8", (learner, name)

    @precondition(lambda self: self.seen)
    @rule(data=st.data(), act=st.sampled_from(["amend", "amend", "keep", "annul"]))
    def act(self, data: st.DataObject, act: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.seen)))
        rows, revision = self.world.ledger_rows(), self.world.protocol(number).revision
        try:
            getattr(self.world, act)(number)
        except RegisterError:
            assert self.world.ledger_rows() == rows
            return
        self.may_change = {number} if act in ("amend", "annul") else set()
        assert self.world.protocol(number).revision == revision + (act == "amend")

    # --- what must always hold ----------------------------------------------------------------------------------------

    @invariant()
    def closed_protocols_stand(self) -> None:
        now: Versions = {}
        for one in self.world.protocols():
            versions = history(self.world.store, SOURCE, Protocol.kind, one.number)
            now[one.number] = [version.record() for version in versions]
        for number, versions in self.seen.items():
            more = 1 if number in self.may_change else 0
            assert now[number][: len(versions)] == versions
            assert len(now[number]) == len(versions) + more
        self.seen, self.may_change = now, set()

    @invariant()
    def lines_name_what_was_recorded_and_add_up(self) -> None:
        for one in self.world.protocols():
            wanted = [(line.result, line.version) for line in one.lines]
            with self.world.store.reading() as connection:
                results = result_versions(connection, SOURCE, wanted)
            assert [line.number for line in one.lines] == list(range(1, len(one.lines) + 1))
            for line in one.lines:
                result = results[line.result, line.version]
                assert (result is None) == (line.learner in self.erased)
                if isinstance(result, AttestationResult):
                    said = (result.learner, result.outcome, result.mark, result.mark_text, result.passed)
                    assert said == (line.learner, line.outcome, line.mark, line.mark_text, line.passed)
            self.totals_are_right(one)

    @staticmethod
    def totals_are_right(one: Protocol) -> None:
        outcomes, totals = Counter(line.outcome.value for line in one.lines), one.totals
        taken = [line for line in one.lines if line.outcome == "graded"]
        assert totals.listed == len(one.lines) == sum(outcomes.values())
        assert totals.took_part == len(taken) == totals.passed + totals.failed == sum(m.count for m in totals.marks)
        assert totals.passed == sum(bool(line.passed) for line in taken)
        others = {name: getattr(totals, name) for name in ("absent", "not_admitted", "not_completed", "withdrawn")}
        assert others == {name: outcomes[name] for name in others}

    @invariant()
    def numbers_have_neither_gaps_nor_doubles(self) -> None:
        protocols = self.world.protocols()
        ordinals: dict[str, list[int]] = {}
        for one in protocols:
            ordinals.setdefault(one.series, []).append(one.ordinal)
        assert all(given == list(range(1, len(given) + 1)) for given in ordinals.values())
        assert len({one.number for one in protocols}) == len(protocols)

    @invariant()
    def no_result_stands_twice(self) -> None:
        standing = Counter(
            line.result
            for one in self.world.protocols()
            if one.state is not ProtocolState.ANNULLED
            for line in one.lines
        )
        assert all(times == 1 for times in standing.values())

    @invariant()
    def what_is_undecided_can_be_decided(self) -> None:
        """Every open difference is of somebody who stands in a protocol in force, or in an open sitting."""
        drifts = [one for one in self.world.drifts().values() if one.state is DriftState.OPEN]
        if not drifts:
            return
        listed = {
            (one.grade_item, line.learner)
            for one in self.world.protocols()
            if one.state is not ProtocolState.ANNULLED
            for line in one.lines
        }
        for item in ITEMS:
            listed |= {
                (item, stored.record.learner) for one in self.world.sittings(item).values() for stored in one.ready
            }
        assert {(one.grade_item, one.learner) for one in drifts} <= listed


def run(new_world: Callable[[], AbstractContextManager[World]], examples: int, steps: int) -> None:
    machine: Any = type("Registers", (Registers,), {"new_world": staticmethod(new_world)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def mapping(rules: Rules) -> Mapping:
    return rules(RULES)


def test_any_sequence_of_changes_and_acts(empty_sqlite: Path, tmp_path: Path, mapping: Mapping) -> None:
    numbers = count(1)

    @contextmanager
    def new_world() -> Iterator[World]:
        path = Path(shutil.copy(empty_sqlite, tmp_path / f"{next(numbers)}.db"))
        with opened(f"sqlite:///{path}", mapping) as world:
            yield world
        for part in tmp_path.glob(f"{path.name}*"):
            part.unlink()

    run(new_world, examples=30, steps=25)


def test_a_few_sequences_in_postgresql(empty_postgresql: str, postgresql_server: Any, mapping: Mapping) -> None:
    @contextmanager
    def new_world() -> Iterator[World]:
        url = postgresql_server.new_database()
        name = url.partition("@/")[2].partition("?")[0]
        postgresql_server.execute(f"DROP DATABASE {name}")
        postgresql_server.execute(f"CREATE DATABASE {name} TEMPLATE {empty_postgresql}")
        try:
            with opened(url, mapping) as world:
                yield world
        finally:
            postgresql_server.drop_database(url)

    run(new_world, examples=3, steps=20)
