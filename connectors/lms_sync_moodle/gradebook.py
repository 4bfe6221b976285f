"""Moodle's user report as columns and grades: what its fields and its localised HTML really say.

Owns the records grade_item and grade. Pure: makes no requests.

Numbers are only ever taken from `graderaw`, `grademin` and `grademax`. The formatted texts tell two things that
nothing else does: the word of a scale, and whether the pass mark was reached (an icon, by its class in every language
and release).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from html.parser import HTMLParser
from typing import Any

from lms_sync.connector import SourceRecord
from lms_sync.exact import exact_decimal
from lms_sync_moodle import wire
from lms_sync_moodle.pages import instant

_VOID = {"img", "br", "input", "hr", "wbr"}
_PERCENT_BEHIND = re.compile(r"^(?P<word>.+) \([\d\s.,]+\s?%\)$", re.S)
_PERCENT_BEFORE = re.compile(r"^-?[\d\s.,]+\s?% \((?P<word>.+)\)$", re.S)
_PERCENT = re.compile(r"^-?[\d\s.,]+\s?%$")


@dataclass(frozen=True)
class Formatted:
    """What `gradeformatted` says: its text outside of any element, and the icon before it (None: no icon)."""

    text: str
    passed: bool | None


class _Reader(HTMLParser):
    """Collects the outer text and the first pass or fail icon; icons behind the text mean other things."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.passed: bool | None = None
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.passed is None and not self.pieces:
            self.passed = _icon(dict(attrs))
        self._depth += tag not in _VOID

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.passed is None and not self.pieces:
            self.passed = _icon(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._depth = max(0, self._depth - (tag not in _VOID))

    def handle_data(self, data: str) -> None:
        if not self._depth and data.strip():
            self.pieces.append(data)

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """HTML has no marked sections, and the inherited method raises AssertionError for most: a comment, then."""
        return self.parse_bogus_comment(i, report)


def read_formatted(markup: str | None) -> Formatted:
    """What a formatted grade says. The icon is known by class: fa-check, and fa-times (to 4.x) or fa-xmark (later)."""
    reader = _Reader()
    reader.feed(markup or "")
    reader.close()
    return Formatted("".join(reader.pieces).strip(), reader.passed)


def read_range(item: wire.GradeItem) -> tuple[str, str]:
    """The words at both ends of a scale, ("", "") for points.

    A scale counts from 1 and its range shows words; a range that shows the numbers themselves is one of points
    (`grade_item::get_formatted_range`).
    """
    if item.grademin != 1 or item.grademax is None:
        return "", ""
    low, dash, high = (item.rangeformatted or "").partition("&ndash;")
    if not dash:
        return "", ""
    lowest, highest = read_formatted(low).text, read_formatted(high).text
    if not lowest or not highest or (_number(lowest), _number(highest)) == (item.grademin, item.grademax):
        return "", ""
    return lowest, highest


def scale_word(item: wire.GradeItem, lowest: str, highest: str, text: str) -> str:
    """The word that a grade on a scale means; empty when the site shows percentages in its place.

    The ends come from the range, which always shows words; between them the text is read, without the percentage
    that some display types add.
    """
    if item.graderaw is None:
        return ""
    step = item.graderaw.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if item.grademax is not None and step >= item.grademax:
        return highest
    if step <= 1:
        return lowest
    if _PERCENT.match(text):
        return ""
    match = _PERCENT_BEFORE.match(text) or _PERCENT_BEHIND.match(text)
    return match["word"] if match else text


@dataclass(frozen=True)
class ToldByCompanion:
    """What the report does not say, and the companion told before the site lost it: pass marks by column, and by
    grade who gave it, with the points and the time of the grade that this is known of."""

    pass_marks: Mapping[str, Decimal | None] = field(default_factory=dict)
    graders: Mapping[str, tuple[str, Decimal | None, dt.datetime | None]] = field(default_factory=dict)

    def grader(self, item: wire.GradeItem, learner: int) -> int | None:
        """Who gave a grade, if it is still the same grade."""
        grader, points, graded_at = self.graders.get(f"{item.id}/{learner}", ("", None, None))
        now = None if item.graderaw is None else exact_decimal(item.graderaw)
        same = points == now and graded_at == instant(item.gradedategraded)
        return int(grader) if same and grader.isdigit() else None


class Columns:
    """The gradebook's columns: the union of what every learner's report shows, in the report's order."""

    def __init__(self, course_id: int, category_path: list[str], told: ToldByCompanion | None = None) -> None:
        self.told = told or ToldByCompanion()
        self._course_id = course_id
        self._category_path = category_path
        self._order: list[int] = []
        self._fields: dict[int, dict[str, Any]] = {}
        self._told: dict[int, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._order)

    def add(self, report: wire.UserGrades) -> None:
        """Takes in one learner's columns. A new one gets its place behind the one before it."""
        place = 0
        grown = False
        for item in report.gradeitems:
            if item.id in self._fields:
                place = self._order.index(item.id) + 1
            else:
                self._order.insert(place, item.id)
                self._fields[item.id] = self._new(item, report)
                place, grown = place + 1, True
            self._widen(self._fields[item.id], item)
        if grown:
            for position, item_id in enumerate(self._order, start=1):
                self._fields[item_id]["position"] = position

    def fields(self, item_id: int) -> dict[str, Any]:
        """The fields of one column: one object, shared by all its grades."""
        return self._fields[item_id]

    def news(self) -> Iterator[SourceRecord]:
        """The columns that are new or changed since they were last told."""
        for item_id in self._order:
            fields = self._fields[item_id]
            if self._told.get(item_id) != fields:
                self._told[item_id] = dict(fields)
                # Not among the shared fields: grades are judged by the icon that the report shows.
                pass_mark = self.told.pass_marks.get(str(item_id))
                yield SourceRecord("grade_item", str(item_id), {**fields, "gradepass": pass_mark})

    def _new(self, item: wire.GradeItem, report: wire.UserGrades) -> dict[str, Any]:
        lowest, highest = read_range(item)
        return {
            "id": item.id,
            "courseid": self._course_id,
            "itemname": item.itemname,
            "itemtype": item.itemtype,
            "itemmodule": item.itemmodule or "",
            "iteminstance": item.iteminstance,
            "idnumber": item.idnumber or "",
            "position": 0,
            "grademin": item.grademin,
            "grademax": item.grademax,
            "is_scale": bool(highest),
            "scale_lowest": lowest,
            "scale_highest": highest,
            "course_idnumber": report.courseidnumber or "",
            "course_category_path": self._category_path,
        }

    @staticmethod
    def _widen(fields: dict[str, Any], item: wire.GradeItem) -> None:
        """A total's maximum differs from learner to learner (what is not graded does not count): keep the widest."""
        for name, value, pick in (("grademin", item.grademin, min), ("grademax", item.grademax, max)):
            if value is not None:
                fields[name] = value if fields[name] is None else pick(fields[name], value)


def grade_records(columns: Columns, reports: Iterable[wire.UserGrades]) -> Iterator[SourceRecord]:
    """The grades that hold anything. Grades that wait for Moodle's regrading are left out: they keep what they were."""
    for report in reports:
        for item in report.gradeitems:
            if item.gradeneedsupdate is not True and holds_anything(item):
                yield _grade_record(columns, report, item)


def empty_keys(reports: Iterable[wire.UserGrades]) -> Iterator[str]:
    """The keys (`item/learner`) of the grades that hold nothing."""
    for report in reports:
        for item in report.gradeitems:
            if item.gradeneedsupdate is not True and not holds_anything(item):
                yield f"{item.id}/{report.userid}"


def holds_anything(item: wire.GradeItem) -> bool:
    """Whether there is anything to record of a grade."""
    return (
        item.graderaw is not None
        or bool(item.gradedategraded)
        or bool(item.gradeisoverridden)
        or bool(item.gradeislocked)
        or bool(item.gradeishidden)
    )


def is_pending(report: wire.UserGrades) -> bool:
    """Whether Moodle still has to recompute some of the learner's grades."""
    return any(item.gradeneedsupdate is True for item in report.gradeitems)


def _grade_record(columns: Columns, report: wire.UserGrades, item: wire.GradeItem) -> SourceRecord:
    formatted = read_formatted(item.gradeformatted)
    column = columns.fields(item.id)
    lowest, highest = column["scale_lowest"], column["scale_highest"]
    fields = {
        "itemid": item.id,
        "userid": report.userid,
        "courseid": report.courseid,
        "graderaw": item.graderaw,
        "grademin": item.grademin,
        "grademax": item.grademax,
        "word": scale_word(item, lowest, highest, formatted.text) if column["is_scale"] else "",
        "status": item.status or "",
        "hidden": bool(item.gradeishidden),
        "locked": bool(item.gradeislocked),
        "overridden": bool(item.gradeisoverridden),
        "usermodified": columns.told.grader(item, report.userid),
        "gradedatesubmitted": item.gradedatesubmitted or None,
        "gradedategraded": item.gradedategraded or None,
        "pass_icon": formatted.passed if item.graderaw is not None else None,
        "item": column,
    }
    return SourceRecord("grade", f"{item.id}/{report.userid}", fields, instant(item.gradedategraded))


def _icon(attributes: dict[str, str | None]) -> bool | None:
    classes = (attributes.get("class") or "").split()
    source = attributes.get("src") or ""
    if "fa-check" in classes or source.endswith(("i/valid", "i/valid.svg", "i/valid.png", "i%2Fvalid")):
        return True
    if {"fa-xmark", "fa-times"} & set(classes) or source.endswith(
        ("i/invalid", "i/invalid.svg", "i/invalid.png", "i%2Finvalid")
    ):
        return False
    if "text-success" in classes:
        return True
    return False if "text-danger" in classes else None


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None
