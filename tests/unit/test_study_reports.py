"""The reports on studies: record book and card as a methodist reads them, and that every report is in Russian."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from decimal import Decimal

from lms_sync.records import AttestationKind
from lms_sync.report.csv_out import write_csv
from lms_sync.report.dynamics import dynamics
from lms_sync.report.learner_card import learner_card
from lms_sync.report.period import Step
from lms_sync.report.quality import quality
from lms_sync.report.ranking import ranking
from lms_sync.report.record_book import record_book
from lms_sync.report.sheet import sheet
from lms_sync.report.standing import EVERY_KIND
from lms_sync.report.summary import summary
from lms_sync.store.study import Study, StudyScope
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
    tried,
)

DAY = dt.timedelta(days=1)


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


def test_every_column_has_a_russian_caption() -> None:
    study = a_study(grades=[grade("1", "7")])
    tables = [build(study, select(*EVERY_KIND)) for build in (record_book, learner_card, summary, ranking, quality)]
    tables += [sheet(study, select(item="7")), dynamics(study, select(), Step.WEEK)]
    for table in tables:
        assert not [column.key for column in table.columns if column.caption.isascii()]
        stream = io.StringIO(newline="")
        write_csv(table, stream)
        assert stream.getvalue().count("\r\n") == len(table.rows) + 1
