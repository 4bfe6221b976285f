"""The lines of a protocol and what they add up to. Pure; must not know the store's rules or the LMS."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from lms_sync.collation import name_key
from lms_sync.records import AttestationResult, MarkCount, ProtocolLine, ProtocolTotals, ResultOutcome
from lms_sync.store.attestation import StoredResult


def lines_of(results: Sequence[StoredResult]) -> list[ProtocolLine]:
    """A line for each result, in the Russian alphabetical order of the names; namesakes by birth date, then by id."""
    return [
        ProtocolLine(
            number=number,
            learner=stored.record.learner,
            result=stored.record.key,
            version=stored.version,
            payload_digest=stored.payload_digest,
            outcome=stored.record.outcome,
            mark=stored.record.mark,
            mark_text=stored.record.mark_text,
            passed=stored.record.passed,
        )
        for number, stored in enumerate(sorted(results, key=lambda one: _name_order(one.record)), start=1)
    ]


def totals_of(lines: Sequence[ProtocolLine]) -> ProtocolTotals:
    """How many lines there are of each sort; they add up: `listed` is those who took part and all the others."""
    outcomes = Counter(line.outcome for line in lines)
    took_part = [line for line in lines if line.outcome is ResultOutcome.GRADED]
    passed = sum(line.passed is True for line in took_part)
    return ProtocolTotals(
        listed=len(lines),
        took_part=len(took_part),
        passed=passed,
        failed=len(took_part) - passed,
        absent=outcomes[ResultOutcome.ABSENT],
        not_admitted=outcomes[ResultOutcome.NOT_ADMITTED],
        not_completed=outcomes[ResultOutcome.NOT_COMPLETED],
        withdrawn=outcomes[ResultOutcome.WITHDRAWN],
        marks=_marks(took_part),
    )


def _marks(lines: Sequence[ProtocolLine]) -> list[MarkCount]:
    counts = Counter((line.mark, line.mark_text, line.passed) for line in lines)
    best_first = sorted(counts, key=lambda one: (-(one[0] or 0), not one[2], one[1]))
    return [MarkCount(text=text, mark=mark, count=counts[mark, text, passed]) for mark, text, passed in best_first]


def _name_order(result: AttestationResult) -> tuple[object, ...]:
    names = name_key(result.last_name, result.first_name, result.middle_name)
    return names, result.birth_date or dt.date.min, result.learner
