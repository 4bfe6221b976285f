"""The gradebook report: whom and what it shows, in which order and words."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lms_sync.records import AttemptState, AttestationKind, ControlForm, EnrolmentStatus, ProgrammeKind
from lms_sync.report.captions import ERASED, LEFT, NO_NAME, value_caption
from lms_sync.report.grades import Choice, Show, flat, pivot
from lms_sync.store.query import CourseSummary, Gradebook, GradebookCell, GradebookColumn, GradebookLine

MOSCOW = ZoneInfo("Europe/Moscow")
NEW_YEAR = dt.datetime(2026, 1, 1, 20, 30, tzinfo=dt.UTC)  # 23:30 in Moscow


def item(key: str, position: int, **more: Any) -> GradebookColumn:
    values: dict[str, Any] = {
        field.name: {"str": "", "int": 0}.get(str(field.type)) for field in dataclasses.fields(GradebookColumn)
    }
    values |= {"title": f"Тест {key}", "item_type": "mod", "attestation_kind": "current", "control_form": "test"}
    return GradebookColumn(**{**values, "key": key, "position": position, **more})


def line(key: str, last: str, first: str = "Анна", **more: Any) -> GradebookLine:
    values: dict[str, Any] = {"middle_name": "", "idnumber": f"N{key}", "status": "active", "groups": ("А",)}
    values |= {"retired_at": None, "erased": False}
    return GradebookLine(**{**values, "key": key, "last_name": last, "first_name": first, **more})


def cell(grade_item: str, learner: str, **more: Any) -> GradebookCell:
    values: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(GradebookCell))
    values |= {"word": "", "mark_text": "", "scale": "", "scale_version": "", "status": ""}
    values |= {"hidden": False, "locked": False, "overridden": False}
    return GradebookCell(**{**values, "grade_item": grade_item, "learner": learner, **more})


def book(*cells: GradebookCell, lines: list[GradebookLine] | None = None) -> Gradebook:
    return Gradebook(
        source="academy",
        course=CourseSummary("academy", "5", "Охрана труда", "OT", "", None),
        columns=[item("9", 1, item_type="course", title="Итог"), item("2", 3), item("1", 2)],
        lines=lines if lines is not None else [line("1", "Ёлкина"), line("2", "Елкина"), line("3", "Абаева")],
        cells={(one.learner, one.grade_item): one for one in cells},
    )


def test_people_stand_in_russian_order_and_the_total_last() -> None:
    table = pivot(book(), Choice(MOSCOW))
    assert [row[1] for row in table.rows] == ["Абаева Анна", "Елкина Анна", "Ёлкина Анна"]
    assert [row[0] for row in table.rows] == [1, 2, 3]
    assert [column.caption for column in table.columns][-3:] == ["Тест 1", "Тест 2", "Итог"]


def test_a_cell_shows_the_word_of_a_scale_else_the_points_or_the_mark() -> None:
    cells = [
        cell("1", "1", raw=Decimal("85.5"), mark_text="отлично"),
        cell("2", "1", raw=Decimal(3), word="хорошо"),
    ]
    points = pivot(book(*cells), Choice(MOSCOW, learner="1"))
    assert points.rows[0][-3:] == [Decimal("85.5"), "хорошо", None]
    marks = pivot(book(*cells), Choice(MOSCOW, learner="1"), Show.MARK)
    assert marks.rows[0][-3:] == ["отлично", "хорошо", None]


def test_a_zero_is_a_grade_and_nothing_is_not() -> None:
    table = pivot(book(cell("1", "3", raw=Decimal(0))), Choice(MOSCOW))
    assert table.rows[0][-3:] == [Decimal(0), None, None]


def test_a_learner_is_chosen_by_id_or_number_and_a_group_by_name() -> None:
    lines = [line("1", "Абаева", groups=("А", "Б")), line("2", "Белова", groups=("Б",))]
    assert [row[2] for row in pivot(book(lines=lines), Choice(MOSCOW, learner="N2")).rows] == ["2"]
    assert [row[2] for row in pivot(book(lines=lines), Choice(MOSCOW, group="А")).rows] == ["1"]
    assert pivot(book(lines=lines), Choice(MOSCOW, group="В")).rows == []


def test_days_are_days_of_the_source_with_both_ends() -> None:
    cells = [cell("1", "1", raw=Decimal(1), graded_at=NEW_YEAR), cell("2", "1", raw=Decimal(2), submitted_at=NEW_YEAR)]
    cells += [cell("9", "1", raw=Decimal(3))]
    first, second = dt.date(2026, 1, 1), dt.date(2026, 1, 2)

    def shown(**days: dt.date) -> int:
        return len(flat(book(*cells), Choice(MOSCOW, **days)).rows)  # type: ignore[arg-type]

    assert shown() == 3
    assert shown(first_day=first, last_day=first) == 2
    assert shown(first_day=second) == 0
    assert len(flat(book(*cells), Choice(ZoneInfo("Asia/Vladivostok"), first_day=second)).rows) == 2


def test_who_is_gone_erased_or_unknown_is_said() -> None:
    lines = [
        line("1", "", "", erased=True),
        line("2", "", ""),
        line("3", "Белова", retired_at=NEW_YEAR),
        line("4", "Ванина", status="suspended"),
    ]
    rows = pivot(book(lines=lines), Choice(MOSCOW)).rows
    assert [(row[1], row[4]) for row in rows] == [
        ("Белова Анна", LEFT),
        ("Ванина Анна", "приостановлено"),
        (ERASED, "обучается"),
        (NO_NAME, "обучается"),
    ]


def test_the_list_has_russian_words_and_local_times() -> None:
    table = flat(book(cell("1", "1", raw=Decimal(1), graded_at=NEW_YEAR, passed=True)), Choice(MOSCOW))
    (row,) = table.rows
    by_key = {column.key: value for column, value in zip(table.columns, row, strict=True)}
    assert by_key["attestation_kind"] == "текущая"
    assert by_key["control_form"] == "тест"
    assert by_key["passed"] is True
    assert by_key["graded_at"] == NEW_YEAR
    assert getattr(by_key["graded_at"], "tzinfo", None) is MOSCOW
    assert not [column for column in table.columns if column.caption == column.key]


def test_every_value_of_every_closed_list_has_its_word() -> None:
    for kind in (ProgrammeKind, AttestationKind, ControlForm, EnrolmentStatus, AttemptState):
        words = [value_caption(value) for value in kind]
        assert all(words) and len(set(words)) == len(words)
