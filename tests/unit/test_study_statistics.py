"""Summary, ranking, dynamics and quality: figures of which each names its whole."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from lms_sync.report.dynamics import dynamics
from lms_sync.report.period import Step
from lms_sync.report.quality import quality
from lms_sync.report.ranking import ranking
from lms_sync.report.standing import EVERY_KIND
from lms_sync.report.summary import summary
from lms_sync.store.study import Study, StudyScope
from tests.unit.study_samples import (
    a_study,
    grade,
    item,
    place,
    programme,
    result,
    rows,
    select,
)

OF_GROUP = StudyScope("academy", group="А")


class TestSummary:
    def test_a_line_a_learner_and_the_totals_of_each_item(self) -> None:
        study = a_study(
            ("1", "2", "3"),
            items=[item("6"), item("7", control_form="credit")],
            grades=[
                grade("1", "6", 5),
                grade("2", "6", 2),
                grade("1", "7", None, raw=1, word="не зачтено", mark_text="не зачтено", passed=False),
                grade("2", "7", None, raw=0, word="н/я", mark_text="не явился", passed=False),
            ],
        )
        keys = ["full_name", "item_6", "item_7", "mean_mark", "debts"]
        assert summary(study, select()).only(keys).rows == [
            ["Иванова1 Анна", 5, "не зачтено", Decimal("5.00"), 1],
            ["Иванова2 Анна", 2, "н/я", Decimal("2.00"), 2],
            ["Иванова3 Анна", None, None, None, 2],
            ["Средний балл", Decimal("3.50"), None, Decimal("3.50"), None],
            ["Сдали", 1, 0, None, None],
            ["Задолженности", 2, 3, None, 5],
        ]

    def test_the_courses_of_a_group_stand_side_by_side(self) -> None:
        study = a_study(
            scope=OF_GROUP,
            courses=[programme(), programme("6", "Первая помощь")],
            items=[item("6", title="Зачёт"), item("7", title="Тест", course="6")],
            places=[place("1"), place("1", "6"), place("2", "6")],
            grades=[grade("1", "6"), grade("1", "7", course="6")],
        )
        table = summary(study, select())
        assert [column.caption for column in table.columns][5:7] == ["Охрана труда: Зачёт", "Первая помощь: Тест"]
        assert [row[5:7] for row in table.rows[:2]] == [[4, 4], ["—", None]]
        assert table.title == "Сводная ведомость успеваемости: группа А"

    def test_a_withdrawn_result_is_no_part_of_a_mean(self) -> None:
        gone = result("1", "7", mark=5, outcome="withdrawn")
        found = rows(summary(a_study(items=[item("7", "final")], results=[gone, result("2", "7", mark=3)]), select()))
        assert found[3]["item_7"] == 1  # passed
        assert [(row["item_7"], row["mean_mark"]) for row in found[:3]] == [
            ("аннул.", None), (3, Decimal("3.00")), (Decimal("3.00"), Decimal("3.00")),
        ]  # fmt: skip

    def test_points_where_there_is_no_mark(self) -> None:
        study = a_study(grades=[grade("1", "7", None, raw="83.5", passed=None)])
        assert rows(summary(study, select()))[0]["item_7"] == Decimal("83.5")


class TestRanking:
    def study(self) -> Study:
        marks = {"1": (3, 3), "2": (5, 5), "3": (5, None), "4": (3, 3), "5": (None, None), "6": (5, 2)}
        items = [item("6"), item("7")]
        grades = [
            grade(learner, one.key, mark)
            for learner, pair in marks.items()
            for one, mark in zip(items, pair, strict=True)
            if mark
        ]
        return a_study(tuple(marks), items=items, grades=grades)

    def test_equal_ones_share_a_place_and_the_next_is_skipped(self) -> None:
        found = rows(ranking(self.study(), select()))
        assert [(row["place"], row["learner"]) for row in found] == [
            (1, "2"), (2, "1"), (2, "4"), (4, "3"), (5, "6"), (None, "5"),
        ]  # fmt: skip
        assert [row["debts"] for row in found] == [0, 0, 0, 1, 1, 2]
        assert found[4]["mean_percent"] == Decimal("70.0")

    def test_debtors_keep_their_places(self) -> None:
        table = ranking(self.study(), select(), debtors=True)
        assert [(row["place"], row["learner"]) for row in rows(table)] == [(4, "3"), (5, "6"), (None, "5")]
        assert table.title == "Обучающиеся, имеющие задолженности: Охрана труда"

    def test_who_has_no_result_stands_last_with_fewer_debts_too(self) -> None:
        study = a_study(
            scope=OF_GROUP,
            items=[item("6"), item("7", course="6"), item("8", course="6")],
            places=[place("1"), place("1", "6"), place("2")],
            grades=[grade("1", "6")],
        )
        found = rows(ranking(study, select()))
        assert [(row["learner"], row["place"], row["debts"]) for row in found] == [("1", 1, 2), ("2", None, 1)]

    def test_who_looks_equal_is_equal(self) -> None:
        grades = [grade("1", "7", raw="80.01"), grade("2", "7", raw="80.02")]
        assert [row["place"] for row in rows(ranking(a_study(grades=grades), select()))] == [1, 1]


class TestDynamics:
    def study(self) -> Study:
        june = dt.datetime(2026, 6, 30, 21, 30, tzinfo=dt.UTC)  # July in Moscow
        grades = [
            grade("1", "6", 5),
            grade("2", "6", 2, graded_at=june),
            grade("1", "7", 3),
            grade("2", "7", 4, graded_at=None),
        ]
        return a_study(items=[item("6"), item("7", "current")], grades=grades)

    def test_each_period_by_itself_and_cumulative(self) -> None:
        table = dynamics(self.study(), select(*EVERY_KIND), Step.MONTH)
        keys = ["period", "attestation_kind", "results", "mean_mark", "results_passed_percent"]
        keys += ["total_results", "total_mean_mark", "total_passed_percent"]
        assert table.only(keys).rows == [
            ["март 2026", "текущая", 1, Decimal("3.00"), Decimal("100.0"), 1, Decimal("3.00"), Decimal("100.0")],
            ["март 2026", "промежуточная", 1, Decimal("5.00"), Decimal("100.0"), 1, Decimal("5.00"), Decimal("100.0")],
            ["июль 2026", "промежуточная", 1, Decimal("2.00"), Decimal("0.0"), 2, Decimal("3.50"), Decimal("50.0")],
        ]
        assert table.notes[-1] == "Оценок без даты, не вошедших в таблицу: 1"

    def test_absences_are_no_grades(self) -> None:
        one = grade("1", "7", None, raw=0, word="н/я", mark_text="не явился", passed=False)
        assert dynamics(a_study(grades=[one]), select(), Step.WEEK).rows == []


class TestQuality:
    def test_every_percent_names_its_whole(self) -> None:
        marks = {"1": 5, "2": 4, "3": 2}
        grades = [grade(learner, "7", mark) for learner, mark in marks.items()]
        grades += [grade("4", "7", None, raw=0, word="н/я", mark_text="не явился", passed=False)]
        table = quality(a_study(tuple("123456"), grades=grades), select())
        keys = ["indicator", "value", "percent", "percent_of", "whole"]
        listed, took_part = "числа по списку", "числа участвовавших"
        assert table.only(keys).rows == [
            ["listed", 6, None, "", None],
            ["took_part", 3, Decimal("50.0"), listed, 6],
            ["passed", 2, Decimal("66.7"), took_part, 3],
            ["absolute_rate", 2, Decimal("33.3"), listed, 6],
            ["quality_rate", 2, Decimal("33.3"), listed, 6],
            ["level_5", 1, Decimal("33.3"), took_part, 3],
            ["level_4", 1, Decimal("33.3"), took_part, 3],
            ["level_2", 1, Decimal("33.3"), took_part, 3],
            ["mean_mark", Decimal("3.67"), None, "", None],
        ]

    def test_over_nothing_there_is_no_percent(self) -> None:
        found = {row["indicator"]: row for row in rows(quality(a_study((), items=[item("7")]), select()))}
        assert {key: row["percent"] for key, row in found.items()} == dict.fromkeys(found)
        assert (found["listed"]["value"], found["quality_rate"]["value"], found["mean_mark"]["value"]) == (
            0,
            None,
            None,
        )

    def test_the_quality_rate_of_a_credit_is_empty_and_of_all_twos_zero(self) -> None:
        credit = grade("1", "6", None, raw=2, word="зачтено", mark_text="зачтено", passed=True)
        study = a_study(items=[item("6"), item("7")], grades=[credit, grade("1", "7", 2)])
        found = [
            (row["value"], row["percent"])
            for row in rows(quality(study, select()))
            if row["indicator"] == "quality_rate"
        ]
        assert found == [(None, None), (0, Decimal("0.0"))]

    def test_levels_have_an_order_and_names(self) -> None:
        grades = [
            grade("1", "7", 4),
            grade("2", "7", None, raw=1, mark_text="зачтено", passed=True),
            grade("3", "7", None, raw=1, mark_text="не зачтено", passed=False),
            grade("4", "7", None, raw=1, mark_text="освоил", passed=True),
            grade("5", "7", None, raw=1, passed=None),
        ]
        found = rows(quality(a_study(tuple("12345"), grades=grades), select()))
        levels = [(row["indicator"], row["label"]) for row in found if str(row["indicator"]).startswith("level_")]
        assert levels == [
            ("level_4", "4 (хорошо)"),
            ("level_credited", "зачтено"),
            ("level_not_credited", "не зачтено"),
            ("level_освоил", "освоил"),
            ("level_unmarked", "без отметки"),
        ]
