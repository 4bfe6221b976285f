"""Which vanished records may be retired, and when their number is too large to be believed. Pure.

A grade entry whose column, an attempt whose test, or either whose learner's enrolment is gone as well is explained by
that and does not count against the brake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

SUDDENLY_EMPTY = 5
"""From so many live records on, all of them vanishing at once is not believed, whatever the floor."""

Explained = Callable[[str, str], bool]
"""(kind, key) -> whether the record's disappearance follows from another one's."""


@dataclass(frozen=True)
class Vanished:
    """What a scope no longer shows: keys by record kind, and how many records of each kind were live."""

    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    live: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.keys.values())


def leave_to_retire(stream: str, scope: str) -> str:
    """How the operator names one scope of one stream to let it retire whatever is gone."""
    return f"{stream}:{scope}"


def braked_kinds(vanished: Vanished, explained: Explained, *, share: Decimal, floor: int) -> dict[str, tuple[int, int]]:
    """The kinds of which too many vanished without explanation: kind -> (unexplained, live)."""
    braked = {}
    for kind, keys in vanished.keys.items():
        live = vanished.live[kind]
        count = sum(not explained(kind, key) for key in keys)
        many = count > floor and count > share * live
        if many or (count == live and count >= SUDDENLY_EMPTY):
            braked[kind] = (count, live)
    return braked
