"""Documents on their way into the LMS: what is shown, what is sent again and what never is."""

from __future__ import annotations

import threading

import pytest

from lms_sync.connector import Delivery, Standing
from lms_sync.errors import RegisterError, StoreBusy
from lms_sync.store.history import history
from lms_sync.sync.push import push_lock
from tests.integration.push.lms import copies, strike
from tests.integration.push.office import ALL, Office
from tests.integration.registers.world import SOURCE


def test_what_was_issued_is_shown_in_every_way_and_a_further_push_does_nothing(office: Office) -> None:
    uids = office.issued()
    office.push()
    office.check()
    assert {target: set(office.states(target).values()) for target in ALL} == {one: {"confirmed"} for one in ALL}
    assert len(office.states("note")) == len(uids) == 4
    sent, rows = len(office.lms.sent), office.world.ledger_rows()
    summary = office.push()
    assert (summary.exit_code, +summary.counts) == (0, {})
    assert (len(office.lms.sent), office.world.ledger_rows()) == (sent, rows)
    assert office.papers.sound()


def test_annulling_and_replacing_are_shown_and_handing_over_needs_no_word(lite: Office) -> None:
    lite.issued()
    lite.push()
    lite.papers.hand_over("d000001", lite.world.clock.now.date())
    summary = lite.push()
    assert (summary.counts["unchanged"], summary.counts["sent"]) == (3, 0)
    lite.papers.annul("d000001")
    lite.issued(lite.papers.duplicate("d000002").uid)
    summary = lite.push()
    assert summary.exit_code == 0
    lite.check()
    assert lite.lms.table["d000001"].standing is Standing.REVOKED
    assert lite.lms.table["d000002"].replaced_by == "d000005"
    assert lite.lms.fields["1"] == {"numbers": ""}
    assert lite.lms.table["d000001"].revision == 2


def test_a_document_that_was_annulled_before_it_was_told_needs_no_note(lite: Office) -> None:
    lite.issued()
    lite.papers.annul("d000001")
    lite.push()
    lite.check()
    assert set(copies(lite.lms)) == {"d000002", "d000003", "d000004"}
    assert lite.states("note")["d000001"] == "confirmed"


def test_whoever_writes_a_document_queues_it_in_the_same_transaction(lite: Office) -> None:
    lite.push()  # switches the targets on
    lite.issued("d000001")
    row = lite.rows()["d000001/note"]
    assert (row.state, row.document_version, row.attempts, row.learner) == ("pending", 2, 0, "1")
    documents = history(lite.store, SOURCE, "issued_document", "d000001")
    queued = history(lite.store, SOURCE, "document_push", "d000001/note")
    assert queued[0].observed_at == documents[-1].observed_at
    assert queued[0].actor == "registrar"
    assert lite.rows(uids=["d000002"]) == {}  # a draft


def test_a_lost_answer_is_looked_up_and_sent_again_only_after_the_pause(lite: Office) -> None:
    lite.issued()
    strike(lite.lms, "late")
    summary = lite.push(targets=["note"])
    assert (summary.counts["uncertain"], summary.exit_code) == (4, 3)
    lite.lms.trouble = lambda act, subject: ""
    lite.papers.correct("d000001", hours="80")  # what may be under way is not forgotten for that
    sent = len(lite.lms.sent)
    for _ in range(3):
        lite.push("all", targets=["note"])
        lite.later(minutes=3)
    assert len(lite.lms.sent) == sent
    lite.later(minutes=5)
    lite.push()
    lite.check()
    assert set(copies(lite.lms).values()) == {1}


def test_what_is_lost_before_it_arrives_is_sent_again_when_the_pause_is_over(lite: Office) -> None:
    lite.issued()
    strike(lite.lms, "lost before", times=1)
    lite.push(targets=["companion"])
    assert set(lite.states("companion").values()) == {"uncertain"}
    assert lite.push(targets=["companion"]).counts["waiting"] == 4
    lite.later(minutes=11)
    assert lite.push().counts["confirmed"] == 12
    lite.check()
    assert lite.rows()["d000001/companion"].revision == 1
    assert lite.rows()["d000001/companion"].attempts == 2


