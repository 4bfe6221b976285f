"""From a cell of an academy's own register to a value of a record, or to what is wrong with it and how to mend it.

Pure. Every refusal is the rest of a sentence about the cell. Nothing is guessed that could be wrong: leading zeros that
a spreadsheet has dropped are put back only where the file or the operator says how many digits there were.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from typing import NoReturn

from lms_sync.mapping import snils
from lms_sync.mapping.date_forms import DateForm
from lms_sync.mapping.names import is_placeholder, split_after_first_word
from lms_sync.mapping.text import one_line
from lms_sync.spreadsheet.sheet import Cell, CellKind

EARLIEST = dt.date(1900, 1, 1)
LONGEST_CODE = 60
LONGEST_NAME = 100
LONGEST_TEXT = 1000

_HOURS = re.compile(r"([0-9]{1,6})(?:[.,]0+)?(?: ?(?:ч|час|часа|часов|ак\. ?ч|академических часов)\.?)?")
_BLANK = re.compile(r"(.*?)[ №-]*([0-9]+)")
_TWO_ALPHABETS = re.compile(r"[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z]")
_EPOCH = dt.date(1899, 12, 30)
_SERIAL = re.compile(r"[0-9]{1,6}")
_FIRST_SERIAL = 10_000  # in 1927: what is smaller is rather a year


class Unfit(ValueError):
    """A cell that cannot be taken over; its text is the rest of a sentence about it."""


def text(cell: Cell, longest: int = LONGEST_TEXT) -> str:
    """A text on one line. A number stands for its digits."""
    _refuse_what_is_no_value(cell)
    if cell.kind is CellKind.DAY:
        raise Unfit("holds a date: a spreadsheet may have made one of a number such as 3/20; type it anew as text")
    return _cleaned(cell.text, longest)


def code(cell: Cell, digits: int | None) -> str:
    """A number of a paper, as printed. `digits`: how many it has, with zeros in front."""
    written = text(cell, LONGEST_CODE)
    plain = written.isascii() and written.isdigit()
    if cell.kind is not CellKind.NUMBER:
        return written.zfill(digits) if digits and plain else written
    if not plain or len(written) > 15:
        raise Unfit("is kept as a number that is not exact: format the column as text and type it anew")
    width = digits or cell.zeros
    if not width:
        raise Unfit(
            "is kept as a number, so zeros in front may be lost: say `digits` of this column (digits = 1 if it never "
            "had any), or format it as text and type it anew"
        )
    return written.zfill(width)


def identifier(cell: Cell) -> str:
    """An identifier of the LMS: a number there has no zeros in front."""
    return text(cell, LONGEST_CODE)


def blank(cell: Cell, digits: int | None) -> tuple[str, str]:
    """Series and number that stand in one cell."""
    written = code(cell, digits)
    found = _BLANK.fullmatch(written)
    if found is None:
        raise Unfit("does not end with the digits of a blank's number: write it as ПК 000123")
    return found[1].strip(), found[2].zfill(digits or 0)


def day(cell: Cell, forms: Sequence[DateForm], serial: bool, today: dt.date) -> dt.date:
    """A day, not before 1900."""
    _refuse_what_is_no_value(cell)
    found = cell.day
    if found is None:
        found = _day_of_text(cell, forms, serial, today)
    if found < EARLIEST:
        raise Unfit("is a day before 1900: correct the year")
    return found


def _day_of_text(cell: Cell, forms: Sequence[DateForm], serial: bool, today: dt.date) -> dt.date:
    written = _cleaned(cell.text, LONGEST_CODE)
    if _SERIAL.fullmatch(written):
        if serial and int(written) >= _FIRST_SERIAL:
            return _EPOCH + dt.timedelta(days=int(written))
        raise Unfit(
            "is a number and no date: format the column as a date, or say serial_dates = true of it if it is a "
            "spreadsheet's count of days"
        )
    for form in forms:
        if (found := form.read(written, today)) is not None:
            return found
    raise Unfit(f"is no day: write it as {' or '.join(form.text for form in forms)}, as 31.12.2020")


def hours(cell: Cell) -> int:
    """Whole hours: «72», «72 ч.», «72 часа»."""
    found = _HOURS.fullmatch(text(cell, LONGEST_CODE).lower())
    if found is None or not 0 < int(found[1]) <= 100_000:
        raise Unfit("is no count of hours: write a whole number, as 72")
    return int(found[1])


def snils_number(cell: Cell) -> str:
    """A СНИЛС with sound check digits, as XXX-XXX-XXX XX. Eleven digits are known, so lost zeros can be put back."""
    written = text(cell, LONGEST_CODE)
    if cell.kind is CellKind.NUMBER:
        written = written.zfill(11)
    found = snils.normalise(written)
    if found is None:
        raise Unfit("is no СНИЛС: write it as 123-456-789 01, or leave it empty; it can be filled in later")
    if not snils.is_valid(found):
        raise Unfit("has wrong check digits: look at it again, or leave it empty; it can be filled in later")
    return found


def name(cell: Cell) -> str:
    """A part of a name. «-» and «нет» say that there is none."""
    if cell.kind is CellKind.NUMBER:
        raise Unfit("is a number, not a name: correct it")
    written = text(cell, LONGEST_NAME)
    if _TWO_ALPHABETS.search(written):
        raise Unfit("mixes Latin and Cyrillic letters that look alike: type it anew in one alphabet")
    return "" if is_placeholder(written) else written


def full_name(cell: Cell) -> tuple[str, str, str]:
    """Surname, given name and patronymic that stand in one cell in this order."""
    words = name(cell).split()
    if len(words) < 2:
        raise Unfit("holds one word only: write surname, given name and patronymic")
    first, middle = split_after_first_word(" ".join(words[1:]))
    return words[0], first, "" if is_placeholder(middle) else middle


def mixes_alphabets(written: str) -> bool:
    """Whether Latin letters stand beside Cyrillic ones, as in a series typed in the wrong layout."""
    return _TWO_ALPHABETS.search(written) is not None


def _refuse_what_is_no_value(cell: Cell) -> None:
    if cell.kind is CellKind.FORMULA:
        raise Unfit("holds a formula, whose result nobody vouches for: put values in its place (copy, paste as values)")
    if cell.kind is CellKind.ERROR:
        raise Unfit("holds an error or a time of a spreadsheet: correct it")
    if cell.kind is CellKind.TRUTH:
        raise Unfit("holds TRUE or FALSE: write a text")


def _cleaned(written: str, longest: int) -> str:
    if len(written) > longest * 4:
        _refuse_length(longest)
    cleaned = one_line(written)
    if not cleaned.isascii():
        cleaned = unicodedata.normalize("NFC", cleaned)  # at last: an invisible mark may have kept two parts asunder
    if len(cleaned) > longest:
        _refuse_length(longest)
    if "\ufffd" in cleaned:
        raise Unfit("holds characters that were lost when the file was saved: type it anew")
    return cleaned


def _refuse_length(longest: int) -> NoReturn:
    raise Unfit(f"is longer than {longest} characters: shorten it")
