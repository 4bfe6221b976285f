"""`lms-sync recognition` and its reports, as typed: what is put out, what is told, and how it ends."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lms_sync.cli.app import app
from lms_sync.errors import LmsSyncError
from lms_sync.records import AttestationKind
from tests.integration.registers.papers import Papers

CONFIG = """
[store]
url = "sqlite:///records.db"

[sources.academy]
connector = "moodle"
url = "http://127.0.0.1:9"
token_file = "academy.token"
timezone = "Europe/Moscow"
mapping = ["academy.toml"]
"""
RULES = """
format = 1

[[commission]]
name = "о зачёте"
chair = { name = "Яшин Ё. Ж.", position = "директор" }
"""
PROOF = ("--organisation", "ГБПОУ «Образец»", "--document", "диплом", "--document-number", "АБ 123")
TO_ITEM = ("--course", "5", "--item", "20", "--subject", "=Тестирование", *PROOF)
MINUTES = ("--minutes-number", "3", "--minutes-date", "2020-11-05")
REFUSED = ("--refuse", "--reason", "другое содержание")


@dataclass(frozen=True)
class Office:
    """Commands over the store of `graduates`, with an intermediate examination 20."""

    config: Path

    def run(self, *command: str) -> str:
        """What a command that goes well puts out."""
        result = CliRunner().invoke(app, [*command, "--config", str(self.config)])
        assert result.exit_code == 0, (command, result.output, result.exception)
        return result.stdout

    def rows(self, *command: str) -> list[dict[str, Any]]:
        """The rows of a report."""
        found: list[dict[str, Any]] = json.loads(self.run(*command, "-f", "json"))["rows"]
        return found

    def refused(self, *command: str) -> str:
        """What is told of a command that is refused; it puts nothing out."""
        result = CliRunner().invoke(app, [*command, "--config", str(self.config)])
        assert isinstance(result.exception, LmsSyncError)
        assert (result.exception.exit_code, result.stdout) == (2, "")
        return str(result.exception)


@pytest.fixture
def office(lite_papers: Papers, tmp_path: Path) -> Office:
    """See `Office`."""
    lite_papers.world.column("20", title="Экзамен", attestation_kind=AttestationKind.INTERMEDIATE)
    lite_papers.world.rename("1", "Аксёнов Олег Ильич", idnumber="ЗК-1")
    (tmp_path / "academy.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "lms-sync.toml").write_text(CONFIG, encoding="utf-8")
    return Office(tmp_path / "lms-sync.toml")


def apply(office: Office, learner: str, day: str, *more: str) -> str:
    return office.run("recognition", "apply", "--learner", learner, *TO_ITEM, "--date", day, *more)


def test_from_an_application_to_the_minutes(office: Office) -> None:
    more = ("--document-date", "2019-06-30", "--hours", "36", "--mark", "хорошо", "--number", "15")
    assert apply(office, "ЗК-1", "2020-11-02", *more).startswith("z0001 is registered; decide on it with")
    apply(office, "2", "2020-11-03")
    assert json.loads(office.run("recognition", "decide", "z0001", *MINUTES, "--json")) == [
        {"uid": "z0001", "state": "recognised"}
    ]
    assert office.run("recognition", "decide", "z0002", *MINUTES, *REFUSED) == "z0002 is refused\n"
    printed = office.run("report", "recognition-minutes", "3", "--commission", "о зачёте")
    assert "о зачёте результатов № 3 от 05.11.2020" in printed
    assert "Председатель ____________________ Яшин Ё. Ж., директор" in printed
    lines = office.rows("report", "recognition-minutes", "3")
    assert [(one["full_name"], one["decision"], one["reason"]) for one in lines] == [
        ("Аксёнов Олег Ильич", "перезачтено", ""),
        ("Борисова Анна Петровна", "отказано", "другое содержание"),
    ]
    assert "Секретарь ____________________" in office.run("report", "recognition-minutes", "3")
    [taken] = [row for row in office.rows("report", "record-book", "--learner", "1") if row["recognition"]]
    assert (taken["mark_words"], taken["grade_item"], taken["minutes_number"]) == ("перезачтено (хорошо)", "20", "3")


def test_the_register_of_a_period_and_of_a_state(office: Office) -> None:
    for learner, day in (("1", "2020-11-02"), ("2", "2020-11-03"), ("3", "2020-11-04")):
        apply(office, learner, day)
    office.run("recognition", "decide", "z0001", "z0002", *MINUTES)
    office.run("recognition", "annul", "z0002", "--reason", "ошибка")

    def uids(*command: str) -> list[str]:
        return [row["uid"] for row in office.rows(*command)]

    assert uids("report", "recognitions") == ["z0001", "z0002", "z0003"]
    assert uids("report", "recognitions", "--from", "2020-11-04", "--to", "2020-11-04") == ["z0003"]
    assert uids("report", "recognitions", "--from", "2020-11-05") == ["z0001", "z0002"]  # decided then
    assert uids("recognition", "list", "--state", "applied", "--state", "annulled") == ["z0002", "z0003"]
    assert uids("recognition", "list", "--learner", "1") == ["z0001"]
    assert uids("recognition", "list", "--course", "6") == []
    text = office.run("report", "recognitions", "--from", "2020-11-04", "-f", "csv", "--delimiter", ";")
    assert {row["Предмет"] for row in csv.DictReader(io.StringIO(text), delimiter=";")} == {"'=Тестирование"}


def test_one_application_with_every_step(office: Office) -> None:
    apply(office, "3", "2020-11-02", "--number", "15")
    office.run("recognition", "annul", "z0001", "--reason", "по просьбе")
    shown = json.loads(office.run("recognition", "show", "z0001", "--json"))
    assert shown["application"]["source_number"] == "АБ 123"
    assert [(step["state"], step["reason"]) for step in shown["history"]] == [
        ("applied", ""),
        ("annulled", "по просьбе"),
    ]
    told = office.run("recognition", "show", "z0001")
    assert "Засчитывается как: Экзамен (20)\n" in told
    assert "Дата заявления: 02.11.2020\n" in told


def test_minutes_of_one_number_and_several_days(office: Office) -> None:
    for learner in "12":
        apply(office, learner, "2020-11-02")
    office.run("recognition", "decide", "z0001", *MINUTES)
    office.run("recognition", "decide", "z0002", "--minutes-number", "3", "--minutes-date", "2021-11-05")
    assert "choose with --date: 2020-11-05, 2021-11-05" in office.refused("report", "recognition-minutes", "3")
    [line] = office.rows("report", "recognition-minutes", "3", "--date", "2021-11-05")
    assert line["uid"] == "z0002"


def test_what_is_refused_says_why(office: Office, lite_papers: Papers) -> None:
    final = ("--learner", "1", "--course", "5", "--item", "7", "--subject", "Экзамен", *PROOF)
    apply(office, "3", "2020-11-02")
    apply(office, "2", "2020-11-02")
    office.run("recognition", "decide", "z0002", *MINUTES)
    lite_papers.store.erase_learner("academy", "3", "registrar", "отзыв согласия")
    for command, told in (
        (("recognition", "apply", *final), "is a final attestation"),
        (("recognition", "apply", "--learner", "nobody", *TO_ITEM), "has no learner nobody"),
        (("recognition", "apply", "--learner", "3", *TO_ITEM), "was erased"),
        (("recognition", "apply", "--learner", "1", *TO_ITEM, "--date", "soon"), "--date takes a day"),
        (("recognition", "decide", "z0001", *MINUTES), "was erased"),
        (("recognition", "decide", "z0009", *MINUTES), "There is no application z0009"),
        (("recognition", "show", "z0001"), "has its personal data erased"),
        (("recognition", "show", "z0009"), "is not in the register"),
        (("recognition", "list", "--state", "gone"), "--state takes one of"),
        (("report", "recognition-minutes", "4"), "No decision bears minutes 4"),
        (("report", "recognition-minutes", "3", "--commission", "другая"), "no [[commission]] named другая"),
        (("report", "recognitions", "--from", "2021-01-02", "--to", "2021-01-01"), "no day lies between"),
    ):
        assert told in office.refused(*command), command
    assert "Заявлений, персональные данные которых удалены: 1" in office.run("report", "recognitions")
