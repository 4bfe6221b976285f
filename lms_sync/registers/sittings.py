"""Open protocols: which results wait for a number, gathered by final test, group and day.

Owns what belongs into one sitting, who has no result in it, and when it may close by itself. Pure; must not know how
a protocol is written. An open sitting is no record: it follows from the results, so nothing can be edited in it.

* `per-day`: one for each day (site's zone) on which an attempt was finished that counted at the day's end. Who has no
  result is listed in the sitting of the day on which the test closes, if it has a closing time.
* `on-quiz-close` and `manual`: one with everything that is not in a protocol yet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lms_sync.collation import sort_key
from lms_sync.mapping.attestation import AttestationPlan
from lms_sync.records import (
    AttestationResult,
    ClosingPolicy,
    Drift,
    DriftState,
    EnrolmentStatus,
    ResultOutcome,
)
from lms_sync.registers.counting import counting_result, is_eligible
from lms_sync.registers.freezing import Waiting, WaitingFor, counting_method
from lms_sync.store.attestation import FinalFacts, StoredResult


@dataclass(frozen=True, order=True)
class SittingId:
    """What an operator names an open protocol by: `item`, `item/group`, `item/group/day` or `item//day`."""

    grade_item: str
    group: str = ""
    day: str = ""  # YYYY-MM-DD in the site's zone; only with closing per day

    @classmethod
    def parse(cls, text: str) -> SittingId:
        """The identity that `str` gave. A group's name may hold slashes."""
        item, _, rest = text.partition("/")
        group, slash, day = rest.rpartition("/")
        if slash and _is_day(day):
            return cls(item, group, day)
        return cls(item, rest)

    def __str__(self) -> str:
        return "/".join([self.grade_item, *([self.group] if self.group or self.day else []), *filter(None, [self.day])])


@dataclass
class Sitting:
    """An open protocol. `missing` are learners without any result; `drifts` undecided differences of its results."""

    id: SittingId
    ready: list[StoredResult] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    missing: dict[str, ResultOutcome] = field(default_factory=dict)
    drifts: list[Drift] = field(default_factory=list)
    annulled: bool = False  # something of it stood in a protocol that was annulled: what becomes of it is for people

    @property
    def is_ready(self) -> bool:
        """Whether there is something to close, and nothing in it waits for a person or for the LMS."""
        return bool(self.ready or self.missing) and not (self.waiting or self.drifts or self.annulled)


