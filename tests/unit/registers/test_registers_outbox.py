"""The steps of a document on its way into a target, in any order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.connector import Standing
from lms_sync.records import DocumentHolder, DocumentPush, DocumentStatus, IssuedDocument, PushState
from lms_sync.registers.documents import outbox
from lms_sync.registers.documents.outbox import LONGEST_BACKOFF, UNCERTAIN_PAUSE, Content
from lms_sync.store.documents import StoredDocument

NOW = dt.datetime(2026, 3, 5, 9, tzinfo=dt.UTC)


def stored(version: int = 2, holder: bool = True, **fields: Any) -> StoredDocument:
    record = IssuedDocument.model_validate(
        {
            "uid": "d000001",
            "document_kind": "advanced_training",
            "title": "Удостоверение",
            "status": "issued",
            "basis": "passed",
            "learner": "9",
            "programme_title": "Охрана труда",
            "programme_kind": "advanced_training",
            "registration_number": "1",
        }
        | fields
    )
    who = DocumentHolder(document="d000001", learner="9", last_name="Примеров", first_name="Пётр")
    return StoredDocument(record, who if holder else None, version, "course/5")


def first() -> DocumentPush:
    return outbox.queued(None, stored(), "note")


def sent(row: DocumentPush, revision: int = 1) -> DocumentPush:
    return outbox.sending(row, Content(revision, f"hash {revision}", f"key {revision}"), "", NOW)


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        (DocumentStatus.ISSUED, Standing.IN_FORCE),
        (DocumentStatus.HANDED_OVER, Standing.IN_FORCE),
        (DocumentStatus.LOST, Standing.IN_FORCE),
        (DocumentStatus.ANNULLED, Standing.REVOKED),
        (DocumentStatus.REPLACED, Standing.REPLACED),
    ],
)
def test_only_what_was_annulled_or_replaced_is_out_of_force(status: DocumentStatus, standing: Standing) -> None:
    assert outbox.standing_of(stored(status=status).record) is standing


def test_drafts_strangers_and_the_erased_are_not_told() -> None:
    assert outbox.is_told(stored())
    assert not outbox.is_told(stored(registration_number="", status="draft"))
    assert not outbox.is_told(stored(learner=""))
    assert not outbox.is_told(stored(holder=False))


def test_what_may_be_under_way_is_not_forgotten_when_the_document_changes() -> None:
    under_way = sent(first())
    for row in (under_way, outbox.uncertain(under_way), outbox.not_read_back(under_way)):
        again = outbox.queued(row, stored(version=7), "note")
        assert again == row.model_copy(update={"document_version": 7})
    failed = outbox.failed(under_way, "unknownuser")
    again = outbox.queued(failed, stored(version=7), "note")
    assert (again.state, again.attempts, again.due_at, again.last_error) == (PushState.PENDING, 0, None, "")
    assert (again.revision, again.content_hash, again.idempotency_key) == (1, "hash 1", "key 1")


def test_asking_again_hurries_nothing_that_may_be_under_way() -> None:
    under_way = sent(first())
    assert outbox.asked_again(under_way) == under_way
    assert outbox.asked_again(outbox.uncertain(under_way)) == outbox.uncertain(under_way)
    assert outbox.asked_again(outbox.postponed(under_way, "later", NOW)).due_at is None


def test_asking_for_what_was_confirmed_overwrites_what_the_lms_shows_since() -> None:
    again = outbox.asked_again(outbox.confirmed(sent(first()), Content(1, "hash 1", "key 1"), ""))
    assert (again.state, again.last_error, again.revision) == (PushState.PENDING, "differs", 1)


@pytest.mark.parametrize(("code", "kept"), [("stale", "stale"), ("differs", "differs"), ("unknownuser", "")])
def test_asking_again_keeps_in_mind_that_the_lms_has_another_revision(code: str, kept: str) -> None:
    again = outbox.asked_again(outbox.failed(sent(first()), code))
    assert (again.state, again.last_error) == (PushState.PENDING, kept)


def test_an_outcome_of_what_was_overtaken_is_no_end() -> None:
    under_way = sent(first())
    newer = outbox.queued(under_way, stored(version=3), "note")
    confirmed = outbox.confirmed(under_way, Content(1, "hash 1", "key 1"), "17")
    assert outbox.caught_up(under_way, under_way, confirmed) == confirmed
    after = outbox.caught_up(newer, under_way, confirmed)
    assert (after.state, after.document_version, after.external_id) == (PushState.PENDING, 3, "17")
    lost = outbox.caught_up(newer, under_way, outbox.uncertain(under_way))
    assert (lost.state, lost.document_version, lost.due_at) == (PushState.UNCERTAIN, 3, NOW + UNCERTAIN_PAUSE)


@pytest.mark.parametrize("code", ["Иванов Иван has no account", "", "a" * 61, "two words", "line\nbreak"])
def test_a_code_is_a_word(code: str) -> None:
    assert outbox.failed(first(), code).last_error == "refused"


@given(st.integers(1, 10_000))
def test_a_pause_is_between_a_minute_and_six_hours_and_never_gets_shorter(attempts: int) -> None:
    def pause(count: int) -> dt.timedelta:
        due = outbox.postponed(first().model_copy(update={"attempts": count}), "later", NOW).due_at
        assert due is not None
        return due - NOW

    assert dt.timedelta(minutes=1) <= pause(attempts) <= pause(attempts + 1) <= LONGEST_BACKOFF


STEPS = ("queue", "send", "confirm", "fail", "lose", "unread", "postpone", "ask")


@given(st.lists(st.sampled_from(STEPS), max_size=30))
def test_no_order_of_steps_forgets_a_request_or_counts_backwards(names: list[str]) -> None:
    row, version, revision = first(), 2, 0
    for name in names:
        before = row
        if name == "queue":
            version += 1
            row = outbox.queued(row, stored(version=version), "note")
        elif name == "send":
            revision += 1
            row = sent(row, revision)
        elif name == "confirm":
            row = outbox.confirmed(row, Content(max(row.revision, 1), row.content_hash, row.idempotency_key), "")
            revision = row.revision
        elif name == "ask":
            row = outbox.asked_again(row)
        elif row.state is PushState.SENT:
            row = {
                "fail": lambda one: outbox.failed(one, "x"),
                "lose": outbox.uncertain,
                "unread": outbox.not_read_back,
                "postpone": lambda one: outbox.postponed(one, "later", NOW),
            }[name](row)
        assert row.revision >= before.revision
        assert row.key == "d000001/note"
        assert (row.state in outbox.UNDER_WAY) <= (row.due_at is not None)
        if before.state in outbox.UNDER_WAY and name in ("queue", "ask"):
            assert (row.state, row.due_at, row.content_hash) == (before.state, before.due_at, before.content_hash)
        if row.state is PushState.CONFIRMED:
            assert (row.due_at, row.last_error) == (None, "")
