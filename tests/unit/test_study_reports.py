"""The reports on studies: record book, card, sheets and statistics, as a methodist reads them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from decimal import Decimal

import pytest
from rich.console import Console

from lms_sync.records import AttestationKind
from lms_sync.report.csv_out import write_csv
from lms_sync.report.dynamics import dynamics
from lms_sync.report.interface import Table
from lms_sync.report.learner_card import learner_card
from lms_sync.report.period import Step
from lms_sync.report.quality import quality
from lms_sync.report.ranking import ranking
from lms_sync.report.record_book import record_book
from lms_sync.report.sheet import sheet
from lms_sync.report.standing import EVERY_KIND
from lms_sync.report.summary import summary
from lms_sync.report.table import write_table
from lms_sync.store.study import AttemptCount, Study, StudyScope
from tests.unit.study_samples import (
    NOON,
    a_study,
    grade,
    item,
    missing,
    person,
    place,
    programme,
    protocol,
    result,
    rows,
    select,
)

DAY = dt.timedelta(days=1)
OF_GROUP = StudyScope("academy", group="А")


def text_of(table: Table) -> str:
    console = Console(file=io.StringIO(), width=200)
    write_table(table, console)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.splitlines()).strip() + "\n"


def tried(learner: str, state: str, count: int = 1, *, gone: bool = False) -> AttemptCount:
    return AttemptCount("5", learner, "3", state, gone, count)


class TestRecordBook:
    def book(self) -> Study:
        final = result("1", "9", 2, 5)
        return a_study(
            ("1",),
            scope=StudyScope("academy", learner="1"),
            people=[person("1", "Ёлкина", "Дарья", middle_name="Олеговна", idnumber="ЗК-17")],
            courses=[programme(), programme("6", "Первая помощь", hours=None)],
            places=[place("1"), place("1", "6", groups=("Б",), retired_at=NOON)],
            items=[
                item("9", "final", assessment="3"),
                item("8", title="Зачёт", course="6", control_form="credit"),
                item("7", "current"),
                item("6", "milestone", title="Рубеж"),
            ],
            grades=[
                grade("1", "9", 2),
                grade("1", "8", None, "6", raw=2, word="зачтено", mark_text="зачтено", passed=True, retired_at=NOON),
                grade("1", "7"),
                grade("1", "6", 3, graded_at=NOON - 40 * DAY),
            ],
            results=[result("1", "9", 1, 2), final],
            protocols=[protocol("ИА-1", final)],
            attempts=[tried("1", "finished", 2), tried("1", "abandoned"), tried("1", "finished", 7, gone=True)],
        )

    def test_every_cell(self) -> None:
        columns = ["number", "attestation_kind", "course_title", "hours", "item_title", "control_form", "day"]
        columns += ["points", "percent", "mark_words", "passed", "attempts", "protocol_words"]
        assert [column.key for column in record_book(self.book(), select()).for_people().columns] == columns
        day = dt.date(2026, 3, 10)
        # fmt: off
        assert record_book(self.book(), select()).only(columns).rows == [
            [1, "рубежная", "Охрана труда", 72, "Рубеж", "экзамен", dt.date(2026, 1, 29),
             Decimal(60), Decimal("60.0"), "3 (удовлетворительно)", True, None, ""],
            [2, "промежуточная", "Первая помощь", None, "Зачёт", "зачёт", day,
             None, None, "зачтено", True, None, ""],
            [3, "итоговая", "Охрана труда (тогда)", 72, "Итоговый тест", "тест", day,
             Decimal(100), Decimal("100.0"), "5 (отлично)", True, 3, "№ ИА-1 от 12.03.2026"],
        ]
        # fmt: on

    def test_its_title_and_notes_name_the_learner(self) -> None:
        table = record_book(self.book(), select(first=dt.date(2026, 2, 1)))
        assert table.title == "Электронная зачётная книжка: Ёлкина Дарья Олеговна"
        assert table.notes == [
            "Инд. номер: ЗК-17; Группа: А, Б; Код обучающегося: 1",
            "Период: с 01.02.2026",
        ]
        assert [row["number"] for row in rows(table)] == [1, 2]

    def test_current_grades_are_chosen_by_kind(self) -> None:
        assert [row["grade_item"] for row in rows(record_book(self.book(), select(AttestationKind.CURRENT)))] == ["7"]

    def test_an_annulled_protocol_is_not_named(self) -> None:
        study = self.book()
        annulled = dataclasses.replace(study, protocols=[dataclasses.replace(study.protocols[0], state="annulled")])
        assert rows(record_book(annulled, select()))[-1]["protocol"] == ""
        assert rows(record_book(study, select()))[-1]["protocol"] == "ИА-1"

    def test_an_absence_is_told_in_words(self) -> None:
        absent = missing("1", "9", "ИА-1")
        study = dataclasses.replace(self.book(), results=[absent], protocols=[protocol("ИА-1", absent)])
        last = rows(record_book(study, select()))[-1]
        assert (last["mark_words"], last["mark"], last["passed"]) == ("не явился", None, False)
        assert last["day"] == dt.date(2026, 3, 12)


class TestLearnerCard:
    def card(self) -> Study:
        final = result("1", "9", 1, 5)
        return a_study(
            ("1",),
            scope=StudyScope("academy", learner="1"),
            people=[person("1", "Ёлкина", "Дарья", birth_date=dt.date(1990, 2, 28), snils="112-233-445 95")],
            places=[place("1"), place("1", "6", status="suspended")],
            courses=[programme(), programme("6", "Первая помощь")],
            items=[item("9", "final"), item("8"), item("7"), item("6", course="6")],
            grades=[grade("1", "8", 4), grade("1", "7", 2)],
            results=[final],
            protocols=[protocol("ИА-1", final)],
        )

    def test_identity_stands_first_and_then_each_programme(self) -> None:
        found = rows(learner_card(self.card(), select(*EVERY_KIND)))
        general = {row["field"]: row["value"] for row in found if row["section"] == "Общие сведения"}
        assert (general["last_name"], general["birth_date"], general["snils"]) == (
            "Ёлкина",
            dt.date(1990, 2, 28),
            "112-233-445 95",
        )
        assert list(dict.fromkeys(row["section"] for row in found)) == [
            "Общие сведения", "Охрана труда", "Первая помощь",
        ]  # fmt: skip

    def test_fulfilment_counts_items_and_what_is_passed_of_them(self) -> None:
        found = rows(learner_card(self.card(), select(*EVERY_KIND)))
        numbers = {row["field"]: row["value"] for row in found if row["course"] == "5"}
        assert (numbers["intermediate_items"], numbers["intermediate_passed"]) == (2, 1)
        assert (numbers["final_items"], numbers["final_passed"]) == (1, 1)
        assert "milestone_items" not in numbers

    def test_every_item_is_shown_with_its_result_or_without(self) -> None:
        found = rows(learner_card(self.card(), select(*EVERY_KIND)))
        results = {
            row["grade_item"]: (row["value"], row["protocol_words"]) for row in found if row["field"] == "result"
        }
        assert results == {
            "7": ("2 (неудовлетворительно)", ""),
            "8": ("4 (хорошо)", ""),
            "9": ("5 (отлично)", "№ ИА-1 от 12.03.2026"),
            "6": ("", ""),
        }

    def test_who_left_has_the_day(self) -> None:
        study = dataclasses.replace(self.card(), places=[place("1", retired_at=NOON + DAY)])
        found = {row["field"]: row["value"] for row in rows(learner_card(study, select())) if row["course"] == "5"}
        assert (found["enrolment_status"], found["left_at"]) == ("снят с курса", dt.date(2026, 3, 11))


SHEET = """\
Экзаменационная ведомость: Экзамен, группа А

  № п/п   Фамилия, имя, отчество   Инд. номер   Балл   Оценка цифрой   Оценка прописью       Неявка         Дата
 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
      1   Абаева Анна              N3             40               2   неудовлетворительно                  2026-03-10
      2   Белова Анна              N4                                                        н/д
      3   Власова Анна             N5                                                        не проверено
      4   Громова Анна             N6                                                        н/а
      5   Елкина Анна              N2                                                        н/я
      6   Ёлкина Анна              N1            100               5   отлично                              2026-03-10
      7   Яшина Анна               N7                                                        снят с курса

