"""One seeded scenario: a small academy that changes between pulls, an LMS that fails, processes that are killed, people
who close, amend and annul protocols and issue documents in between, and a companion plugin that comes, stays, goes or
never was.

Everything follows from the seed but the instants at which the killed processes happen to be.
"""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from lms_sync.sandbox import Faults, SandboxServer, World, final_change, small_world
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger
from lms_sync.store.verify import verify
from lms_sync.sync.pull import PullOptions
from lms_sync.sync.result import EVERY_SCOPE
from tests.simulation import worker
from tests.simulation.comparison import differences, lost_attempts
from tests.simulation.finals_truth import Finals
from tests.simulation.journal_truth import Journal
from tests.simulation.official import Official
from tests.simulation.operators import Operator, write_rules
from tests.simulation.plugin import Plugin
from tests.simulation.processes import Processes
from tests.simulation.pushes import TARGETS, Pushes
from tests.simulation.registrar import FIELD, Registrar, write_document_rules
from tests.simulation.worker import Academy

ROUNDS = 4
DAY = 86_400


@dataclass
class Story:
    """What happened, for whoever has to understand a failure."""

    seed: int
    lines: list[str] = field(default_factory=list)
    acts: Counter[str] = field(default_factory=Counter)

    def tell(self, line: str) -> None:
        """Adds a line."""
        self.lines.append(line)

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}:", *(f"  {line}" for line in self.lines)])


def play(seed: int, directory: Path) -> Story:
    """Plays the scenario of a seed and asserts that store and world agree in the end. Gives the story."""
    rng = random.Random(seed)
    world = small_world(seed, finals=True)
    story = Story(seed)
    plugin = Plugin(world, random.Random(f"plugin {seed}"), story.tell, ROUNDS)
    rules = write_rules(rng, directory / f"{seed}.toml")
    of_documents = random.Random(f"documents {seed}")
    write_document_rules(of_documents, rules)
    world.add_profile_field(FIELD, "Документы")
    with SandboxServer(world) as server:
        targets = of_documents.sample(TARGETS, of_documents.randint(1, len(TARGETS)))
        academy = Academy(f"sqlite:///{directory / f'{seed}.db'}", server.url, server.token, rules, targets)
        scenario = Scenario(story, world, server, academy, rng, plugin, of_documents)
        try:
            for number in range(ROUNDS):
                plugin.before_round(number)
                scenario.round()
            scenario.settle()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{story}") from error
        finally:
            scenario.close()
    return scenario.story


