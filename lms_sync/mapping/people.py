"""Persons and enrolments: from what the LMS says to `Learner` and `Enrolment`.

Owns where each field of a learner comes from, by the mapping. Must not know other kinds of record.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from lms_sync.mapping import names
from lms_sync.mapping.convert import CONVERTERS, Lookup, Setting, Unfit, plain_text
from lms_sync.mapping.layers import Effective
from lms_sync.mapping.outcome import Refusal, Workbench
from lms_sync.mapping.spec import PROFILE, LearnerField, LearnerFields, Patronymic
from lms_sync.mapping.text import one_line
from lms_sync.records import Enrolment, EnrolmentStatus, Learner


class PeopleMapper:
    """Maps persons and enrolments."""

    def __init__(self, effective: Effective, zone: ZoneInfo) -> None:
        lookups = {
            name: Lookup(values, name in effective.lookups_keeping_others) for name, values in effective.lookups.items()
        }
        self._fields = [
            (name, effective.fields[name], Setting(zone, lookups.get(effective.fields[name].table or "")))
            for name in LearnerFields.model_fields
            if name in effective.fields
        ]
        self._patronymic = [(placed.rule, placed.where) for placed in effective.patronymic]

    def person(self, bench: Workbench) -> tuple[Learner, str]:
        """A learner and the name of the patronymic rule that decided. Raises `Refusal`."""
        external_id = bench.own_key(bench.required_id("id", "external_id"))
        values = {name: self._value(bench, name, field, setting) for name, field, setting in self._fields}
        values = {name: value for name, value in values.items() if value is not None}
        if not values.get("last_name") and not values.get("first_name"):
            raise Refusal("last_name", "no_name", "the person has neither a last nor a first name in the LMS")
        first, middle, rule = self._split(bench, str(values["last_name"]), str(values["first_name"]))
        values |= {"external_id": external_id, "first_name": first, "middle_name": middle}
        return Learner.model_validate(values), rule

    def _value(self, bench: Workbench, name: str, field: LearnerField, setting: Setting) -> object:
        """The field's value, or None to leave the record's own empty value."""
        empty = "" if name in ("last_name", "first_name") else None
        source, raw = _first_filled(bench, field.source)
        if not source:
            bench.decide(name, "", f"nothing in {', '.join(field.source) or 'no source'}")
            return empty
        try:
            value = CONVERTERS[field.convert].convert(raw, setting)
        except Unfit as unfit:
            bench.warn(name, unfit.code, f"{source}: {unfit}")
            bench.decide(name, "", f"{source}: {unfit}")
            return empty
        bench.decide(name, value, f"{source}, as {field.convert}")
        return empty if value is None else value

    def _split(self, bench: Workbench, last_name: str, first_name: str) -> tuple[str, str, str]:
        first_name = one_line(first_name)
        for rule, where in self._patronymic:
            given, patronymic, stop = _apply(rule, bench, one_line(last_name), first_name)
            if patronymic or stop:
                if given != first_name:
                    bench.decide("first_name", given, f"what rule {rule.name} leaves of it")
                bench.decide("middle_name", patronymic, f"rule {rule.name} ({where})")
                return given, patronymic, rule.name
        bench.decide("middle_name", "", "no rule found one")
        return first_name, "", ""

    def enrolment(self, bench: Workbench) -> tuple[Enrolment, str]:
        """A person's place in a course. Raises `Refusal`."""
        course, learner = bench.required_id("courseid", "course"), bench.required_id("userid", "learner")
        bench.own_key(f"{course}/{learner}")
        record = Enrolment(
            course=course,
            learner=learner,
            status=EnrolmentStatus.SUSPENDED if bench.flag("suspended") else EnrolmentStatus.ACTIVE,
            is_learner=bench.flag("is_learner"),
            roles=sorted(set(bench.texts("roles"))),
            groups=sorted(set(bench.texts("groups"))),
        )
        bench.decide("status", record.status.value, "suspended, as the LMS says")
        bench.decide("is_learner", record.is_learner, "is_learner, as the connector says")
        return record, ""


def _apply(rule: Patronymic, bench: Workbench, last_name: str, first_name: str) -> tuple[str, str, bool]:
    """The given name, the patronymic, and whether the search ends here."""
    if rule.how == "firstname":
        return *names.split_after_first_word(first_name), False
    if rule.how == "firstname_by_ending":
        return *names.split_by_ending(first_name), False
    if rule.how == "none":
        return first_name, "", True
    if rule.how == "fullname":
        patronymic = names.from_full_name(_one_line_of(bench.fields.get("fullname")), last_name, first_name)
    else:
        patronymic = _one_line_of(_first_filled(bench, rule.source)[1])
        if names.is_placeholder(patronymic):
            return first_name, "", True
    return names.without_patronymic(first_name, patronymic) if patronymic else first_name, patronymic, False


def _first_filled(bench: Workbench, sources: list[str]) -> tuple[str, object]:
    """The first source that holds something, and what it holds."""
    for source in sources:
        value = _profile_value(bench, source) if source.startswith(PROFILE) else bench.fields.get(source)
        if value is not None and not (isinstance(value, str) and not one_line(value)):
            return source, value
    return "", None


def _profile_value(bench: Workbench, source: str) -> object:
    """A custom profile field, by its short name without regard to case."""
    profile = bench.fields.get("profile")
    if not isinstance(profile, dict):
        return None
    name = source[len(PROFILE) :]
    if name in profile:
        return profile[name]
    folded = name.casefold()
    return next((value for key, value in profile.items() if isinstance(key, str) and key.casefold() == folded), None)


def _one_line_of(value: object) -> str:
    try:
        return one_line(plain_text(value))
    except Unfit:
        return ""
