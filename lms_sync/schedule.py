"""Pulls each source on its schedule until told to stop: what `lms-sync run` does.

Owns when a pull is due and that the pulls of one source never overlap. A due time only notes a wish; one worker a
source grants the wishes in turn, several at once where it can, so a busy source postpones and never loses one. What is
due after a restart follows from the store, so no schedule is kept anywhere else. Must not know any LMS, nor how a pull
works. A source that fails is logged and tried again at its next time; it harms no other.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from apscheduler.schedulers.background import BackgroundScheduler

from lms_sync.config import SourceSettings
from lms_sync.connector import Mode
from lms_sync.errors import LmsSyncError, StoreBusy
from lms_sync.exact import utc_now
from lms_sync.log import get_logger, where_of
from lms_sync.store.query import runs
from lms_sync.store.rows import RunOutcome
from lms_sync.store.store import Store
from lms_sync.sync.pull import Progress, PullOptions, PullSource, pull
from lms_sync.timing import Timing

BUSY_PAUSE = dt.timedelta(minutes=1)
"""How long a source that another process pulls is left alone."""

_RUNS_LOOKED_THROUGH = 50_000
"""More than a year of runs, one every quarter of an hour."""

_ENDED_EARLY = (RunOutcome.UNDER_WAY, RunOutcome.STOPPED, RunOutcome.INTERRUPTED)
"""Outcomes of a run after which nobody knows which of its streams it came to."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Plan:
    """One source and its times."""

    settings: SourceSettings
    source: PullSource


@dataclass
class _Wishes:
    """What a source is to be pulled for next."""

    streams: set[str] = field(default_factory=set)
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.streams)


class Service:
    """Runs the plans. `progress` makes an observer for each pull; `options` are those of every pull.

    `after_pull` is called after each pull, in the thread of its source; an LmsSyncError of it is logged.
    """

    def __init__(
        self,
        store: Store,
        plans: Sequence[Plan],
        options: PullOptions,
        progress: Callable[[], Progress],
        after_pull: Callable[[], None] = lambda: None,
    ) -> None:
        self._stop = threading.Event()
        options = dataclasses.replace(options, stop=self._stop, actor="schedule")
        self._workers = [_Worker(store, plan, options, progress, after_pull, self._stop) for plan in plans]
        self._store = store
        # A wish that was missed while the machine slept is still wanted, once.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(timezone="UTC", job_defaults=defaults)

    def run(self, wait: Callable[[], None] | None = None) -> None:
        """Works until `wait` returns: by default at SIGTERM or SIGINT. The page under way is finished first.

        Must be called from the main thread, since it takes over the two signals; the second one ends the process.
        """
        waiting = wait or _until_signal()
        for worker in self._workers:
            self._plan(worker)
            worker.start()
        self._scheduler.start()
        _log.info("service started", sources=[worker.plan.settings.name for worker in self._workers])
        try:
            waiting()
        finally:
            self._end()

    def _end(self) -> None:
        _log.info("service stopping")
        self._scheduler.shutdown(wait=False)
        self._stop.set()
        for worker in self._workers:
            worker.wake()
        for worker in self._workers:
            worker.join()
        _log.info("service stopped")

    def _plan(self, worker: _Worker) -> None:
        settings, now = worker.plan.settings, utc_now()
        last_reads = last_reads_of(self._store, settings)
        for stream, timing in settings.schedule.items():
            self._add(worker, timing, last_reads[stream], now, stream)
        if settings.reconcile:
            self._add(worker, settings.reconcile, last_full_run(self._store, settings.name), now, None)

    def _add(
        self, worker: _Worker, timing: Timing, last: dt.datetime | None, now: dt.datetime, stream: str | None
    ) -> None:
        zone = worker.plan.settings.timezone
        due = timing.due_after(last, now, zone)
        if due <= now:
            worker.want(stream)
            due = now + (timing.every or dt.timedelta(0))
        name = f"{worker.plan.settings.name}: {stream or 'everything'}"
        self._scheduler.add_job(worker.want, timing.trigger(zone, due), args=[stream], id=name, name=name)


