"""From a closed protocol to numbered documents: who gets a draft, what stops an issue, and what is then written."""

from __future__ import annotations

import datetime as dt

from lms_sync.records import DocumentStatus, ProgrammeKind
from tests.integration.registers.papers import KIND, THURSDAY, Papers
from tests.integration.registers.world import COURSE, FIRST


def test_every_passed_line_gets_one_draft_and_none_twice(papers: Papers) -> None:
    drafted = papers.draft()
    assert (drafted.created, drafted.present) == (["d000001", "d000002"], [])
    again = papers.draft()
    assert (again.created, again.present) == ([], ["d000001", "d000002"])
    assert [(one.record.learner, one.record.status) for one in papers.all()] == [
        ("1", DocumentStatus.DRAFT),
        ("2", DocumentStatus.DRAFT),
    ]
    assert papers.sound()


def test_a_draft_holds_what_the_result_and_the_protocol_say(papers: Papers) -> None:
    papers.draft()
    record, holder = papers.one("d000001"), papers.holder("d000001")
    assert (record.protocol, record.result, record.mark_text, record.passed) == (
        FIRST,
        "7/1/attempt-1",
        "отлично",
        True,
    )
    assert (record.programme_title, record.hours, record.document_kind) == ("Охрана труда", 72, KIND)
    assert (record.registration_number, record.blank_number, record.issue_date) == ("", "", None)
    assert record.studied_to == dt.date(2026, 3, 2)
    assert (holder.full_name, holder.birth_date, holder.snils) == (
        "Аксёнов Олег Ильич",
        dt.date(1990, 1, 1),
        "112-233-445 95",
    )


def test_issuing_gives_the_next_number_and_the_next_blank(papers: Papers) -> None:
    papers.draft()
    second, first = papers.issue("d000002").document, papers.issue("d000001").document
    assert [(one.registration_number, one.blank_series, one.blank_number) for one in (second, first)] == [
        ("ПК-2026-0001", "ПК", "000001"),
        ("ПК-2026-0002", "ПК", "000002"),
    ]
    assert (first.status, first.issue_date, first.registration_ordinal) == (DocumentStatus.ISSUED, THURSDAY, 2)
    assert papers.sound()


