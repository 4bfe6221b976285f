"""What is told and what is not: erased holders, targets on and off, other texts; and what only looks at the LMS."""

from __future__ import annotations

import threading

import pytest

from lms_sync.connector import Delivery
from lms_sync.errors import ConfigError
from tests.integration.push.lms import copies
from tests.integration.push.office import ALL, Office
from tests.integration.registers.world import SOURCE


def test_an_erased_learner_is_never_told_again(office: Office) -> None:
    office.issued()
    office.push()
    office.papers.annul("d000001")
    office.store.erase_learner(SOURCE, "1", "registrar", "отзыв согласия")
    office.erased.add("1")
    stays = office.rows(uids=["d000001"])
    assert {row.state.value for row in stays.values()} == {"pending"}
    sent = len(office.lms.sent)
    assert +office.push("all").counts == {}
    office.targets = ("companion",)
    office.push()
    office.targets = ALL
    office.push()
    assert [one for _, one in office.lms.sent[sent:] if one.learner == "1"] == []
    assert office.rows(uids=["d000001"]) == stays
    assert office.papers.sound()
    office.check()


def test_erasing_between_the_look_and_the_sending_keeps_it_from_being_sent(lite: Office) -> None:
    lite.issued()
    erased = threading.Event()

    def erase(where: str) -> None:
        if where == "after looking" and not erased.is_set():
            erased.set()
            lite.store.erase_learner(SOURCE, "1", "registrar", "")

    lite.lms.pause = erase
    lite.push()
    assert erased.is_set()
    assert {one.learner for _, one in lite.lms.sent} == {"2", "3", "4"}


def test_a_document_that_changes_while_it_is_sent_is_told_once_more(office: Office) -> None:
    office.issued("d000001")
    changed = threading.Event()

    def correct(where: str) -> None:
        if where == "after writing" and not changed.is_set():
            changed.set()
            office.papers.correct("d000001", hours="99")

    office.push(targets=["profile", "note"])
    office.lms.pause = correct
    assert office.push(targets=["companion"]).counts["waiting"] == 1
    assert office.states("companion") == {"d000001": "pending"}
    office.push()
    office.check()


def test_targets_are_switched_on_and_off_as_configured(lite: Office) -> None:
    lite.issued("d000001")
    lite.push()
    lite.targets = ["companion"]
    lite.push()
    lite.issued("d000002")
    assert set(lite.rows(uids=["d000002"])) == {"d000002/companion"}
    lite.push()
    assert copies(lite.lms) == {"d000001": 1}
    lite.targets = ALL
    lite.push()
    lite.check()


def test_other_texts_are_told_of_every_document(lite: Office) -> None:
    lite.issued()
    lite.push()
    lite.texts = 1
    assert {one.subject for one in lite.preview()} == set(lite.states("note"))
    summary = lite.push()
    assert {target.name: target.counts["sent"] for target in summary.targets} == {
        "companion": 0,
        "profile": 0,
        "note": 4,
    }
    lite.check()


def test_a_dry_run_tells_what_differs_and_writes_nothing(lite: Office) -> None:
    lite.issued("d000001", "d000002")
    rows = lite.world.ledger_rows()
    found = {(one.target, one.subject): one for one in lite.preview()}
    assert set(found) == {(t, s) for t, s in (("companion", "d000001"), ("companion", "d000002"), ("profile", "1"))} | {
        ("profile", "2"),
        ("note", "d000001"),
        ("note", "d000002"),
    }
    assert found["companion", "d000001"].fields["regnumber"] == ("", lite.papers.one("d000001").registration_number)
    assert (lite.world.ledger_rows(), lite.lms.sent, lite.rows()) == (rows, [], {})
    lite.push()
    assert lite.preview() == []
    lite.papers.correct("d000001", hours="99")
    assert [one.fields for one in lite.preview(targets=["companion"])] == [{"hours": ("72", "99")}]


def test_reconciling_tells_every_difference_and_repairs_none(lite: Office) -> None:
    lite.issued()
    lite.push()
    assert lite.reconcile() == []
    table, notes = lite.lms.table, lite.lms.notes
    del table["d000001"]
    table["d000002"].values["hours"] = "1000"  # type: ignore[index]
    table["d000777"] = table["d000003"]
    table["d000003"] = Delivery("d000003", "4", table["d000003"].values, 1, "k")
    notes[99] = notes[1]
    told = {(one.target, one.subject): (one.what, one.fields) for one in lite.reconcile()}
    assert {key: what for key, (what, _) in told.items()} == {
        ("companion", "d000001"): "missing",
        ("companion", "d000002"): "differs",
        ("companion", "d000003"): "other_holder",
        ("companion", "d000777"): "unknown",
        ("note", "d000001"): "doubled",
    }
    assert told["companion", "d000002"][1] == {"hours": ("1000", "72")}
    assert (+lite.push().counts, len(lite.reconcile())) == ({}, 5)
    assert {one.subject for one in lite.preview("d000001", targets=["companion"])} == {"d000001"}
    lite.push("d000001", "d000002")
    assert {one.subject for one in lite.reconcile() if one.target == "companion"} == {"d000003", "d000777"}
    assert table["d000002"].revision == 2


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        (["compnion"], "did you mean companion"),
        (["sms"], "known here are companion, profile, note"),
    ],
)
def test_a_target_that_there_is_not_is_refused_before_anything_is_done(
    lite: Office, targets: list[str], told: str
) -> None:
    rows = lite.world.ledger_rows()
    lite.targets = targets
    with pytest.raises(ConfigError, match=told):
        lite.push()
    lite.targets = ["companion"]
    with pytest.raises(ConfigError, match="not among the targets"):
        lite.push(targets=["note"])
    assert lite.world.ledger_rows() == rows
