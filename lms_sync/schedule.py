"""Pulls and pushes each source on its schedule until told to stop: what `lms-sync run` does.

Owns when a pull or a push is due and that those of one source never overlap. A due time only notes a wish; one worker a
source grants the wishes in turn, several at once where it can, so a busy source postpones and never loses one. What is
due after a restart follows from the store, so no schedule is kept anywhere else. Must not know any LMS, nor how a pull
or a push works. A source that fails is logged and tried again at its next time; it harms no other.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from lms_sync.config import SourceSettings
from lms_sync.connector import Mode
from lms_sync.errors import LmsSyncError, StoreBusy
from lms_sync.exact import utc_now
from lms_sync.log import get_logger, where_of
from lms_sync.store.pushes import target_states
from lms_sync.store.query import runs
from lms_sync.store.rows import RunOutcome
from lms_sync.store.store import Store
from lms_sync.sync.pull import Progress, PullOptions, PullSource, pull
from lms_sync.sync.push import PushOptions, PushProgress, PushSilence, PushSource, push
from lms_sync.timing import Timing

ACTOR = "schedule"
"""Who the ledger says pulled and pushed."""

BUSY_PAUSE = dt.timedelta(minutes=1)
"""How long a source that another process pulls is left alone."""

_RUNS_LOOKED_THROUGH = 50_000
"""More than a year of runs, one every quarter of an hour."""

_ENDED_EARLY = (RunOutcome.UNDER_WAY, RunOutcome.STOPPED, RunOutcome.INTERRUPTED)
"""Outcomes of a run after which nobody knows which of its streams it came to."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Plan:
    """One source and its times. `push` is None where nothing is configured about documents."""

    settings: SourceSettings
    source: PullSource
    push: PushSource | None = None


@dataclass
class _Wishes:
    """What a source is to be pulled for next, and whether it is to be pushed to."""

    streams: set[str] = field(default_factory=set)
    everything: bool = False
    push: bool = False

    def __bool__(self) -> bool:
        return self.pull or self.push

    @property
    def pull(self) -> bool:
        """Whether anything is to be read."""
        return self.everything or bool(self.streams)


class Service:
    """Runs the plans. `progress` makes an observer for each pull; `options` are those of every pull.

    `after_pull` is called after each pull and each push, in the thread of its source; an LmsSyncError of it is logged.
    `push_progress` makes an observer for each push.
    """

    def __init__(
        self,
        store: Store,
        plans: Sequence[Plan],
        options: PullOptions,
        progress: Callable[[], Progress],
        after_pull: Callable[[], None] = lambda: None,
        push_progress: Callable[[], PushProgress] = PushSilence,
    ) -> None:
        self._stop = threading.Event()
        options = dataclasses.replace(options, stop=self._stop, actor=ACTOR)
        watched = _Watched(progress, push_progress, after_pull)
        self._workers = [_Worker(store, plan, options, watched, self._stop) for plan in plans]
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
            self._add(worker, timing, last_reads[stream], now, stream, partial(worker.want, stream))
        if settings.reconcile:
            whole = last_full_run(self._store, settings.name)
            self._add(worker, settings.reconcile, whole, now, "everything", partial(worker.want, None))
        if settings.push and worker.plan.push:
            pushed = last_push(self._store, settings)
            self._add(worker, settings.push, pushed, now, "push", worker.want_push)

    def _add(
        self,
        worker: _Worker,
        timing: Timing,
        last: dt.datetime | None,
        now: dt.datetime,
        what: str,
        want: Callable[[], None],
    ) -> None:
        zone = worker.plan.settings.timezone
        due = timing.due_after(last, now, zone)
        if due <= now:
            want()
            due = now + (timing.every or dt.timedelta(0))
        name = f"{worker.plan.settings.name}: {what}"
        self._scheduler.add_job(want, timing.trigger(zone, due), id=name, name=name)


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


def last_push(store: Store, settings: SourceSettings) -> dt.datetime | None:
    """When a push last came to its end in every target that is configured (UTC); None: in one of them never."""
    with store.reading() as connection:
        known = {name: one for name, one in target_states(connection, settings.name).items() if one.enabled}
    pushed = [known[name].pushed_at if name in known else None for name in settings.targets or ()]
    return None if None in pushed else min(filter(None, pushed), default=None)


@dataclass(frozen=True)
class _Watched:
    """Who watches each pull and each push, and what is done after them."""

    pull: Callable[[], Progress]
    push: Callable[[], PushProgress]
    afterwards: Callable[[], None]


class _Worker(threading.Thread):
    """Pulls one source and pushes to it, one thing at a time."""

    def __init__(
        self, store: Store, plan: Plan, options: PullOptions, watched: _Watched, stop: threading.Event
    ) -> None:
        super().__init__(name=f"pull {plan.settings.name}")
        self.plan = plan
        self._store = store
        self._options = options
        self._watched = watched
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

    def want_push(self) -> None:
        """Notes that a push is due."""
        with self._changed:
            self._wishes.push = True
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
            if wishes.pull and self._granted("pull", partial(self._pull, wishes), partial(self._want_again, wishes)):
                self._end()
            # A push that is due when the service stops is due at its next start.
            if wishes.push and not self._stop_asked.is_set() and self._granted("push", self._push, self.want_push):
                self._end()

    def _granted(self, what: str, act: Callable[[], object], want_again: Callable[[], None]) -> bool:
        """Does it once. False: another process is at it, and the wish stands."""
        try:
            act()
        except StoreBusy:
            self._log("source busy, postponed", wanted=what, seconds=int(BUSY_PAUSE.total_seconds()))
            self._stop_asked.wait(BUSY_PAUSE.total_seconds())
            want_again()
            return False
        except LmsSyncError as error:
            self._log(f"{what} failed", error=str(error))
        except Exception as error:
            # A fault of ours in one pull must not end the others for good; the trace names no values.
            self._log(f"{what} failed unexpectedly", error=type(error).__name__, where=where_of(error))
        return True

    def _pull(self, wishes: _Wishes) -> None:
        streams = None if wishes.everything else tuple(sorted(wishes.streams))
        options = dataclasses.replace(self._options, streams=streams, full=wishes.everything)
        pull(self._store, self.plan.source, options, self._watched.pull())

    def _push(self) -> None:
        assert self.plan.push is not None
        push(self._store, self.plan.push, PushOptions(ACTOR, stop=self._stop_asked), self._watched.push())

    def _end(self) -> None:
        try:
            self._watched.afterwards()
        except LmsSyncError as error:
            self._log("no checkpoint was written", error=str(error))
        except Exception as error:
            self._log("no checkpoint was written", error=type(error).__name__, where=where_of(error))

    def _want_again(self, wishes: _Wishes) -> None:
        for stream in (*wishes.streams, *([None] if wishes.everything else [])):
            self.want(stream)

    def _log(self, event: str, **values: object) -> None:
        _log.error(event, source=self.plan.settings.name, **values)
