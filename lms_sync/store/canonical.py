"""The bytes that digests are taken of, exactly as `docs/ledger.md` publishes them.

Owns the canonical form of a payload, the salt and both digests. Must not know tables or engines. Whatever changes
here breaks every verifier written from the document: a change needs a new ledger format.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from lms_sync.exact import utc_instant

GENESIS = "0" * 64
"""The `previous_digest` of the first row."""

SALT_BYTES = 16

ENCODED_TYPES = frozenset({str, int, bool, type(None)})
"""The types of values in a digested row. A BLOB in place of a text, which SQLite takes, must not get into one: it would
be encoded as its base64, which may well be the text that was there."""

_encoder = msgspec.json.Encoder(order="sorted")
_NUL = "\\u0000"


def canonical_payload(payload: dict[str, Any]) -> str:
    """A record's payload as JSON: keys sorted, no spaces, nothing escaped that need not be.

    Two characters that PostgreSQL cannot hold in a text, U+0000 and lone surrogates, become U+FFFD, so that one
    damaged name in the LMS does not fail its page.
    """
    try:
        text = _encoder.encode(payload).decode()
    except UnicodeEncodeError:
        return canonical_payload(_storable(payload))
    if _NUL in text and (storable := _storable(payload)) != payload:
        return _encoder.encode(storable).decode()
    return text


def storable_text(text: str) -> str:
    """The text with every character that a database cannot hold replaced by U+FFFD."""
    return (
        text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value


def new_salts(count: int) -> list[bytes]:
    """As many fresh salts, from the system's secure source."""
    pool = os.urandom(SALT_BYTES * count)
    return [pool[start : start + SALT_BYTES] for start in range(0, len(pool), SALT_BYTES)]


def payload_digest(salt: bytes, payload: str) -> str:
    """SHA-256 of salt and payload, as 64 lowercase hexadecimal digits."""
    return hashlib.sha256(salt + payload.encode()).hexdigest()


def row_digest(fields: Sequence[str | int | None]) -> str:
    """SHA-256 of the row's fields as one JSON array; `fields` in the order of `DIGEST_FIELDS`."""
    return hashlib.sha256(_encoder.encode(fields)).hexdigest()


DIGEST_FIELDS = (
    "previous_digest",
    "seq",
    "observed_at",
    "source_at",
    "source",
    "kind",
    "key",
    "scope",
    "version",
    "operation",
    "payload_digest",
    "run_id",
    "actor",
    "reason",
)


@lru_cache(maxsize=8192)
def digest_time(instant: dt.datetime) -> str:
    """An instant as digests have it: in UTC, always 27 characters, `2026-11-22T04:20:00.000000Z`.

    Raises ValueError for a time without a zone.
    """
    return utc_instant(instant).isoformat(timespec="microseconds")[:-6] + "Z"