def _until_signal() -> Callable[[], None]:
    """Blocks SIGTERM and SIGINT for every thread begun from now on; what it gives waits for one of them."""
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)

    def wait() -> None:
        # Waiting for the signal itself, not in a handler: a handler may run while this thread holds a lock.
        signal.sigwait(ending)
        for number in ending:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ending)

    return wait


def last_reads_of(store: Store, settings: SourceSettings) -> dict[str, dt.datetime | None]:
    """When each scheduled stream was last read (UTC); None: never, or the source's last run did not come to its end."""
    last_run = next(iter(runs(store, source=settings.name, limit=1)), None)
    reads: dict[str, dt.datetime | None] = dict.fromkeys(settings.schedule)
    if last_run is None or last_run.outcome in _ENDED_EARLY:
        return reads
    for state in store.scope_states(settings.name):
        if state.stream in reads and state.read_at:
            reads[state.stream] = max(filter(None, (reads[state.stream], state.read_at)))
    return reads


def last_full_run(store: Store, source: str) -> dt.datetime | None:
    """When the source was last read whole (UTC), whether or not the LMS gave all of it.

    A run that was stopped asked for a part only, whatever it was to ask for: it does not count.
    """
    found = (
        run.started_at
        for run in runs(store, source=source, limit=_RUNS_LOOKED_THROUGH)
        if run.mode == Mode.FULL and run.outcome in (RunOutcome.DONE, RunOutcome.PARTIAL)
    )
    return next(found, None)


class _Worker(threading.Thread):
    """Pulls one source, one pull at a time."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        options: PullOptions,
        progress: Callable[[], Progress],
        after_pull: Callable[[], None],
        stop: threading.Event,
    ) -> None:
        super().__init__(name=f"pull {plan.settings.name}")
        self.plan = plan
        self._store = store
        self._options = options
        self._progress = progress
        self._after_pull = after_pull
        self._stop_asked = stop
        self._wishes = _Wishes()
        self._changed = threading.Condition()

    def want(self, stream: str | None) -> None:
        """Notes that a stream, or with None everything whole, is due."""
        with self._changed:
            if stream is None:
                self._wishes.everything = True
            else:
                self._wishes.streams.add(stream)
            self._changed.notify()

    def wake(self) -> None:
        """Lets the worker look at the stop event."""
        with self._changed:
            self._changed.notify()

    def run(self) -> None:
        """See `threading.Thread`."""
        while not self._stop_asked.is_set():
            with self._changed:
                if not self._wishes:
                    self._changed.wait()
                    continue
                wishes, self._wishes = self._wishes, _Wishes()
            if self._granted(wishes):
                self._end_pull()

    def _granted(self, wishes: _Wishes) -> bool:
        """Pulls once. False: another process is at it, and the wishes stand."""
        streams = None if wishes.everything else tuple(sorted(wishes.streams))
        options = dataclasses.replace(self._options, streams=streams, full=wishes.everything)
        try:
            pull(self._store, self.plan.source, options, self._progress())
        except StoreBusy:
            self._log("source busy, postponed", seconds=int(BUSY_PAUSE.total_seconds()))
            self._stop_asked.wait(BUSY_PAUSE.total_seconds())
            self._want_again(wishes)
            return False
        except LmsSyncError as error:
            self._log("pull failed", error=str(error))
        except Exception as error:
            # A fault of ours in one pull must not end the others for good; the trace names no values.
            self._log("pull failed unexpectedly", error=type(error).__name__, where=where_of(error))
        return True

    def _end_pull(self) -> None:
        try:
            self._after_pull()
        except LmsSyncError as error:
            self._log("no checkpoint was written", error=str(error))
        except Exception as error:
            self._log("no checkpoint was written", error=type(error).__name__, where=where_of(error))

    def _want_again(self, wishes: _Wishes) -> None:
        for stream in (*wishes.streams, *([None] if wishes.everything else [])):
            self.want(stream)

    def _log(self, event: str, **values: object) -> None:
        _log.error(event, source=self.plan.settings.name, **values)
