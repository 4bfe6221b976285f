"""How fresh everything is and what needs a person, from what the store remembers of its own runs.

Owns what counts as late and as needing attention. Must not know SQL, nor how it is shown.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from lms_sync.records import Rung
from lms_sync.store.rows import QuarantineState, RunOutcome, RunState, ScopeOutcome, ScopeState
from lms_sync.timing import Timing

_UNFINISHED = (RunOutcome.UNDER_WAY, RunOutcome.INTERRUPTED)
_TROUBLED = (ScopeOutcome.PARTIAL, ScopeOutcome.REFUSED, ScopeOutcome.BRAKED)
_RUN_WORDS = {
    RunOutcome.FAILED: "the last run failed",
    RunOutcome.INTERRUPTED: "the last run was interrupted",
    RunOutcome.STOPPED: "the last run was stopped before its end",
}


@dataclass(frozen=True)
class StreamStatus:
    """One stream of one source. Times in UTC; None: never. `late`: its time has come twice since it was last read."""

    stream: str
    scopes: int
    trusted: int
    partial: int
    refused: int
    braked: int
    closed: int
    newest_read: dt.datetime | None
    oldest_read: dt.datetime | None
    oldest_complete: dt.datetime | None
    late: bool


@dataclass(frozen=True)
class QuarantineCount:
    """So many objects of a kind are kept out for one reason."""

    kind: str
    field: str
    code: str
    message: str
    count: int


@dataclass(frozen=True)
class JournalStatus:
    """How the actions of a source are known. `told_until` (UTC): every event before it was told by the LMS's log."""

    rung: Rung
    told_until: dt.datetime | None


@dataclass(frozen=True)
class PushStatus:
    """How many documents are on their way into the LMS, in all targets together.

    `note`: what kept the last push from its end; empty when nothing did.
    """

    confirmed: int = 0
    waiting: int = 0  # to be sent, now or later
    uncertain: int = 0  # sent, and not answered for
    failed: int = 0
    note: str = ""


@dataclass(frozen=True)
class SourceStatus:
    """One source as it stands. `attention` says in words what a person should look at.

    `troubled` are the scopes whose last reading is partial, refused or stopped by the brake.
    """

    source: str
    last_run: RunState | None
    last_done: RunState | None
    streams: Sequence[StreamStatus]
    troubled: Sequence[ScopeState]
    quarantine: Sequence[QuarantineCount]
    undecided: int = 0  # differences between the LMS and recorded results
    waiting: int = 0  # results of final attestation that could not freeze yet, as of the last run that ended
    journal: JournalStatus | None = None  # None: no journal yet
    pushes: PushStatus | None = None  # None: documents are not pushed
    attention: Sequence[str] = field(default_factory=list)


def source_status(
    source: str,
    *,
    runs: Sequence[RunState],
    states: Sequence[ScopeState],
    quarantine: Iterable[QuarantineState],
    schedule: Mapping[str, Timing],
    timezone: str,
    now: dt.datetime,
    undecided: int = 0,
    journal: JournalStatus | None = None,
    pushes: PushStatus | None = None,
) -> SourceStatus:
    """The status of a source. `runs` are its runs, newest first; `states` its scopes, by stream; `undecided` is the
    number of differences between the LMS and recorded results that nobody has decided about.
    """
    streams = [
        _stream_status(name, list(group), schedule.get(name), timezone, now)
        for name, group in groupby(sorted(states, key=lambda state: state.stream), key=lambda state: state.stream)
    ]
    troubled = [state for state in states if state.outcome in _TROUBLED]
    counts = quarantine_counts(quarantine)
    last_run = runs[0] if runs else None
    attention = [*_run_words(last_run, now)]
    attention += [f"{stream.stream} is late" for stream in streams if stream.late]
    attention += [f"{name} was never read" for name in schedule if name not in {stream.stream for stream in streams}]
    attention += _scope_words(troubled)
    if counts:
        attention.append(f"{sum(count.count for count in counts)} objects are in quarantine")
    if undecided:
        attention.append(
            f"{undecided} differences between the LMS and recorded results of final attestation are undecided "
            "(lms-sync protocols drift)"
        )
    attention += _push_words(pushes)
    return SourceStatus(
        source=source,
        last_run=last_run,
        last_done=next((run for run in runs if run.outcome == RunOutcome.DONE), None),
        streams=streams,
        troubled=troubled,
        quarantine=counts,
        undecided=undecided,
        waiting=waiting_results(runs),
        journal=journal,
        pushes=pushes,
        attention=attention,
    )


def _push_words(pushes: PushStatus | None) -> list[str]:
    if pushes is None:
        return []
    words = [f"the last push did not come to its end: {pushes.note}"] if pushes.note else []
    if pushes.failed:
        words.append(f"{pushes.failed} documents are not in the LMS as they should be (lms-sync documents status)")
    return words


def waiting_results(runs: Sequence[RunState]) -> int:
    """How many results of final attestation waited when the last run ended. `runs` newest first."""
    ended = next((run for run in runs if run.outcome not in _UNFINISHED), None)
    return ended.counts.get("results_waiting", 0) if ended else 0


def _stream_status(
    name: str, states: Sequence[ScopeState], timing: Timing | None, timezone: str, now: dt.datetime
) -> StreamStatus:
    outcomes = Counter(state.outcome for state in states)
    open_states = [state for state in states if state.outcome != ScopeOutcome.CLOSED]
    reads = [state.read_at for state in open_states if state.read_at]
    completes = [state.complete_at for state in open_states if state.complete_at]
    newest = max(reads, default=None)
    return StreamStatus(
        stream=name,
        scopes=len(open_states),
        trusted=outcomes[ScopeOutcome.COMPLETE] + outcomes[ScopeOutcome.CHANGES],
        partial=outcomes[ScopeOutcome.PARTIAL],
        refused=outcomes[ScopeOutcome.REFUSED],
        braked=outcomes[ScopeOutcome.BRAKED],
        closed=outcomes[ScopeOutcome.CLOSED],
        newest_read=newest,
        oldest_read=min(reads, default=None),
        oldest_complete=min(completes, default=None),
        late=timing is not None and _is_late(newest, timing, timezone, now),
    )


def _is_late(last: dt.datetime | None, timing: Timing, timezone: str, now: dt.datetime) -> bool:
    if last is None:
        return True
    due = timing.due_after(last, last, timezone)
    return now > timing.due_after(due, due, timezone)


def _scope_words(troubled: Sequence[ScopeState]) -> list[str]:
    braked = sum(state.outcome == ScopeOutcome.BRAKED for state in troubled)
    unread = len(troubled) - braked
    words = [f"{unread} scopes could not be read whole"] if unread else []
    if braked:
        words.append(f"{braked} scopes were stopped by the brake, for too much vanished at once: see their notes")
    return words


def _run_words(run: RunState | None, now: dt.datetime) -> list[str]:
    if run is None:
        return ["nothing was pulled yet"]
    if run.outcome in _RUN_WORDS:
        return [_RUN_WORDS[RunOutcome(run.outcome)]]
    if run.outcome == RunOutcome.UNDER_WAY and now - run.started_at > dt.timedelta(days=1):
        return ["the last run began more than a day ago and has not ended"]
    return []


def quarantine_counts(states: Iterable[QuarantineState]) -> list[QuarantineCount]:
    """How many objects stand in quarantine for each reason, the most frequent first."""
    counts = Counter((state.entry.kind, state.entry.field, state.entry.code, state.entry.message) for state in states)
    return [QuarantineCount(*reason, count) for reason, count in counts.most_common()]