def test_each_year_counts_anew(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.draft()
    papers.issue("d000001")
    papers.world.clock.to(days=365)
    assert papers.issue("d000002").document.registration_number == "ПК-2027-0001"
    assert papers.sound()


def test_a_document_that_is_issued_is_not_issued_again(papers: Papers) -> None:
    papers.draft()
    papers.issue("d000001")
    assert "is issued and cannot become issued" in papers.world.refusal(lambda: papers.issue("d000001"))


def test_a_blank_may_be_named(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.draft()
    assert papers.issue("d000001", blank="000004").document.blank_number == "000004"
    taken = papers.world.refusal(lambda: papers.issue("d000002", blank="000004"))
    assert "The blank 000004 belongs to another document" in taken
    assert "is in no range" in papers.world.refusal(lambda: papers.issue("d000002", blank="000006"))


def test_without_a_blank_in_stock_nothing_is_issued(lite_papers: Papers) -> None:
    papers = lite_papers
    for number in ("000001", "000002", "000003", "000004", "000005"):
        papers.spoil(number)
    papers.draft()
    assert "No blank is left" in papers.world.refusal(lambda: papers.issue("d000001"))
    assert papers.one("d000001").registration_number == ""


def test_a_number_that_is_taken_stops(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.draft()
    from lms_sync.store.register import registering

    taken = papers.one("d000002").model_copy(
        update={"registration_number": "ПК-2026-0001", "status": DocumentStatus.ISSUED, "origin": "imported"}
    )
    with registering(papers.store, "academy", "registrar") as writer:
        writer.put([taken], "", "")
    assert "The number ПК-2026-0001 belongs to document d000002" in papers.world.refusal(
        lambda: papers.issue("d000001")
    )


def test_nothing_is_drafted_of_an_annulled_protocol(papers: Papers) -> None:
    papers.world.annul(FIRST)
    assert "is annulled" in papers.world.refusal(papers.draft)


def test_what_happens_to_the_protocol_after_drafting_stops_the_issue(papers: Papers) -> None:
    papers.draft()
    papers.world.attempt("1", 7, told_at=papers.world.clock.now)
    papers.world.pass_over()
    assert papers.findings("d000001")["drift"] == "stop"
    papers.world.amend(FIRST)
    assert papers.findings("d000001")["mark_changed"] == "stop"
    assert "drift" not in papers.findings("d000001")
    papers.world.annul(FIRST)
    assert papers.findings("d000002")["protocol_annulled"] == "stop"
    assert "is not in force" in papers.world.refusal(lambda: papers.issue("d000002"))


def test_a_line_that_no_longer_passes_stops_the_issue(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.draft()
    papers.world.attempt("1", 1, told_at=papers.world.clock.now)
    papers.world.pass_over()
    papers.world.amend(FIRST)
    assert papers.findings("d000001")["not_passed"] == "stop"


def test_the_date_of_issue_is_not_before_the_protocol(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.draft()
    assert papers.findings("d000001", issue_date=dt.date(2026, 3, 1))["before_protocol"] == "stop"
    assert "before_protocol" not in papers.findings("d000001", issue_date=dt.date(2026, 3, 2))
    assert papers.findings("d000001", issue_date=dt.date(2026, 3, 6))["date_ahead"] == "warn"
    assert papers.issue("d000001", issue_date=dt.date(2026, 3, 2)).document.issue_date == dt.date(2026, 3, 2)


def test_everything_that_stops_is_told_at_once(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.draft()
    papers.correct("d000002", hours="8", last_name="Borisova")
    told = papers.world.refusal(lambda: papers.issue("d000002", issue_date=dt.date(2026, 3, 1)))
    for part in ("surname holds something else", "has 8 hours", "need 16", "is before that of protocol"):
        assert part in told
    assert "Borisova" not in told


def test_who_did_not_pass_gets_a_certificate_of_study(papers: Papers) -> None:
    drafted = papers.draft(not_passed=True, reason="не прошёл итоговую аттестацию")
    [one] = papers.all()
    assert drafted.created == [one.record.uid]
    assert (one.record.learner, one.record.document_kind, one.record.basis_reason) == (
        "3",
        "study",
        "не прошёл итоговую аттестацию",
    )
    issued = papers.issue(one.record.uid).document
    assert (issued.registration_number, issued.blank_number) == ("СО-2026-0001", "")
    assert papers.sound()


def test_who_has_passed_gets_no_certificate_of_study(lite_papers: Papers) -> None:
    papers = lite_papers
    [uid] = papers.draft_for("1", "study").created
    assert papers.findings(uid)["has_passed"] == "stop"
    papers.world.annul(FIRST)
    assert "has_passed" not in papers.findings(uid)


def test_a_certificate_for_a_period_rests_on_nothing_and_waits_once(lite_papers: Papers) -> None:
    papers = lite_papers
    drafted = papers.draft_for("1", "study_period", studied_from=dt.date(2026, 2, 1))
    assert papers.draft_for("1", "study_period").present == drafted.created
    assert papers.issue(*drafted.created).document.registration_number == "СП-2026-0001"
    assert papers.draft_for("1", "study_period").created == ["d000002"]


def test_a_kind_that_rests_on_a_passed_line_needs_a_protocol(lite_papers: Papers) -> None:
    refused = lite_papers.world.refusal(lambda: lite_papers.draft_for("1", KIND))
    assert "rest on a passed line" in refused
    assert "no learner 99" in lite_papers.world.refusal(lambda: lite_papers.draft_for("99", "study"))
    assert "no course 99" in lite_papers.world.refusal(lambda: lite_papers.draft_for("1", "study", "99"))


def test_where_several_kinds_may_follow_one_is_chosen(lite_papers: Papers) -> None:
    papers = lite_papers
    papers.course(ProgrammeKind.VOCATIONAL, 160)
    papers.world.attempt("1", 10, number=2, at=papers.world.clock.now)
    papers.world.pass_over()
    number = papers.world.close().protocol.number
    assert "several kinds of document (worker, employee)" in papers.world.refusal(lambda: papers.draft(number))
    [uid] = papers.draft(number, kind="worker", learner="1").created
    assert papers.findings(uid)["profession_missing"] == "stop"
    assert papers.one(uid).course == COURSE


def test_an_erased_learner_gets_no_draft_and_an_erased_draft_is_not_issued(papers: Papers) -> None:
    papers.draft(learner="2")
    for learner in ("1", "2"):
        papers.store.erase_learner("academy", learner, "registrar", "отзыв согласия")
    drafted = papers.draft()
    assert (drafted.created, drafted.present, drafted.erased) == ([], ["d000001"], 1)
    assert "was erased" in papers.world.refusal(lambda: papers.issue("d000001"))
    assert papers.holder("d000001") is None
    assert papers.one("d000001").learner == "2"
    assert papers.sound()
