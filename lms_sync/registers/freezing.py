"""From what the LMS said about a final attestation to results that are written once.

Owns when a result may freeze and what it holds. Must not know protocols, nor how anything is stored. Whatever cannot
freeze yet is told as `Waiting`, with its reason: nothing is left out in silence.

What becomes of each attempt (Moodle's `quiz_attempts.state`):

* finished and fully marked: a result, also of a learner who is suspended or has left since;
* finished or submitted, not fully marked (an essay): waits;
* not started, in progress, overdue: waits, for as long as the learner is actively enrolled;
* abandoned: no result; the learner is «не аттестован» when the protocol is closed, unless another attempt counts;
* a teacher's preview: no attempt at all (the connector never reads one);
* of a deleted person: a result if the name was read before the deletion, else it waits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import chain, count, groupby

from lms_sync.mapping.assessments import rescaled
from lms_sync.mapping.attestation import AttestationPlan, AttestationRules, Judgement
from lms_sync.mapping.scales import EXACT
from lms_sync.records import (
    AttemptState,
    AttestationResult,
    CountingMethod,
    EnrolmentStatus,
    GradeSource,
    ResultOutcome,
)
from lms_sync.registers.counting import counting_result, is_eligible
from lms_sync.store.attestation import AttemptFacts, EntryFacts, FinalFacts

GRADE_OCCASION = "grade"
"""The occasion of a result without attempts."""

OUTCOME_TEXTS = {
    ResultOutcome.ABSENT: "не явился",
    ResultOutcome.NOT_COMPLETED: "не аттестован",
    ResultOutcome.NOT_ADMITTED: "не допущен",
    ResultOutcome.WITHDRAWN: "результат аннулирован",
}
"""What stands in a line instead of a mark; the words of examination sheets."""

_WITHOUT_ATTEMPT = ""
_UNFINISHED = (AttemptState.NOT_STARTED, AttemptState.IN_PROGRESS, AttemptState.OVERDUE)


class WaitingFor(StrEnum):
    """Why a result has not frozen yet."""

    LEARNER = "learner"  # to hand in the attempt
    MARKING = "marking"  # to be marked
    NAME = "name"  # the learner's name was never read
    SCALE = "scale"  # no scale or pass mark of the mapping can judge it


@dataclass(frozen=True)
class Waiting:
    """A result that has not frozen yet. `since` is the attempt's finish, else its start (UTC)."""

    learner: str
    reason: WaitingFor
    attempt_number: int | None
    since: dt.datetime | None
    finished_at: dt.datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Judged:
    """What counts as of one attempt or grade, judged: all of a result but the person."""

    grade: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    word: str
    judgement: Judgement
    outcome: ResultOutcome
    source: GradeSource


