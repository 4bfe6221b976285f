"""What a page of the action journal is made of: rows, their digests and the page's, as `docs/ledger.md` publishes them.

Pure and quick: a site has millions of actions, so a row stays a plain tuple from beginning to end. Must not know how
rows get into a database.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from lms_sync.exact import utc_text
from lms_sync.records import Action
from lms_sync.store.canonical import canonical_payload, new_salts, storable_text

PAGE_KIND = "action_page"
"""The kind of ledger row that seals a page."""

ERASURE_KIND = "action_erasure"
"""The kind of ledger row that tells which rows were emptied because their learner was erased."""

FIELDS = Action._fields
"""The columns that a row's digest is taken of, in this order; `occurred_at` as digests have times."""

Values = tuple[Any, ...]
"""The values of `FIELDS`, as the table has them."""

_encode = msgspec.json.Encoder().encode
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_HOUR = 3600
_WITHIN_HOUR = [f"{second // 60:02}:{second % 60:02}.000000Z" for second in range(_HOUR)]
_KEY, _OCCURRED_AT, _RUNG = (FIELDS.index(name) for name in ("key", "occurred_at", "rung"))


@dataclass(frozen=True)
class SealedPage:
    """Rows as they are kept, in their order, with a salt each, and the canonical payload that seals them."""

    rows: list[Values]
    texts: list[bytes]  # the canonical JSON of each row
    salts: list[bytes]
    payload: str


def seal(actions: Sequence[Action]) -> SealedPage:
    """A page of these actions, at least one, whose texts are storable."""
    rows = [_values(action) for action in actions]
    texts = [_encode(row) for row in rows]
    salts = new_salts(len(rows))
    times = [action.occurred_at for action in actions]
    payload = {
        "rows": len(rows),
        "digest": page_digest(salts, texts),
        "first": rows[0][_KEY],
        "last": rows[-1][_KEY],
        "from": _instant_text(min(times)),
        "until": _instant_text(max(times)),
        "rungs": dict(Counter(row[_RUNG] for row in rows)),
    }
    return SealedPage(rows, texts, salts, canonical_payload(payload))


def page_digest(salts: Sequence[bytes], texts: Sequence[bytes]) -> str:
    """SHA-256 over the digests of all rows in their order, as 64 lowercase hexadecimal digits."""
    digests = [hashlib.sha256(salt + text).digest() for salt, text in zip(salts, texts, strict=True)]
    return hashlib.sha256(b"".join(digests)).hexdigest()


def row_digest(salt: bytes, values: Sequence[Any]) -> bytes:
    """SHA-256 of salt and the row's `FIELDS` as one JSON array: 32 bytes."""
    return hashlib.sha256(salt + _encode(values)).digest()


def erased_text(page: int, position: int, key: str, digest: bytes) -> bytes:
    """What is left of an erased row, as one JSON array: an erasure's digest is taken over those of all its rows."""
    return _encode((page, position, key, digest.hex()))


def storable_actions(actions: Sequence[Action]) -> Sequence[Action]:
    """The actions with every character that a database cannot hold replaced by U+FFFD."""
    try:
        if b"\\u0000" not in _encode(actions):  # the text of a backslash and u0000 is looked at needlessly
            return actions
    except UnicodeEncodeError:
        pass
    return [Action._make(map(_storable, action)) for action in actions]


def _storable(value: Any) -> Any:
    return storable_text(value) if isinstance(value, str) else value


def occurred_text(seconds: int) -> str:
    """Epoch seconds as digests have times: `2026-11-22T04:20:00.000000Z`."""
    hour, rest = divmod(seconds, _HOUR)
    return _hour_text(hour) + _WITHIN_HOUR[rest]


@lru_cache(maxsize=4096)
def _hour_text(hour: int) -> str:
    return (_EPOCH + dt.timedelta(hours=hour)).isoformat()[:14]


def _instant_text(seconds: int) -> str:
    return utc_text(_EPOCH + dt.timedelta(seconds=seconds))


def _values(action: Action) -> Values:
    key, occurred_at, *told, anonymous, rung = action
    # A code or rung that is a member of an enumeration is the text it stands for, in JSON and in both databases.
    return (key, occurred_text(occurred_at), *told, bool(anonymous), str(rung))
