"""Durations and cron lines, as an operator writes them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.timing import Timing, cron_fields, duration_text, parse_duration

UTC = dt.UTC
NOON = dt.datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("1h30m", 5400), ("1d", 86400), ("2w", 1209600), (" 6H ", 21600)]
)
def test_a_duration_is_read_in_its_units(text: str, seconds: int) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "15", "15 min", "m", "-5m", "1.5h", "30m1h", "0s", "400d", "٣m٣"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        parse_duration(text)


@given(st.integers(1, 366 * 86400))
def test_a_duration_reads_back_as_it_was_written(seconds: int) -> None:
    assert parse_duration(duration_text(dt.timedelta(seconds=seconds))).total_seconds() == seconds


@pytest.mark.parametrize(
    ("weekday", "days"),
    [
        ("0", "sun"),
        ("7", "sun"),
        ("1", "mon"),
        ("1-5", "mon,tue,wed,thu,fri"),
        ("5-7", "sun,fri,sat"),
        ("mon,thu", "mon,thu"),
        ("*/2", "sun,tue,thu,sat"),
        ("*", "*"),
    ],
)
def test_weekdays_count_from_sunday_as_cron_counts_them(weekday: str, days: str) -> None:
    assert cron_fields(f"0 3 * * {weekday}")["day_of_week"] == days


def test_a_cron_line_for_monday_fires_on_monday() -> None:
    due = Timing(cron="30 3 * * 1").due_after(NOON, NOON, "UTC")
    assert due == dt.datetime(2026, 3, 9, 3, 30, tzinfo=UTC)
    assert due.strftime("%A") == "Monday"


@pytest.mark.parametrize(
    "line", ["0 3 * *", "0 25 * * *", "0 3 * * 8", "0 3 * * 5-1", "0 3 * * mo", "x * * * *", "0 3 32 * *"]
)
def test_a_cron_line_that_cannot_be_meant_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="cron line"):
        cron_fields(line)


def test_a_day_of_the_month_and_of_the_week_together_are_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        cron_fields("0 3 1 * mon")


@pytest.mark.parametrize("timing", [{}, {"every": dt.timedelta(minutes=1), "cron": "0 3 * * *"}])
def test_a_timing_is_either_an_interval_or_a_cron_line(timing: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either"):
        Timing(**timing)  # type: ignore[arg-type]


class TestDue:
    every = Timing(every=dt.timedelta(hours=1))
    nightly = Timing(cron="0 3 * * *")

    def test_what_was_never_done_is_due_now(self) -> None:
        assert self.every.due_after(None, NOON, "UTC") == NOON
        assert self.nightly.due_after(None, NOON, "UTC") == NOON

    def test_an_interval_counts_from_the_last_time(self) -> None:
        last = NOON - dt.timedelta(minutes=20)
        assert self.every.due_after(last, NOON, "UTC") == NOON + dt.timedelta(minutes=40)

    def test_an_interval_that_passed_is_due_now(self) -> None:
        assert self.every.due_after(NOON - dt.timedelta(days=3), NOON, "UTC") == NOON

    def test_a_cron_time_missed_while_down_is_due_now(self) -> None:
        assert self.nightly.due_after(NOON - dt.timedelta(hours=12), NOON, "UTC") == NOON

    def test_a_cron_time_already_served_waits_for_the_next(self) -> None:
        served = dt.datetime(2026, 3, 4, 3, 0, 5, tzinfo=UTC)
        assert self.nightly.due_after(served, NOON, "UTC") == dt.datetime(2026, 3, 5, 3, 0, tzinfo=UTC)

    def test_cron_times_are_those_of_the_source_zone(self) -> None:
        served = dt.datetime(2026, 3, 4, 3, 0, 5, tzinfo=UTC)
        due = self.nightly.due_after(served, NOON, "Asia/Vladivostok")
        assert due == dt.datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
