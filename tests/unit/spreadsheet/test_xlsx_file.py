"""XLSX files: what stands in a cell, and files that mean harm."""

from __future__ import annotations

import datetime as dt
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from lms_sync.errors import ConfigError
from lms_sync.spreadsheet.sheet import MOST_ROWS, Cell, CellKind
from tests.unit.spreadsheet.books import SHEET, book, opened, rows_of, texts_of, with_part

DAY = dt.date(2024, 2, 29)


def cell_of(path: Path, value: Any, number_format: str = "General") -> Cell:
    """The cell that a value in A1 is read as."""

    def change(sheet: Any) -> None:
        sheet["A1"] = value
        sheet["A1"].number_format = number_format

    [row] = rows_of(book(path / "one.xlsx", change=change))
    return row.cells[0]


def refusal(path: Path, **options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        rows_of(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "number_format", "cell"),
    [
        ("Ёлкина", "General", Cell(CellKind.TEXT, "Ёлкина")),
        ("000123", "General", Cell(CellKind.TEXT, "000123")),
        (123, "General", Cell(CellKind.NUMBER, "123")),
        (123, "000000", Cell(CellKind.NUMBER, "123", zeros=6)),
        (123, '"№ "000000', Cell(CellKind.NUMBER, "123", zeros=6)),
        (123, "#,##0", Cell(CellKind.NUMBER, "123")),
        (123, "0.00", Cell(CellKind.NUMBER, "123")),
        (72.0, "General", Cell(CellKind.NUMBER, "72")),
        (72.5, "000", Cell(CellKind.NUMBER, "72.5")),
        (10**14, "General", Cell(CellKind.NUMBER, "100000000000000")),
        (DAY, "dd.mm.yyyy", Cell(CellKind.DAY, "2024-02-29", DAY)),
        (45351.64, "dd.mm.yyyy hh:mm", Cell(CellKind.DAY, "2024-02-29", DAY)),
        (dt.time(15, 30), "hh:mm", Cell(CellKind.ERROR, "15:30:00")),
        (45351, "dd.mm.yyyy", Cell(CellKind.DAY, "2024-02-29", DAY)),
        (-5, "dd.mm.yyyy", Cell(CellKind.DAY, "1899-12-25", dt.date(1899, 12, 25))),
        (10**12, "dd.mm.yyyy", Cell(CellKind.ERROR, "#VALUE!")),
        (True, "General", Cell(CellKind.TRUTH, "TRUE")),
        ("=1+1", "General", Cell(CellKind.FORMULA, "=1+1")),
        ("#N/A", "General", Cell(CellKind.ERROR, "#N/A")),
    ],
)
def test_what_a_cell_is_read_as(tmp_path: Path, value: Any, number_format: str, cell: Cell) -> None:
    assert cell_of(tmp_path, value, number_format) == cell


@pytest.mark.parametrize("text", ["=1+1", "+7 900", "-", "@mail", '=HYPERLINK("http://example.com")'])
def test_a_text_that_looks_like_a_formula_stays_a_text(tmp_path: Path, text: str) -> None:
    def change(sheet: Any) -> None:
        sheet["A1"].value = text
        sheet["A1"].data_type = "s"

    [row] = rows_of(book(tmp_path / "one.xlsx", change=change))
    assert row.cells[0] == Cell(CellKind.TEXT, text)


def test_a_formula_is_one_though_a_result_is_kept_beside_it(tmp_path: Path) -> None:
    path = book(tmp_path / "one.xlsx", [["=1+1"]])
    with_part(path, SHEET, lambda xml: xml.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>"))
    assert rows_of(path)[0].cells[0].kind is CellKind.FORMULA


SHARED = """<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<si><t>Ёлкина</t></si><si><r><t>Охрана </t></r><r><t>труда</t></r></si></sst>"""
SHARED_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)


def test_texts_that_are_kept_apart_from_their_cells_are_read(tmp_path: Path) -> None:
    path = book(tmp_path / "shared.xlsx", [[0, 1, 0]])
    with_part(path, "xl/sharedStrings.xml", lambda xml: SHARED.encode())
    with_part(path, "[Content_Types].xml", lambda xml: xml.replace(b"</Types>", SHARED_TYPE))
    with_part(path, SHEET, lambda xml: xml.replace(b't="n"', b't="s"'))
    assert texts_of(path) == [["Ёлкина", "Охрана труда", "Ёлкина"]]


