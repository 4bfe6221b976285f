"""Tests and attempts: from what the LMS says to `Assessment` and `Attempt`.

Owns the exact arithmetic of an attempt's grade. Must not know mapping rules: these records follow from the LMS alone.
"""

from __future__ import annotations

from decimal import Decimal

from lms_sync.exact import PLACES, exact_decimal
from lms_sync.mapping.outcome import Refusal, Workbench
from lms_sync.mapping.scales import EXACT
from lms_sync.records import Assessment, Attempt, AttemptState, CountingMethod

_COUNTING = {
    1: CountingMethod.HIGHEST,
    2: CountingMethod.AVERAGE,
    3: CountingMethod.FIRST,
    4: CountingMethod.LAST,
}  # Moodle: QUIZ_GRADEHIGHEST … QUIZ_ATTEMPTLAST
_STATES = {state.value: state for state in AttemptState}


def assessment(bench: Workbench) -> tuple[Assessment, str]:
    """A test. Raises `Refusal`."""
    return Assessment(
        external_id=bench.own_key(bench.required_id("id", "external_id")),
        course=bench.required_id("course", "course"),
        title=bench.text("name", "title"),
        opens_at=bench.instant("timeopen", "opens_at"),
        closes_at=bench.instant("timeclose", "closes_at"),
        time_limit=bench.whole("timelimit", "time_limit") or None,
        attempts_allowed=bench.whole("attempts", "attempts_allowed") or None,
        counting=_counting(bench),
        points_maximum=bench.exact("sumgrades", "points_maximum"),
        grade_maximum=bench.exact("grade", "grade_maximum"),
    ), ""


def _counting(bench: Workbench) -> CountingMethod:
    number = bench.whole("grademethod", "counting")
    method = None if number is None else _COUNTING.get(number)
    if method is None:
        bench.warn("counting", "unknown_value", "grademethod: the LMS names no way of counting attempts that is known")
        return CountingMethod.HIGHEST
    bench.decide("counting", method.value, "grademethod, as the LMS says")
    return method


def attempt(bench: Workbench) -> tuple[Attempt, str]:
    """An attempt at a test. Raises `Refusal`, also for a state or a number that cannot be."""
    external_id = bench.own_key(bench.required_id("id", "external_id"))
    number = bench.whole("attempt", "number", low=1)
    if number is None:
        raise Refusal("number", "no_number", "attempt: the attempt has no number from 1 on")
    points = bench.exact("sumgrades", "points")
    points_maximum = bench.exact("quiz_sumgrades", "points_maximum")
    grade_maximum = bench.exact("quiz_grade", "grade_maximum")
    return Attempt(
        external_id=external_id,
        course=bench.required_id("course", "course"),
        assessment=bench.required_id("quiz", "assessment"),
        learner=bench.required_id("userid", "learner"),
        number=number,
        state=_state(bench),
        started_at=bench.instant("timestart", "started_at"),
        finished_at=bench.instant("timefinish", "finished_at"),
        points=points,
        points_maximum=points_maximum,
        grade=_grade(bench, points, points_maximum, grade_maximum),
        grade_maximum=grade_maximum,
    ), ""


def _state(bench: Workbench) -> AttemptState:
    state = _STATES.get(bench.text("state"))
    if state is None:
        raise Refusal("state", "unknown_value", f"state: none of {', '.join(_STATES)}; update lms-sync")
    return state


def _grade(
    bench: Workbench, points: Decimal | None, maximum: Decimal | None, rescaled_to: Decimal | None
) -> Decimal | None:
    if points is None or rescaled_to is None or not maximum:
        bench.decide("grade", None, "not everything is marked, or the test has no points")
        return None
    grade = rescaled(points, maximum, rescaled_to)
    if grade is None:
        bench.warn("grade", "not_exact", "the rescaled grade is not a number below 10^15")
    bench.decide("grade", grade, "sumgrades / quiz_sumgrades × quiz_grade, five places, half up")
    return grade


def rescaled(points: Decimal, points_maximum: Decimal, grade_maximum: Decimal) -> Decimal | None:
    """points / points_maximum × grade_maximum to five places, half up (Moodle: `quiz_rescale_grade`), or None if huge.

    Sixty digits make the single rounding at the end the only one that shows: two grades of 20 digits differ from a
    tie by more than that.
    """
    quotient = EXACT.divide(EXACT.multiply(points, grade_maximum), points_maximum)
    try:
        return exact_decimal(quotient.quantize(PLACES, context=EXACT))
    except (ValueError, ArithmeticError):
        return None