class Freezer:
    """Freezes the results of one final attestation. Pure: the same facts always give the same results."""

    def __init__(self, facts: FinalFacts, plan: AttestationPlan, rules: AttestationRules, mapping_version: str) -> None:
        self._facts = facts
        self._plan = plan
        self._rules = rules
        self._mapping_version = mapping_version
        self._results: dict[str, list[AttestationResult]] = {}
        for stored in facts.results:
            self._results.setdefault(stored.record.learner, []).append(stored.record)
        self._attempts = {
            learner: list(group) for learner, group in groupby(facts.attempts, key=lambda attempt: attempt.learner)
        }

    def new_results(self) -> tuple[list[AttestationResult], list[Waiting]]:
        """What freezes now, and what waits; by learner, and by attempt within one."""
        results: list[AttestationResult] = []
        waiting: list[Waiting] = []
        for learner in sorted({*self._attempts, *self._facts.entries}):
            for one in self._of_learner(learner):
                if isinstance(one, Waiting):
                    waiting.append(one)
                else:
                    results.append(one)
        return results, waiting

    def judged_attempt(self, attempt: AttemptFacts) -> Judged | None:
        """The attempt as it counts now; None while it, or with `average` one before it, is not fully marked."""
        if not _is_marked(attempt):
            return None
        grade = attempt.grade
        if counting_method(self._facts, self._plan) is CountingMethod.AVERAGE:
            grade = self._average_up_to(attempt)
        if grade is None:
            return None
        return self._judged(GradeSource.ATTEMPT, grade, Decimal(0), attempt.grade_maximum, "", attempt.finished_at)

    def judged_entry(self, entry: EntryFacts) -> Judged:
        """A gradebook entry as it counts now."""
        on = entry.graded_at or entry.submitted_at
        return self._judged(GradeSource.GRADEBOOK, entry.raw, entry.minimum, entry.maximum, entry.word, on)

    def _judged(
        self,
        source: GradeSource,
        grade: Decimal | None,
        minimum: Decimal | None,
        maximum: Decimal | None,
        word: str,
        on: dt.datetime | None,
    ) -> Judged:
        """A grade judged by the rules in force on its day. A word like «не явился» is an outcome of its own.

        But no word withdraws a result: a withdrawn one is recorded anew as soon as the LMS has a grade again.
        """
        judgement = self._rules.judge(
            self._facts.item, self._facts.course, grade=grade, minimum=minimum, maximum=maximum, word=word, on=on
        )
        told = (outcome for outcome, text in OUTCOME_TEXTS.items() if text == judgement.mark_text)
        outcome = next((one for one in told if one is not ResultOutcome.WITHDRAWN), ResultOutcome.GRADED)
        return Judged(grade, minimum, maximum, word, judgement, outcome, source)

    def attempt_of(self, result: AttestationResult) -> AttemptFacts | None:
        """The attempt that a result was made of, as it is now; None when it was never known."""
        own = self._attempts.get(result.learner, ())
        return next((attempt for attempt in own if attempt.key == result.attempt), None)

    def counts(self, result: AttestationResult) -> bool:
        """Whether the result is the one that counts among the learner's."""
        counting = counting_result(self._results[result.learner], counting_method(self._facts, self._plan))
        return counting is not None and counting.key == result.key

    def attempts_of(self, learner: str) -> Sequence[AttemptFacts]:
        """The learner's attempts that the LMS still has, by number."""
        return [attempt for attempt in self._attempts.get(learner, ()) if attempt.live]

    def result(
        self,
        learner: str,
        occasion: str,
        judged: Judged,
        attempt: AttemptFacts | None = None,
        finished_at: dt.datetime | None = None,
    ) -> AttestationResult:
        """A result as of now. The learner's name must be known. `finished_at` is for what has no attempt."""
        facts, item, person = self._facts, self._facts.item, self._facts.people[learner]
        enrolment = facts.enrolments.get(learner)
        return AttestationResult(
            course=item.course,
            grade_item=item.external_id,
            learner=learner,
            occasion=occasion,
            outcome=judged.outcome,
            last_name=person.last_name,
            first_name=person.first_name,
            middle_name=person.middle_name,
            birth_date=person.birth_date,
            idnumber=person.idnumber,
            groups=list(enrolment.groups) if enrolment else [],
            course_title=facts.course_title,
            programme_kind=facts.programme_kind,
            hours=facts.hours,
            title=item.title,
            attestation_kind=item.attestation_kind,
            control_form=item.control_form,
            assessment=item.instance if facts.by_attempts else "",
            attempt=attempt.key if attempt else "",
            attempt_number=attempt.number if attempt else None,
            started_at=attempt.started_at if attempt else None,
            finished_at=attempt.finished_at if attempt else finished_at,
            duration=_duration(attempt),
            points=attempt.points if attempt else None,
            points_maximum=attempt.points_maximum if attempt else None,
            grade_source=judged.source,
            grade=judged.grade,
            grade_minimum=judged.minimum,
            grade_maximum=judged.maximum,
            percent=judged.judgement.percent,
            word=judged.word,
            mark=judged.judgement.mark,
            mark_text=judged.judgement.mark_text,
            passed=judged.judgement.passed,
            counting=counting_method(facts, self._plan),
            rule=self._plan.rule,
            scale=judged.judgement.scale,
            scale_version=judged.judgement.scale_version,
            mapping_version=self._mapping_version,
        )

    # --- one learner --------------------------------------------------------------------------------------------------

    def _of_learner(self, learner: str) -> Iterator[AttestationResult | Waiting]:
        person = self._facts.people.get(learner)
        if person is not None and person.erased:
            return
        attempts, own = self.attempts_of(learner), self._results.get(learner, [])
        taken, made_of = {one.occasion for one in own}, {one.attempt for one in own if is_eligible(one)}
        for attempt in attempts:
            if attempt.state == AttemptState.ABANDONED or attempt.key in made_of:
                continue
            if attempt.state not in _UNFINISHED:
                occasion = _free_occasion(f"attempt-{attempt.number}", taken)
                taken.add(occasion)
                yield self._frozen(learner, occasion, self.judged_attempt(attempt), attempt, attempt.finished_at)
            elif self._may_still_hand_in(learner):
                yield Waiting(learner, WaitingFor.LEARNER, attempt.number, attempt.started_at)
        entry = self._facts.entries.get(learner)
        if entry and _WITHOUT_ATTEMPT not in made_of and self._counts_without_attempt(entry, attempts):
            occasion, graded_at = _free_occasion(GRADE_OCCASION, taken), entry.graded_at or entry.submitted_at
            yield self._frozen(learner, occasion, self.judged_entry(entry), None, graded_at)

    def _counts_without_attempt(self, entry: EntryFacts, attempts: Sequence[AttemptFacts]) -> bool:
        """A grade of an assignment or a manual column; of a test only one that was written in where no attempt can."""
        if not entry.live or not entry.has_value:
            return False
        no_attempt = all(attempt.state == AttemptState.ABANDONED for attempt in attempts)
        return not self._facts.by_attempts or (entry.overridden and no_attempt)

    def _may_still_hand_in(self, learner: str) -> bool:
        enrolment = self._facts.enrolments.get(learner)
        return enrolment is not None and enrolment.live and enrolment.status == EnrolmentStatus.ACTIVE

    def _frozen(
        self,
        learner: str,
        occasion: str,
        judged: Judged | None,
        attempt: AttemptFacts | None,
        finished_at: dt.datetime | None,
    ) -> AttestationResult | Waiting:
        number = attempt.number if attempt else None
        if judged is None:
            return Waiting(learner, WaitingFor.MARKING, number, finished_at, finished_at)
        if learner not in self._facts.people:
            return Waiting(learner, WaitingFor.NAME, number, finished_at, finished_at)
        if judged.judgement.problem:
            return Waiting(learner, WaitingFor.SCALE, number, finished_at, finished_at, judged.judgement.problem)
        return self.result(learner, occasion, judged, attempt, finished_at)

    def _average_up_to(self, attempt: AttemptFacts) -> Decimal | None:
        """Moodle's average of all finished attempts (`quiz_calculate_best_grade`), as it was after this attempt.

        Rounded once, as there: points are averaged, and the average is brought to the test's grade.
        """
        points = [
            other.points
            for other in self.attempts_of(attempt.learner)
            if other.number <= attempt.number and other.state == AttemptState.FINISHED
        ]
        marked = [one for one in points if one is not None]
        if len(marked) < len(points) or not marked or not attempt.points_maximum or attempt.grade_maximum is None:
            return None
        average = EXACT.divide(sum(marked, Decimal(0)), Decimal(len(marked)))
        return rescaled(average, attempt.points_maximum, attempt.grade_maximum)


def counting_method(facts: FinalFacts, plan: AttestationPlan) -> CountingMethod:
    """Which attempt counts: the rule's, else the test's own; what has no attempts counts its only grade."""
    if not facts.by_attempts:
        return CountingMethod.LAST
    return plan.counting or (facts.assessment.counting if facts.assessment else CountingMethod.HIGHEST)


def _free_occasion(occasion: str, taken: Collection[str]) -> str:
    """The occasion itself; or `attempt-2.2` where a result bears it already, of an attempt that the LMS has deleted
    or a grade that was withdrawn: the LMS gives the number of a deleted attempt again.
    """
    others = (f"{occasion}.{number}" for number in count(2))
    return next(one for one in chain([occasion], others) if one not in taken)


def _is_marked(attempt: AttemptFacts) -> bool:
    return attempt.state == AttemptState.FINISHED and attempt.points is not None and attempt.grade is not None


def _duration(attempt: AttemptFacts | None) -> int | None:
    if attempt is None or attempt.started_at is None or attempt.finished_at is None:
        return None
    return max(0, int((attempt.finished_at - attempt.started_at).total_seconds()))
