"""Protocols as people read them: the list, one protocol's lines, what drifted, and the table of an export.

Owns the columns, their order and the words. Must not know where documents come from nor how a table is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from lms_sync.records import (
    AttestationResult,
    Commission,
    CommissionMember,
    Drift,
    ProtocolLine,
    ProtocolTotals,
    ResultOutcome,
)
from lms_sync.registers.document import DocumentLine, OpenLine, ProtocolDocument
from lms_sync.registers.freezing import WaitingFor
from lms_sync.report.captions import ERASED, NO_NAME, PROTOCOL_WORDS, caption, protocol_title, value_caption
from lms_sync.report.interface import Column, Table, Value, one_line, value_text

_NUMERIC = {"number", "listed", "passed", "waiting_count", "missing_count", "drift_count", "hours", "mark"}
_MAY_BE_LEFT_OUT = ("birth_date", "idnumber", "attempt_number", "percent")
"""Columns that a protocol is shown without when no line has anything in them."""


def list_table(documents: Sequence[ProtocolDocument]) -> Table:
    """A line a protocol or open sitting."""
    keys = ["protocol", "state", "held", "closed_at", "course_title", "title", "group_name"]
    keys += ["listed", "passed", "waiting_count", "missing_count", "drift_count"]
    rows: list[list[Value]] = [
        [
            one.number or one.sitting,
            value_caption(one.state),
            _days(one.held_from, one.held_to),
            None if one.closed_at is None else one.closed_at.astimezone(ZoneInfo(one.timezone)),
            one.course_title,
            one.title,
            one.group,
            one.totals.listed,
            one.totals.passed,
            len(one.waiting),
            len(one.missing),
            len(one.drifts),
        ]
        for one in documents
    ]
    return Table(PROTOCOL_WORDS["list"], _columns(keys), rows)


def heading(document: ProtocolDocument) -> list[str]:
    """The lines above a protocol's table: what it is, of what, by whom."""
    words = PROTOCOL_WORDS
    title = protocol_title(document.attestation_kind)
    name = f"{title} № {document.number}" if document.number else f"{title} ({words['open']}: {document.sitting})"
    hours = f", {document.hours} {words['hours']}" if document.hours else ""
    lines = [
        document.organisation,
        name,
        f"{value_caption(document.programme_kind)}: «{document.course_title}»{hours}",
        f"{caption('title')}: {document.title} ({value_caption(document.control_form)})",
        f"{caption('group_name')}: {document.group}" if document.group else "",
        f"{caption('held')}: {_days(document.held_from, document.held_to)}" if document.held_from else "",
        *_commission_lines(document.commission),
    ]
    if document.closed_at:
        closed = document.closed_at.astimezone(ZoneInfo(document.timezone))
        lines.append(f"{caption('closed_at')}: {closed:%d.%m.%Y %H:%M} ({document.timezone}), {document.closed_by}")
    lines.append(f"{caption('state')}: {value_caption(document.state)}")
    return [one_line(line) for line in lines if line]


def lines_table(document: ProtocolDocument) -> Table:
    """The lines of a protocol, shown as it would be printed."""
    keys = ["number", "full_name", "birth_date", "idnumber", "attempt_number", "finished_at", "grade_words", "percent"]
    keys += ["mark_words", "passed"]
    zone = ZoneInfo(document.timezone)
    rows = [{key: _value(key, line, zone) for key in keys} for line in document.lines]
    keys = [key for key in keys if key not in _MAY_BE_LEFT_OUT or any(row[key] for row in rows)]
    return Table("", _columns(keys), [[row[key] for key in keys] for row in rows])


def notes(document: ProtocolDocument) -> list[str]:
    """What stands below the lines: totals, who waits, who has nothing, drift and the history."""
    words = PROTOCOL_WORDS
    told = [totals_text(document.totals)]
    told += [f"{words['waiting']}: {_open(one)}" for one in document.waiting]
    told += [f"{words['missing']}: {_open(one)}" for one in document.missing]
    told += [f"{words['drift']}: {drift_text(one)}" for one in document.drifts]
    if len(document.history) > 1:
        zone = ZoneInfo(document.timezone)
        told += [
            f"{words['revision']} {one.revision}, {value_caption(one.state)} {one.at.astimezone(zone):%d.%m.%Y %H:%M}, "
            f"{one.actor}{': ' + one.reason if one.reason else ''}"
            for one in document.history
        ]
    return told


def totals_text(totals: ProtocolTotals) -> str:
    """The totals in one line, as they stand below an examination sheet."""
    parts = [f"{caption(name)}: {getattr(totals, name)}" for name in ("listed", "took_part", "passed", "failed")]
    parts += [f"{one.text}: {one.count}" for one in totals.marks]
    others = ("absent", "not_completed", "not_admitted", "withdrawn")
    parts += [f"{caption(name)}: {getattr(totals, name)}" for name in others if getattr(totals, name)]
    return "; ".join(parts)