Программа: Охрана труда
Часов: 72
Вид аттестации: промежуточная
Форма контроля: экзамен
По списку: 7
5 (отлично): 1
2 (неудовлетворительно): 1
не явился (н/я): 1
не допущен (н/д): 1
не аттестован (н/а): 1
не проверено: 1
снят с курса: 1
Средний балл: 3.50
"""


class TestSheet:
    def exam(self) -> Study:
        names = {
            "1": "Ёлкина",
            "2": "Елкина",
            "3": "Абаева",
            "4": "Белова",
            "5": "Власова",
            "6": "Громова",
            "7": "Яшина",
        }
        places = [place(key) for key in "12356"]
        places += [place("4", status="suspended"), place("7", retired_at=NOON)]
        return a_study(
            tuple(names),
            scope=StudyScope("academy", course="5", group="А"),
            people=[person(key, name) for key, name in names.items()],
            places=places,
            items=[item("7", title="Экзамен", assessment="3")],
            grades=[grade("1", "7", 5), grade("3", "7", 2)],
            attempts=[tried("5", "finished"), tried("6", "abandoned"), tried("2", "finished", gone=True)],
        )

    def test_the_whole_text(self) -> None:
        assert text_of(sheet(self.exam(), select(item="7", with_gone=False))).count("Яшина") == 0
        study = dataclasses.replace(self.exam(), attempts=self.exam().attempts[:2])
        assert text_of(sheet(study, select(item="7", with_gone=True))) == SHEET

    @pytest.mark.parametrize(
        ("form", "kind", "title"),
        [
            ("exam", "final", "Экзаменационная ведомость"),
            ("graded_credit", "intermediate", "Зачётная ведомость"),
            ("test", "final", "Ведомость итогового контроля"),
            ("coursework", "intermediate", "Ведомость промежуточного контроля"),
            ("assignment", "current", "Ведомость текущего контроля"),
        ],
    )
    def test_its_title_fits_the_form_of_control(self, form: str, kind: str, title: str) -> None:
        study = a_study(items=[item("7", kind, control_form=form, title="Тема")])
        assert sheet(study, select(item="7")).title == f"{title}: Тема"

    def test_a_final_is_taken_from_its_protocols(self) -> None:
        present, absent = result("1", "7", mark=5), missing("2", "7", "ИА-2", "not_admitted")
        study = a_study(
            items=[item("7", "final")],
            grades=[grade("1", "7", 3), grade("2", "7", 3)],
            results=[present, absent],
            protocols=[protocol("ИА-2", present, absent)],
        )
        table = sheet(study, select(item="7"))
        assert [(row["mark"], row["absence"]) for row in rows(table)] == [(5, ""), (None, "н/д")]
        assert "Протокол: № ИА-2 от 12.03.2026" in table.notes

    def test_a_withdrawn_result_is_no_mark(self) -> None:
        gone = result("1", "7", mark=5, outcome="withdrawn")
        table = sheet(a_study(items=[item("7", "final")], results=[gone, result("2", "7", mark=3)]), select(item="7"))
        assert [(row["mark"], row["absence"]) for row in rows(table)] == [(None, "аннул."), (3, "")]
        assert table.notes[-3:] == [
            "3 (удовлетворительно): 1",
            "результат аннулирован (аннул.): 1",
            "Средний балл: 3.00",
        ]

    def test_what_was_handed_in_waits(self) -> None:
        study = a_study(grades=[grade("1", "7", None, submitted_at=NOON, graded_at=None)])
        assert [row["absence"] for row in rows(sheet(study, select(item="7")))] == ["не проверено", "н/я"]

    def test_a_suspended_learner_does_not_hand_in_any_more(self) -> None:
        study = a_study(
            places=[place("1", status="suspended"), place("2")],
            items=[item("7", assessment="3")],
            attempts=[tried("1", "inprogress"), tried("2", "inprogress")],
        )
        assert [row["absence"] for row in rows(sheet(study, select(item="7")))] == ["н/а", "не проверено"]


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


def test_every_column_has_a_russian_caption() -> None:
    study = a_study(grades=[grade("1", "7")])
    tables = [build(study, select(*EVERY_KIND)) for build in (record_book, learner_card, summary, ranking, quality)]
    tables += [sheet(study, select(item="7")), dynamics(study, select(), Step.WEEK)]
    for table in tables:
        assert not [column.key for column in table.columns if column.caption.isascii()]
        stream = io.StringIO(newline="")
        write_csv(table, stream)
        assert stream.getvalue().count("\r\n") == len(table.rows) + 1
