"""Which of a learner's frozen results counts. Must not know facts, protocols or the store."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from lms_sync.records import AttestationResult, CountingMethod, ResultOutcome

_BY_CLOSING = "protocol "


def counting_result(results: Iterable[AttestationResult], method: CountingMethod) -> AttestationResult | None:
    """The result that counts among one learner's results of one final; None when none can.

    Results of a closing (absent, …) and withdrawn ones never count. Of equal best ones the earliest counts, as in
    Moodle (`quiz_calculate_best_attempt`). With `average` each result holds the average up to it, so the last counts.
    """
    eligible = sorted((result for result in results if is_eligible(result)), key=attempt_order)
    if not eligible:
        return None
    if method is CountingMethod.FIRST:
        return eligible[0]
    if method is CountingMethod.HIGHEST:
        return max(eligible, key=_height)  # the first of equal ones
    return eligible[-1]


def is_eligible(result: AttestationResult) -> bool:
    """Whether a result may stand in a protocol as what the learner achieved."""
    return not made_at_closing(result) and result.outcome is not ResultOutcome.WITHDRAWN


def made_at_closing(result: AttestationResult) -> bool:
    """Whether the result only says that there was none when a protocol was closed."""
    return result.occasion.startswith(_BY_CLOSING)


def closing_occasion(number: str) -> str:
    """The occasion of such a result."""
    return f"{_BY_CLOSING}{number}"


def attempt_order(result: AttestationResult) -> tuple[int, int, str]:
    """Results in the order of their attempts, equal numbers as they froze; a grade without an attempt stands first."""
    return result.attempt_number or 0, len(result.occasion), result.occasion  # attempt-1, attempt-1.2, attempt-1.10


def _height(result: AttestationResult) -> Decimal:
    height = result.percent if result.percent is not None else result.grade
    return Decimal(-1) if height is None else height
