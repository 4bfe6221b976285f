"""The mapping in use: one source record in, one record or one rejection out.

Owns the dispatch by kind and the promise that no data makes it raise. Must not know files or how rules are written.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from lms_sync.connector import Events, SourceRecord
from lms_sync.mapping import assessments
from lms_sync.mapping.attestation import AttestationRules
from lms_sync.mapping.courses import CourseMapper
from lms_sync.mapping.documents import DocumentKinds
from lms_sync.mapping.events import EventMapper, MappedActions
from lms_sync.mapping.grades import GradeMapper
from lms_sync.mapping.layers import Effective
from lms_sync.mapping.outcome import Explanation, Mapped, Refusal, Rejection, Workbench
from lms_sync.mapping.people import PeopleMapper
from lms_sync.mapping.push import PushTemplates
from lms_sync.records import Record

__all__ = ["RECORD_KINDS", "Explanation", "Mapped", "MappedActions", "Mapping", "Rejection"]

RECORD_KINDS = {
    "course": "course",
    "person": "learner",
    "enrolment": "enrolment",
    "quiz": "assessment",
    "grade_item": "grade_item",
    "grade": "grade_entry",
    "attempt": "attempt",
}
"""Which kind of record each kind of source record becomes."""

Mapper = Callable[[Workbench], tuple[Record, str]]


class Mapping:
    """A loaded mapping. Pure: the same source record always gives the same outcome. Safe to share between threads.

    `version` is a digest of everything that decides about an outcome; `effective` is what the files say together;
    `attestation` says which protocols of attestation are kept and how, `events` what events mean; `documents` knows the
    kinds of issued documents, `push` what the LMS is to show of them; `zone` is the site's.
    """

    def __init__(self, effective: Effective, zone: ZoneInfo, version: str) -> None:
        self.effective = effective
        self.zone = zone
        self.version = version
        self.attestation = AttestationRules(effective, zone)
        self.documents = DocumentKinds(effective)
        self.push = PushTemplates(effective.push)
        people, courses = PeopleMapper(effective, zone), CourseMapper(effective, zone)
        grades = GradeMapper(effective, zone)
        self.events = EventMapper(effective, zone)
        self._mappers: dict[str, Mapper] = {
            "course": courses.course,
            "person": people.person,
            "enrolment": people.enrolment,
            "quiz": assessments.assessment,
            "grade_item": grades.item,
            "grade": grades.grade,
            "attempt": assessments.attempt,
        }

    def apply(self, source: SourceRecord) -> Mapped | Rejection:
        """The record that the source record means, or why there is none. Never raises for data."""
        return self._run(source, explaining=False)[0]

    def explain(self, source: SourceRecord) -> Explanation:
        """The same, with every decision and its reason. The values may be personal data: for a terminal, not a log."""
        outcome, bench = self._run(source, explaining=True)
        rule = outcome.rule if isinstance(outcome, Mapped) else ""
        return Explanation(bench.kind, bench.key, rule, bench.decisions, outcome)

    def actions(self, events: Events) -> MappedActions:
        """The actions of the journal that a page of events means. Never raises for data."""
        return self.events.actions(events)

    def _run(self, source: SourceRecord, *, explaining: bool) -> tuple[Mapped | Rejection, Workbench]:
        bench = Workbench.on(RECORD_KINDS.get(source.kind, source.kind), source, explaining=explaining)
        try:
            record, rule = self._mapper(source.kind)(bench)
        except Refusal as refusal:
            return Rejection(bench.kind, bench.key, refusal.field, refusal.code, str(refusal)), bench
        except ValidationError as error:  # the record's own type has the last word on what may be kept
            return Rejection(bench.kind, bench.key, "", "invalid_record", _without_values(error)), bench
        return Mapped(record, rule, tuple(bench.warnings)), bench

    def _mapper(self, kind: str) -> Mapper:
        if kind not in self._mappers:
            raise Refusal(
                "", "unknown_kind", "the mapping knows no such kind of source record; the connector is at fault"
            )
        return self._mappers[kind]


def _without_values(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['type']}" for one in found)
