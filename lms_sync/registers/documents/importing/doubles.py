"""Numbers and blanks that stand twice in one table. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from lms_sync.registers.documents.importing.lines import Numbers

NumberKey = tuple[str, str, int]
"""Kind, registration number, and the year of issue where numbers begin anew every year; else 0."""


class Doubles:
    """What the rows so far have taken. `yearly`: registration numbers begin anew every year."""

    def __init__(self, yearly: bool) -> None:
        self._yearly = yearly
        self._rows = dict[Hashable, int]()

    def take(self, numbers: Numbers) -> Iterator[tuple[str, str]]:
        """The field and the rest of a sentence for each number that an earlier row has; the others are taken."""
        year = numbers.issue_date.year if self._yearly and numbers.issue_date else 0
        key: NumberKey = numbers.document_kind, numbers.registration_number, year
        row = self._rows.setdefault(("number", *key), numbers.row)
        if row != numbers.row:
            hint = "" if self._yearly else '; if numbers begin anew every year, say numbers_begin_anew = "year"'
            yield "registration_number", f"stands in row {row} too: correct one of them{hint}"
            return
        if numbers.registration_ordinal is not None:
            yield from self._counted(
                "registration_number", numbers.registration_series, numbers.registration_ordinal, numbers
            )
        if numbers.appendix_ordinal is not None:
            yield from self._counted("appendix_number", numbers.appendix_series, numbers.appendix_ordinal, numbers)
        if numbers.blank_number:
            blank = ("blank", numbers.document_kind, numbers.blank_series, numbers.blank_number)
            if (row := self._rows.setdefault(blank, numbers.row)) != numbers.row:
                yield "blank_number", f"is the blank of row {row} too: correct one of them"

    def _counted(self, field: str, series: str, ordinal: int, numbers: Numbers) -> Iterator[tuple[str, str]]:
        row = self._rows.setdefault((field, series, ordinal), numbers.row)
        if row != numbers.row:
            yield field, counted_twice(series, ordinal, f"row {row}")


def counted_twice(series: str, ordinal: int, who: str) -> str:
    """What to say of a number whose place in its series is taken."""
    return (
        f"counts by the mapping as {ordinal} of the series {series}, as that of {who} does: correct one of them, "
        "or the template of the numbers in the mapping"
    )
