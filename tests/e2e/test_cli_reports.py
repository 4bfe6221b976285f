"""The report commands as an operator calls them, over a store that holds one small academy."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lms_sync.cli.app import app
from lms_sync.errors import ConfigError
from lms_sync.records import Course, Enrolment, GradeEntry, GradeItem, Learner
from lms_sync.store.store import Store
from tests.unit.study_samples import NOON, WORDS

CONFIG = """
[store]
url = "sqlite:///records.db"

[log]
level = "error"

[sources.academy]
connector = "moodle"
url = "https://lms.example.com"
token_env = "NOT_NEEDED_FOR_REPORTS"
timezone = "Europe/Moscow"
"""
NAMES = {"1": "Ёлкина", "2": "Елкина", "3": "Абаева", "4": "Белова"}
MARKS = {"1": 5, "2": 4, "3": 2}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Course 5: exam 7 that three of four took, credit 8 that nobody took, total 9. 3 and 4 have the same number."""
    path = tmp_path_factory.mktemp("desk")
    (path / "lms-sync.toml").write_text(CONFIG, encoding="utf-8")
    items = {
        "7": ("Экзамен", "intermediate", "exam"),
        "8": ("Зачёт", "final", "credit"),
        "9": ("Итог", "total", "other"),
    }
    with Store.open(f"sqlite:///{path / 'records.db'}") as store:
        run = store.begin_run("academy", "full", "operator", "1")
        with store.page(run, "grades", "course/5") as page:
            records = [
                Course(external_id="5", title="Охрана труда", hours=72, programme_kind="advanced_training"),
                *(
                    Learner(
                        external_id=key, last_name=name, first_name="Анна", idnumber="N3" if key > "2" else f"N{key}"
                    )
                    for key, name in NAMES.items()
                ),
                *(
                    Enrolment(
                        course="5", learner=key, status="active", is_learner=True, groups=["А" if key < "4" else "Б"]
                    )
                    for key in NAMES
                ),
                *(
                    GradeItem(
                        external_id=key,
                        course="5",
                        title=title,
                        item_type="mod",
                        position=int(key),
                        attestation_kind=kind,
                        control_form=form,
                    )
                    for key, (title, kind, form) in items.items()
                ),
                *(
                    GradeEntry(
                        course="5",
                        grade_item="7",
                        learner=key,
                        raw=mark * 20,
                        minimum=0,
                        maximum=100,
                        mark=mark,
                        mark_text=WORDS[mark],
                        passed=mark > 2,
                        graded_at=NOON,
                    )
                    for key, mark in MARKS.items()
                ),
            ]
            page.put([(record, None) for record in records])
        store.finish_run(run, "done", {}, "")
    return path


@pytest.fixture(autouse=True)
def at_the_desk(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(desk)
    monkeypatch.delenv("LMS_SYNC_CONFIG", raising=False)
    yield


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["report", *words])


def data(*words: str) -> dict:
    outcome = run(*words, "--format", "json")
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)


def refusal(*words: str) -> str:
    outcome = run(*words)
    assert isinstance(outcome.exception, ConfigError), outcome.output
    return str(outcome.exception)


def test_a_record_book_by_the_individual_number() -> None:
    book = data("record-book", "--learner", "N1")
    assert book["title"] == "Электронная зачётная книжка: Ёлкина Анна"
    (row,) = book["rows"]
    assert (row["item_title"], row["mark_words"], row["percent"], row["day"]) == (
        "Экзамен", "5 (отлично)", "100.0", "2026-03-10",
    )  # fmt: skip


def test_a_learner_card() -> None:
    values = {row["field"]: row["value"] for row in data("learner-card", "--learner", "2")["rows"]}
    assert (values["last_name"], values["programme_kind"], values["hours"]) == ("Елкина", "повышение квалификации", 72)
    assert (values["intermediate_passed"], values["final_items"], values["final_passed"]) == (1, 1, 0)


