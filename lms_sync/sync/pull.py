"""One pull of one source: which scopes are read, in which order, and what their reading adds up to.

Owns the run. Reading a single scope is `scope.py`'s. Must not know any LMS, nor how anything is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from lms_sync.connector import EVENT, Finding, Level, Mode, Scope, Stream
from lms_sync.errors import ConfigError, Problem, SourceDenied, SourceError, SourceUnavailable
from lms_sync.records import Enrolment
from lms_sync.registers.after_pull import record_results
from lms_sync.registers.journal import keep_journal
from lms_sync.store.query import runs
from lms_sync.store.rows import RunOutcome, ScopeOutcome, ScopeState
from lms_sync.store.store import Store
from lms_sync.sync.due import mode_for
from lms_sync.sync.opening import opened
from lms_sync.sync.result import (
    RECONCILE_AFTER,
    Progress,
    PullJob,
    PullOptions,
    PullSource,
    RunSummary,
    ScopeVerdict,
    Silence,
    StreamSummary,
    Troubled,
)
from lms_sync.sync.scope import Interrupted, ScopeReader, ScopeResult, connector_faults

__all__ = [
    "Progress",
    "PullOptions",
    "PullSource",
    "RunSummary",
    "ScopeVerdict",
    "Silence",
    "StreamSummary",
    "Troubled",
    "pull",
]

DEAD_AFTER = 3
"""After so many scopes in a row that the LMS did not answer for, a run gives up instead of asking on."""

DIFFERENCES = ("added", "changed", "restored", "retired")
"""The counts of a whole reading that tell what the readings of changes before it should have told."""


def pull(store: Store, source: PullSource, options: PullOptions, progress: Progress) -> RunSummary:
    """Pulls a source once, alone, and records the run. Gives its summary, also when the LMS failed.

    Raises StoreBusy when another process pulls the same source, StoreError when the store fails, ConfigError for a
    stream that the connector does not have, SourceError for a connector that cannot even be made.
    """
    with store.lock(source.name), opened(source.connector) as connector:
        with connector_faults():
            offered = list(connector.streams())
        streams = _chosen(offered, options, source.name)
        _ask_for_rereading_after_new_mapping(store, source, offered)
        run = store.begin_run(source.name, options.mode, options.actor, source.mapping.version)
        work = _Pull(PullJob(store, source, connector, options, progress, run))
        progress.run_started(source.name, [stream.name for stream in streams])
        work.streams(streams)
        work.registers()
        summary = work.summary
        store.finish_run(run, summary.outcome, summary.counts, "; ".join(summary.problems))
        progress.run_done(summary)
        return summary


def _ask_for_rereading_after_new_mapping(store: Store, source: PullSource, offered: Sequence[Stream]) -> None:
    """Marks every scope for a full reading when the mapping is not the one of the last run.

    Otherwise a changed rule would only reach the records that change in the LMS. This comes before the run is
    recorded: a kill in between leaves the old version as the last one, and the marks are made again. They stay until
    each scope was read whole, in however many runs. A closed scope needs none: it is read whole when it comes back.
    Nor does one of events: an action is kept as it was recorded.
    """
    last = runs(store, source.name, limit=1)
    if not last or last[0].mapping_version == source.mapping.version:
        return
    events = {stream.name for stream in offered if set(stream.kinds) == {EVENT}}
    for state in store.scope_states(source.name):
        if state.outcome != ScopeOutcome.CLOSED and state.stream not in events:
            store.request_reread(source.name, state.stream, state.scope)


def _chosen(streams: Sequence[Stream], options: PullOptions, source: str) -> list[Stream]:
    known = [stream.name for stream in streams]
    unknown = [name for name in options.streams or () if name not in known]
    if unknown:
        problems = [Problem(name, f"no such stream; there are {', '.join(known)}") for name in unknown]
        raise ConfigError(f"The connector of source {source} cannot pull this:", problems)
    return [stream for stream in streams if options.streams is None or stream.name in options.streams]


class _Pull:
    """The run under way."""

    def __init__(self, job: PullJob) -> None:
        self._job = job
        self._reader = ScopeReader(job)
        self._states = {(state.stream, state.scope): state for state in job.store.scope_states(job.source.name)}
        self._whole: set[tuple[str, str]] = set()  # scopes read whole in this run
        self._scopes: dict[str, list[Scope]] = {}  # by stream, as listed in this run
        self._silent = 0  # scopes in a row without an answer
        self._answered = False  # whether any scope had one
        self._over = False
        self.summary = RunSummary(job.run.id, job.source.name)

    def streams(self, streams: Sequence[Stream]) -> None:
        """Reads the streams in the connector's order."""
        for stream in streams:
            if self._over:
                break
            try:
                self._stream(stream)
            except SourceDenied as error:
                self._give_up(RunOutcome.FAILED, str(error))
        if self._silent and not self._answered:
            self.summary.worsen(RunOutcome.FAILED)

    def registers(self) -> None:
        """Records what follows from what the store now holds, whether or not everything could be read."""
        self.summary.registers = record_results(self._job.store, self._job.source.mapping, self._job.run)
        if self.summary.registers.problems:
            self.summary.worsen(RunOutcome.PARTIAL)
            self.summary.problems.extend(self.summary.registers.problems)
        self.summary.journal = keep_journal(self._job.store, self._job.source.mapping, self._job.run)

    def _stream(self, stream: Stream) -> None:
        try:
            scopes = self._listed(stream)
        except SourceDenied:
            raise
        except SourceError as error:
            # Without the list of scopes nothing of this stream can be read, and most likely nothing at all.
            gone = isinstance(error, SourceUnavailable)
            self._give_up(RunOutcome.FAILED if gone else RunOutcome.PARTIAL, str(error))
            return
        due = self._due(stream, scopes)
        self.summary.stream(stream.name)
        self._job.progress.stream_started(stream.name, len(due))
        for scope, mode in due:
            if self._over:
                return
            if self._job.options.stopped:
                self._stop()
                return
            self._read(stream, scope, mode)
        if self._job.options.scopes is None:
            self._close_unlisted(stream, scopes)

    def _listed(self, stream: Stream) -> list[Scope]:
        """The stream's scopes, asked for once a run. Raises SourceError."""
        if stream.name not in self._scopes:
            with connector_faults(stream.name):
                self._scopes[stream.name] = list(self._job.connector.scopes(stream.name))
        return self._scopes[stream.name]

    def _due(self, stream: Stream, scopes: Sequence[Scope]) -> list[tuple[Scope, Mode]]:
        named = self._job.options.scopes
        wanted = [scope for scope in scopes if named is None or scope.key in named]
        modes = [(scope, self._mode(stream, scope)) for scope in wanted]
        return [(scope, mode) for scope, mode in modes if mode]

    def _mode(self, stream: Stream, scope: Scope) -> Mode | None:
        if (stream.name, scope.key) in self._whole:
            return None
        store, source, options = self._job.store, self._job.source, self._job.options
        return mode_for(
            stream,
            scope,
            self._states.get((stream.name, scope.key)),
            full=options.full,
            asked_for=options.streams is not None,
            has_cursor=store.cursor(source.name, stream.name, scope.key) is not None,
            reconcile_after=source.reconcile_after.get(stream.name, RECONCILE_AFTER),
            now=store.now(),
        )

    def _read(self, stream: Stream, scope: Scope, mode: Mode) -> None:
        self._job.progress.scope_started(scope)
        checks = mode is Mode.FULL and self._checks_changes(stream, scope)
        try:
            if checks:
                # What changed since the last pull is no news that its changes failed to tell.
                checks = self._add(stream, self._reader.read(stream, scope, Mode.CHANGES)).verdict.outcome.trusted
            result = self._reader.read(stream, scope, mode)
        except Interrupted:
            self._stop()
            return
        self._note(stream, scope, result)
        if checks and result.verdict.outcome is ScopeOutcome.COMPLETE:
            self._tell_differences(stream, scope, result)
        if mode is Mode.FULL:
            self._whole.add((stream.name, scope.key))
        if result.unknown_learners:
            self._look_for_people(scope)

    def _checks_changes(self, stream: Stream, scope: Scope) -> bool:
        """Whether a whole reading proves that the readings of changes before it missed nothing.

        Only where the site claims to tell every change (`Scope.incremental`), and nothing else asks for the reading.
        """
        state = self._states.get((stream.name, scope.key))
        if not scope.incremental or scope.append_only:
            return False
        if state is None or state.complete_at is None or state.reread:
            return False
        has_cursor = self._job.store.cursor(self._job.source.name, stream.name, scope.key) is not None
        return has_cursor and ScopeOutcome(state.outcome).trusted

    def _tell_differences(self, stream: Stream, scope: Scope, result: ScopeResult) -> None:
        missed = sum(result.counts[count] for count in DIFFERENCES)
        if not missed:
            return
        self.summary.stream(stream.name).counts["differences"] += missed
        finding = Finding(
            Level.NOTICE,
            f"{stream.name} {scope.key}",
            f"the whole reading found {missed} records that the readings of changes had not told",
            "nothing needs doing, they are recorded now; if it happens every day, report it",
        )
        self.summary.findings.append(finding)
        self._job.progress.finding(finding)

    def _add(self, stream: Stream, result: ScopeResult) -> ScopeResult:
        """Adds up what a reading did."""
        self.summary.stream(stream.name).counts.update(result.counts)
        self.summary.findings.extend(result.findings)
        return result

    def _note(self, stream: Stream, scope: Scope, result: ScopeResult) -> None:
        summary = self.summary.stream(stream.name)
        summary.note_end(result.verdict.outcome)
        self._add(stream, result)
        self._job.progress.scope_done(scope, result.verdict)
        if not result.verdict.outcome.trusted:
            self.summary.worsen(RunOutcome.PARTIAL)
            self.summary.troubled.append(Troubled(scope, result.verdict))
            label = f" «{scope.label}»" if scope.label else ""
            self.summary.problems.append(f"{stream.name} {scope.key}{label}: {result.verdict.told}")
        if result.rejected:
            self.summary.worsen(RunOutcome.PARTIAL)
        self._silent = self._silent + 1 if result.silent else 0
        self._answered = self._answered or not result.silent
        if self._silent >= DEAD_AFTER:
            told = f"The LMS left {DEAD_AFTER} scopes in a row unanswered, so this run ended; see above for why."
            self._give_up(RunOutcome.FAILED, told)

    def _look_for_people(self, scope: Scope) -> None:
        """Reads the scope's people at once: somebody new has results before the regular reading of people was due."""
        for stream in self._job.connector.streams():
            if not self._reader.brings(stream, Enrolment.kind) or (stream.name, scope.key) in self._whole:
                continue
            try:
                # A connector may keep people in other scopes than their results.
                listed = [people for people in self._listed(stream) if people.key == scope.key]
            except SourceDenied:
                raise
            except SourceError as error:
                self.summary.worsen(RunOutcome.PARTIAL)
                self.summary.problems.append(str(error))
                continue
            for people in listed:
                self._read(stream, people, Mode.FULL)

    def _close_unlisted(self, stream: Stream, scopes: Sequence[Scope]) -> None:
        """Marks scopes that the LMS no longer lists. Their records stay: a list is no proof that grades are gone."""
        listed = {scope.key for scope in scopes}
        for (name, key), state in self._states.items():
            if name == stream.name and key not in listed and state.outcome != ScopeOutcome.CLOSED:
                self._close(stream, state)

    def _close(self, stream: Stream, state: ScopeState) -> None:
        note = "the LMS no longer lists it; its records are kept as last seen"
        with self._job.store.page(self._job.run, stream.name, state.scope) as page:
            page.end(ScopeOutcome.CLOSED, None, 0, note)
        finding = Finding(Level.NOTICE, f"{stream.name} {state.scope}", note)
        self.summary.findings.append(finding)
        self._job.progress.finding(finding)

    def _stop(self) -> None:
        told = "The run was stopped before everything was read; the next one goes on from here."
        self._give_up(RunOutcome.STOPPED, told)

    def _give_up(self, outcome: RunOutcome, problem: str) -> None:
        self._over = True
        self.summary.worsen(outcome)
        self.summary.problems.append(problem)
