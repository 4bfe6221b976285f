"""Periods of time in a site's zone: a span of days with both ends, and the months, weeks and quarters of a calendar."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Period:
    """Whole days in `zone`, both ends included; None: no limit."""

    zone: ZoneInfo
    first_day: dt.date | None = None
    last_day: dt.date | None = None

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return self.first_day is not None or self.last_day is not None

    def day_of(self, instant: dt.datetime | None) -> dt.date | None:
        """The day of an instant in the zone."""
        return None if instant is None else instant.astimezone(self.zone).date()

    def takes(self, day: dt.date | None) -> bool:
        """Whether the day lies in the period. What has no day lies in none that is limited."""
        if not self.limited:
            return True
        return day is not None and (self.first_day or day) <= day <= (self.last_day or day)

    def bounds(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """The instants at which it begins and ends, the end exclusive."""
        first = None if self.first_day is None else self._midnight(self.first_day)
        return first, None if self.last_day is None else self._midnight(self.last_day + dt.timedelta(days=1))

    def _midnight(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), self.zone).astimezone(dt.UTC)

    def until_its_end(self) -> Period:
        """From the beginning of time to the last day of this period."""
        return Period(self.zone, None, self.last_day)


class Step(StrEnum):
    """How long the parts of a series of periods are."""

    MONTH = "month"
    WEEK = "week"  # ISO 8601: from Monday
    QUARTER = "quarter"


@dataclass(frozen=True, order=True)
class Span:
    """One month, week or quarter: its first and last day."""

    first_day: dt.date
    last_day: dt.date


def span_of(day: dt.date, step: Step) -> Span:
    """The month, week or quarter that a day lies in."""
    if step is Step.WEEK:
        monday = day - dt.timedelta(days=day.weekday())
        return Span(monday, monday + dt.timedelta(days=6))
    first, last = day.month, day.month
    if step is Step.QUARTER:
        first = (day.month - 1) // 3 * 3 + 1
        last = first + 2
    return Span(dt.date(day.year, first, 1), dt.date(day.year, last, calendar.monthrange(day.year, last)[1]))
