"""Taking over an academy's own register: what is written, what is refused, and what doing it again changes."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lms_sync.errors import ConfigError
from lms_sync.records import DocumentBasis, DocumentOrigin, DocumentStatus, ProgrammeKind
from lms_sync.registers.documents.importing import taking
from lms_sync.registers.documents.importing.spool import Spool
from lms_sync.registers.documents.importing.writing import Scribe
from lms_sync.store.history import history
from tests.integration.registers.conftest import Rules
from tests.integration.registers.old_register import OldRegister, line
from tests.integration.registers.papers import Papers
from tests.integration.registers.world import SOURCE

DAY = dt.date(2024, 2, 1)
SNILS = "112-233-445 95"


@pytest.fixture
def old(papers: Papers, tmp_path: Path) -> OldRegister:
    """In each database."""
    return OldRegister(papers, tmp_path)


@pytest.fixture
def simple(lite_papers: Papers, tmp_path: Path) -> OldRegister:
    """In SQLite only."""
    return OldRegister(lite_papers, tmp_path)


FULL = line(
    "ПК-2024-0007",
    Серия="ПК",
    Бланк="123",
    Состояние="Выдан",
    Вручён=dt.date(2024, 2, 3),
    Рождение=dt.date(1990, 5, 6),
    СНИЛС="11223344595",
    Пол="ж",
    Начало=dt.date(2024, 1, 10),
    Конец=dt.date(2024, 1, 31),
    Протокол="1-ПК",
    Причина="по заявлению",
    ID="2",
)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_field_is_taken_over(old: OldRegister, form: str) -> None:
    done = old.take(getattr(old, form)([FULL]))
    assert (done.written, done.created, done.first, done.last, done.linked) == (True, 1, "d000001", "d000001", 1)
    record, holder = old.one("ПК-2024-0007")
    assert holder is not None
    assert (record.origin, record.basis, record.status) == (
        DocumentOrigin.IMPORTED,
        DocumentBasis.PASSED,
        DocumentStatus.HANDED_OVER,
    )
    assert (record.title, record.programme_title, record.programme_kind, record.hours) == (
        "Удостоверение о повышении квалификации",
        "Охрана труда",
        ProgrammeKind.ADVANCED_TRAINING,
        72,
    )
    assert (record.blank_series, record.blank_number, record.blank_range) == ("ПК", "000123", None)
    assert (record.registration_series, record.registration_ordinal) == ("ПК-2024-{number}", 7)
    assert (record.issue_date, record.handed_at, record.issue_place) == (DAY, dt.date(2024, 2, 3), "Тверь")
    assert (record.studied_from, record.studied_to) == (dt.date(2024, 1, 10), dt.date(2024, 1, 31))
    assert (record.protocol, record.reason, record.learner) == ("1-ПК", "по заявлению", "2")
    assert (holder.full_name, holder.birth_date) == ("Ёлкина Дарья Олеговна", dt.date(1990, 5, 6))
    assert (holder.snils, holder.sex, holder.learner) == (SNILS, "Жен", "2")
    assert old.papers.sound()


def test_the_ledger_says_which_file_it_was(simple: OldRegister) -> None:
    simple.take([FULL])
    [version] = history(simple.papers.store, SOURCE, "issued_document", "d000001")
    assert version.actor == "registrar"
    assert version.reason.startswith("import of a register, SHA-256 of the file: ")
    assert len(version.reason.rpartition(" ")[2]) == 64


def test_later_numbers_go_on_after_those_taken_over(old: OldRegister) -> None:
    numbers = ["ПК-2026-0040", "ПК-2026-12", "ПК-2025-0900", "15/у"]
    done = old.take([line(number, Дата_выдачи=dt.date(2026, 3, 1)) for number in numbers])
    assert done.series == {"ПК-2026-{number}": 40, "ПК-2025-{number}": 900}
    old.papers.draft()
    issued = [old.papers.issue(uid).document.registration_number for uid in ("d000005", "d000006")]
    assert issued == ["ПК-2026-0041", "ПК-2026-0042"]
    old.take([line("ПК-2026-0020")])  # a gap that history has left may be filled later
    assert old.papers.sound()


def test_a_number_that_another_kind_would_write_counts_there(simple: OldRegister) -> None:
    """Else that kind would stand still at a number that is taken."""
    simple.take([line("ПП-2026-0001", Дата_выдачи=dt.date(2026, 3, 1))])
    assert simple.one("ПП-2026-0001")[0].registration_series == "ПП-2026-{number}"


def test_numbers_of_appendices_count_too(lite_papers: Papers, rules: Rules, tmp_path: Path) -> None:
    lite_papers.mapping = rules('[[document]]\nname = "retraining"\nappendix_number = "Пр-{year}-{number}"')
    old = OldRegister(lite_papers, tmp_path)
    diploma = {"Вид": "Диплом", "Часы": 256, "Квалификация": "Инженер"}
    old.take([line("ПП-2024-1", Приложение="Пр-2024-8", **diploma), line("2", Приложение="2", **diploma)])
    first, second = old.one("ПП-2024-1")[0], old.one("2")[0]
    assert (first.appendix, first.appendix_series, first.appendix_ordinal) == (True, "Пр-2024-{number}", 8)
    assert first.appendix_title.startswith("Приложение к диплому")
    assert (second.appendix_number, second.appendix_ordinal) == ("2", None)
    [told] = old.stopped([line("ПП-2024-9", Приложение="Пр-2024-08", **diploma)])
    assert "counts by the mapping as 8 of the series Пр-2024-{number}, as that of d000001 does" in told
    assert old.papers.sound()


# --- blanks -----------------------------------------------------------------------------------------------------------


def test_a_blank_in_stock_is_linked_and_never_given_again(old: OldRegister) -> None:
    old.take([line("1", Серия="ПК", Бланк="000002"), line("2", Серия="ПК", Бланк="000900")])
    assert [old.one(number)[0].blank_range for number in ("1", "2")] == ["b0001", None]
    [stock] = old.papers.balance()
    assert (stock.used, stock.left, stock.next) == (1, 4, "000001")
    old.papers.draft()
    assert [old.papers.issue(uid).document.blank_number for uid in ("d000003", "d000004")] == ["000001", "000003"]
    assert old.papers.sound()


def test_a_blank_that_came_into_stock_only_later_is_not_given_either(simple: OldRegister) -> None:
    simple.take([line("1", Серия="ПК", Бланк="000006")])
    simple.papers.receive("000006", "000007")
    assert [(one.used, one.next) for one in simple.papers.balance()] == [(0, "000001"), (1, "000007")]


def test_a_blank_that_is_taken_or_spoiled_is_refused(simple: OldRegister) -> None:
    simple.papers.draft()
    simple.papers.issue("d000001")
    simple.papers.spoil("000002")
    told = simple.stopped([line(str(number), Серия="ПК", Бланк=f"00000{number}") for number in (1, 2, 3)])
    assert told == [
        "row 2, H2 «Бланк»: '000001' is the blank of d000001: correct the number",
        "row 3, H3 «Бланк»: '000002' was written off as spoiled in b0001: correct the number",
    ]
    annulled = line("2", Серия="ПК", Бланк="000002", Состояние="аннулирован")
    assert simple.take([annulled]).created == 1
    assert simple.papers.sound()


def test_a_blank_of_a_range_for_several_kinds_is_used_once(simple: OldRegister) -> None:
    simple.papers.receive(series="ОБ", document_kinds=["advanced_training", "retraining"])
    diploma = {"Вид": "Диплом", "Часы": 256, "Квалификация": "Инженер", "Серия": "ОБ", "Бланк": "000003"}
    [told] = simple.stopped([line("1", Серия="ОБ", Бланк="000003"), line("2", **diploma)])
    assert told == "row 3, H3 «Бланк»: '000003' is the blank of another row of the table (2): correct the number"
    simple.take([line("1", Серия="ОБ", Бланк="000003")])
    assert "is the blank of d000001" in simple.stopped([line("2", **diploma)])[0]


# --- doubles ----------------------------------------------------------------------------------------------------------


def test_what_stands_twice_in_the_table_is_told_even_of_rows_with_other_faults(simple: OldRegister) -> None:
    told = simple.stopped(
        [
            line("ПК-2024-0007", Серия="ПК", Бланк="77", Часы="сто"),
            line("ПК-2024-0007"),
            line("ПК-2024-7"),
            line("8", Серия="ПК", Бланк="000077"),
            line("ПК-2024-0007", Вид="Диплом", Квалификация="Инженер"),
        ]
    )
    assert [one.partition(":")[0] for one in told] == [
        "row 2, O2 «Часы»",
        "row 3, B3 «Рег. №»",
        "row 4, B4 «Рег. №»",
        "row 5, H5 «Бланк»",
        "row 6, B6 «Рег. №»",
    ]
    assert "stands in row 2 too" in told[1]
    assert "counts by the mapping as 7 of the series ПК-2024-{number}, as that of row 2 does" in told[2]
    assert "is the blank of row 2 too" in told[3]


def test_numbers_may_begin_anew_every_year_where_that_is_said(lite_papers: Papers, tmp_path: Path) -> None:
    rows = [line("15"), line("15", Дата_выдачи=dt.date(2025, 2, 1)), line("15", Вид="Диплом", Часы=256)]
    [told] = OldRegister(lite_papers, tmp_path).stopped(rows)
    assert 'say numbers_begin_anew = "year"' in told
    old = OldRegister(lite_papers, tmp_path, 'numbers_begin_anew = "year"')
    assert old.take(rows).created == 3
    assert (old.take(rows).present, old.take(rows).created) == (3, 0)
    assert "stands in row 2 too" in old.stopped([line("15"), line("15", Дата_выдачи=dt.date(2024, 9, 1))])[0]


def test_a_number_of_this_register_is_not_taken_over(old: OldRegister) -> None:
    old.papers.draft()
    old.papers.issue("d000001")
    number = old.papers.one("d000001").registration_number
    told = old.stopped([line(number), line(number.replace("0001", "001"))])
    assert "is the number of d000001, which this register has numbered itself" in told[0]
    assert "as that of row 2 does" in told[1]
    [told_alone] = old.stopped([line(number.replace("0001", "001"))])
    assert "as that of d000001 does" in told_alone


# --- again, or not at all ---------------------------------------------------------------------------------------------


def test_the_same_table_again_adds_nothing_whatever_became_of_the_documents(old: OldRegister) -> None:
    rows = [
        FULL,
        line("2", Состояние="оформлен"),
        line("3", ФИО="Щукин Щ Щ"),
        line("4", Состояние="заменён"),
        line("5", Взамен="4", Дата_выдачи=dt.date(2024, 5, 1)),
    ]
    assert old.take(rows).created == 5
    old.papers.hand_over("d000002")
    old.papers.lose("d000001")
    old.papers.correct("d000003", hours="36", snils=SNILS)
    old.papers.annul("d000005")
    old.papers.store.erase_holder(SOURCE, "d000004", "registrar", "отзыв согласия")
    before = old.papers.world.ledger_rows()
    for table in (old.csv(rows), old.xlsx(rows)):
        done = old.take(table)
        assert (done.written, done.created, done.present, done.problems) == (True, 0, 5, [])
    assert old.papers.world.ledger_rows() == before
    assert old.papers.sound()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"ФИО": "Ёлкин Дарья Олеговна"}, "last_name"),
        ({"Часы": 16}, "hours"),
        ({"СНИЛС": ""}, "snils"),
        ({"Состояние": "утерян"}, "status"),
        ({"Бланк": "124"}, "blank_number"),
        ({"Программа": "Учёт", "Протокол": "2"}, "programme_title, protocol"),
    ],
)
def test_a_row_that_says_otherwise_than_before_is_refused(
    simple: OldRegister, changed: dict[str, Any], named: str
) -> None:
    simple.take([FULL])
    [told] = simple.stopped([FULL | changed, line("99")])
    assert f"is taken over already as d000001, with another {named}: leave the row as it was" in told


def test_one_bad_row_keeps_all_out_unless_the_others_are_asked_for(old: OldRegister) -> None:
    rows = [line("1"), line("2", Часы="много"), line("3")]
    assert len(old.stopped(rows)) == 1
    done = old.take(rows, partial=True)
    assert (done.written, done.created, done.refused, done.last) == (True, 2, 1, "d000002")
    assert old.take([line("1"), line("4"), line("4"), line("ПК-2024-5"), line("ПК-2024-05")], partial=True).created == 2
    mended = [line("1"), line("2"), line("3")]
    assert (old.take(mended).created, old.one("2")[0].uid) == (1, "d000005")
    assert old.papers.sound()


def test_a_row_that_only_the_register_refuses_keeps_all_out_too(
    simple: OldRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "BATCH", 2)
    rows = [line(str(number)) for number in range(1, 6)] + [line("6", ID="99"), line("7")]
    [told] = simple.stopped(rows)
    assert told == "row 7, V7 «ID»: '99' is no learner whom the store knows: correct or empty it"
    assert simple.take(rows, partial=True).created == 6


def test_a_dry_run_tells_the_same_and_writes_nothing(simple: OldRegister) -> None:
    rows = [line("ПК-2024-0001"), line("2", Состояние="заменён"), line("3", Взамен="2")]
    before = simple.papers.world.ledger_rows()
    would = simple.take(rows, dry_run=True)
    assert simple.papers.world.ledger_rows() == before
    done = simple.take(rows)
    assert (would.written, done.written) == (False, True)
    assert (would.created, would.first, would.last, would.series) == (done.created, done.first, done.last, done.series)


def test_a_fault_halfway_leaves_nothing(old: OldRegister, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.papers.world.ledger_rows()
    rows = [line(str(number)) for number in range(1, 8)]
    written, write = list[int](), Scribe.write

    def fail_later(scribe: Scribe, judged: Any, originals: Any) -> None:
        write(scribe, judged, originals)
        written.append(len(judged))
        if len(written) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(taking, "BATCH", 3)
        patched.setattr(Scribe, "write", fail_later)
        with pytest.raises(KeyboardInterrupt):
            old.take(rows)
    assert written == [3, 3]
    assert old.papers.world.ledger_rows() == before
    assert old.take(rows).created == 7
    assert old.papers.sound()


# --- what else stands in a table --------------------------------------------------------------------------------------


def test_empty_rows_and_sums_are_passed_over(simple: OldRegister) -> None:
    rows: list[dict[str, Any]] = [line("1"), {}, {"№": 2}, line("2"), {"№": "Итого:", "Часы": 144}, {"ФИО": "Всего 2"}]
    for table in (simple.csv(rows), simple.xlsx(rows)):
        done = simple.take(table, dry_run=True)
        assert (done.created, done.counts.empty, done.counts.totals) == (2, 1, 2)
        assert done.notes[-1] == "Columns that are not taken over: №."


def test_a_row_that_only_sounds_like_a_sum_is_not_passed_over(simple: OldRegister) -> None:
    rows = [line("", ФИО="Итогова Анна"), {"Программа": "Итоговая аттестация"}, {"№": "Итого", "Дата выдачи": DAY}]
    assert {told.partition(",")[0] for told in simple.stopped(rows)} == {"row 2", "row 3", "row 4"}


def test_a_delimiter_in_a_text_is_noticed(simple: OldRegister) -> None:
    path = simple.csv([line("1"), line("2", Почта="two")])
    text = path.read_text(encoding="utf-8").replace(";two\n", ";one;two\n").replace(";two\r\n", ";one;two\r\n")
    path.write_text(text, encoding="utf-8")
    [told] = simple.stopped(path)
    assert told.startswith("row 3: has more cells than there are headings")


@pytest.mark.parametrize(
    ("cell", "value", "told"),
    [
        ("B2", "=A1", "holds a formula"),
        ("B2", 125, "is kept as a number, so zeros in front may be lost"),
        ("B2", dt.date(2020, 3, 1), "holds a date: a spreadsheet may have made one of a number"),
        ("D2", 45323, "is a number and no date"),
        ("D2", "31.02.2024", "is no day: write it as DD.MM.YYYY or YYYY-MM-DD"),
        ("E2", "Ёлкина", "holds one word only"),
        ("E2", "Ёлкинa Дарья", "mixes Latin and Cyrillic letters"),
        ("M2", 11223344596, "has wrong check digits"),
        ("J2", "отдан", "say in [words.status] what it means"),
        ("O2", -72, "is no count of hours"),
        ("F2", None, "is empty: programme_title is needed"),
    ],
)
def test_a_cell_that_cannot_be_taken_over_is_told_with_its_place(
    simple: OldRegister, cell: str, value: Any, told: str
) -> None:
    path = simple.xlsx([line("1")])
    workbook = openpyxl.load_workbook(path)
    sheet: Any = workbook.active
    sheet[cell] = value
    if not isinstance(value, dt.date):
        sheet[cell].number_format = "General"
    workbook.save(path)
    [found] = simple.stopped(path)
    assert found.startswith(f"row 2, {cell} «")
    assert told in found


def test_merged_cells_are_told_where_they_matter(simple: OldRegister) -> None:
    path = simple.xlsx([line("1"), line("2"), line("3")])
    workbook = openpyxl.load_workbook(path)
    sheet: Any = workbook.active
    for area in ("A2:A4", "E3:F4"):
        sheet.merge_cells(area)
    workbook.save(path)
    told = simple.stopped(path)
    assert [one for one in told if "merged" in one] == [
        "row 3, E3 «ФИО»: merged cells E3:F4: unmerge them and write the value into every row"
    ]


@pytest.mark.parametrize(
    ("cells", "field", "told"),
    [
        ({"Дата_выдачи": dt.date(2026, 3, 6)}, "Дата выдачи", "is still to come"),
        ({"Вручён": dt.date(2024, 1, 31)}, "Вручён", "is before the date of issue, 01.02.2024"),
        ({"Вручён": dt.date(2026, 3, 6)}, "Вручён", "is still to come"),
        ({"Начало": dt.date(2024, 1, 2), "Конец": dt.date(2024, 1, 1)}, "Конец", "is before the beginning of study"),
        ({"Рождение": DAY}, "Рождение", "is not before the date of issue"),
        ({"Состояние": "оформлен", "Вручён": DAY}, "Состояние", "is said to be only issued"),
        ({"Серия": "ПК"}, "Бланк", "is empty, though there is a series"),
        ({"Взамен": "1"}, "Взамен", "is the document's own number"),
        ({"Состояние": "заменён"}, "Состояние", "no row that can be taken over names it"),
    ],
)
def test_what_no_document_can_be_is_refused(simple: OldRegister, cells: dict[str, Any], field: str, told: str) -> None:
    [found] = simple.stopped([line("1", **cells)])
    assert f"«{field}»" in found
    assert told in found


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"Часы": 8}, "is fewer than documents of kind advanced_training need now, 16"),
        ({"Конец": dt.date(2024, 3, 1)}, "is after the date of issue"),
        ({"ФИО": "Smith John"}, "ФРДО would not take it"),
        ({"Рождение": dt.date(1910, 1, 1)}, "makes the holder 114 years old"),
        ({"Вид": "Диплом", "Часы": 256}, "is empty, though documents of kind retraining name it now"),
        ({"Серия": "ПK", "Бланк": "1"}, "mixes Latin and Cyrillic letters"),
        ({"Рег. №": "ПК-2023-1"}, "is not of the date of issue, 01.02.2024"),
    ],
)
def test_what_only_todays_rules_forbid_is_taken_over_with_a_warning(
    simple: OldRegister, cells: dict[str, Any], told: str
) -> None:
    done = simple.take([line("1") | cells])
    assert done.created == 1
    assert any(told in one.message for one in done.problems)
    assert simple.papers.sound()


# --- headings ---------------------------------------------------------------------------------------------------------


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    return str(caught.value)


def test_headings_that_are_missing_or_doubled_are_told_at_once_with_their_lines(simple: OldRegister) -> None:
    path = simple.csv([line("1")])
    text = path.read_text(encoding="utf-8").replace("Рег. №", "Рег № ").replace("СНИЛС", "ФИО").replace("Пол", "Хм")
    path.write_text(text, encoding="utf-8")
    told = refused(lambda: simple.take(path))
    assert "columns.toml:4: registration_number: the table has no heading 'Рег. №'; did you mean 'Рег №'?" in told
    assert "columns.toml:6: full_name: the heading 'ФИО' stands in columns E and M" in told
    assert "columns.toml:16: sex: the table has no heading 'Пол'" in told


def test_headings_in_another_row_are_found_for_the_operator(lite_papers: Papers, tmp_path: Path) -> None:
    path = OldRegister(lite_papers, tmp_path).csv([line("1")])
    path.write_text("Реестр выданных документов\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert "write header_row = 3" in refused(lambda: OldRegister(lite_papers, tmp_path).take(path))
    done = OldRegister(lite_papers, tmp_path, "header_row = 3").take(path)
    assert (done.created, done.rows) == (1, 1)


def test_one_column_feeds_one_field(simple: OldRegister) -> None:
    text = simple.columns.read_text(encoding="utf-8").replace('reason = "Причина"', 'reason = "Протокол"')
    simple.columns.write_text(text, encoding="utf-8")
    assert "reason and protocol are both fed by the heading 'Протокол'" in refused(lambda: simple.take([line("1")]))


# --- size -------------------------------------------------------------------------------------------------------------


def peak(old: OldRegister, count: int) -> int:
    path = old.csv(
        [
            line(f"ПК-2024-{number:05}", Серия="ПК", Бланк=f"1{number:05}", Программа="Я" * 900)
            for number in range(1, count + 1)
        ]
    )
    tracemalloc.start()
    try:
        assert old.take(path, dry_run=True).created == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_by_the_numbers_of_a_row_and_not_by_the_row(
    simple: OldRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms_sync.registers.documents.importing.spool.IN_MEMORY", 64 * 1024)
    assert (peak(simple, 2500) - peak(simple, 500)) / 2000 < 1000


def test_lines_outlast_the_memory_that_they_may_take(monkeypatch: pytest.MonkeyPatch, simple: OldRegister) -> None:
    monkeypatch.setattr("lms_sync.registers.documents.importing.spool.IN_MEMORY", 1)
    added = list[str]()
    add = Spool.add
    monkeypatch.setattr(Spool, "add", lambda spool, one: (added.append(one.registration_number), add(spool, one))[1])
    done = simple.take([line(str(number), ФИО=f"Ёлкина {'Я' * number} О") for number in range(1, 30)])
    assert done.created == len(added) == 29
    assert simple.one("29")[1].first_name == "Я" * 29  # type: ignore[union-attr]
