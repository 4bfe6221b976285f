"""What every report is made of: a table with captioned columns, which any of the writers can put out.

Owns the words table, stream and column. Must not know where the rows come from nor how they are written.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

Value = str | int | bool | Decimal | dt.datetime | dt.date | None

_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Column:
    """`key` names the column for programs, `caption` for people (Russian). Numbers stand to the right.

    A `detail` is for programs: an identifier, or a part of what another column says whole. A table for people leaves it
    out.
    """

    key: str
    caption: str
    numeric: bool = False
    detail: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of plain values, one for each column. Texts are as the LMS means them: writers escape."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    notes: Sequence[str] = ()

    def only(self, keys: Collection[str]) -> Table:
        """The table with these columns only, in its own order."""
        places = [place for place, column in enumerate(self.columns) if column.key in keys]
        columns = [self.columns[place] for place in places]
        return Table(self.title, columns, [[row[place] for place in places] for row in self.rows], self.notes)

    def for_people(self) -> Table:
        """The table without its details."""
        return self.only([column.key for column in self.columns if not column.detail])

    def without_blanks(self) -> Table:
        """The table without the columns that say nothing: empty or zero in every row."""
        said = zip(*self.rows, strict=True) if self.rows else [(True,)] * len(self.columns)
        return self.only([column.key for column, values in zip(self.columns, said, strict=True) if any(values)])


@dataclass(frozen=True)
class Stream:
    """A table too long to be held: its rows come one by one, and only once."""

    title: str
    columns: Sequence[Column]
    rows: Iterator[Sequence[Value]]
    notes: Sequence[str] = ()

    def head(self, count: int) -> tuple[Table, bool]:
        """The first rows as a table, and whether those were all."""
        rows = list(islice(self.rows, count))
        return Table(self.title, self.columns, rows, self.notes), next(self.rows, None) is None


def value_text(value: Value) -> str:
    """A value as people read it: numbers plain, instants in their own zone, yes and no in Russian, nothing as empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def one_line(text: str) -> str:
    """The text without anything that moves a cursor or turns the direction of writing; line breaks become spaces."""
    spaced = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) in {"Cc", "Zl", "Zp"} or character in _DIRECTION_MARKS
        else character
        for character in spaced
    )
