"""Issued documents on the command line: from a closed protocol to the issuance sheet, a duplicate and a scan.

The LMS is the world of the recordings.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lms_sync.sandbox import SandboxServer, reference_world
from tests.e2e.desk import Desk, Outcome, set_up

SITTING = "4/ОТ-1"
OWN_RULES = """
format = 1

[documents]
organisation = "АНО ДПО «Пример»"
issue_place = "Тверь"
signatories = [{ name = "Яшин Ё. Ж.", position = "директор" }]

[[document]]
name = "advanced_training"
number = "УПК-{year}/{number}"
"""


def done(outcome: Outcome) -> str:
    assert outcome.code == 0, outcome.both
    return outcome.out


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """A desk with a closed protocol and the academy's own rules; only to be copied. And the protocol's number."""
    world = reference_world("5.1")
    world.advance(86_400)
    with SandboxServer(world) as server:
        desk = set_up(tmp_path_factory.mktemp("desk"), server)
        desk.replace("[sources.academy.schedule]", 'mapping = ["academy.toml"]\n\n[sources.academy.schedule]')
        (desk.path / "academy.toml").write_text(OWN_RULES, encoding="utf-8")
        done(desk.run("pull"))
        [one] = json.loads(done(desk.run("protocols", "close", SITTING, "--json")))["closed"]
        return desk, one["number"]


@pytest.fixture
def office(closed: tuple[Desk, str], tmp_path: Path) -> Iterator[Desk]:
    """A copy of that desk, without its LMS, and with blanks."""
    desk = closed[0]
    path = tmp_path / "office"
    shutil.copytree(desk.path, path)
    office = Desk(path, desk.server, desk.token)
    done(office.run("blanks", "receive", "000001", "000100", "--kind", "advanced_training", "--series", "ПК"))
    yield office


@pytest.fixture
def number(closed: tuple[Desk, str]) -> str:
    """The protocol's number."""
    return closed[1]


def issued(desk: Desk, number: str) -> None:
    done(desk.run("documents", "draft", "--protocol", number))
    done(desk.run("documents", "issue", "--protocol", number, "--on", "2026-12-01"))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def shown(desk: Desk, uid: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done(desk.run("documents", "show", uid, "--json")))
    return found


def test_from_a_protocol_to_the_issuance_sheet(office: Desk, number: str) -> None:
    assert json.loads(done(office.run("documents", "draft", "--protocol", number, "--json"))) == {
        "created": ["d000001", "d000002", "d000003", "d000004"],
        "present": [],
        "erased": 0,
    }
    assert "were there before: 4" in done(office.run("documents", "draft", "--protocol", number))
    told = office.run("documents", "issue", "--protocol", number, "--on", "2026-12-01")
    assert done(told).splitlines()[0] == "d000001: issued as УПК-2026/1, blank ПК 000001"
    assert "d000002: warn: The holder has no СНИЛС" in told.err
    sheet = rows(done(office.run("report", "issuance", "-f", "csv", "--from", "2026-12-01", "--to", "2026-12-01")))
    assert [(one["Регистрационный №"], one["Номер бланка"], one["Фамилия, имя, отчество"]) for one in sheet] == [
        ("УПК-2026/1", "000001", "Иванов Иван"),
        ("УПК-2026/2", "000002", "Мамедов оглы Рашид"),
        ("УПК-2026/3", "000003", "Морозов Семён"),
        ("УПК-2026/4", "000004", "Соколов Никита"),
    ]
    assert sheet[0]["Протокол"].startswith(f"{number} от ")
    assert rows(done(office.run("report", "issuance", "-f", "csv", "--from", "2026-12-02"))) == []
    [stock] = json.loads(done(office.run("blanks", "list", "-f", "json")))["rows"]
    assert (stock["used"], stock["left"], stock["next"]) == (4, 96, "000005")
    assert "The store is whole" in done(office.run("verify"))


def test_a_loss_a_duplicate_and_their_register(office: Desk, number: str) -> None:
    issued(office, number)
    done(office.run("documents", "hand-over", "d000001", "--on", "2026-12-02"))
    done(office.run("documents", "lost", "d000001", "--reason", "заявление", "--proof", "объявление в газете"))
    assert "d000005" in done(office.run("documents", "duplicate", "d000001", "--reason", "утрата"))
    done(office.run("documents", "issue", "d000005", "--on", "2026-12-10"))
    [one] = rows(done(office.run("report", "duplicates", "-f", "csv")))
    assert one["Оригинал: серия, номер, рег. №, дата"] == "ПК 000001, № УПК-2026/1 от 01.12.2026"
    assert (one["Регистрационный №"], one["Подтверждение"], one["Причина"]) == (
        "УПК-2026/5",
        "объявление в газете",
        "утрата",
    )
    document = shown(office, "d000001")
    assert [step["status"] for step in document["history"]] == ["draft", "issued", "handed_over", "lost", "replaced"]
    assert document["document"]["replaced_by"] == "d000005"


