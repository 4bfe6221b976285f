"""Columns and grades as the plugin tells them, as the records that Moodle's user report makes on the core rung.

Owns the records grade_item and grade of the companion rung. Pure: makes no requests. The rules are those of Moodle's
classes `grade_grade`, `grade_item` and `gradereport_user`, which the plugin's bare rows have not gone through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from lms_sync.connector import SourceRecord
from lms_sync_moodle.companion_wire import Row, picker
from lms_sync_moodle.pages import instant

GRADE_TYPE_SCALE = 2
_UNSAID = {"", "used", "unknown"}
"""Aggregation statuses of which the report says nothing."""


class Item(NamedTuple):
    """A row of the stream `grade_items`; points are decimal texts, `hidden` and `locked` are 0, 1 or a time."""

    id: int
    courseid: int
    itemname: str | None
    itemtype: str
    itemmodule: str | None
    iteminstance: int | None
    idnumber: str | None
    gradetype: int
    grademin: str
    grademax: str
    gradepass: str | None
    scale: list[str] | None
    hidden: int
    locked: int
    position: int
    own_bounds: int


class Grade(NamedTuple):
    """A row of the stream `grades`."""

    itemid: int
    courseid: int
    userid: int
    rawgrademin: str | None
    rawgrademax: str | None
    finalgrade: str | None
    hidden: int
    locked: int
    overridden: int
    usermodified: int | None
    timecreated: int | None
    timemodified: int | None
    status: str | None
    has_feedback: int


@dataclass(frozen=True)
class CourseFacts:
    """What rules may ask of a column's course."""

    idnumber: str = ""
    category_path: tuple[str, ...] = ()


def items_of(columns: list[str], rows: Iterable[Row]) -> Iterator[Item]:
    """The columns that Moodle's reports show."""
    take = picker(columns, Item._fields, "grade_items")
    return (item for item in (Item(*take(row)) for row in rows) if item.position)


def grades_of(columns: list[str], rows: Iterable[Row]) -> Iterator[Grade]:
    """The grades of rows."""
    take = picker(columns, Grade._fields, "grades")
    return (Grade(*take(row)) for row in rows)


@dataclass
class Column:
    """A column of a gradebook: the fields that all its grades share as one object, and how it judges.

    The pass mark is told with the column only. Its grades tell whether it was reached, as on the core rung, where the
    mark is not known and a hidden grade does not say: so a site may fall back without a new version of a grade.
    """

    item: Item
    fields: dict[str, Any]
    words: list[str]
    low: Decimal
    high: Decimal
    pass_mark: Decimal | None
    graded: int = 0
    _bounds: tuple[Decimal, Decimal] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, item: Item, course: CourseFacts) -> Column:
        """The column of a row."""
        words = list(item.scale or ()) if item.gradetype == GRADE_TYPE_SCALE else []
        low, high = Decimal(item.grademin), Decimal(item.grademax)
        pass_mark = _pass_mark(item, low)
        fields = {
            "id": item.id,
            "courseid": item.courseid,
            "itemname": item.itemname,
            "itemtype": item.itemtype,
            "itemmodule": item.itemmodule or "",
            "iteminstance": item.iteminstance,
            "idnumber": item.idnumber or "",
            "position": item.position,
            "grademin": low,
            "grademax": high,
            "is_scale": bool(words),
            "scale_lowest": words[0] if words else "",
            "scale_highest": words[-1] if words else "",
            "course_idnumber": course.idnumber,
            "course_category_path": list(course.category_path),
        }
        return cls(item, fields, words, low, high, pass_mark)

    def is_shut(self, now: int) -> bool:
        """Whether the column as a whole is hidden or locked: the report then says so even of empty grades."""
        return is_hidden(self.item.hidden, now) or bool(self.item.locked)

    def bounds(self, grade: Grade) -> tuple[Decimal, Decimal]:
        """The bounds that hold for a grade (`grade_grade::get_grade_max`)."""
        if grade.finalgrade is None or not self.item.own_bounds:
            return self.low, self.high
        low, high = grade.rawgrademin, grade.rawgrademax
        return (self.low if low is None else Decimal(low)), (self.high if high is None else Decimal(high))

    def widen(self, low: Decimal, high: Decimal) -> None:
        """Takes the bounds of a learner's grade in: those of a total differ, and the widest are the column's."""
        self.graded += 1
        known = self._bounds or (low, high)
        self._bounds = min(low, known[0]), max(high, known[1])

    def record(self, learners: int) -> SourceRecord:
        """The column, with the bounds that so many learners together show."""
        low, high = self._bounds or (self.low, self.high)
        if self.graded < learners:  # somebody without a grade shows the column's own
            low, high = min(low, self.low), max(high, self.high)
        return self._record(low, high)

    def unused(self) -> Column:
        """The column before any grade was taken in."""
        return replace(self, graded=0, _bounds=None)

    def _record(self, low: Decimal, high: Decimal) -> SourceRecord:
        fields = self.fields | {"grademin": low, "grademax": high, "gradepass": self.pass_mark}
        return SourceRecord("grade_item", str(self.item.id), fields)


