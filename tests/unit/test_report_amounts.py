"""Percents, means and periods: exact, rounded once, nothing of nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.report.amounts import mean_mark, mean_percent, one_place, percent_of_range, share
from lms_sync.report.period import Period, Span, Step, span_of
from lms_sync.report.phrases import period_words, span_words
from tests.unit.study_samples import MOSCOW

COUNTS = st.integers(min_value=0, max_value=10_000)


def half_up(number: Fraction, places: int) -> Decimal:
    """Rounding as taught at school, in whole numbers."""
    scale = 10**places
    return Decimal((2 * number.numerator * scale + number.denominator) // (2 * number.denominator)) / scale


@given(COUNTS, COUNTS)
def test_a_share_is_rounded_half_up(part: int, whole: int) -> None:
    found = share(min(part, whole), whole)
    if whole == 0:
        assert found is None
    else:
        assert found == half_up(Fraction(min(part, whole) * 100, whole), 1)
        assert 0 <= found <= 100


def test_a_half_goes_up_where_floats_and_bankers_go_down() -> None:
    assert share(1, 16) == Decimal("6.3")  # 6.25
    assert one_place(Decimal("66.65")) == Decimal("66.7")
    assert mean_mark([4] * 7 + [5]) == Decimal("4.13")  # 4.125


@given(st.lists(st.decimals(0, 100, places=5), min_size=1, max_size=50))
def test_a_mean_is_rounded_once(percents: list[Decimal]) -> None:
    assert mean_percent(percents) == half_up(Fraction(sum(map(Fraction, percents)), len(percents)), 1)


def test_there_is_no_mean_of_nothing() -> None:
    assert (mean_mark([]), mean_percent([]), one_place(None)) == (None, None, None)


@pytest.mark.parametrize(
    ("value", "minimum", "maximum", "percent"),
    [
        ("3.5", "1", "5", "62.5"),
        ("1", None, "3", "33.33333"),
        ("2", "0", "3", "66.66667"),
        ("0", "0", "10", "0"),
        ("11", "0", "10", "110"),
        ("5", "0", None, None),
        ("5", "0", "0", None),
        ("5", "10", "5", None),
        (None, "0", "10", None),
    ],
)
def test_a_percent_is_of_the_range(
    value: str | None, minimum: str | None, maximum: str | None, percent: str | None
) -> None:
    numbers = [None if text is None else Decimal(text) for text in (value, minimum, maximum)]
    assert percent_of_range(*numbers) == (None if percent is None else Decimal(percent))


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)), st.sampled_from(Step))
def test_spans_hold_their_days_and_follow_one_another(day: dt.date, step: Step) -> None:
    span = span_of(day, step)
    assert span.first_day <= day <= span.last_day
    assert span_of(span.first_day, step) == span_of(span.last_day, step) == span
    assert span_of(span.last_day + dt.timedelta(days=1), step).first_day == span.last_day + dt.timedelta(days=1)


def test_spans_have_names() -> None:
    day = dt.date(2026, 12, 31)
    assert [span_words(span_of(day, step), step) for step in Step] == [
        "декабрь 2026", "28.12.2026–03.01.2027", "IV квартал 2026",
    ]  # fmt: skip
    assert span_of(dt.date(2024, 2, 29), Step.MONTH) == Span(dt.date(2024, 2, 1), dt.date(2024, 2, 29))


def test_a_period_is_told_in_words() -> None:
    first, last = dt.date(2026, 1, 9), dt.date(2026, 6, 30)
    assert period_words(Period(MOSCOW, first, last)) == "Период: с 09.01.2026 по 30.06.2026"
    assert period_words(Period(MOSCOW, last_day=last)) == "Период: по 30.06.2026"
    assert period_words(Period(MOSCOW)) == ""
