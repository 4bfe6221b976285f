"""Which column of a table feeds which field, found by its headings.

Owns the words of what does not fit between a table and the file of columns. Must not look below the headings.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import takewhile

from lms_sync.errors import ConfigError, Problem
from lms_sync.mapping.import_load import ImportColumns
from lms_sync.mapping.import_spec import MOST_HEADER_ROW, ColumnSpec
from lms_sync.mapping.text import fold, one_line
from lms_sync.spreadsheet.sheet import Row, Sheet, column_name


@dataclass(frozen=True)
class Place:
    """A column: its index from 0, its heading as the table writes it, and what the file says of it."""

    index: int
    heading: str
    spec: ColumnSpec

    @property
    def letter(self) -> str:
        """As the spreadsheet shows it."""
        return column_name(self.index)


@dataclass(frozen=True)
class Layout:
    """Where each field stands, in which row the headings do, how many columns have one, and which are not used."""

    places: dict[str, Place]
    header_row: int
    width: int
    unused: list[str]


def lay_out(sheet: Sheet, columns: ImportColumns) -> Layout:
    """The layout of a table. Raises ConfigError with every heading that is missing or stands there twice."""
    first = list(takewhile(lambda row: row.number <= MOST_HEADER_ROW, sheet.rows()))
    number = columns.file.header_row
    header = next((row for row in first if row.number == number), Row(number, {}))
    headings = {index: one_line(cell.text) for index, cell in header.cells.items()}
    by_name = defaultdict[str, list[int]](list)
    for index, heading in headings.items():
        by_name[fold(heading)].append(index)
    places, problems = dict[str, Place](), list[Problem]()
    for field, spec in columns.file.columns.named().items():
        found = next((at for name in spec.heading if (at := by_name.get(fold(name)))), [])
        if len(found) == 1:
            places[field] = Place(found[0], headings[found[0]], spec)
        else:
            told = _doubled(headings, found) if found else _missing(spec, list(headings.values()))
            problems.append(columns.problem(["columns", field], f"{field}: {told}"))
    problems += _fed_twice(places, columns)
    if problems:
        raise ConfigError(f"The columns do not fit the table{_hint(first, columns)}:", problems)
    used = {place.index for place in places.values()}
    unused = [heading for index, heading in headings.items() if index not in used]
    return Layout(places, number, max(headings, default=-1) + 1, unused)


def _missing(spec: ColumnSpec, headings: list[str]) -> str:
    close = get_close_matches(fold(spec.heading[0]), [fold(one) for one in headings], n=1, cutoff=0.6)
    meant = next((one for one in headings if close and fold(one) == close[0]), "")
    return f"the table has no heading {spec.heading[0]!r}" + (f"; did you mean {meant!r}?" if meant else "")


def _doubled(headings: dict[int, str], found: list[int]) -> str:
    letters = " and ".join(map(column_name, found))
    return f"the heading {headings[found[0]]!r} stands in columns {letters}; give one of them another name in the table"


def _fed_twice(places: dict[str, Place], columns: ImportColumns) -> list[Problem]:
    first, problems = dict[int, str](), list[Problem]()
    for field, place in places.items():
        other = first.setdefault(place.index, field)
        if other != field and {field, other} != {"snils", "idnumber"}:
            told = f"{field} and {other} are both fed by the heading {place.heading!r}; correct one"
            problems.append(columns.problem(["columns", field], told))
    return problems


def _hint(rows: list[Row], columns: ImportColumns) -> str:
    """Where the headings seem to stand, if not where they were looked for."""
    wanted = {fold(name) for spec in columns.file.columns.named().values() for name in spec.heading}

    def hits(row: Row) -> int:
        return len(wanted & {fold(cell.text) for cell in row.cells.values()})

    best = max(rows, key=hits, default=None)
    number = columns.file.header_row
    if best is None or hits(best) < 2 or best.number == number:
        return f" (its headings are looked for in row {number})"
    return f" (its headings seem to stand in row {best.number}: write header_row = {best.number})"
