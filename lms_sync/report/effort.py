"""How long somebody was at work, estimated from the moments of their actions. Pure, and exact in whole seconds.

The rule: an action lasts until the next one in the same stretch of work, if no more than a pause lies between; else the
stretch is over, and its last action counts a fixed time. So a session lasts from its first action to its last, and that
fixed time. With a pause no shorter than the fixed time sessions never overlap: all of them together never exceed the
span from the first action to the last, and the fixed time.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class EffortRule:
    """`pause`: a longer gap ends a session; `last`: what its last action counts. In seconds; `last` ≤ `pause`."""

    pause: int
    last: int

    def __post_init__(self) -> None:
        assert 0 <= self.last <= self.pause < 24 * 3600, "else sessions overlap, or a day is never over"


@dataclass
class Effort:
    """What somebody's actions amount to. Moments are epoch seconds."""

    actions: int = 0
    sessions: int = 0
    seconds: int = 0
    first: int = 0
    last: int = 0


class EffortMeter(Generic[Key]):
    """Adds up actions as they come, in the order of time; each key is a stretch of its own."""

    def __init__(self, rule: EffortRule) -> None:
        self._rule = rule
        self.efforts: dict[Key, Effort] = {}

    def add(self, key: Key, moment: int) -> tuple[int, bool]:
        """Takes in an action: the last of its session until another one of the key follows.

        Gives by how many seconds the key's action before it lasted longer than was counted until now (below 0:
        shorter), and whether a session begins.
        """
        effort = self.efforts.setdefault(key, Effort(first=moment))
        gap = moment - effort.last
        begins = effort.actions == 0 or gap > self._rule.pause
        more = 0 if begins else gap - self._rule.last
        effort.actions += 1
        effort.sessions += begins
        effort.seconds += self._rule.last + more
        effort.last = moment
        return more, begins
