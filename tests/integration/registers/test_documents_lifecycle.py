"""What becomes of an issued document: handed over, annulled, lost, corrected, replaced by a duplicate."""

from __future__ import annotations

import datetime as dt

import pytest

from lms_sync.records import DocumentStatus, ProgrammeKind
from lms_sync.store.history import history
from tests.integration.registers.papers import THURSDAY, Papers
from tests.integration.registers.world import FIRST, SOURCE


@pytest.fixture
def issued(papers: Papers) -> Papers:
    """Both documents issued."""
    papers.draft()
    papers.issue("d000001")
    papers.issue("d000002")
    return papers


@pytest.fixture
def lite_issued(lite_papers: Papers) -> Papers:
    """The same in SQLite only."""
    lite_papers.draft()
    lite_papers.issue("d000001")
    lite_papers.issue("d000002")
    return lite_papers


def test_every_step_is_a_ledger_row_with_actor_and_reason(issued: Papers) -> None:
    issued.hand_over("d000001")
    issued.annul("d000001", "выдан не тому")
    steps = history(issued.store, SOURCE, "issued_document", "d000001")
    assert [(one.payload["status"], one.actor, one.reason) for one in steps if one.payload] == [
        ("draft", "registrar", ""),
        ("issued", "registrar", ""),
        ("handed_over", "registrar", ""),
        ("annulled", "registrar", "выдан не тому"),
    ]
    assert issued.sound()


def test_handing_over_keeps_day_way_and_receiver(issued: Papers) -> None:
    issued.hand_over("d000001", how="по доверенности", received_by="Борисов Б. Б., доверенность № 3")
    record = issued.one("d000001")
    assert (record.status, record.handed_at, record.handed_how) == (
        DocumentStatus.HANDED_OVER,
        THURSDAY,
        "по доверенности",
    )
    assert issued.holder("d000001").received_by == "Борисов Б. Б., доверенность № 3"
    assert issued.holder("d000002").received_by == ""


def test_nothing_is_handed_over_before_it_was_issued(lite_issued: Papers) -> None:
    early = dt.date(2026, 3, 4)
    assert "was issued on 2026-03-05" in lite_issued.world.refusal(lambda: lite_issued.hand_over("d000001", early))


