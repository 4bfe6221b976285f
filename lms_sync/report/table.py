"""Writes a report as a table for a terminal.

Owns the look. Texts of the LMS are shown as they are, never as markup, and cannot move the cursor.
"""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from lms_sync.report.interface import Table, one_line, value_text


def write_table(table: Table, console: Console) -> None:
    """Puts the table out on `console`."""
    shown = RichTable(title=Text(one_line(table.title)), box=box.SIMPLE_HEAD, title_justify="left")
    for column in table.columns:
        shown.add_column(Text(one_line(column.caption)), justify="right" if column.numeric else "left")
    for row in table.rows:
        shown.add_row(*(Text(one_line(value_text(value))) for value in row))
    console.print(shown)
    for note in table.notes:
        console.print(Text(one_line(note)))