def export_table(document: ProtocolDocument) -> Table:
    """A protocol's lines with everything each rests on, for a spreadsheet."""
    keys = [
        "protocol",
        "state",
        "course_title",
        "programme_kind",
        "hours",
        "title",
        "group_name",
        "number",
        "full_name",
    ]
    keys += ["birth_date", "idnumber", "learner", "outcome", "attempt_number", "started_at", "finished_at", "duration"]
    keys += ["points", "points_maximum", "grade", "grade_maximum", "percent", "mark", "mark_text", "passed"]
    keys += ["scale", "scale_version", "payload_digest"]
    zone = ZoneInfo(document.timezone)
    around: dict[str, Value] = {
        "protocol": document.number,
        "state": value_caption(document.state),
        "course_title": document.course_title,
        "programme_kind": value_caption(document.programme_kind),
        "hours": document.hours,
        "title": document.title,
        "group_name": document.group,
    }
    rows = [[around[key] if key in around else _value(key, line, zone) for key in keys] for line in document.lines]
    return Table(protocol_title(document.attestation_kind), _columns(keys), rows)


def drift_table(drifts: Sequence[Drift], zone: ZoneInfo) -> Table:
    """A line a difference."""
    keys = ["protocol", "result", "field", "frozen", "current", "lms_changed_at", "changed_by", "state", "reason"]
    rows: list[list[Value]] = [
        [
            one.protocol,
            one.result,
            value_caption(one.field),
            one.frozen,
            one.current,
            None if one.lms_changed_at is None else one.lms_changed_at.astimezone(zone),
            one.changed_by,
            value_caption(one.state),
            one.reason,
        ]
        for one in drifts
    ]
    return Table(PROTOCOL_WORDS["drifts"], _columns(keys), rows)


def drift_text(one: Drift) -> str:
    """A difference in one line."""
    return f"{one.result}, {value_caption(one.field)}: {one.frozen or '—'} → {one.current or '—'}"


def _value(key: str, line: DocumentLine, zone: ZoneInfo) -> Value:
    result = line.result
    if key in ("number", "learner", "mark", "mark_text", "passed", "payload_digest"):
        value: Value = getattr(line.line, key)
        return value
    if key == "outcome":
        return value_caption(line.line.outcome)
    if key == "full_name":
        return ERASED if result is None else result.full_name
    if key == "mark_words":
        return mark_words(line.line)
    if result is None:
        return None
    if key == "grade_words":
        return result.word or _out_of(result)
    found: Value = getattr(result, key)
    return found.astimezone(zone) if isinstance(found, dt.datetime) else found


def mark_words(line: ProtocolLine) -> str:
    """A mark as examination sheets write it, figure and word: «5 (отлично)»."""
    return line.mark_text if line.mark is None else f"{line.mark} ({line.mark_text})"


def _out_of(result: AttestationResult) -> str:
    if result.grade is None or result.grade_maximum is None:
        return ""
    return f"{value_text(result.grade)} из {value_text(result.grade_maximum)}"


def _open(one: OpenLine) -> str:
    name = one.full_name or NO_NAME
    attempt = f", {caption('attempt_number').lower()} {one.attempt_number}" if one.attempt_number else ""
    waits = one.state in {reason.value for reason in WaitingFor}
    state = PROTOCOL_WORDS[f"waiting_{one.state}"] if waits else value_caption(ResultOutcome(one.state))
    return f"{name}{attempt} — {state}{f' ({one.note})' if one.note else ''}"


def _commission_lines(commission: Commission | None) -> list[str]:
    if commission is None:
        return []
    words = PROTOCOL_WORDS
    people = [
        *([(words["chair"], commission.chair)] if commission.chair else []),
        *((words["member"], member) for member in commission.members),
        *([(words["secretary"], commission.secretary)] if commission.secretary else []),
    ]
    order = f" ({commission.order})" if commission.order else ""
    return [f"{words['commission']}: {commission.name}{order}", *(f"  {role}: {_member(one)}" for role, one in people)]


def _member(one: CommissionMember) -> str:
    return f"{one.name}, {one.position}" if one.position else one.name


def _days(first: dt.date | None, last: dt.date | None) -> str:
    if first is None or last is None:
        return ""
    return f"{first:%d.%m.%Y}" if first == last else f"{first:%d.%m.%Y}–{last:%d.%m.%Y}"


def _columns(keys: Sequence[str]) -> list[Column]:
    return [Column(key, caption(key), key in _NUMERIC) for key in keys]
