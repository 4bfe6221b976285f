"""Where a reader stands in a stream, and its text form (the companion's ``cursor.php``)."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from lms_sync.sandbox.companion.plugin import Mark
from lms_sync.sandbox.refusals import Refusal

_VERSION = 1


@dataclass
class Cursor:
    """A reader's place. ``after``: objects up to this id were read in the first reading; None: that is over."""

    stream: str
    after: int | None
    positions: dict[str, int]
    nonce: str
    time: int

    def text(self, mark: Mark) -> str:
        """The text form of the place, for a reader who was served up to a mark."""
        plain = [_VERSION, self.stream, self.after, self.positions, mark.nonce, mark.time]
        encoded = base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode())
        return encoded.decode().rstrip("=")

    @classmethod
    def at(cls, stream: str, sources: tuple[str, ...], mark: Mark) -> Cursor:
        """The place of a reader who has everything up to a mark, and follows the changes from there."""
        positions = {source: mark.positions[source] for source in sources}
        return cls(stream, None, positions, mark.nonce, mark.time)

    @classmethod
    def parse(cls, text: str, stream: str, sources: tuple[str, ...]) -> Cursor:
        """Read a text form. Raises ``Refusal`` when it is damaged, or of another stream or version."""
        try:
            plain: Any = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError):
            raise invalid_cursor() from None
        if not isinstance(plain, list) or len(plain) != 6 or plain[:2] != [_VERSION, stream]:
            raise invalid_cursor()
        _, _, after, positions, nonce, time = plain
        whole = isinstance(after, int | None) and isinstance(positions, dict) and isinstance(nonce, str)
        if not whole or not isinstance(time, int) or tuple(positions) != sources:
            raise invalid_cursor()
        if not all(isinstance(position, int) for position in positions.values()):
            raise invalid_cursor()
        return cls(stream, after, positions, nonce, time)


def invalid_cursor() -> Refusal:
    """The refusal of a cursor that nobody can read."""
    message = (
        "The cursor is damaged, of another stream or of another version of the plugin: "
        "read the stream from the beginning"
    )
    return Refusal("moodle_exception", "invalidcursor", message)
