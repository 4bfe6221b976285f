"""What becomes of a scenario's companion plugin, its log and its database: drawn from the seed, done between rounds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from lms_sync.sandbox import World
from lms_sync.sandbox.companion.plugin import SEE_ANONYMOUS
from lms_sync.sandbox.traffic import odd_event
from lms_sync.sandbox.world import Backup

NEVER, ALWAYS, INSTALLED, REMOVED = "never", "always", "installed midway", "removed midway"
FATES = {NEVER: 3, ALWAYS: 4, INSTALLED: 3, REMOVED: 2}
RESTORED_SHARE, PURGED_SHARE, SILENT_SHARE = 0.12, 0.15, 0.1
SETTLING = 2 * 3600
"""Seconds after which everything has settled: longer than any transaction of the sandbox stays open."""


@dataclass
class Plugin:
    """The plugin's fate, and what else befalls the database of one scenario.

    `whole_log`: nothing was purged, switched off or undone, so that every action must be known from one rung or other.
    """

    world: World
    rng: random.Random
    tell: Callable[[str], None]
    rounds: int

    def __post_init__(self) -> None:
        rng = self.rng
        self.fate = rng.choices(list(FATES), list(FATES.values()))[0]
        self.sees_anonymous = rng.random() < 0.5
        self.restored = rng.random() < RESTORED_SHARE
        self.purged = rng.random() < PURGED_SHARE
        self.silent = rng.random() < SILENT_SHARE
        self._turn = rng.randrange(1, self.rounds)
        self._backup: Backup | None = None
        if self.fate in (ALWAYS, REMOVED):
            self._install()
        self.tell(
            f"companion {self.fate}, anonymous events seen: {self.sees_anonymous}; backup restored: {self.restored}, "
            f"log purged: {self.purged}, switched off for a while: {self.silent}"
        )

    @property
    def whole_log(self) -> bool:
        """Whether every action is known from the log or could be concluded."""
        return not (self.restored or self.purged or self.silent)

    @property
    def tells(self) -> bool:
        """Whether the plugin is there now."""
        return self.world.companion is not None

    def before_round(self, number: int) -> None:
        """What happens to the site before a round (from 0)."""
        world = self.world
        world.log.enabled = not (self.silent and number == self._turn)
        if self.purged and self.rng.random() < 0.5:
            world.log.lifetime_days = 20
            self.tell(f"{world.purge_log()} rows of the log purged")
        if number == self._turn and self.fate == INSTALLED:
            self._install()
            self.tell("companion installed")
        if number == self._turn and self.fate == REMOVED:
            world.remove_companion()
            self.tell("companion removed")
            if self.rng.random() < 0.3:
                self._install()
                self.tell("companion installed anew")
        self._keep_or_restore(number)
        self._odd_events()

    def settle(self) -> None:
        """Let everything settle that was written so far."""
        self.world.log.enabled = True
        self.world.advance(SETTLING)

    def _odd_events(self) -> None:
        """Rows that careless readers trip over: committed late, buffered, anonymous, nobody's; ids lost between."""
        learners = [one for course in sorted(self.world.courses) for one in self.world.learners(course)]
        for _ in range(self.rng.randint(0, 6) if learners else 0):
            one = self.rng.choice(learners)
            self.tell(f"in the log: {odd_event(self.world, self.rng, one.course, one.user)}")
            self.world.advance(self.rng.randint(0, 200))

    def _install(self) -> None:
        companion = self.world.install_companion()
        companion.max_rows = self.rng.choice([100, 1000, 20_000])
        if self.sees_anonymous:
            companion.capabilities.add(SEE_ANONYMOUS)

    def _keep_or_restore(self, number: int) -> None:
        if not self.restored:
            return
        if number == self.rounds - 2:
            self._backup = self.world.back_up()
        elif self._backup is not None:
            self.world.restore(self._backup)
            self.world.advance(self.rng.randint(1, 600))
            self._backup = None
            self.tell("a backup was restored")
