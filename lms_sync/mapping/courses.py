"""Courses: from what the LMS says to `Course`, with the kind of programme and its hours.

Owns the use of the rules under `[course]`. Must not know other kinds of record.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from lms_sync.mapping.convert import CONVERTERS, LARGEST_HOURS, Setting, Unfit
from lms_sync.mapping.layers import Effective
from lms_sync.mapping.outcome import Workbench
from lms_sync.mapping.rules import CourseFacts, CourseRules
from lms_sync.records import Course, ProgrammeKind


class CourseMapper:
    """Maps courses."""

    def __init__(self, effective: Effective, zone: ZoneInfo) -> None:
        self._programme = CourseRules(effective.programme)
        self._hours = CourseRules(effective.hours)
        self._setting = Setting(zone)

    def course(self, bench: Workbench) -> tuple[Course, str]:
        """A course and the name of the rule that decided its kind of programme. Raises `Refusal`."""
        external_id = bench.own_key(bench.required_id("id", "external_id"))
        facts = CourseFacts(
            bench.text("idnumber"), bench.text("shortname", "short_name"), tuple(bench.texts("category_path"))
        )
        programme_kind, rule = self._kind_of(bench, facts)
        record = Course(
            external_id=external_id,
            title=bench.text("fullname", "title"),
            short_name=facts.short_name,
            idnumber=facts.idnumber,
            category_path=list(facts.category_path),
            programme_kind=programme_kind,
            hours=self._hours_of(bench, facts),
            visible=bench.maybe_flag("visible"),
            starts_at=bench.instant("startdate", "starts_at"),
            ends_at=bench.instant("enddate", "ends_at"),
        )
        return record, rule

    def _kind_of(self, bench: Workbench, facts: CourseFacts) -> tuple[ProgrammeKind, str]:
        found = self._programme.first_from_root(facts)
        if found is None or found[0].programme_kind is None:
            bench.decide("programme_kind", ProgrammeKind.OTHER.value, "no [[course.programme]] rule fits")
            return ProgrammeKind.OTHER, ""
        rule, why = found
        bench.decide("programme_kind", found[0].programme_kind.value, why)
        return found[0].programme_kind, rule.name

    def _hours_of(self, bench: Workbench, facts: CourseFacts) -> int | None:
        for rule, why in self._hours.fitting(facts):
            if rule.hours is not None:
                bench.decide("hours", rule.hours, why)
                return rule.hours
            assert rule.source is not None and rule.convert is not None
            try:
                hours = CONVERTERS[rule.convert].convert(bench.fields.get(rule.source), self._setting)
            except Unfit as unfit:
                bench.warn("hours", unfit.code, f"{rule.source}: {unfit}")
                bench.decide("hours", None, f"{why}, but {unfit}")
                return None
            if isinstance(hours, int):
                return self._bounded(bench, hours, f"{why}, by {rule.convert}")
        bench.decide("hours", None, "no [[course.hours]] rule finds any")
        return None

    def _bounded(self, bench: Workbench, hours: int, why: str) -> int | None:
        if not 1 <= hours <= LARGEST_HOURS:
            bench.warn("hours", "out_of_range", f"the number of hours is not between 1 and {LARGEST_HOURS}")
            bench.decide("hours", None, f"{why}, but out of range")
            return None
        bench.decide("hours", hours, why)
        return hours
