"""The language of a mapping file: which tables and keys there are, and what each may hold.

Owns the shape of one file and what can be checked within one table. Must not know other files, lines or records.
A file may leave out any table: what a mapping needs as a whole is checked by `load` after the files are merged.
`docs/mapping.md` is the manual of this language.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lms_sync.mapping.attestation_spec import CommissionVersion, ProtocolRule, ProtocolSettings
from lms_sync.mapping.convert import CONVERTERS, LARGEST_HOURS
from lms_sync.mapping.document_spec import DocumentRule, DocumentSettings
from lms_sync.mapping.event_spec import CaptionTable, EventTable
from lms_sync.mapping.push_spec import PushTable
from lms_sync.mapping.spec_parts import ItemRule, Patterns, Percent, Rule, Table, Text, Texts, as_list
from lms_sync.mapping.text import fold
from lms_sync.records import AttestationKind, ControlForm, ProgrammeKind

FORMAT = 1
"""The version of the language, the `format` of every file."""

PERSON_SOURCES = (
    "id", "firstname", "lastname", "middlename", "fullname", "email", "idnumber", "institution", "department", "city",
    "country",
)  # fmt: skip
COURSE_SOURCES = ("fullname", "shortname", "idnumber")
PROFILE = "profile."


def _person_source(value: str) -> str:
    if value in PERSON_SOURCES or (value.startswith(PROFILE) and value[len(PROFILE) :].strip()):
        return value
    raise ValueError(f"must be one of {', '.join(PERSON_SOURCES)}, or profile.SHORTNAME for a custom profile field")


def _converter(value: str) -> str:
    if value not in CONVERTERS:
        raise ValueError(f"must name a converter: {', '.join(CONVERTERS)}")
    return value


PersonSources = Annotated[list[Annotated[str, AfterValidator(_person_source)]], BeforeValidator(as_list)]
ConverterName = Annotated[str, AfterValidator(_converter)]
Mark = Annotated[int, Field(ge=1, le=100)]


class LearnerField(Table):
    """Where a field of the learner comes from: the first source that holds something, through a converter."""

    source: PersonSources = Field(alias="from")
    convert: ConverterName = Field(alias="as", default="text")
    table: Text | None = None

    @model_validator(mode="after")
    def _lookup_names_its_table(self) -> LearnerField:
        if (self.convert == "lookup") != (self.table is not None):
            raise ValueError('`table` and as = "lookup" belong together')
        return self


class LearnerFields(Table):
    """The fields of a learner that a mapping may fill."""

    last_name: LearnerField | None = None
    first_name: LearnerField | None = None
    email: LearnerField | None = None
    idnumber: LearnerField | None = None
    snils: LearnerField | None = None
    birth_date: LearnerField | None = None
    citizenship: LearnerField | None = None
    organisation: LearnerField | None = None
    department: LearnerField | None = None
    city: LearnerField | None = None
    country: LearnerField | None = None

    @model_validator(mode="after")
    def _converters_give_what_is_kept(self) -> LearnerFields:
        for name in type(self).model_fields:
            field: LearnerField | None = getattr(self, name)
            needed = "date" if name == "birth_date" else "text"
            if field is not None and CONVERTERS[field.convert].gives != needed:
                fitting = ", ".join(one.name for one in CONVERTERS.values() if one.gives == needed)
                raise ValueError(f"{name} is a {needed}, which {field.convert} does not give; write one of {fitting}")
        return self


class Patronymic(Rule):
    """One way to find the patronymic; the first that finds one decides. `none` ends the search."""

    how: Literal["field", "firstname", "firstname_by_ending", "fullname", "none"] | None = None
    source: PersonSources = Field(alias="from", default=[])

    @model_validator(mode="after")
    def _is_complete(self) -> Patronymic:
        if not self.remove and self.how is None:
            raise ValueError("`how` is missing: write field, firstname, firstname_by_ending, fullname or none")
        if not self.remove and (self.how == "field") != bool(self.source):
            raise ValueError('`from` and how = "field" belong together')
        return self


class Learner(Table):
    """The table `[learner]`."""

    fields: LearnerFields = LearnerFields()
    patronymic: list[Patronymic] = []


class ProgrammeRule(Rule):
    """Which kind of programme a course is, by its idnumber, its short name and its categories' names."""

    idnumber: Patterns | None = None
    short_name: Patterns | None = None
    category: Patterns | None = None
    programme_kind: Annotated[ProgrammeKind, Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> ProgrammeRule:
        if not self.remove and self.programme_kind is None:
            raise ValueError(f"`programme_kind` is missing: write one of {', '.join(ProgrammeKind)}")
        return self


class HoursRule(Rule):
    """How many hours a course has: a number, or a converter over one of its texts."""

    idnumber: Patterns | None = None
    short_name: Patterns | None = None
    category: Patterns | None = None
    hours: Annotated[int, Field(ge=1, le=LARGEST_HOURS)] | None = None
    source: Literal["fullname", "shortname", "idnumber"] | None = Field(alias="from", default=None)
    convert: ConverterName | None = Field(alias="as", default=None)

    @model_validator(mode="after")
    def _is_complete(self) -> HoursRule:
        reads = self.source is not None and self.convert is not None
        if not self.remove and (self.hours is not None) == reads:
            raise ValueError("write either hours = NUMBER or both `from` and `as`")
        if (self.source is None) != (self.convert is None):
            raise ValueError("`from` and `as` belong together")
        if self.convert is not None and CONVERTERS[self.convert].gives != "whole":
            raise ValueError("`as` must be hours_in_title or integer")
        return self


class Course(Table):
    """The table `[course]`."""

    programme: list[ProgrammeRule] = []
    hours: list[HoursRule] = []


class AttestationRule(ItemRule):
    """The kind of attestation of a grade item; also its form and scales where these are not left to the defaults."""

    attestation_kind: Annotated[AttestationKind, Field(strict=False)] | None = None
    control_form: Annotated[ControlForm, Field(strict=False)] | None = None
    scales: Texts | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> AttestationRule:
        if not self.remove and self.attestation_kind is None:
            raise ValueError(f"`attestation_kind` is missing: write one of {', '.join(AttestationKind)}")
        return self


class ControlFormRule(ItemRule):
    """The form of control of a grade item whose `[[grade_item]]` rule does not say."""

    control_form: Annotated[ControlForm, Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> ControlFormRule:
        if not self.remove and self.control_form is None:
            raise ValueError(f"`control_form` is missing: write one of {', '.join(ControlForm)}")
        return self


class WordStep(Table):
    """A mark given in words: how the LMS's scales may write it, and what it means."""

    words: Patterns
    text: Text
    mark: Mark | None = None
    passed: bool | None = None


class PercentStep(Table):
    """A mark given for points: from this share of the points on, up to the next step."""

    from_percent: Percent
    text: Text
    mark: Mark | None = None
    passed: bool | None = None


class ScaleVersion(Table):
    """One version of a scale. `valid_from` is a day in the site's zone; without it the version has always been valid.

    Exactly one of `words` (from worst to best) and `thresholds` (from 0 per cent up) lists the steps.
    """

    name: Text
    version: Text
    valid_from: dt.date | None = None
    source: Text
    words: list[WordStep] = []
    thresholds: list[PercentStep] = []

    @model_validator(mode="after")
    def _has_steps_of_one_sort(self) -> ScaleVersion:
        if bool(self.words) == bool(self.thresholds):
            raise ValueError("a scale has either `words` or `thresholds`")
        if self.thresholds and self.thresholds[0].from_percent != 0:
            raise ValueError("the first threshold must have from_percent = 0")
        percents = [step.from_percent for step in self.thresholds]
        if any(after <= before for before, after in pairwise(percents)):
            raise ValueError("thresholds must increase from one step to the next")
        words = [fold(word) for step in self.words for word in step.words]
        if doubled := sorted({word for word in words if words.count(word) > 1}):
            raise ValueError(f"the word {doubled[0]!r} stands in two places")
        return self


class LookupTable(Table):
    """The table `[lookup.NAME]`. `otherwise` says what becomes of a word that is not listed."""

    values: dict[Text, str]
    otherwise: Literal["keep", "reject"] | None = None

    @model_validator(mode="after")
    def _words_differ(self) -> LookupTable:
        folded = [fold(word) for word in self.values]
        if doubled := sorted({word for word in folded if folded.count(word) > 1}):
            raise ValueError(f"the word {doubled[0]!r} stands in two entries (case and ё do not count)")
        return self


class Defaults(Table):
    """The table `[defaults]`. `scales` are tried in order for an item whose rule names none; the first that fits."""

    scales: Texts | None = None


class MappingFile(Table):
    """One mapping file."""

    format: Literal[1]
    defaults: Defaults = Defaults()
    learner: Learner = Learner()
    course: Course = Course()
    grade_item: list[AttestationRule] = []
    control_form: list[ControlFormRule] = []
    protocols: ProtocolSettings = ProtocolSettings()
    attestation: list[ProtocolRule] = []
    commission: list[CommissionVersion] = []
    documents: DocumentSettings = DocumentSettings()
    document: list[DocumentRule] = []
    push: dict[Text, PushTable] = {}
    scale: list[ScaleVersion] = []
    lookup: dict[str, LookupTable] = {}
    event: EventTable = {}
    action: CaptionTable = {}
    object: CaptionTable = {}
