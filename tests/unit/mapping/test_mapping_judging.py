"""What a grade comes to in a protocol: by the scale, by the pass mark, and never by a guess."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.attestation import Judgement
from lms_sync.records import GradeItem
from tests.unit.mapping.samples import Overlay, course_of, entry_of, grade, grade_item, item_of, scale_item

MOMENT = dt.datetime(2026, 9, 22, 15, 59, 59, tzinfo=dt.UTC)  # 23:59:59 in Irkutsk
FINAL = {"itemname": "Итоговый тест"}
FIVE = scale_item("неудовлетворительно", "отлично", 4, itemname="Итоговый экзамен")
MINE = '[[attestation]]\nname = "mine"\n'


def final_of(mapping: Mapping, **changes: Any) -> GradeItem:
    return item_of(mapping, **(FINAL | changes))


def judged(mapping: Mapping, grade: str | None, item: GradeItem | None = None, **changes: Any) -> Judgement:
    given = {"minimum": Decimal(0), "maximum": Decimal(100), "word": "", "on": MOMENT} | changes
    points = None if grade is None else Decimal(grade)
    return mapping.attestation.judge(item or final_of(mapping), course_of(mapping), grade=points, **given)


def test_a_grade_is_judged_by_the_scale_of_its_item(shipped: Mapping) -> None:
    assert judged(shipped, "80") == Judgement(
        mark=4,
        mark_text="хорошо",
        passed=True,
        percent=Decimal(80),
        scale="hundred-point",
        scale_version="example-1",
    )
    credit = judged(shipped, "59.99999", final_of(shipped, itemname="Итоговый зачёт"))
    assert (credit.mark, credit.mark_text, credit.passed, credit.scale) == (
        None,
        "не зачтено",
        False,
        "credit-threshold",
    )


@given(raw=st.decimals(-5, 110, places=5), top=st.sampled_from(["10", "33", "100"]))
def test_judging_agrees_with_the_mapping_of_the_same_grade(shipped: Mapping, raw: Decimal, top: str) -> None:
    source = grade_item(grademax=Decimal(top), **FINAL)
    entry = entry_of(shipped, grade(source, graderaw=raw))
    found = judged(shipped, str(raw), maximum=Decimal(top))
    assert (found.mark, found.mark_text, found.passed) == (entry.mark, entry.mark_text, entry.passed)
    assert (found.scale, found.scale_version, found.problem) == (entry.scale, entry.scale_version, "")


@pytest.mark.parametrize(
    ("raw", "minimum", "maximum", "percent"),
    [
        ("2", "0", "3", "66.66667"),
        ("1", "0", "3", "33.33333"),
        ("7", "5", "10", "40"),
        ("105", "0", "100", "105"),
        ("0.00001", "0", "2000000", "0"),
        ("0.00002", "0", "320", "0.00001"),  # 0.00000625 rounds up
    ],
)
def test_the_percentage_is_of_the_range_and_rounded_half_up(
    shipped: Mapping, raw: str, minimum: str, maximum: str, percent: str
) -> None:
    found = judged(shipped, raw, minimum=Decimal(minimum), maximum=Decimal(maximum))
    assert found.percent == Decimal(percent)


@pytest.mark.parametrize(("minimum", "maximum"), [(None, "100"), ("0", None), ("5", "5")])
def test_without_a_range_there_is_no_mark(shipped: Mapping, minimum: str | None, maximum: str | None) -> None:
    limits = [None if one is None else Decimal(one) for one in (minimum, maximum)]
    found = judged(shipped, "5", minimum=limits[0], maximum=limits[1])
    assert (found.mark, found.passed, found.percent) == (None, None, None)
    assert "no range of points" in found.problem


def test_words_are_judged_by_the_words(shipped: Mapping) -> None:
    item = item_of(shipped, **FIVE.fields)
    found = judged(shipped, "3", item, minimum=Decimal(1), maximum=Decimal(4), word="хорошо")
    assert (found.mark, found.mark_text, found.passed, found.scale, found.problem) == (
        4,
        "хорошо",
        True,
        "five-point",
        "",
    )
    assert found.percent is None, "the third of four words is no share of points"
    unknown = judged(shipped, "3", item, minimum=Decimal(1), maximum=Decimal(4), word="так себе")
    assert unknown.passed is None and "does not know this word" in unknown.problem
    missing = judged(shipped, "3", item, minimum=Decimal(1), maximum=Decimal(4))
    assert missing.passed is None and "no word" in missing.problem


def test_a_number_of_another_word_does_not_stop_the_word(shipped: Mapping) -> None:
    item = item_of(shipped, **FIVE.fields)
    found = judged(shipped, "1", item, minimum=Decimal(1), maximum=Decimal(4), word="отлично")
    assert (found.mark, found.problem) == (5, "")


def test_nothing_is_judged_by_nothing(shipped: Mapping) -> None:
    assert judged(shipped, None) == Judgement(problem="there is no grade to judge")


SCALE = '[[scale]]\nname = "mine"\nversion = "1"\nsource = "order"\nthresholds = [{}]\n'
SILENT = SCALE.format('{ from_percent = 0, text = "мало" }, { from_percent = 50, text = "много" }')


def test_the_rules_scales_go_before_the_items(overlay: Overlay) -> None:
    steps = '{ from_percent = 0, text = "нет", passed = false }, { from_percent = 10, text = "да", passed = true }'
    mapping = overlay(SCALE.format(steps) + MINE + 'scales = ["credit", "mine"]')
    assert judged(mapping, "10").mark_text == "да"
    five = item_of(mapping, **FIVE.fields)
    assert judged(mapping, "4", five, word="отлично").scale == "five-point", "none of the rule's knows these words"


@pytest.mark.parametrize(("raw", "passed"), [("54.99999", False), ("55", True)])
def test_the_pass_mark_decides_where_the_steps_do_not_say(overlay: Overlay, raw: str, passed: bool) -> None:
    found = judged(overlay(SILENT + MINE + 'scales = "mine"\npass_percent = 55'), raw)
    assert (found.mark_text, found.passed, found.problem) == ("много", passed, "")


@pytest.mark.parametrize(("raw", "text"), [("66.66666", "не зачтено"), ("66.66667", "зачтено")])
def test_the_pass_mark_alone_gives_a_credit(overlay: Overlay, raw: str, text: str) -> None:
    mapping = overlay(MINE + "scales = []\npass_percent = 66.66667")
    found = judged(mapping, raw)
    assert found == Judgement(mark_text=text, passed=text == "зачтено", percent=Decimal(raw))
    assert "no range of points" in judged(mapping, raw, maximum=None).problem


def test_passing_is_found_before_the_percentage_is_rounded(overlay: Overlay) -> None:
    mapping = overlay(MINE + "scales = []\npass_percent = 60")
    found = judged(mapping, "599999999.99999", maximum=Decimal(10**9))
    assert (found.percent, found.passed) == (Decimal(60), False)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (MINE + "scales = []", "no scale and its [[attestation]] rule no pass_percent"),
        (SILENT + MINE + 'scales = "mine"', "scale mine 1 does not say whether this mark passes"),
    ],
)
def test_what_nothing_judges_is_a_problem(overlay: Overlay, rules: str, problem: str) -> None:
    found = judged(overlay(rules), "70")
    assert found.passed is None
    assert problem in found.problem


def test_a_pass_mark_does_not_judge_words(overlay: Overlay) -> None:
    third = overlay(MINE + "pass_percent = 60")
    item = item_of(third, **FIVE.fields)
    found = judged(third, "2", item, minimum=Decimal(1), maximum=Decimal(4), word="удовлетворительно")
    assert (found.passed, found.problem) == (True, ""), "the second of four words is no third of anything"
    mapping = overlay(MINE + "scales = []\npass_percent = 60")
    found = judged(mapping, "4", item_of(mapping, **FIVE.fields), word="отлично")
    assert found.passed is None and "knows this item's words" in found.problem


def test_a_contradiction_between_scale_and_pass_mark_is_never_settled(overlay: Overlay) -> None:
    """Possible only where not every scale that may judge contradicts: certain ones are refused at loading."""
    credit = '[[scale]]\nname = "credit-threshold"\nversion = "2"\nsource = "order"\nthresholds = [{}]\n'
    steps = '{ from_percent = 0, text = "нет", passed = false }, { from_percent = 50, text = "да", passed = true }'
    mapping = overlay(credit.format(steps) + MINE + "pass_percent = 50")
    agreed = judged(mapping, "55", final_of(mapping, itemname="Итоговый зачёт"))
    assert (agreed.passed, agreed.problem) == (True, "")
    found = judged(mapping, "55")
    assert "hundred-point example-1 and pass_percent of rule mine disagree" in found.problem
    assert judged(mapping, "60").problem == "", "both say passed"


def test_a_scale_that_the_mapping_lost_is_a_problem(shipped: Mapping) -> None:
    item = final_of(shipped).model_copy(update={"scale": "old"})
    assert "no longer has the scale old" in judged(shipped, "70", item).problem


VERSIONS = """
[[scale]]
name = "hundred-point"
version = "2020"
valid_from = 2020-01-01
source = "order 1"
thresholds = [{ from_percent = 0, text = "нет", passed = false }, { from_percent = 50, text = "да", passed = true }]
[[scale]]
name = "hundred-point"
version = "2026"
valid_from = 2026-09-23
source = "order 2"
thresholds = [{ from_percent = 0, text = "нет", passed = false }, { from_percent = 70, text = "да", passed = true }]
"""


def test_the_version_is_that_of_the_day_in_the_sites_zone(overlay: Overlay) -> None:
    mapping = overlay(VERSIONS)
    last_second, midnight = judged(mapping, "60"), judged(mapping, "60", on=MOMENT + dt.timedelta(seconds=1))
    assert [(one.scale_version, one.passed) for one in (last_second, midnight)] == [("2020", True), ("2026", False)]
    assert judged(mapping, "60", on=None).scale_version == "2026"
    before = judged(mapping, "60", on=dt.datetime(2019, 1, 1, tzinfo=dt.UTC))
    assert (before.scale, before.passed, before.percent) == ("", None, Decimal(60))
    assert before.problem == "scale hundred-point has no version for the day of this grade"