def test_days_are_counted_from_the_epoch_that_the_workbook_names(tmp_path: Path) -> None:
    path = tmp_path / "mac.xlsx"
    workbook = openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    sheet: Any = workbook.active
    sheet["A1"] = 45351 - 1462
    sheet["A1"].number_format = "dd.mm.yyyy"
    workbook.save(path)
    assert rows_of(path)[0].cells[0].day == DAY


def test_rows_keep_their_numbers_whatever_lies_between(tmp_path: Path) -> None:
    path = book(tmp_path / "gaps.xlsx", [["a"], [], [None, " "], ["b", "c"]])
    assert [(row.number, sorted(row.cells)) for row in rows_of(path)] == [(1, [0]), (4, [0, 1])]
    with opened(path) as sheet:
        assert [row.cells[1].text for row in sheet.rows([1])] == ["c"]


def test_the_sheet_is_the_only_one_that_is_seen_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    workbook = openpyxl.Workbook()
    for name in ("2023", "2024", "старое"):
        workbook.create_sheet(name).append([name])
    workbook.remove(workbook.worksheets[0])
    workbook["старое"].sheet_state = "hidden"
    workbook.save(path)
    assert "'2023', '2024'" in refusal(path)
    assert texts_of(path, sheet="2024") == [["2024"]]
    assert "has no sheet '2025'" in refusal(path, sheet="2025")
    with opened(path, sheet="старое") as sheet:
        assert sheet.notes == ["The sheet is hidden."]
    workbook.remove(workbook["2023"])
    workbook.save(path)
    with opened(path) as sheet:
        assert sheet.notes == ["Hidden sheets are not read: 'старое'."]


def test_merged_cells_and_hidden_rows_are_told(tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.merge_cells("A1:C1")
        sheet.merge_cells("B3:B5")
        sheet.row_dimensions[3].hidden = True
        sheet.row_dimensions[4].hidden = True
        sheet.row_dimensions[5].height = 30

    path = book(tmp_path / "merged.xlsx", [[1, 2, 3]] * 6, change)
    with opened(path) as sheet:
        assert [area.name for area in sheet.merged] == ["A1:C1", "B3:B5"]
        assert sheet.notes == ["Hidden rows are read like others, as those that a filter hides: 2."]


def test_a_merged_area_is_found_wherever_the_reading_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "merged.xlsx", [[1, 2, 3]] * 3, lambda sheet: sheet.merge_cells("B2:B3"))
    for size in range(1, 60, 7):
        monkeypatch.setattr("lms_sync.spreadsheet.survey._BLOCK", size)
        with opened(path) as sheet:
            assert [area.name for area in sheet.merged] == ["B2:B3"]


# --- files that mean harm, or are none --------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", ["A1:XFD1048576", "A1:A1"])
def test_a_dimension_that_lies_neither_hides_rows_nor_makes_any(tmp_path: Path, dimension: str) -> None:
    path = book(tmp_path / "lying.xlsx", [["a", "b"], ["c", "d"]])
    with_part(path, SHEET, lambda xml: xml.replace(b'ref="A1:B2"', f'ref="{dimension}"'.encode()))
    assert texts_of(path) == [["a", "b"], ["c", "d"]]


def test_a_row_far_below_any_sheet_is_not_gone_to(tmp_path: Path) -> None:
    path = book(tmp_path / "far.xlsx", [["a"], ["b"]])
    with_part(path, SHEET, lambda xml: xml.replace(b'<row r="2"', b'<row r="99999999999"').replace(b'r="A2"', b""))
    assert [row.number for row in rows_of(path)] == [1]
    assert MOST_ROWS < 99999999999


def test_a_cell_far_right_takes_no_room(tmp_path: Path) -> None:
    path = book(tmp_path / "far.xlsx", [["a"], ["b"]])
    with_part(path, SHEET, lambda xml: xml.replace(b'r="A2"', b'r="ZZZ2"'))
    tracemalloc.start()
    assert texts_of(path) == [["a"]]
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


