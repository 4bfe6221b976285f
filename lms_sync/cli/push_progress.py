"""What is seen of a push while it runs: a bar a target on a terminal, log lines otherwise.

Owns the display. Both kinds are observers (`lms_sync.sync.push.PushProgress`): they change nothing about the push.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lms_sync.log import get_logger

if TYPE_CHECKING:
    from rich.console import Console

    from lms_sync.sync.push import PushProgress, PushSummary

_log = get_logger("lms_sync.push")


class LogPushProgress:
    """Log lines: a target as one when it begins, the push as one at its end."""

    def target_started(self, source: str, target: str, subjects: int) -> None:
        """See `PushProgress`."""
        write = _log.info if subjects else _log.debug
        write("push started", source=source, target=target, subjects=subjects)

    def batch_done(self, subjects: int, counts: Mapping[str, int]) -> None:
        """See `PushProgress`."""
        _log.debug("batch recorded", subjects=subjects, **{name: count for name, count in counts.items() if count})

    def push_done(self, summary: PushSummary) -> None:
        """See `PushProgress`."""
        for target in summary.targets:
            write = _log.info if target.ended and not target.problems else _log.warning
            counts = {name: count for name, count in target.counts.items() if count}
            problems = list(target.problems)
            write("push finished", source=summary.source, target=target.name, problems=problems, **counts)


class BarPushProgress:
    """One bar a target, on the terminal that stderr is."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._task: Any = None

    def target_started(self, source: str, target: str, subjects: int) -> None:
        """See `PushProgress`."""
        self._bars.start()
        self._task = self._bars.add_task(target.ljust(12), total=subjects)

    def batch_done(self, subjects: int, counts: Mapping[str, int]) -> None:
        """See `PushProgress`."""
        self._bars.advance(self._task, subjects)

    def push_done(self, summary: PushSummary) -> None:
        """See `PushProgress`."""
        self.close()

    def close(self) -> None:
        """Leaves the terminal as it was, also after an error."""
        self._bars.stop()


def push_progress_for(console: Console) -> PushProgress:
    """A bar where somebody can see it move, else log lines."""
    return BarPushProgress(console) if console.is_terminal else LogPushProgress()
