"""Who is listed, and what everybody has in every item: the one reading of a study that all its reports share.

Owns which record counts. A frozen result of final attestation stands before the gradebook's grade; a result of a
closing only as long as its protocol is in force; a course's or category's total is an aggregate and never a result. Who
or what the LMS no longer has is left out unless asked for, but a learner who left with a frozen result stays in the
course, and a learner's own reports keep every course. A recognised result of another organisation settles an item and
is never a grade. Must not know how anything is shown.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from lms_sync.collation import sort_key
from lms_sync.records import (
    AttemptState,
    AttestationKind,
    AttestationResult,
    CountingMethod,
    EnrolmentStatus,
    ProtocolState,
)
from lms_sync.records import ResultOutcome as Outcome
from lms_sync.registers.counting import attempt_order, counting_result, made_at_closing
from lms_sync.report.amounts import percent_of_range
from lms_sync.report.captions import value_caption
from lms_sync.report.people import enrolment_state, order_of, shown_groups, shown_name
from lms_sync.report.period import Period
from lms_sync.report.recognised import by_item, shown_in, within
from lms_sync.store.study import Grade, Item, Person, Place, Programme, ProtocolFacts, Recognised, Study

ATTESTATIONS = frozenset({AttestationKind.MILESTONE, AttestationKind.INTERMEDIATE, AttestationKind.FINAL})
"""The kinds that reports show when none is chosen."""
EVERY_KIND = ATTESTATIONS | {AttestationKind.CURRENT}
KIND_ORDER = (
    AttestationKind.CURRENT, AttestationKind.MILESTONE, AttestationKind.INTERMEDIATE, AttestationKind.FINAL,
)  # fmt: skip

_ABSENCES = {value_caption(one): one for one in (Outcome.ABSENT, Outcome.NOT_COMPLETED, Outcome.NOT_ADMITTED)}

_UNFINISHED = (AttemptState.IN_PROGRESS, AttemptState.OVERDUE, AttemptState.SUBMITTED)

Spot = tuple[str, str]
"""(learner, item)."""


@dataclass(frozen=True)
class Selection:
    """Which part of a study is wanted. With `item` only that grade item, of whatever kind."""

    period: Period
    kinds: frozenset[AttestationKind] = ATTESTATIONS
    with_gone: bool = False
    item: str | None = None


@dataclass(frozen=True)
class ProtocolReference:
    """The protocol in force in which a result stands. `day` is the sitting's, else the day it was closed."""

    number: str
    day: dt.date


@dataclass(frozen=True)
class Standing:
    """What a learner has in an item. `percent` has five places; `day` is in the site's zone, None where unknown.

    Who did not take part has neither points nor mark, and has not passed.
    """

    learner: str
    item: str
    outcome: Outcome
    points: Decimal | None = None
    maximum: Decimal | None = None
    percent: Decimal | None = None
    word: str = ""
    mark: int | None = None
    mark_text: str = ""
    passed: bool | None = None
    day: dt.date | None = None
    protocol: ProtocolReference | None = None
    frozen: AttestationResult | None = None

    @property
    def took_part(self) -> bool:
        """Whether there is a grade, as against an absence."""
        return self.outcome is Outcome.GRADED


@dataclass(frozen=True)
class Tries:
    """A learner's begun attempts at a test: all, handed in, and not handed in yet."""

    begun: int
    finished: int
    unfinished: int


@dataclass(frozen=True)
class Member:
    """A listed learner: once, whatever the number of courses and groups."""

    person: Person
    places: tuple[Place, ...]

    @property
    def key(self) -> str:
        """The learner's key."""
        return self.person.key

    @property
    def name(self) -> str:
        """The full name as shown."""
        return shown_name(self.person)

    @property
    def groups(self) -> str:
        """All groups in all listed courses, as shown."""
        return shown_groups(group for place in self.places for group in place.groups)

    @property
    def state(self) -> str:
        """Whether the learner studies in any of the courses, as shown."""
        live = sorted(place.status for place in self.places if place.retired_at is None)  # active before suspended
        return enrolment_state(live[0], None) if live else enrolment_state("", self.places[0].retired_at)

    def place_in(self, course: str) -> Place | None:
        """The learner's place in a course; None when not listed there."""
        return next((place for place in self.places if place.course == course), None)

    def suspended_in(self, course: str) -> bool:
        """Whether the learner is still in the course and may not take part."""
        place = self.place_in(course)
        return place is not None and place.retired_at is None and place.status == EnrolmentStatus.SUSPENDED


