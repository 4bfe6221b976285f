"""What a push is asked for, what is seen of it, and what it says in the end. Plain values; no work is done here."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from lms_sync.connector import Connector
from lms_sync.errors import EXIT_DONE, EXIT_PARTIAL, EXIT_SOURCE
from lms_sync.mapping.apply import Mapping as RecordMapping

EVERYTHING = "all"
"""In `PushOptions.retry`: whatever failed or waits."""

COUNTS = ("confirmed", "sent", "unchanged", "postponed", "uncertain", "failed", "waiting")
"""Of documents in a target. `sent` were written to the LMS; `confirmed` of these were seen there; `unchanged` were seen
there as meant before anything was sent; `waiting` were left alone, since it is too early to try or send them again.
"""

What = Literal["missing", "differs", "unknown", "doubled", "other_holder"]


@dataclass(frozen=True)
class PushSource:
    """One LMS to push to. `targets`: those that the configuration names; all others are switched off by a push."""

    name: str
    connector: Callable[[], Connector]
    mapping: RecordMapping
    targets: Sequence[str]


@dataclass(frozen=True)
class PushOptions:
    """How to push. `targets` None means all that are configured; `retry` names documents by uid, or is ("all",).

    A `stop` that is set ends the push after the batch under way.
    """

    actor: str
    targets: Sequence[str] | None = None
    retry: Sequence[str] = ()
    stop: threading.Event | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody asked the push to end."""
        return self.stop is not None and self.stop.is_set()


@dataclass
class TargetSummary:
    """What became of one target: documents by `COUNTS`, and what went wrong in sentences.

    `ended`: everything was gone through, and the LMS never failed as a whole.
    """

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    ended: bool = False


@dataclass
class PushSummary:
    """What became of a push."""

    source: str
    targets: list[TargetSummary] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """The counts of all targets together."""
        return sum((target.counts for target in self.targets), Counter())

    @property
    def exit_code(self) -> int:
        """See `lms_sync.errors`: the LMS's turn when it let nothing be done at all."""
        counts = self.counts
        done = counts["confirmed"] + counts["unchanged"]
        broken = [target for target in self.targets if not target.ended and target.problems]
        if broken and not any(target.ended for target in self.targets) and not done:
            return EXIT_SOURCE
        wrong = counts["postponed"] + counts["uncertain"] + counts["failed"]
        ended = all(target.ended for target in self.targets)
        return EXIT_PARTIAL if wrong or self.problems or not ended else EXIT_DONE


@dataclass(frozen=True)
class Difference:
    """What a target shows of one subject, where it is not what the register says.

    `fields` are those that differ: (what the LMS shows, what the register wants), by the target's own names.
    """

    target: str
    subject: str
    documents: tuple[str, ...]
    what: What
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class PushProgress(Protocol):
    """Watches a push; changes nothing about it. No call carries a record."""

    def target_started(self, source: str, target: str, subjects: int) -> None:
        """A target begins, with so many documents or learners to look at."""

    def batch_done(self, subjects: int, counts: Mapping[str, int]) -> None:
        """So many of them are done with."""

    def push_done(self, summary: PushSummary) -> None:
        """The push has ended."""


class PushSilence:
    """A `PushProgress` that says nothing."""

    def target_started(self, source: str, target: str, subjects: int) -> None:
        """See `PushProgress`."""

    def batch_done(self, subjects: int, counts: Mapping[str, int]) -> None:
        """See `PushProgress`."""

    def push_done(self, summary: PushSummary) -> None:
        """See `PushProgress`."""