def test_a_request_under_way_may_still_overwrite_what_is_shown_as_meant(lite: Office) -> None:
    """72 hours are shown, 80 were sent and are late, and 72 are meant again: that is not over yet."""
    lite.issued("d000001")
    lite.push(targets=["note"])
    lite.papers.correct("d000001", hours="80")
    strike(lite.lms, "late")
    lite.push(targets=["note"])
    lite.papers.correct("d000001", hours="72")
    lite.lms.trouble = lambda act, subject: ""
    assert lite.push(targets=["note"]).counts["waiting"] == 1
    lite.later(minutes=11)
    lite.push()
    lite.check()


def test_a_refused_document_holds_up_no_other_and_goes_when_it_is_asked_for(office: Office) -> None:
    office.issued()
    office.lms.people.discard("2")
    summary = office.push()
    assert (summary.counts["failed"], summary.counts["confirmed"], summary.exit_code) == (3, 9, 1)
    row = office.rows()["d000002/companion"]
    assert (row.state, row.last_error) == ("failed", "unknownuser")
    assert +office.push().counts == {}
    office.lms.people.add("2")
    with pytest.raises(RegisterError, match="d000009"):
        office.push("d000009")
    assert office.push("d000002").counts["confirmed"] == 3
    office.check()


def test_one_that_cannot_be_looked_at_holds_up_no_other(lite: Office) -> None:
    lite.issued()
    strike(lite.lms, "gone", "look", "d000002")
    summary = lite.push(targets=["companion"])
    assert (summary.counts["confirmed"], summary.counts["failed"]) == (3, 1)
    assert lite.rows()["d000002/companion"].last_error == "invalidrecord"


def test_an_lms_that_does_not_answer_costs_no_row_of_the_ledger(lite: Office) -> None:
    lite.issued()
    strike(lite.lms, "unavailable", "look")
    lite.push()
    rows = lite.world.ledger_rows()
    summary = lite.push()
    assert (summary.exit_code, lite.world.ledger_rows()) == (3, rows)
    assert [target.problems for target in summary.targets] == [["The LMS does not answer."]] * 3


