"""A protocol as a document: everything a printed form, an export or a screen shows, in one stable shape.

Owns that shape (`FORMAT`). Codes and exact values, no captions: those are the report's. Whoever was erased keeps the
line's number, mark and outcome, and has no name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lms_sync.records import (
    AttestationKind,
    AttestationResult,
    Commission,
    ControlForm,
    Drift,
    DriftState,
    ProgrammeKind,
    Protocol,
    ProtocolLine,
    ProtocolState,
    ProtocolTotals,
)
from lms_sync.records.base import plain_value
from lms_sync.registers.final import Final
from lms_sync.registers.lines import lines_of, totals_of
from lms_sync.registers.sittings import Sitting, finished_days
from lms_sync.store.attestation import drifts, protocols, result_versions
from lms_sync.store.history import histories
from lms_sync.store.rows import Version
from lms_sync.store.store import Store

FORMAT = 1


@dataclass(frozen=True)
class DocumentLine:
    """One line with the person it is about. `result` is None once the person was erased."""

    line: ProtocolLine
    result: AttestationResult | None


@dataclass(frozen=True)
class Revision:
    """One version of the protocol: what was done, when (UTC), by whom and why."""

    revision: int
    state: ProtocolState
    at: dt.datetime
    actor: str
    reason: str
    ledger_seq: int


@dataclass(frozen=True)
class OpenLine:
    """Somebody who has no line yet: who (empty: the name was never read), and what is waited for or would be listed.

    `note` says why nothing can judge a grade that waits for a scale.
    """

    learner: str
    full_name: str
    attempt_number: int | None
    since: dt.datetime | None
    state: str  # a `WaitingFor`, or the `ResultOutcome` that closing would give
    note: str = ""


@dataclass(frozen=True)
class ProtocolDocument:
    """A protocol, or an open sitting (state open, no number). Days are in `timezone`, instants in UTC."""

    source: str
    number: str
    sitting: str  # how the command line names an open sitting; empty for a protocol
    state: ProtocolState
    revision: int
    organisation: str
    course: str
    course_title: str
    programme_kind: ProgrammeKind
    hours: int | None
    grade_item: str
    title: str
    attestation_kind: AttestationKind
    control_form: ControlForm
    group: str
    held_from: dt.date | None
    held_to: dt.date | None
    timezone: str
    closed_at: dt.datetime | None
    closed_by: str
    commission: Commission | None
    lines: list[DocumentLine]
    totals: ProtocolTotals
    rule: str
    mapping_version: str
    waiting: list[OpenLine] = field(default_factory=list)
    missing: list[OpenLine] = field(default_factory=list)
    drifts: list[Drift] = field(default_factory=list)
    history: list[Revision] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The document as JSON-ready values; exact numbers as text. The shape is `FORMAT`."""
        parts = {
            "lines": [_line_values(line) for line in self.lines],
            "waiting": [vars(one) for one in self.waiting],
            "missing": [vars(one) for one in self.missing],
            "history": [vars(one) for one in self.history],
        }
        document: dict[str, Any] = plain_value({"format": FORMAT, **vars(self), **parts})
        return document


def protocol_documents(store: Store, source: str, number: str | None = None) -> list[ProtocolDocument]:
    """The closed protocols of a source, or the one of that number, by series and ordinal."""
    with store.reading() as connection:
        found = protocols(connection, source, number=number)
        wanted = [(line.result, line.version) for one in found for line in one.lines]
        results = result_versions(connection, source, wanted)
        undecided: dict[str, list[Drift]] = {}
        for drift in drifts(connection, source, state=DriftState.OPEN):
            undecided.setdefault(drift.result, []).append(drift)
    versions = histories(store, source, Protocol.kind, [one.number for one in found])
    return [
        _of_protocol(
            source,
            one,
            [DocumentLine(line, results.get((line.result, line.version))) for line in one.lines],
            [drift for line in one.lines for drift in undecided.get(line.result, [])],
            _revisions(versions[one.number]),
        )
        for one in found
    ]


def sitting_document(final: Final, sitting: Sitting, timezone: str) -> ProtocolDocument:
    """An open sitting as it would be closed now."""
    facts, plan = final.facts, final.plan
    lines = lines_of(sitting.ready)
    results = {stored.record.key: stored.record for stored in sitting.ready}
    days = finished_days(results.values(), final.sittings.zone)
    return ProtocolDocument(
        source=facts.source,
        number="",
        sitting=str(sitting.id),
        state=ProtocolState.OPEN,
        revision=0,
        organisation=plan.organisation,
        course=facts.item.course,
        course_title=facts.course_title,
        programme_kind=facts.programme_kind,
        hours=facts.hours,
        grade_item=facts.item.external_id,
        title=facts.item.title,
        attestation_kind=facts.item.attestation_kind,
        control_form=facts.item.control_form,
        group=sitting.id.group,
        held_from=days[0] if days else None,
        held_to=days[-1] if days else None,
        timezone=timezone,
        closed_at=None,
        closed_by="",
        commission=None,
        lines=[DocumentLine(line, results[line.result]) for line in lines],
        totals=totals_of(lines),
        rule=plan.rule,
        mapping_version="",
        waiting=[
            OpenLine(one.learner, _name(final, one.learner), one.attempt_number, one.since, one.reason, one.note)
            for one in sitting.waiting
        ],
        missing=[
            OpenLine(learner, _name(final, learner), None, None, outcome)
            for learner, outcome in sitting.missing.items()
        ],
        drifts=sitting.drifts,
    )


def _of_protocol(
    source: str, one: Protocol, lines: list[DocumentLine], undecided: list[Drift], revisions: list[Revision]
) -> ProtocolDocument:
    return ProtocolDocument(
        source=source,
        number=one.number,
        sitting="",
        state=one.state,
        revision=one.revision,
        organisation=one.organisation,
        course=one.course,
        course_title=one.course_title,
        programme_kind=one.programme_kind,
        hours=one.hours,
        grade_item=one.grade_item,
        title=one.title,
        attestation_kind=one.attestation_kind,
        control_form=one.control_form,
        group=one.group_name,
        held_from=one.held_from,
        held_to=one.held_to,
        timezone=one.timezone,
        closed_at=one.closed_at,
        closed_by=one.closed_by,
        commission=one.commission,
        lines=lines,
        totals=one.totals,
        rule=one.rule,
        mapping_version=one.mapping_version,
        drifts=undecided,
        history=revisions,
    )


def _revisions(versions: Iterable[Version]) -> list[Revision]:
    found = []
    for version in versions:
        record = version.record()
        assert isinstance(record, Protocol)  # a protocol holds nothing that erasing would take
        found.append(
            Revision(record.revision, record.state, version.observed_at, version.actor, version.reason, version.seq)
        )
    return found


def _name(final: Final, learner: str) -> str:
    person = final.facts.people.get(learner)
    return person.full_name if person else ""


_PERSON = ("last_name", "first_name", "middle_name", "birth_date", "idnumber", "groups")
_ACHIEVED = (
    "attempt_number", "started_at", "finished_at", "duration", "points", "points_maximum", "grade_source", "grade",
    "grade_minimum", "grade_maximum", "percent", "word", "counting", "scale", "scale_version",
)  # fmt: skip


def _line_values(line: DocumentLine) -> dict[str, Any]:
    values: dict[str, Any] = line.line.model_dump()
    result = line.result
    values["erased"] = result is None
    values["full_name"] = "" if result is None else result.full_name
    for name in (*_PERSON, *_ACHIEVED):
        values[name] = None if result is None else getattr(result, name)
    return values
