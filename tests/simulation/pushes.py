"""Issued documents of a simulated academy on their way into its LMS: what is done in a round, and how it must end."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from lms_sync.sandbox import SandboxServer, World
from lms_sync.store.store import Store
from lms_sync.sync.push_result import EVERYTHING, Difference, PushOptions
from tests.simulation import worker
from tests.simulation.documents_truth import untold
from tests.simulation.processes import Processes
from tests.simulation.registrar import Registrar
from tests.simulation.worker import Academy

TARGETS = ("companion", "note", "profile")
WRITES = (
    "local_lmssync_upsert_documents", "local_lmssync_revoke_documents", "core_notes_create_notes",
    "core_notes_update_notes", "core_notes_delete_notes", "core_user_update_users",
)  # fmt: skip
MOST_PUSHES = 12
LONG_ENOUGH = 7 * 3600
"""Seconds after which whatever waits is due again."""

OPTIONS = PushOptions(actor="simulation")


class Pushes:
    """The registrar's acts and the pushes after them."""

    def __init__(
        self,
        academy: Academy,
        server: SandboxServer,
        world: World,
        registrar: Registrar,
        rng: random.Random,
        processes: Processes,
        tell: Callable[[str], None],
    ) -> None:
        self._academy = academy
        self._server = server
        self._world = world
        self._registrar = registrar
        self._rng = rng
        self._processes = processes
        self._tell = tell

    def round(self, store: Store) -> None:
        """The registrar acts, and now and then somebody pushes: disturbed as the pull before, and perhaps killed."""
        self._registrar.work(store)
        for _ in range(self._rng.randint(0, 2)):
            retry = (EVERYTHING,) if self._rng.random() < 0.2 else ()
            self._processes.run(PushOptions(actor="simulation", retry=retry), self._world.now)
            self._world.advance(self._rng.choice([1, 60, 600, LONG_ENOUGH]))

    def settle(self, store: Store) -> list[str]:
        """Everything is issued and pushed undisturbed, and what the LMS has lost is asked for again. What is wrong."""
        self._registrar.issue_everything(store)
        self._push_until_quiet()
        lost = sorted({uid for one in self._differences() for uid in one.documents})
        if lost:
            self._tell(f"asked for again: {', '.join(lost)}")
            worker.push_once(self._academy, PushOptions(actor="simulation", retry=lost), self._world.now)
            self._push_until_quiet()
        return [*untold(store, self._world, self._usable()), *self._written_by_another_push(store)]

    def _push_until_quiet(self) -> None:
        for number in range(MOST_PUSHES):
            self._world.advance(LONG_ENOUGH)
            before = self._writes()
            options = PushOptions("simulation", retry=() if number else (EVERYTHING,))
            summary = worker.push_once(self._academy, options, self._world.now)
            self._tell(f"pushed: {dict(summary.counts)} {summary.problems}")
            if self._writes() == before and not summary.counts["uncertain"] + summary.counts["postponed"]:
                return
        raise AssertionError("pushes never come to rest")

    def _written_by_another_push(self, store: Store) -> list[str]:
        before = self._writes()
        worker.push_once(self._academy, OPTIONS, self._world.now)
        return [f"{self._writes() - before} writes when nothing had changed"] if self._writes() != before else []

    def _differences(self) -> Sequence[Difference]:
        options = PushOptions("simulation", targets=self._usable())
        return worker.differences_in_the_lms(self._academy, options, self._world.now)

    def _writes(self) -> int:
        return sum(self._server.count(function) for function in WRITES)

    def _usable(self) -> list[str]:
        return [one for one in self._academy.targets if one != "companion" or self._world.companion is not None]
