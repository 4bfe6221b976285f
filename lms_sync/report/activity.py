"""What each learner did on each day: how often, from when to when, what, and for how long by estimate.

Owns the lines. They come day by day, so that memory does not grow with the length of the journal. Shows personal data.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from lms_sync.records import Action, Rung
from lms_sync.report.actions import local_time
from lms_sync.report.captions import caption
from lms_sync.report.captions_journal import ACTIVITY, ANYWHERE, IN_COURSE, LOG_ONLY, OWN_ACTIONS, rule_words
from lms_sync.report.directory import Directory
from lms_sync.report.effort import EffortMeter, EffortRule
from lms_sync.report.interface import Column, Stream, Value
from lms_sync.report.phrases import titled

_COLUMNS = (
    Column("day", caption("journal.day")),
    Column("learner_name", caption("journal.learner_name")),
    Column("learner", caption("journal.learner"), detail=True),
    Column("actions", caption("journal.actions"), numeric=True),
    Column("derived", caption("journal.derived"), numeric=True),
    Column("first_time", caption("journal.first_time")),
    Column("last_time", caption("journal.last_time")),
    Column("minutes", caption("journal.minutes"), numeric=True),
    Column("seconds", caption("journal.seconds"), numeric=True, detail=True),
    Column("kinds", caption("journal.kinds")),
    Column("kind_codes", caption("journal.kind_codes"), detail=True),
)
_SETTLED = dt.timedelta(days=2)
"""A day's lines are final when a day so much later has begun: a pause is shorter than the day that lies between."""


@dataclass
class DayLine:
    """What one person did on one day of the site's calendar. Times are by the site's clocks."""

    day: dt.date
    who: str
    first: dt.datetime
    last: dt.datetime
    actions: int = 0
    derived: int = 0
    seconds: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


def day_lines(done: Iterable[tuple[str, Action]], rule: EffortRule) -> Iterator[DayLine]:
    """The lines of who did what, in the order of days. `done` comes in the order of time.

    An action counts to its own day, also where the session goes on past midnight.
    """
    meter = EffortMeter[str](rule)
    open_days: dict[dt.date, dict[str, DayLine]] = {}
    latest: dict[str, DayLine] = {}
    for who, action in done:
        moment = local_time(action)
        for day in sorted(day for day in open_days if moment.date() - day >= _SETTLED):
            yield from open_days.pop(day).values()
        line = open_days.setdefault(moment.date(), {}).setdefault(who, DayLine(moment.date(), who, moment, moment))
        line.last = moment
        line.actions += 1
        line.kinds[action.action] += 1
        if action.rung == Rung.DERIVED:
            line.derived += 1
            continue
        more, _ = meter.add(who, action.occurred_at)
        if who in latest:
            latest[who].seconds += more
        line.seconds += rule.last
        latest[who] = line
    for day in sorted(open_days):
        yield from open_days[day].values()


def activity(
    done: Iterable[tuple[str, Action]],
    directory: Directory,
    captions: Mapping[str, str],
    rule: EffortRule,
    *,
    about: str = "",
    notes: Iterable[str] = (),
    of_course: bool = False,
) -> Stream:
    """A row a day and person, in the order of days and then of names.

    `captions`: how actions are called. `of_course`: the actions are those of a single course.
    """
    where = IN_COURSE if of_course else ANYWHERE
    told = [*notes, OWN_ACTIONS, rule_words(rule.pause // 60, rule.last // 60, where=where), LOG_ONLY]
    return Stream(titled(ACTIVITY, about), _COLUMNS, _rows(day_lines(done, rule), directory, captions), told)


def _rows(lines: Iterable[DayLine], directory: Directory, captions: Mapping[str, str]) -> Iterator[list[Value]]:
    for _, of_day in groupby(lines, key=lambda line: line.day):
        own = list(of_day)
        directory.learn_people(line.who for line in own)
        for line in sorted(own, key=lambda line: directory.order(line.who)):
            yield _row(line, directory, captions)


def _row(line: DayLine, directory: Directory, captions: Mapping[str, str]) -> list[Value]:
    kinds = sorted(line.kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    logged = line.actions > line.derived
    return [
        line.day,
        directory.person(line.who),
        line.who,
        line.actions,
        line.derived,
        line.first.strftime("%H:%M:%S"),
        line.last.strftime("%H:%M:%S"),
        (line.seconds + 30) // 60 if logged else None,
        line.seconds if logged else None,
        "; ".join(f"{captions.get(code, code)} — {count}" for code, count in kinds),
        " ".join(f"{code}:{count}" for code, count in kinds),
    ]
