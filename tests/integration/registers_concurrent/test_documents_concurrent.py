"""The register of issued documents with several processes at it at once, in both databases, and with killed ones."""

from __future__ import annotations

import random
import time
from collections import Counter
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.records import DocumentStatus
from lms_sync.registers.documents.drafting import DraftOptions, draft_protocol
from lms_sync.registers.documents.issuing import IssueOptions, issue
from lms_sync.store.documents import StoredDocument, documents
from lms_sync.store.scan_files import ScanFiles
from lms_sync.store.store import Store
from lms_sync.store.verify import verify
from tests.integration.registers_concurrent import academy, clerks
from tests.integration.registers_concurrent.academy import SOURCE
from tests.integration.registers_concurrent.processes import SECONDS, Worker, at_once

LONGEST_LIFE = 0.05
"""Seconds a process lives on after something that it has told of."""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The academy's mapping file."""
    path = tmp_path / "academy.toml"
    path.write_text(academy.RULES + clerks.RULES, encoding="utf-8")
    return path


@pytest.fixture
def mapping(rules: Path) -> Mapping:
    """The mapping with it."""
    return academy.mapping_with(rules)


@pytest.fixture
def closed(store: Store, mapping: Mapping) -> list[str]:
    """The numbers of nine closed protocols, in a store of each database."""
    academy.fill(store, mapping)
    return clerks.protocols(store, mapping)


@pytest.fixture
def drafted(store: Store, mapping: Mapping, closed: list[str]) -> list[str]:
    """The uids of all drafts."""
    options = DraftOptions("clerk")
    return [uid for number in closed for uid in draft_protocol(store, SOURCE, mapping, number, options).created]


def register(store: Store) -> list[StoredDocument]:
    with store.reading() as connection:
        return documents(connection, SOURCE)


def assert_sound(store: Store) -> None:
    """Numbers 1, 2, 3, … of documents and appendices, each blank once, and a whole chain."""
    found = [one.record for one in register(store)]
    numbered = sorted(one.registration_ordinal for one in found if one.registration_ordinal is not None)
    assert numbered == list(range(1, len(numbered) + 1))
    appendices = sorted(one.appendix_ordinal for one in found if one.appendix_ordinal is not None)
    assert appendices == numbered
    assert {one.registration_number for one in found} - {""} == {f"ПК-{number:03}" for number in numbered}
    blanks = Counter(one.blank_number for one in found if one.blank_number)
    assert len(blanks) == len(numbered) == blanks.total()
    assert verify(store).problems == []


def test_processes_that_draft_at_once_draft_each_line_once(
    store: Store, store_url: str, rules: Path, closed: list[str]
) -> None:
    with at_once([(clerks.draft_all, closed, seed) for seed in range(4)], store_url, rules) as workers:
        told = [uid for worker in workers for uid in worker.next()]
    found = [one.record for one in register(store)]
    assert sorted(told) == [one.uid for one in found] == [f"d{place:06}" for place in range(1, len(found) + 1)]
    lines = Counter(one.result for one in found)
    assert set(lines.values()) == {1}
    with store.reading() as connection:
        from lms_sync.store.attestation import protocols

        passed = {line.result for one in protocols(connection, SOURCE) for line in one.lines if line.passed}
    assert set(lines) == passed
    assert_sound(store)


def test_processes_that_issue_at_once_give_each_number_and_blank_once(
    store: Store, store_url: str, rules: Path, drafted: list[str]
) -> None:
    with at_once([(clerks.issue_all, drafted, seed) for seed in range(4)], store_url, rules) as workers:
        told = [one for worker in workers for one in worker.next()]
    assert sorted(uid for uid, _, _ in told) == drafted
    stored = {(one.record.uid, one.record.registration_number, one.record.blank_number) for one in register(store)}
    assert set(told) == stored
    assert sorted(blank for _, _, blank in told) == [f"{number:04}" for number in range(1, len(drafted) + 1)]
    assert_sound(store)


def test_issuing_among_annulling_spoiling_and_duplicating(
    store: Store, store_url: str, rules: Path, drafted: list[str]
) -> None:
    works = [(clerks.issue_all, drafted, 1), (clerks.issue_all, drafted, 2)]
    works += [(clerks.meddle, drafted, seed) for seed in (3, 4)]
    with at_once(works, store_url, rules) as workers:
        told = [worker.next() for worker in workers]
    assert told[0] + told[1]
    assert [set(done.values()) for done in told[2:]] == [{3}, {3}]
    statuses = Counter(one.record.status for one in register(store))
    assert statuses[DocumentStatus.ANNULLED] == 6
    assert_sound(store)


def test_a_killed_clerk_leaves_no_gap(
    store: Store, store_url: str, rules: Path, mapping: Mapping, drafted: list[str]
) -> None:
    moments, kills = random.Random(7), 0
    while (clerk := Worker(clerks.issue_in_order, store_url, rules, drafted)).next() != "done":
        time.sleep(moments.uniform(0, LONGEST_LIFE))
        clerk.kill()
        kills += 1
        assert_sound(store)
    clerk.process.join()
    assert kills > 0
    found = [one.record for one in register(store)]
    assert [(one.uid, one.registration_ordinal) for one in found] == [
        (uid, place) for place, uid in enumerate(drafted, 1)
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_one_clerk_killed_among_others_leaves_neither_gap_nor_double(
    store: Store, store_url: str, rules: Path, drafted: list[str], seed: int
) -> None:
    works = [(clerks.issue_and_tell, drafted, seed * 10 + number) for number in range(3)]
    with at_once(works, store_url, rules) as workers:
        [first, *_] = wait([worker.told for worker in workers], SECONDS)
        victim = next(worker for worker in workers if worker.told is first)
        told = [victim.next()]
        time.sleep(random.Random(seed).uniform(0, LONGEST_LIFE))
        victim.kill()
        told += [one for worker in workers if worker is not victim for one in iter(worker.next, "done")]
    stored = {(one.record.uid, one.record.registration_number, one.record.blank_number) for one in register(store)}
    assert len(told) == len(set(told)) and set(told) <= stored
    # What the victim was at when it died was issued whole, or by another.
    assert sorted(blank for _, _, blank in stored) == [f"{number:04}" for number in range(1, len(drafted) + 1)]
    assert_sound(store)


def test_a_killed_attaching_leaves_no_half_written_scan(
    store: Store, store_url: str, rules: Path, mapping: Mapping, drafted: list[str], tmp_path: Path
) -> None:
    for uid in drafted:
        issue(store, SOURCE, mapping, uid, IssueOptions("clerk"))
    files, moments, kills = ScanFiles(tmp_path / "scans"), random.Random(5), 0
    left = list(drafted[:8])
    while left:
        worker = Worker(clerks.attach_many, store_url, rules, left, tmp_path)
        worker.next()
        time.sleep(moments.uniform(0, 2 * LONGEST_LIFE))
        worker.kill()
        kills += 1
        assert verify(store, scans=files).problems == []
        for place in files.directory.glob("[0-9a-f][0-9a-f]/*"):
            assert files.problem(place.name, None) == ""
        left = left[1:]
    assert kills == 8
