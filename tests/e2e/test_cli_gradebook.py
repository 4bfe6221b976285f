"""The gradebook at the command line, over what a real pull brought."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.e2e.desk import Desk, a_course


class TestReport:
    def test_csv_has_a_line_a_learner_in_the_order_of_the_alphabet(self, pulled: Desk) -> None:
        course = a_course(pulled)
        outcome = pulled.run("report", "grades", "--course", course, "--format", "csv", "--bom", "--delimiter", ";")
        assert outcome.code == 0
        assert outcome.out.startswith("\ufeff")
        head, *lines = csv.reader(io.StringIO(outcome.out.removeprefix("\ufeff"), newline=""), delimiter=";")
        assert head[:3] == ["№ п/п", "Фамилия, имя, отчество", "Код обучающегося"]
        learners = pulled.rows(
            f"SELECT learner FROM enrolment WHERE retired_at IS NULL AND is_learner AND course = '{course}'"
        )
        assert {line[2] for line in lines} == {learner for (learner,) in learners}

    def test_json_has_every_grade_exactly(self, pulled: Desk) -> None:
        course = a_course(pulled)
        rows = pulled.run("report", "grades", "--course", course, "--form", "list", "--format", "json").document()[
            "rows"
        ]
        stored = pulled.rows(
            "SELECT g.grade_item, g.learner, g.raw FROM grade_entry g JOIN enrolment e "
            "ON e.course = g.course AND e.learner = g.learner AND e.is_learner "
            f"WHERE g.course = '{course}'"
        )
        assert {(row["grade_item"], row["learner"], row["raw"]) for row in rows} == set(stored)

    def test_a_table_is_for_people(self, pulled: Desk) -> None:
        assert "Электронный журнал" in pulled.run("report", "grades", "--course", a_course(pulled)).out

    def test_before_the_first_pull_nothing_was_known(self, pulled: Desk) -> None:
        outcome = pulled.run("report", "grades", "--course", a_course(pulled), "--as-of", "2001-01-01")
        assert outcome.code == 2
        assert "nothing of a course" in outcome.err

    def test_now_and_as_of_now_are_the_same(self, pulled: Desk) -> None:
        arguments = ("report", "grades", "--course", a_course(pulled), "--form", "list", "--format", "json")
        assert pulled.run(*arguments, "--as-of", "2999-01-01").document() == pulled.run(*arguments).document()

    def test_a_file_is_whole_and_the_owners_alone(self, pulled: Desk, tmp_path: Path) -> None:
        target = tmp_path / "out" / "grades.csv"
        target.parent.mkdir()
        outcome = pulled.run("report", "grades", "--course", a_course(pulled), "-f", "csv", "-o", str(target))
        assert (outcome.code, outcome.out) == (0, "")
        assert target.stat().st_mode & 0o777 == 0o600
        assert list(target.parent.iterdir()) == [target]

    def test_a_file_that_cannot_be_written(self, pulled: Desk, tmp_path: Path) -> None:
        target = tmp_path / "nowhere" / "grades.csv"
        outcome = pulled.run("report", "grades", "--course", a_course(pulled), "-f", "csv", "-o", str(target))
        assert outcome.code == 2
        assert "cannot be written" in outcome.err

    @pytest.mark.parametrize(
        "wrong",
        [
            ("--from", "yesterday"),
            ("--to", "2026-13-01"),
            ("--as-of", "soon"),
            ("--delimiter", "ab"),
            ("--format", "xls"),
        ],
    )
    def test_a_wrong_argument_is_usage(self, pulled: Desk, wrong: tuple[str, str]) -> None:
        outcome = pulled.run("report", "grades", "--course", a_course(pulled), *wrong)
        assert (outcome.code, outcome.out) == (2, "")
        assert wrong[0] in outcome.err
