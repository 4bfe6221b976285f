"""CSV files: what they are taken for, and what is no table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms_sync.errors import ConfigError
from lms_sync.spreadsheet.sheet import column_name
from tests.unit.spreadsheet.books import opened, rows_of, texts_of

TEXT = "Рег. №;ФИО\n1;Ёлкина\n"


def written(path: Path, content: bytes) -> Path:
    path = path / "table.csv"
    path.write_bytes(content)
    return path


def refusal(path: Path, **options: str) -> str:
    with pytest.raises(ConfigError) as caught:
        rows_of(path, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("codec", "told"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1251", "Windows-1251"), ("utf-16", "UTF-16")],
)
def test_the_encoding_is_guessed_and_told(tmp_path: Path, codec: str, told: str) -> None:
    path = written(tmp_path, TEXT.encode(codec))
    assert texts_of(path) == [["Рег. №", "ФИО"], ["1", "Ёлкина"]]
    with opened(path) as sheet:
        assert sheet.notes == [
            f"The encoding is taken for {told}.",
            "The columns are taken to be parted by semicolons.",
        ]


def test_a_letter_that_a_block_cuts_is_no_reason_for_another_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, b"a" + "ё".encode() * (1024 * 1024))
    with opened(path) as sheet:
        assert sheet.notes[0] == "The encoding is taken for UTF-8."


def test_half_a_letter_at_the_end_is_no_utf_8(tmp_path: Path) -> None:
    with opened(written(tmp_path, b"a;b" + "ё".encode()[:1])) as sheet:
        assert sheet.notes[0] == "The encoding is taken for Windows-1251."


def test_a_file_is_no_text_wherever_that_shows(tmp_path: Path) -> None:
    assert "is no text" in refusal(written(tmp_path, b"\xff" + b"a" * 2 * 1024 * 1024 + b"\x00"))


@pytest.mark.parametrize(
    ("codec", "said"), [("utf-8", "windows-1251"), ("cp1251", "utf-8"), ("utf-8", "utf-16"), ("utf-16", "utf-8")]
)
def test_a_wrong_encoding_is_one_sentence(tmp_path: Path, codec: str, said: str) -> None:
    told = refusal(written(tmp_path, TEXT.encode(codec)), encoding=said)
    assert "as `encoding` says, but rather" in told
    assert "\n" not in told


def test_plain_ascii_is_whatever_it_is_said_to_be(tmp_path: Path) -> None:
    assert texts_of(written(tmp_path, b"a;b\n"), encoding="windows-1251") == [["a", "b"]]


@pytest.mark.parametrize(("delimiter", "told"), [(";", "semicolons"), (",", "commas"), ("\t", "tabs"), ("|", "bars")])
def test_the_delimiter_is_guessed(tmp_path: Path, delimiter: str, told: str) -> None:
    rows = [["№", "Программа"], ["1", "Охрана труда; пожарная, промышленная"], ["2", "Учёт"]]
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    path = written(tmp_path, stream.getvalue().encode())
    assert texts_of(path) == rows
    with opened(path) as sheet:
        assert sheet.notes[1] == f"The columns are taken to be parted by {told}."


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    path = written(tmp_path, b'a;b\n"two\nlines";x\n;\n\n1;2\n')
    assert [row.number for row in rows_of(path)] == [1, 2, 5]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"a;b\n1;\x002\n", "is no text"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\x1f\x8b\x08", "is a gzip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"Workbook", "is of the old Excel format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
        ("<html><table>Реестр</table>".encode(), "is a web page or XML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>', "is a web page or XML"),
        (b'a;b\n1;"never closed' + b"x" * 200_000, "a quotation mark that is not closed"),
        (b"a;b\n1;" + b"x" * 200_000, "more than 131072 characters"),
        (b"\xff\xfea\x00;\x00b", "that are no text"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    refused = refusal(written(tmp_path, content))
    assert told in refused
    assert "\n" not in refused


def test_a_file_that_is_not_there_and_a_sheet_of_a_text(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "absent.csv")
    assert "has no sheets" in refusal(written(tmp_path, b"a;b\n"), sheet="Реестр")


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6), min_size=1)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_written_is_read(tmp_path: Path, rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=";").writerows([["начало", "конец"], *rows])
    path = written(tmp_path, stream.getvalue().encode("utf-8"))
    found = {row.number: [cell.text for cell in row.cells.values()] for row in rows_of(path, delimiter=";")}
    for number, row in enumerate(rows, 2):
        assert found.get(number, []) == [text for text in row if text.strip()]


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    assert [column_name(index) for index in (0, 25, 26, 51, 52, 701, 702, 16383)] == [
        "A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD",
    ]  # fmt: skip
