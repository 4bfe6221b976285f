"""Several processes at work on the registers of one store, and processes killed at it: real ones, on both databases."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lms_sync.mapping.apply import Mapping
from lms_sync.records import DriftState, Protocol
from lms_sync.registers.document import protocol_documents
from lms_sync.registers.sittings import SittingId
from lms_sync.store.attestation import drifts, protocols
from lms_sync.store.store import Store
from lms_sync.store.tables import attestation_result, ledger
from lms_sync.store.verify import verify
from tests.integration.registers_concurrent.academy import (
    FINALS,
    GROUP_SIZE,
    LEARNERS,
    RULES,
    SITTINGS,
    SOURCE,
    attempt,
    fill,
    mapping_with,
    put,
)
from tests.integration.registers_concurrent.processes import (
    Worker,
    amend_one,
    at_once,
    close_all,
    close_in_order,
    close_some,
    record_more,
)

LONGEST_LIFE = 0.06
"""Seconds a closing process lives on after a protocol that it has told of; the next one takes about as long."""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The academy's mapping file."""
    path = tmp_path / "academy.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


@pytest.fixture
def mapping(rules: Path) -> Mapping:
    """The mapping with it."""
    return mapping_with(rules)


@pytest.fixture
def academy(store: Store, mapping: Mapping) -> Store:
    """A store of each database with nine sittings to close."""
    fill(store, mapping)
    return store


def in_force(store: Store) -> list[Protocol]:
    with store.reading() as connection:
        return protocols(connection, SOURCE)


def assert_sound(store: Store) -> None:
    """Numbers without gaps or doubles, no result in two lines, no result of a closing that never was, a whole chain."""
    found = in_force(store)
    for series in {one.series for one in found}:
        ordinals = [one.ordinal for one in found if one.series == series]
        assert ordinals == list(range(1, len(ordinals) + 1))
    lines = Counter(line.result for one in found for line in one.lines)
    assert [result for result, count in lines.items() if count > 1] == []
    with store.reading() as connection:
        results = connection.execute(select(attestation_result.c.occasion, attestation_result.c.key)).all()
    assert {row.occasion for row in results if row.occasion.startswith("protocol ")} <= {
        f"protocol {one.number}" for one in found
    }
    assert set(lines) <= {row.key for row in results}
    assert verify(store).problems == []


def test_processes_that_close_at_once_number_each_sitting_once(academy: Store, store_url: str, rules: Path) -> None:
    with at_once([(close_all, seed) for seed in range(4)], store_url, rules) as workers:
        told = [worker.next() for worker in workers]
    created = [sitting for closings in told for sitting, _, created in closings if created]
    assert sorted(created) == sorted(SITTINGS)
    by_number: dict[SittingId, set[str]] = {sitting: set() for sitting in SITTINGS}
    for sitting, number, _ in (closing for closings in told for closing in closings):
        by_number[sitting].add(number)
    assert [len(numbers) for numbers in by_number.values()] == [1] * len(SITTINGS)
    found = in_force(academy)
    assert sorted((one.grade_item, one.group_name) for one in found) == sorted(
        (s.grade_item, s.group) for s in SITTINGS
    )
    assert [len(one.lines) for one in found] == [GROUP_SIZE] * len(SITTINGS)
    assert_sound(academy)


def test_nothing_is_lost_between_closing_and_recording_at_once(academy: Store, store_url: str, rules: Path) -> None:
    rounds = 3 * len(LEARNERS)
    works = [(record_more, rounds), (close_some, rounds), (close_some, rounds)]
    with at_once(works, store_url, rules) as workers:
        frozen, *numbers = [worker.next() for worker in workers]
    assert frozen <= rounds  # a closing records as well what it finds
    assert_sound(academy)
    given = Counter(number for one in numbers for number in one)
    assert sorted(given.elements()) == [one.number for one in in_force(academy)]
    with at_once([(close_some, 3)], store_url, rules) as workers:
        workers[0].next()
    assert_sound(academy)
    with academy.reading() as connection:
        statement = select(attestation_result.c.key, attestation_result.c.attempt).where(
            attestation_result.c.grade_item == "7"
        )
        made = {row.attempt: row.key for row in connection.execute(statement)}
    for number in range(2, 2 + rounds // len(LEARNERS)):
        assert {attempt(learner, FINALS["7"], number=number).external_id for learner in LEARNERS} <= made.keys()
    # Whoever had points at all stands in a protocol with the best attempt, Moodle's default.
    listed = {line.learner for one in in_force(academy) for line in one.lines}
    assert listed == set(LEARNERS)


def test_of_two_amendments_at_once_one_finds_nothing_left(
    academy: Store, store_url: str, rules: Path, mapping: Mapping
) -> None:
    with at_once([(close_all, 1)], store_url, rules) as workers:
        number = workers[0].next()[0][1]
    [protocol] = [one for one in in_force(academy) if one.number == number]
    learner = next(line.learner for line in protocol.lines if line.outcome.value == "graded")
    run = academy.begin_run(SOURCE, "changes", "puller", mapping.version)
    put(academy, run, [attempt(learner, FINALS[protocol.grade_item], points=9 - int(learner) % 2)])
    with at_once([(amend_one, number), (amend_one, number)], store_url, rules) as workers:
        told = [worker.next() for worker in workers]
    [refused] = [one for one in told if one != 2]
    assert "there is nothing to amend" in refused
    [amended] = [one for one in in_force(academy) if one.number == number]
    assert (amended.revision, [line.version for line in amended.lines if line.version > 1]) == (2, [2])
    with academy.reading() as connection:
        assert [one.state for one in drifts(connection, SOURCE)] == [DriftState.AMENDED]
        versions = select(ledger.c.version).where(ledger.c.kind == "protocol", ledger.c.key == number)
        assert sorted(connection.execute(versions).scalars()) == [1, 2]
    assert_sound(academy)


def test_a_killed_closing_goes_on_as_if_nothing_had_been(
    academy: Store, store_url: str, rules: Path, mapping: Mapping, tmp_path: Path
) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'undisturbed.db'}") as undisturbed:
        fill(undisturbed, mapping)
        for store in (undisturbed, academy):
            regrade_one(store, mapping)
        finish(Worker(close_in_order, str(undisturbed.engine.url), rules, SITTINGS))
        expected = essence(undisturbed)
    moments, kills = random.Random(11), 0
    while (closer := Worker(close_in_order, store_url, rules, SITTINGS)).next() != "done":
        time.sleep(moments.uniform(0, LONGEST_LIFE))
        closer.kill()
        kills += 1
        assert_sound(academy)
    closer.process.join()
    assert kills > 0
    assert essence(academy) == expected


def regrade_one(store: Store, mapping: Mapping) -> None:
    """A difference in the last sitting but one, which closing decides."""
    run = store.begin_run(SOURCE, "changes", "puller", mapping.version)
    put(store, run, [attempt("202", FINALS["9"], points=10)])


def finish(closer: Worker) -> None:
    while closer.next() != "done":
        pass
    closer.process.join()


CHANCE = {"closed_at", "closed_by", "payload_digest", "at", "actor", "ledger_seq"}


def essence(store: Store) -> Any:
    """Every protocol as a document without what differs from one closing to another: times, salts and actors."""
    return [_without(CHANCE, document.as_json()) for document in protocol_documents(store, SOURCE)]


def _without(names: set[str], value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(names, part) for name, part in value.items() if name not in names}
    if isinstance(value, list):
        return [_without(names, part) for part in value]
    return value
