"""Whose documents were taken over: duplicates and their originals, learners of the LMS, and people it does not know."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lms_sync.errors import RegisterError, StoreError
from lms_sync.records import DocumentHolder, DocumentScan, DocumentStatus, IssuedDocument
from lms_sync.registers.documents.acts import DocumentAct
from lms_sync.registers.documents.linking import link
from lms_sync.registers.documents.scans import remove_unnamed
from lms_sync.store.documents import scans
from lms_sync.store.history import history
from lms_sync.store.pushes import pushes, write_target
from tests.integration.registers.old_register import OldRegister, line
from tests.integration.registers.papers import Papers
from tests.integration.registers.world import SOURCE

SNILS = "112-233-445 95"
WHY = DocumentAct("registrar", "сверка с СДО")
LATER = dt.date(2024, 5, 1)


@pytest.fixture
def old(papers: Papers, tmp_path: Path) -> OldRegister:
    """In each database."""
    return OldRegister(papers, tmp_path)


@pytest.fixture
def simple(lite_papers: Papers, tmp_path: Path) -> OldRegister:
    """In SQLite only."""
    return OldRegister(lite_papers, tmp_path)


# --- duplicates -------------------------------------------------------------------------------------------------------


def test_a_duplicate_and_its_original_name_each_other(old: OldRegister) -> None:
    rows = [
        line("3", Взамен="2", Дата_выдачи=dt.date(2024, 6, 1), Причина="порча"),  # of the duplicate below
        line("2", Взамен="1", Дата_выдачи=LATER, Состояние="заменён"),
        line("1", Состояние="заменён", Вручён=dt.date(2024, 2, 3)),
        line("4", Состояние="утерян"),
        line("5", Взамен="4", Дата_выдачи=LATER),
    ]
    assert old.take(rows).created == 5
    first, second, third = (old.one(number)[0] for number in "123")
    assert (first.status, first.replaced_by, first.uid) == (DocumentStatus.REPLACED, second.uid, "d000001")
    assert (second.status, second.replaces, second.original) == (DocumentStatus.REPLACED, first.uid, first.uid)
    assert (third.status, third.replaces, third.original) == (DocumentStatus.ISSUED, second.uid, first.uid)
    steps = [one.record() for one in history(old.papers.store, SOURCE, "issued_document", first.uid)]
    assert [one.status for one in steps if isinstance(one, IssuedDocument)] == ["handed_over", "replaced"]
    assert old.one("4")[0].status is DocumentStatus.REPLACED
    assert old.papers.sound()


def test_a_duplicate_of_what_was_taken_over_before(old: OldRegister) -> None:
    old.take([line("1", Состояние="выдан")])
    assert old.take([line("1", Состояние="выдан"), line("2", Взамен="1", Дата_выдачи=LATER)]).created == 1
    assert (old.one("1")[0].replaced_by, old.one("2")[0].replaces) == ("d000002", "d000001")
    assert old.papers.duplicate("d000002").original == "d000001"
    assert old.papers.sound()


def test_a_second_duplicate_stands_where_the_first_was_annulled(simple: OldRegister) -> None:
    first = line("2", Взамен="1", Дата_выдачи=LATER, Состояние="аннулирован")
    second = line("3", Взамен="1", Дата_выдачи=dt.date(2024, 6, 1))
    simple.take([line("1"), second, first])
    assert simple.one("1")[0].replaced_by == simple.one("3")[0].uid
    assert simple.papers.sound()
    [told] = simple.stopped([line("11"), line("12", Взамен="11"), line("13", Взамен="11", Дата_выдачи=LATER)])
    assert told.startswith("row 4, T4 «Взамен»: '11' is the number of a document that is replaced")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([line("2", Взамен="1")], "is the number of no document of this kind"),
        ([line("1", Вид="Диплом", Часы=256), line("2", Взамен="1")], "is the number of no document of this kind"),
        ([line("1", Состояние="аннулирован"), line("2", Взамен="1")], "that is annulled and cannot be replaced"),
        ([line("1", Дата_выдачи=LATER), line("2", Взамен="1")], "is before that of the document it replaces, 01.05"),
        ([line("1", Взамен="2"), line("2", Взамен="1")], "leads back to itself"),
    ],
)
def test_a_duplicate_of_nothing_is_refused(simple: OldRegister, rows: list[dict[str, object]], told: str) -> None:
    assert told in simple.stopped(rows)[0]


def test_a_number_that_several_bear_names_no_original(lite_papers: Papers, tmp_path: Path) -> None:
    old = OldRegister(lite_papers, tmp_path, 'numbers_begin_anew = "year"')
    rows = [line("1"), line("1", Дата_выдачи=dt.date(2023, 1, 1)), line("2", Взамен="1")]
    [told] = old.stopped(rows)
    assert "is the number of 2 documents of this kind" in told


# --- learners ---------------------------------------------------------------------------------------------------------


def test_learners_are_found_by_what_the_file_names_in_its_order(old: OldRegister) -> None:
    world = old.papers.world
    world.person("21", "Ёлкина Дарья", idnumber="ЗК-21", email="Elkina@example.com")
    world.person("22", "Ёлкина Дарья", idnumber="ЗК-22", email="two@example.com")
    world.person("23", "Ёлкина Вера", email="two@example.com")
    done = old.take(
        [
            line("1", СНИЛС=SNILS, Зачётка="ЗК-21"),
            line("2", Зачётка="зк-21"),
            line("3", Почта="elkina@EXAMPLE.com "),
            line("4", Почта="two@example.com"),
            line("5", Зачётка="ЗК-99"),
            line("6", ID="22"),
        ]
    )
    assert [old.one(str(number))[0].learner for number in range(1, 7)] == ["1", "21", "21", "", "", "22"]
    assert old.one("2")[1].learner == "21"  # type: ignore[union-attr]
    assert (done.created, done.linked) == (6, 4)
    warned = {(one.row, one.message) for one in done.problems}
    assert (5, "is that of 2 learners of the LMS: the document is linked to none") in warned
    assert any(row == 2 and "another surname in the LMS" in message for row, message in warned)
    assert old.papers.sound()


def test_an_erased_learner_is_nobody(simple: OldRegister) -> None:
    simple.papers.store.erase_learner(SOURCE, "1", "registrar", "отзыв согласия")
    assert "is no learner whom the store knows" in simple.stopped([line("1", ID="1")])[0]
    assert simple.take([line("1", СНИЛС=SNILS)]).linked == 0


def test_a_document_is_linked_once_with_its_holder_and_scans(old: OldRegister, tmp_path: Path) -> None:
    papers = old.papers
    old.take([line("1", ФИО="Борисова Анна Петровна"), line("2")])
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7 scan")
    papers.attach("d000001", tmp_path / "scan.pdf")
    linked = link(papers.store, SOURCE, "d000001", "2", WHY)
    assert (linked.document.learner, linked.same_name) == ("2", True)
    assert papers.holder("d000001").learner == "2"
    assert [one.record.uid for one in papers.all(learner="2")] == ["d000001"]
    [*_, last] = history(papers.store, SOURCE, "issued_document", "d000001")
    assert (last.actor, last.reason) == ("registrar", "сверка с СДО")
    assert not link(papers.store, SOURCE, "d000002", "2", WHY).same_name
    assert "belongs to learner 2 already" in papers.world.refusal(
        lambda: link(papers.store, SOURCE, "d000001", "1", WHY)
    )
    assert papers.sound()
    assert papers.store.erase_learner(SOURCE, "2", "registrar", "отзыв согласия")
    assert (papers.holder("d000001"), papers.holder("d000002")) == (None, None)
    assert remove_unnamed(papers.store, papers.files) == 1
    assert papers.sound()


def test_only_somebody_whom_the_store_knows_is_linked(simple: OldRegister) -> None:
    store = simple.papers.store
    simple.take([line("1"), line("2")])
    refusal = simple.papers.world.refusal
    assert "no learner 99" in refusal(lambda: link(store, SOURCE, "d000001", "99", WHY))
    assert "has no document d000009" in refusal(lambda: link(store, SOURCE, "d000009", "2", WHY))
    store.erase_holder(SOURCE, "d000002", "registrar", "отзыв согласия")
    assert "was erased" in refusal(lambda: link(store, SOURCE, "d000002", "2", WHY))
    with pytest.raises(RegisterError, match="needs a reason"):
        DocumentAct("registrar", " ")


def test_the_duplicate_of_somebody_unknown_is_linked_by_itself(simple: OldRegister) -> None:
    papers = simple.papers
    simple.take([line("1")])
    papers.duplicate("d000001")
    papers.issue("d000002")
    link(papers.store, SOURCE, "d000001", "2", WHY)
    assert papers.one("d000002").learner == ""
    link(papers.store, SOURCE, "d000002", "2", WHY)
    assert papers.sound()


def test_what_was_taken_over_is_told_to_the_lms_once_it_has_a_learner(old: OldRegister) -> None:
    store = old.papers.store
    with store.writing() as connection:
        write_target(connection, SOURCE, "companion", enabled=True)

    def queued() -> list[str]:
        with store.reading() as connection:
            return sorted(row.document for row in pushes(connection, SOURCE))

    old.take([line("1", ID="2"), line("2")])
    assert queued() == ["d000001"]
    link(store, SOURCE, "d000002", "1", WHY)
    assert queued() == ["d000001", "d000002"]


# --- people whom the LMS does not know --------------------------------------------------------------------------------


def test_the_holder_of_one_document_is_erased_and_its_line_stays(old: OldRegister, tmp_path: Path) -> None:
    papers = old.papers
    old.take([line("1", ФИО="Единственная Дарья О"), line("2")])
    (tmp_path / "Единственная.pdf").write_bytes(b"%PDF-1.7 scan")
    papers.attach("d000001", tmp_path / "Единственная.pdf")
    assert papers.store.erase_holder(SOURCE, "d000001", "registrar", "отзыв согласия")
    assert (papers.holder("d000001"), papers.one("d000001").registration_number) == (None, "1")
    assert papers.holder("d000002") is not None
    for kind, key in ((DocumentHolder.kind, "d000001"), (DocumentScan.kind, f"d000001/{_digest(papers)}")):
        versions = history(papers.store, SOURCE, kind, key)
        assert [one.payload for one in versions] == [None] * len(versions)
        assert (versions[-1].actor, versions[-1].reason) == ("registrar", "отзыв согласия")
    with papers.store.reading() as connection:
        assert scans(connection, SOURCE, "d000001") == []
    assert not papers.store.erase_holder(SOURCE, "d000001", "registrar", "ещё раз")
    assert papers.world.refusal(lambda: papers.duplicate("d000001"))
    assert papers.annul("d000001").status is DocumentStatus.ANNULLED
    # The same table again brings nobody back.
    assert (old.take([line("1", ФИО="Другая Дарья О"), line("2")]).present, papers.holder("d000001")) == (2, None)
    assert remove_unnamed(papers.store, papers.files) == 1
    assert papers.sound()


def _digest(papers: Papers) -> str:
    [place] = papers.files.directory.glob("*/*")
    return place.name


def test_nothing_of_an_erased_holder_is_left_in_the_file(simple: OldRegister, tmp_path: Path) -> None:
    simple.take([line("1", ФИО="Единственная Дарья О")])

    def files_with_the_name() -> list[str]:
        name = "Единственная".encode()
        return [path.name for path in tmp_path.glob("records.db*") if name in path.read_bytes()]

    assert files_with_the_name()
    simple.papers.store.erase_holder(SOURCE, "d000001", "registrar", "отзыв согласия")
    assert files_with_the_name() == []


def test_a_holder_whom_the_lms_knows_is_erased_as_a_learner(simple: OldRegister) -> None:
    simple.take([line("1", ID="2")])
    store = simple.papers.store
    with pytest.raises(StoreError, match="is learner 2 of the LMS: erase the learner"):
        store.erase_holder(SOURCE, "d000001", "registrar", "отзыв согласия")
    with pytest.raises(StoreError, match="has no document 'd000009'"):
        store.erase_holder(SOURCE, "d000009", "registrar", "отзыв согласия")
    assert simple.papers.holder("d000001") is not None
