"""The tables of a mapping file about issued documents: `[documents]` and `[[document]]`.

Owns their shape and what can be checked within one of them. Must not know other tables, files or lines. A later file
may say only part of a `[[document]]`: what is left out stays as an earlier file has it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.mapping.spec_parts import Rule, Table, Text, as_list
from lms_sync.records import DocumentBasis, ProgrammeKind

CODE = r"[a-z][a-z0-9_]{0,39}"
"""What a code may be; the companion plugin asks for the same."""


def _template(value: str) -> str:
    template = NumberTemplate.parse(value)
    if free := sorted(template.fields & {"group", "course"}):
        raise ValueError(f"a document's number cannot hold {{{free[0]}}}; leave it out")
    return value


def _optional_template(value: str) -> str:
    return _template(value) if value else value


_Code = Annotated[Text, Field(pattern=f"^{CODE}$")]
_Programmes = Annotated[list[Annotated[ProgrammeKind, Field(strict=False)]], BeforeValidator(as_list)]


class SignatorySpec(Table):
    """Somebody who signs documents."""

    name: Text
    position: str = ""


class DocumentSettings(Table):
    """The table `[documents]`: what stands on every document unless its own table says otherwise."""

    issue_place: str | None = None
    organisation: str | None = None  # otherwise that of [protocols]
    signatories: list[SignatorySpec] | None = None


class DocumentRule(Rule):
    """A table `[[document]]`: one kind of document. Its name is the code that stands in every record.

    `programme_kinds` empty: it is drawn up only when asked for by its code. `appendix_number` empty: the appendix bears
    the document's own number.
    """

    name: _Code
    title: Text | None = None
    appendix_title: str | None = None  # empty: it has no appendix
    programme_kinds: _Programmes | None = None
    basis: Annotated[DocumentBasis, Field(strict=False)] | None = None
    blank: bool | None = None  # whether it is written on a registered blank
    minimum_hours: Annotated[int, Field(ge=0, le=100_000)] | None = None
    number: Annotated[Text, AfterValidator(_template)] | None = None
    appendix_number: Annotated[str, AfterValidator(_optional_template)] | None = None
    qualification: bool | None = None  # whether it must name one
    profession: bool | None = None
    frdo: bool | None = None  # whether it is told to the federal register: its rules for names then bind
    issue_place: str | None = None
    signatories: list[SignatorySpec] | None = None

    def over(self, earlier: DocumentRule) -> DocumentRule:
        """This rule with what it leaves out taken from an earlier file's."""
        said: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        return earlier.model_copy(update=said)

    def missing(self) -> list[str]:
        """What nothing says that must be said."""
        return [name for name in ("title", "number") if getattr(self, name) is None]

    @model_validator(mode="after")
    def _appendix_is_named(self) -> DocumentRule:
        if self.appendix_number and self.appendix_title == "":
            raise ValueError("appendix_number means nothing without an appendix_title; leave one out")
        return self
