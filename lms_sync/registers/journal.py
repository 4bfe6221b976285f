"""What every pull does for the action journal beyond keeping the log: it concludes and it joins.

Without a log, actions are concluded from the records that changed; where the LMS has begun to give its log, those of
them that the log tells too are marked, so that nothing is counted twice. Everything here may be repeated: a pull that
was killed in between is made good by the next one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from lms_sync.mapping.apply import Mapping
from lms_sync.records import Rung
from lms_sync.registers.derived_actions import JOIN_RULES, TELLING_KINDS, Concluding
from lms_sync.store.journal import journalling, read_journal_state
from lms_sync.store.journal_facts import changed_since, observed_before, totals
from lms_sync.store.rows import Run
from lms_sync.store.store import Store

BATCH = 2000
"""Ledger rows that one transaction concludes from."""


@dataclass
class JournalSummary:
    """What became of the journal in one run, beyond what its stream brought."""

    derived: int = 0
    joined: int = 0

    @property
    def counts(self) -> Counter[str]:
        """The numbers that the run is recorded with."""
        return Counter(actions_derived=self.derived, actions_joined=self.joined)


def keep_journal(store: Store, mapping: Mapping, run: Run) -> JournalSummary:
    """Concludes what the log does not tell, and joins what both tell. Raises StoreError."""
    summary = JournalSummary()
    with store.reading() as connection:
        state = read_journal_state(connection, run.source)
    if state.rung is Rung.LOG:
        _pass_over(store, run)
    else:
        summary.derived = _conclude(store, mapping, run, first_look=state.derived_seq == 0)
    # Also where there is no log now: there may have been one, which went away before it was read to its end.
    with journalling(store, run.source, run.actor, run.id) as journal:
        summary.joined = journal.supersede(JOIN_RULES)
    return summary


def _conclude(store: Store, mapping: Mapping, run: Run, *, first_look: bool) -> int:
    """Concludes from every ledger row that was not looked at yet; gives the number of new actions."""
    added = 0
    with store.reading() as connection:
        concluding = Concluding(mapping.zone, totals(connection, run.source), first_look=first_look)
    while True:
        with journalling(store, run.source, run.actor, run.id) as journal:
            state = journal.state()
            rows = changed_since(journal.connection, run.source, state.derived_seq, TELLING_KINDS, BATCH)
            if not rows:
                return added
            added += journal.put([action for row in rows for action in concluding.actions(row)]).added
            journal.keep(replace(state, derived_seq=rows[-1].seq))


def _pass_over(store: Store, run: Run) -> None:
    """Where the log tells everything nothing is concluded; what it has not told yet waits, lest the log go away."""
    with journalling(store, run.source, run.actor, run.id) as journal:
        state = journal.state()
        if state.told_until is not None:
            seen = observed_before(journal.connection, state.told_until)
            if seen > state.derived_seq:
                journal.keep(replace(state, derived_seq=seen))