def test_what_is_refused_exits_with_2_and_holds_up_no_other(office: Desk, number: str) -> None:
    done(office.run("documents", "draft", "--protocol", number))
    done(office.run("documents", "correct", "d000002", "hours=8", "--reason", "сверка"))
    checked = office.run("documents", "issue", "d000002", "--check")
    assert (checked.code, checked.out) == (0, "")
    assert "d000002: stop: The programme has 8 hours" in checked.err
    refused = office.run("documents", "issue", "d000002")
    assert (refused.code, refused.out) == (2, "")
    partly = office.run("documents", "issue", "--protocol", number, "--json")
    assert partly.code == 1
    answer = json.loads(partly.out)
    assert [one["registration_number"] for one in answer["issued"]] == ["УПК-2026/1", "УПК-2026/2", "УПК-2026/3"]
    assert len(answer["refused"]) == 1
    for command in (
        ("documents", "issue"),
        ("documents", "draft"),
        ("documents", "draft", "--learner", "3"),
        ("documents", "show", "d000099"),
        ("documents", "list", "--status", "gone"),
        ("documents", "correct", "d000001", "hours", "--reason", "сверка"),
        ("documents", "annul", "d000001", "--reason", " "),
    ):
        outcome = office.run(*command)
        assert (outcome.code, outcome.out) == (2, ""), command


def test_a_scan_is_kept_beside_the_store_and_verified(office: Desk, number: str) -> None:
    issued(office, number)
    (office.path / "scan.pdf").write_bytes(b"%PDF-1.7 page")
    assert "13 bytes are kept" in done(office.run("documents", "attach", "d000001", "scan.pdf"))
    assert [one["name"] for one in shown(office, "d000001")["scans"]] == ["scan.pdf"]
    [place] = (office.path / "scans").glob("*/*")
    assert place.read_bytes() == b"%PDF-1.7 page"
    done(office.run("verify"))
    place.write_bytes(b"%PDF-1.7 forged")
    broken = office.run("verify")
    assert broken.code == 4
    assert "scan d000001/" in broken.out


def test_a_certificate_of_study_and_a_harmless_export(office: Desk, number: str) -> None:
    told = ("--learner", "3", "--course", "2", "--kind", "study_period", "--reason", "=по запросу")
    assert "Drafted: 1 (d000001)" in done(office.run("documents", "draft", *told))
    assert "issued as СП-" in done(office.run("documents", "issue", "d000001"))
    [one] = rows(done(office.run("documents", "export", "--learner", "3")))
    assert one["Причина выдачи справки"] == "'=по запросу"
    assert (one["Фамилия"], one["Состояние"]) == ("Иванов", "выдан, не вручён")
    assert done(office.run("documents", "list", "--status", "draft", "-f", "csv")).count("\n") == 1
    done(office.run("blanks", "spoil", "000007", "--act", "акт № 1", "--reason", "опечатка"))
    assert (
        "was written off before"
        in office.run("blanks", "spoil", "000007", "--act", "акт № 1", "--reason", "опечатка").err
    )


def test_an_erased_learner_is_nowhere_and_the_register_stays(office: Desk, number: str) -> None:
    issued(office, number)
    (office.path / "scan.pdf").write_bytes(b"%PDF-1.4 scan")
    done(office.run("documents", "attach", "d000001", "scan.pdf"))
    learner = shown(office, "d000001")["document"]["learner"]
    told = office.run("erase", learner, "--reason", "отзыв согласия", "--confirm", "1")
    assert (told.code, "must name the same learner" in told.err) == (2, True)
    assert "Иванов" in done(office.run("documents", "list", "-f", "csv"))
    told = office.run("erase", learner, "--reason", "отзыв согласия", "--confirm", learner)
    assert done(told) == f"Learner {learner} is erased\n"
    assert "scans removed: 1" in told.err
    listed = rows(done(office.run("documents", "list", "-f", "csv")))
    assert [one["Регистрационный №"] for one in listed] == [f"УПК-2026/{count}" for count in (1, 2, 3, 4)]
    assert "Иванов" not in str(listed[0])
    assert "The store is whole" in done(office.run("verify"))
    again = office.run("erase", learner, "--reason", "ещё раз", "--confirm", learner)
    assert done(again) == f"Nothing was left to erase of learner {learner}\n"
    assert office.run("erase", "999999", "--reason", "проверка", "--confirm", "999999").code == 4


def test_a_recognised_result_stands_in_the_record_book(office: Desk) -> None:
    told = ("--learner", "21", "--course", "3", "--item", "6", "--subject", "Тестирование", "--mark", "хорошо")
    proof = ("--organisation", "ГБПОУ «Образец»", "--document", "диплом", "--date", "2020-11-02")
    assert "z0001 is registered" in done(office.run("recognition", "apply", *told, *proof))
    minutes = ("--minutes-number", "3", "--minutes-date", "2020-11-05")
    assert done(office.run("recognition", "decide", "z0001", *minutes)) == "z0001 is recognised\n"
    book = json.loads(done(office.run("report", "record-book", "--learner", "21", "-f", "json")))["rows"]
    [taken] = [row for row in book if row["recognition"]]
    assert (taken["mark_words"], taken["grade_item"], taken["mark"]) == ("перезачтено (хорошо)", "6", None)
