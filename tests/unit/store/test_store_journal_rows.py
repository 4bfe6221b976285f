"""Times of actions as digests have them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.store.canonical import digest_time
from lms_sync.store.journal_rows import occurred_text

FIRST, LAST = -62_135_596_800, 253_402_300_799  # the years 1 to 9999


@given(st.integers(FIRST, LAST))
def test_epoch_seconds_are_written_as_digests_have_times(seconds: int) -> None:
    instant = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    assert occurred_text(seconds) == digest_time(instant)


@pytest.mark.parametrize("seconds", [FIRST, -1, 0, 3599, 3600, LAST])
def test_the_edges(seconds: int) -> None:
    assert len(occurred_text(seconds)) == len("2026-11-22T04:20:00.000000Z")