def test_a_sheet_for_a_spreadsheet() -> None:
    outcome = run("sheet", "--course", "5", "--item", "7", "-f", "csv", "--delimiter", ";", "--bom", "-o", "sheet.csv")
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    text = Path("sheet.csv").read_bytes().decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert [line[2] for line in lines[1:]] == ["Абаева Анна", "Белова Анна", "Елкина Анна", "Ёлкина Анна"]
    assert [line[lines[0].index("Неявка")] for line in lines[1:]] == ["", "н/я", "", ""]


def test_a_sheet_of_one_group() -> None:
    assert len(data("sheet", "--course", "5", "--item", "7", "--group", "А")["rows"]) == 3


def test_a_summary_of_a_course_and_of_a_group() -> None:
    course = data("summary", "--course", "5")
    assert [row["item_7"] for row in course["rows"]] == [2, None, 4, 5, "3.67", 2, 2]
    assert [row["learner"] for row in data("summary", "--group", "Б")["rows"]][:1] == ["4"]


def test_a_period_leaves_out_what_was_not_graded_in_it() -> None:
    columns = data("summary", "--course", "5", "--from", "2026-03-10", "--to", "2026-03-10")["columns"]
    assert "item_7" in columns and "item_8" not in columns
    assert "item_7" not in data("summary", "--course", "5", "--from", "2026-03-11")["columns"]


def test_a_ranking_and_its_debtors() -> None:
    assert [row["learner"] for row in data("ranking", "--course", "5", "--kind", "intermediate")["rows"]] == list(
        "1234"
    )
    debtors = data("ranking", "--course", "5", "--kind", "intermediate", "--debtors")
    assert [row["learner"] for row in debtors["rows"]] == ["3", "4"]


def test_dynamics_by_quarter_and_of_one_learner() -> None:
    (row,) = data("dynamics", "--course", "5", "--by", "quarter")["rows"]
    assert (row["period"], row["results"], row["mean_mark"]) == ("I квартал 2026", 3, "3.67")
    assert data("dynamics", "--learner", "1", "--by", "week")["rows"][0]["first_day"] == "2026-03-09"


def test_quality_has_exact_percents() -> None:
    rows = data("quality", "--course", "5", "--item", "7")["rows"]
    found = {row["indicator"]: (row["value"], row["percent"], row["whole"]) for row in rows}
    assert found["listed"] == (4, None, None)
    assert found["passed"] == (2, "66.7", 3)
    assert found["absolute_rate"] == (2, "50.0", 4)


def test_a_table_for_people_is_russian() -> None:
    outcome = run("quality", "--course", "5")
    assert "Абсолютная успеваемость" in outcome.stdout
    assert "absolute_rate" not in outcome.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("summary",), "--course ID, --group NAME"),
        (("summary", "--course", "404"), "nothing of a course 404"),
        (("summary", "--group", "нет"), "nobody of a group нет"),
        (("ranking", "--course", "5", "--group", "нет"), "group нет in course 5"),
        (("sheet", "--course", "5", "--item", "404"), "no grade item 404"),
        (("sheet", "--course", "5", "--item", "9"), "is a total"),
        (("quality", "--course", "5", "--item", "404"), "no grade item 404"),
        (("record-book", "--learner", "404"), "no learner 404"),
        (("record-book", "--learner", "N3"), "give an LMS id: 3, 4"),
        (("summary", "--course", "5", "--from", "2026-13-01"), "--from takes a day"),
        (("summary", "--course", "5", "--from", "2026-02-01", "--to", "2026-01-31"), "no day lies between"),
        (("summary", "--course", "5", "--delimiter", ";;"), "one character"),
        (("summary", "--course", "5", "--source", "other"), "no source other"),
    ],
)
def test_what_cannot_be_reported_is_told(words: tuple[str, ...], told: str) -> None:
    assert told in refusal(*words)
