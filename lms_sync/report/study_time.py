"""How long each learner worked in each course, by estimate from the action journal.

Owns the lines; the rule of the estimate is `effort`'s. Only the LMS's own log counts: what was concluded from records
tells single moments, and nothing of the time between. Shows personal data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Set
from dataclasses import dataclass

from lms_sync.collation import sort_key
from lms_sync.records import Action, Rung
from lms_sync.report.actions import local_time
from lms_sync.report.captions import caption
from lms_sync.report.captions_journal import IN_COURSE, LOG_ONLY, STUDY_TIME, duration_words, rule_words
from lms_sync.report.directory import Directory
from lms_sync.report.effort import Effort, EffortMeter, EffortRule
from lms_sync.report.interface import Column, Table, Value
from lms_sync.report.phrases import titled

Pair = tuple[str, str]
"""Who, and in which course."""

_COLUMNS = (
    Column("learner_name", caption("journal.learner_name")),
    Column("learner", caption("journal.learner"), detail=True),
    Column("course_title", caption("journal.course_title")),
    Column("course", caption("journal.course"), detail=True),
    Column("hours", caption("journal.hours"), numeric=True),
    Column("duration", caption("journal.duration"), numeric=True),
    Column("seconds", caption("journal.seconds"), numeric=True, detail=True),
    Column("sessions", caption("journal.sessions"), numeric=True),
    Column("actions", caption("journal.actions"), numeric=True),
    Column("days", caption("journal.days"), numeric=True),
    Column("first_day", caption("journal.first_day")),
    Column("last_day", caption("journal.last_day")),
)


@dataclass
class CourseEffort:
    """What somebody's actions in a course amount to; days are of the site's calendar."""

    effort: Effort
    days: int
    first_day: dt.date
    last_day: dt.date


def course_efforts(
    done: Iterable[tuple[str, Action]], rule: EffortRule, places: Set[Pair] | None = None
) -> dict[Pair, CourseEffort]:
    """The effort of each person in each course, from who did what in the order of time.

    `places`: only these (None: all). Derived actions and what lies in no course do not count.
    """
    meter = EffortMeter[Pair](rule)
    found: dict[Pair, CourseEffort] = {}
    for who, action in done:
        pair = who, action.course
        if action.rung != Rung.LOG or not action.course or (places is not None and pair not in places):
            continue
        meter.add(pair, action.occurred_at)
        day = local_time(action).date()
        known = found.setdefault(pair, CourseEffort(meter.efforts[pair], 0, day, day))
        known.days += known.days == 0 or day != known.last_day
        known.last_day = day
    return found


def study_time(
    efforts: dict[Pair, CourseEffort],
    directory: Directory,
    rule: EffortRule,
    *,
    about: str = "",
    notes: Iterable[str] = (),
) -> Table:
    """A row a learner and course, in the order of names and then of titles."""
    directory.learn_people(who for who, _ in efforts)
    directory.learn_courses(course for _, course in efforts)
    told = [*notes, rule_words(rule.pause // 60, rule.last // 60, where=IN_COURSE), LOG_ONLY]
    pairs = sorted(efforts, key=lambda pair: _order(pair, directory))
    rows = [_row(pair, efforts[pair], directory) for pair in pairs]
    return Table(titled(STUDY_TIME, about), _COLUMNS, rows, told)


def _order(pair: Pair, directory: Directory) -> tuple[object, ...]:
    who, course = pair
    return directory.order(who), sort_key(directory.course(course)), course


def _row(pair: Pair, found: CourseEffort, directory: Directory) -> list[Value]:
    who, course = pair
    return [
        directory.person(who),
        who,
        directory.course(course),
        course,
        directory.hours(course),
        duration_words(found.effort.seconds),
        found.effort.seconds,
        found.effort.sessions,
        found.effort.actions,
        found.days,
        found.first_day,
        found.last_day,
    ]