@dataclass(frozen=True)
class Standings:
    """Members in Russian order, items by course and position, and who has what in the period.

    `settled` are the (learner, item) that are no debt as of the period's last day: passed, graded without a verdict, or
    recognised. `recognised` is what had been by that day, by item; it stands apart from what was graded. `recognitions`
    are those of the period, each once, also of whole courses.
    """

    courses: Mapping[str, Programme]
    members: Sequence[Member]
    items: Sequence[Item]
    of: Mapping[Spot, Standing]
    settled: frozenset[Spot] = frozenset()
    tries: Mapping[Spot, Tries] = field(default_factory=dict)  # by (learner, assessment)
    submitted: frozenset[Spot] = frozenset()  # handed in and not graded, by (learner, item)
    recognised: Mapping[Spot, Recognised] = field(default_factory=dict)
    recognitions: Sequence[Recognised] = ()

    def course_title(self, course: str) -> str:
        """The title, or the course's id where its own record was never read."""
        programme = self.courses.get(course)
        return programme.title if programme else course

    def listed(self, item: Item) -> list[Member]:
        """Списочный состав: the members whose course the item belongs to."""
        return [member for member in self.members if member.place_in(item.course)]

    def items_of(self, member: Member) -> list[Item]:
        """The items that a member is expected to pass."""
        return [item for item in self.items if member.place_in(item.course)]

    def results(self, member: Member) -> list[Standing]:
        """What a member has in the period, in the order of the items."""
        return [self.of[place] for item in self.items if (place := (member.key, item.key)) in self.of]

    def debts(self, member: Member) -> int:
        """How many of the items a member has neither passed nor been graded in without a verdict."""
        return sum((member.key, item.key) not in self.settled for item in self.items_of(member))


def standings(study: Study, selection: Selection) -> Standings:
    """What counts of a study. With a limited period only the items with a result in it are left."""
    reader = _Reader(study, selection)
    of = reader.standings(selection.period)
    items = reader.items()
    recognitions = shown_in(within(study.recognised, selection.period), items, selection.kinds)
    end = selection.period.until_its_end()
    recognised = reader.recognised(items, end)
    if selection.period.limited and selection.item is None:
        held = {item for _, item in of} | {one.grade_item for one in recognitions if reader.lists(one)}
        items = [item for item in items if item.key in held]
    wanted = {item.key for item in items}
    until_then = reader.standings(end) if selection.period.limited else of
    settled = {place for place, one in until_then.items() if one.took_part and one.passed is not False}
    return Standings(
        courses={course.key: course for course in study.courses},
        members=reader.members(),
        items=items,
        of={place: one for place, one in of.items() if one.item in wanted},
        settled=frozenset(settled | recognised.keys()),
        tries=reader.tries(),
        submitted=reader.submitted(),
        recognised={place: one for place, one in recognised.items() if place[1] in wanted},
        recognitions=recognitions,
    )


