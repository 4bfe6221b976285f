"""What `lms-sync mapping explain --stream actions` does: reads events from the LMS and tallies what they mean.

Owns the tally and its form. Stores nothing, and names no person: an event counts by its name alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from lms_sync.cli.explaining import NothingKnown
from lms_sync.connector import Connector, Event, Events, Mode, ReadTask
from lms_sync.errors import ConfigError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import Rung
from lms_sync.report.interface import one_line

STREAM = "actions"
ENOUGH = 100_000
"""So many events are read at most: a log may hold millions, and the rest is of the same kinds."""


@dataclass(frozen=True)
class EventTally:
    """How many events of one name became one action, and by which rule; `rule` is empty where none knows the name."""

    event: str
    action: str
    caption: str
    rule: str
    where: str
    count: int


@dataclass(frozen=True)
class Tallies:
    """Everything that was read, the most frequent first. `complete`: whether that was all there is."""

    tallies: list[EventTally]
    rejected: int
    complete: bool


def explain_events(connector: Connector, mapping: Mapping, course: str | None) -> Tallies:
    """What the events of the LMS, or of one course, become. Raises ConfigError when the connector tells none."""
    if all(stream.name != STREAM for stream in connector.streams()):
        raise ConfigError("The connector tells no actions, so there is nothing to explain of them.")
    counted: Counter[tuple[str, str, str, str]] = Counter()
    rejected = seen = 0
    for page in _pages(connector, course):
        chosen = [row for row in page.rows if course is None or str(row.course) == course]
        rejected += len(mapping.actions(Events(chosen, page.rung)).rejections)
        counted.update(_meaning(mapping, row, page.rung) for row in chosen)
        seen += len(page.rows)
        if seen >= ENOUGH:
            break
    captions = mapping.effective.action_captions
    tallies = [
        EventTally(event, action, captions.get(action, ""), rule, where, count)
        for (event, action, rule, where), count in counted.most_common()
    ]
    return Tallies(tallies, rejected, seen < ENOUGH)


def _pages(connector: Connector, course: str | None) -> Iterator[Events]:
    for scope in connector.scopes(STREAM):
        if course is None or scope.key in ("site", f"course/{course}"):
            for page in connector.read(scope, ReadTask(Mode.FULL, NothingKnown())):
                if page.events is not None:
                    yield page.events


def _meaning(mapping: Mapping, row: Event, rung: Rung) -> tuple[str, str, str, str]:
    name = str(row.name)
    if rung == Rung.DERIVED:
        return "", name, "derived", ""
    ruling = mapping.events.ruling(name, row.other)
    return name, ruling.action, ruling.pattern, ruling.where


def tally_line(tally: EventTally) -> str:
    """The tally for a terminal."""
    if not tally.event:
        return one_line(f"✓ {tally.count:>8}  {tally.action} «{tally.caption}»   (derived: there is no log)")
    if not tally.rule:
        return one_line(f"? {tally.count:>8}  {tally.event}   (no rule knows it: kept under its own name)")
    meaning = f"{tally.event} = {tally.action} «{tally.caption}»"
    return one_line(f"✓ {tally.count:>8}  {meaning}   ({tally.rule}, {tally.where})")


def tallies_document(tallies: Tallies) -> dict[str, Any]:
    """The tallies as JSON-ready values."""
    events = [asdict(tally) for tally in tallies.tallies]
    return {"complete": tallies.complete, "rejected": tallies.rejected, "events": events}
