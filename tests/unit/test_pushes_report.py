"""How a document's way into the LMS reads: why it is not there, and what to do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lms_sync.records import DocumentPush, PushState
from lms_sync.report.pushes import DocumentStep, in_lms, steps_document, steps_table
from lms_sync.report.status import PushStatus, source_status

NOON = dt.datetime(2026, 3, 5, 12, 0, 0, 123456, tzinfo=dt.UTC)


def push(state: PushState, code: str = "", **fields: Any) -> DocumentPush:
    values = {"document": "d000001", "target": "note", "learner": "9", "document_version": 2, **fields}
    return DocumentPush(**values, state=state, last_error=code, revision=1, attempts=2, due_at=NOON)


@pytest.mark.parametrize(
    ("row", "why", "remedy"),
    [
        (push(PushState.CONFIRMED), "", ""),
        (push(PushState.PENDING), "", ""),
        (push(PushState.SENT), "the push ended before the answer", "the next push looks"),
        (push(PushState.SENT, "not_read_back"), "could not be read back", "the next push looks"),
        (push(PushState.UNCERTAIN, "no_answer"), "the answer was lost", "nothing"),
        (push(PushState.FAILED, "unknownuser"), "no such account", "push --retry d000001"),
        (push(PushState.FAILED, "uidnotintext"), "does not name", "write {uid} into"),
        (push(PushState.FAILED, "somethingnew"), "(somethingnew)", "push --retry d000001"),
    ],
)
def test_what_is_amiss_is_told_with_what_to_do(row: DocumentPush, why: str, remedy: str) -> None:
    step = DocumentStep("d000001", "note", row, NOON)
    assert why in step.why
    assert remedy in step.remedy
    assert bool(step.why) == bool(why)


def test_what_will_never_be_told_has_no_next_time() -> None:
    step = DocumentStep("d000001", "note", push(PushState.PENDING), NOON, "the holder was erased")
    [told] = steps_document([step])
    assert (told["why"], told["remedy"], told["not_before"]) == ("the holder was erased", None, None)
    assert steps_document([DocumentStep("d000002", "note")])[0]["state"] == "not queued"


def test_times_are_told_to_the_second() -> None:
    table = steps_table("", [DocumentStep("d000001", "note", push(PushState.PENDING), NOON)])
    told = dict(zip([column.key for column in table.columns], table.rows[0], strict=True))
    assert (told["since"], told["next"]) == ("2026-03-05T12:00:00Z", "2026-03-05T12:00:00Z")


def test_one_cell_says_where_a_document_is() -> None:
    rows = [push(PushState.CONFIRMED, target=name) for name in ("companion", "note")]
    rows.append(push(PushState.FAILED, "x", target="profile"))
    assert in_lms({"d000001": rows}, "d000001") == "подтверждено: companion, note; не передано: profile"
    assert in_lms({}, "d000001") == ""


def test_the_status_wants_attention_for_what_failed_and_not_for_what_waits() -> None:
    def attention(pushes: PushStatus | None) -> list[str]:
        told = source_status(
            "academy", runs=[], states=[], quarantine=[], schedule={}, timezone="UTC", now=NOON, pushes=pushes
        )
        return list(told.attention)[1:]

    assert attention(None) == attention(PushStatus(confirmed=9, waiting=3, uncertain=2)) == []
    assert attention(PushStatus(failed=2)) == [
        "2 documents are not in the LMS as they should be (lms-sync documents status)"
    ]
    assert "The token is refused." in attention(PushStatus(note="The token is refused."))[0]
