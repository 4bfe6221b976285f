"""The shape of a file that says which column of an academy's own register feeds which field.

Owns the tables of such a file and what can be checked within them. Must not know spreadsheets, nor what is done with a
value: that is `registers.documents`'.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lms_sync.mapping.date_forms import DateForm
from lms_sync.mapping.spec_parts import Table, Text, as_list
from lms_sync.mapping.text import fold
from lms_sync.records import DocumentStatus, ProgrammeKind

MOST_HEADER_ROW = 100


def _date_form(value: str) -> str:
    DateForm.parse(value)
    return value


def _as_column(value: Any) -> Any:
    return {"heading": value} if isinstance(value, (str, list)) else value


def _status(value: DocumentStatus) -> DocumentStatus:
    if value is DocumentStatus.DRAFT:
        raise ValueError("a document that was issued is no draft; name another status")
    return value


DateForms = Annotated[list[Annotated[Text, AfterValidator(_date_form)]], BeforeValidator(as_list), Field(min_length=1)]
_Kind = Annotated[ProgrammeKind, Field(strict=False)]
_Status = Annotated[DocumentStatus, Field(strict=False), AfterValidator(_status)]
Sex = Literal["Муж", "Жен"]


class ColumnSpec(Table):
    """Where a field stands: under the first of these headings that the table has.

    `digits`: numbers are padded to so many with zeros in front; `dates`: how its days are written; `serial_dates`: days
    may stand there as a spreadsheet's count of days.
    """

    heading: Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)]
    digits: Annotated[int, Field(ge=1, le=20)] | None = None
    dates: DateForms | None = None
    serial_dates: bool = False


Column = Annotated[ColumnSpec | None, BeforeValidator(_as_column)]


class Columns(Table):
    """The table `[columns]`: a field, and the heading of its column."""

    registration_number: Column = None
    blank: Column = None  # series and number in one cell
    blank_series: Column = None
    blank_number: Column = None
    appendix_number: Column = None
    document_kind: Column = None
    status: Column = None
    issue_date: Column = None
    handed_at: Column = None
    handed_how: Column = None
    full_name: Column = None
    last_name: Column = None
    first_name: Column = None
    middle_name: Column = None
    birth_date: Column = None
    snils: Column = None
    sex: Column = None
    citizenship: Column = None
    programme_title: Column = None
    programme_kind: Column = None
    hours: Column = None
    studied_from: Column = None
    studied_to: Column = None
    qualification: Column = None
    profession: Column = None
    rank: Column = None
    protocol: Column = None
    reason: Column = None
    replaces: Column = None  # the registration number of the document that this one is a duplicate of
    proof: Column = None
    issue_place: Column = None
    organisation: Column = None
    learner: Column = None  # the LMS's id of the holder
    idnumber: Column = None  # only to find the learner by
    email: Column = None  # the same

    def named(self) -> dict[str, ColumnSpec]:
        """The columns that are named, by field."""
        return {name: one for name in type(self).model_fields if (one := getattr(self, name)) is not None}


class Fixed(Table):
    """The table `[fixed]`: what is the same in every row."""

    document_kind: Text | None = None
    status: _Status | None = None
    programme_title: Text | None = None
    programme_kind: _Kind | None = None
    hours: Annotated[int, Field(ge=1, le=100_000)] | None = None
    qualification: Text | None = None
    profession: Text | None = None
    rank: Text | None = None
    citizenship: Text | None = None
    handed_how: Text | None = None
    protocol: Text | None = None
    issue_place: Text | None = None
    organisation: Text | None = None

    def named(self) -> dict[str, Any]:
        """What is said, by field."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class Words(Table):
    """The tables `[words.FIELD]`: what the register's own words mean. Case and ё do not count."""

    document_kind: dict[Text, Text] = {}
    status: dict[Text, _Status] = {}
    programme_kind: dict[Text, _Kind] = {}
    sex: dict[Text, Sex] = {}

    @model_validator(mode="after")
    def _each_once(self) -> Words:
        for name in type(self).model_fields:
            words = list(map(fold, getattr(self, name)))
            if doubled := sorted({one for one in words if words.count(one) > 1}):
                raise ValueError(f"words.{name} holds {doubled[0]!r} twice; leave one")
        return self


class LearnerMatch(Table):
    """The table `[learner]`: by what a learner of the LMS is found; tried in this order, the first that knows one."""

    match: Annotated[list[Literal["snils", "idnumber", "email"]], BeforeValidator(as_list)] = []


class ImportFile(Table):
    """A whole file."""

    format: Literal[1]
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1, le=MOST_HEADER_ROW)] = 1
    encoding: Literal["utf-8", "utf-16", "windows-1251"] | None = None
    delimiter: Literal[";", ",", "\t", "|"] | None = None
    dates: DateForms = ["DD.MM.YYYY", "YYYY-MM-DD"]
    numbers_begin_anew: Literal["never", "year"] = "never"
    columns: Columns
    fixed: Fixed = Fixed()
    words: Words = Words()
    learner: LearnerMatch = LearnerMatch()
