"""Grade items and grades: which rule decides, and how points and words become marks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping.apply import Mapping
from lms_sync.records import AttestationKind, ControlForm, GradeEntry, GradeItem
from tests.unit.mapping.samples import (
    MOMENT,
    Overlay,
    entry_of,
    grade,
    grade_item,
    item_of,
    mapped,
    rejected,
    scale_item,
    warning_codes,
)

FIVE = scale_item("неудовлетворительно", "отлично", 4)
CREDIT = scale_item("не зачтено", "зачтено", 2)


# --- items ------------------------------------------------------------------------------------------------------------


def test_every_field_of_a_grade_item(shipped: Mapping) -> None:
    source = scale_item(
        "неудовлетворительно",
        "отлично",
        4,
        itemname="Практическая работа",
        itemmodule="assign",
        idnumber="P1",
        position=5,
    )
    assert mapped(shipped, source).record == GradeItem(
        external_id="4",
        course="2",
        title="Практическая работа",
        item_type="mod",
        module="assign",
        instance="7",
        idnumber="P1",
        position=5,
        minimum=Decimal(1),
        maximum=Decimal(4),
        scale_lowest="неудовлетворительно",
        scale_highest="отлично",
        attestation_kind=AttestationKind.CURRENT,
        control_form=ControlForm.ASSIGNMENT,
        scale="five-point",
        rule="current",
    )


@pytest.mark.parametrize(
    ("title", "kind", "form"),
    [
        ("Входной контроль", "current", "test"),
        ("Тест по модулю 1", "current", "test"),
        ("Итоговая аттестация", "final", "test"),
        ("Итоговый экзамен", "final", "exam"),
        ("Квалификационный экзамен (тест)", "final", "exam"),
        ("Итоговый зачёт", "final", "credit"),
        ("Защита ВКР", "final", "test"),
        ("Промежуточное тестирование", "intermediate", "test"),
        ("Промежуточная аттестация: экзамен", "intermediate", "exam"),
        ("Промежуточная аттестация (зачёт)", "intermediate", "credit"),
        ("Рубежный контроль 1", "milestone", "test"),
        ("Зачет по разделу 2", "intermediate", "credit"),
        ("Дифференцированный зачёт", "intermediate", "graded_credit"),
        ("Экзамен", "intermediate", "exam"),
        ("Курсовая работа", "intermediate", "coursework"),
        ("Производственное обучение", "intermediate", "practice"),
        ("Учебная практика", "intermediate", "practice"),
        ("Практическая работа 3", "current", "test"),
        ("Пробный итоговый тест", "current", "test"),
        ("Подготовка к итоговой аттестации", "current", "test"),
        ("Итоговый тест по модулю 2", "intermediate", "test"),
    ],
)
def test_the_shipped_rules_for_a_test_in_points(shipped: Mapping, title: str, kind: str, form: str) -> None:
    item = item_of(shipped, itemname=title)
    assert (item.attestation_kind.value, item.control_form.value) == (kind, form)


@pytest.mark.parametrize("idnumber", ["FINAL", "final-hr", "FINAL_2", "ИА-1"])
def test_a_final_by_its_idnumber_whatever_its_title(shipped: Mapping, idnumber: str) -> None:
    item = item_of(shipped, idnumber=idnumber, itemname="Пробный тест")
    assert (item.attestation_kind, item.rule) == (AttestationKind.FINAL, "final-by-idnumber")


@pytest.mark.parametrize(
    ("item_type", "title", "rule"),
    [("course", "Итог по курсу", "course-total"), ("category", "Итог по категории", "category-total")],
)
def test_totals_have_a_title_and_no_scale(shipped: Mapping, item_type: str, title: str, rule: str) -> None:
    item = item_of(shipped, itemtype=item_type, itemname=None, itemmodule=None)
    assert (item.title, item.rule, item.scale) == (title, rule, "")
    assert (item.attestation_kind, item.control_form) == (AttestationKind.TOTAL, ControlForm.OTHER)


def test_a_scale_is_chosen_by_the_words_at_its_ends(shipped: Mapping) -> None:
    for source, name in ((FIVE, "five-point"), (CREDIT, "credit"), (scale_item("неуд", "ОТЛ.", 4), "five-point")):
        assert item_of(shipped, **source.fields).scale == name
    unknown = scale_item("плохо", "отлично", 3)
    assert item_of(shipped, **unknown.fields).scale == ""
    assert warning_codes(shipped, unknown) == [("scale", "scale_unknown")]


def test_a_credit_in_points_has_thresholds_of_its_own(shipped: Mapping) -> None:
    item = grade_item(itemname="Зачёт")
    assert entry_of(shipped, grade(item, graderaw=Decimal(60))).mark_text == "зачтено"
    assert entry_of(shipped, grade(item, graderaw=Decimal("59.99999"))).passed is False


@pytest.mark.parametrize(
    ("condition", "fitting", "other"),
    [
        ('item_type = "manual"', {"itemtype": "manual"}, {"itemtype": "mod"}),
        ('module = ["assign", "h5p"]', {"itemmodule": "h5p"}, {"itemmodule": "quiz"}),
        ('idnumber = "X-*"', {"idnumber": "x-1"}, {"idnumber": "y-1"}),
        ('title = "свод"', {"itemname": "Свод оценок"}, {"itemname": "Оценки"}),
        ('course_idnumber = "PP-*"', {"course_idnumber": "PP-1"}, {"course_idnumber": "PK-1"}),
        ('category = "архив"', {"course_category_path": ["ДПО", "Архив"]}, {"course_category_path": ["ДПО"]}),
        ("is_scale = true", {"is_scale": True}, {"is_scale": False}),
        (
            'scale_words = "освоен"',
            {"is_scale": True, "scale_lowest": "не освоен", "scale_highest": "Освоен"},
            {"is_scale": True, "scale_lowest": "не освоен", "scale_highest": "освоен частично"},
        ),
    ],
)
def test_each_condition(overlay: Overlay, condition: str, fitting: dict[str, Any], other: dict[str, Any]) -> None:
    mapping = overlay(f'[[grade_item]]\nname = "mine"\n{condition}\nattestation_kind = "milestone"')
    assert item_of(mapping, **fitting).rule == "mine"
    assert item_of(mapping, **other).rule == "current"


def test_all_conditions_of_a_rule_must_hold(overlay: Overlay) -> None:
    mapping = overlay('[[grade_item]]\nname = "mine"\nmodule = "quiz"\nidnumber = "X"\nattestation_kind = "milestone"')
    assert item_of(mapping, itemmodule="quiz", idnumber="X").rule == "mine"
    assert item_of(mapping, itemmodule="assign", idnumber="X").rule == "current"
    assert item_of(mapping, itemmodule="quiz", idnumber="").rule == "current"


def test_a_changed_item_is_decided_anew(shipped: Mapping) -> None:
    fields = dict(grade_item().fields)
    assert mapped(shipped, grade(grade_item(**fields))).rule == "current"
    assert mapped(shipped, grade(grade_item(**(fields | {"itemname": "Итоговый экзамен"})))).rule == "final"


# --- grades -----------------------------------------------------------------------------------------------------------


def test_every_field_of_a_grade(shipped: Mapping) -> None:
    source = grade(
        grade_item(grademin=Decimal(0), grademax=Decimal(10)),
        graderaw=Decimal("7.50000"),
        status="novalue",
        hidden=True,
        locked=True,
        overridden=True,
        gradedatesubmitted=MOMENT - 60,
        pass_icon=True,
    )
    outcome = mapped(shipped, source)
    assert outcome.warnings == ()
    assert outcome.record == GradeEntry(
        course="2",
        grade_item="4",
        learner="3",
        raw=Decimal("7.5"),
        minimum=Decimal(0),
        maximum=Decimal(10),
        word="",
        mark=4,
        mark_text="хорошо",
        passed=True,
        scale="hundred-point",
        scale_version="example-1",
        status="novalue",
        hidden=True,
        locked=True,
        overridden=True,
        submitted_at=dt.datetime(2026, 9, 23, 3, 57, 39, tzinfo=dt.UTC),
        graded_at=dt.datetime(2026, 9, 23, 3, 58, 39, tzinfo=dt.UTC),
    )


@pytest.mark.parametrize(
    ("raw", "minimum", "maximum", "mark"),
    [
        ("59.99999", 0, 100, 2),
        ("60", 0, 100, 3),
        ("74.99999", 0, 100, 3),
        ("75", 0, 100, 4),
        ("89.99999", 0, 100, 4),
        ("90", 0, 100, 5),
        ("3", 0, 5, 3),
        ("2.99999", 0, 5, 2),
        ("6", 5, 10, 2),
        ("8", 5, 10, 3),
        ("-1", 0, 100, 2),
        ("105", 0, 100, 5),
        ("0.00002", 0, "0.00003", 3),
    ],
)
def test_percent_thresholds_are_compared_without_rounding(
    shipped: Mapping, raw: str, minimum: int, maximum: str | int, mark: int
) -> None:
    item = grade_item(grademin=Decimal(minimum), grademax=Decimal(maximum))
    entry = entry_of(shipped, grade(item, graderaw=Decimal(raw)))
    assert (entry.mark, entry.passed) == (mark, mark > 2)


_points = st.decimals(-10, 1000, places=5)


@given(
    st.lists(_points, min_size=2, max_size=2, unique=True), st.decimals(0, 10, places=5), st.decimals(11, 900, places=5)
)
def test_more_points_never_mean_a_lower_mark(
    shipped: Mapping, pair: list[Decimal], minimum: Decimal, maximum: Decimal
) -> None:
    item = grade_item(grademin=minimum, grademax=maximum)
    marks = [entry_of(shipped, grade(item, graderaw=raw)).mark or 0 for raw in sorted(pair)]
    assert marks[0] <= marks[1]


@pytest.mark.parametrize(
    ("item", "raw", "word", "mark", "text", "passed"),
    [
        (FIVE, 4, "отлично", 5, "отлично", True),
        (FIVE, 3, "Хорошо", 4, "хорошо", True),
        (FIVE, 2, "удовлетворительно", 3, "удовлетворительно", True),
        (FIVE, 1, "неудовлетворительно", 2, "неудовлетворительно", False),
        (scale_item("2", "5", 4), 4, "5", 5, "отлично", True),
        (scale_item("5", "2", 4), 1, "5", 5, "отлично", True),
        (scale_item("5", "2", 4), 2, "4", 4, "хорошо", True),
        (scale_item("н/я", "отлично", 5), 1, "н/я", None, "не явился", False),
        (scale_item("н/я", "отлично", 5), 4, "хор.", 4, "хорошо", True),
        (CREDIT, 2, "зачтено", None, "зачтено", True),
        (CREDIT, 1, "не зачтено", None, "не зачтено", False),
        (CREDIT, None, "зачтено", None, "зачтено", True),
        (FIVE, "3.5", "отлично", 5, "отлично", True),
    ],
)
def test_words_become_marks(
    shipped: Mapping, item: Any, raw: Any, word: str, mark: int | None, text: str, passed: bool
) -> None:
    outcome = mapped(shipped, grade(item, graderaw=None if raw is None else Decimal(raw), word=word))
    assert outcome.warnings == ()
    assert isinstance(outcome.record, GradeEntry)
    assert (outcome.record.mark, outcome.record.mark_text, outcome.record.passed) == (mark, text, passed)
    assert (outcome.record.word, outcome.record.scale_version) == (word, "1")


@pytest.mark.parametrize(
    ("item", "raw", "word"),
    [
        (FIVE, 1, "отлично"),
        (FIVE, 3, "удовлетворительно"),
        (FIVE, 5, "отлично"),
        (FIVE, 0, "неудовлетворительно"),
        (CREDIT, 1, "зачтено"),
        (scale_item("5", "2", 4), 4, "5"),
        (scale_item("н/я", "отлично", 5), 5, "хорошо"),
        (scale_item("н/я", "отлично", 5), 3, "отлично"),
        (scale_item("н/я", "отлично", 5), 3, "н/я"),
    ],
)
def test_a_number_of_another_word_is_said_and_the_word_decides(
    shipped: Mapping, item: Any, raw: int, word: str
) -> None:
    source = grade(item, graderaw=Decimal(raw), word=word)
    assert warning_codes(shipped, source) == [("raw", "word_and_number_differ")]
    assert entry_of(shipped, source).mark_text == entry_of(shipped, grade(item, word=word)).mark_text != ""


@pytest.mark.parametrize(("word", "code"), [("", "word_missing"), ("превосходно", "word_unknown")])
def test_a_word_that_is_missing_or_unknown_gives_no_mark(shipped: Mapping, word: str, code: str) -> None:
    source = grade(FIVE, graderaw=Decimal(4), word=word, pass_icon=True)
    entry = entry_of(shipped, source)
    assert warning_codes(shipped, source) == [("mark", code)]
    assert (entry.raw, entry.mark, entry.mark_text, entry.passed) == (4, None, "", True)


def test_points_without_a_range_give_no_mark(shipped: Mapping) -> None:
    item = grade_item(grademin=Decimal(0), grademax=Decimal(0))
    source = grade(item, graderaw=Decimal(0))
    assert warning_codes(shipped, source) == [("mark", "range_missing")]
    assert entry_of(shipped, source).mark is None


def test_no_value_has_no_mark_and_no_scale(shipped: Mapping) -> None:
    entry = entry_of(shipped, grade(status="novalue", pass_icon=False))
    assert (entry.raw, entry.mark, entry.mark_text, entry.passed, entry.scale) == (None, None, "", None, "")


def test_passing_is_the_lmss_word_where_no_scale_says(shipped: Mapping) -> None:
    total = grade_item(itemtype="course", itemname=None)
    for icon in (True, False, None):
        assert entry_of(shipped, grade(total, graderaw=Decimal(1), pass_icon=icon)).passed is icon


def test_a_contradiction_about_passing_is_said(shipped: Mapping) -> None:
    source = grade(graderaw=Decimal(55), pass_icon=True)
    assert warning_codes(shipped, source) == [("passed", "pass_differs")]
    assert entry_of(shipped, source).passed is False
    assert warning_codes(shipped, grade(graderaw=Decimal(55), pass_icon=False)) == []


@pytest.mark.parametrize(
    ("raw", "pass_mark", "passed"),
    [("60", "60", True), ("59.99999", "60", False), ("60.00000", "60", True), ("0", "0", None), ("100", "0", None)],
)
def test_a_pass_mark_says_what_the_lms_shows(shipped: Mapping, raw: str, pass_mark: str, passed: bool | None) -> None:
    """Moodle shows an icon by the same rule (`grade_grade::is_passed`), so both ways of knowing agree."""
    total = {"itemtype": "course", "itemname": None, "grademin": Decimal(0)}
    known = grade_item(gradepass=Decimal(pass_mark), **total)
    assert entry_of(shipped, grade(known, graderaw=Decimal(raw))).passed is passed
    shown = grade(grade_item(**total), graderaw=Decimal(raw), pass_icon=passed)
    assert entry_of(shipped, shown) == entry_of(shipped, grade(known, graderaw=Decimal(raw)))


def test_a_pass_mark_that_is_told_is_believed_before_an_icon(shipped: Mapping) -> None:
    total = grade_item(itemtype="course", itemname=None, gradepass=Decimal(50))
    assert entry_of(shipped, grade(total, graderaw=Decimal(50), pass_icon=False)).passed is True
    assert entry_of(shipped, grade(total, pass_icon=True)).passed is None, "no grade passes nothing"


def test_a_contradiction_with_the_pass_mark_is_said(shipped: Mapping) -> None:
    source = grade(grade_item(gradepass=Decimal(50)), graderaw=Decimal(55))
    assert warning_codes(shipped, source) == [("passed", "pass_differs")]


@pytest.mark.parametrize(
    ("changes", "pass_mark"),
    [
        ({}, None),
        ({"gradepass": Decimal("50.00000")}, Decimal(50)),
        ({"gradepass": Decimal(0)}, None),
        ({"gradepass": Decimal(1), "grademin": Decimal(1)}, None),
        ({"gradepass": Decimal(0), "grademin": Decimal(1), "is_scale": True}, None),
        ({"gradepass": Decimal(0), "grademin": Decimal(-5)}, Decimal(0)),
    ],
)
def test_a_pass_mark_that_sets_no_bar_is_none(
    shipped: Mapping, changes: dict[str, Any], pass_mark: Decimal | None
) -> None:
    assert item_of(shipped, **changes).pass_mark == pass_mark


def test_a_pass_mark_that_is_no_number_is_said_once(shipped: Mapping) -> None:
    item = grade_item(gradepass=0.5)
    assert warning_codes(shipped, item) == [("pass_mark", "not_exact")]
    assert warning_codes(shipped, grade(item, graderaw=Decimal(70))) == []


@pytest.mark.parametrize(("told", "kept"), [(27, "27"), ("27", "27"), (None, ""), (0, "")])
def test_who_graded(shipped: Mapping, told: int | str | None, kept: str) -> None:
    assert entry_of(shipped, grade(graderaw=Decimal(70), usermodified=told)).graded_by == kept


def test_a_grade_that_is_not_exact_is_refused_and_not_emptied(shipped: Mapping) -> None:
    refused = rejected(shipped, grade(graderaw=66.6))
    assert (refused.kind, refused.key, refused.field, refused.code) == ("grade_entry", "4/3", "raw", "not_exact")


VERSIONS = """
[[scale]]
name = "hundred-point"
version = "2020"
source = "order 1"
thresholds = [{ from_percent = 0, mark = 2, text = "неуд" }, { from_percent = 50, mark = 3, text = "уд" }]

