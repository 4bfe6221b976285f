"""Protocols and open sittings as people read them, and as a spreadsheet gets them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from lms_sync.records import AttemptState
from lms_sync.report import protocols as shown
from lms_sync.report.captions import ERASED, NO_NAME
from lms_sync.report.interface import Table
from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import COURSE_RECORD, SOURCE, World, after

MOSCOW = ZoneInfo("Europe/Moscow")
FIRST = "2026/001"

COMMISSION = """
[protocols]
organisation = "АНО ДПО «Пример»"
commission = "main"
[[commission]]
name = "main"
order = "приказ № 12"
chair = { name = "Образцов П. И.", position = "директор" }
members = [{ name = "Тестов О. П." }]
secretary = { name = "Условная М. И.", position = "методист" }
"""


def column(table: Table, key: str) -> list[object]:
    place = [one.key for one in table.columns].index(key)
    return [row[place] for row in table.rows]


def test_the_head_of_a_protocol(lite: World, rules: Rules) -> None:
    lite.mapping = rules(COMMISSION)
    lite.person("1", groups=["ОТ-1"])
    lite.attempt("1", 7)
    lite.attempt("1", 9, number=2, at=after(days=1))
    lite.clock.to(days=2)
    lite.pass_over()
    lite.close("7/ОТ-1")
    head = shown.heading(lite.document(FIRST))
    assert head[0] == "АНО ДПО «Пример»"
    assert head[1].endswith("№ 2026/001")
    assert "«Охрана труда», 72 ч" in head[2]
    assert "Итоговый тест" in head[3]
    assert [line.partition(": ")[2] for line in head[4:10]] == [
        "ОТ-1",
        "03.03.2026",  # of the attempt that counts
        "main (приказ № 12)",
        "Образцов П. И., директор",
        "Тестов О. П.",
        "Условная М. И., методист",
    ]
    assert head[10].endswith("04.03.2026 12:00 (Europe/Moscow), registrar")
    assert len(head) == 12


def test_the_head_of_a_protocol_moves_no_cursor(lite: World) -> None:
    lite.put(COURSE_RECORD.model_copy(update={"title": "Охрана\x1b[2J\u202eтруда"}))
    lite.person("1", groups=["О\rТ"])
    lite.attempt("1", 7)
    lite.pass_over()
    text = "".join(shown.heading(lite.open_document("7/О\rТ")))
    assert "Охрана\ufffd[2J\ufffdтруда" in text
    assert not {"\x1b", "\u202e", "\r"} & set(text)


def test_what_stands_below_the_lines(lite: World) -> None:
    for key in "12345":
        lite.person(key, f"Примеров{key} Пётр")
    lite.enrol("6")
    lite.attempt("1", 7)
    lite.attempt("2", None)
    lite.attempt("3", None, state=AttemptState.IN_PROGRESS)
    lite.attempt("4", None, state=AttemptState.ABANDONED)
    lite.entry("1", 90, overridden=True)
    lite.pass_over()
    totals, *told = shown.notes(lite.open_document())
    assert totals.endswith("; удовлетворительно: 1")
    assert told == [
        "Ожидается: Примеров2 Пётр, попытка 1 — не проверено",
        "Ожидается: Примеров3 Пётр, попытка 1 — попытка не сдана",
        f"Ожидается: {NO_NAME} — имя не прочитано",
        "Нет результата: Примеров4 Пётр — не аттестован",
        "Нет результата: Примеров5 Пётр — не явился",
        "Расхождение с СДО: 7/1/attempt-1, оценка в журнале СДО: оценка 70 из 100 → оценка 90 из 100",
    ]


def test_a_grade_that_nothing_can_judge_is_told_with_the_reason(lite: World) -> None:
    lite.column("8", scale="")
    lite.person("1", "Примеров1 Пётр")
    lite.entry("1", 91, "8")
    lite.pass_over()
    document = lite.open_document("8")
    assert shown.notes(document)[1].startswith(
        "Ожидается: Примеров1 Пётр — нет подходящей шкалы (the item has no scale and its [[attestation]] rule no"
    )
    assert document.as_json()["waiting"][0]["note"].startswith("the item has no scale")


def test_the_history_stands_below_an_amended_protocol(lite: World) -> None:
    lite.person("1")
    lite.attempt("1", 7)
    lite.pass_over()
    lite.close()
    assert len(shown.notes(lite.document(FIRST))) == 1
    lite.clock.to(days=1)
    lite.attempt("1", 9)
    lite.pass_over()
    lite.amend(FIRST, "апелляция")
    first, second = shown.notes(lite.document(FIRST))[1:]
    assert first.startswith("Редакция 1, ")
    assert first.endswith("02.03.2026 12:00, registrar")
    assert second.endswith("03.03.2026 12:00, registrar: апелляция")


def test_the_lines_are_shown_without_columns_that_say_nothing(lite: World) -> None:
    lite.person("1", "Яшин Олег")
    lite.person("2", "Ёлкина Дарья")
    lite.attempt("1", "8.4")
    lite.pass_over()
    lite.close()
    table = shown.lines_table(lite.document(FIRST))
    assert column(table, "full_name") == ["Ёлкина Дарья", "Яшин Олег"]
    assert column(table, "percent") == [None, Decimal(84)]
    assert column(table, "passed") == [False, True]
    assert column(table, "finished_at") == [None, dt.datetime(2026, 3, 2, 12, tzinfo=MOSCOW)]
    assert not {"birth_date", "idnumber"} & {one.key for one in table.columns}


def test_the_list_names_protocols_and_open_sittings(lite: World) -> None:
    for key, group in (("1", "А"), ("2", "Б"), ("3", "Б")):
        lite.person(key, groups=[group])
    lite.attempt("1", 7)
    lite.attempt("2", 5)
    lite.pass_over()
    lite.close("7/А")
    table = shown.list_table([lite.document(FIRST), lite.open_document("7/Б")])
    assert column(table, "protocol") == [FIRST, "7/Б"]
    assert column(table, "held") == ["02.03.2026", "02.03.2026"]
    assert (column(table, "listed"), column(table, "passed")) == ([1, 1], [1, 0])
    assert column(table, "missing_count") == [0, 1]
    assert column(table, "closed_at")[1] is None


def test_an_export_holds_everything_a_line_rests_on_and_no_name_of_the_erased(lite: World) -> None:
    for key in "12":
        lite.person(key, f"Примеров{key} Пётр", idnumber=f"ЗК-{key}")
        lite.attempt(key, 7)
    lite.pass_over()
    lite.close()
    lite.store.erase_learner(SOURCE, "2", "operator", "отозвано согласие")
    table = shown.export_table(lite.document(FIRST))
    assert column(table, "full_name") == ["Примеров1 Пётр", ERASED]
    assert column(table, "idnumber") == ["ЗК-1", None]
    assert column(table, "points") == [Decimal(7), None]
    assert column(table, "mark") == [3, 3]
    assert column(table, "payload_digest") == [line.payload_digest for line in lite.protocol(FIRST).lines]


def test_differences_are_a_table(lite: World) -> None:
    lite.person("1")
    lite.attempt("1", 7)
    lite.pass_over()
    lite.close()
    lite.attempt("1", 9, told_at=after(days=1))
    lite.pass_over()
    table = shown.drift_table(list(lite.drifts().values()), MOSCOW)
    [row] = table.rows
    assert row[:2] == [FIRST, "7/1/attempt-1"]
    assert column(table, "frozen") == ["баллы 7 из 10, оценка 70 из 100"]
    assert column(table, "current") == ["баллы 9 из 10, оценка 90 из 100"]
    assert column(table, "lms_changed_at") == [after(days=1)]