def test_a_draft_can_only_be_issued_or_withdrawn(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.draft()
    for act in (papers.hand_over, papers.lose, papers.duplicate):
        assert "is draft" in papers.world.refusal(lambda act=act: act("d000001"))
    papers.annul("d000001", "лишний")
    assert papers.one("d000001").registration_number == ""
    assert papers.draft().created == ["d000003"]
    assert papers.issue("d000002").document.registration_number == "ПК-2026-0001"
    assert papers.sound()


def test_an_annulled_document_keeps_number_and_blank_and_another_may_be_issued(issued: Papers) -> None:
    issued.annul("d000001")
    record = issued.one("d000001")
    assert (record.registration_number, record.blank_number, record.reason) == (
        "ПК-2026-0001",
        "000001",
        "выдан ошибочно",
    )
    assert issued.draft().created == ["d000003"]
    again = issued.issue("d000003").document
    assert (again.registration_number, again.blank_number) == ("ПК-2026-0003", "000003")
    for act in (issued.hand_over, issued.lose, issued.annul, issued.duplicate):
        assert "is annulled" in issued.world.refusal(lambda act=act: act("d000001"))
    assert issued.sound()


def test_an_act_without_a_reason_is_refused(lite_issued: Papers) -> None:
    assert "needs a reason" in lite_issued.world.refusal(lambda: lite_issued.annul("d000001", "  "))


def test_an_unknown_document_is_refused(lite_issued: Papers) -> None:
    assert "has no document d000009" in lite_issued.world.refusal(lambda: lite_issued.annul("d000009"))


# --- corrections ------------------------------------------------------------------------------------------------------


def test_a_draft_is_corrected_in_everything_but_its_basis(papers: Papers) -> None:
    papers.draft()
    papers.correct("d000002", hours="80", studied_from="2026-02-01", snils="11223344595", birth_date="1985-05-17")
    record, holder = papers.one("d000002"), papers.holder("d000002")
    assert (record.hours, record.studied_from) == (80, dt.date(2026, 2, 1))
    assert (holder.snils, holder.birth_date) == ("112-233-445 95", dt.date(1985, 5, 17))
    [*_, last] = history(papers.store, SOURCE, "document_holder", "d000002")
    assert (last.version, last.reason) == (2, "сверка")
    papers.correct("d000002", studied_from="")
    assert papers.one("d000002").studied_from is None
    assert papers.sound()


def test_what_was_issued_is_corrected_but_for_numbers_and_holder(lite_issued: Papers) -> None:
    papers = lite_issued
    papers.correct("d000002", programme_title="Охрана труда и пожарная безопасность", snils="112-233-445 95")
    assert papers.one("d000002").programme_title == "Охрана труда и пожарная безопасность"
    assert papers.holder("d000002").snils == "112-233-445 95"  # was empty
    for name, value in (("last_name", "Другая"), ("appendix", "yes"), ("snils", "")):
        refused = papers.world.refusal(lambda name=name, value=value: papers.correct("d000002", **{name: value}))
        assert f"{name} of document d000002 stays as it was issued" in refused
    for name in ("registration_number", "status", "learner", "uid"):
        refused = papers.world.refusal(lambda name=name: papers.correct("d000002", **{name: "1"}))
        assert f"{name} cannot be corrected" in refused
    assert papers.sound()


@pytest.mark.parametrize(
    ("name", "value"), [("hours", "много"), ("studied_to", "30.06.2026"), ("snils", "11223344500")]
)
def test_a_value_that_does_not_fit_is_refused_and_not_repeated(lite_papers: Papers, name: str, value: str) -> None:
    lite_papers.draft()
    refused = lite_papers.world.refusal(lambda: lite_papers.correct("d000001", **{name: value}))
    assert value not in refused


# --- duplicates -------------------------------------------------------------------------------------------------------


def test_a_duplicate_takes_over_the_original_and_replaces_it_when_issued(issued: Papers) -> None:
    issued.hand_over("d000001")
    issued.lose("d000001", proof="объявление в газете")
    draft = issued.duplicate("d000001")
    assert issued.one("d000001").status is DocumentStatus.LOST
    issued.issue(draft.uid)
    original, duplicate = issued.one("d000001"), issued.one(draft.uid)
    assert (original.status, original.replaced_by) == (DocumentStatus.REPLACED, "d000003")
    assert (duplicate.replaces, duplicate.original, duplicate.proof) == ("d000001", "d000001", "объявление в газете")
    assert (duplicate.registration_number, duplicate.blank_number) == ("ПК-2026-0003", "000003")
    for name in ("learner", "protocol", "result", "mark_text", "programme_title", "hours", "title"):
        assert getattr(duplicate, name) == getattr(original, name)
    assert issued.holder("d000003").full_name == issued.holder("d000001").full_name
    assert issued.sound()


def test_a_duplicate_of_a_duplicate_names_the_one_before_it_and_the_first(lite_issued: Papers) -> None:
    papers = lite_issued
    papers.issue(papers.duplicate("d000001").uid)
    third = papers.duplicate("d000003")
    assert (third.replaces, third.original) == ("d000003", "d000001")
    assert "is replaced by d000003" in papers.world.refusal(lambda: papers.duplicate("d000001"))
    papers.issue(third.uid)
    assert papers.sound()


def test_one_draft_of_a_duplicate_at_a_time(lite_issued: Papers) -> None:
    papers = lite_issued
    draft = papers.duplicate("d000001")
    assert f"already: {draft.uid}" in papers.world.refusal(lambda: papers.duplicate("d000001"))
    papers.annul(draft.uid, "отозвано заявление")
    assert papers.duplicate("d000001").uid == "d000004"


def test_a_duplicate_is_not_issued_once_its_original_is_annulled(lite_issued: Papers) -> None:
    papers = lite_issued
    draft = papers.duplicate("d000001")
    papers.annul("d000001")
    assert papers.findings(draft.uid)["original_gone"] == "stop"


def test_after_its_duplicate_was_annulled_an_original_gets_another(lite_issued: Papers) -> None:
    papers = lite_issued
    papers.issue(papers.duplicate("d000001").uid)
    papers.annul("d000003")
    draft = papers.duplicate("d000001")
    papers.issue(draft.uid)
    assert papers.one("d000001").replaced_by == draft.uid == "d000004"
    assert papers.sound()


def test_a_duplicate_needs_no_protocol_in_force_nor_the_mark_that_it_had(lite_issued: Papers) -> None:
    papers = lite_issued
    draft = papers.duplicate("d000001")
    papers.world.annul(FIRST)
    assert "stop" not in papers.findings(draft.uid).values()


def test_another_name_on_a_duplicate_leaves_the_original_as_it_was(lite_issued: Papers) -> None:
    papers = lite_issued
    draft = papers.duplicate("d000002")
    papers.correct(draft.uid, last_name="Власова")
    papers.issue(draft.uid)
    assert (papers.holder("d000002").last_name, papers.holder(draft.uid).last_name) == ("Борисова", "Власова")


def test_nothing_is_duplicated_of_an_erased_holder(lite_issued: Papers) -> None:
    papers = lite_issued
    papers.store.erase_learner(SOURCE, "1", "registrar", "отзыв согласия")
    assert "was erased" in papers.world.refusal(lambda: papers.duplicate("d000001"))
    assert papers.annul("d000001").status is DocumentStatus.ANNULLED  # the register's line lives on
    assert papers.sound()


# --- appendices -------------------------------------------------------------------------------------------------------


def test_an_appendix_bears_the_documents_number(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.course(ProgrammeKind.RETRAINING, 256)
    papers.world.attempt("1", 10, number=2, at=papers.world.clock.now)
    papers.world.pass_over()
    number = papers.world.close().protocol.number
    papers.receive(document_kinds=["retraining"], series="ПП")
    [uid] = papers.draft(number, learner="1", qualification="Специалист по охране труда").created
    issued = papers.issue(uid).document
    assert (issued.appendix, issued.appendix_number, issued.appendix_ordinal) == (True, "ПП-2026-0001", None)
    assert papers.sound()
