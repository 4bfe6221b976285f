"""Whatever stands in a record of issued documents: a spreadsheet takes no cell for a formula, a terminal obeys nothing.

Every text of every record is hostile here, in every table and export of documents and of recognised results.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from lms_sync.records import Learner, Record, Signatory
from lms_sync.registers.documents.blanks import Balance
from lms_sync.registers.documents.checks import Finding, Severity
from lms_sync.report.csv_out import write_csv
from lms_sync.report.documents import (
    Around,
    blanks_table,
    duplicate_register,
    export_table,
    issuance_sheet,
    register_table,
    shown,
)
from lms_sync.report.interface import Table
from lms_sync.report.json_out import write_json
from lms_sync.report.period import Period
from lms_sync.report.recognitions import recognition_minutes, recognition_register, recognition_shown
from lms_sync.report.record_book import record_book
from lms_sync.report.table import write_table
from lms_sync.store.documents import StoredDocument
from lms_sync.store.recognitions import Named
from lms_sync.store.study import StudyScope
from tests.integration.store import document_samples
from tests.unit.study_samples import a_study, select
from tests.unit.test_recognised_reports import recognised

RecordT = TypeVar("RecordT", bound=Record)

FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]
MOVING = ["\x1b[2J", "\x9b2J", "a\rb", "a\u202eb", "a\u2067b", "a\x07b", "a\x00b", "a\u2028b"]
UTC = ZoneInfo("UTC")


def spoilt(record: RecordT, text: str) -> RecordT:
    """The record with that text before every text in it but the uids that lead to other records."""
    kept = {"uid", "document", "learner", "course", "grade_item", "replaces", "blank_range", "registration_series"}
    texts = {
        name: text + value
        for name, value in record.model_dump().items()
        if type(value) is str and name not in kept | {"first", "last"}
    }
    return record.model_copy(update=texts)


def tables(text: str) -> dict[str, Table]:
    """Every table and export."""
    signed = {"signatories": [Signatory(name=text + "Яшин", position=text)]}
    original = spoilt(document_samples.document(1, **signed), text)
    duplicate = spoilt(document_samples.document(2, replaces="d000001", **signed), text)
    documents = [
        StoredDocument(one, spoilt(document_samples.holder(place), text), 1, "course/5")
        for place, one in enumerate((original, duplicate), start=1)
    ]
    around = Around({}, {"d000001": original})
    balance = Balance(
        spoilt(document_samples.blanks(document_kinds=[text]), text),
        used=1,
        spoiled=1,
        left=98,
        next="000002",
        written_off=(spoilt(document_samples.spoiled(), text),),
    )
    applied = spoilt(document_samples.recognition(), text)
    named = Named({"9": Learner(external_id="9", last_name=text, first_name="Анна")}, {"5": text}, {"7": text})
    result = recognised(subject=text, mark_text=text, source_organisation=text, source_document=text)
    book = a_study(("1",), scope=StudyScope("academy", learner="1"), recognised=[result])
    return {
        "list": register_table(documents),
        "issuance": issuance_sheet(documents, around),
        "duplicates": duplicate_register(documents, around),
        "export": export_table(documents),
        "blanks": blanks_table([balance]),
        "recognitions": recognition_register([applied], named, Period(UTC), 0),
        "minutes": recognition_minutes([applied], named, None),
        "record book": record_book(book, select()),
    }


@pytest.mark.parametrize("name", tables(""))
@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_no_cell_is_a_formula_and_json_says_it_as_it_is(name: str, text: str) -> None:
    table = tables(text)[name]
    stream = io.StringIO(newline="")
    write_csv(table, stream)
    heading, *lines = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert len(heading) == len(table.columns)
    cells = [cell for line in lines for cell in line]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
    assert f"'{text}" in {cell[: len(text) + 1] for cell in cells}
    stream = io.StringIO()
    write_json(table, stream)
    rows = json.loads(stream.getvalue())["rows"]
    assert any(isinstance(value, str) and value.startswith(text) for row in rows for value in row.values())


def on_a_terminal(table: Table) -> str:
    console = Console(file=io.StringIO(), width=4000)
    write_table(table, console)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def moves(text: str) -> list[str]:
    """What in a text would move a cursor or turn the direction of writing; line ends are the table's own."""
    return [
        repr(one)
        for one in text.replace("\n", "")
        if unicodedata.category(one) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(one) in {"RLO", "RLI", "PDF"}
    ]


@pytest.mark.parametrize("name", tables(""))
@pytest.mark.parametrize("text", MOVING, ids=ascii)
def test_a_table_moves_no_cursor(name: str, text: str) -> None:
    assert moves(on_a_terminal(tables(text)[name])) == []


@pytest.mark.parametrize("text", MOVING, ids=ascii)
def test_one_document_or_application_in_lines_moves_no_cursor(text: str) -> None:
    one = spoilt(document_samples.document(), text)
    stored = StoredDocument(one, spoilt(document_samples.holder(), text), 1, "course/5")
    scan = spoilt(document_samples.scan(), text)
    finding = Finding("name", Severity.WARN, text)
    named = Named({"9": Learner(external_id="9", last_name=text, first_name=text)}, {"5": text}, {"7": text})
    document = shown(stored, [scan], [], [finding], UTC)
    application = recognition_shown(spoilt(document_samples.recognition(), text), named, [], UTC)
    assert [line for line in (*document, *application) if moves(line) or "\n" in line] == []
    assert any("Яшин" in line for line in document) and any("диплом" in line for line in application)
