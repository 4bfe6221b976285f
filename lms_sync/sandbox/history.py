"""Moodle's histories of the gradebook: what changed when, by whom. Rows are only ever appended, ids count from 1."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

CREATED, UPDATED, DELETED = 1, 2, 3


class GradeChange(NamedTuple):
    """A row of ``grade_grades_history``: a grade as it was left by a change."""

    id: int
    gradeid: int
    action: int
    itemid: int
    userid: int
    loggeduser: int
    usermodified: int | None
    source: str
    raw: Decimal | None
    maximum: Decimal
    final: Decimal | None
    hidden: int
    locked: int
    overridden: int
    excluded: int
    timemodified: int | None
    time: int  # when it happened; no column of Moodle's


class ItemChange(NamedTuple):
    """A row of ``grade_items_history``, as much of it as anybody reads."""

    id: int
    itemid: int
    course: int
    time: int


class Histories:
    """The histories of grades and of columns. ``enabled`` is the opposite of Moodle's ``disablegradehistory``."""

    def __init__(self) -> None:
        self.enabled = True
        self.grades: list[GradeChange] = []
        self.items: list[ItemChange] = []

    def keep_grade(self, *columns: object) -> None:
        """Append a change of a grade: all columns but the id."""
        if self.enabled:
            self.grades.append(GradeChange(len(self.grades) + 1, *columns))  # type: ignore[arg-type]

    def keep_item(self, item: int, course: int, time: int) -> None:
        """Append a change of a column."""
        if self.enabled:
            self.items.append(ItemChange(len(self.items) + 1, item, course, time))
