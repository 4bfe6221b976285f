"""Courses: the kind of programme and the hours."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.records import Course, ProgrammeKind
from tests.unit.mapping.samples import Overlay, course, course_of, mapped, warning_codes


def test_every_field_of_a_course(shipped: Mapping) -> None:
    source = course(
        fullname="Скрытый курс & <архив> (72 ч)", idnumber="PK-HID", category_path=["ДПО", "Прочее"], visible=False
    )
    assert mapped(shipped, source).record == Course(
        external_id="2",
        title="Скрытый курс & <архив> (72 ч)",
        short_name="OT",
        idnumber="PK-HID",
        category_path=["ДПО", "Прочее"],
        programme_kind=ProgrammeKind.ADVANCED_TRAINING,
        hours=72,
        visible=False,
        starts_at=dt.datetime(2026, 9, 23, 3, 58, 39, tzinfo=dt.UTC),
        ends_at=None,
    )


@pytest.mark.parametrize(
    ("changes", "kind", "rule"),
    [
        ({"category_path": ["Повышение квалификации"]}, "advanced_training", "category-advanced-training"),
        ({"category_path": ["ДПО", "Профессиональная переподготовка"]}, "retraining", "category-retraining"),
        ({"category_path": ["Профессиональное обучение"]}, "vocational", "category-vocational"),
        (
            {"category_path": ["Профессиональное обучение", "Повышение квалификации"]},
            "vocational",
            "category-vocational",
        ),
        (
            {"category_path": ["Повышение квалификации", "Профессиональное обучение: методика"]},
            "advanced_training",
            "category-advanced-training",
        ),
        ({"category_path": ["Повышение квалификации рабочих"]}, "vocational", "category-vocational"),
        ({"category_path": ["СПО"]}, "secondary_vocational", "category-secondary-vocational"),
        ({"category_path": ["Общеразвивающие программы"]}, "general", "category-general"),
        ({"idnumber": "pp-hr-256", "category_path": ["Повышение квалификации"]}, "retraining", "idnumber-retraining"),
        ({"idnumber": "ПО-1"}, "vocational", "idnumber-vocational"),
        ({"idnumber": "SPO-1"}, "secondary_vocational", "idnumber-secondary-vocational"),
        ({"category_path": ["Разное"]}, "other", ""),
    ],
)
def test_the_kind_of_programme(shipped: Mapping, changes: dict[str, Any], kind: str, rule: str) -> None:
    outcome = mapped(shipped, course(**changes))
    assert isinstance(outcome.record, Course)
    assert (outcome.record.programme_kind.value, outcome.rule) == (kind, rule)


def test_the_academys_category_goes_before_the_shipped_idnumber(overlay: Overlay) -> None:
    mapping = overlay('[[course.programme]]\nname = "computers"\ncategory = "компьютеры"\nprogramme_kind = "general"')
    assert course_of(mapping, idnumber="PK-1", category_path=["Компьютеры"]).programme_kind is ProgrammeKind.GENERAL


def test_a_rule_that_takes_a_shipped_ones_place_stays_behind_the_shipped_idnumbers(overlay: Overlay) -> None:
    rule = '[[course.programme]]\nname = "category-general"\ncategory = "кружки"\nprogramme_kind = "general"'
    mapping = overlay(rule)
    assert course_of(mapping, category_path=["Кружки"]).programme_kind is ProgrammeKind.GENERAL
    assert (
        course_of(mapping, idnumber="PK-1", category_path=["Кружки"]).programme_kind is ProgrammeKind.ADVANCED_TRAINING
    )


def test_constant_hours_go_before_the_title(overlay: Overlay) -> None:
    mapping = overlay('[[course.hours]]\nname = "ot"\nidnumber = "PK-OT-*"\nhours = 40')
    assert course_of(mapping, idnumber="PK-OT-1", fullname="Охрана труда (72 ч)").hours == 40
    assert course_of(mapping, idnumber="PK-HR", fullname="Кадры (72 ч)").hours == 72


def test_hours_out_of_range_or_in_doubt_stay_empty_and_are_said(shipped: Mapping) -> None:
    assert warning_codes(shipped, course(fullname="Курс (99999 ч)")) == [("hours", "out_of_range")]
    assert warning_codes(shipped, course(fullname="8 ч лекций, 4 ч практики")) == [("hours", "hours_ambiguous")]
    assert course_of(shipped, fullname="8 ч лекций, 4 ч практики").hours is None


def test_a_time_that_cannot_be_is_said(shipped: Mapping) -> None:
    assert warning_codes(shipped, course(startdate=10**12)) == [("starts_at", "out_of_range")]


def test_visibility_that_the_lms_does_not_tell_is_none(shipped: Mapping) -> None:
    assert course_of(shipped, visible=None).visible is None
