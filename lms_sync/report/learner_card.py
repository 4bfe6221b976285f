"""Карта обучающегося (учётная запись): who a learner is, what they study, and what they have come to (F1, F3, F26).

One value a line, so that the card prints as a form: general data first, then a section for each programme.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lms_sync.records import AttestationKind, ControlForm, ProgrammeKind
from lms_sync.report.amounts import one_place
from lms_sync.report.captions import value_caption
from lms_sync.report.interface import Table, Value
from lms_sync.report.parts import caption, detail_column, mark_words, number_column, text_column
from lms_sync.report.people import enrolment_state, shown_groups
from lms_sync.report.phrases import (
    GENERAL,
    LEARNER_CARD,
    RECOGNISED,
    RECOGNISED_IS,
    WHOLE_COURSE,
    item_words,
    period_words,
    protocol_words,
    titled,
)
from lms_sync.report.recognised import minutes_words, recognised_words, source_words
from lms_sync.report.standing import KIND_ORDER, Member, Selection, Standing, Standings, standings
from lms_sync.store.study import Item, Place, Recognised, Study

_IDENTITY = (
    "last_name", "first_name", "middle_name", "birth_date", "idnumber", "snils", "citizenship",
    "organisation", "department", "city", "email",
)  # fmt: skip
RESULT = "result"
RECOGNITION = "recognition"


@dataclass(frozen=True)
class _Entry:
    field: str
    label: str
    value: Value
    item: str = ""
    percent: Value = None
    day: Value = None
    protocol: str = ""


def learner_card(study: Study, selection: Selection) -> Table:
    """The card of the learner that the study is of. Curriculum fulfilment counts the chosen kinds of attestation."""
    found = standings(study, selection)
    rows: list[list[Value]] = []
    for member in found.members:
        rows += [_row(GENERAL, "", entry) for entry in _general(member)]
        for place in _by_title(found, member):
            title = found.course_title(place.course)
            entries = [*_enrolment(found, place, selection), *_fulfilment(found, place), *_results(found, place)]
            rows += [_row(title, place.course, entry) for entry in entries]
    columns = [
        text_column("section"),
        detail_column("course"),
        detail_column("field"),
        detail_column("grade_item"),
        text_column("label"),
        text_column("value"),
        number_column("percent"),
        text_column("day"),
        text_column("protocol_words"),
    ]
    name = found.members[0].name if found.members else ""
    notes = [period_words(selection.period), RECOGNISED_IS if found.recognitions else ""]
    return Table(titled(LEARNER_CARD, name), columns, rows, [note for note in notes if note])


def _row(section: str, course: str, entry: _Entry) -> list[Value]:
    return [
        section, course, entry.field, entry.item, entry.label, entry.value, entry.percent, entry.day, entry.protocol,
    ]  # fmt: skip


def _entry(field: str, value: Value) -> _Entry:
    return _Entry(field, caption(field), value)


def _general(member: Member) -> Iterator[_Entry]:
    yield _entry("learner", member.key)
    for field in _IDENTITY:
        yield _entry(field, getattr(member.person, field))


def _by_title(found: Standings, member: Member) -> list[Place]:
    order = {course: number for number, course in enumerate(dict.fromkeys(item.course for item in found.items))}
    return sorted(member.places, key=lambda place: (order.get(place.course, len(order)), place.course))


def _enrolment(found: Standings, place: Place, selection: Selection) -> Iterator[_Entry]:
    programme = found.courses.get(place.course)
    if programme:
        yield _entry("programme_kind", value_caption(ProgrammeKind(programme.programme_kind)))
        yield _entry("hours", programme.hours)
    yield _entry("groups", shown_groups(place.groups))
    yield _entry("enrolment_status", enrolment_state(place.status, place.retired_at))
    if place.status:  # else the LMS never showed the learner in the course
        yield _entry("known_since", selection.period.day_of(place.first_seen_at))
        if place.retired_at:
            yield _entry("left_at", selection.period.day_of(place.retired_at))


def _fulfilment(found: Standings, place: Place) -> Iterator[_Entry]:
    for kind in KIND_ORDER:
        items = [item for item in found.items if item.course == place.course and item.attestation_kind == kind]
        if items:
            passed = [one for item in items if (one := found.of.get((place.learner, item.key))) and one.passed]
            yield _entry(f"{kind}_items", len(items))
            yield _entry(f"{kind}_passed", len(passed))
            if recognised := sum((place.learner, item.key) in found.recognised for item in items):
                yield _entry(f"{kind}_recognised", recognised)


def _results(found: Standings, place: Place) -> Iterator[_Entry]:
    items = [item for item in found.items if item.course == place.course]
    for item in sorted(items, key=lambda one: KIND_ORDER.index(AttestationKind(one.attestation_kind))):
        standing = found.of.get((place.learner, item.key))
        recognised = found.recognised.get((place.learner, item.key))
        of_period = recognised if recognised in found.recognitions else None
        if standing or of_period is None:
            yield _result(item, standing)
        if of_period:
            yield _recognised(of_period, item)
    whole = [one for one in found.recognitions if one.course == place.course and not one.grade_item]
    yield from (_recognised(one, None) for one in whole)


def _result(item: Item, standing: Standing | None) -> _Entry:
    if standing is None:
        return _Entry(RESULT, _label(item), "", item.key)
    protocol = standing.protocol
    return _Entry(
        field=RESULT,
        label=_label(item),
        value=mark_words(standing) or standing.points,
        item=item.key,
        percent=one_place(standing.percent),
        day=standing.day,
        protocol=protocol_words(protocol.number, protocol.day) if protocol else "",
    )


def _recognised(one: Recognised, item: Item | None) -> _Entry:
    """In full where it is named: of an item, or of the whole course; in a word in the items of a whole course."""
    own = one.grade_item == (item.key if item else "")
    return _Entry(
        field=RECOGNITION,
        label=_label(item) if item else WHOLE_COURSE,
        value=f"{recognised_words(one)}; {source_words(one)}" if own else RECOGNISED,
        item=item.key if item else "",
        day=one.minutes_date,
        protocol=minutes_words(one),
    )


def _label(item: Item) -> str:
    kind, form = AttestationKind(item.attestation_kind), ControlForm(item.control_form)
    return item_words("", item.title, value_caption(kind), value_caption(form))
