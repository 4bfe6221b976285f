"""What every kind of record shares: a kind, a natural key, and one plain form. Must not know any single kind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from lms_sync.exact import utc_text


class Record(BaseModel):
    """What every kind of record shares: a kind, a natural key within its source, and one plain form."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """The natural key within its source; stable for as long as the LMS knows the object."""
        raise AssertionError("every kind of record defines its key")

    def payload(self) -> dict[str, Any]:
        """The record as JSON-ready values: decimals and instants as text, empty values kept."""
        return _plain_fields(self)


def _plain_fields(model: BaseModel) -> dict[str, Any]:
    # A validated model's own dictionary holds its fields and nothing else, in their order.
    return {name: value if type(value) in _PLAIN else plain_value(value) for name, value in model.__dict__.items()}


_PLAIN = frozenset({str, int, bool, type(None)})  # most values; a member of a StrEnum is of another type


def plain_value(value: Any) -> Any:
    """A value of a record, or lists and dictionaries of such, as JSON-ready values: exact numbers, instants and days
    as text. What no record can hold is a mistake of the caller.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return utc_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, BaseModel):
        return _plain_fields(value)
    if isinstance(value, dict):
        return {name: plain_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(item) for item in value]
    raise AssertionError(f"a {type(value).__name__} has no plain form")
