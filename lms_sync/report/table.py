"""Writes a report as a table for a terminal.

Owns the look. Texts of the LMS are shown as they are, never as markup, and cannot move the cursor. Where there is not
room for everything texts are broken over lines, between words if that is enough; numbers and dates are kept whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from lms_sync.report.interface import Column, Table, Value, one_line, value_text

_WORD = 21  # a longer word may be broken
_AROUND = 3  # what a column needs besides its text


def write_table(table: Table, console: Console) -> None:
    """Puts the table out on `console`, without its details. What is no terminal gets lines as long as they must be."""
    table = table.for_people()
    words, numbers = _least_widths(table, break_words=False), _least_widths(table, break_words=True)
    room, least = console.width, _width(words)
    too_wide = least > room
    widths = words if not too_wide or not console.is_terminal else numbers if _width(numbers) <= room else None
    shown = RichTable(
        title=Text(one_line(table.title)),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        width=least if too_wide and not console.is_terminal else None,
    )
    for place, column in enumerate(table.columns):
        shown.add_column(
            Text(one_line(column.caption)),
            justify="right" if column.numeric else "left",
            overflow="fold",
            min_width=widths[place] if widths else None,
        )
    for row in table.rows:
        shown.add_row(*(Text(one_line(value_text(value))) for value in row))
    console.print(shown, crop=console.is_terminal)
    for note in table.notes:
        console.print(Text(one_line(note)))


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + _AROUND * len(widths) + 1


def _least_widths(table: Table, *, break_words: bool) -> list[int]:
    return [_least_width(table, place, column, break_words) for place, column in enumerate(table.columns)]


def _least_width(table: Table, place: int, column: Column, break_words: bool) -> int:
    heading = 1 if break_words else _longest_word(column.caption)
    return max([heading, *(_whole(row[place], break_words) for row in table.rows)])


def _whole(value: Value, break_words: bool) -> int:
    """How much room a value needs to be read."""
    if isinstance(value, str):
        return 1 if break_words else _longest_word(value)
    return len(value_text(value))


def _longest_word(text: str) -> int:
    return min(_WORD, max(map(len, one_line(text).split()), default=1))
