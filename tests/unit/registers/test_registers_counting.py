"""Which of a learner's results counts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.records import AttestationResult, CountingMethod, ResultOutcome
from lms_sync.registers.counting import attempt_order, closing_occasion, counting_result, is_eligible, made_at_closing
from tests.unit.registers.samples import NOON, result

METHODS = st.sampled_from(list(CountingMethod))


def of_grades(*grades: int | None) -> list[AttestationResult]:
    return [result(attempt=number, grade=grade) for number, grade in enumerate(grades, start=1)]


@pytest.mark.parametrize(
    ("method", "counts"),
    [
        (CountingMethod.FIRST, 1),
        (CountingMethod.HIGHEST, 2),
        (CountingMethod.LAST, 3),
        (CountingMethod.AVERAGE, 3),
    ],
)
def test_the_method_says_which(method: CountingMethod, counts: int) -> None:
    found = counting_result(reversed(of_grades(50, 90, 70)), method)
    assert found is not None
    assert found.attempt_number == counts


def test_of_equal_best_ones_the_earliest_counts() -> None:
    found = counting_result(reversed(of_grades(50, 90, 90)), CountingMethod.HIGHEST)
    assert found is not None
    assert found.attempt_number == 2


def test_ten_comes_after_nine() -> None:
    found = counting_result([result(attempt=10), result(attempt=9)], CountingMethod.LAST)
    assert found is not None
    assert found.attempt_number == 10


def test_height_is_the_percentage_and_only_without_one_the_grade() -> None:
    low, high = result(attempt=1, grade=9, percent=Decimal(90)), result(attempt=2, grade=50, percent=Decimal(50))
    assert counting_result([low, high], CountingMethod.HIGHEST) == low
    words = [result(attempt=1, grade=4, percent=None), result(attempt=2, grade=5, percent=None)]
    assert counting_result(words, CountingMethod.HIGHEST) == words[1]
    assert counting_result([result(grade=None), words[0]], CountingMethod.HIGHEST) == words[0]


def test_a_grade_without_an_attempt_stands_before_attempts() -> None:
    results = [result(attempt=1), result(attempt=None)]
    assert counting_result(results, CountingMethod.FIRST) == results[1]
    assert counting_result(results, CountingMethod.LAST) == results[0]


def test_of_two_attempts_with_one_number_the_later_recorded_stands_later() -> None:
    results = [result(occasion="attempt-1.2", finished_at=NOON + dt.timedelta(days=1)), result(occasion="attempt-1")]
    assert sorted(results, key=attempt_order) == [results[1], results[0]]


def test_many_attempts_with_one_number_keep_their_order() -> None:
    results = [result(occasion=f"attempt-1.{again}") for again in range(2, 13)]
    backwards = list(reversed(results))
    assert sorted(backwards, key=attempt_order) == results


@pytest.mark.parametrize("outcome", [ResultOutcome.ABSENT, ResultOutcome.NOT_COMPLETED, ResultOutcome.NOT_ADMITTED])
def test_what_a_closing_made_never_counts(outcome: ResultOutcome) -> None:
    made = result(attempt=None, occasion=closing_occasion("2026/001"), outcome=outcome)
    assert made_at_closing(made)
    assert counting_result([made], CountingMethod.LAST) is None
    # but a word of the teacher's that says the same does
    assert is_eligible(result(attempt=None, outcome=outcome))


@given(grades=st.lists(st.one_of(st.none(), st.integers(0, 100)), max_size=6), method=METHODS, data=st.data())
def test_what_cannot_count_makes_no_difference(
    grades: list[int | None], method: CountingMethod, data: st.DataObject
) -> None:
    results = of_grades(*grades)
    places = data.draw(st.sets(st.integers(0, 5)))
    spoiled = [
        one.model_copy(update={"outcome": ResultOutcome.WITHDRAWN}) if place in places else one
        for place, one in enumerate(results)
    ]
    remaining = [one for place, one in enumerate(results) if place not in places]
    mixed = data.draw(st.permutations([*spoiled, result(attempt=None, occasion=closing_occasion("9"))]))
    assert counting_result(mixed, method) == counting_result(remaining, method)
