"""Durations and schedules as an operator writes them: `15m`, `1h30m`, `0 3 * * 1-5`.

Owns their spelling and their meaning. Must not know what is scheduled. Every error is a ValueError whose text tells
what to write instead.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = dt.timedelta(days=366)


def parse_duration(text: str) -> dt.timedelta:
    """The length of time that `text` names: whole weeks, days, hours, minutes and seconds, largest first."""
    found = _DURATION.fullmatch(text.strip().lower())
    if not found or not any(found.groups()):
        raise ValueError("write a length of time like 15m, 6h, 1d or 1h30m")
    seconds = sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS.values(), strict=True))
    if not 0 < seconds <= _LONGEST.total_seconds():
        raise ValueError("write a length of time between 1s and 366d")
    return dt.timedelta(seconds=seconds)


def duration_text(duration: dt.timedelta) -> str:
    """The duration in its shortest spelling, to the second: `1h30m`."""
    rest = round(duration.total_seconds())
    parts = []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


@dataclass(frozen=True)
class Timing:
    """When something is due: again after `every`, or at the times that a cron line names. Exactly one is set."""

    every: dt.timedelta | None = None
    cron: str = ""

    def __post_init__(self) -> None:
        if (self.every is None) == (not self.cron):
            raise ValueError('write either every = "15m" or cron = "0 3 * * *"')
        if self.cron:
            cron_fields(self.cron)

    def __str__(self) -> str:
        return f"every {duration_text(self.every)}" if self.every else f"cron {self.cron}"

    def trigger(self, timezone: str, start: dt.datetime) -> BaseTrigger:
        """The APScheduler trigger. `timezone` is an IANA name; intervals are counted from `start`."""
        from apscheduler.triggers.cron import CronTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        if self.every is not None:
            return IntervalTrigger(seconds=int(self.every.total_seconds()), start_date=start, timezone="UTC")
        return CronTrigger(**cron_fields(self.cron), timezone=timezone)

    def due_after(self, last: dt.datetime | None, now: dt.datetime, timezone: str) -> dt.datetime:
        """When it is due, knowing when it was last done (None: never). At once if that moment was missed."""
        if last is None:
            return now
        if self.every is not None:
            return max(now, last + self.every)
        following: dt.datetime = self.trigger(timezone, now).get_next_fire_time(None, last + dt.timedelta(seconds=1))
        return max(now, following)


def cron_fields(line: str) -> dict[str, Any]:
    """A cron line's five fields as APScheduler understands them.

    Cron counts the days of the week from Sunday and APScheduler from Monday, so days are passed on by name. Cron joins
    a day of the month and a day of the week by "or", APScheduler by "and", so a line with both is refused.
    """
    from apscheduler.triggers.cron import CronTrigger

    fields = line.lower().split()
    if len(fields) != 5:
        raise ValueError("a cron line has five fields: minute hour day month weekday, like 0 3 * * *")
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise ValueError("name a day of the month or a day of the week, not both: cron tools disagree on what it means")
    known = {"minute": minute, "hour": hour, "day": day, "month": month, "day_of_week": _weekdays(weekday)}
    try:
        CronTrigger(**known)
    except (ValueError, TypeError) as error:
        raise ValueError(f"not a cron line that can be read ({error}); write five fields like 0 3 * * 1-5") from None
    return known


def _weekdays(field: str) -> str:
    """The weekday field with every day named, in the order of the week: `1-5` is `mon,tue,wed,thu,fri`."""
    if field == "*":
        return field
    numbers: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        low = 0 if span == "*" else _weekday(first)
        high = 6 if span == "*" else _weekday(last) if last else low
        high = 7 if last and high == 0 else high  # fri-sun
        if high < low or (step and not step.isdigit()) or step == "0":
            raise ValueError("the weekday of a cron line is a day, a range like 1-5 or a list like mon,thu")
        numbers.update(number % 7 for number in range(low, high + 1, int(step or 1)))
    return ",".join(_DAYS[number] for number in sorted(numbers))


def _weekday(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isdigit() and int(text) <= 7:
        return int(text)
    raise ValueError("the weekdays of a cron line are 0-7 (0 and 7 are Sunday) or sun, mon, tue, wed, thu, fri, sat")
