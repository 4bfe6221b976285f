"""What a pull is asked for, what is seen of it, and what it says in the end. Plain values; no work is done here."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from lms_sync.connector import Connector, Finding, Mode, Scope
from lms_sync.errors import EXIT_DONE, EXIT_PARTIAL, EXIT_SOURCE
from lms_sync.mapping.apply import Mapping as RecordMapping
from lms_sync.registers.after_pull import RegisterSummary
from lms_sync.registers.journal import JournalSummary
from lms_sync.store.rows import Run, RunOutcome, ScopeOutcome
from lms_sync.store.store import Store
from lms_sync.sync.brake import leave_to_retire

RECONCILE_AFTER = dt.timedelta(days=1)
"""How old a complete reading may be before a scope is read whole again, where the configuration does not say."""

EVERY_SCOPE = "*"
"""In `PullOptions.allow_retire`: every scope may retire whatever is gone."""

SELECTED = "selected"
"""The mode kept for a run that reads whole, but only what was named: it is no reading of everything."""


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
    retires none, unless `allow_retire` names it (see `leave_to_retire`) or its key, which means it in every stream.
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

    @property
    def mode(self) -> str:
        """What the run is kept as: `full`, `changes`, or `selected`."""
        if not self.full:
            return Mode.CHANGES.value
        return Mode.FULL.value if self.streams is None and self.scopes is None else SELECTED

    def may_retire(self, scope: Scope) -> bool:
        """Whether the operator let the scope retire whatever is gone."""
        leaves = {EVERY_SCOPE, scope.key, leave_to_retire(scope.stream, scope.key)}
        return not leaves.isdisjoint(self.allow_retire)


@dataclass(frozen=True)
class ScopeVerdict:
    """What lms-sync makes of a reading: the connector's own end of it, unless the brake was of another opinion."""

    outcome: ScopeOutcome
    received: int
    expected: int | None = None
    note: str = ""

    @property
    def told(self) -> str:
        """The verdict in one line."""
        counted = f" ({self.received} of {self.expected})" if self.expected is not None else ""
        return f"{self.outcome}{counted}. {self.note}".rstrip()


@dataclass(frozen=True)
class Troubled:
    """A scope of this run whose reading cannot be trusted."""

    scope: Scope
    verdict: ScopeVerdict


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

    def scope_done(self, scope: Scope, verdict: ScopeVerdict) -> None:
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

    def scope_done(self, scope: Scope, verdict: ScopeVerdict) -> None:
        """See `Progress`."""

    def finding(self, finding: Finding) -> None:
        """See `Progress`."""

    def run_done(self, summary: RunSummary) -> None:
        """See `Progress`."""


@dataclass(frozen=True)
class PullJob:
    """All that one run works with: where it reads, how, into what, who watches, and under which number."""

    store: Store
    source: PullSource
    connector: Connector
    options: PullOptions
    progress: Progress
    run: Run


@dataclass
class StreamSummary:
    """What became of one stream: how its scopes ended, and how many records were touched."""

    name: str
    scopes: int = 0
    complete: int = 0
    changes: int = 0
    partial: int = 0
    refused: int = 0
    braked: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def note_end(self, outcome: ScopeOutcome) -> None:
        """Counts one more scope with its outcome."""
        self.scopes += 1
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)


@dataclass
class RunSummary:
    """What became of a run. `counts` adds up those of its streams.

    `outcome` gets worse only: done, partial (`problems` says what is missing), stopped, failed.
    """

    run_id: int
    source: str
    outcome: RunOutcome = RunOutcome.DONE
    streams: list[StreamSummary] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    troubled: list[Troubled] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    registers: RegisterSummary = field(default_factory=RegisterSummary)
    journal: JournalSummary = field(default_factory=JournalSummary)

    @property
    def counts(self) -> Counter[str]:
        """Of records: added, changed, restored, unchanged, retired, quarantined, braked …; of the journal's actions
        (`actions_…`); and of the registers.
        """
        return sum((stream.counts for stream in self.streams), Counter()) + self.registers.counts + self.journal.counts

    @property
    def exit_code(self) -> int:
        """See `lms_sync.errors`."""
        return {RunOutcome.DONE: EXIT_DONE, RunOutcome.FAILED: EXIT_SOURCE}.get(self.outcome, EXIT_PARTIAL)

    def worsen(self, outcome: RunOutcome) -> None:
        """Keeps the worse of the two outcomes."""
        ranks = (RunOutcome.DONE, RunOutcome.PARTIAL, RunOutcome.STOPPED, RunOutcome.FAILED)
        self.outcome = max(self.outcome, outcome, key=ranks.index)

    def stream(self, name: str) -> StreamSummary:
        """The summary of a stream, begun if it is new."""
        for summary in self.streams:
            if summary.name == name:
                return summary
        self.streams.append(StreamSummary(name))
        return self.streams[-1]
