"""Lines in the order of the alphabet, and what they add up to."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from lms_sync.records import AttestationResult, ProtocolLine, ResultOutcome
from lms_sync.registers.lines import lines_of, totals_of
from tests.unit.registers.samples import result, stored

MARKS = [(5, "отлично", True), (4, "хорошо", True), (3, "удовлетворительно", True), (2, "неудовлетворительно", False)]
MARKS += [(None, "зачтено", True), (None, "не зачтено", False)]


def named(*names: str) -> list[AttestationResult]:
    return [
        result(str(number), last_name=name.split()[0], first_name=name.split()[1])
        for number, name in enumerate(names, start=1)
    ]


def in_order(results: list[AttestationResult]) -> list[str]:
    lines = lines_of(stored(*results))
    assert [line.number for line in lines] == list(range(1, len(results) + 1))
    return [line.learner for line in lines]


def test_yo_stands_with_ye_and_short_names_before_longer_ones() -> None:
    results = named("Жуков Ян", "Ёлкин Ян", "Елкин Юрий", "Елкина Анна", "Ежов Ян", "Ёлкин Артём")
    assert in_order(results) == ["5", "3", "6", "2", "4", "1"]


def test_namesakes_stand_by_birth_date_and_then_by_id() -> None:
    days = [dt.date(1990, 1, 2), dt.date(1990, 1, 1), None, dt.date(1990, 1, 1)]
    results = [result(str(place), last_name="Иванов", birth_date=day) for place, day in enumerate(days, start=1)]
    assert in_order(results) == ["3", "2", "4", "1"]


def test_a_line_says_what_its_result_says() -> None:
    of = result("9", mark=5, mark_text="отлично")
    [line] = lines_of(stored(of, version=3))
    assert line == ProtocolLine(
        number=1,
        learner="9",
        result="7/9/attempt-1",
        version=3,
        payload_digest="digest of 7/9/attempt-1",
        outcome=ResultOutcome.GRADED,
        mark=5,
        mark_text="отлично",
        passed=True,
    )


def test_marks_are_listed_best_first_and_only_of_those_who_took_part() -> None:
    given_marks = [MARKS[place] for place in (3, 0, 2, 0, 4, 5)]
    results = [
        result(str(place), mark=mark, mark_text=text, passed=passed)
        for place, (mark, text, passed) in enumerate(given_marks)
    ]
    absent = result("99", outcome=ResultOutcome.ABSENT, mark=None, mark_text="не явился", passed=False)
    totals = totals_of(lines_of(stored(absent, *results)))
    assert [(one.text, one.count) for one in totals.marks] == [
        ("отлично", 2),
        ("удовлетворительно", 1),
        ("неудовлетворительно", 1),
        ("зачтено", 1),
        ("не зачтено", 1),
    ]
    assert (totals.listed, totals.took_part, totals.passed, totals.failed, totals.absent) == (7, 6, 4, 2, 1)


RESULTS = st.builds(
    lambda learner, outcome, mark, name: result(
        learner, outcome=outcome, mark=mark[0], mark_text=mark[1], passed=mark[2], last_name=name
    ),
    st.integers(1, 10**6).map(str),
    st.sampled_from(list(ResultOutcome)),
    st.sampled_from(MARKS),
    st.sampled_from(["Ёлкин", "Елкин", "Яшин", "О'Нил", ""]),
)


@given(results=st.lists(RESULTS, max_size=12, unique_by=lambda one: one.learner), data=st.data())
def test_order_does_not_depend_on_the_store_and_totals_always_add_up(
    results: list[AttestationResult], data: st.DataObject
) -> None:
    lines = lines_of(stored(*results))
    assert lines == lines_of(stored(*data.draw(st.permutations(results))))
    totals = totals_of(lines)
    assert totals.listed == len(lines)
    assert totals.took_part == totals.passed + totals.failed == sum(one.count for one in totals.marks)
    others = totals.absent + totals.not_admitted + totals.not_completed + totals.withdrawn
    assert totals.listed == totals.took_part + others
