"""The published bytes: what `docs/ledger.md` promises, against the standard library and fixed digests."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from lms_sync.store.canonical import (
    GENESIS,
    canonical_payload,
    digest_time,
    new_salts,
    payload_digest,
    row_digest,
    storable_text,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | ANY_TEXT | st.lists(ANY_TEXT)


def stdlib(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@given(st.dictionaries(st.text("abc_", min_size=1), VALUES))
def test_a_payload_is_the_json_that_the_standard_library_writes(payload: dict[str, object]) -> None:
    text = canonical_payload(payload)
    assert "\x00" not in text
    text.encode("utf-8")
    expected = {name: clean(value) for name, value in payload.items()}
    assert text == stdlib(expected)


def clean(value: object) -> object:
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, str):
        return "".join("\ufffd" if char == "\x00" or "\ud800" <= char <= "\udfff" else char for char in value)
    return value


def test_what_looks_like_an_escape_stays_as_it_is() -> None:
    assert canonical_payload({"a": "\\u0000"}) == '{"a":"\\\\u0000"}'


def test_a_pair_of_surrogates_that_makes_a_character_is_kept_as_one() -> None:
    assert storable_text("\ud83d\ude00 \ud83d") == "😀 \ufffd"


@given(st.lists(st.none() | st.integers(0, 2**63 - 1) | st.text(), min_size=14, max_size=14))
def test_a_row_is_digested_as_the_json_array_of_the_standard_library(fields: list[str | int | None]) -> None:
    assert row_digest(fields) == hashlib.sha256(stdlib(fields).encode()).hexdigest()


def test_fixed_digests() -> None:
    """Computed once with `sha256sum`; a difference means that every ledger in the world would stop verifying."""
    assert (
        payload_digest(bytes(range(16)), '{"город":"Тверь"}')
        == "06e22f6bbfeb59ca3ba1163ec7810d152a7181a93c292c0096bf979cdf53aad1"
    )
    row = [GENESIS, 1, "2026-11-22T04:20:00.000000Z", None, "moodle", "learner", "9", "", 1, "put", "ab", 12, "Ё\n", ""]
    assert row_digest(row) == "4715e7440418f6e293207f7ff5cb9a7bd5776cf8e68631a95a119d8afed48e29"


def test_times_always_have_six_places() -> None:
    assert digest_time(dt.datetime(2026, 11, 22, 4, 20, tzinfo=dt.UTC)) == "2026-11-22T04:20:00.000000Z"
    assert digest_time(dt.datetime(2026, 11, 22, 4, 20, 0, 7, tzinfo=dt.UTC)) == "2026-11-22T04:20:00.000007Z"


def test_salts_are_sixteen_bytes_and_never_the_same() -> None:
    salts = new_salts(100)
    assert {len(salt) for salt in salts} == {16}
    assert len(set(salts)) == 100
    assert new_salts(0) == []