class Scenario:
    """One academy with its LMS, its store and its people, on the way through a seed's story."""

    def __init__(
        self,
        story: Story,
        world: World,
        server: SandboxServer,
        academy: Academy,
        rng: random.Random,
        plugin: Plugin,
        of_documents: random.Random,
    ) -> None:
        self.story = story
        self._plugin = plugin
        self._world = world
        self._server = server
        self._academy = academy
        self._rng = rng
        self._official = Official()
        self._operator = Operator(academy.mapping(), rng, story.tell, story.acts)
        self._processes = Processes(academy, rng, story.tell)
        registrar = Registrar(academy.mapping(), of_documents, story.tell, story.acts)
        killing = Processes(academy, of_documents, story.tell)
        self._pushes = Pushes(academy, server, world, registrar, of_documents, killing, story.tell)
        self._opened: Store | None = None

    @property
    def _store(self) -> Store:
        """The store, opened after the first pull has made it, or was killed while making it."""
        if self._opened is None:
            self._opened = self._academy.open(lambda: self._world.now)
        return self._opened

    def close(self) -> None:
        """Closes the store."""
        if self._opened is not None:
            self._opened.close()

    def round(self) -> None:
        """The academy changes, is pulled from, disturbed and perhaps killed, and its people act on protocols."""
        self._disturb()
        self._server.faults = Faults.random(self._rng, self._rng.choice((0.0, 0.1, 0.3)))
        self._pull()
        self._look(by_a_pull=True)
        self._world.advance(self._rng.randint(1, 5000))
        if self._rng.random() < 0.3:
            self._world.advance(DAY)
        if not self._plugin.restored:
            self._operator.work(self._store)
            self._look(by_a_pull=False)
            self._pushes.round(self._store)

    def settle(self) -> None:
        """The last pulls are undisturbed: one of changes loses no attempt; a whole one makes store and world equal."""
        self._server.faults = Faults()
        self._plugin.settle()
        changes = worker.pull_once(self._academy, PullOptions(actor="simulation"), self._world.now)
        self._look(by_a_pull=True)
        lost = lost_attempts(self._store, self._world.truth())
        self._assert_none(lost, f"after a pull of changes ({changes.outcome})")
        everything = PullOptions(full=True, allow_retire=(EVERY_SCOPE,), actor="simulation")
        last = worker.pull_once(self._academy, everything, self._world.now)
        assert last.outcome == "done", f"the last pull was {last.outcome}: {last.problems}"
        self._look(by_a_pull=True)
        self._compare()
        self._look_at_journal()
        if not self._plugin.restored:
            self._settle_finals()
        rows = len(self._rows())
        again = worker.pull_once(self._academy, everything, self._world.now)
        self._assert_none(self._rows()[rows:], f"written by a pull of an unchanged LMS ({again.counts})")
        if not self._plugin.restored:
            self._assert_none(self._pushes.settle(self._store), "of issued documents in the LMS")
            self._assert_none(verify(self._store).problems, "found by verify after everything was issued and pushed")

    def _settle_finals(self) -> None:
        """People decide and close everything. A restored backup leaves nothing to compare what they did with."""
        self._assert_none(self._finals().problems(), "of the finals")
        self._operator.decide_everything(self._store)
        self._look(by_a_pull=False)
        self._assert_none(self._finals().problems(), "after everything was decided")
        self._operator.close_everything(self._store)
        self._look(by_a_pull=False)
        self._assert_none(self._finals().forgotten(), "after everything was closed")

    def _look_at_journal(self) -> None:
        journal, truth = Journal(self._store, self._world), self._world.truth()
        self.story.tell(f"journal: {journal.counts}")
        self._assert_none([*journal.wrong(), *journal.doubled()], "in the action journal")
        if self._plugin.tells:
            self._assert_none(list(journal.lost(truth)), "of the log")
        if self._plugin.whole_log:
            self._assert_none(list(journal.untold(truth)), "of attempts in the action journal")

    def _disturb(self) -> None:
        for _ in range(self._rng.randint(0, 5)):
            self.story.tell(self._world.random_change(self._rng))
            self._world.advance(self._rng.randint(0, 600))
        for _ in range(self._rng.randint(0, 5)):
            self.story.tell(final_change(self._world, self._rng))
            self._world.advance(self._rng.randint(0, 600))

    def _pull(self) -> None:
        self.story.tell(f"faults {self._server.faults!r}")
        self._processes.run(PullOptions(full=self._rng.random() < 0.3, actor="simulation"), self._world.now)

    def _look(self, *, by_a_pull: bool) -> None:
        if not self._plugin.restored:
            self._assert_none(self._official.look(self._store, by_a_pull=by_a_pull), "among the official records")

    def _compare(self) -> None:
        self._assert_none(differences(self._store, self._world.truth()), "in the end")
        self._assert_none(verify(self._store).problems, "found by verify")

    def _finals(self) -> Finals:
        counting = tomllib.loads(self._academy.rules.read_text(encoding="utf-8"))["protocols"]["counting"]
        return Finals.of(self._world, self._official, self._store, counting)

    def _rows(self) -> list[str]:
        with self._store.reading() as connection:
            columns = ledger.c
            rows = connection.execute(select(columns.kind, columns.key, columns.version).order_by(columns.seq))
            return [f"{row.kind} {row.key} version {row.version}" for row in rows]

    def _assert_none(self, problems: Sequence[object], where: str) -> None:
        assert not problems, "\n".join([f"{where}:", *map(str, problems)])
