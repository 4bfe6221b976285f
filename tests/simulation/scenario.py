"""One seeded scenario: a small academy that changes between pulls, an LMS that fails, and processes that are killed.

Everything follows from the seed but the instants at which the killed processes happen to be.
"""

from __future__ import annotations

import multiprocessing
import random
import signal
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from lms_sync.sandbox import Faults, SandboxServer, World, small_world
from lms_sync.store.store import Store
from lms_sync.store.verify import verify
from lms_sync.sync.pull import PullOptions
from lms_sync.sync.result import EVERY_SCOPE
from tests.simulation import worker
from tests.simulation.comparison import differences, lost_attempts

ROUNDS = 4
KILLED_SHARE = 0.5
LONGEST_LIFE = 0.5
"""Seconds within which a process that is to be killed dies; a whole pull of a small academy takes about as long."""


@dataclass
class Story:
    """What happened, for whoever has to understand a failure."""

    seed: int
    lines: list[str] = field(default_factory=list)
    killed: int = 0

    def tell(self, line: str) -> None:
        """Adds a line."""
        self.lines.append(line)

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}:", *(f"  {line}" for line in self.lines)])


def play(seed: int, directory: Path) -> Story:
    """Plays the scenario of a seed and asserts that store and world agree in the end. Gives the story."""
    rng = random.Random(seed)
    story = Story(seed)
    world = small_world(seed)
    url = f"sqlite:///{directory / f'{seed}.db'}"
    with SandboxServer(world) as server:
        for _ in range(ROUNDS):
            _disturb(world, rng, story)
            server.faults = Faults.random(rng, rng.choice((0.0, 0.1, 0.3)))
            _pull(url, server, rng, story)
            world.advance(rng.randint(1, 5000))
        server.faults = Faults()
        _settle(url, server, world, story)
    return story


def _disturb(world: World, rng: random.Random, story: Story) -> None:
    for _ in range(rng.randint(0, 6)):
        story.tell(world.random_change(rng))
        world.advance(rng.randint(0, 600))


def _pull(url: str, server: SandboxServer, rng: random.Random, story: Story) -> None:
    options = PullOptions(full=rng.random() < 0.3, actor="simulation")
    process = _start(url, server, options)
    if rng.random() < KILLED_SHARE:
        process.join(rng.uniform(0, LONGEST_LIFE))
        if process.is_alive():
            process.kill()
            story.killed += 1
    process.join(60)
    assert process.exitcode is not None, f"a pull did not end within a minute; {story}"
    story.tell(f"pull full={options.full} faults={server.faults!r} ended with {process.exitcode}")
    assert process.exitcode in (0, 1, 3, -signal.SIGKILL), f"a pull broke down; {story}"


def _start(url: str, server: SandboxServer, options: PullOptions) -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.simulation.worker"])
    process = context.Process(target=worker.main, args=(url, server.url, server.token, options))
    process.start()
    return process


def _settle(url: str, server: SandboxServer, world: World, story: Story) -> None:
    """The last pulls are undisturbed: one of changes loses no attempt; a whole one makes store and world equal."""
    changes = worker.pull_once(url, server.url, server.token, PullOptions(actor="simulation"))
    with Store.open(url) as store:
        lost = lost_attempts(store, world.truth())
        assert not lost, "\n".join([f"after a pull of changes ({changes.outcome}):", *lost, str(story)])
    everything = PullOptions(full=True, allow_retire=(EVERY_SCOPE,), actor="simulation")
    last = worker.pull_once(url, server.url, server.token, everything)
    assert last.outcome == "done", f"the last pull was {last.outcome}: {last.problems}; {story}"
    with Store.open(url) as store:
        found = differences(store, world.truth())
        assert not found, "\n".join([*found, str(story)])
        report = verify(store)
        assert report.ok, f"{report.problems}; {story}"
    again = worker.pull_once(url, server.url, server.token, everything)
    touched = {name: again.counts[name] for name in ("added", "changed", "restored", "retired") if again.counts[name]}
    assert not touched, f"a pull of an unchanged LMS changed the store: {touched}; {story}"
