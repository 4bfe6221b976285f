"""What comes out of mapping one source record, and the notes taken on the way.

Owns `Mapped`, `Rejection`, `Explanation` and the workbench that every mapping function writes to. Must not know rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from lms_sync.connector import SourceRecord
from lms_sync.mapping.convert import Unfit, exact_number, identifier, instant, plain_text, whole_number
from lms_sync.records import Record


@dataclass(frozen=True)
class Rejection:
    """What could not be mapped and why. `kind` and `key` are the record's; `field` is empty for the whole record.

    `code` is stable, for machines. The message never holds a value.
    """

    kind: str
    key: str
    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Mapped:
    """A record, the rule that decided about it (empty where no rule decides) and the fields that had to stay empty."""

    record: Record
    rule: str = ""
    warnings: tuple[Rejection, ...] = ()


class Decision(NamedTuple):
    """One thing that was decided: what, the value, and why. The value may be personal data; the reason is not."""

    what: str
    value: object
    why: str


@dataclass(frozen=True)
class Explanation:
    """How one source record was mapped, for a person at a terminal. Not for logs: values may be personal data."""

    kind: str
    key: str
    rule: str
    decided: list[Decision]
    outcome: Mapped | Rejection


class Refusal(Exception):
    """The whole record cannot be kept; becomes a `Rejection` in `apply`."""

    def __init__(self, field_name: str, code: str, message: str) -> None:
        self.field = field_name
        self.code = code
        super().__init__(message)


@dataclass
class Workbench:
    """One source record while it is being mapped: reads its values, and collects warnings and decisions.

    The readers give a safe empty value for what is unfit and note a warning; `required_*` refuse the record instead.
    """

    kind: str
    key: str
    fields: Mapping[str, Any]
    explaining: bool = False
    warnings: list[Rejection] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    @classmethod
    def on(cls, kind: str, source: SourceRecord, *, explaining: bool) -> Workbench:
        """The bench for a source record that is to become a record of a kind."""
        return cls(kind, source.key, source.fields, explaining)

    def warn(self, field_name: str, code: str, message: str) -> None:
        """Notes that a field of the record stays empty or doubtful."""
        self.warnings.append(Rejection(self.kind, self.key, field_name, code, message))

    def decide(self, what: str, value: object, why: str) -> None:
        """Notes a decision, when somebody asked for an explanation."""
        if self.explaining:
            self.decisions.append(Decision(what, value, why))

    def decide_all(self, decisions: Iterable[Decision]) -> None:
        """Notes decisions that were taken before, when somebody asked for an explanation."""
        if self.explaining:
            self.decisions.extend(decisions)

    def text(self, source: str, target: str = "") -> str:
        """A text, or empty."""
        try:
            return plain_text(self.fields.get(source))
        except Unfit as unfit:
            self.warn(target or source, unfit.code, f"{source}: {unfit}")
            return ""

    def texts(self, source: str, target: str = "") -> list[str]:
        """A list of texts, without the empty ones."""
        value = self.fields.get(source)
        if value is None:
            return []
        try:
            if not isinstance(value, (list, tuple)):
                raise Unfit("not_list", "the value is not a list; the connector must give one")
            return [text for item in value if (text := plain_text(item))]
        except Unfit as unfit:
            self.warn(target or source, unfit.code, f"{source}: {unfit}")
            return []

    def exact(self, source: str, target: str) -> Decimal | None:
        """An exact number, or None."""
        try:
            return exact_number(self.fields.get(source))
        except Unfit as unfit:
            self.warn(target, unfit.code, f"{source}: {unfit}")
            return None

    def whole(self, source: str, target: str, low: int = 0) -> int | None:
        """A whole number from `low` on, or None."""
        try:
            return whole_number(self.fields.get(source), low)
        except Unfit as unfit:
            self.warn(target, unfit.code, f"{source}: {unfit}")
            return None

    def instant(self, source: str, target: str) -> dt.datetime | None:
        """An instant in UTC, or None."""
        try:
            return instant(self.fields.get(source))
        except Unfit as unfit:
            self.warn(target, unfit.code, f"{source}: {unfit}")
            return None

    def flag(self, source: str) -> bool:
        """A truth value; anything but true is false."""
        return self.fields.get(source) is True

    def maybe_flag(self, source: str) -> bool | None:
        """True, false, or None for what the LMS does not say."""
        value = self.fields.get(source)
        return value if isinstance(value, bool) else None

    def maybe_id(self, source: str, target: str) -> str:
        """An id as text, or empty for none."""
        value = self.fields.get(source)
        try:
            return "" if value is None or value == 0 else identifier(value)
        except Unfit as unfit:
            self.warn(target, unfit.code, f"{source}: {unfit}")
            return ""

    def required_id(self, source: str, target: str) -> str:
        """An id as text. Raises `Refusal`."""
        try:
            return identifier(self.fields.get(source))
        except Unfit as unfit:
            raise Refusal(target, unfit.code, f"{source}: {unfit}") from None

    def own_key(self, key: str) -> str:
        """The record's key, which must be the source record's. Raises `Refusal`."""
        if key != self.key:
            raise Refusal("", "key_differs", "the record's ids are not its key's; the connector is at fault")
        return key
