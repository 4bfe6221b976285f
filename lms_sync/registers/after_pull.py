"""What every pull ends with: results freeze, drift is told, and sittings that are due close by themselves.

Owns which grade items must be looked at again, so that a pull that changed nothing costs next to nothing. Everything
here may be repeated: a pull that was killed in between is made good by the next one.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import ClosingPolicy, Protocol
from lms_sync.registers.closing import ClosingOptions, close
from lms_sync.registers.final import Final, final_items
from lms_sync.registers.recording import Recorded, record_item
from lms_sync.registers.sittings import Sitting
from lms_sync.store.attestation import open_drifts, touched_items
from lms_sync.store.bookkeeping import Place, read_cursor, write_cursor
from lms_sync.store.ledger import head
from lms_sync.store.register import registering
from lms_sync.store.rows import Run, ScopeOutcome, ScopeState
from lms_sync.store.store import Store

STREAM = "attestation"
"""The name under which the store remembers how far the ledger was looked through."""

SELF_CLOSING = (ClosingPolicy.PER_DAY, ClosingPolicy.ON_QUIZ_CLOSE)


@dataclass
class RegisterSummary:
    """What became of final attestation in one run. `waiting` and `undecided` are how it stands after it."""

    frozen: int = 0
    drifted: int = 0
    waiting: int = 0
    undecided: int = 0
    closed: list[Protocol] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """The numbers that the run is recorded with."""
        return Counter(
            results_recorded=self.frozen,
            results_waiting=self.waiting,
            drift_found=self.drifted,
            drift_undecided=self.undecided,
            protocols_closed=len(self.closed),
        )


def record_results(store: Store, mapping: Mapping, run: Run) -> RegisterSummary:
    """Records what a run brought. Raises StoreError; whatever else is wrong is told in the summary."""
    summary = RegisterSummary()
    items, position = _to_look_at(store, mapping, run.source)
    states = store.scope_states(run.source)
    for item in sorted(items):
        recorded = _record(store, mapping, run, item)
        position.forget(item)
        if recorded is None:
            continue
        final = recorded.final
        summary.frozen += recorded.frozen
        summary.drifted += recorded.drifted
        if final.plan.closing in SELF_CLOSING and _close_due(store, mapping, run, final, states, summary):
            position.again.add(item)
        if final.waiting:
            position.waiting[item] = len(final.waiting)
    summary.waiting = sum(position.waiting.values())
    with store.writing() as connection:
        write_cursor(connection, Place(run.source, STREAM, "", run.id), str(position), store.now())
    with store.reading() as connection:
        summary.undecided = open_drifts(connection, run.source)
    return summary


def _to_look_at(store: Store, mapping: Mapping, source: str) -> tuple[set[str], _Position]:
    """The grade items that may have changed or come due since the last time, and the position to keep after them."""
    with store.reading() as connection:
        kept = _Position.parse(read_cursor(connection, source, STREAM, ""))
        upto = head(connection).seq
        finals = set(final_items(connection, source, mapping))
        if kept is None or kept.mapping_version != mapping.version:
            return finals, _Position(upto, mapping.version, set(), {})
        items = finals & (touched_items(connection, source, kept.seq) | kept.again)
        return items, _Position(upto, mapping.version, kept.again & finals, kept.waiting_among(finals))


@dataclass
class _Position:
    """How far the ledger was looked through and with which mapping, which items must be looked at again all the same
    (a sitting of theirs comes due by the clock), and how many results wait in each.
    """

    seq: int
    mapping_version: str
    again: set[str]
    waiting: dict[str, int]

    @classmethod
    def parse(cls, text: str | None) -> _Position | None:
        """The position that `str` gave; None, which looks at everything again, for that of another version."""
        try:
            seq, mapping_version, again, waiting = json.loads(text or "[]")
        except ValueError:
            return None
        return cls(seq, mapping_version, set(again), waiting)

    def __str__(self) -> str:
        return json.dumps([self.seq, self.mapping_version, sorted(self.again), self.waiting], ensure_ascii=False)

    def waiting_among(self, items: set[str]) -> dict[str, int]:
        """The counts of these items only."""
        return {item: count for item, count in self.waiting.items() if item in items}

    def forget(self, item: str) -> None:
        """Drops what is known of an item that is looked at anew."""
        self.again.discard(item)
        self.waiting.pop(item, None)


def _record(store: Store, mapping: Mapping, run: Run, item: str) -> Recorded | None:
    with registering(store, run.source, run.actor, run.id) as writer:
        return record_item(writer, mapping, item)


def _close_due(
    store: Store,
    mapping: Mapping,
    run: Run,
    final: Final,
    states: Sequence[ScopeState],
    summary: RegisterSummary,
) -> bool:
    """Closes what is due. Gives whether something may come due later without another change in the LMS."""
    later = False
    # By day before group, so that days are numbered in their order however many of them one pull brings.
    for sitting in sorted(final.sittings.open(), key=lambda one: one.id.day):
        since = final.sittings.over_since(sitting)
        if since is None:
            later = later or final.sittings.closes_by_itself(sitting)
        elif sitting.is_ready and _was_read_since(since, final.facts.read_in, states):
            _close(store, mapping, run, sitting, summary)
        else:
            later = True
    return later


def _close(store: Store, mapping: Mapping, run: Run, sitting: Sitting, summary: RegisterSummary) -> None:
    try:
        closed = close(store, run.source, mapping, sitting.id, ClosingOptions(run.actor, run_id=run.id))
    except RegisterError as error:
        summary.problems.append(str(error))
        return
    if closed.created:
        summary.closed.append(closed.protocol)


def _was_read_since(since: dt.datetime, scopes: Set[str], states: Sequence[ScopeState]) -> bool:
    """Whether everything of the course was read after the sitting was over.

    Else a late attempt could be missed, or that the test closes later than it did.
    """
    return all(
        state.read_at is not None and state.read_at >= since and ScopeOutcome(state.outcome).trusted
        for state in states
        if state.scope in scopes
    )
