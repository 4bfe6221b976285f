"""Reads a file of columns: from TOML to an `ImportFile`, or to every problem in it with its line.

Owns what only its tables together can show to be wrong. Must not know spreadsheets or the register.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from lms_sync.errors import ConfigError, Problem
from lms_sync.mapping.documents import DocumentKinds
from lms_sync.mapping.import_spec import ColumnSpec, ImportFile
from lms_sync.mapping.problems import file_text, syntax_problem, validation_problems
from lms_sync.toml_lines import Lines

DAYS = ("issue_date", "handed_at", "birth_date", "studied_from", "studied_to")
_NEEDED = ("registration_number", "issue_date", "programme_title", "document_kind")


@dataclass(frozen=True)
class ImportColumns:
    """A sound file with its lines."""

    label: str
    file: ImportFile
    lines: Lines

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        """A problem at the line of a key."""
        return Problem(f"{self.label}:{self.lines.of(path)}", message)


def load_import_columns(path: Path, kinds: DocumentKinds) -> ImportColumns:
    """The file, sound in itself and with the mapping's kinds of document. Raises ConfigError with every problem."""
    problems = list[Problem]()
    text = file_text(path, problems)
    columns = _columns(str(path), text.removeprefix("\ufeff"), problems) if text is not None else None
    if columns is not None:
        problems += _contradictions(columns)
        problems += _unknown_kinds(columns, kinds)
    if columns is None or problems:
        raise ConfigError("The columns cannot be used; correct these places:", problems)
    return columns


def _columns(label: str, text: str, problems: list[Problem]) -> ImportColumns | None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(syntax_problem(label, text, error))
        return None
    lines = Lines(text)
    try:
        return ImportColumns(label, ImportFile.model_validate(document), lines)
    except ValidationError as error:
        problems += validation_problems(label, lines, document, error, ImportFile)
        return None


def _contradictions(columns: ImportColumns) -> Iterator[Problem]:
    file = columns.file
    named, fixed = file.columns.named(), file.fixed.named()
    for name in _NEEDED:
        if name not in named and name not in fixed:
            yield columns.problem(["columns"], f'nothing says {name}: name its column, as {name} = "heading"')
    for name in sorted(named.keys() & fixed.keys()):
        yield columns.problem(["fixed", name], f"{name} has a column and a fixed value; leave one out")
    yield from _names(columns, named)
    for name, column in named.items():
        if (column.serial_dates or column.dates) and name not in DAYS:
            yield columns.problem(["columns", name], f"{name} is no day: drop `dates` and `serial_dates`")
    for name in file.learner.match:
        if name not in named:
            yield columns.problem(["learner"], f"learners cannot be found by {name}: no column of it is named")
    for name in ("idnumber", "email"):
        if name in named and name not in file.learner.match:
            yield columns.problem(["columns", name], f"{name} serves only to find learners: add it to learner.match")


def _names(columns: ImportColumns, named: dict[str, ColumnSpec]) -> Iterator[Problem]:
    parts = named.keys() & {"last_name", "first_name", "middle_name"}
    if "full_name" in named and parts:
        yield columns.problem(["columns", "full_name"], f"full_name stands beside {min(parts)}; leave one out")
    elif "full_name" not in named and not {"last_name", "first_name"} <= parts:
        yield columns.problem(
            ["columns"], "nothing says whose documents they are: name full_name, or last_name and first_name"
        )
    both = named.keys() & {"blank_series", "blank_number"}
    if "blank" in named and both:
        yield columns.problem(
            ["columns", "blank"], f"blank holds series and number, and stands beside {min(both)}; leave one out"
        )


def _unknown_kinds(columns: ImportColumns, kinds: DocumentKinds) -> Iterator[Problem]:
    said = [(("words", "document_kind", word), code) for word, code in columns.file.words.document_kind.items()]
    if columns.file.fixed.document_kind is not None:
        said.append((("fixed", "document_kind", ""), columns.file.fixed.document_kind))
    for path, code in said:
        if code not in kinds.codes:
            close = get_close_matches(code, kinds.codes, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there is {', '.join(kinds.codes)}"
            yield columns.problem(path, f"the mapping has no [[document]] named {code!r}; {hint}")
