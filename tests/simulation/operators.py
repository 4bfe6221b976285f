"""The people of a simulated academy: their rules for final attestation, and what they do with protocols."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import DriftState, Protocol
from lms_sync.registers.amending import Act, Done, accept, amend, annul, keep
from lms_sync.registers.closing import ClosingOptions, OnDrift, close
from lms_sync.registers.final import final_items, must_look_at
from lms_sync.registers.sittings import Sitting
from lms_sync.store.attestation import drifts, protocols
from lms_sync.store.store import Store
from tests.simulation.worker import SOURCE

WHO = "operator"
NUMBERS = ("{year}/{number:03}", "ИА-{number}", "{group}-{year}-{number}")


def write_rules(rng: random.Random, path: Path) -> Path:
    """The academy's own mapping file: how its protocols are kept, by chance."""
    lines = [
        "format = 1",
        "[protocols]",
        f'closing = "{rng.choice(["manual", "per-day", "per-day", "on-quiz-close"])}"',
        f'counting = "{rng.choice(["as-lms", "as-lms", "first", "last", "best"])}"',
        f"per_group = {rng.choice(['true', 'false'])}",
        f'number = "{rng.choice(NUMBERS)}"',
    ]
    if rng.random() < 0.3:
        lines += ["[[attestation]]", 'name = "defence"', 'idnumber = "FINAL-*"', 'closing = "manual"']
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@dataclass
class Operator:
    """Somebody who closes, amends, keeps, accepts and annuls. `done` counts acts by name, `refused` those refused."""

    mapping: Mapping
    rng: random.Random
    tell: Callable[[str], None]
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def work(self, store: Store) -> None:
        """A few acts at random."""
        for _ in range(self.rng.randint(0, 4)):
            act = self.rng.choices([self._close, self._decide, self._accept, self._annul], [6, 5, 2, 1])[0]
            act(store)

    def decide_everything(self, store: Store) -> None:
        """Amends or keeps every protocol that the LMS tells otherwise, and takes over what differs in open sittings."""
        for number in self._drifted(store):
            decide = amend if self.rng.random() < 0.6 else keep
            self._attempt(decide.__name__, partial(self._decided, store, decide, number))
        for sitting in self._open_sittings(store):
            if sitting.drifts and self.rng.random() < 0.5:
                self._attempt("accept", partial(self._accepted, store, sitting))

    def close_everything(self, store: Store) -> None:
        """Closes whatever is open, with everybody who has no result, leaving out what waits."""
        options = ClosingOptions(WHO, absent=True, leave_waiting=True, on_drift=OnDrift.KEEP, reason="the end")
        for sitting in self._open_sittings(store):
            self._attempt("close", partial(self._closed, store, sitting, options))

    def _close(self, store: Store) -> None:
        sittings = self._open_sittings(store)
        if not sittings:
            return
        options = ClosingOptions(
            WHO,
            absent=self.rng.choice([None, None, True, False]),
            leave_waiting=self.rng.random() < 0.7,
            on_drift=self.rng.choice(list(OnDrift)),
            reason="as it stands",
        )
        for sitting in self.rng.sample(sittings, min(len(sittings), self.rng.randint(1, 3))):
            self._attempt("close", partial(self._closed, store, sitting, options))

    def _closed(self, store: Store, sitting: Sitting, options: ClosingOptions) -> str:
        closed = close(store, SOURCE, self.mapping, sitting.id, options)
        return f"{sitting.id} closed as {closed.protocol.number}" if closed.created else f"{sitting.id} was closed"

    def _decide(self, store: Store) -> None:
        chosen = self._drifted(store) or [one.number for one in self._some_in_force(store, 1)]
        for number in self.rng.sample(chosen, min(len(chosen), 2)):
            decide = amend if self.rng.random() < 0.6 else keep
            self._attempt(decide.__name__, partial(self._decided, store, decide, number))

    def _decided(self, store: Store, decide: Callable[..., Done], number: str) -> str:
        done = decide(store, SOURCE, self.mapping, number, Act(WHO, "decided"))
        return f"{done.decided} differences of {number}"

    def _accept(self, store: Store) -> None:
        drifted = [sitting for sitting in self._open_sittings(store) if sitting.drifts]
        if drifted:
            self._attempt("accept", partial(self._accepted, store, self.rng.choice(drifted)))

    def _accepted(self, store: Store, sitting: Sitting) -> str:
        done = accept(store, SOURCE, self.mapping, sitting.id, Act(WHO, "seen"))
        return f"{done.decided} differences of {sitting.id}"

    def _annul(self, store: Store) -> None:
        for protocol in self._some_in_force(store, 1):
            self._attempt("annul", partial(self._annulled, store, protocol.number))

    def _annulled(self, store: Store, number: str) -> str:
        return annul(store, SOURCE, self.mapping, number, Act(WHO, "a mistake")).number

    def _attempt(self, name: str, act: Callable[[], str]) -> None:
        try:
            led_to = act()
        except RegisterError as error:
            self.refused[name] += 1
            self.tell(f"{name} refused: {error}")
        else:
            self.done[name] += 1
            self.tell(f"{name}: {led_to}")

    def _open_sittings(self, store: Store) -> list[Sitting]:
        found: list[Sitting] = []
        with store.reading() as connection:
            for item in final_items(connection, SOURCE, self.mapping):
                found += must_look_at(connection, SOURCE, self.mapping, item, store.now()).sittings.open()
        return found

    def _drifted(self, store: Store) -> list[str]:
        """The numbers of protocols about which something is undecided."""
        with store.reading() as connection:
            found = {one.protocol for one in drifts(connection, SOURCE, state=DriftState.OPEN)}
        return sorted(found - {""})

    def _some_in_force(self, store: Store, most: int) -> list[Protocol]:
        with store.reading() as connection:
            found = [one for one in protocols(connection, SOURCE) if one.in_force]
        return self.rng.sample(found, min(len(found), most))
