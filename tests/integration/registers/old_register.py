"""An academy's own register as a table, and taking it over into the register of a `Papers`."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

from lms_sync.mapping.import_load import load_import_columns
from lms_sync.records import DocumentHolder, IssuedDocument
from lms_sync.registers.documents.importing.taking import Imported, ImportOptions, import_documents
from lms_sync.spreadsheet.opening import open_sheet
from lms_sync.spreadsheet.sheet import SheetOptions
from tests.integration.registers.papers import Papers
from tests.integration.registers.world import SOURCE

COLUMNS = """format = 1
{more}
[columns]
registration_number = "Рег. №"
issue_date = "Дата выдачи"
full_name = "ФИО"
programme_title = "Программа"
document_kind = "Вид"
blank_series = "Серия"
blank_number = {{ heading = "Бланк", digits = 6 }}
appendix_number = "Приложение"
status = "Состояние"
handed_at = "Вручён"
birth_date = "Рождение"
snils = "СНИЛС"
sex = "Пол"
hours = {{ heading = "Часы" }}
studied_from = "Начало"
studied_to = "Конец"
qualification = "Квалификация"
protocol = {{ heading = "Протокол", digits = 1 }}
replaces = "Взамен"
reason = "Причина"
learner = "ID"
idnumber = {{ heading = "Зачётка", digits = 1 }}
email = "Почта"
[fixed]
issue_place = "Тверь"
[words.document_kind]
"Удостоверение" = "advanced_training"
"Диплом" = "retraining"
[words.status]
"выдан" = "handed_over"
"оформлен" = "issued"
"аннулирован" = "annulled"
"утерян" = "lost"
"заменён" = "replaced"
[learner]
match = ["snils", "idnumber", "email"]
"""
HEADINGS = (
    "№", "Рег. №", "Вид", "Дата выдачи", "ФИО", "Программа", "Серия", "Бланк", "Приложение", "Состояние", "Вручён",
    "Рождение", "СНИЛС", "Пол", "Часы", "Начало", "Конец", "Квалификация", "Протокол", "Взамен", "Причина", "ID",
    "Зачётка", "Почта",
)  # fmt: skip

USUAL = {
    "Вид": "Удостоверение",
    "Дата выдачи": dt.date(2024, 2, 1),
    "ФИО": "Ёлкина Дарья Олеговна",
    "Программа": "Охрана труда",
    "Часы": 72,
}


def line(number: str, **cells: Any) -> dict[str, Any]:
    """A row with that registration number; cells by heading, with `_` for a blank."""
    return USUAL | {"Рег. №": number} | {name.replace("_", " "): value for name, value in cells.items()}


class OldRegister:
    """Tables in a directory, taken over as the `registrar`."""

    def __init__(self, papers: Papers, directory: Path, more: str = "") -> None:
        self.papers = papers
        self.directory = directory
        self.columns = directory / "columns.toml"
        self.columns.write_text(COLUMNS.format(more=more), encoding="utf-8")

    def csv(self, rows: Sequence[dict[str, Any]], name: str = "register.csv") -> Path:
        """The rows as CSV, days as they are written in Russia."""
        path = self.directory / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=";")
            writer.writerow(HEADINGS)
            writer.writerows([_text(row.get(heading)) for heading in HEADINGS] for row in rows)
        return path

    def xlsx(self, rows: Sequence[dict[str, Any]], name: str = "register.xlsx") -> Path:
        """The rows as a workbook, days and numbers as such."""
        path = self.directory / name
        workbook = openpyxl.Workbook()
        sheet: Any = workbook.active
        sheet.append(HEADINGS)
        for row in rows:
            sheet.append([row.get(heading) for heading in HEADINGS])
        workbook.save(path)
        return path

    def take(self, table: Path | Sequence[dict[str, Any]], **options: Any) -> Imported:
        """Takes a table over, or rows as CSV."""
        path = table if isinstance(table, Path) else self.csv(table)
        columns = load_import_columns(self.columns, self.papers.mapping.documents)
        wanted = ImportOptions("registrar", hashlib.sha256(path.read_bytes()).hexdigest(), **options)
        with open_sheet(path, SheetOptions()) as sheet:
            return import_documents(self.papers.store, SOURCE, self.papers.mapping, sheet, columns, wanted)

    def stopped(self, table: Path | Sequence[dict[str, Any]], **options: Any) -> list[str]:
        """What stops rows of a table of which nothing is taken over."""
        before = self.papers.world.ledger_rows()
        done = self.take(table, **options)
        assert not done.written
        assert self.papers.world.ledger_rows() == before
        return [str(one) for one in done.problems if one.stops]

    def one(self, number: str) -> tuple[IssuedDocument, DocumentHolder | None]:
        """The only document of a registration number, and its holder."""
        [found] = self.papers.all(number=number)
        return found.record, found.holder


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:%d.%m.%Y}" if isinstance(value, dt.date) else str(value)
