"""Results of other organisations in the reports on studies: which items they stand for, and how they are written.

A recognised result is no grade: it has no mark of its own here and takes no part in means, passes and statistics. One
of a whole course stands for each of its items but the final attestation, which is never recognised.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from lms_sync.records import AttestationKind
from lms_sync.report.period import Period
from lms_sync.report.phrases import RECOGNISED, document_words, hours_words, protocol_words
from lms_sync.store.study import Item, Recognised


def by_item(results: Iterable[Recognised], items: Sequence[Item]) -> dict[tuple[str, str], Recognised]:
    """The results by (learner, item): each under every item that it stands for."""
    return {(one.learner, item.key): one for one in results for item in items if _stands_for(one, item)}


def within(results: Iterable[Recognised], period: Period) -> list[Recognised]:
    """What was recognised in the period: it counts on the day of the minutes."""
    return [one for one in results if period.takes(one.minutes_date)]


def shown_in(
    results: Iterable[Recognised], items: Sequence[Item], kinds: Collection[AttestationKind]
) -> list[Recognised]:
    """Of these results those of the items, and of whole courses unless only finals are meant."""
    keys, of_courses = {item.key for item in items}, bool(set(kinds) - {AttestationKind.FINAL})
    return [one for one in results if (one.grade_item in keys if one.grade_item else of_courses)]


def recognised_words(one: Recognised) -> str:
    """«перезачтено (хорошо)»: with the mark as the other organisation gave it."""
    return f"{RECOGNISED} ({one.mark_text})" if one.mark_text else RECOGNISED


def source_words(one: Recognised) -> str:
    """Where it comes from: organisation, document, subject and hours."""
    document = document_words(one.source_document, one.source_number, one.source_date)
    return "; ".join(filter(None, (one.source_organisation, document, f"«{one.subject}»", hours_words(one.hours))))


def minutes_words(one: Recognised) -> str:
    """The minutes as forms refer to them."""
    return protocol_words(one.minutes_number, one.minutes_date)


def _stands_for(one: Recognised, item: Item) -> bool:
    if item.attestation_kind == AttestationKind.FINAL or item.course != one.course:
        return False
    return one.grade_item in ("", item.key)
