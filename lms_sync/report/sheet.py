"""Экзаменационная, зачётная ведомость: everybody's mark in one item (F18, F28)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lms_sync.records import AttestationKind, ControlForm, ResultOutcome
from lms_sync.report.amounts import mean_mark
from lms_sync.report.captions import LEFT, short_caption, value_caption
from lms_sync.report.interface import Column, Table, Value
from lms_sync.report.parts import absences, caption, detail_column, levels, number_column, text_column
from lms_sync.report.phrases import (
    MEAN_MARK,
    PENDING,
    RECOGNISED,
    RECOGNISED_IS,
    group_words,
    protocol_words,
    said,
    sheet_title,
    titled,
)
from lms_sync.report.recognised import minutes_words
from lms_sync.report.standing import Member, ProtocolReference, Selection, Standing, Standings, standings
from lms_sync.store.study import Item, Recognised, Study

_ABSENCES = (
    ResultOutcome.ABSENT, ResultOutcome.NOT_ADMITTED, ResultOutcome.NOT_COMPLETED, ResultOutcome.WITHDRAWN,
)  # fmt: skip


@dataclass(frozen=True)
class _Line:
    """A member with a standing, or why there is none."""

    member: Member
    standing: Standing | None
    why: str = ""
    recognised: Recognised | None = None


def sheet(study: Study, selection: Selection) -> Table:
    """A line a learner, in the order of the alphabet. `selection.item` must name a grade item of the study."""
    found = standings(study, selection)
    (item,) = found.items
    lines = [_line(found, member, item) for member in found.listed(item)]
    rows = [[number, *_cells(line)] for number, line in enumerate(lines, start=1)]
    columns = [
        number_column("number"),
        detail_column("learner"),
        text_column("full_name"),
        text_column("idnumber"),
        number_column("points"),
        number_column("mark"),
        text_column("mark_text"),
        text_column("absence"),
        text_column("day"),
        Column("recognised", caption("recognised"), detail=not any(line.recognised for line in lines)),
    ]
    kind, form = AttestationKind(item.attestation_kind), ControlForm(item.control_form)
    title = titled(sheet_title(form, kind), item.title, group_words(study.scope.group))
    notes = [*_heading(found, item), *_totals(lines), *([RECOGNISED_IS] if found.recognised else [])]
    return Table(title, columns, rows, notes)


def _line(found: Standings, member: Member, item: Item) -> _Line:
    """Who has no grade: recognised, left, is waited for, began and did not hand in, may not take part, or is absent."""
    standing = found.of.get((member.key, item.key))
    recognised = found.recognised.get((member.key, item.key))
    place = member.place_in(item.course)
    if recognised and not (standing and standing.took_part):
        return _Line(member, None, RECOGNISED, recognised)
    if standing:
        return _Line(member, standing, recognised=recognised)
    if place is None or place.retired_at:
        return _Line(member, None, LEFT)
    suspended = member.suspended_in(item.course)
    tries = found.tries.get((member.key, item.assessment)) if item.assessment else None
    awaited = tries is not None and (tries.finished or (tries.unfinished and not suspended))
    if awaited or (member.key, item.key) in found.submitted:
        return _Line(member, None, PENDING)
    outcome = ResultOutcome.NOT_ADMITTED if suspended else ResultOutcome.ABSENT
    return _Line(
        member, Standing(member.key, item.key, ResultOutcome.NOT_COMPLETED if tries else outcome, passed=False)
    )


def _cells(line: _Line) -> list[Value]:
    who: list[Value] = [line.member.key, line.member.name, line.member.person.idnumber]
    standing, recognised = line.standing, line.recognised
    minutes = minutes_words(recognised) if recognised else ""
    if standing is None and recognised:
        return [*who, None, None, line.why, "", recognised.minutes_date, minutes]
    if standing is None:
        return [*who, None, None, "", line.why, None, ""]
    if not standing.took_part:
        return [*who, None, None, "", short_caption(standing.outcome), standing.day, ""]
    return [*who, standing.points, standing.mark, standing.mark_text, "", standing.day, minutes]


def _heading(found: Standings, item: Item) -> list[str]:
    programme = found.courses.get(item.course)
    hours = programme.hours if programme else None
    protocols = {one.protocol for one in found.of.values() if one.protocol}
    return [
        said(caption("course_title"), found.course_title(item.course)),
        *([said(caption("hours"), hours)] if hours else []),
        said(caption("attestation_kind"), value_caption(AttestationKind(item.attestation_kind))),
        said(caption("control_form"), value_caption(ControlForm(item.control_form))),
        *([said(caption("protocol_words"), _protocols(protocols))] if protocols else []),
    ]


def _protocols(protocols: set[ProtocolReference]) -> str:
    ordered = sorted(protocols, key=lambda one: (one.day, one.number))
    return ", ".join(protocol_words(one.number, one.day) for one in ordered)


def _totals(lines: list[_Line]) -> list[str]:
    held = [line.standing for line in lines if line.standing]
    reached, absent = levels(held), absences(held)
    others = Counter(line.why for line in lines if line.standing is None)
    mean = mean_mark([one.mark for one in held if one.mark is not None])
    return [
        said(caption("listed"), len(lines)),
        *(said(level.words, count) for level, count in sorted(reached.items())),
        *(said(f"{value_caption(one)} ({short_caption(one)})", absent[one]) for one in _ABSENCES if absent[one]),
        *(said(why, count) for why, count in sorted(others.items())),
        *([said(MEAN_MARK, mean)] if mean is not None else []),
    ]
