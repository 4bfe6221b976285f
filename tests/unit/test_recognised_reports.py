"""Recognised results of other organisations in the reports on studies: shown as what they are, counted as no grade."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from lms_sync.records import AttestationKind
from lms_sync.report.dynamics import dynamics
from lms_sync.report.interface import Table, Value
from lms_sync.report.learner_card import learner_card
from lms_sync.report.period import Step
from lms_sync.report.quality import quality
from lms_sync.report.ranking import ranking
from lms_sync.report.record_book import record_book
from lms_sync.report.sheet import sheet
from lms_sync.report.standing import EVERY_KIND, standings
from lms_sync.report.summary import summary
from lms_sync.store.study import Recognised, Study, StudyScope
from tests.unit.study_samples import NOON, a_study, grade, item, place, programme, rows, select

MINUTES = dt.date(2026, 2, 20)
ITEMS = [item("6"), item("7", title="Экзамен"), item("9", "final")]
IN_WORDS = "«перезачтено»: результат другой организации; ни средний балл, ни число сдавших его не учитывают."


def recognised(learner: str = "1", item: str = "7", **more: Any) -> Recognised:
    values: dict[str, Any] = {
        "uid": "z0001",
        "course": "5",
        "subject": "Правила",
        "hours": 36,
        "mark_text": "хорошо",
        "source_organisation": "ГБПОУ «Образец»",
        "source_document": "диплом",
        "source_number": "АБ 123",
        "source_date": dt.date(2020, 6, 30),
        "minutes_number": "3",
        "minutes_date": MINUTES,
    }
    return Recognised(**{**values, "learner": learner, "grade_item": item, **more})


def of_one(*recognised: Recognised, **more: Any) -> Study:
    """The study of learner 1 alone."""
    return a_study(
        ("1",), scope=StudyScope("academy", learner="1"), **{"items": ITEMS, "recognised": list(recognised), **more}
    )


def cells(table: Table, *keys: str) -> list[tuple[Value, ...]]:
    return [tuple(row[key] for key in keys) for row in rows(table)]


class TestRecordBook:
    def test_it_is_marked_and_names_its_source_and_the_minutes(self) -> None:
        table = record_book(of_one(recognised()), select())
        [row] = rows(table)
        assert (row["attestation_kind"], row["item_title"], row["control_form"]) == (
            "промежуточная", "Экзамен", "экзамен",
        )  # fmt: skip
        assert (row["mark_words"], row["day"], row["hours"]) == ("перезачтено (хорошо)", MINUTES, 72)
        assert row["recognised_words"] == (
            "ГБПОУ «Образец»; диплом АБ 123 от 30.06.2020; «Правила»; 36 ч; протокол о зачёте № 3 от 20.02.2026"
        )
        assert (row["recognition"], row["recognised_hours"], row["source_number"], row["minutes_number"]) == (
            "z0001", 36, "АБ 123", "3",
        )  # fmt: skip
        assert IN_WORDS in table.notes

    def test_it_is_no_grade_of_the_lms(self) -> None:
        [row] = rows(record_book(of_one(recognised()), select()))
        graded = ("points", "maximum", "percent", "mark", "passed", "attempts", "protocol_day")
        assert [row[key] for key in graded] == [None] * len(graded)
        assert (row["mark_text"], row["protocol"], row["protocol_words"]) == ("", "", "")

    def test_a_grade_of_the_lms_stands_above_it(self) -> None:
        table = record_book(of_one(recognised(), grades=[grade("1", "7", 5), grade("1", "6", 3)]), select())
        assert cells(table, "number", "item_title", "mark_words", "recognition") == [
            (1, "Тест 6", "3 (удовлетворительно)", ""),
            (2, "Экзамен", "5 (отлично)", ""),
            (3, "Экзамен", "перезачтено (хорошо)", "z0001"),
        ]

    def test_a_whole_course_stands_last_and_once(self) -> None:
        table = record_book(of_one(recognised(item="", mark_text=""), grades=[grade("1", "9", 5)]), select())
        assert cells(table, "attestation_kind", "item_title", "mark_words") == [
            ("итоговая", "Тест 9", "5 (отлично)"),
            ("", "программа целиком", "перезачтено"),
        ]

    def test_it_counts_on_the_day_of_the_minutes(self) -> None:
        assert rows(record_book(of_one(recognised()), select(first=MINUTES, last=MINUTES)))
        assert not rows(record_book(of_one(recognised()), select(first=MINUTES + dt.timedelta(days=1))))

    @pytest.mark.parametrize(("kind", "shown"), [("intermediate", ["z0001", "z0002"]), ("final", [])])
    def test_it_is_of_the_kind_of_its_item(self, kind: str, shown: list[str]) -> None:
        study = of_one(recognised(), recognised(item="", uid="z0002"))
        assert [row["recognition"] for row in rows(record_book(study, select(AttestationKind(kind))))] == shown

    def test_without_any_the_book_is_as_wide_as_ever(self) -> None:
        with_one, without = (record_book(of_one(*some), select()) for some in ([recognised()], []))
        assert with_one.columns[-1].key == without.columns[-1].key
        shown = [{column.key for column in table.for_people().columns} for table in (with_one, without)]
        assert shown[0] - shown[1] == {"recognised_words"}


class TestLearnerCard:
    def entries(self, study: Study, **period: Any) -> list[tuple[Value, ...]]:
        found = rows(learner_card(study, select(*EVERY_KIND, **period)))
        return [
            (row["field"], row["grade_item"], row["value"], row["protocol_words"])
            for row in found
            if row["field"] in ("result", "recognition")
        ]

    def test_an_item_has_it_in_the_place_of_an_empty_line_or_below_the_grade(self) -> None:
        words = "перезачтено (хорошо); ГБПОУ «Образец»; диплом АБ 123 от 30.06.2020; «Правила»; 36 ч"
        taken = ("recognition", "7", words, "№ 3 от 20.02.2026")
        assert self.entries(of_one(recognised())) == [("result", "6", "", ""), taken, ("result", "9", "", "")]
        both = self.entries(of_one(recognised(), grades=[grade("1", "7", 5)]))
        assert both[1:3] == [("result", "7", "5 (отлично)", ""), taken]

    def test_a_whole_course_is_told_in_each_item_but_the_final_and_once_in_full(self) -> None:
        found = self.entries(of_one(recognised(item="", mark_text="")))
        assert [entry[:3] for entry in found[:3]] == [
            ("recognition", "6", "перезачтено"),
            ("recognition", "7", "перезачтено"),
            ("result", "9", ""),
        ]
        assert found[3][1:3] == ("", "перезачтено; ГБПОУ «Образец»; диплом АБ 123 от 30.06.2020; «Правила»; 36 ч")

    def test_fulfilment_counts_it_apart(self) -> None:
        study = of_one(recognised(), grades=[grade("1", "6", 5)])
        found = {row["field"]: row["value"] for row in rows(learner_card(study, select(*EVERY_KIND)))}
        assert [found[f"intermediate_{name}"] for name in ("items", "passed", "recognised")] == [2, 1, 1]
        assert "final_recognised" not in found

    def test_a_period_without_it_does_not_show_it(self) -> None:
        study = of_one(recognised(), grades=[grade("1", "7", 5)])
        assert self.entries(study, first=NOON.date()) == [("result", "7", "5 (отлично)", "")]


class TestSheetAndSummary:
    def study(self, **more: Any) -> Study:
        values: dict[str, Any] = {"grades": [grade("2", "7", 5)], "recognised": [recognised("1")]}
        return a_study(("1", "2", "3"), items=ITEMS, **(values | more))

    def test_a_sheet_says_so_and_not_that_the_learner_was_absent(self) -> None:
        table = sheet(self.study(), select(item="7"))
        assert cells(table, "mark", "mark_text", "absence", "day", "recognised") == [
            (None, "перезачтено", "", MINUTES, "№ 3 от 20.02.2026"),
            (5, "отлично", "", NOON.date(), ""),
            (None, "", "н/я", None, ""),
        ]
        assert table.notes[-6:] == [
            "По списку: 3", "5 (отлично): 1", "не явился (н/я): 1", "перезачтено: 1", "Средний балл: 5.00", IN_WORDS,
        ]  # fmt: skip

    @pytest.mark.parametrize("more", [{}, {"retired_at": NOON}, {"status": "suspended"}])
    def test_neither_suspended_nor_gone_nor_absent_by_the_lms(self, more: dict[str, Any]) -> None:
        absent = grade("1", "7", None, raw=1, word="н/я", mark_text="не явился", passed=False)
        study = self.study(places=[place("1", **more)], grades=[absent])
        [line] = cells(sheet(study, select(item="7", with_gone=True)), "mark_text", "absence")
        assert line == ("перезачтено", "")

    def test_a_grade_of_the_lms_stands_with_the_minutes_beside_it(self) -> None:
        table = sheet(self.study(grades=[grade("1", "7", 4)]), select(item="7"))
        assert cells(table, "mark", "mark_text", "recognised")[0] == (4, "хорошо", "№ 3 от 20.02.2026")
        assert "4 (хорошо): 1" in table.notes and "перезачтено: 1" not in table.notes

    def test_a_sheet_of_the_final_knows_no_recognition(self) -> None:
        table = sheet(self.study(recognised=[recognised("1", "")]), select(item="9"))
        assert cells(table, "absence")[0] == ("н/я",)
        assert "recognised" not in {column.key for column in table.for_people().columns}

    def test_a_summary_has_it_in_the_cell_unless_there_is_a_grade(self) -> None:
        study = self.study(recognised=[recognised("1"), recognised("2", uid="z0002")])
        table = summary(study, select())
        assert cells(table, "item_7", "mean_mark", "debts")[:3] == [
            ("перезачтено", None, 2), (5, Decimal("5.00"), 2), (None, None, 3),
        ]  # fmt: skip
        assert cells(table, "full_name", "item_7")[3:] == [
            ("Средний балл", Decimal("5.00")),
            ("Сдали", 1),
            ("Задолженности", 1),
        ]
        assert IN_WORDS in table.notes


class TestCounting:
    def test_a_recognised_item_is_no_debt_and_gives_no_place(self) -> None:
        study = a_study(("1", "2"), items=ITEMS, grades=[grade("2", "7", 5)], recognised=[recognised("1", "")])
        found = standings(study, select())
        assert [found.debts(member) for member in found.members] == [1, 2]  # the final is sat
        table = cells(ranking(study, select()), "learner", "place", "results", "mean_mark", "debts")
        assert table == [("2", 1, 1, Decimal("5.00"), 2), ("1", None, 0, None, 1)]

    def test_a_debt_is_settled_by_the_end_of_the_period_in_which_it_was_recognised(self) -> None:
        study = a_study(
            ("1", "2"), grades=[grade("2", "7", 5, graded_at=NOON - dt.timedelta(days=90))], recognised=[recognised()]
        )
        before = MINUTES - dt.timedelta(days=1)
        for last, debts in ((before, 1), (MINUTES, 0), (NOON.date(), 0)):
            found = standings(study, select(last=last))
            assert found.debts(found.members[0]) == debts

    def test_an_item_of_somebody_who_is_not_listed_opens_no_column(self) -> None:
        study = a_study(("2",), people=[], places=[place("2"), place("1", retired_at=NOON)], recognised=[recognised()])
        assert standings(study, select(first=MINUTES, last=MINUTES)).items == []
        assert [one.key for one in standings(study, select(first=MINUTES, last=MINUTES, with_gone=True)).items] == ["7"]

    def test_a_deleted_item_stays_where_something_was_recognised(self) -> None:
        study = of_one(recognised(), items=[item("7", retired_at=NOON)], courses=[programme(retired_at=NOON)])
        assert [row["recognition"] for row in rows(record_book(study, select()))] == ["z0001"]

    @pytest.mark.parametrize("item_key", ["7", ""])
    def test_quality_is_as_if_who_has_it_were_not_there(self, item_key: str) -> None:
        grades = [grade("2", "7", 5), grade("3", "7", 2)]
        plain = a_study(("2", "3"), items=ITEMS, grades=grades)
        study = a_study(("1", "2", "3"), items=ITEMS, grades=grades, recognised=[recognised("1", item_key)])
        figures = ("indicator", "value", "percent", "whole")
        expected = cells(quality(plain, select(item="7")), *figures)
        found = cells(quality(study, select(item="7")), *figures)
        assert found == [expected[0], ("recognised", 1, None, None), *expected[1:]]
        assert "Обучающиеся, которым элемент перезачтён" in quality(study, select(item="7")).notes[-1]

    def test_who_sat_it_all_the_same_counts_by_the_grade(self) -> None:
        study = a_study(("1", "2"), grades=[grade("1", "7", 5), grade("2", "7", 2)], recognised=[recognised("1")])
        plain = a_study(("1", "2"), grades=study.grades)
        assert rows(quality(study, select())) == rows(quality(plain, select()))

    def test_dynamics_do_not_know_it(self) -> None:
        study = a_study(grades=[grade("1", "7", 5)], recognised=[recognised("2")])
        plain = a_study(grades=study.grades)
        assert rows(dynamics(study, select(), Step.MONTH)) == rows(dynamics(plain, select(), Step.MONTH))
