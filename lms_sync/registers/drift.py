"""What the LMS says otherwise than a frozen result does: found after every pull, told, and never acted upon.

Owns what counts as a difference, and what becomes of a drift record when the LMS changes again. Must not know how
anything is stored. A changed rule or scale of the mapping is no drift: results keep the version they were judged by.

Who gave a grade in the gradebook is known where the LMS tells it (Moodle: with the companion plugin); when, by the
attempt's or the gradebook's own time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from lms_sync.records import (
    AttemptState,
    AttestationResult,
    Drift,
    DriftField,
    DriftState,
    GradeSource,
    ResultOutcome,
)
from lms_sync.registers.counting import made_at_closing
from lms_sync.registers.freezing import Freezer
from lms_sync.store.attestation import EntryFacts, FinalFacts, PersonFacts

GONE = "нет в СДО"
NOT_MARKED = "не проверено"
REOPENED = "не завершена"
SETTLED = "the LMS says again what the result says"
ANNULLED = "the protocol that listed it was annulled"


class Difference(NamedTuple):
    """What differs, as frozen, as it is now, and by the LMS since when (UTC) and by whom (identifier)."""

    field: DriftField
    frozen: str
    current: str
    changed_at: dt.datetime | None = None
    changed_by: str = ""


def drift_changes(facts: FinalFacts, freezer: Freezer, numbers: Mapping[str, str]) -> list[Drift]:
    """The drift records that are new or changed. `numbers` gives the protocol in which a result stands, by its key."""
    found = {one.key: one for one in _drifts(facts, freezer, numbers)}
    void = {one.record.key for one in facts.results if _is_void(one.record, numbers)}
    return [
        *(now for key, now in found.items() if _is_news(facts.drifts.get(key), now)),
        *(
            known.model_copy(
                update={"state": DriftState.SETTLED, "reason": ANNULLED if known.result in void else SETTLED}
            )
            for key, known in facts.drifts.items()
            if key not in found and known.state in (DriftState.OPEN, DriftState.KEPT)
        ),
    ]


def _is_news(known: Drift | None, now: Drift) -> bool:
    """Whether a difference is not the one that is known: open, or decided to be kept."""
    if known is None or known.state not in (DriftState.OPEN, DriftState.KEPT):
        return True
    return (known.frozen, known.current) != (now.frozen, now.current)


def _drifts(facts: FinalFacts, freezer: Freezer, numbers: Mapping[str, str]) -> Iterator[Drift]:
    for stored in facts.results:
        result = stored.record
        if _is_void(result, numbers):
            continue
        for difference in _differences(facts, freezer, result):
            yield Drift(
                result=result.key,
                field=difference.field,
                course=result.course,
                grade_item=result.grade_item,
                learner=result.learner,
                protocol=numbers.get(result.key, ""),
                frozen=difference.frozen,
                current=difference.current,
                lms_changed_at=difference.changed_at,
                changed_by=difference.changed_by,
            )


def _is_void(result: AttestationResult, numbers: Mapping[str, str]) -> bool:
    """Whether it only said that there was no result in a protocol that was annulled since."""
    return made_at_closing(result) and result.key not in numbers


def _differences(facts: FinalFacts, freezer: Freezer, result: AttestationResult) -> Iterator[Difference]:
    yield from _identity(result, facts.people.get(result.learner))
    if result.outcome is ResultOutcome.WITHDRAWN:
        return
    if result.attempt:
        yield from _attempt(freezer, result)
        if freezer.counts(result):
            yield from _gradebook(facts.entries.get(result.learner), result)
    elif not made_at_closing(result):
        yield from _grade_without_attempt(facts, result)


def _identity(result: AttestationResult, person: PersonFacts | None) -> Iterator[Difference]:
    if person is None or person.erased:
        return
    if result.full_name != person.full_name:
        yield Difference(DriftField.NAME, result.full_name, person.full_name)
    if result.birth_date != person.birth_date:
        yield Difference(DriftField.BIRTH_DATE, _day(result.birth_date), _day(person.birth_date))
    if result.idnumber != person.idnumber:
        yield Difference(DriftField.IDNUMBER, result.idnumber, person.idnumber)


def _attempt(freezer: Freezer, result: AttestationResult) -> Iterator[Difference]:
    attempt = freezer.attempt_of(result)
    by_gradebook = result.grade_source is GradeSource.GRADEBOOK
    frozen = _points(result.points, result.points_maximum)
    if not by_gradebook:
        frozen += f", {_grade(result.grade, result.grade_maximum)}"
    if attempt is None or not attempt.live:
        yield Difference(DriftField.ATTEMPT, frozen, GONE)
        return
    if attempt.state != AttemptState.FINISHED:
        yield Difference(DriftField.ATTEMPT, frozen, REOPENED, attempt.told_at)
        return
    judged = freezer.judged_attempt(attempt)
    current = NOT_MARKED
    if judged is not None:
        current = _points(attempt.points, attempt.points_maximum)
        if not by_gradebook:
            current += f", {_grade(judged.grade, judged.maximum)}"
    if current != frozen:
        yield Difference(DriftField.GRADE, frozen, current, attempt.told_at)


def _gradebook(entry: EntryFacts | None, result: AttestationResult) -> Iterator[Difference]:
    """A grade written over the attempt's; and once a result was amended by one, that it changed or is gone."""
    if entry is None or not entry.live:
        return
    if not entry.overridden and result.grade_source is GradeSource.ATTEMPT:
        return
    if (entry.raw, entry.maximum) != (result.grade, result.grade_maximum):
        frozen, current = _grade(result.grade, result.grade_maximum), _grade(entry.raw, entry.maximum)
        yield Difference(DriftField.GRADEBOOK, frozen, current, entry.graded_at, entry.graded_by)


def _grade_without_attempt(facts: FinalFacts, result: AttestationResult) -> Iterator[Difference]:
    entry, enrolment = facts.entries.get(result.learner), facts.enrolments.get(result.learner)
    frozen = result.word or _grade(result.grade, result.grade_maximum)
    if entry is None or not entry.live or not entry.has_value:
        # The gradebook shows nothing of somebody who has left; that is no change of the grade.
        if enrolment is not None and enrolment.live:
            yield Difference(DriftField.ATTEMPT, frozen, GONE)
        return
    current = entry.word or _grade(entry.raw, entry.maximum)
    if current != frozen:
        yield Difference(DriftField.GRADE, frozen, current, entry.graded_at, entry.graded_by)


def _points(points: Decimal | None, maximum: Decimal | None) -> str:
    return f"баллы {_of(points, maximum)}"


def _grade(grade: Decimal | None, maximum: Decimal | None) -> str:
    return f"оценка {_of(grade, maximum)}"


def _of(number: Decimal | None, maximum: Decimal | None) -> str:
    return f"{_text(number)} из {_text(maximum)}"


def _text(number: Decimal | None) -> str:
    return "—" if number is None else format(number, "f")


def _day(day: dt.date | None) -> str:
    return "" if day is None else day.strftime("%d.%m.%Y")
