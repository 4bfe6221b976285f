"""What a line of an old register says against itself. History is taken over as it was: only what no document can be, or
what would spoil the register, stops a line; what today's rules would not allow only warns.

Pure: each finding is the field it is about, its severity, and the rest of a sentence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lms_sync.mapping.documents import DocumentKind
from lms_sync.records import DocumentStatus
from lms_sync.registers.documents.checks import Severity, name_problem
from lms_sync.registers.documents.importing.values import mixes_alphabets

if TYPE_CHECKING:
    from lms_sync.registers.documents.importing.lines import Line

LineFinding = tuple[str, Severity, str]

_STOP, _WARN = Severity.STOP, Severity.WARN


def line_findings(line: Line, kind: DocumentKind, today: dt.date) -> list[LineFinding]:
    """Everything found in a line by itself. `today` is in the site's zone."""
    return [finding for look in _CHECKS for finding in look(line, kind, today)]


def _days(line: Line, kind: DocumentKind, today: dt.date) -> Iterator[LineFinding]:
    issued = line.issue_date
    if issued > today:
        yield "issue_date", _STOP, "is still to come: correct the date of issue"
    if line.handed_at and line.handed_at < issued:
        yield "handed_at", _STOP, f"is before the date of issue, {issued:%d.%m.%Y}: correct either"
    if line.handed_at and line.handed_at > today:
        yield "handed_at", _STOP, "is still to come: correct it, or leave it empty"
    if line.studied_from and line.studied_to and line.studied_from > line.studied_to:
        yield "studied_to", _STOP, f"is before the beginning of study, {line.studied_from:%d.%m.%Y}: correct either"
    if line.studied_to and line.studied_to > issued:
        yield "studied_to", _WARN, f"is after the date of issue, {issued:%d.%m.%Y}: make sure that this is so"
    if line.birth_date and line.birth_date >= issued:
        yield "birth_date", _STOP, f"is not before the date of issue, {issued:%d.%m.%Y}: correct either"
    elif line.birth_date and not 5 <= issued.year - line.birth_date.year <= 100:
        yield "birth_date", _WARN, f"makes the holder {issued.year - line.birth_date.year} years old: look at it again"


def _state(line: Line, kind: DocumentKind, today: dt.date) -> Iterator[LineFinding]:
    if line.status is DocumentStatus.ISSUED and line.handed_at:
        told = "is said to be only issued, though the day of its hand-over stands there"
        yield "status", _STOP, f"{told}: let the word mean handed_over, or empty that day"
    if line.replaces == line.registration_number:
        yield "replaces", _STOP, "is the document's own number: write that of the original"
    if line.blank_series and not line.blank_number:
        yield "blank_number", _STOP, "is empty, though there is a series: write the blank's number"


def _names(line: Line, kind: DocumentKind, today: dt.date) -> Iterator[LineFinding]:
    if not kind.frdo:
        return
    for field in ("last_name", "first_name", "middle_name"):
        written: str = getattr(line, field)
        if written and (problem := name_problem(written)):
            yield field, _WARN, f"{problem}: ФРДО would not take it"


def _programme(line: Line, kind: DocumentKind, today: dt.date) -> Iterator[LineFinding]:
    if kind.programme_kinds and line.programme_kind not in kind.programme_kinds:
        named = ", ".join(sorted(kind.programme_kinds))
        yield "programme_kind", _WARN, f"is none that documents of kind {kind.code} follow from now ({named})"
    if line.hours is not None and line.hours < kind.minimum_hours:
        yield "hours", _WARN, f"is fewer than documents of kind {kind.code} need now, {kind.minimum_hours}"
    for field in ("qualification", "profession"):
        if getattr(kind, field) and not getattr(line, field):
            yield field, _WARN, f"is empty, though documents of kind {kind.code} name it now"


def _numbers(line: Line, kind: DocumentKind, today: dt.date) -> Iterator[LineFinding]:
    for field in ("registration_number", "blank_series", "appendix_number"):
        if mixes_alphabets(getattr(line, field)):
            yield field, _WARN, "mixes Latin and Cyrillic letters that look alike: make sure that this is so"
    if kind.number.place_of(line.registration_number) and not kind.number.ordinal(
        line.registration_number, line.issue_date
    ):
        yield "registration_number", _WARN, f"is not of the date of issue, {line.issue_date:%d.%m.%Y}: look at both"


_CHECKS: tuple[Callable[[Line, DocumentKind, dt.date], Iterator[LineFinding]], ...] = (
    _days, _state, _names, _programme, _numbers,
)  # fmt: skip
