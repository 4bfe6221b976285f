"""Tests and attempts, with the exact grade of an attempt."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.assessments import rescaled
from lms_sync.records import Assessment, Attempt, AttemptState, CountingMethod
from tests.unit.mapping.samples import attempt, attempt_of, mapped, quiz, rejected, warning_codes


def test_every_field_of_a_test(shipped: Mapping) -> None:
    source = quiz(timeopen=1, timelimit=3600, attempts=2, grademethod=4, sumgrades=Decimal("10.5"), grade=Decimal(5))
    assert mapped(shipped, source).record == Assessment(
        external_id="7",
        course="2",
        title="Итоговая аттестация",
        opens_at=dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC),
        closes_at=None,
        time_limit=3600,
        attempts_allowed=2,
        counting=CountingMethod.LAST,
        points_maximum=Decimal("10.5"),
        grade_maximum=Decimal(5),
    )


@pytest.mark.parametrize(("number", "method"), [(1, "highest"), (2, "average"), (3, "first"), (4, "last")])
def test_counting_methods(shipped: Mapping, number: int, method: str) -> None:
    record = mapped(shipped, quiz(grademethod=number)).record
    assert isinstance(record, Assessment)
    assert record.counting.value == method


def test_no_limits_are_none_and_an_unknown_method_is_said(shipped: Mapping) -> None:
    record = mapped(shipped, quiz()).record
    assert isinstance(record, Assessment)
    assert (record.time_limit, record.attempts_allowed, record.opens_at) == (None, None, None)
    assert warning_codes(shipped, quiz(grademethod=9)) == [("counting", "unknown_value")]


def test_every_field_of_an_attempt(shipped: Mapping) -> None:
    assert mapped(shipped, attempt()).record == Attempt(
        external_id="11",
        course="2",
        assessment="7",
        learner="3",
        number=1,
        state=AttemptState.FINISHED,
        started_at=dt.datetime(2026, 9, 23, 3, 58, 39, tzinfo=dt.UTC),
        finished_at=dt.datetime(2026, 9, 23, 3, 59, 39, tzinfo=dt.UTC),
        points=Decimal(2),
        points_maximum=Decimal(3),
        grade=Decimal("66.66667"),
        grade_maximum=Decimal(100),
    )


def test_no_grade_before_everything_is_marked_nor_without_points(shipped: Mapping) -> None:
    assert attempt_of(shipped, sumgrades=None).grade is None
    assert attempt_of(shipped, quiz_sumgrades=Decimal(0)).grade is None
    assert attempt_of(shipped, quiz_grade=None).grade is None
    assert attempt_of(shipped, sumgrades=Decimal(0)).grade == 0


def test_a_grade_beyond_what_can_be_kept_is_said(shipped: Mapping) -> None:
    huge = attempt(sumgrades=Decimal(10**14), quiz_sumgrades=Decimal("0.00001"), quiz_grade=Decimal(10**14))
    assert warning_codes(shipped, huge) == [("grade", "not_exact")]


@pytest.mark.parametrize("state", [state.value for state in AttemptState])
def test_every_state_is_known(shipped: Mapping, state: str) -> None:
    assert attempt_of(shipped, state=state).state.value == state


def test_an_attempt_that_cannot_be_is_refused(shipped: Mapping) -> None:
    assert rejected(shipped, attempt(state="paused")).field == "state"
    assert rejected(shipped, attempt(attempt=0)).field == "number"
    assert rejected(shipped, attempt(attempt=None)).field == "number"
    assert rejected(shipped, attempt(userid=None)).code == "no_id"


_points = st.decimals(0, 1000, places=5)


@given(_points, st.decimals(Decimal("0.00001"), 1000, places=5), _points)
def test_a_rescaled_grade_is_the_true_quotient_rounded_half_up_once(
    points: Decimal, maximum: Decimal, rescaled_to: Decimal
) -> None:
    true = Fraction(points) / Fraction(maximum) * Fraction(rescaled_to)
    grade = rescaled(points, maximum, rescaled_to)
    if grade is None:
        assert true >= 10**15 - 1
    else:
        assert Fraction(grade) == Fraction(int(true * 10**5 + Fraction(1, 2)), 10**5)


def test_a_tie_goes_up() -> None:
    assert rescaled(Decimal(1), Decimal(2), Decimal("0.00001")) == Decimal("0.00001")
    assert rescaled(Decimal(1), Decimal(3), Decimal("0.00001")) == 0
