"""What is seen of a pull while it runs: bars on a terminal, log lines otherwise.

Owns the display. Both kinds are observers (`lms_sync.sync.pull.Progress`): they change nothing about the pull.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lms_sync.connector import Finding, Level, Scope
from lms_sync.log import get_logger, redact

if TYPE_CHECKING:
    from rich.console import Console

    from lms_sync.sync.pull import Progress, RunSummary, ScopeVerdict

_log = get_logger("lms_sync.pull")


class LogProgress:
    """Log lines: what went wrong with a scope at once, the run as one line at its end."""

    def __init__(self) -> None:
        self._source = ""

    def run_started(self, source: str, streams: Sequence[str]) -> None:
        """See `Progress`."""
        self._source = source
        _log.info("pull started", source=source, streams=list(streams))

    def stream_started(self, stream: str, scopes: int) -> None:
        """See `Progress`."""
        _log.info("stream started", source=self._source, stream=stream, scopes=scopes)

    def scope_started(self, scope: Scope) -> None:
        """See `Progress`."""
        _log.debug("scope started", source=self._source, stream=scope.stream, scope=scope.key)

    def page(self, stream: str, counts: Mapping[str, int]) -> None:
        """See `Progress`."""
        _log.debug("page committed", source=self._source, stream=stream, **counts)

    def scope_done(self, scope: Scope, verdict: ScopeVerdict) -> None:
        """See `Progress`."""
        write = _log.debug if verdict.outcome.trusted else _log.warning
        write(
            "scope done",
            source=self._source,
            stream=scope.stream,
            scope=scope.key,
            outcome=verdict.outcome.value,
            expected=verdict.expected,
            received=verdict.received,
            note=verdict.note,
        )

    def finding(self, finding: Finding) -> None:
        """See `Progress`."""
        write = {Level.FAILURE: _log.error, Level.WARNING: _log.warning}.get(finding.level, _log.info)
        write("finding", source=self._source, subject=finding.subject, message=finding.message, remedy=finding.remedy)

    def run_done(self, summary: RunSummary) -> None:
        """See `Progress`."""
        write = {"done": _log.info, "failed": _log.error}.get(summary.outcome, _log.warning)
        write(
            "pull finished",
            source=summary.source,
            run=summary.run_id,
            outcome=summary.outcome.value,
            problems=list(summary.problems),
            **summary.counts,
        )


class BarProgress:
    """One bar a stream, on the terminal that stderr is."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, Any] = {}
        self._changes: dict[str, int] = {}
        self._lock = threading.Lock()

    def run_started(self, source: str, streams: Sequence[str]) -> None:
        """See `Progress`."""
        self._bars.start()

    def stream_started(self, stream: str, scopes: int) -> None:
        """See `Progress`."""
        with self._lock:
            self._changes[stream] = 0
            self._tasks[stream] = self._bars.add_task(stream.ljust(12), total=scopes, detail="")

    def scope_started(self, scope: Scope) -> None:
        """See `Progress`."""

    def page(self, stream: str, counts: Mapping[str, int]) -> None:
        """See `Progress`."""
        with self._lock:
            self._changes[stream] = self._changes.get(stream, 0) + sum(
                counts.get(kind, 0) for kind in ("added", "changed", "restored", "retired")
            )
            if stream in self._tasks:
                self._bars.update(self._tasks[stream], detail=f"{self._changes[stream]} changes")

    def scope_done(self, scope: Scope, verdict: ScopeVerdict) -> None:
        """See `Progress`."""
        if scope.stream in self._tasks:
            self._bars.advance(self._tasks[scope.stream])

    def finding(self, finding: Finding) -> None:
        """See `Progress`."""
        if finding.level in (Level.WARNING, Level.FAILURE):
            self._bars.console.print(redact(finding_text(finding)))

    def run_done(self, summary: RunSummary) -> None:
        """See `Progress`."""
        self.close()

    def close(self) -> None:
        """Leaves the terminal as it was, also after an error."""
        self._bars.stop()


def finding_text(finding: Finding) -> str:
    """A finding in one line: what, and what to do."""
    remedy = f" → {finding.remedy}" if finding.remedy else ""
    return f"{MARKS[finding.level]} {finding.subject}: {finding.message}{remedy}"


MARKS = {Level.OK: "✓", Level.NOTICE: "·", Level.WARNING: "!", Level.FAILURE: "✗"}


def progress_for(console: Console) -> Progress:
    """Bars where somebody can see them move, else log lines."""
    return BarProgress(console) if console.is_terminal else LogProgress()
