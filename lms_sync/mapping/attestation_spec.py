"""The tables of a mapping file about final attestation: `[protocols]`, `[[attestation]]` and `[[commission]]`.

Owns their shape and what can be checked within one of them. Must not know other tables, files or lines.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.mapping.spec_parts import ItemRule, Percent, Table, Text, Texts, as_list
from lms_sync.mapping.text import fold
from lms_sync.records import AttestationKind, ClosingPolicy, ProgrammeKind

AS_LMS = "as-lms"
Counting = Literal["as-lms", "first", "last", "best"]


def _counting(value: Any) -> Any:
    if value == "average":
        raise ValueError("an average can only be the LMS's own method; write as-lms and set it there")
    return value


def _number_template(value: str) -> str:
    NumberTemplate.parse(value)
    return value


class ProtocolSettings(Table):
    """The table `[protocols]`, and what an `[[attestation]]` rule may say otherwise. None: left to others.

    `commission` and `organisation` may be empty: a rule can say that there is none.
    """

    organisation: str | None = None
    counting: Annotated[Counting, BeforeValidator(_counting)] | None = None
    closing: Annotated[ClosingPolicy, Field(strict=False)] | None = None
    number: Annotated[Text, AfterValidator(_number_template)] | None = None
    per_group: bool | None = None
    commission: str | None = None


_Kinds = Annotated[list[Annotated[AttestationKind, Field(strict=False)]], BeforeValidator(as_list), Field(min_length=1)]
_Programmes = Annotated[
    list[Annotated[ProgrammeKind, Field(strict=False)]], BeforeValidator(as_list), Field(min_length=1)
]


class ProtocolRule(ItemRule, ProtocolSettings):
    """Whether protocols are kept of a grade item, and how. What it leaves out, `[protocols]` says.

    `scales` are tried before the scale that the item's own rule chose; an empty list means that no scale is used.
    """

    attestation_kind: _Kinds = [AttestationKind.FINAL]
    programme_kind: _Programmes | None = None
    protocol: bool = True
    pass_percent: Percent | None = None
    scales: Texts | None = None

    @model_validator(mode="after")
    def _no_protocol_has_no_settings(self) -> ProtocolRule:
        settings = {*ProtocolSettings.model_fields, "pass_percent", "scales"}
        if not self.protocol and (more := self.model_fields_set & settings):
            raise ValueError(f"with protocol = false, {', '.join(sorted(more))} would mean nothing; leave it out")
        return self


class Member(Table):
    """A person of a commission."""

    name: Text
    position: str = ""


class CommissionVersion(Table):
    """One composition of a commission, from a day (in the site's zone) on; without `valid_from` it was always so."""

    name: Text
    valid_from: dt.date | None = None
    order: str = ""
    chair: Member
    members: list[Member] = []
    secretary: Member | None = None

    @model_validator(mode="after")
    def _each_person_votes_once(self) -> CommissionVersion:
        voting = [fold(person.name) for person in (self.chair, *self.members)]  # the secretary may be one of them
        if len(set(voting)) < len(voting):
            raise ValueError("a person stands twice among the chair and the members; leave them in one place")
        return self