def test_what_was_not_taken_is_tried_after_longer_and_longer_pauses(lite: Office) -> None:
    lite.issued("d000001")
    strike(lite.lms, "unavailable")
    pauses = []
    for _ in range(11):
        lite.push(targets=["companion"])
        row = lite.rows()["d000001/companion"]
        assert row.due_at is not None
        pauses.append(int((row.due_at - lite.world.clock.now).total_seconds() // 60))
        assert lite.push(targets=["companion"]).counts["waiting"] == 1
        lite.world.clock.now = row.due_at
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    lite.lms.trouble = lambda act, subject: ""
    lite.push()
    lite.check()


def test_a_refused_account_ends_the_push_and_a_refused_target_ends_itself(lite: Office) -> None:
    lite.issued()
    strike(lite.lms, "denied", "look")
    assert [target.name for target in lite.push().targets] == ["companion"]
    refused = iter(["refused"])
    lite.lms.trouble = lambda act, subject: next(refused, "") if act == "send" else ""
    summary = lite.push()
    assert [(one.name, one.ended) for one in summary.targets] == [(name, name != "companion") for name in ALL]
    assert summary.exit_code == 1
    lite.later(minutes=2)
    lite.push()
    lite.check()


def test_a_plugin_that_breaks_down_leaves_nobody_thinking_that_nothing_was_sent(
    lite: Office, caplog: pytest.LogCaptureFixture
) -> None:
    lite.issued()
    strike(lite.lms, "fault", "send", "d000003")
    lite.push(targets=["companion"])
    assert lite.states("companion") == {
        "d000001": "confirmed",
        "d000002": "confirmed",
        "d000003": "uncertain",
        "d000004": "uncertain",
    }


def test_an_lms_that_knows_more_is_not_overwritten_until_somebody_asks(lite: Office) -> None:
    """As after the store was restored from a backup."""
    lite.issued("d000001")
    newer = Delivery("d000001", "1", {"kind": "", "title": "?", "regnumber": "?", "hours": "1"}, 5, "k")
    lite.lms.table["d000001"] = newer
    lite.lms.notes[77] = Delivery("d000001", "1", {"text": "?"}, 5, "k")
    lite.push()
    assert lite.rows()["d000001/companion"].last_error == "stale"
    assert lite.lms.table["d000001"] == newer
    assert copies(lite.lms) == {"d000001": 1}
    lite.push("d000001")
    assert lite.lms.table["d000001"].revision == 6
    lite.check()


def test_what_is_shown_twice_is_told_and_all_of_it_is_brought_up_to_date(lite: Office) -> None:
    lite.issued("d000001")
    lite.push()
    lite.lms.notes[99] = lite.lms.notes[1]
    lite.papers.annul("d000001")
    lite.push()
    row = lite.rows()["d000001/note"]
    assert (row.state, row.last_error) == ("failed", "doubled")
    assert "аннулирован" in lite.lms.notes[1].values["text"]


def test_a_push_that_is_stopped_ends_after_the_batch_under_way(lite: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    lite.issued()
    from lms_sync.sync import push as pushing

    monkeypatch.setattr(pushing, "BATCH", 1)
    stop = threading.Event()
    lite.lms.pause = lambda where: stop.set() if where == "after writing" else None
    summary = lite.push(stop=stop)
    assert (len(lite.lms.sent), summary.exit_code, summary.targets[0].ended) == (1, 1, False)
    assert sorted(lite.states("companion").values()) == ["confirmed", "pending", "pending", "pending"]
    lite.push()
    lite.check()


def test_two_who_push_at_once_send_everything_once(office: Office) -> None:
    office.issued()
    start, outcomes = threading.Barrier(4), []

    def work() -> None:
        start.wait(60)
        try:
            outcomes.append(office.push().exit_code)
        except StoreBusy:
            outcomes.append(-1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(outcomes) == 4 and 0 in outcomes and set(outcomes) <= {0, -1}
    assert len(office.lms.sent) == 12
    office.check()


def test_a_push_and_a_pull_go_side_by_side_and_two_pushes_do_not(office: Office) -> None:
    office.issued()
    with office.store.lock(SOURCE):
        assert office.push().exit_code == 0
    with office.store.lock(push_lock(SOURCE)), pytest.raises(StoreBusy):
        office.push()


def test_the_ledger_tells_every_attempt_with_its_actor(lite: Office) -> None:
    lite.issued("d000001")
    strike(lite.lms, "lost before")
    lite.push(targets=["note"])
    lite.lms.trouble = lambda act, subject: ""
    lite.later(minutes=11)
    lite.push(targets=["note"])
    steps = history(lite.store, SOURCE, "document_push", "d000001/note")
    assert [(one.payload or {})["state"] for one in steps] == ["pending", "sent", "uncertain", "sent", "confirmed"]
    keys = {(one.payload or {})["idempotency_key"] for one in steps[1:]}
    assert len(keys) == 1 and "" not in keys


def test_a_refusal_in_a_sentence_is_not_kept(lite: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from lms_sync.connector import Answer, Receipt

    def refuse(target: str, delivery: Delivery) -> Receipt:
        return Receipt(delivery.subject, Answer.REFUSED, code="Иванов Иван has no account")

    lite.issued("d000001")
    monkeypatch.setattr(lite.lms, "write", refuse)
    lite.push(targets=["note"])
    assert lite.rows()["d000001/note"].last_error == "refused"
