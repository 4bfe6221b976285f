"""Erasing a learner: the data is gone, the proof stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from lms_sync.errors import StoreError
from lms_sync.records import PERSONAL_KINDS
from lms_sync.store.history import as_of, history
from lms_sync.store.query import gradebook
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.register import registering
from lms_sync.store.rows import Operation, PutCounts
from lms_sync.store.store import Store
from lms_sync.store.tables import BOOKKEEPING, ledger
from lms_sync.store.verify import verify, verify_protocol
from tests.integration.store import document_samples, samples


@pytest.fixture
def with_learner(store: Store) -> Store:
    samples.put(store, samples.learner(), samples.enrolment(), samples.grade(), samples.learner("10"))
    samples.put(store, samples.learner(city="Торжок"))
    return store


def test_no_version_keeps_personal_data_and_the_chain_still_proves_itself(with_learner: Store) -> None:
    digest = verify(with_learner).head.digest
    assert with_learner.erase_learner("moodle", "9", "registrar", "отзыв согласия")
    versions = history(with_learner, "moodle", "learner", "9")
    assert [(version.operation, version.payload) for version in versions] == [
        (Operation.PUT, None),
        (Operation.PUT, None),
        (Operation.ERASE, None),
    ]
    assert (versions[-1].actor, versions[-1].reason, versions[-1].run_id) == ("registrar", "отзыв согласия", None)
    report = verify(with_learner)
    assert report.problems == []
    with with_learner.reading() as connection:
        kept = connection.execute(ledger.select().where(ledger.c.seq == report.head.seq)).one()
    assert kept.previous_digest == digest


def test_the_row_is_empty_but_for_its_key(with_learner: Store) -> None:
    with_learner.erase_learner("moodle", "9", "registrar", "")
    row = next(row for row in samples.projections(with_learner)["learner"] if row[0] == "9")
    personal = row[row.index("9", 1) + 1 :]
    assert len(personal) == 12
    assert set(personal) == {"", None}


def test_nothing_is_left_in_the_files(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store:
        samples.put(store, samples.learner(last_name="Единственная"))
        samples.put(store, samples.learner(last_name="Единственная", city="Торжок"))

        def files_with_the_name() -> list[str]:
            name = "Единственная".encode()
            return [path.name for path in tmp_path.glob("records.db*") if name in path.read_bytes()]

        assert files_with_the_name()
        store.erase_learner("moodle", "9", "registrar", "")
        assert files_with_the_name() == []


def test_a_later_pull_does_not_bring_the_data_back(with_learner: Store) -> None:
    with_learner.erase_learner("moodle", "9", "registrar", "")
    before = samples.projections(with_learner)
    counts = samples.put(with_learner, samples.learner(), samples.learner("10", city="Клин"), samples.grade())
    assert counts == PutCounts(erased=1, changed=1, unchanged=1)
    assert samples.retire(with_learner, "learner", ["9"]) == 0
    after = samples.projections(with_learner)
    assert [row for row in after["learner"] if row[0] == "9"] == [row for row in before["learner"] if row[0] == "9"]
    assert after["grade_entry"] == before["grade_entry"]
    assert verify(with_learner).ok


@pytest.fixture
def attested(with_learner: Store) -> Store:
    """The learner with results, one of them amended, and a drift; another learner with a result; their protocol."""
    first, other = samples.result("9"), samples.result("10", last_name="Щукин")
    samples.put(with_learner, first, samples.result("9", occasion="attempt-1"), other, samples.drift("9"))
    samples.put(with_learner, samples.result("9", percent="85"), samples.drift("9", reason="Ёлкина сменила фамилию"))
    lines = [samples.stored_line(with_learner, one, number) for number, one in enumerate((first, other), 1)]
    samples.put(with_learner, samples.protocol(lines))
    samples.put(with_learner, *document_samples.every_kind())
    samples.put(with_learner, document_samples.holder(citizenship=""))
    return with_learner


def personal_rows(store: Store, name: str) -> list[tuple[str, str, int]]:
    """The ledger rows, and the tables' rows as version 0, that hold a name."""
    with store.reading() as connection:
        found = [
            (row.kind, row.key, row.version)
            for row in connection.execute(ledger.select().order_by(ledger.c.seq))
            if name in (row.payload or "")
        ]
    projected = samples.projections(store)
    return found + [(kind, row[0], 0) for kind, rows in projected.items() for row in rows if name in str(row)]


def test_every_record_that_holds_personal_data_is_emptied(attested: Store) -> None:
    others = personal_rows(attested, "Щукин")
    assert {kind for kind, _, _ in personal_rows(attested, "Ёлкина")} == set(PERSONAL_KINDS)
    assert attested.erase_learner("moodle", "9", "registrar", "отзыв согласия")
    # The other learner of the samples bears the same name.
    assert [row for row in personal_rows(attested, "Ёлкина") if row[1] != "10"] == []
    assert personal_rows(attested, "Щукин") == others
    for kind, key in (
        ("learner", "9"),
        ("attestation_result", "7/9/attempt-1"),
        ("attestation_result", "7/9/attempt-2"),
        ("drift", "7/9/attempt-2 name"),
        ("document_holder", "d000001"),
        ("document_scan", f"d000001/{document_samples.DIGEST}"),
        ("recognition", "z0001"),
    ):
        *before, last = history(attested, "moodle", kind, key)
        assert {version.payload for version in before} == {None}
        assert (last.operation, last.actor, last.reason) == (Operation.ERASE, "registrar", "отзыв согласия")
        (row,) = (row for row in samples.projections(attested)[kind] if row[0] == key)
        # Beside the bookkeeping nothing is left, but a learner's own identifier.
        assert {str(value) for value in row[len(BOOKKEEPING) :]} - {"9"} <= {"", "None", "[]"}
    assert verify(attested).problems == []
    before = samples.projections(attested)
    rebuild_projections(attested)
    assert samples.projections(attested) == before