[[scale]]
name = "hundred-point"
version = "2026"
valid_from = 2026-09-23
source = "order 2"
thresholds = [{ from_percent = 0, mark = 2, text = "неуд" }, { from_percent = 70.5, mark = 3, text = "уд" }]
"""


@pytest.mark.parametrize(
    ("graded", "submitted", "version"),
    [
        (dt.datetime(2026, 9, 22, 15, 59, 59, tzinfo=dt.UTC), None, "2020"),
        (dt.datetime(2026, 9, 22, 16, 0, 0, tzinfo=dt.UTC), None, "2026"),  # midnight in Irkutsk
        (None, dt.datetime(2026, 9, 22, 15, 0, 0, tzinfo=dt.UTC), "2020"),
        (None, None, "2026"),
    ],
)
def test_the_version_of_the_day_of_grading_applies(
    overlay: Overlay, graded: dt.datetime | None, submitted: dt.datetime | None, version: str
) -> None:
    times = [None if moment is None else int(moment.timestamp()) for moment in (graded, submitted)]
    source = grade(graderaw=Decimal(60), gradedategraded=times[0], gradedatesubmitted=times[1])
    entry = entry_of(overlay(VERSIONS), source)
    assert (entry.scale_version, entry.mark) == (version, 3 if version == "2020" else 2)


def test_a_grade_before_every_version_gets_no_mark(overlay: Overlay) -> None:
    mapping = overlay(VERSIONS.replace('version = "2020"', 'version = "2020"\nvalid_from = 2020-01-01'))
    source = grade(graderaw=Decimal(60), gradedategraded=1)
    assert warning_codes(mapping, source) == [("mark", "no_version")]
    assert entry_of(mapping, source).scale == ""


def test_a_step_that_does_not_say_leaves_passing_to_the_lms(overlay: Overlay) -> None:
    assert entry_of(overlay(VERSIONS), grade(graderaw=Decimal(60), pass_icon=True)).passed is True
