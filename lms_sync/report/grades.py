"""The gradebook of a course: learners by items, or one line a grade.

Owns which grades are shown, in which order and in which words. Must not know how a table is written, nor where the
gradebook comes from. Who has no grade is shown too; the order of people is the Russian one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from lms_sync.records import AttestationKind, ControlForm
from lms_sync.report.captions import GRADE_LIST, GRADEBOOK, caption, value_caption
from lms_sync.report.interface import Column, Table, Value
from lms_sync.report.people import enrolment_state, order_of, shown_groups, shown_name
from lms_sync.store.query import Gradebook, GradebookCell, GradebookColumn, GradebookLine


class Show(StrEnum):
    """What a cell of the gradebook holds."""

    POINTS = "points"  # the LMS's points, or its word for a scale
    MARK = "mark"  # the mark that the mapping's scale gives, in words


@dataclass(frozen=True)
class Choice:
    """Which part of a gradebook is wanted. Days are whole days in `zone`, both ends included; None: no limit.

    `learner` is a learner's identifier in the LMS or their individual number.
    """

    zone: ZoneInfo
    group: str | None = None
    learner: str | None = None
    first_day: dt.date | None = None
    last_day: dt.date | None = None

    def takes_line(self, line: GradebookLine) -> bool:
        """Whether this learner is wanted."""
        in_group = self.group is None or self.group in line.groups
        return in_group and (self.learner is None or self.learner in (line.key, line.idnumber))

    def takes_cell(self, cell: GradebookCell) -> bool:
        """Whether the grade's day is wanted: when it was graded, else when it was submitted."""
        if self.first_day is None and self.last_day is None:
            return True
        instant = cell.graded_at or cell.submitted_at
        if instant is None:
            return False
        day = instant.astimezone(self.zone).date()
        return (self.first_day or day) <= day <= (self.last_day or day)


def pivot(book: Gradebook, choice: Choice, show: Show = Show.POINTS) -> Table:
    """A line a learner, a column an item; the course's total stands last."""
    shown = _Shown.of(book, choice)
    columns = [_column("number", numeric=True), _column("full_name"), _column("learner"), _column("groups")]
    columns += [_column("enrolment_status")]
    columns += [Column(f"item_{item.key}", item.title, numeric=True) for item in shown.items]
    rows = [
        [
            number,
            shown_name(line),
            line.key,
            shown_groups(line.groups),
            enrolment_state(line.status, line.retired_at),
            *(_cell_value(shown.cells.get((line.key, item.key)), show) for item in shown.items),
        ]
        for number, line in enumerate(shown.lines, start=1)
    ]
    return Table(f"{GRADEBOOK}: {_course_title(book)}", columns, rows)


# fmt: off
_FLAT = [
    "course", "course_title", "grade_item", "item_title", "attestation_kind", "control_form",
    "learner", "full_name", "groups", "enrolment_status",
    "raw", "minimum", "maximum", "word", "mark", "mark_text", "passed", "scale",
    "status", "hidden", "locked", "overridden", "submitted_at", "graded_at",
]
# fmt: on
_NUMBERS = {"raw", "minimum", "maximum", "mark"}


def flat(book: Gradebook, choice: Choice) -> Table:
    """A line a grade, by learner and then in the order of the gradebook."""
    shown = _Shown.of(book, choice)
    rows = [
        [_flat_value(key, book, item, line, cell, choice.zone) for key in _FLAT]
        for line in shown.lines
        for item in shown.items
        if (cell := shown.cells.get((line.key, item.key)))
    ]
    columns = [_column(key, numeric=key in _NUMBERS) for key in _FLAT]
    return Table(f"{GRADE_LIST}: {_course_title(book)}", columns, rows)


@dataclass(frozen=True)
class _Shown:
    items: Sequence[GradebookColumn]
    lines: Sequence[GradebookLine]
    cells: Mapping[tuple[str, str], GradebookCell]

    @classmethod
    def of(cls, book: Gradebook, choice: Choice) -> _Shown:
        return cls(
            items=sorted(book.columns, key=lambda item: (item.item_type == "course", item.position, item.key)),
            lines=sorted((line for line in book.lines if choice.takes_line(line)), key=order_of),
            cells={place: cell for place, cell in book.cells.items() if choice.takes_cell(cell)},
        )


def _course_title(book: Gradebook) -> str:
    return book.course.title if book.course else ""


def _cell_value(cell: GradebookCell | None, show: Show) -> Value:
    if cell is None:
        return None
    points: Value = cell.word or cell.raw
    return cell.mark_text or points if show is Show.MARK else points


def _column(key: str, *, numeric: bool = False) -> Column:
    return Column(key, caption(key), numeric)


def _flat_value(
    key: str, book: Gradebook, item: GradebookColumn, line: GradebookLine, cell: GradebookCell, zone: ZoneInfo
) -> Value:
    around: dict[str, Value] = {
        "course": book.course.key if book.course else "",
        "course_title": _course_title(book),
        "item_title": item.title,
        "attestation_kind": value_caption(AttestationKind(item.attestation_kind)),
        "control_form": value_caption(ControlForm(item.control_form)),
        "full_name": shown_name(line),
        "groups": shown_groups(line.groups),
        "enrolment_status": enrolment_state(line.status, line.retired_at),
    }
    if key in around:
        return around[key]
    value: Value = getattr(cell, key)
    return value.astimezone(zone) if isinstance(value, dt.datetime) else value
