"""Taking over an existing register on the command line: a Russian table as it comes from an office, and its people."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lms_sync.sandbox import SandboxServer, reference_world
from tests.e2e.desk import Desk, Outcome, set_up

COLUMNS = """format = 1
header_row = 3
[columns]
registration_number = "Рег. №"
document_kind = "Вид документа"
blank_series = "Серия"
blank_number = { heading = "Номер бланка", digits = 6 }
full_name = "ФИО"
birth_date = { heading = "Дата рождения", dates = ["DD.MM.YY", "DD.MM.YYYY"] }
programme_title = "Программа"
hours = "Часы"
issue_date = "Дата выдачи"
status = "Отметка"
replaces = "Взамен"
[words.document_kind]
"удостоверение" = "advanced_training"
"диплом" = "retraining"
[words.status]
"выдано" = "handed_over"
"заменено" = "replaced"
"""
HEADINGS = [
    "№ п/п", "Рег. №", "Вид документа", "Серия", "Номер бланка", "ФИО", "Дата рождения", "Программа", "Часы",
    "Дата выдачи", "Отметка", "Взамен",
]  # fmt: skip
ROWS = [
    ["Реестр выданных документов"],
    [],
    HEADINGS,
    ["1", "ПК-2024-0001", "Удостоверение", "ПК", "1", "Ёжикова Ёлка Ильинична", "05.01.80", "Охрана труда; основы",
     "72 ч.", "01.02.2024", "выдано", ""],
    ["2", "ПК-2024-0002", "Удостоверение", "ПК", "2", "Мамедов Рашид Гасан оглы", "07.07.1990", "Охрана труда", "72",
     "01.02.2024", "заменено", ""],
    ["3", "ПК-2024-0003", "Удостоверение", "ПК", "3", "Мамедов Рашид Гасан оглы", "07.07.1990", "=Охрана труда", "72",
     "01.06.2024", "выдано", "ПК-2024-0002"],
    ["Итого: 3"],
]  # fmt: skip


def done(outcome: Outcome) -> str:
    assert outcome.code == 0, outcome.both
    return outcome.out


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk after a pull; only to be copied."""
    with SandboxServer(reference_world("5.1")) as server:
        desk = set_up(tmp_path_factory.mktemp("desk"), server)
        done(desk.run("pull"))
        (desk.path / "columns.toml").write_text(COLUMNS, encoding="utf-8")
        return desk


@pytest.fixture
def office(pulled: Desk, tmp_path: Path) -> Iterator[Desk]:
    """A copy of it with the table in Windows-1251."""
    path = tmp_path / "office"
    shutil.copytree(pulled.path, path)
    write_csv(path / "register.csv", ROWS)
    yield Desk(path, pulled.server, pulled.token)


def write_csv(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="cp1251", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows(rows)


def write_xlsx(path: Path, rows: list[list[str]]) -> None:
    workbook = openpyxl.Workbook()
    sheet: Any = workbook.active
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row, 1):
            sheet.cell(number, column).value = text
            sheet.cell(number, column).data_type = "s"
    workbook.save(path)


def take(desk: Desk, *arguments: str) -> Outcome:
    return desk.run("documents", "import", *arguments, "--columns", "columns.toml")


def exported(desk: Desk) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done(desk.run("documents", "export")))))


def test_a_russian_register_is_taken_over_once(office: Desk) -> None:
    first = take(office, "register.csv", "--dry-run")
    assert "Would be taken over: 3 (d000001–d000003)" in done(first)
    assert "The encoding is taken for Windows-1251." in first.err
    told = done(take(office, "register.csv"))
    assert "Taken over: 3 (d000001–d000003), with a learner of the LMS: 0; were there before: 0; refused: 0" in told
    assert "Numbers of ПК-2024-{number} go on after 3." in told
    write_xlsx(office.path / "register.xlsx", ROWS)
    assert "Taken over: 0, with a learner of the LMS: 0; were there before: 3" in done(take(office, "register.xlsx"))
    register = exported(office)
    assert [(one["Регистрационный №"], one["Номер бланка"], one["Состояние"]) for one in register] == [
        ("ПК-2024-0001", "000001", "вручён"),
        ("ПК-2024-0002", "000002", "заменён дубликатом"),
        ("ПК-2024-0003", "000003", "вручён"),
    ]
    assert (register[0]["Программа"], register[2]["Программа"]) == ("Охрана труда; основы", "'=Охрана труда")
    assert (register[0]["Дата рождения"], register[1]["Отчество"]) == ("1980-01-05", "Гасан оглы")
    assert "The store is whole" in done(office.run("verify"))


def test_what_is_wrong_goes_to_stdout_alone_and_nothing_is_taken_over(office: Desk) -> None:
    rows = [list(row) for row in ROWS]
    rows[3][5], rows[4][9] = "Ёжикoва Ёлка", "31.02.2024"
    rows += [[*ROWS[3][:1], f"ПК-2025-{number}", *ROWS[3][2:8], "много", *ROWS[3][9:]] for number in range(50)]
    write_csv(office.path / "bad.csv", rows)
    refused = take(office, "bad.csv", "--debug")
    assert refused.code == 2
    assert "row 4, F4 «ФИО»: 'Ёжикoва Ёлка' mixes Latin and Cyrillic letters" in refused.out
    assert "row 5, J5 «Дата выдачи»: '31.02.2024' is no day" in refused.out
    assert refused.out.count("is no count of hours") == 3
    assert "… and so in 47 more rows" in refused.out
    assert "Ёлка" not in refused.err
    assert office.rows("SELECT count(*) FROM issued_document") == [(0,)]
    partly = take(office, "bad.csv", "--partial", "--json")
    assert partly.code == 1
    answer = partly.document()
    assert (answer["written"], answer["created"], answer["refused"], answer["rows"]) == (True, 0, 53, 53)
    assert {(one["row"], one["letter"]) for one in answer["problems"]} >= {(4, "F"), (5, "J"), (6, "L"), (57, "I")}


def test_what_is_no_table_is_a_word_to_stderr(office: Desk) -> None:
    refused = take(office, "store.db")
    assert (refused.code, refused.out) == (2, "")
    assert "is no text" in refused.err


def test_a_holder_is_linked_or_erased_later(office: Desk) -> None:
    done(take(office, "register.csv"))
    linked = office.run("documents", "link", "d000002", "--learner", "3", "--reason", "сверка")
    assert "d000002 is linked to learner 3" in done(linked)
    assert "has another name in the LMS" in linked.err
    erased = office.run("documents", "erase-holder", "d000001", "--reason", "отзыв согласия")
    assert "d000001: the holder's data is erased" in done(erased)
    refused = office.run("documents", "erase-holder", "d000002", "--reason", "отзыв согласия")
    assert (refused.code, "erase the learner" in refused.err) == (4, True)
    assert office.rows("SELECT key, last_name FROM document_holder ORDER BY key") == [
        ("d000001", ""),
        ("d000002", "Мамедов"),
        ("d000003", "Мамедов"),
    ]