class Sittings:
    """The open sittings of one final attestation. `now` is aware."""

    def __init__(
        self, facts: FinalFacts, plan: AttestationPlan, waiting: Iterable[Waiting], zone: ZoneInfo, now: dt.datetime
    ) -> None:
        self._facts = facts
        self._plan = plan
        self.zone = zone
        self._now = now
        self._method = counting_method(facts, plan)
        self._waiting = list(waiting)
        lines = [line for one in facts.protocols if one.in_force for line in one.lines]
        self._standing = {line.result for line in lines}
        self._listed = {line.learner for line in lines}
        self._sittings: dict[SittingId, Sitting] = {}

    def open(self) -> list[Sitting]:
        """Every open sitting, by group and day."""
        self._sittings = {}
        self._place_results()
        self._place_waiting()
        self._place_missing()
        self._place_drifts()
        self._mark_annulled()
        return sorted(self._sittings.values(), key=lambda one: (sort_key(one.id.group), one.id.day))

    @property
    def closes_at(self) -> dt.datetime | None:
        """When the test itself closes (UTC)."""
        return self._facts.assessment.closes_at if self._facts.assessment else None

    @property
    def is_over(self) -> bool:
        """Whether the test has closed for everybody; never for one without a closing time."""
        return self.closes_at is not None and self.closes_at <= self._now

    def over_since(self, sitting: Sitting) -> dt.datetime | None:
        """From when on the sitting may close by itself (UTC); None: not by itself, or not yet."""
        if not self.closes_by_itself(sitting):
            return None
        if self._plan.closing is ClosingPolicy.PER_DAY:
            next_day = dt.date.fromisoformat(sitting.id.day) + dt.timedelta(days=1)
            end = dt.datetime.combine(next_day, dt.time(), self.zone)
        else:
            assert self.closes_at is not None
            end = self.closes_at
        return end.astimezone(dt.UTC) if end <= self._now else None

    def closes_by_itself(self, sitting: Sitting) -> bool:
        """Whether the sitting will come due without anything more happening."""
        if self._plan.closing is ClosingPolicy.PER_DAY:
            return bool(sitting.id.day)
        return self._plan.closing is ClosingPolicy.ON_QUIZ_CLOSE and self.closes_at is not None

    # --- placing ------------------------------------------------------------------------------------------------------

    def _place_results(self) -> None:
        by_learner: dict[str, list[StoredResult]] = {}
        for stored in self._facts.results:
            by_learner.setdefault(stored.record.learner, []).append(stored)
        for own in by_learner.values():
            eligible = [stored for stored in own if is_eligible(stored.record)]
            for stored in self._counting(eligible):
                if stored.record.key not in self._standing:
                    self._of(stored.record.groups, self.day_of(stored.record.finished_at)).ready.append(stored)

    def _counting(self, own: Sequence[StoredResult]) -> list[StoredResult]:
        """The results of one learner that count: one in all, or one for each day on which a new one came to count."""
        if self._plan.closing is not ClosingPolicy.PER_DAY:
            counting = counting_result((stored.record for stored in own), self._method)
            return [stored for stored in own if counting is not None and stored.record.key == counting.key]
        found: list[StoredResult] = []
        for day in sorted({self.day_of(stored.record.finished_at) for stored in own}):
            until = [stored for stored in own if self.day_of(stored.record.finished_at) <= day]
            counting = counting_result((stored.record for stored in until), self._method)
            found += [
                stored
                for stored in until
                if counting is not None
                and stored.record.key == counting.key
                and self.day_of(stored.record.finished_at) == day
            ]
        return found

    def _place_waiting(self) -> None:
        for one in self._waiting:
            enrolment = self._facts.enrolments.get(one.learner)
            groups = enrolment.groups if enrolment else ()
            day = self.day_of(one.finished_at) if one.reason is not WaitingFor.LEARNER else ""
            self._of(groups, day).waiting.append(one)

    def _place_missing(self) -> None:
        if not self._facts.item_live:
            return  # nobody is absent from what the LMS no longer has
        waits = {one.learner for one in self._waiting}
        has = {stored.record.learner for stored in self._facts.results if is_eligible(stored.record)}
        tried = {attempt.learner for attempt in self._facts.attempts if attempt.live}
        for learner, enrolment in self._facts.enrolments.items():
            person = self._facts.people.get(learner)
            if not enrolment.live or learner in waits | has | self._listed or (person and person.erased):
                continue
            sitting = self._of(enrolment.groups, self.day_of(self.closes_at))
            if person is None:
                sitting.waiting.append(Waiting(learner, WaitingFor.NAME, None, None))
                continue
            if enrolment.status == EnrolmentStatus.SUSPENDED and learner not in tried:
                outcome = ResultOutcome.NOT_ADMITTED
            else:
                outcome = ResultOutcome.NOT_COMPLETED if learner in tried else ResultOutcome.ABSENT
            sitting.missing[learner] = outcome

    def _place_drifts(self) -> None:
        undecided: dict[str, list[Drift]] = {}
        for drift in self._facts.drifts.values():
            if drift.state is DriftState.OPEN:
                undecided.setdefault(drift.result, []).append(drift)
        for sitting in self._sittings.values():
            for stored in sitting.ready:
                sitting.drifts += undecided.get(stored.record.key, [])

    def _mark_annulled(self) -> None:
        lines = [line for one in self._facts.protocols if not one.in_force for line in one.lines]
        results, learners = {line.result for line in lines}, {line.learner for line in lines}
        for sitting in self._sittings.values():
            sitting.annulled = bool(
                results & {stored.record.key for stored in sitting.ready} or learners & sitting.missing.keys()
            )

    def _of(self, groups: Sequence[str], day: str) -> Sitting:
        group = min(groups, key=sort_key) if groups and self._plan.per_group else ""
        sitting_id = SittingId(self._facts.item.external_id, group, day)
        return self._sittings.setdefault(sitting_id, Sitting(sitting_id))

    def day_of(self, instant: dt.datetime | None) -> str:
        """The sitting's day for an instant; empty without one, and where sittings have no days."""
        if self._plan.closing is not ClosingPolicy.PER_DAY or instant is None:
            return ""
        return instant.astimezone(self.zone).date().isoformat()


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def finished_days(results: Iterable[AttestationResult], zone: ZoneInfo) -> list[dt.date]:
    """The days (site's zone) on which these were finished, in order."""
    return sorted({one.finished_at.astimezone(zone).date() for one in results if one.finished_at})
