"""Numbers of protocols: what a template gives, which templates are refused, and that no number is given twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms_sync.mapping.numbering import NumberTemplate

DAY = dt.date(2026, 9, 1)


@pytest.mark.parametrize(
    ("text", "ordinal", "number", "series"),
    [
        ("{number}", 7, "7", "{number}"),
        ("{number:03}", 7, "007", "{number}"),
        ("{number:03}", 1000, "1000", "{number}"),
        ("{year}/{number:03}", 7, "2026/007", "2026/{number}"),
        ("{year}{number:04}", 7, "20260007", "2026{number}"),
        ("№ {number} от {day}.{month}.{year}", 7, "№ 7 от 01.09.2026", "№ {number} от 01.09.2026"),
        ("ИА-{year}-{month}/{number}", 7, "ИА-2026-09/7", "ИА-2026-09/{number}"),
        ("{group}/{number}", 7, "ОТ-11/7", "{group}/{number}"),
        ("{year}/{number} {group} ({course})", 7, "2026/7 ОТ-11 (PK-1)", "2026/{number} {group} ({course})"),
        ("{course}-{group}/{year}-{number:02}", 7, "PK-1-ОТ-11/2026-07", "{course}-{group}/2026-{number}"),
    ],
)
def test_a_number_and_its_series(text: str, ordinal: int, number: str, series: str) -> None:
    template = NumberTemplate.parse(text)
    assert template.text == text
    assert template.render(ordinal, DAY, group="ОТ-11", course="PK-1") == number
    assert template.series(DAY) == series


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must be one line"),
        (" {number}", "must be one line"),
        ("{number}\n", "must be one line"),
        ("{year}", "must hold {number} once"),
        ("{number}-{number}", "must hold {number} once"),
        ("{year}/{number}/{year}", "holds {year} twice"),
        ("{group}/{number}/{group}", "holds {group} twice"),
        ("{month}/{number}", "needs the greater ones"),
        ("{year}.{day}/{number}", "needs the greater ones"),
        ("{nummer}", "there is no field {nummer}; known are {number}, {number:03}, {year}"),
        ("{year:04}/{number}", "{year} takes no number of digits"),
        ("{number:3}", "a brace stands where no field does"),
        ("{number", "a brace stands where no field does"),
        ("{{number}}", "a brace stands where no field does"),
        ("{group}{number}", "must stand beside {number}"),
        ("{number}{group}", "must stand beside {number}"),
        ("{group}1{number}", "must stand beside {number}"),
        ("{group}{year}{number}", "must stand beside {number}"),
        ("{group}/{number}/{course}", "only plain text may stand between"),
        ("{course}/{year}/{group}-{number}", "only plain text may stand between"),
    ],
)
def test_a_template_without_dependable_numbers_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        NumberTemplate.parse(text)
    assert told in str(caught.value)


def test_ordinals_begin_with_one() -> None:
    with pytest.raises(ValueError, match="from 1 on"):
        NumberTemplate.parse("{number}").render(0, DAY)


def test_a_group_is_written_on_one_line() -> None:
    assert NumberTemplate.parse("{number}-{group}").render(1, DAY, group=" ОТ\n11 ") == "1-ОТ 11"


# --- properties -------------------------------------------------------------------------------------------------------


def sound(text: str) -> NumberTemplate | None:
    try:
        return NumberTemplate.parse(text)
    except ValueError:
        return None


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Texts that are nearly templates: each field at most once, and a date whole from the year down."""
    fields = [draw(st.sampled_from(["{number}", "{number:02}"]))]
    fields += ["{year}", "{month}", "{day}"][: draw(st.integers(0, 3))]
    fields += draw(st.lists(st.sampled_from(["{group}", "{course}"]), unique=True))
    literals = st.sampled_from(["", "-", "/", "1", "0-"])
    return "".join(draw(literals) + one for one in draw(st.permutations(fields))) + draw(literals)


_templates = texts().map(sound).filter(bool)
DAYS = [dt.date(2026, 1, 11), dt.date(2026, 11, 1), dt.date(2027, 1, 11)]
ORDINALS = [1, 2, 11, 12, 112, 2026]
FREE = ["", "1", "1/1", "1-1", "2026"]


def numbers(template: NumberTemplate) -> Iterator[tuple[str, tuple[str, int]]]:
    """Numbers of the template, chosen to collide where they can, each with its series and ordinal."""
    groups = FREE if "group" in template.fields else [""]
    courses = FREE if "course" in template.fields else [""]
    for ordinal, day, group, course in product(ORDINALS, DAYS, groups, courses):
        yield template.render(ordinal, day, group=group, course=course), (template.series(day), ordinal)


@settings(max_examples=200)
@given(template=_templates)
def test_no_two_places_in_any_series_are_written_alike(template: NumberTemplate) -> None:
    seen: dict[str, tuple[str, int]] = {}
    for number, place in numbers(template):
        assert seen.setdefault(number, place) == place, f"{template.text} gives {number} to both"


@given(template=_templates, day=st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)), later=st.integers(-40, 40))
def test_a_series_lasts_for_as_long_as_its_date_is_written_the_same(
    template: NumberTemplate, day: dt.date, later: int
) -> None:
    other = day + dt.timedelta(days=later)
    used = [name for name in ("year", "month", "day") if name in template.fields]
    same = all(getattr(day, name) == getattr(other, name) for name in used)
    assert (template.series(day) == template.series(other)) == same


@given(template=_templates)
def test_a_series_does_not_depend_on_the_count_of_digits(template: NumberTemplate) -> None:
    padded = NumberTemplate.parse(template.text.replace("{number:02}", "{number}").replace("{number}", "{number:05}"))
    assert template.series(DAY) == padded.series(DAY)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("{number}", "{number}", True),
        ("{number}", "{number:03}", True),
        ("{number}", "0{number}", False),
        ("{number:02}", "0{number}", True),
        ("{year}/{number}", "{year}/{number:03}", True),
        ("{year}/{number}", "2026/{number}", True),
        ("{year}/{number}", "{course}/{number}", True),
        ("{year}/{number}", "{number}/{year}", True),
        ("{year}/{month}-{number}", "{year}/{number}", False),
        ("ПО-{year}/{number}", "ПК-{year}/{number}", False),
        ("{number}", "{year}/{number}", False),
        ("{number}-ИА", "{number}", False),
        ("{group}-{number}", "{year}/{number}", False),
        ("{group}-{number}", "{year}-{number}", True),
    ],
)
def test_which_templates_may_give_one_number(one: str, other: str, alike: bool) -> None:
    first, second = NumberTemplate.parse(one), NumberTemplate.parse(other)
    assert first.may_render_like(second) is alike
    assert second.may_render_like(first) is alike


@given(one=_templates, other=_templates)
def test_templates_that_give_one_number_are_known_to(one: NumberTemplate, other: NumberTemplate) -> None:
    if dict(numbers(one)).keys() & dict(numbers(other)).keys():
        assert one.may_render_like(other)
