"""Exact percents and means. Owns how they are rounded: half up, once, at the end. No float; nothing of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from lms_sync.exact import PLACES

_TENTH = Decimal("0.1")
_HUNDREDTH = Decimal("0.01")
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def percent_of_range(value: Decimal | None, minimum: Decimal | None, maximum: Decimal | None) -> Decimal | None:
    """How far a grade lies from minimum (None: 0) to maximum, in percent with five places; None without a range."""
    low = minimum or Decimal(0)
    if value is None or maximum is None or maximum <= low:
        return None
    return _EXACT.divide((value - low) * 100, maximum - low).quantize(PLACES, rounding=ROUND_HALF_UP)


def share(part: int, whole: int) -> Decimal | None:
    """Part of whole in percent with one place; None of an empty whole."""
    return None if not whole else _EXACT.divide(Decimal(part * 100), Decimal(whole)).quantize(_TENTH, ROUND_HALF_UP)


def mean_percent(percents: Sequence[Decimal]) -> Decimal | None:
    """The mean of percents with one place; None of none."""
    return _mean(percents, _TENTH)


def mean_mark(marks: Sequence[int]) -> Decimal | None:
    """Средний балл: the mean of marks with two places; None of none."""
    return _mean([Decimal(mark) for mark in marks], _HUNDREDTH)


def one_place(percent: Decimal | None) -> Decimal | None:
    """A percent as reports show it, with one place."""
    return None if percent is None else percent.quantize(_TENTH, ROUND_HALF_UP)


def _mean(values: Sequence[Decimal], places: Decimal) -> Decimal | None:
    return (
        _EXACT.divide(sum(values, Decimal(0)), Decimal(len(values))).quantize(places, ROUND_HALF_UP) if values else None
    )
