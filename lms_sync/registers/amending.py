"""What is done about a closed protocol, each act with its reason: amend, keep, annul; never an edit.

Owns how a result is brought up to what the LMS now says. Every act appends: the versions before stay in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import (
    AttestationResult,
    Drift,
    DriftField,
    DriftState,
    GradeSource,
    Protocol,
    ProtocolState,
    ResultOutcome,
)
from lms_sync.registers.final import Final, must_look_at
from lms_sync.registers.freezing import OUTCOME_TEXTS, Judged
from lms_sync.registers.lines import lines_of, totals_of
from lms_sync.registers.recording import must_record, record_item
from lms_sync.registers.sittings import SittingId
from lms_sync.store.attestation import protocols
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.store import Store


@dataclass(frozen=True)
class Act:
    """Who does it and why. `learner` narrows an act to one line."""

    actor: str
    reason: str
    learner: str | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise RegisterError("An act on a protocol needs a reason: give one with --reason.")


@dataclass(frozen=True)
class Done:
    """What an act led to: the protocol (None for an open sitting) and how many differences it decided."""

    protocol: Protocol | None
    decided: int


def amend(store: Store, source: str, mapping: Mapping, number: str, act: Act) -> Done:
    """Takes over into a protocol what the LMS now says: new versions of its results and a new revision of itself.

    Raises RegisterError when the protocol is not there or annulled, or nothing differs.
    """
    with registering(store, source, act.actor) as writer:
        protocol = _in_force(writer, number)
        final = must_record(writer, mapping, protocol.grade_item)
        drifts = _chosen(final, {line.learner for line in protocol.lines}, {number}, act)
        if not drifts:
            raise RegisterError(
                f"The LMS tells nothing of protocol {number} otherwise than it says: there is nothing to amend. "
                "See `lms-sync protocols drift`."
            )
        final = _take_over(writer, mapping, final, drifts, act)
        stored = {one.record.key: one for one in final.facts.results}
        lines = lines_of([stored[line.result] for line in protocol.lines if line.result in stored])
        erased = [line for line in protocol.lines if line.result not in stored]
        lines = [*lines, *(line.model_copy(update={"number": len(lines) + at}) for at, line in enumerate(erased, 1))]
        amended = protocol.model_copy(
            update={
                "state": ProtocolState.AMENDED,
                "revision": protocol.revision + 1,
                "reason": act.reason,
                "lines": lines,
                "totals": totals_of(lines),
            }
        )
        writer.put([amended], final.facts.scope, act.reason)
        record_item(writer, mapping, protocol.grade_item)  # another attempt may count now, and differ
        return Done(amended, len(drifts))


def accept(store: Store, source: str, mapping: Mapping, sitting: SittingId, act: Act) -> Done:
    """Takes over what the LMS now says into results that stand in no protocol yet. Raises RegisterError if nothing."""
    with registering(store, source, act.actor) as writer:
        final = must_record(writer, mapping, sitting.grade_item)
        found = final.sitting(sitting)
        learners = {stored.record.learner for stored in found.ready} if found else set[str]()
        drifts = _chosen(final, learners, set(), act)
        if not drifts:
            raise RegisterError(f"The LMS tells nothing of {sitting} otherwise than was recorded.")
        _take_over(writer, mapping, final, drifts, act)
        record_item(writer, mapping, sitting.grade_item)  # as above
        return Done(None, len(drifts))


def keep(store: Store, source: str, mapping: Mapping, number: str, act: Act) -> Done:
    """Decides that a protocol stands although the LMS says otherwise. Raises RegisterError if nothing is undecided."""
    with registering(store, source, act.actor) as writer:
        protocol = _in_force(writer, number)
        final = must_record(writer, mapping, protocol.grade_item)
        learners = {line.learner for line in protocol.lines}
        drifts = [one for one in _chosen(final, learners, {number}, act) if one.state is DriftState.OPEN]
        if not drifts:
            raise RegisterError(f"Nothing about protocol {number} is undecided.")
        _decide(writer, final, drifts, DriftState.KEPT, act, number)
        return Done(protocol, len(drifts))


def annul(store: Store, source: str, mapping: Mapping, number: str, act: Act) -> Protocol:
    """Annuls a protocol: its number stays taken, its results wait for a protocol again. Raises RegisterError.

    What differed of an absence that only this protocol told of is settled with it.
    """
    with registering(store, source, act.actor) as writer:
        protocol = _in_force(writer, number)
        annulled = protocol.model_copy(update={"state": ProtocolState.ANNULLED, "reason": act.reason})
        writer.put([annulled], f"course/{protocol.course}", act.reason)
        record_item(writer, mapping, protocol.grade_item)
        return annulled


def _in_force(writer: RegisterWriter, number: str) -> Protocol:
    found = protocols(writer.connection, writer.source, number=number)
    if not found:
        raise RegisterError(
            f"There is no protocol {number} of {writer.source}: see `lms-sync protocols list` for those there are."
        )
    if not found[0].in_force:
        raise RegisterError(f"Protocol {number} was annulled ({found[0].reason}); nothing more can be done with it.")
    return found[0]


def _chosen(final: Final, learners: set[str], numbers: set[str], act: Act) -> list[Drift]:
    """The undecided differences of these learners' results in protocols of these numbers, and in none at all.

    So an attempt that does not count is decided together with the one that does. Of a learner that `act` names, also
    the differences that were decided to be kept.
    """
    states = (DriftState.OPEN, DriftState.KEPT) if act.learner else (DriftState.OPEN,)
    protocol_of = final.protocol_of
    return [
        drift
        for drift in final.facts.drifts.values()
        if drift.learner in learners
        and protocol_of.get(drift.result) in {*numbers, None}
        and drift.state in states
        and act.learner in (None, drift.learner)
    ]


def _take_over(writer: RegisterWriter, mapping: Mapping, final: Final, drifts: Sequence[Drift], act: Act) -> Final:
    """Writes a new version of each result concerned, and decides the differences."""
    fields: dict[str, set[DriftField]] = {}
    for drift in drifts:
        fields.setdefault(drift.result, set()).add(drift.field)
    stored = {one.record.key: one.record for one in final.facts.results}
    renewed = [_renewed(final, stored[key], of_result) for key, of_result in fields.items()]
    writer.put(renewed, final.facts.scope, act.reason)
    _decide(writer, final, drifts, DriftState.AMENDED, act)
    return must_look_at(writer.connection, writer.source, mapping, final.facts.item.external_id, writer.now)


def _decide(
    writer: RegisterWriter, final: Final, drifts: Iterable[Drift], state: DriftState, act: Act, number: str = ""
) -> None:
    decided = [
        one.model_copy(update={"state": state, "reason": act.reason, "protocol": number or one.protocol})
        for one in drifts
    ]
    writer.put(decided, final.facts.scope, act.reason)


def _renewed(final: Final, result: AttestationResult, fields: set[DriftField]) -> AttestationResult:
    """The result as the LMS now tells it, in the fields that differ and no others."""
    person = final.facts.people[result.learner]
    values: dict[str, Any] = {}
    if DriftField.NAME in fields:
        values |= {name: getattr(person, name) for name in ("last_name", "first_name", "middle_name")}
    if DriftField.BIRTH_DATE in fields:
        values["birth_date"] = person.birth_date
    if DriftField.IDNUMBER in fields:
        values["idnumber"] = person.idnumber
    for field, renew in _RENEWALS.items():
        if field in fields:
            values |= renew(final, result) | {"mapping_version": final.mapping_version}
    return AttestationResult.model_validate(result.model_dump() | values)


def _from_attempt(final: Final, result: AttestationResult) -> dict[str, Any]:
    if not result.attempt:
        return _from_gradebook(final, result)
    attempt = final.freezer.attempt_of(result)
    judged = None if attempt is None else final.freezer.judged_attempt(attempt)
    if attempt is None or judged is None:
        raise RegisterError(
            f"The attempt of result {result.key} is not marked in the LMS at the moment: wait until it is, pull, "
            "and amend then."
        )
    values = {"points": attempt.points, "points_maximum": attempt.points_maximum}
    if result.grade_source is GradeSource.GRADEBOOK:
        return values
    return values | _judged_values(result, judged)


def _from_gradebook(final: Final, result: AttestationResult) -> dict[str, Any]:
    entry = final.facts.entries[result.learner]
    return _judged_values(result, final.freezer.judged_entry(entry))


def _withdrawn(final: Final, result: AttestationResult) -> dict[str, Any]:
    outcome = ResultOutcome.WITHDRAWN
    nothing = dict.fromkeys(("grade", "percent", "mark"))
    texts = {"word": "", "mark_text": OUTCOME_TEXTS[outcome], "scale": "", "scale_version": ""}
    return {"outcome": outcome, "passed": False, **nothing, **texts}


def _judged_values(result: AttestationResult, judged: Judged) -> dict[str, Any]:
    judgement = judged.judgement
    if judgement.problem:
        raise RegisterError(
            f"What the LMS now says of result {result.key} cannot be judged, because {judgement.problem}: correct the "
            "grade there or the mapping here, pull, and amend then."
        )
    return {
        "outcome": judged.outcome,
        "grade_source": judged.source,
        "grade": judged.grade,
        "grade_minimum": judged.minimum,
        "grade_maximum": judged.maximum,
        "word": judged.word,
        "percent": judgement.percent,
        "mark": judgement.mark,
        "mark_text": judgement.mark_text,
        "passed": judgement.passed,
        "scale": judgement.scale,
        "scale_version": judgement.scale_version,
    }


# In this order: a grade written over the attempt's goes before a regrade, and what is gone before both.
_RENEWALS: dict[DriftField, Callable[[Final, AttestationResult], dict[str, Any]]] = {
    DriftField.GRADE: _from_attempt,
    DriftField.GRADEBOOK: _from_gradebook,
    DriftField.ATTEMPT: _withdrawn,
}
