"""What every kind of record shares: a kind, a natural key, and one plain form. Must not know any single kind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from sqlmodel import SQLModel

from lms_sync.exact import utc_text


class Record(SQLModel):
    """What every kind of record shares: a kind, a natural key within its source, and one plain form."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)  # type: ignore[assignment]

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """The natural key within its source; stable for as long as the LMS knows the object."""
        raise AssertionError("every kind of record defines its key")

    def payload(self) -> dict[str, Any]:
        """The record as JSON-ready values: decimals and instants as text, empty values kept."""
        return {name: _plain_value(getattr(self, name)) for name in type(self).model_fields}


_PLAIN = frozenset({str, int, bool, type(None)})


def _plain_value(value: Any) -> Any:
    if type(value) in _PLAIN:  # most values; a member of a StrEnum is of another type
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
        return {name: _plain_value(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {name: _plain_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain_value(item) for item in value]
    raise AssertionError(f"a record holds a {type(value).__name__}, which has no plain form")
