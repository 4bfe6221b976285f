"""Сводная ведомость: learners by items, with everybody's mean mark and debts, and the totals of each item (F19)."""

from __future__ import annotations

from collections.abc import Callable

from lms_sync.report.amounts import mean_mark
from lms_sync.report.interface import Table, Value
from lms_sync.report.parts import (
    detail_column,
    item_column,
    mark_cell,
    marks_of,
    number_column,
    scope_title,
    text_column,
)
from lms_sync.report.phrases import (
    DEBT_AT_END,
    DEBTS,
    EMPTY_CELLS,
    MEAN_MARK,
    NOT_APPLICABLE,
    PASSED,
    RECOGNISED,
    RECOGNISED_IS,
    SUMMARY,
    WHAT_IS_DEBT,
    period_words,
)
from lms_sync.report.standing import Member, Selection, Standing, Standings, standings
from lms_sync.store.study import Item, Study


def summary(study: Study, selection: Selection) -> Table:
    """A line a learner, a column an item, and three lines of totals."""
    found = standings(study, selection)
    several = len({item.course for item in found.items}) > 1
    columns = [
        number_column("number"),
        detail_column("learner"),
        text_column("full_name"),
        text_column("groups"),
        text_column("enrolment_status"),
        *(item_column(found, item, with_course=several) for item in found.items),
        number_column("mean_mark"),
        number_column("debts"),
    ]
    rows = [[number, *_line(found, member)] for number, member in enumerate(found.members, start=1)]
    notes = [period_words(selection.period), WHAT_IS_DEBT, DEBT_AT_END if selection.period.limited else "", EMPTY_CELLS]
    notes.append(RECOGNISED_IS if found.recognised else "")
    return Table(
        scope_title(SUMMARY, study, found), columns, rows + (_totals(found) if rows else []), list(filter(None, notes))
    )


def _line(found: Standings, member: Member) -> list[Value]:
    cells = [_cell(found, member, item) for item in found.items]
    mean = mean_mark(marks_of(found.results(member)))
    return [member.key, member.name, member.groups, member.state, *cells, mean, found.debts(member)]


def _cell(found: Standings, member: Member, item: Item) -> Value:
    if member.place_in(item.course) is None:
        return NOT_APPLICABLE
    standing = found.of.get((member.key, item.key))
    if (member.key, item.key) in found.recognised and not (standing and standing.took_part):
        return RECOGNISED
    return mark_cell(standing) if standing else None


def _totals(found: Standings) -> list[list[Value]]:
    everything = list(found.of.values())
    debts = sum(found.debts(member) for member in found.members)

    def row(words: str, of_item: Callable[[Item], Value], mean: Value, owed: Value) -> list[Value]:
        return [None, "", words, "", "", *(of_item(item) for item in found.items), mean, owed]

    def held(item: Item) -> list[Standing]:
        return [one for one in everything if one.item == item.key]

    return [
        row(MEAN_MARK, lambda item: mean_mark(marks_of(held(item))), mean_mark(marks_of(everything)), None),
        row(PASSED, lambda item: sum(one.passed is True for one in held(item)), None, None),
        row(DEBTS, lambda item: _owed(found, item), None, debts),
    ]


def _owed(found: Standings, item: Item) -> int:
    return sum((member.key, item.key) not in found.settled for member in found.listed(item))
