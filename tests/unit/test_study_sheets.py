"""The sheets of an examination or credit, line by line."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from lms_sync.report.interface import Table
from lms_sync.report.sheet import sheet
from lms_sync.report.table import write_table
from lms_sync.store.study import Study, StudyScope
from tests.unit.study_samples import (
    NOON,
    a_study,
    grade,
    item,
    missing,
    person,
    place,
    protocol,
    result,
    rows,
    select,
    tried,
)


def text_of(table: Table) -> str:
    console = Console(file=io.StringIO(), width=200)
    write_table(table, console)
    written = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.splitlines()).strip() + "\n"


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
