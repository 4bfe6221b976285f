"""Verification of the register of issued documents: what was rightly written and yet cannot be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lms_sync.records import DocumentOrigin, DocumentStatus, IssuedDocument, Record
from lms_sync.store.store import Store
from lms_sync.store.verify import verify
from tests.integration.store import document_samples, samples
from tests.integration.store.document_samples import blanks, document, spoiled


def told(store: Store, *records: Record) -> list[str]:
    """What verification says after these were put, one by one, over the result and the blanks."""
    samples.put(store, samples.result(), blanks())
    for record in records:
        samples.put(store, record)
    return [str(problem) for problem in verify(store).problems]


def imported(ordinal: int, number: int, **fields: Any) -> IssuedDocument:
    """A document taken over with a number that it had, and without a blank of ours."""
    own = {"origin": DocumentOrigin.IMPORTED, "registration_ordinal": number, "appendix_ordinal": None}
    return document(ordinal, **{**own, "appendix_series": "", "blank_range": None, **fields})


def test_a_register_without_fault(store: Store) -> None:
    first = document(1, status=DocumentStatus.ISSUED, handed_at=None)
    replaced = document(2, status=DocumentStatus.REPLACED, replaced_by="d000003")
    duplicate = document(3, replaces="d000002", original="d000002")
    assert told(store, first, document(1), document(2), duplicate, replaced) == []
    assert verify(store).documents == 3


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ({}, {"status": DocumentStatus.ISSUED}, "it became issued, which one that is handed_over cannot"),
        ({}, {"status": DocumentStatus.DRAFT}, "it became draft, which one that is handed_over cannot"),
        ({"status": DocumentStatus.DRAFT}, {"status": DocumentStatus.LOST}, "it became lost, which one that is draft"),
        ({"status": DocumentStatus.ANNULLED}, {"status": DocumentStatus.ISSUED}, "it became issued, which one that is"),
        ({}, {"registration_number": "ПК-9"}, "registration_number: changed after it was issued"),
        ({}, {"blank_number": "000009"}, "blank_number: changed after it was issued"),
        ({}, {"issue_date": dt.date(2026, 3, 1)}, "issue_date: changed after it was issued"),
        ({}, {"learner": "10"}, "learner: changed after it was issued"),
        ({}, {"document_kind": "retraining"}, "document_kind: changed after it was issued"),
    ],
)
def test_a_step_that_no_document_takes_is_found(
    store: Store, before: dict[str, Any], after: dict[str, Any], problem: str
) -> None:
    [found] = told(store, document(1, **before), document(1, **after))
    assert found.startswith("document d000001, source moodle, version 2: ")
    assert problem in found


def test_a_learner_may_be_named_later_where_there_was_none(store: Store) -> None:
    assert told(store, imported(1, 5, learner=""), imported(1, 5, learner="9")) == []


@pytest.mark.parametrize(("learners", "version"), [(["", "9", "10"], 3), (["", "9", ""], 3), (["9", ""], 2)])
def test_a_learner_is_named_once(store: Store, learners: list[str], version: int) -> None:
    [found] = told(store, *(imported(1, 5, learner=learner) for learner in learners))
    assert found == f"document d000001, source moodle, version {version}: learner: changed after it was issued"


def test_nothing_else_changes_when_a_learner_is_named(store: Store) -> None:
    [found] = told(store, imported(1, 5, learner=""), imported(1, 5, learner="9", blank_number="000077"))
    assert found.endswith("version 2: blank_number: changed after it was issued")


def test_a_draft_may_change_in_everything(store: Store) -> None:
    draft = document(1, status=DocumentStatus.DRAFT, registration_number="", learner="10")
    assert told(store, draft, document(1, status=DocumentStatus.ISSUED)) == []


def test_a_document_that_is_missing_is_found(store: Store) -> None:
    problems = told(store, document(1), document(2).model_copy(update={"uid": "d000003"}))
    assert problems == ["table issued_document, source moodle: d000003 stands where d000002 should"]


def test_a_document_taken_out_of_the_register_is_found(store: Store) -> None:
    told(store, document(1))
    samples.retire(store, "issued_document", ["d000001"])
    [problem] = verify(store).problems
    assert "is never taken out" in problem.what


@pytest.mark.parametrize("name", ["registration", "appendix"])
def test_a_gap_between_numbers_is_found(store: Store, name: str) -> None:
    [problem] = told(store, document(1), document(2, **{f"{name}_ordinal": 4}))
    assert f"{name} series" in problem
    assert "4 stands where 2 should" in problem


def test_numbers_taken_over_may_leave_some_out_and_ours_go_on_from_them(store: Store) -> None:
    assert told(store, imported(1, 5), imported(2, 9), document(3, registration_ordinal=10, appendix_ordinal=1)) == []
    samples.put(store, document(4, registration_ordinal=12, appendix_ordinal=2))
    [problem] = verify(store).problems
    assert "12 stands where 11 should" in problem.what


@pytest.mark.parametrize(
    "fields",
    [
        {"blank_number": "000101"},
        {"blank_number": "1"},
        {"blank_number": "00005"},
        {"blank_series": "ПП"},
        {"blank_range": "b0002"},
    ],
)
def test_a_blank_that_is_none_of_its_range_is_found(store: Store, fields: dict[str, str]) -> None:
    [problem] = told(store, document(1, **fields))
    assert "is none of the range" in problem


def test_a_blank_that_was_written_off_and_used_is_found(store: Store) -> None:
    [problem] = told(store, document(1), spoiled("000001"))
    assert "its blank 000001 was written off as spoiled" in problem


def test_the_blank_of_an_annulled_document_may_be_written_off(store: Store) -> None:
    assert told(store, document(1, status=DocumentStatus.ANNULLED), spoiled("000001")) == []


def test_a_blank_that_two_documents_bear_is_found_though_the_constraint_was_removed(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:
        with samples.tampering(store) as connection:
            connection.exec_driver_sql("ALTER TABLE issued_document DROP CONSTRAINT uq_issued_document_blank")
        [problem] = told(store, document(1), document(2, blank_number="000001"))
    assert problem == "document d000002, source moodle: its blank 000001 belongs to another document too"


def test_a_result_that_nobody_knows_is_found(store: Store) -> None:
    [problem] = told(store, document(1, result="7/9/attempt-8"))
    assert "the ledger does not know the result 7/9/attempt-8" in problem


@pytest.mark.parametrize(
    ("original", "duplicate"),
    [
        ({"status": DocumentStatus.REPLACED, "replaced_by": "d000002"}, {}),
        ({"status": DocumentStatus.REPLACED}, {"replaces": "d000001"}),
        ({"replaced_by": "d000002"}, {"replaces": "d000001"}),
    ],
)
def test_a_duplicate_that_its_original_does_not_know_is_found(
    store: Store, original: dict[str, Any], duplicate: dict[str, Any]
) -> None:
    problems = told(store, document(1, **original), document(2, **duplicate))
    assert len(problems) == 1
    assert "does not agree with its duplicate" in problems[0]


def test_a_payload_that_is_no_document_is_told_and_does_not_stop_the_check(store: Store) -> None:
    told(store, document(1), document_samples.holder())
    with samples.tampering(store) as connection:
        connection.exec_driver_sql("UPDATE ledger SET payload = '{}' WHERE kind = 'issued_document'")
    assert "its payload is not that of a document" in {problem.what for problem in verify(store).problems}
