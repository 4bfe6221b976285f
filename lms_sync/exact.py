"""How exact values are held: grades as decimals with five places, instants in UTC, both never through a float.

Owns the annotated types that records use and the column types that keep them exact in SQLite and PostgreSQL.
Must not know any record. Five places are what Moodle keeps (`grade_grades.finalgrade` is NUMERIC(10,5)).
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from sqlalchemy import DateTime, Dialect, Numeric, String
from sqlalchemy.types import TypeDecorator, TypeEngine

PLACES = Decimal("0.00001")
_LIMIT = Decimal(10) ** 15


def exact_decimal(value: object) -> Decimal:
    """The value as a decimal with at most five places and no trailing zeros. Raises ValueError for anything else.

    Floats are refused; digits beyond the fifth place are rounded half up, as the LMS's own database does.
    """
    if isinstance(value, (float, bool)):
        raise ValueError("a grade must be an exact decimal, not a floating-point or truth value")
    return _exact(str(value))


@lru_cache(maxsize=8192)
def _exact(text: str) -> Decimal:
    """Kept, since the same few grades and maxima come by the thousand, each several times on its way to the store."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a decimal number") from None
    if not number.is_finite() or abs(number) >= _LIMIT:
        raise ValueError("a grade must be a finite number below 10^15")
    return plain(number.quantize(PLACES, rounding=ROUND_HALF_UP))


def plain(number: Decimal) -> Decimal:
    """The same number without trailing zeros or an exponent, and without a negative zero."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Decimal("0") if text in {"-0", ""} else Decimal(text)


def utc_instant(value: dt.datetime) -> dt.datetime:
    """The instant in UTC. Raises ValueError for a time without a zone."""
    if value.tzinfo is dt.UTC:  # nearly always
        return value
    if value.tzinfo is None:
        raise ValueError("a time must carry its zone")
    return value.astimezone(dt.UTC)


def utc_now() -> dt.datetime:
    """This instant, in UTC, with microseconds."""
    return dt.datetime.now(dt.UTC)


@lru_cache(maxsize=8192)
def utc_text(value: dt.datetime) -> str:
    """The one text form of an instant: `2026-11-22T04:20:00Z`, with microseconds only where there are some."""
    return utc_instant(value).isoformat().replace("+00:00", "Z")


Exact = Annotated[Decimal, BeforeValidator(exact_decimal)]
Instant = Annotated[dt.datetime, AfterValidator(utc_instant)]


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal column: NUMERIC(20, 5) in PostgreSQL, text in SQLite, which would keep a number as a float."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """See `TypeDecorator`."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(20, 5, asdecimal=True))
        return dialect.type_descriptor(String(22))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """See `TypeDecorator`."""
        if value is None:
            return None
        number = exact_decimal(value)
        return number if dialect.name == "postgresql" else format(number, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """See `TypeDecorator`."""
        return None if value is None else plain(Decimal(value))


class UtcInstant(TypeDecorator[dt.datetime]):
    """An instant column: TIMESTAMPTZ in PostgreSQL, sortable ISO text ending in Z in SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """See `TypeDecorator`."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """See `TypeDecorator`."""
        if value is None:
            return None
        instant = utc_instant(value)
        # A fixed width keeps the text's order the order of time.
        return instant if dialect.name == "postgresql" else f"{instant.isoformat(timespec='microseconds')[:-6]}Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """See `TypeDecorator`."""
        if value is None:
            return None
        if isinstance(value, dt.datetime):
            return value.astimezone(dt.UTC)
        return dt.datetime.fromisoformat(value)
