"""The cursor of the log: how far it was read, and whether a reading from the beginning is still under way.

Owns its text form (JSON with a version). Must not make requests.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

VERSION = 1


@dataclass(frozen=True)
class LogCursor:
    """`feed`: the companion's own cursor, empty at the beginning. `courses`: which choice of courses it was read with.

    `whole` is false until the end was reached once since the beginning: a reading that was broken off goes on from
    here, also where everything is asked for. `read_at`: the server's clock (epoch seconds) at the last page.
    """

    feed: str = ""
    courses: str = ""
    whole: bool = False
    read_at: int = 0

    def text(self) -> str:
        """The stored form."""
        stored = _Stored(VERSION, self.feed, self.courses, self.whole, self.read_at)
        return msgspec.json.encode(stored).decode()


class _Stored(msgspec.Struct):
    v: int
    log: str
    courses: str
    whole: bool
    read_at: int


def parse(text: str | None) -> LogCursor | None:
    """The cursor that `LogCursor.text` wrote; None for anything else, which means: read from the beginning."""
    if not text:
        return None
    try:
        stored = msgspec.json.decode(text, type=_Stored)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    if stored.v != VERSION:
        return None
    return LogCursor(stored.log, stored.courses, stored.whole, stored.read_at)
