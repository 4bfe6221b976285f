"""The cursor of an incremental Moodle stream: until when the course was read, and what is still owed.

Owns its text form (JSON with a version) and the choice between a full reading and one of changes. Must not make
requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

VERSION = 1
AHEAD = "the cursor is ahead of Moodle's clock"


@dataclass(frozen=True)
class Cursor:
    """`since`: the server's clock (epoch seconds) when the last reading began. `todo`: identifiers of people (grades)
    or attempts that could not be read then. `skip`: attempts that are nobody's result, with the reason (preview,
    deleted, refused, unreadable). `fallen`: what is known was read with the companion, before the site lost it."""

    since: int
    todo: tuple[int, ...] = ()
    skip: Mapping[int, str] = field(default_factory=dict)
    fallen: bool = False

    def text(self) -> str:
        """The stored form."""
        skip = {str(key): reason for key, reason in sorted(self.skip.items())}
        stored = {"v": VERSION, "since": self.since, "todo": sorted(self.todo), "skip": skip}
        return msgspec.json.encode(stored | {"fallen": True} if self.fallen else stored).decode()


class _Stored(msgspec.Struct):
    v: int
    since: int
    todo: list[int] = []
    skip: dict[int, str] = {}
    fallen: bool = False


def parse(text: str | None) -> Cursor | None:
    """The cursor that `Cursor.text` wrote; None for anything else, which means: read everything."""
    if not text:
        return None
    try:
        stored = msgspec.json.decode(text, type=_Stored, strict=False)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    if stored.v != VERSION or stored.since < 0:
        return None
    return Cursor(stored.since, tuple(stored.todo), stored.skip, stored.fallen)


def is_ahead(cursor: Cursor, server_now: int, overlap: int) -> bool:
    """Whether the cursor lies in the server's future: Moodle was restored from a backup, or its clock was set back."""
    return cursor.since > server_now + overlap