def test_a_protocol_is_whole_after_its_learner_was_erased(attested: Store) -> None:
    before = samples.projections(attested)["protocol"]
    attested.erase_learner("moodle", "9", "registrar", "")
    assert samples.projections(attested)["protocol"] == before
    assert verify_protocol(attested, "moodle", "12/2026").ok


def test_the_register_of_documents_is_whole_after_a_holder_was_erased(attested: Store) -> None:
    before = samples.projections(attested)["issued_document"]
    attested.erase_learner("moodle", "9", "registrar", "")
    assert samples.projections(attested)["issued_document"] == before
    assert verify(attested).documents == 1
    assert personal_rows(attested, "112-233-445 95") == [("learner", "10", 1), ("learner", "10", 0)]


def test_nothing_of_an_erased_record_comes_back(attested: Store) -> None:
    attested.erase_learner("moodle", "9", "registrar", "")
    counts = samples.put(attested, samples.learner(), samples.result("9"), samples.drift("9"), samples.result("10"))
    assert counts == PutCounts(erased=3, changed=1)
    with registering(attested, "moodle", "registrar") as writer:
        assert writer.freeze([samples.result("9")], samples.SCOPE) == 0
        assert writer.put([samples.result("9", percent="1")], samples.SCOPE, "апелляция") == 0
        assert writer.put([samples.drift("9", reason="иначе")], samples.SCOPE, "апелляция") == 0
    assert [row for row in personal_rows(attested, "Ёлкина") if row[1] not in ("10", "7/10/attempt-2")] == []
    assert verify(attested).ok


def test_what_was_kept_of_the_person_since_is_erased_by_erasing_again(attested: Store) -> None:
    attested.erase_learner("moodle", "9", "registrar", "")
    samples.put(attested, samples.result("9", occasion="attempt-3"))
    assert attested.erase_learner("moodle", "9", "registrar", "")
    assert not attested.erase_learner("moodle", "9", "registrar", "")
    assert len(history(attested, "moodle", "learner", "9")) == 3
    assert [version.payload for version in history(attested, "moodle", "attestation_result", "7/9/attempt-3")] == [
        None,
        None,
    ]
    assert verify(attested).ok


def test_the_same_identifier_in_another_source_is_another_person(attested: Store) -> None:
    samples.put_every_kind(attested, source="branch")
    before = [row for kind in PERSONAL_KINDS for row in samples.projections(attested)[kind] if row[1] == "branch"]
    attested.erase_learner("moodle", "9", "registrar", "")
    after = [row for kind in PERSONAL_KINDS for row in samples.projections(attested)[kind] if row[1] == "branch"]
    assert after == before
    assert verify(attested).ok


def test_erasing_twice_does_nothing_and_an_unknown_learner_is_told(with_learner: Store) -> None:
    assert with_learner.erase_learner("moodle", "9", "registrar", "")
    rows = verify(with_learner).rows
    assert not with_learner.erase_learner("moodle", "9", "registrar", "")
    assert verify(with_learner).rows == rows
    with pytest.raises(StoreError, match="no learner '77'"):
        with_learner.erase_learner("moodle", "77", "registrar", "")


def test_the_past_says_that_something_was_known(with_learner: Store) -> None:
    known_at = with_learner.now()
    with_learner.erase_learner("moodle", "9", "registrar", "")
    assert [(version.key, version.payload is None) for version in as_of(with_learner, "learner", known_at)] == [
        ("10", False),
        ("9", True),
    ]
    assert [version.key for version in as_of(with_learner, "learner", with_learner.now())] == ["10"]


def test_the_gradebook_marks_an_erased_learner(with_learner: Store) -> None:
    with_learner.erase_learner("moodle", "9", "registrar", "")
    book = gradebook(with_learner, "moodle", "5")
    assert [(line.key, line.last_name, line.erased) for line in book.lines] == [("9", "", True)]
    assert ("9", "7") in book.cells


def test_a_payload_or_salt_left_behind_is_found(with_learner: Store) -> None:
    with_learner.erase_learner("moodle", "9", "registrar", "")
    with samples.tampering(with_learner) as connection:
        connection.execute(update(ledger).where(ledger.c.key == "9", ledger.c.version == 1).values(salt="00"))
        connection.execute(update(ledger).where(ledger.c.key == "9", ledger.c.version == 2).values(payload="{}"))
    assert {problem.what for problem in verify(with_learner).problems} >= {
        "its payload is erased, but the salt is still there",
        "its payload is still there, though it was erased",
    }
