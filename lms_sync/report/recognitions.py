"""Applications to recognise a result as people read them: the register (F9), a commission's minutes (F10), one in full.

Owns the columns, their order and the words. Must not know where applications come from nor how a table is written.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from zoneinfo import ZoneInfo

from lms_sync.collation import name_key
from lms_sync.records import Commission, CommissionMember, Recognition, RecognitionState
from lms_sync.report import captions
from lms_sync.report.captions import NO_NAME, PROTOCOL_WORDS, value_caption
from lms_sync.report.captions_documents import DOCUMENT_WORDS as WORDS
from lms_sync.report.interface import Column, Table, Value, one_line
from lms_sync.report.period import Period
from lms_sync.report.phrases import (
    WHOLE_COURSE,
    day_words,
    document_words,
    period_words,
    protocol_words,
    said,
    titled,
)
from lms_sync.store.recognitions import Named
from lms_sync.store.rows import Version

_NUMERIC = {"place", "hours"}
_IDENTIFIERS = ("learner", "course", "grade_item")
_OF_DOCUMENTS = ("source_document", "source_number", "source_date")
_OF_DECISION = ("application_number", "application_date", "minutes_number", "minutes_date")
_SIGNED = "____________________"
_DECISIONS = (RecognitionState.RECOGNISED, RecognitionState.REFUSED, RecognitionState.ANNULLED)


def of_period(applications: Iterable[Recognition], period: Period) -> list[Recognition]:
    """Those applied for, or decided, in the period."""
    return [one for one in applications if period.takes(one.application_date) or period.takes(one.minutes_date)]


def recognition_register(applications: Sequence[Recognition], named: Named, period: Period, erased: int) -> Table:
    """Журнал регистрации заявлений о зачёте: a line an application, with what was decided. `erased` are told of."""
    keys = ["place", "uid", "application_words", "full_name", "course_title", "item_title", "subject", "hours"]
    keys += ["mark_text", "source_organisation", "source_words", "state", "minutes_words", "reason"]
    details = [*_IDENTIFIERS, *_OF_DOCUMENTS, *_OF_DECISION]
    rows = [
        [place, *(_value(key, one, named) for key in (*keys[1:], *details))]
        for place, one in enumerate(applications, start=1)
    ]
    notes = [period_words(period), said(WORDS["applications"], len(rows))]
    notes += _counts(applications)
    notes.append(said(WORDS["erased_applications"], erased) if erased else "")
    return Table(WORDS["recognitions"], _columns(keys, details), rows, [note for note in notes if note])


def recognition_minutes(applications: Sequence[Recognition], named: Named, commission: Commission | None) -> Table:
    """Протокол аттестационной комиссии о зачёте: what one meeting decided, by name, with places to sign.

    All applications bear the same minutes, and there is one at least.
    """
    keys = ["place", "full_name", "course_title", "item_title", "subject", "hours", "mark_text"]
    keys += ["source_organisation", "source_words", "application_words", "decision", "reason"]
    details = ["uid", *_IDENTIFIERS, *_OF_DOCUMENTS, *_OF_DECISION]
    ordered = sorted(applications, key=lambda one: (_name_order(one, named), len(one.uid), one.uid))
    rows = [
        [place, *(_value(key, one, named) for key in (*keys[1:], *details))]
        for place, one in enumerate(ordered, start=1)
    ]
    of_all = applications[0]
    assert of_all.minutes_date is not None
    title = f"{WORDS['minutes']} {protocol_words(of_all.minutes_number, of_all.minutes_date)}"
    notes = [said(WORDS["considered"], len(rows)), *_counts(applications), *_signatures(commission)]
    return Table(title, _columns(keys, details), rows, notes)


def recognition_shown(one: Recognition, named: Named, history: Sequence[Version], zone: ZoneInfo) -> list[str]:
    """One application in lines: what it says, what was decided, and every step."""
    item = _value("item_title", one, named)
    lines = [
        titled(WORDS["application"], one.uid),
        said(_caption("state"), value_caption(one.state)),
        said(_caption("full_name"), _value("full_name", one, named)),
        said(_caption("course_title"), f"{_value('course_title', one, named)} ({one.course})"),
        said(_caption("item_title"), f"{item} ({one.grade_item})" if one.grade_item else item),
    ]
    rest = ("subject", "hours", "mark_text", "source_organisation", *_OF_DOCUMENTS, *_OF_DECISION, "reason")
    lines += [said(_caption(name), _text(value)) for name in rest if (value := getattr(one, name)) not in ("", None)]
    return [one_line(line) for line in (*lines, *(_step(version, zone) for version in history))]


def _step(version: Version, zone: ZoneInfo) -> str:
    record = version.record()
    state = value_caption(record.state) if isinstance(record, Recognition) else ""
    why = f": {version.reason}" if version.reason else ""
    return f"{WORDS['history']} {version.observed_at.astimezone(zone):%d.%m.%Y %H:%M} {state}, {version.actor}{why}"


def _value(key: str, one: Recognition, named: Named) -> Value:
    if key == "full_name":
        learner = named.learners.get(one.learner)
        return learner.full_name if learner and learner.full_name else NO_NAME
    if key == "course_title":
        return named.courses.get(one.course, one.course)
    if key == "item_title":
        return named.items.get(one.grade_item, one.grade_item) or WHOLE_COURSE
    if key in ("state", "decision"):
        return value_caption(one.state)
    if key == "application_words":
        return _numbered(one.application_number, one.application_date)
    if key == "minutes_words":
        return _numbered(one.minutes_number, one.minutes_date)
    if key == "source_words":
        return document_words(one.source_document, one.source_number, one.source_date)
    value: Value = getattr(one, key)
    return value


def _numbered(number: str, day: dt.date | None) -> str:
    parts = (f"№ {number}" if number else "", f"{WORDS['from']} {day_words(day)}" if day else "")
    return " ".join(filter(None, parts))


def _counts(applications: Iterable[Recognition]) -> list[str]:
    states = Counter(one.state for one in applications)
    return [said(value_caption(state).capitalize(), states[state]) for state in _DECISIONS if states[state]]


def _signatures(commission: Commission | None) -> list[str]:
    """A place to sign for everybody of the commission; without one, for those whom every commission has."""
    words = PROTOCOL_WORDS
    if commission is None:
        return [f"{words[role]} {_SIGNED}" for role in ("chair", "member", "member", "secretary")]
    order = f" ({commission.order})" if commission.order else ""
    people = [
        *([(words["chair"], commission.chair)] if commission.chair else []),
        *((words["member"], member) for member in commission.members),
        *([(words["secretary"], commission.secretary)] if commission.secretary else []),
    ]
    return [
        said(words["commission"], commission.name + order),
        *(f"{role} {_SIGNED} {_who(one)}" for role, one in people),
    ]


def _who(member: CommissionMember) -> str:
    return f"{member.name}, {member.position}" if member.position else member.name


def _name_order(one: Recognition, named: Named) -> tuple[object, ...]:
    learner = named.learners.get(one.learner)
    if learner is None:
        return (True,)
    return False, name_key(learner.last_name, learner.first_name, learner.middle_name), learner.key


def _text(value: object) -> str:
    if isinstance(value, StrEnum):
        return value_caption(value)
    return day_words(value) if isinstance(value, dt.date) else str(value)


def _caption(name: str) -> str:
    return captions.caption(f"document.{name}")


def _columns(keys: Sequence[str], details: Sequence[str]) -> list[Column]:
    shown = [Column(key, _caption(key), key in _NUMERIC) for key in keys]
    return [*shown, *(Column(key, _caption(key), detail=True) for key in details)]
