"""The part of a mapping file about the action journal: what an event of the LMS means, and how actions are called.

Owns the shape of `[event]`, `[action]` and `[object]`. Must not know files, lines or rows of a log.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lms_sync.mapping.spec_parts import Table, Text

OTHER = "other."
"""The prefix of a place within what else the LMS says of an event."""

_PLACES = ("object", "activity", "course")
_CODE = re.compile(r"[a-z][a-z0-9_]*")


def _code(value: str) -> str:
    if not _CODE.fullmatch(value):
        raise ValueError("a code is made of small Latin letters, digits and _, beginning with a letter")
    return value


def _place(value: str) -> str:
    if value in _PLACES or (value.startswith(OTHER) and value[len(OTHER) :].strip()):
        return value
    raise ValueError(f"must be one of {', '.join(_PLACES)}, or other.NAME for what else the LMS says of the event")


def _as_rules(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _values(value: Any) -> Any:
    """Numbers and truth values as the texts by which they are compared."""
    listed = value if isinstance(value, list) else [value]
    if not all(type(one) in (int, str, bool) for one in listed):
        raise ValueError("values are whole numbers, texts in quotes, true or false")
    return [word(one) for one in listed]


def word(value: object) -> str:
    """A value as a mapping file writes it: true and false in small letters, numbers by their digits."""
    return str(value).lower() if isinstance(value, bool) else str(value)


Code = Annotated[str, AfterValidator(_code)]
Values = Annotated[list[str], BeforeValidator(_values), Field(min_length=1)]


class EventRule(Table):
    """What an event means: the code of the action, and the object that it was done to.

    Without `object` the LMS's own object stays as it is; with it, `source` says where its id is found. `when` names
    members of what else the LMS says, each with the values that fit; a rule without it always fits.
    """

    action: Code
    object: Code | None = None
    source: Annotated[str, AfterValidator(_place)] | None = Field(alias="from", default=None)
    when: dict[Text, Values] = {}

    @model_validator(mode="after")
    def _place_names_its_object(self) -> EventRule:
        if self.source is not None and self.object is None:
            raise ValueError("`from` needs `object`: say what kind of object has that id")
        return self


def _last_may_be_reached(rules: list[EventRule]) -> list[EventRule]:
    if any(not rule.when for rule in rules[:-1]):
        raise ValueError("only the last rule of an event may do without `when`: it fits always")
    return rules


EventRules = Annotated[
    list[EventRule], BeforeValidator(_as_rules), Field(min_length=1), AfterValidator(_last_may_be_reached)
]
EventTable = dict[Text, EventRules]
"""`[event]`: the LMS's own name of an event, or a pattern with `*`, and its rule or rules."""

CaptionTable = dict[Code, Text]
"""`[action]` and `[object]`: how a code is called in reports."""
