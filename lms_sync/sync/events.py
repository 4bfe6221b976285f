"""A page's events on their way into the action journal: mapped, kept, counted, and nothing dropped in silence.

Must not know any LMS, nor how the journal is stored.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from lms_sync.connector import Events, Finding, Level
from lms_sync.mapping.apply import Mapping, Rejection
from lms_sync.records import Rung
from lms_sync.store.journal import JournalWriter

MOST_NAMED = 5


@dataclass
class KeptEvents:
    """What became of events. `unknown`: names that no rule of the mapping knows, and how often each came."""

    counts: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)


def keep_events(journal: JournalWriter, mapping: Mapping, events: Events) -> KeptEvents:
    """Writes the events as actions. One that is kept already changes nothing."""
    mapped = mapping.actions(events)
    put = journal.put(mapped.actions)
    state = journal.state()
    told_until = events.told_until if events.rung is Rung.LOG and events.told_until else state.told_until
    journal.keep(replace(state, rung=events.rung, told_until=told_until))
    counts = Counter(
        actions_added=put.added, actions_repeated=put.repeated, actions_left_out=sum(events.left_out.values())
    )
    return KeptEvents(counts, mapped.unknown, mapped.rejections)


def unknown_events(unknown: Counter[str]) -> Finding:
    """What the operator is told of events without a rule; they are in the journal all the same."""
    named = ", ".join(f"{name} ({count})" for name, count in unknown.most_common(MOST_NAMED))
    more = ", …" if len(unknown) > MOST_NAMED else ""
    return Finding(
        Level.NOTICE,
        "action journal",
        f"{len(unknown)} kinds of event have no rule in the mapping and are kept under their own names: {named}{more}",
        "give them an action in a mapping of your own (docs/mapping.md)",
    )
