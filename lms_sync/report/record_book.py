"""Электронная зачётная книжка: every result of a learner, over all courses, by kind of attestation (F7, F22)."""

from __future__ import annotations

from lms_sync.collation import sort_key
from lms_sync.records import AttestationKind, ControlForm
from lms_sync.report.amounts import one_place
from lms_sync.report.captions import value_caption
from lms_sync.report.interface import Table, Value
from lms_sync.report.parts import caption, detail_column, mark_words, number_column, text_column
from lms_sync.report.period import Period
from lms_sync.report.phrases import RECORD_BOOK, period_words, protocol_words, said, titled
from lms_sync.report.standing import KIND_ORDER, Member, Selection, Standing, Standings, standings
from lms_sync.store.study import Item, Study


def record_book(study: Study, selection: Selection) -> Table:
    """A line a result in the period, in sections by kind of attestation. The study is one learner's."""
    found = standings(study, selection)
    rows: list[list[Value]] = []
    for item, standing in _in_sections(found):
        rows.append([len(rows) + 1, *_row(found, item, standing)])
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
    ]
    name = found.members[0].name if found.members else ""
    return Table(titled(RECORD_BOOK, name), columns, rows, _notes(found, selection.period))


def _in_sections(found: Standings) -> list[tuple[Item, Standing]]:
    held = [
        (item, one) for member in found.members for item in found.items if (one := found.of.get((member.key, item.key)))
    ]
    return sorted(held, key=lambda pair: _section_order(found, pair[0]))


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
    ]


def _attempts(found: Standings, learner: str, item: Item) -> int | None:
    tries = found.tries.get((learner, item.assessment)) if item.assessment else None
    return tries.begun if tries else None


def _notes(found: Standings, period: Period) -> list[str]:
    notes = [_identity(member) for member in found.members]
    return [note for note in (*notes, period_words(period)) if note]


def _identity(member: Member) -> str:
    pairs = (("idnumber", member.person.idnumber), ("groups", member.groups), ("learner", member.key))
    return "; ".join(said(caption(key), value) for key, value in pairs if value)
