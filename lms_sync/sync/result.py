"""What a pull is asked for, what is seen of it, and what it says in the end. Plain values; no work is done here."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from lms_sync.connector import Connector, Finding, Outcome, Scope, ScopeEnd
from lms_sync.errors import EXIT_DONE, EXIT_PARTIAL, EXIT_SOURCE
from lms_sync.mapping.apply import Mapping as RecordMapping
from lms_sync.registers.after_pull import RegisterSummary

RECONCILE_AFTER = dt.timedelta(days=1)
"""How old a complete reading may be before a scope is read whole again, where the configuration does not say."""

EVERY_SCOPE = "*"
"""In `PullOptions.allow_retire`: every scope may retire whatever is gone."""


@dataclass(frozen=True)
class PullSource:
    """One LMS to pull from. `reconcile_after` is per stream; see `RECONCILE_AFTER`."""

    name: str
    connector: Callable[[], Connector]
    mapping: RecordMapping
    reconcile_after: Mapping[str, dt.timedelta] = field(default_factory=dict)


@dataclass(frozen=True)
class PullOptions:
    """How to pull. `streams` and `scopes` None mean all; a `stop` that is set ends the run after the page under way.

    A scope that would retire more than `brake_share` of a kind's live records (and more than `brake_floor` of them)
    retires none, unless `allow_retire` names its key.
    """

    streams: tuple[str, ...] | None = None
    full: bool = False
    scopes: tuple[str, ...] | None = None
    allow_retire: tuple[str, ...] = ()
    actor: str = "schedule"
    brake_share: Decimal = Decimal("0.2")
    brake_floor: int = 10
    stop: threading.Event | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody asked the run to end."""
        return self.stop is not None and self.stop.is_set()


class Progress(Protocol):
    """Watches a pull; changes nothing about it. No call carries a record."""

    def run_started(self, source: str, streams: Sequence[str]) -> None:
        """A run begins."""

    def stream_started(self, stream: str, scopes: int) -> None:
        """A stream begins, with so many scopes to read."""

    def scope_started(self, scope: Scope) -> None:
        """A scope begins."""

    def page(self, stream: str, counts: Mapping[str, int]) -> None:
        """A page was committed."""

    def scope_done(self, scope: Scope, end: ScopeEnd) -> None:
        """A scope was read, as far as it could be."""

    def finding(self, finding: Finding) -> None:
        """The connector has something to tell."""

    def run_done(self, summary: RunSummary) -> None:
        """The run has ended."""


class Silence:
    """A `Progress` that says nothing."""

    def run_started(self, source: str, streams: Sequence[str]) -> None:
        """See `Progress`."""

    def stream_started(self, stream: str, scopes: int) -> None:
        """See `Progress`."""

    def scope_started(self, scope: Scope) -> None:
        """See `Progress`."""

    def page(self, stream: str, counts: Mapping[str, int]) -> None:
        """See `Progress`."""

    def scope_done(self, scope: Scope, end: ScopeEnd) -> None:
        """See `Progress`."""

    def finding(self, finding: Finding) -> None:
        """See `Progress`."""

    def run_done(self, summary: RunSummary) -> None:
        """See `Progress`."""


@dataclass
class StreamSummary:
    """What became of one stream: how its scopes ended, and how many records were touched."""

    name: str
    scopes: int = 0
    complete: int = 0
    changes: int = 0
    partial: int = 0
    refused: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def note_end(self, outcome: Outcome) -> None:
        """Counts one more scope with its outcome."""
        self.scopes += 1
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)


@dataclass
class RunSummary:
    """What became of a run. `counts` adds up those of its streams.

    Outcomes: `done` (every scope asked for was read and every object became a record), `partial` (something is
    missing, `problems` says what), `failed` (the LMS could not be read at all or refused the account).
    """

    run_id: int
    source: str
    outcome: str = "done"
    streams: list[StreamSummary] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    registers: RegisterSummary = field(default_factory=RegisterSummary)

    @property
    def counts(self) -> Counter[str]:
        """added, changed, restored, unchanged, retired, quarantined, braked …, and those of the registers."""
        return sum((stream.counts for stream in self.streams), Counter()) + self.registers.counts

    @property
    def exit_code(self) -> int:
        """See `lms_sync.errors`."""
        return {"done": EXIT_DONE, "failed": EXIT_SOURCE}.get(self.outcome, EXIT_PARTIAL)

    def stream(self, name: str) -> StreamSummary:
        """The summary of a stream, begun if it is new."""
        for summary in self.streams:
            if summary.name == name:
                return summary
        self.streams.append(StreamSummary(name))
        return self.streams[-1]
