"""Processes of their own that work on one store at once, or are killed at it.

Each opens the store, waits until all are ready, works, and sends what came of it through its pipe.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from lms_sync import log
from lms_sync.errors import RegisterError
from lms_sync.registers.after_pull import record_results
from lms_sync.registers.amending import Act, amend
from lms_sync.registers.closing import ClosingOptions, OnDrift, close
from lms_sync.registers.sittings import SittingId
from lms_sync.store.store import Store
from tests.integration.registers_concurrent.academy import (
    FINALS,
    LEARNERS,
    SITTINGS,
    SOURCE,
    attempt,
    mapping_with,
    put,
)

SECONDS = 120
"""How long a process may take; only a deadlock lasts longer."""

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])

Work = Callable[..., None]


class Worker:
    """A started process and the pipe through which it tells."""

    def __init__(self, work: Work, url: str, rules: Path, *args: Any) -> None:
        self.told, told = CONTEXT.Pipe(duplex=False)
        self.process: ForkServerProcess = CONTEXT.Process(target=_run, args=(work, told, url, rules, *args))
        self.process.start()
        self.killed = False
        told.close()

    def next(self) -> Any:
        """What it tells next; fails when it tells nothing in time, or has broken down."""
        assert self.told.poll(SECONDS), "a process told nothing in time"
        try:
            return self.told.recv()
        except EOFError:
            self.process.join(SECONDS)
            raise AssertionError(f"a process broke down with exit code {self.process.exitcode}") from None

    def kill(self) -> None:
        """Ends it by SIGKILL, wherever it is."""
        self.killed = True
        self.process.kill()
        self.process.join(SECONDS)


@contextmanager
def at_once(works: Sequence[tuple[Any, ...]], url: str, rules: Path) -> Iterator[list[Worker]]:
    """Starts processes that begin their work together; none is left at the end, and only killed ones broke down."""
    barrier = CONTEXT.Barrier(len(works))
    workers = [Worker(work, url, rules, barrier, *args) for work, *args in works]
    try:
        yield workers
        for worker in workers:
            worker.process.join(SECONDS)
            assert worker.killed or worker.process.exitcode == 0
    finally:
        for worker in workers:
            worker.kill()


def _run(work: Work, told: Connection, url: str, rules: Path, *args: Any) -> None:
    log.configure("error")
    with Store.open(url) as store:
        work(store, mapping_with(rules), told.send, *args)


# --- works ------------------------------------------------------------------------------------------------------------


def close_all(store: Store, mapping: Any, tell: Callable[[Any], None], barrier: Any, seed: int) -> None:
    """Closes every sitting, in an order of its own, and tells for each what it led to."""
    order = random.Random(seed).sample(SITTINGS, len(SITTINGS))
    barrier.wait(SECONDS)
    led_to = []
    for sitting in order:
        closed = close(store, SOURCE, mapping, sitting, ClosingOptions(f"closer {seed}", absent=True))
        led_to.append((sitting, closed.protocol.number, closed.created))
    tell(led_to)


def close_some(store: Store, mapping: Any, tell: Callable[[Any], None], barrier: Any, rounds: int) -> None:
    """Closes the sittings of the first final again and again, whatever is in them; tells the numbers given."""
    barrier.wait(SECONDS)
    numbers = []
    for turn in range(rounds):
        sitting = SITTINGS[turn % 3]
        try:
            closed = close(store, SOURCE, mapping, sitting, ClosingOptions("closer", absent=False))
        except RegisterError:
            continue  # nothing of this sitting came in yet
        numbers += [closed.protocol.number] * closed.created
    tell(numbers)


def record_more(store: Store, mapping: Any, tell: Callable[[Any], None], barrier: Any, rounds: int) -> None:
    """A pull without an LMS: retakes of the first final come in one after another, each recorded as a pull does."""
    run = store.begin_run(SOURCE, "changes", "puller", mapping.version)
    barrier.wait(SECONDS)
    frozen = 0
    for turn in range(rounds):
        learner = list(LEARNERS)[turn % len(LEARNERS)]
        put(store, run, [attempt(learner, FINALS["7"], points=turn % 11, number=2 + turn // len(LEARNERS))])
        frozen += record_results(store, mapping, run).frozen
    tell(frozen)


def amend_one(store: Store, mapping: Any, tell: Callable[[Any], None], barrier: Any, number: str) -> None:
    """Amends a protocol; tells the revision made, or why it was refused."""
    barrier.wait(SECONDS)
    try:
        done = amend(store, SOURCE, mapping, number, Act("operator", "regraded"))
    except RegisterError as error:
        tell(str(error))
    else:
        tell(done.protocol and done.protocol.revision)


def close_in_order(store: Store, mapping: Any, tell: Callable[[Any], None], sittings: Sequence[SittingId]) -> None:
    """Closes the sittings in this order with everything in them; tells each number given as soon as it was."""
    options = ClosingOptions("closer", absent=True, on_drift=OnDrift.KEEP, reason="as recorded")
    for sitting in sittings:
        closed = close(store, SOURCE, mapping, sitting, options)
        if closed.created:
            tell(closed.protocol.number)
    tell("done")
