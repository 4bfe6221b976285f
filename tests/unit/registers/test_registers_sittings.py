"""Open sittings: how they are named, what they gather, and when they are over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping.apply import Mapping
from lms_sync.records import ResultOutcome
from lms_sync.registers.sittings import SittingId, finished_days
from tests.unit.registers import samples
from tests.unit.registers.samples import NOON, attempt, enrolment, facts, result, stored

DAY = dt.timedelta(days=1)


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("7", ("7", "", "")),
        ("7/ОТ-1", ("7", "ОТ-1", "")),
        ("7//2026-03-02", ("7", "", "2026-03-02")),
        ("7/ОТ-1/2026-03-02", ("7", "ОТ-1", "2026-03-02")),
        ("7/вечер/зима", ("7", "вечер/зима", "")),
        ("7/вечер/зима/2026-03-02", ("7", "вечер/зима", "2026-03-02")),
        ("7/2026-03-02", ("7", "2026-03-02", "")),
        ("7/А/2026-3-2", ("7", "А/2026-3-2", "")),
        ("7/А/20260302", ("7", "А/20260302", "")),
    ],
)
def test_a_name_is_read_and_written_alike(text: str, parts: tuple[str, str, str]) -> None:
    assert SittingId.parse(text) == SittingId(*parts)
    assert str(SittingId(*parts)) == text


GROUPS = st.text(st.sampled_from("А1-/ "), max_size=8)


@given(group=GROUPS, day=st.one_of(st.just(""), st.dates().map(dt.date.isoformat)))
def test_any_group_and_day_can_be_named(group: str, day: str) -> None:
    wanted = SittingId("7", group, day)
    assert SittingId.parse(str(wanted)) == wanted


# --- what is gathered -------------------------------------------------------------------------------------------------


def test_sittings_stand_by_group_in_russian_order_then_by_day(per_day: Mapping) -> None:
    groups = {"1": "Ж", "2": "Ё", "3": "Е"}
    results = [
        result(key, groups=[group], finished_at=NOON + late * DAY) for key, group in groups.items() for late in (1, 0)
    ]
    named = [one.model_copy(update={"learner": f"{one.learner}{place}"}) for place, one in enumerate(results)]
    found = samples.sittings(facts(results=stored(*named)), per_day).open()
    assert [(one.id.group, one.id.day[-1]) for one in found] == [
        ("Е", "2"),
        ("Е", "3"),
        ("Ё", "2"),
        ("Ё", "3"),
        ("Ж", "2"),
        ("Ж", "3"),
    ]


def test_a_result_without_a_finish_has_no_day(per_day: Mapping) -> None:
    found = samples.sittings(facts(results=stored(result(finished_at=None))), per_day).open()
    assert [str(one.id) for one in found] == ["7"]
    assert not samples.sittings(facts(), per_day).closes_by_itself(found[0])


def test_a_day_ends_where_the_academy_is(per_day: Mapping) -> None:
    late = dt.datetime(2026, 3, 2, 20, 59, 59, tzinfo=dt.UTC)  # a second before midnight in Moscow
    of = facts(results=stored(result("1", finished_at=late), result("2", finished_at=late + dt.timedelta(seconds=1))))
    first, second = samples.sittings(of, per_day).open()
    assert (first.id.day, second.id.day) == ("2026-03-02", "2026-03-03")
    midnight = late + dt.timedelta(seconds=1)
    assert samples.sittings(of, per_day, late).over_since(first) is None
    assert samples.sittings(of, per_day, midnight).over_since(first) == midnight
    assert samples.sittings(of, per_day, midnight).over_since(second) is None


@pytest.mark.parametrize(
    ("status", "attempts", "outcome"),
    [
        ("active", [], ResultOutcome.ABSENT),
        ("suspended", [], ResultOutcome.NOT_ADMITTED),
        ("active", [attempt(points=None, state="abandoned")], ResultOutcome.NOT_COMPLETED),
        ("suspended", [attempt(points=None, state="abandoned")], ResultOutcome.NOT_COMPLETED),
        ("suspended", [attempt(points=None, state="inprogress")], ResultOutcome.NOT_COMPLETED),
        ("active", [attempt(points=None, state="abandoned", live=False)], ResultOutcome.ABSENT),
    ],
)
def test_who_has_no_result_is_missing_with_a_reason(
    mapping: Mapping, status: str, attempts: list[samples.AttemptFacts], outcome: ResultOutcome
) -> None:
    of = facts(attempts=attempts, enrolments=[enrolment("1", "А", status=status)])
    [sitting] = samples.sittings(of, mapping).open()
    assert (str(sitting.id), sitting.missing) == ("7/А", {"1": outcome})


def test_nobody_is_missing_who_left_or_whose_attempt_waits_or_who_was_erased(mapping: Mapping) -> None:
    of = facts(
        attempts=[attempt("2", points=None)],
        enrolments=[enrolment("1", live=False), enrolment("2"), enrolment("3")],
        people=[samples.person("1"), samples.person("2"), samples.person("3", erased=True)],
    )
    [sitting] = samples.sittings(of, mapping).open()
    assert ([one.learner for one in sitting.waiting], sitting.missing) == (["2"], {})


def test_is_ready_when_there_is_something_and_nothing_waits(mapping: Mapping) -> None:
    ready = facts(results=stored(result("1")), enrolments=[enrolment("1")])
    assert samples.sittings(ready, mapping).open()[0].is_ready
    waits = facts(results=stored(result("1")), attempts=[attempt("2", points=None)])
    assert not samples.sittings(waits, mapping).open()[0].is_ready


@pytest.mark.parametrize(("closing", "over"), [("manual", False), ("on-quiz-close", True)])
def test_a_test_is_over_at_its_closing_time(rules: Callable[[str], Mapping], closing: str, over: bool) -> None:
    mapping = rules(f'[protocols]\nclosing = "{closing}"\n')
    of = facts(results=stored(result("1")), test={"closes_at": NOON})
    [sitting] = samples.sittings(of, mapping).open()
    assert samples.sittings(of, mapping, NOON).over_since(sitting) == (NOON if over else None)
    before = samples.sittings(of, mapping, NOON - dt.timedelta(seconds=1))
    assert (before.over_since(sitting), before.is_over) == (None, False)


def test_days_of_results_are_in_order_and_once_each(mapping: Mapping) -> None:
    results = [result(str(late), finished_at=NOON + late * DAY) for late in (2, 0, 2)]
    assert finished_days([*results, result("9", finished_at=None)], mapping.zone) == [
        dt.date(2026, 3, 2),
        dt.date(2026, 3, 4),
    ]


# --- days do not depend on when they are looked at --------------------------------------------------------------------

TRIES = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([20, 50, 50, 80, 100])), min_size=1, max_size=6)


@given(tries=TRIES, counting=st.sampled_from(["best", "first", "last"]))
def test_a_day_gathers_the_same_however_much_came_after_it(
    rules: Callable[[str], Mapping], tries: list[tuple[int, int]], counting: str
) -> None:
    mapping = rules(f'[protocols]\nclosing = "per-day"\ncounting = "{counting}"\n')
    in_order = sorted(tries, key=lambda one: one[0])
    results = [
        result(attempt=number, grade=grade, finished_at=NOON + day * DAY)
        for number, (day, grade) in enumerate(in_order, start=1)
    ]

    def gathered(until: int) -> dict[str, list[str]]:
        known = [one for one in results if one.finished_at is not None and one.finished_at <= NOON + until * DAY]
        found = samples.sittings(facts(results=stored(*known)), mapping).open()
        return {one.id.day: [stored.record.key for stored in one.ready] for one in found}

    whole = gathered(3)
    for until in range(4):
        last = (NOON + until * DAY).date().isoformat()
        assert gathered(until) == {day: keys for day, keys in whole.items() if day <= last}
    assert all(len(keys) == 1 for keys in whole.values())
