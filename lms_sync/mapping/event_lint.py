"""Finds what is legal in the rules about events and yet hardly meant.

Owns these suspicions. Must not know rows of a log: everything is seen from the rules alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from lms_sync.errors import Problem
from lms_sync.mapping.events import EventMapper, compiled
from lms_sync.mapping.layers import Effective, PlacedEvent
from lms_sync.records import ActionCode

_DERIVED_OBJECTS = frozenset({"attempt", "submission", "grade_item", "course", "activity"})

# What a `*` may stand for: nothing, and signs that no name spells.
_RUNS = ("", "\u10df", "\u241f\u10df")


def event_suspicions(effective: Effective, events: EventMapper) -> Iterator[Problem]:
    """Everything suspicious about `[event]`, `[action]` and `[object]`."""
    yield from _unreachable(effective)
    yield from _idle_captions(effective)
    if effective.events:
        yield from _parted(effective, events)


def _unreachable(effective: Effective) -> Iterator[Problem]:
    """Patterns behind a wider one of the same file. A later file overrules on purpose."""
    patterns = [one for one in effective.events if not one.is_whole_name]
    for index, later in enumerate(patterns):
        for earlier in patterns[:index]:
            if earlier.layer == later.layer and _covers(earlier, later):
                told = (
                    f"event {later.pattern} never decides: {earlier.pattern} ({earlier.where}) fits first; move it up"
                )
                yield Problem(later.where, told)
                break


def _covers(wide: PlacedEvent, narrow: PlacedEvent) -> bool:
    pattern = compiled(wide.pattern)
    return not wide.rules[-1].when and all(pattern.fullmatch(narrow.pattern.replace("*", run)) for run in _RUNS)


def _idle_captions(effective: Effective) -> Iterator[Problem]:
    rules = [rule for placed in effective.events for rule in placed.rules]
    actions = {rule.action for rule in rules} | set(map(str, ActionCode))
    objects = {rule.object for rule in rules} | _DERIVED_OBJECTS
    for table, captions, used in (
        ("action", effective.action_captions, actions),
        ("object", effective.object_captions, objects),
    ):
        for code in captions:
            if code not in used:
                yield Problem(
                    "", f"no event has the {table} {code}, which [{table}] names; drop it or correct the code"
                )


def _parted(effective: Effective, events: EventMapper) -> Iterator[Problem]:
    """Codes that lms-sync derives, and that no event becomes: the journal would tell these actions twice."""
    told = {events.ruling(one.pattern, None).action for one in effective.events if one.is_whole_name}
    told |= {rule.action for one in effective.events if not one.is_whole_name for rule in one.rules}
    for code in ActionCode:
        if code.value not in told:
            message = f"no event becomes {code.value}, which lms-sync concludes by itself: it would be told twice"
            yield Problem("", f"{message}; give the event that tells it this code")