class _Reader:
    def __init__(self, study: Study, selection: Selection) -> None:
        self._study = study
        self._selection = selection
        self._calendar = selection.period
        self._protocols = _references(study.protocols, selection.period)
        self._results = [one for one in study.results if not made_at_closing(one) or one.key in self._protocols]
        self._frozen_places = {(one.learner, one.grade_item) for one in self._results}
        self._frozen_places |= {(learner, standing.item) for learner, _, standing in self._erased_lines()}
        self._official = {(one.learner, one.course) for one in self._results}
        self._official |= {(learner, course) for learner, course, _ in self._erased_lines()}
        self._places = {(place.learner, place.course): place for place in self._all_places() if self._is_listed(place)}

    # --- who and what -------------------------------------------------------------------------------------------------

    def members(self) -> list[Member]:
        people = {person.key: person for person in self._study.people}
        by_learner: dict[str, list[Place]] = {}
        for place in self._places.values():
            by_learner.setdefault(place.learner, []).append(place)
        members = [Member(people.get(key) or _unknown(key), tuple(places)) for key, places in by_learner.items()]
        return sorted(members, key=lambda member: order_of(member.person))

    def items(self) -> list[Item]:
        titles = {course.key: sort_key(course.title) for course in self._study.courses}
        with_results = {one.grade_item for one in self._results} | {one.grade_item for one in self._study.recognised}
        listed = [item for item in self._study.items if self._is_wanted(item, with_results)]
        return sorted(
            listed, key=lambda item: (titles.get(item.course, sort_key("")), item.course, item.position, item.key)
        )

    def _is_wanted(self, item: Item, with_results: set[str]) -> bool:
        kind = AttestationKind(item.attestation_kind)
        if self._selection.item is not None:
            return item.key == self._selection.item
        there = item.retired_at is None or self._selection.with_gone or item.key in with_results
        return there and kind is not AttestationKind.TOTAL and kind in self._selection.kinds

    def _all_places(self) -> list[Place]:
        """Every place, and one for each frozen result of somebody whom the LMS never showed in the course."""
        places = {(place.learner, place.course): place for place in self._study.places}
        if self._study.scope.group is None:
            for one in self._results:
                finished = one.finished_at or dt.datetime.min.replace(tzinfo=dt.UTC)
                gone = Place(one.course, one.learner, "", tuple(one.groups), finished, finished)
                places.setdefault((one.learner, one.course), gone)
        return list(places.values())

    def _is_listed(self, place: Place) -> bool:
        if place.retired_at is None or self._selection.with_gone or self._study.scope.learner is not None:
            return True
        return (place.learner, place.course) in self._official

    # --- what counts --------------------------------------------------------------------------------------------------

    def standings(self, period: Period) -> dict[Spot, Standing]:
        """What everybody has in the period."""
        found = {}
        for grade in self._study.grades:
            standing = self._graded(grade)
            if standing and period.takes(standing.day):
                found[standing.learner, standing.item] = standing
        # Also of a result out of the period: what the gradebook says of it later is no record.
        for place in self._frozen_places:
            found.pop(place, None)
        return found | self._erased_standings(period) | self._frozen_standings(period)

    def recognised(self, items: Sequence[Item], period: Period) -> dict[Spot, Recognised]:
        """What was recognised of everybody listed in the period."""
        return by_item([one for one in within(self._study.recognised, period) if self.lists(one)], items)

    def lists(self, one: Recognised) -> bool:
        """Whether it is of somebody listed in its course."""
        return (one.learner, one.course) in self._places

    def tries(self) -> dict[Spot, Tries]:
        """The begun attempts of each listed learner at each test."""
        states: dict[Spot, Counter[str]] = {}
        for one in self._study.attempts:
            place = self._places.get((one.learner, one.course))
            if place and (not one.gone or place.retired_at or self._selection.with_gone):
                states.setdefault((one.learner, one.assessment), Counter())[one.state] += one.count
        return {
            key: Tries(
                begun=count.total(),
                finished=count[AttemptState.FINISHED],
                unfinished=sum(count[state] for state in _UNFINISHED),
            )
            for key, count in states.items()
        }

    def submitted(self) -> frozenset[Spot]:
        """Who handed something in that is not graded yet."""
        return frozenset(
            (grade.learner, grade.grade_item)
            for grade in self._study.grades
            if grade.submitted_at and grade.raw is None and not grade.word and not grade.retired_at
        )

    def _graded(self, grade: Grade) -> Standing | None:
        place = self._places.get((grade.learner, grade.course))
        if place is None or (grade.raw is None and not grade.word):
            return None
        if grade.retired_at and not place.retired_at and not self._selection.with_gone:
            return None
        absence = _ABSENCES.get(grade.mark_text) if grade.mark is None else None
        scored = not grade.word and absence is None  # the number behind a word is its place in the scale, not points
        return Standing(
            learner=grade.learner,
            item=grade.grade_item,
            outcome=absence or Outcome.GRADED,
            points=grade.raw if scored else None,
            maximum=grade.maximum if scored else None,
            percent=percent_of_range(grade.raw, grade.minimum, grade.maximum) if scored else None,
            word=grade.word,
            mark=grade.mark,
            mark_text=grade.mark_text or grade.word,
            passed=grade.passed if absence is None else False,
            day=self._calendar.day_of(grade.graded_at or grade.submitted_at),
        )

    def _frozen_standings(self, period: Period) -> dict[Spot, Standing]:
        own: dict[Spot, list[AttestationResult]] = {}
        for one in self._results:
            if (one.learner, one.course) in self._places and period.takes(self._day_of(one)):
                own.setdefault((one.learner, one.grade_item), []).append(one)
        return {place: self._frozen(self._counting(results)) for place, results in own.items()}

    def _counting(self, results: Sequence[AttestationResult]) -> AttestationResult:
        latest = max(results, key=lambda one: (attempt_order(one), one.occasion))
        counting = counting_result(results, CountingMethod(latest.counting))
        if counting is not None:
            return counting
        return max(results, key=lambda one: (made_at_closing(one), self._day_of(one) or dt.date.min, one.key))

    def _frozen(self, result: AttestationResult) -> Standing:
        graded = result.outcome is Outcome.GRADED  # a withdrawn result keeps the mark that it had
        scored = graded and not result.word
        return Standing(
            learner=result.learner,
            item=result.grade_item,
            outcome=result.outcome,
            points=result.grade if scored else None,
            maximum=result.grade_maximum if scored else None,
            percent=result.percent if scored else None,
            word=result.word,
            mark=result.mark if graded else None,
            mark_text=result.mark_text or result.word,
            passed=result.passed if graded else False,
            day=self._day_of(result),
            protocol=self._protocols.get(result.key),
            frozen=result,
        )

    def _day_of(self, result: AttestationResult) -> dt.date | None:
        reference = self._protocols.get(result.key)
        return self._calendar.day_of(result.finished_at) or (reference.day if reference else None)

    # --- what protocols say of the erased -----------------------------------------------------------------------------

    def _erased_standings(self, period: Period) -> dict[Spot, Standing]:
        return {
            (learner, standing.item): standing
            for learner, course, standing in self._erased_lines()
            if (learner, course) in self._places and period.takes(standing.day)
        }

    def _erased_lines(self) -> Iterable[tuple[str, str, Standing]]:
        known = {one.key for one in self._study.results}
        for protocol in self._study.protocols:
            for line in protocol.lines:
                reference = self._protocols.get(line.result)
                if reference is None or reference.number != protocol.number or line.result in known:
                    continue
                graded = line.outcome == Outcome.GRADED
                standing = Standing(
                    learner=line.learner,
                    item=protocol.grade_item,
                    outcome=Outcome(line.outcome),
                    mark=line.mark if graded else None,
                    mark_text=line.mark_text,
                    passed=line.passed if graded else False,
                    day=reference.day,
                    protocol=reference,
                )
                yield line.learner, protocol.course, standing


def _references(protocols: Sequence[ProtocolFacts], period: Period) -> dict[str, ProtocolReference]:
    """The protocol in force of each result, by the result's key; of several the one closed last."""
    found: dict[str, ProtocolReference] = {}
    for protocol in sorted(protocols, key=lambda one: one.closed_at):
        if not ProtocolState(protocol.state).in_force:
            continue
        day = protocol.sitting or protocol.closed_at.astimezone(period.zone).date()
        found |= {line.result: ProtocolReference(protocol.number, day) for line in protocol.lines}
    return found


def _unknown(key: str) -> Person:
    return Person(key, "", "", "", None, "", "", "", "", "", "", "")