LAUGHS = b"""<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "_rels/.rels"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda xml: xml.replace(b"?>", b"?>" + LAUGHS, 1) if b"?>" in xml else LAUGHS + xml,
        lambda xml: b"<!-- <a -->" + LAUGHS + xml.partition(b"?>")[2],
        lambda xml: b"<!--" + b"x" * 70_000 + b"-->" + LAUGHS + xml.partition(b"?>")[2],
        lambda xml: LAUGHS.decode().encode("utf-16") + xml.partition(b"?>")[2].decode().encode("utf-16-le"),
        lambda xml: b'<?xml version="1.0" encoding="cp037"?>' + LAUGHS.decode().encode("cp037"),
    ],
    ids=["plain", "behind a comment", "behind a long comment", "utf-16", "ebcdic"],
)
def test_whatever_may_declare_entities_is_refused(tmp_path: Path, part: str, spoil: Callable[[bytes], bytes]) -> None:
    path = with_part(book(tmp_path / "laughs.xlsx", [["a"]]), part, spoil)
    assert "begins as no spreadsheet writes it" in refusal(path)


def test_comments_before_the_first_element_do_no_harm(tmp_path: Path) -> None:
    path = book(tmp_path / "comment.xlsx", [["a"]])
    with_part(
        path, SHEET, lambda xml: b'<?xml version="1.0"?><!-- by hand --><?x y?>' + xml[xml.index(b"<worksheet") :]
    )
    assert texts_of(path) == [["a"]]


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = book(tmp_path / "bomb.xlsx", [["a"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/sharedStrings.bin", "w") as part:
        for _ in range(300):
            part.write(bytes(1024 * 1024))
    assert path.stat().st_size < 1_000_000
    assert "would unpack to more than is sound" in refusal(path)


def test_a_size_that_lies_is_no_way_around(tmp_path: Path) -> None:
    path = book(tmp_path / "lying.xlsx", [["a" * 5000]])
    with zipfile.ZipFile(path) as archive:
        real = archive.getinfo(SHEET).file_size
    data = path.read_bytes()
    spoilt = data.replace(real.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert spoilt != data
    path.write_bytes(spoilt)
    assert "cannot be read as XLSX" in refusal(path)


def test_an_encrypted_part_is_told(tmp_path: Path) -> None:
    path = book(tmp_path / "locked.xlsx", [["a"]])
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    path.write_bytes(data)
    assert "protected by a password" in refusal(path)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "is an OpenDocument file"),
        ({"word/document.xml": "<x/>", "[Content_Types].xml": "<x/>"}, "is a Word document"),
        ({"xl/workbook.bin": "", "[Content_Types].xml": "<x/>"}, "is a binary workbook"),
        ({"register.csv": "a;b"}, "is an archive, not a table"),
        ({"[Content_Types].xml": "<Types/>"}, "cannot be read as XLSX"),
    ],
)
def test_other_archives_are_told_apart(tmp_path: Path, parts: dict[str, str], told: str) -> None:
    path = tmp_path / "other.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    assert told in refusal(path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:10],
        lambda data: data[:400] + bytes(60) + data[460:],
    ],
    ids=["cut", "begun", "overwritten"],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    path = book(tmp_path / "damaged.xlsx", [["a"]])
    path.write_bytes(spoil(path.read_bytes()))
    assert str(path) in refusal(path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda xml: xml[: len(xml) // 2],
        lambda xml: xml.replace(b't="n"', b't="s"').replace(b"<v>1</v>", b"<v>999</v>"),
        lambda xml: xml.replace(b'<row r="1"', b'<row r="x"'),
        lambda xml: xml.replace(b"<v>1</v>", b"<v>one</v>"),
        lambda xml: xml.replace(b'ref="A1:A2"', b'ref="A1:ZZZZ99"'),
    ],
    ids=["cut", "no such text", "no row", "no number", "no dimension"],
)
def test_a_damaged_sheet_is_one_sentence_without_its_values(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    path = with_part(book(tmp_path / "damaged.xlsx", [[1], [2]]), SHEET, spoil)
    told = refusal(path)
    assert "cannot be read as XLSX" in told
    assert "one" not in told.removeprefix(str(path)).replace("open", "")
