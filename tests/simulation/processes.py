"""Running the simulation's work in processes of their own, and killing them by chance."""

from __future__ import annotations

import multiprocessing
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass

from lms_sync.sync.pull import PullOptions
from lms_sync.sync.push_result import PushOptions
from tests.simulation import worker
from tests.simulation.worker import Academy

KILLED_SHARE = 0.5
LONGEST_LIFE = 0.5
"""Seconds within which a process that is to be killed dies; a whole pull of a small academy takes about as long."""


@dataclass
class Processes:
    """Starts one process after the other."""

    academy: Academy
    rng: random.Random
    tell: Callable[[str], None]

    def run(self, options: PullOptions | PushOptions, now: int) -> int:
        """A pull or a push in the instant `now` (epoch seconds), killed or not. Gives its exit code."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.simulation.worker"])
        process = context.Process(target=worker.main, args=(self.academy, options, now))
        process.start()
        if self.rng.random() < KILLED_SHARE:
            process.join(self.rng.uniform(0, LONGEST_LIFE))
            if process.is_alive():
                process.kill()
        process.join(60)
        assert process.exitcode is not None, f"{options} did not end within a minute"
        self.tell(f"{options} ended with {process.exitcode}")
        assert process.exitcode in (0, 1, 3, -signal.SIGKILL), f"{options} broke down with {process.exitcode}"
        return process.exitcode
