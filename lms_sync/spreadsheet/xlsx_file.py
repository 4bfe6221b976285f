"""XLSX files: one sheet, row by row, in bounded memory, with what the number formats show and where formulas stand.

openpyxl reads the cells. Beforehand the archive is looked at for what would harm (`archive.py`), and the sheet for what
openpyxl's reading of rows does not tell, merged cells and hidden rows (`survey.py`).
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from lms_sync.errors import ConfigError
from lms_sync.spreadsheet.archive import refuse_unsound
from lms_sync.spreadsheet.sheet import MOST_COLUMNS, MOST_ROWS, Area, Cell, CellKind, Row
from lms_sync.spreadsheet.survey import survey

_EXACT_DIGITS = 15  # more than these a spreadsheet does not keep
_ZEROS = re.compile(r'(?:"[^"]*"|\\.|[^0#?.,;%E])*(0+)(?:"[^"]*"|\\.|[^0#?.,;%E])*(?:;.*)?')


@dataclass(frozen=True)
class XlsxSheet:
    """A sheet of an open workbook."""

    path: Path
    sheet: Any  # openpyxl's ReadOnlyWorksheet
    notes: list[str]
    merged: list[Area]
    is_text = False

    def rows(self, columns: Collection[int] | None = None) -> Iterator[Row]:
        """See `Sheet.rows`."""
        last = MOST_COLUMNS if columns is None else max(columns, default=0) + 1
        wanted = None if columns is None else sorted(columns)
        empty = None
        with _translated(self.path):
            # Bounds of our own: a file may declare any dimensions, and openpyxl fills rows up to them.
            rows = self.sheet.iter_rows(max_row=MOST_ROWS, max_col=last)
            for number, cells in enumerate(rows, 1):
                if cells is empty:  # openpyxl fills every gap with one and the same row
                    continue
                if found := _cells(cells, range(len(cells)) if wanted is None else wanted):
                    yield Row(number, found)
                else:
                    empty = cells


@contextmanager
def open_xlsx(path: Path, name: str) -> Iterator[XlsxSheet]:
    """A sheet of the file: the one of that name, or the only one that can be seen. Raises ConfigError."""
    with _translated(path):
        refuse_unsound(path)
    # The file is opened here: openpyxl would leave it open when it cannot make it out.
    with warnings.catch_warnings(), path.open("rb") as stream:
        warnings.simplefilter("ignore")  # openpyxl warns of extensions that it drops
        try:
            workbook = openpyxl.load_workbook(stream, read_only=True, keep_links=False)
        except Exception as error:
            raise _damaged(path, error) from None
        try:
            sheet = _chosen(path, workbook, name)
            with _translated(path):
                found = survey(path, sheet._worksheet_path)
            yield XlsxSheet(path, sheet, _notes(workbook, sheet, name, found.hidden_rows), found.merged)
        finally:
            workbook.close()


def _damaged(path: Path, error: Exception) -> ConfigError:
    """For whatever openpyxl raises of a file that it cannot make out: many types, whose texts may quote a cell."""
    return ConfigError(
        f"{path} cannot be read as XLSX ({type(error).__name__}): open it in a spreadsheet, save it anew."
    )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:
        raise _damaged(path, error) from None


def _chosen(path: Path, workbook: Any, name: str) -> Any:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    if name:
        if name not in sheets:
            raise ConfigError(f"{path} has no sheet {name!r}; there is {', '.join(map(repr, sheets))}.")
        return sheets[name]
    seen = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
    if len(seen) != 1:
        told = ", ".join(repr(sheet.title) for sheet in seen) or "none that can be seen"
        raise ConfigError(f"{path} has several sheets, or none; choose one with --sheet: {told}.")
    return seen[0]


def _notes(workbook: Any, sheet: Any, name: str, hidden_rows: int) -> list[str]:
    notes = []
    hidden = [one.title for one in workbook.worksheets if one.sheet_state != "visible"]
    if not name and hidden:
        notes.append(f"Hidden sheets are not read: {', '.join(map(repr, hidden))}.")
    elif sheet.sheet_state != "visible":
        notes.append("The sheet is hidden.")
    if hidden_rows:
        notes.append(f"Hidden rows are read like others, as those that a filter hides: {hidden_rows}.")
    return notes


def _cells(raw: Sequence[Any], wanted: Iterable[int]) -> dict[int, Cell]:
    found = {}
    for index in wanted:
        if index < len(raw) and raw[index].value is not None:
            cell = _cell(raw[index])
            if cell.text.strip():
                found[index] = cell
    return found


def _cell(raw: Any) -> Cell:
    value, kind = raw.value, raw.data_type
    if kind == "s":
        return Cell(CellKind.TEXT, str(value))
    if kind == "n":
        return _number(value, raw.number_format)
    if kind == "d":
        return _day(value)
    if kind == "f":
        return Cell(CellKind.FORMULA, str(value) if isinstance(value, str) else "=")
    if kind == "b":
        return Cell(CellKind.TRUTH, "TRUE" if value else "FALSE")
    return Cell(CellKind.ERROR if kind == "e" else CellKind.TEXT, str(value))


def _number(value: Any, number_format: str) -> Cell:
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**_EXACT_DIGITS:
        value = int(value)
    padded = _ZEROS.fullmatch(number_format) if isinstance(value, int) and number_format != "General" else None
    return Cell(CellKind.NUMBER, str(value), zeros=len(padded[1]) if padded else 0)


def _day(value: Any) -> Cell:
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return Cell(CellKind.DAY, value.isoformat(), value)
    return Cell(CellKind.ERROR, str(value))  # a time of day, or a length of time
