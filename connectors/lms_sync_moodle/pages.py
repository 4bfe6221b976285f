"""How streams speak to lms-sync: pages of bounded size, and the honest last word on a scope.

Owns the tally of a reading. Must not know Moodle's functions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from lms_sync.connector import Finding, Outcome, Page, ScopeEnd, SourceRecord
from lms_sync.errors import SourceError

PAGE_RECORDS = 500
"""Records a page: small enough to stay out of the way of memory, large enough to commit quickly."""


@dataclass
class Tally:
    """What a reading has brought so far and what stands in the way of calling it complete."""

    expected: int | None = None
    received: int = 0
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Something is missing: the scope cannot end complete. Says so once."""
        if text not in self.notes:
            self.notes.append(text)

    def end(self, whole: Outcome) -> ScopeEnd:
        """`whole` (complete or changes) if nothing is missing, else partial."""
        short = self.expected is not None and self.received < self.expected
        if short:
            self.note(f"{self.expected - self.received} of {self.expected} are missing")  # type: ignore[operator]
        outcome = Outcome.PARTIAL if self.notes else whole
        return ScopeEnd(outcome, self.received, self.expected, "; ".join(self.notes))


def refused(error: SourceError, received: int = 0, expected: int | None = None) -> Page:
    """The last page of a scope that the LMS does not give to this account."""
    return Page(end=ScopeEnd(Outcome.REFUSED, received, expected, str(error)))


def paged(records: Iterable[SourceRecord]) -> Iterator[Page]:
    """The records in pages, none of them the last of its scope."""
    remaining = iter(records)
    while batch := list(islice(remaining, PAGE_RECORDS)):
        yield Page(records=batch)


def instant(epoch: int | None) -> dt.datetime | None:
    """Epoch seconds as a UTC instant; None for 0, for none and for what no calendar holds."""
    if not epoch:
        return None
    try:
        return dt.datetime.fromtimestamp(epoch, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None
