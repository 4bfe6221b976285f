"""Closing a protocol: an open sitting becomes a numbered, sealed record, in one transaction.

Owns what may be closed, the number, the order of the lines and the totals. Numbers are given in the transaction that
writes the protocol, so there are no gaps and no doubles, and closing again finds nothing open: it is idempotent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.attestation import Judgement
from lms_sync.records import (
    Commission,
    DriftState,
    GradeSource,
    Protocol,
    ProtocolState,
    ResultOutcome,
)
from lms_sync.registers.counting import closing_occasion
from lms_sync.registers.final import Final
from lms_sync.registers.freezing import OUTCOME_TEXTS, Judged
from lms_sync.registers.lines import lines_of, totals_of
from lms_sync.registers.recording import must_record
from lms_sync.registers.sittings import Sitting, SittingId, finished_days
from lms_sync.store.attestation import StoredResult, final_facts, last_ordinal, protocols
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.store import Store


class OnDrift(StrEnum):
    """What closing does with results that the LMS meanwhile tells otherwise."""

    REFUSE = "refuse"
    KEEP = "keep"  # close with what froze, and decide the drift so


@dataclass(frozen=True)
class ClosingOptions:
    """How to close. `absent` None: who has no result is listed unless the test is still open."""

    actor: str
    absent: bool | None = None
    leave_waiting: bool = False
    on_drift: OnDrift = OnDrift.REFUSE
    reason: str = ""
    run_id: int | None = None


@dataclass(frozen=True)
class Closed:
    """What closing led to. `created` is false when there was nothing left to close."""

    protocol: Protocol
    created: bool


def close(store: Store, source: str, mapping: Mapping, wanted: SittingId, options: ClosingOptions) -> Closed:
    """Closes an open sitting. Raises RegisterError when there is none, or something in it must be decided first."""
    with registering(store, source, options.actor, options.run_id) as writer:
        # What came in since the last pull ended is recorded first, so that it is closed or told with the rest.
        final = must_record(writer, mapping, wanted.grade_item)
        sitting = final.sitting(wanted)
        members = [] if sitting is None else _missing(final, sitting, options)
        if sitting is None or not (sitting.ready or members):
            return _closed_before(final, wanted, sitting)
        _refuse_undecided(sitting, options)
        return Closed(_write(writer, mapping, final, sitting, members, options), True)


def _closed_before(final: Final, wanted: SittingId, sitting: Sitting | None) -> Closed:
    earlier = final.protocols_of(wanted)
    if earlier:
        return Closed(earlier[-1], False)
    if sitting is not None and (sitting.waiting or sitting.missing):
        raise RegisterError(
            f"The sitting {wanted} has no result to close yet: {len(sitting.waiting)} wait, "
            f"{len(sitting.missing)} have none; `--absent` lists who has none all the same."
        )
    raise RegisterError(f"There is no open sitting {wanted}: see `lms-sync protocols list --open`.")


def _missing(final: Final, sitting: Sitting, options: ClosingOptions) -> list[tuple[str, ResultOutcome]]:
    wanted = options.absent
    if wanted is None:
        by_itself = final.sittings.closes_at is None and bool(sitting.id.day)
        wanted = not by_itself and (final.sittings.is_over or final.sittings.closes_at is None)
    return sorted(sitting.missing.items()) if wanted else []


def _refuse_undecided(sitting: Sitting, options: ClosingOptions) -> None:
    if sitting.waiting and not options.leave_waiting:
        raise RegisterError(
            f"{len(sitting.waiting)} results of {sitting.id} still wait, see `lms-sync protocols show {sitting.id}`: "
            "wait for them, or leave them to a later protocol with --leave-waiting."
        )
    if sitting.drifts and options.on_drift is OnDrift.REFUSE:
        raise RegisterError(
            f"The LMS tells of {sitting.id} otherwise than was recorded (differences: {len(sitting.drifts)}, see "
            f"`lms-sync protocols drift`): take them over with `lms-sync protocols accept {sitting.id} --reason …`, or "
            "close with what was recorded with --as-recorded --reason …"
        )


def _write(
    writer: RegisterWriter,
    mapping: Mapping,
    final: Final,
    sitting: Sitting,
    members: Sequence[tuple[str, ResultOutcome]],
    options: ClosingOptions,
) -> Protocol:
    facts, plan = final.facts, final.plan
    today = writer.now.astimezone(mapping.zone).date()
    commission = _commission(final, mapping, today)
    series = plan.number.series(today)
    ordinal = last_ordinal(writer.connection, writer.source, series) + 1
    course = (facts.course.idnumber or facts.course.short_name) if facts.course else ""
    number = plan.number.render(ordinal, today, group=sitting.id.group, course=course)
    if protocols(writer.connection, writer.source, number=number):
        raise RegisterError(
            f"The number {number} is taken by a protocol of another series: change one of the `number` templates."
        )
    listed = sitting.ready + _freeze_missing(writer, final, members, number)
    item = facts.item
    days = finished_days((stored.record for stored in listed), mapping.zone)
    lines = lines_of(listed)
    protocol = Protocol(
        number=number,
        series=series,
        ordinal=ordinal,
        state=ProtocolState.CLOSED,
        organisation=plan.organisation,
        course=item.course,
        grade_item=item.external_id,
        course_title=facts.course_title,
        programme_kind=facts.programme_kind,
        hours=facts.hours,
        title=item.title,
        attestation_kind=item.attestation_kind,
        control_form=item.control_form,
        group_name=sitting.id.group,
        sitting=sitting.id.day,
        held_from=days[0] if days else None,
        held_to=days[-1] if days else None,
        timezone=str(mapping.zone),
        closing=plan.closing,
        closed_at=writer.now,
        closed_by=options.actor,
        commission=commission,
        lines=lines,
        totals=totals_of(lines),
        rule=plan.rule,
        mapping_version=mapping.version,
    )
    writer.freeze([protocol], facts.scope)
    kept = [
        drift.model_copy(update={"state": DriftState.KEPT, "protocol": number, "reason": options.reason})
        for drift in sitting.drifts
    ]
    writer.put(kept, facts.scope, options.reason)
    return protocol


def _commission(final: Final, mapping: Mapping, day: dt.date) -> Commission | None:
    name = final.plan.commission
    if not name:
        return None
    commission = mapping.attestation.commission(name, day)
    if commission is None:
        raise RegisterError(
            f"The commission {name!r} of rule {final.plan.rule} has no version valid on {day}: "
            "add one to the mapping, with the order that appointed it."
        )
    return commission


def _freeze_missing(
    writer: RegisterWriter, final: Final, members: Sequence[tuple[str, ResultOutcome]], number: str
) -> list[StoredResult]:
    """Freezes «не явился» and its like as results of this closing."""
    occasion = closing_occasion(number)
    results = [final.freezer.result(learner, occasion, _without_grade(outcome, final)) for learner, outcome in members]
    writer.freeze(results, final.facts.scope)
    if not results:
        return []
    keys = {result.key for result in results}
    again = final_facts(writer.connection, writer.source, final.facts.item.external_id)
    return [] if again is None else [stored for stored in again.results if stored.record.key in keys]


def _without_grade(outcome: ResultOutcome, final: Final) -> Judged:
    source = GradeSource.ATTEMPT if final.facts.by_attempts else GradeSource.GRADEBOOK
    judgement = Judgement(mark_text=OUTCOME_TEXTS[outcome], passed=False)
    return Judged(None, None, None, "", judgement, outcome, source)