def holds_anything(grade: Grade, column: Column, now: int) -> bool:
    """Whether there is anything to record of a grade."""
    return (
        grade.finalgrade is not None
        or bool(_graded_at(grade))
        or bool(grade.overridden)
        or bool(grade.locked)
        or is_hidden(grade.hidden, now)
        or column.is_shut(now)
    )


def empty_grade(column: Column, learner: int) -> Grade:
    """The grade of a learner of whom the column has none."""
    return Grade(column.item.id, column.item.courseid, learner, None, None, None, 0, 0, 0, None, None, None, None, 0)


def grade_record(grade: Grade, column: Column, now: int) -> SourceRecord:
    """The record of a grade, as of now by Moodle's clock (epoch seconds)."""
    value = None if grade.finalgrade is None else Decimal(grade.finalgrade)
    low, high = column.bounds(grade)
    hidden = is_hidden(grade.hidden, now) or is_hidden(column.item.hidden, now)
    graded_at = _graded_at(grade)
    fields = {
        "itemid": grade.itemid,
        "userid": grade.userid,
        "courseid": grade.courseid,
        "graderaw": value,
        "grademin": low,
        "grademax": high,
        "word": _word(value, column.words),
        "status": "" if grade.status in _UNSAID else grade.status or "",
        "hidden": hidden,
        "locked": bool(grade.locked) or bool(column.item.locked),
        "overridden": bool(grade.overridden),
        "usermodified": grade.usermodified or None,
        "gradedatesubmitted": grade.timecreated or None,
        "gradedategraded": graded_at,
        "pass_icon": None if hidden else _passed(value, low, column),
        "item": column.fields,
    }
    return SourceRecord("grade", f"{grade.itemid}/{grade.userid}", fields, instant(graded_at))


def is_hidden(hidden: int, now: int) -> bool:
    """Whether something is hidden: 1 for always, a time for until then (`grade_object::is_hidden`)."""
    return hidden == 1 or hidden > now


def wakes(hidden: int, now: int) -> int | None:
    """When something hidden shows itself by the clock alone."""
    return hidden if hidden > 1 and hidden > now else None


def _graded_at(grade: Grade) -> int | None:
    """`grade_grade::get_dategraded`."""
    if grade.finalgrade is None and not grade.has_feedback:
        return None
    return grade.overridden or grade.timemodified or None


def _word(value: Decimal | None, words: list[str]) -> str:
    """The scale's word that a grade means (`grade_scale::get_nearest_item`)."""
    if value is None or not words:
        return ""
    step = int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return words[max(1, min(step, len(words))) - 1]


def _pass_mark(item: Item, low: Decimal) -> Decimal | None:
    """The pass mark; None when there is none (`grade_grade::is_passed`)."""
    if item.gradepass is None:
        return None
    mark = Decimal(item.gradepass)
    is_scale = item.gradetype == GRADE_TYPE_SCALE
    return None if mark == low or (is_scale and mark == 0) else mark


def _passed(value: Decimal | None, low: Decimal, column: Column) -> bool | None:
    if value is None or column.pass_mark is None or column.pass_mark == low:
        return None
    return value >= column.pass_mark
