"""``lms-sync sandbox``: serve an invented academy until the process is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from lms_sync.sandbox.academy import academy
from lms_sync.sandbox.faults import Faults, fault_names
from lms_sync.sandbox.server import SandboxServer

__all__ = ["fault_names", "serve"]


def serve(
    host_port: int,
    seed: int,
    learners: int,
    release: str,
    faults: list[str],
    announce: Callable[[str], None],
    companion: bool = True,
) -> None:
    """Serve an academy on 127.0.0.1 until SIGINT or SIGTERM.

    ``host_port`` 0 takes any free port; ``faults`` are names of ``fault_names()``, each always on. ``companion``: the
    plugin is installed. ``announce`` gets one line each for the address, the token and what the site holds. Raises
    ``ValueError`` for an unknown fault or release, ``OSError`` when the port is taken. Must run on the main thread.
    """
    plan = Faults(seed)
    for name in faults:
        plan.add(name)
    world = academy(seed, learners, release=release, now=int(time.time()), companion=companion)
    world.follow_real_time()
    stopped = threading.Event()
    previous = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with SandboxServer(world, plan, host_port) as server:
            counts = world.snapshot_counts()
            announce(f"URL: {server.url}")
            announce(f"Token: {world.token}")
            plugin = "with the companion plugin" if companion else "without the companion plugin"
            announce(f"Moodle {release}, {plugin}: " + ", ".join(f"{number} {name}" for name, number in counts.items()))
            stopped.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
