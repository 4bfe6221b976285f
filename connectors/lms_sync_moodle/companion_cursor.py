"""The cursor of a course's stream on the companion rung: how far the plugin's feeds were read for it.

Owns its text form, which neither rung takes for the other's. Must not make requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

VERSION = 1
RUNG = "companion"


@dataclass(frozen=True)
class CompanionCursor:
    """`feeds`: name of a plugin's stream -> the plugin's own cursor, each from before the reading that it stands for.
    `wake`: the instant (epoch seconds) at which something in the course changes by the clock alone, which no feed
    tells. `others`: people whose grades were left out because they do not learn there. `shut`: columns that are hidden
    or locked, so that even empty grades in them are told."""

    feeds: Mapping[str, str]
    wake: int | None = None
    others: tuple[int, ...] = ()
    shut: tuple[int, ...] = ()

    def text(self) -> str:
        """The stored form."""
        stored = _Stored(VERSION, RUNG, dict(self.feeds), self.wake, sorted(self.others), sorted(self.shut))
        return msgspec.json.encode(stored).decode()


class _Stored(msgspec.Struct, omit_defaults=True):
    v: int
    rung: str
    feeds: dict[str, str]
    wake: int | None = None
    others: list[int] = []
    shut: list[int] = []


def parse(text: str | None) -> CompanionCursor | None:
    """The cursor that `CompanionCursor.text` wrote; None for anything else, which means: read everything."""
    if not text:
        return None
    try:
        stored = msgspec.json.decode(text, type=_Stored)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    if stored.v != VERSION or stored.rung != RUNG:
        return None
    return CompanionCursor(stored.feeds, stored.wake, tuple(stored.others), tuple(stored.shut))
