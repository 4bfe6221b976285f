"""Электронная зачётная книжка: every result of a learner, over all courses, by kind of attestation (F7, F22).

A recognised result of another organisation has a line of its own, below the LMS's grade in that item if there is one.
"""

from __future__ import annotations

from collections.abc import Iterator

from lms_sync.collation import sort_key
from lms_sync.records import AttestationKind, ControlForm
from lms_sync.report.amounts import one_place
from lms_sync.report.captions import value_caption
from lms_sync.report.interface import Column, Table, Value
from lms_sync.report.parts import caption, detail_column, mark_words, number_column, text_column
from lms_sync.report.period import Period
from lms_sync.report.phrases import (
    RECOGNISED_IS,
    RECORD_BOOK,
    WHOLE_COURSE,
    period_words,
    protocol_words,
    said,
    titled,
)
from lms_sync.report.recognised import minutes_words, recognised_words, source_words
from lms_sync.report.standing import KIND_ORDER, Member, Selection, Standing, Standings, standings
from lms_sync.store.study import Item, Recognised, Study

_OF_RECOGNITION = (
    "recognition", "subject", "recognised_hours", "recognised_mark", "source_organisation", "source_document",
    "source_number", "source_date", "minutes_number", "minutes_date",
)  # fmt: skip
_NOT_RECOGNISED: list[Value] = ["", "", None, "", "", "", "", None, "", None]


def record_book(study: Study, selection: Selection) -> Table:
    """A line a result in the period, in sections by kind of attestation. The study is one learner's."""
    found = standings(study, selection)
    rows: list[list[Value]] = []
    for _, row in sorted([*_graded(found), *_recognised(found)], key=lambda pair: pair[0]):
        rows.append([len(rows) + 1, *row])
    columns = [
        number_column("number"),
        text_column("attestation_kind"),
        detail_column("course"),
        text_column("course_title"),
        number_column("hours"),
        detail_column("grade_item"),
        text_column("item_title"),
        text_column("control_form"),
        text_column("day"),
        number_column("points"),
        detail_column("maximum", numeric=True),
        number_column("percent"),
        text_column("mark_words"),
        detail_column("mark", numeric=True),
        detail_column("mark_text"),
        text_column("passed"),
        number_column("attempts"),
        text_column("protocol_words"),
        detail_column("protocol"),
        detail_column("protocol_day"),
        Column("recognised_words", caption("recognised_words"), detail=not found.recognitions),
        *(detail_column(key, numeric=key == "recognised_hours") for key in _OF_RECOGNITION),
    ]
    name = found.members[0].name if found.members else ""
    return Table(titled(RECORD_BOOK, name), columns, rows, _notes(found, selection.period))


_Line = tuple[tuple[object, ...], list[Value]]
"""Where a line stands, and its cells."""


def _graded(found: Standings) -> Iterator[_Line]:
    for member in found.members:
        for item in found.items:
            if one := found.of.get((member.key, item.key)):
                yield (*_section_order(found, item), 0), _row(found, item, one)


def _recognised(found: Standings) -> Iterator[_Line]:
    """Below what was graded in the same item; whole courses after all sections."""
    items = {item.key: item for item in found.items}
    for one in found.recognitions:
        item = items.get(one.grade_item)
        title = sort_key(found.course_title(one.course))
        order = _section_order(found, item) if item else (len(KIND_ORDER), title, one.course, 0, "")
        yield (*order, 1), _recognised_row(found, item, one)


def _section_order(found: Standings, item: Item) -> tuple[object, ...]:
    kind = KIND_ORDER.index(AttestationKind(item.attestation_kind))
    return kind, sort_key(found.course_title(item.course)), item.course, item.position, item.key


def _row(found: Standings, item: Item, standing: Standing) -> list[Value]:
    # A frozen result names programme, item and form as they were then: the protocol says the same.
    frozen, programme, protocol = standing.frozen, found.courses.get(item.course), standing.protocol
    return [
        value_caption(AttestationKind(item.attestation_kind)),
        item.course,
        frozen.course_title if frozen else found.course_title(item.course),
        frozen.hours if frozen else programme.hours if programme else None,
        item.key,
        frozen.title if frozen else item.title,
        value_caption(frozen.control_form if frozen else ControlForm(item.control_form)),
        standing.day,
        standing.points,
        standing.maximum,
        one_place(standing.percent),
        mark_words(standing),
        standing.mark,
        standing.mark_text if standing.took_part else value_caption(standing.outcome),
        standing.passed,
        _attempts(found, standing.learner, item),
        protocol_words(protocol.number, protocol.day) if protocol else "",
        protocol.number if protocol else "",
        protocol.day if protocol else None,
        "",
        *_NOT_RECOGNISED,
    ]


def _recognised_row(found: Standings, item: Item | None, one: Recognised) -> list[Value]:
    """Neither points nor mark nor verdict of this academy: what it is stands in words and in columns of its own."""
    programme = found.courses.get(one.course)
    return [
        value_caption(AttestationKind(item.attestation_kind)) if item else "",
        one.course,
        found.course_title(one.course),
        programme.hours if programme else None,
        one.grade_item,
        item.title if item else WHOLE_COURSE,
        value_caption(ControlForm(item.control_form)) if item else "",
        one.minutes_date,
        *(None, None, None),  # points, maximum, percent
        recognised_words(one),
        *(None, "", None, None),  # mark in figures and in words, passed, attempts
        *("", "", None),  # protocol
        f"{source_words(one)}; {caption('minutes')} {minutes_words(one)}",
        one.uid,
        one.subject,
        one.hours,
        one.mark_text,
        one.source_organisation,
        one.source_document,
        one.source_number,
        one.source_date,
        one.minutes_number,
        one.minutes_date,
    ]


def _attempts(found: Standings, learner: str, item: Item) -> int | None:
    tries = found.tries.get((learner, item.assessment)) if item.assessment else None
    return tries.begun if tries else None


def _notes(found: Standings, period: Period) -> list[str]:
    notes = [_identity(member) for member in found.members]
    return [note for note in (*notes, period_words(period), RECOGNISED_IS if found.recognitions else "") if note]


def _identity(member: Member) -> str:
    pairs = (("idnumber", member.person.idnumber), ("groups", member.groups), ("learner", member.key))
    return "; ".join(said(caption(key), value) for key, value in pairs if value)
