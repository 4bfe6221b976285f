"""From cells of an old register to values: what is read, what is put back, what is never guessed."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping.date_forms import USUAL
from lms_sync.mapping.snils import check_digits
from lms_sync.registers.documents.importing import values
from lms_sync.registers.documents.importing.values import Unfit
from lms_sync.spreadsheet.sheet import Cell, CellKind

TODAY = dt.date(2026, 3, 5)
WORDS = st.from_regex(r"[А-ЯЁ][а-яё]{1,12}", fullmatch=True)


def text(content: str) -> Cell:
    return Cell(CellKind.TEXT, content)


def number(content: str, zeros: int = 0) -> Cell:
    return Cell(CellKind.NUMBER, content, zeros=zeros)


def unfit(read: object) -> str:
    with pytest.raises(Unfit) as caught:
        read()  # type: ignore[operator]
    return str(caught.value)


# --- texts ------------------------------------------------------------------------------------------------------------


@given(st.text())
def test_a_text_becomes_one_line_and_reading_it_again_changes_nothing(content: str) -> None:
    try:
        read = values.text(text(content))
    except Unfit:
        return
    assert values.text(text(read)) == read
    assert read.isprintable() or not read.isascii()
    assert "\x00" not in read
    assert unicodedata.is_normalized("NFC", read)


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ("  Охрана\u00a0\u00a0труда\n", "Охрана труда"),
        (unicodedata.normalize("NFD", "Йод и ёлка"), "Йод и ёлка"),
        ("Охра\u00adна\u200b", "Охрана"),
        ("Е\u200b\u0308лкина", "Ёлкина"),
        ("=1+1", "=1+1"),
        ("@a", "@a"),
        ("a\x00b", "ab"),
    ],
)
def test_what_cannot_be_seen_goes_and_nothing_else(content: str, read: str) -> None:
    assert values.text(text(content)) == read


def test_what_is_too_long_or_was_lost_is_refused() -> None:
    assert "is longer than 1000 characters" in unfit(lambda: values.text(text("я" * 1001)))
    assert "is longer than 60 characters" in unfit(lambda: values.code(text("1" * 61), None))
    assert "is longer than 1000 characters" in unfit(lambda: values.text(text(" " * 10_000_000)))
    assert "were lost" in unfit(lambda: values.text(text("Ив\ufffdнов")))


@pytest.mark.parametrize(
    "read",
    [
        values.text,
        values.name,
        values.full_name,
        values.hours,
        values.snils_number,
        lambda cell: values.code(cell, 6),
        lambda cell: values.blank(cell, 6),
        lambda cell: values.day(cell, USUAL, True, TODAY),
    ],
)
@pytest.mark.parametrize("kind", [CellKind.FORMULA, CellKind.ERROR, CellKind.TRUTH])
def test_a_formula_an_error_and_a_truth_are_no_value_of_anything(read: object, kind: CellKind) -> None:
    unfit(lambda: read(Cell(kind, "72")))  # type: ignore[operator]


# --- numbers of papers ------------------------------------------------------------------------------------------------


@given(st.from_regex(r"[0-9]{1,12}", fullmatch=True))
def test_a_number_as_text_is_never_changed_but_for_zeros_that_were_asked_for(digits: str) -> None:
    assert values.code(text(digits), None) == digits
    assert values.code(text(digits), 6) == ("0" * 6 + digits)[-max(6, len(digits)) :]


@given(st.integers(0, 10**12), st.integers(1, 20))
def test_a_number_that_lost_its_zeros_needs_to_be_told_how_many(value: int, digits: int) -> None:
    assert "zeros in front may be lost" in unfit(lambda: values.code(number(str(value)), None))
    for read in (values.code(number(str(value)), digits), values.code(number(str(value), zeros=digits), None)):
        assert int(read) == value
        assert len(read) == max(digits, len(str(value)))


@pytest.mark.parametrize("content", ["1.5", "-3", "1E+20", "1234567890123456"])
def test_a_number_that_a_spreadsheet_has_not_kept_exactly_is_refused(content: str) -> None:
    assert "is not exact" in unfit(lambda: values.code(number(content), 20))


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ("ПК 000123", ("ПК", "000123")),
        ("ПК № 123", ("ПК", "000123")),
        ("ПК-000123", ("ПК", "000123")),
        ("123", ("", "000123")),
        ("77 АБ 0001234", ("77 АБ", "0001234")),
    ],
)
def test_series_and_number_in_one_cell(content: str, read: tuple[str, str]) -> None:
    assert values.blank(text(content), 6) == read


def test_a_cell_without_a_blanks_number_is_refused() -> None:
    assert "does not end with the digits" in unfit(lambda: values.blank(text("ПК"), 6))


# --- days, hours ------------------------------------------------------------------------------------------------------


@given(st.dates(values.EARLIEST))
def test_a_day_is_the_same_however_it_stands_there(day: dt.date) -> None:
    cells = [Cell(CellKind.DAY, day.isoformat(), day), text(f"{day:%d.%m.}{day.year:04}"), text(day.isoformat())]
    for cell in cells:
        assert values.day(cell, USUAL, False, TODAY) == day


@given(st.integers(10_000, 120_000))
def test_a_count_of_days_is_one_only_where_that_is_said(serial: int) -> None:
    from openpyxl.utils.datetime import from_excel

    for cell in (number(str(serial)), text(str(serial))):
        assert values.day(cell, USUAL, True, TODAY) == from_excel(serial).date()
        assert "serial_dates = true" in unfit(lambda cell=cell: values.day(cell, USUAL, False, TODAY))


@pytest.mark.parametrize("content", ["31.12.1899", "1", "60", "1999999", "вчера", "2024", "12.2024", "01.02.2024?"])
def test_what_is_no_day_of_history_is_refused(content: str) -> None:
    unfit(lambda: values.day(text(content), USUAL, True, TODAY))


@given(st.integers(1, 100_000), st.sampled_from(["", " ч", " ч.", " часа", " часов", "ч", ",0", ".00", " ак. ч."]))
def test_hours_with_their_unit(hours: int, unit: str) -> None:
    assert values.hours(text(f"{hours}{unit}")) == hours


@pytest.mark.parametrize("content", ["0", "72.5", "семьдесят", "72 дня", "-72", "1000000", "²"])
def test_what_is_no_count_of_hours_is_refused(content: str) -> None:
    assert "is no count of hours" in unfit(lambda: values.hours(text(content)))


# --- people -----------------------------------------------------------------------------------------------------------


@given(st.integers(1_001_999, 999_999_999))
def test_a_snils_is_read_in_every_grouping_and_without_its_zeros(serial: int) -> None:
    nine = f"{serial:09}"
    digits = nine + f"{check_digits(nine):02}"
    written = f"{nine[:3]}-{nine[3:6]}-{nine[6:]} {digits[9:]}"
    for cell in (text(written), text(digits), text(f"\u00a0{written}"), number(str(int(digits)))):
        assert values.snils_number(cell) == written
    wrong = f"{nine}{(check_digits(nine) + 1) % 100:02}"
    assert "wrong check digits" in unfit(lambda: values.snils_number(text(wrong)))


@given(WORDS, WORDS, st.lists(WORDS, max_size=3))
def test_nothing_of_a_name_is_lost(last: str, first: str, more: list[str]) -> None:
    written = " ".join([last, first, *more])
    parts = values.full_name(text(f" {written} "))
    assert " ".join(part for part in parts if part) == written
    assert parts[0] == last


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("Мамедов Рашид Гасан оглы", ("Мамедов", "Рашид", "Гасан оглы")),
        ("Ким Ен Су", ("Ким", "Ен", "Су")),
        ("Иванова Анна Мария Сергеевна", ("Иванова", "Анна Мария", "Сергеевна")),
        ("Ли Вэй -", ("Ли", "Вэй", "")),
        ("Smith John", ("Smith", "John", "")),
    ],
)
def test_full_names_are_parted(content: str, parts: tuple[str, str, str]) -> None:
    assert values.full_name(text(content)) == parts


@given(WORDS, st.sampled_from("aeopcyxABCEHKMOPTX"), st.data())
def test_a_latin_letter_in_a_cyrillic_word_is_noticed(word: str, letter: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    spoilt = word[:place] + letter + word[place + 1 :]
    assert "mixes Latin and Cyrillic" in unfit(lambda: values.name(text(spoilt)))


def test_what_says_that_there_is_none_is_none() -> None:
    assert [values.name(text(content)) for content in ("-", "нет", "Нет")] == ["", "", ""]
    assert "is a number, not a name" in unfit(lambda: values.name(number("5")))
