"""The estimate of time: against a model that knows whole sessions, and what it can never say."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.records import Action
from lms_sync.report.activity import DayLine, day_lines
from lms_sync.report.doers import doer, done_by
from lms_sync.report.effort import EffortMeter, EffortRule
from lms_sync.report.study_time import course_efforts
from tests.unit.journal_samples import MIDNIGHT, action

RULE = EffortRule(pause=1800, last=300)
rules = st.tuples(st.integers(1, 3000), st.integers(0, 3000)).map(lambda pair: EffortRule(max(pair), min(pair)))
moments = st.lists(st.integers(0, 20_000), min_size=1, max_size=40)


def sessions_of(times: list[int], rule: EffortRule) -> list[list[int]]:
    """The model: lists of moments between which no gap is longer than a pause."""
    sessions: list[list[int]] = []
    for time in sorted(times):
        if sessions and time - sessions[-1][-1] <= rule.pause:
            sessions[-1].append(time)
        else:
            sessions.append([time])
    return sessions


def seconds_of(sessions: list[list[int]], rule: EffortRule) -> int:
    return sum(session[-1] - session[0] + rule.last for session in sessions)


def metered(times: list[int], rule: EffortRule) -> EffortMeter[str]:
    meter = EffortMeter[str](rule)
    for time in sorted(times):
        meter.add("x", time)
    return meter


@pytest.mark.parametrize(
    ("times", "sessions", "seconds"),
    [
        ([100], 1, 300),
        ([100, 100, 100], 1, 300),
        ([100, 160], 1, 360),
        ([0, 1800], 1, 2100),
        ([0, 1801], 2, 600),
        ([0, 60, 5000, 5060], 2, 720),
    ],
)
def test_the_rule_by_hand(times: list[int], sessions: int, seconds: int) -> None:
    effort = metered(times, RULE).efforts["x"]
    assert (effort.actions, effort.sessions, effort.seconds) == (len(times), sessions, seconds)
    assert (effort.first, effort.last) == (times[0], times[-1])


@given(times=moments, rule=rules)
def test_as_whole_sessions_say(times: list[int], rule: EffortRule) -> None:
    effort = metered(times, rule).efforts["x"]
    sessions = sessions_of(times, rule)
    assert (effort.sessions, effort.seconds) == (len(sessions), seconds_of(sessions, rule))


@given(times=moments, rule=rules)
def test_never_more_than_the_whole_span_and_one_last_action(times: list[int], rule: EffortRule) -> None:
    effort = metered(times, rule).efforts["x"]
    assert rule.last * effort.sessions <= effort.seconds <= max(times) - min(times) + rule.last


@given(times=moments, rule=rules, longer=st.integers(0, 1000))
def test_a_longer_pause_never_makes_less(times: list[int], rule: EffortRule, longer: int) -> None:
    more = metered(times, EffortRule(rule.pause + longer, rule.last)).efforts["x"]
    assert more.seconds >= metered(times, rule).efforts["x"].seconds


# --- over days and courses --------------------------------------------------------------------------------------------

rows = st.lists(
    st.builds(
        lambda who, course, time, rung: (who, course, time, rung),
        st.sampled_from("ab"),
        st.sampled_from(["", "5", "6"]),
        st.one_of(st.integers(0, 4 * 86_400), st.integers(86_000, 87_000)),  # also about a midnight
        st.sampled_from(["log", "log", "log", "derived"]),
    ),
    max_size=60,
)
Row = tuple[str, str, int, str]


def done(found: list[Row]) -> list[tuple[str, Action]]:
    ordered = sorted(found, key=lambda row: row[2])
    return [
        (who, action(MIDNIGHT + time, learner=who, course=course, rung=rung)) for who, course, time, rung in ordered
    ]


@given(found=rows, rule=rules, seed=st.integers())
def test_time_in_a_course_is_that_of_its_own_sessions_in_any_order_of_the_rows(
    found: list[Row], rule: EffortRule, seed: int
) -> None:
    shuffled = random.Random(seed).sample(found, len(found))
    efforts = course_efforts(done(shuffled), rule)
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    for who, course, time, rung in found:
        if course and rung == "log":
            times[who, course].append(MIDNIGHT + time)
    assert efforts.keys() == times.keys()
    for pair, own in times.items():
        days = {dt.datetime.fromtimestamp(time + 8 * 3600, dt.UTC).date() for time in own}
        assert efforts[pair].effort.seconds == seconds_of(sessions_of(own, rule), rule)
        assert (efforts[pair].days, efforts[pair].first_day, efforts[pair].last_day) == (
            len(days), min(days), max(days),
        )  # fmt: skip


@given(found=rows, rule=rules)
def test_days_add_up_to_everything_and_come_in_their_order(found: list[Row], rule: EffortRule) -> None:
    lines = [replace(line) for line in day_lines(done(found), rule)]  # as they are when they are told
    assert [line.day for line in lines] == sorted(line.day for line in lines)
    assert len({(line.day, line.who) for line in lines}) == len(lines)
    for who in "ab":
        own = [line for line in lines if line.who == who]
        logged = [time for name, _, time, rung in found if name == who and rung == "log"]
        assert sum(line.actions for line in own) == sum(name == who for name, *_ in found)
        assert sum(line.derived for line in own) == sum(name == who and rung == "derived" for name, _, _, rung in found)
        assert sum(line.seconds for line in own) == seconds_of(sessions_of(logged, rule), rule)
        assert all(sum(line.kinds.values()) == line.actions for line in own)


def test_an_action_counts_to_its_own_day_where_the_session_goes_on_past_midnight() -> None:
    evening = [("a", action(MIDNIGHT + time)) for time in (-600, -60, 120)]
    first, second = map(replace, day_lines(evening, RULE))  # as they are when they are told
    assert (first.day.day, first.actions, first.seconds) == (22, 2, 540 + 180)
    assert (second.day.day, second.actions, second.seconds) == (23, 1, 300)


def test_a_day_is_told_before_the_journal_ends() -> None:
    def endless() -> Iterator[tuple[str, Action]]:
        yield from (("a", action(MIDNIGHT + day * 86_400)) for day in range(3))
        raise AssertionError("the first day was not told yet")

    first = next(day_lines(endless(), RULE))
    assert first == DayLine(
        dt.date(2026, 9, 23), "a", first.first, first.last, actions=1, seconds=300, kinds={"course_viewed": 1}
    )


# --- whose doing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({}, "3"),
        ({"actor": "9"}, "9"),
        ({"actor": ""}, ""),
        ({"impersonator": "2"}, ""),
        ({"anonymous": True, "learner": "", "actor": ""}, ""),
        ({"origin": "ws"}, "3"),
        ({"origin": "cli"}, ""),
        ({"origin": "restore"}, ""),
        ({"origin": "", "rung": "derived"}, "3"),
        ({"origin": "", "rung": "derived", "actor": ""}, ""),
    ],
)
def test_whose_doing_an_action_is(changes: dict[str, object], who: str) -> None:
    assert doer(action(MIDNIGHT, **changes)) == who


def test_only_those_who_are_meant() -> None:
    found = [action(MIDNIGHT, learner="3"), action(MIDNIGHT, learner="3", actor="9"), action(MIDNIGHT, learner="4")]
    assert [who for who, _ in done_by(found, {"3", "9"})] == ["3", "9"]
    assert [who for who, _ in done_by(found, None)] == ["3", "9", "4"]
