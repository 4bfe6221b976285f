"""Quality of attestation, a figure a line, with the whole that every percent is of (S0 2.5.5, R7).

Listed are the item's learners, also suspended ones; took part means graded; the absolute rate is passed to listed, the
quality rate fives and fours to listed. Over nothing there is no percent. To whom another organisation's result was
recognised, and who has no grade here, was not to be attested: they are told apart and are in no other figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lms_sync.records import AttestationKind, ControlForm
from lms_sync.report.amounts import mean_mark, share
from lms_sync.report.captions import value_caption
from lms_sync.report.interface import Table, Value
from lms_sync.report.parts import caption, detail_column, levels, marks_of, number_column, scope_title, text_column
from lms_sync.report.phrases import (
    LISTED_IS,
    OF_LISTED,
    OF_TOOK_PART,
    PASSED_IS,
    QUALITY,
    QUALITY_IS,
    RECOGNISED_APART,
    item_words,
    period_words,
)
from lms_sync.report.standing import Member, Selection, Standing, Standings, standings
from lms_sync.store.study import Item, Study

_GOOD = 4

Figure = tuple[str, str, int | Decimal | None, str, int | None]
"""Indicator, its words, its value, and what its percent is of: in words, and how many that is."""


def quality(study: Study, selection: Selection) -> Table:
    """The figures of every item, one below another."""
    found = standings(study, selection)
    held: dict[str, list[Standing]] = {item.key: [] for item in found.items}
    for one in found.of.values():
        held[one.item].append(one)
    several = len({item.course for item in found.items}) > 1
    rows = [
        [*_who(found, item, with_course=several), *_cells(figure)]
        for item in found.items
        for figure in _figures(len(found.listed(item)), len(_apart(found, item)), held[item.key])
    ]
    columns = [
        detail_column("course"),
        detail_column("course_title"),
        detail_column("grade_item"),
        detail_column("item_title"),
        detail_column("attestation_kind"),
        detail_column("control_form"),
        text_column("item_words"),
        detail_column("indicator"),
        text_column("label"),
        number_column("value"),
        number_column("percent"),
        text_column("percent_of"),
        number_column("whole"),
    ]
    notes = [period_words(selection.period), LISTED_IS, PASSED_IS, QUALITY_IS]
    notes.append(RECOGNISED_APART if found.recognised else "")
    return Table(scope_title(QUALITY, study, found), columns, rows, list(filter(None, notes)))


def _who(found: Standings, item: Item, *, with_course: bool) -> list[Value]:
    course = found.course_title(item.course)
    kind, form = value_caption(AttestationKind(item.attestation_kind)), value_caption(ControlForm(item.control_form))
    words = item_words(course if with_course else "", item.title, kind, form)
    return [item.course, course, item.key, item.title, kind, form, words]


def _apart(found: Standings, item: Item) -> list[Member]:
    """Who has a recognised result in the item and no grade of the academy's own."""

    def graded(member: Member) -> bool:
        standing = found.of.get((member.key, item.key))
        return standing is not None and standing.took_part

    return [one for one in found.listed(item) if (one.key, item.key) in found.recognised and not graded(one)]


def _figures(everybody: int, apart: int, held: list[Standing]) -> Iterator[Figure]:
    listed = everybody - apart
    graded = [one for one in held if one.took_part]
    marks = marks_of(graded)
    took_part, passed = len(graded), sum(one.passed is True for one in graded)
    yield "listed", caption("listed"), listed, "", None
    if apart:
        yield "recognised", caption("recognised_count"), apart, "", None
    yield "took_part", caption("took_part"), took_part, OF_LISTED, listed
    yield "passed", caption("passed_count"), passed, OF_TOOK_PART, took_part
    yield "absolute_rate", caption("absolute_rate"), passed, OF_LISTED, listed
    good = sum(mark >= _GOOD for mark in marks) if marks else None
    yield "quality_rate", caption("quality_rate"), good, OF_LISTED, listed
    for level, count in sorted(levels(graded).items()):
        yield level.key, level.words, count, OF_TOOK_PART, took_part
    yield "mean_mark", caption("mean_mark"), mean_mark(marks), "", None


def _cells(figure: Figure) -> list[Value]:
    indicator, words, value, percent_of, whole = figure
    percent = share(value, whole) if isinstance(value, int) and whole is not None else None
    return [indicator, words, value, percent, percent_of, whole]
