"""What a table is, whichever file it came from: rows with their numbers, cells with their kinds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

MOST_ROWS = 1_048_576
"""What a sheet of a spreadsheet can have."""
MOST_COLUMNS = 1_000
"""Columns further right are not looked at."""


class CellKind(Enum):
    """What stands in a cell. An empty one is no cell."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    TRUTH = "truth"
    FORMULA = "formula"
    ERROR = "error"


class Cell(NamedTuple):
    """One cell. `text`: what stands there; of a number its exact digits, of a day YYYY-MM-DD, of a formula the formula.

    `zeros` is the count of digits that a number's format pads it to; 0 where it pads none.
    """

    kind: CellKind
    text: str
    day: dt.date | None = None
    zeros: int = 0


class Row(NamedTuple):
    """A row with its number as the spreadsheet shows it, and its cells by column from 0, without the empty ones."""

    number: int
    cells: dict[int, Cell]


@dataclass(frozen=True)
class Area:
    """Merged cells: rows from 1, columns from 0, both ends included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int

    @property
    def name(self) -> str:
        """As spreadsheets write it: B3:B5."""
        first = f"{column_name(self.first_column)}{self.first_row}"
        return f"{first}:{column_name(self.last_column)}{self.last_row}"


@dataclass(frozen=True)
class SheetOptions:
    """How a file is to be read; what is empty is guessed. `delimiter` and `encoding` are for CSV, `sheet` for XLSX."""

    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""


class Sheet(Protocol):
    """An open table. Reading it twice gives the same rows."""

    @property
    def is_text(self) -> bool:
        """Whether it is a text, in which a delimiter too many shifts a row's columns."""

    @property
    def notes(self) -> list[str]:
        """What was guessed, and what the reader of a report should know: sentences."""

    @property
    def merged(self) -> list[Area]:
        """The merged cells, in the order of the file."""

    def rows(self, columns: Collection[int] | None = None) -> Iterator[Row]:
        """Every row that is not empty, in order; only these columns. Raises ConfigError for a damaged file."""


def column_name(index: int) -> str:
    """The letters of a column, from 0: A, B, …, Z, AA."""
    name = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        name, index = chr(ord("A") + letter) + name, index - 1
    return name
