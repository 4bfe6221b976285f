"""What is wrong with a row of a register that is to be taken over: where it stands, what it says, what to do.

The value may be personal data: it is for whoever asked, on stdout, and goes into no log and no exception.
"""

from __future__ import annotations

from dataclasses import dataclass

from lms_sync.registers.documents.checks import Severity

SHOWN_VALUE = 80


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One finding. `row` is as the spreadsheet shows it; `column` is the heading, `letter` the column's letters.

    Without a column of its own a field is named by itself; both are empty where the whole row is meant. `message` is
    the rest of a sentence about the cell or the row.
    """

    row: int
    column: str
    letter: str
    value: str
    message: str
    severity: Severity = Severity.STOP

    @property
    def stops(self) -> bool:
        """Whether the row cannot be taken over as it is."""
        return self.severity is Severity.STOP

    def __str__(self) -> str:
        where = f"row {self.row}"
        if self.letter:
            where += f", {self.letter}{self.row} «{self.column}»"
        elif self.column:
            where += f", {self.column}"
        shown = f" {self.value!r}" if self.value else ""
        return f"{where}:{shown} {self.message}"


def shown(text: str) -> str:
    """A value as a report shows it."""
    return text if len(text) <= SHOWN_VALUE else f"{text[: SHOWN_VALUE - 1]}…"
