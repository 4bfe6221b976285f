"""Final attestation on the command line: from a pull to a protocol, what the LMS changes later, and the proof.

The LMS is the world of the recordings: three finals, one of them with groups, one with essays to be marked.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lms_sync.sandbox import SandboxServer, reference_world
from tests.e2e.desk import Desk, Outcome, set_up

CHECKPOINTS = '[checkpoints]\ndirectory = "checkpoints"\nkey_file = "checkpoint.key"\n[store]'
FINAL_TEST, SAFETY_GROUP_1, SAFETY_GROUP_2, ESSAYS, ELECTRICIANS = 3, "4/ОТ-1", "4/ОТ-2", "7", "9"
SURNAMES = ("Иванов", "Козлов", "Мамедов", "Морозов", "Сидоров", "Соколов", "Щукина")


def site() -> SandboxServer:
    """The same LMS each time, a day after its tests were taken."""
    world = reference_world("5.1")
    world.advance(86_400)
    return SandboxServer(world)


@pytest.fixture(scope="module")
def first_pull(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk after the first pull, with checkpoints. Only to be copied; its LMS is gone."""
    with site() as server:
        desk = set_up(tmp_path_factory.mktemp("desk"), server)
        desk.replace("[store]", CHECKPOINTS)
        outcome = desk.run("pull")
        assert outcome.code == 0, outcome.both
        assert "final attestation: 47 results recorded, 10 wait" in outcome.err
        return desk


@pytest.fixture
def office(first_pull: Desk, tmp_path: Path) -> Iterator[Desk]:
    """A copy of that desk with an LMS of its own."""
    path = tmp_path / "office"
    shutil.copytree(first_pull.path, path)
    with site() as server:
        desk = Desk(path, server, server.token)
        desk.replace(first_pull.server.url, server.url)
        yield desk


def done(outcome: Outcome) -> str:
    assert outcome.code == 0, outcome.both
    return outcome.out


def protocol(desk: Desk, which: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done(desk.run("protocols", "show", which, "--json")))
    return found


def attempt_of(desk: Desk, learner: str) -> int:
    (found,) = [
        key for key, one in desk.server.world.attempts.items() if one.quiz == FINAL_TEST and str(one.user) == learner
    ]
    return found


def refused(outcome: Outcome, *words: str) -> None:
    assert (outcome.code, outcome.out) == (2, "")
    (line,) = outcome.err.strip().splitlines()
    assert all(word in line for word in words), line


def test_an_open_sitting_becomes_a_protocol_once(office: Desk) -> None:
    listed = json.loads(done(office.run("protocols", "list", "--open", "--format", "json")))["protocols"]
    assert {one["sitting"]: (len(one["lines"]), len(one["waiting"])) for one in listed} == {
        "4": (3, 0), SAFETY_GROUP_1: (8, 0), SAFETY_GROUP_2: (8, 2), ESSAYS: (8, 8), ELECTRICIANS: (12, 0),
    }  # fmt: skip
    before = protocol(office, SAFETY_GROUP_1)
    (year,) = {Path(name).stem.split("-")[2][:4] for name in checkpoints(office)}
    number = f"{year}/001"
    assert f"{SAFETY_GROUP_1}: closed as protocol {number}, 8 lines" in done(
        office.run("protocols", "close", SAFETY_GROUP_1)
    )
    closed = protocol(office, number)
    assert (closed["state"], closed["number"], closed["sitting"]) == ("closed", number, "")
    assert closed["lines"] == before["lines"]
    ledger = office.rows("SELECT max(seq) FROM ledger")
    assert "was closed before" in done(office.run("protocols", "close", SAFETY_GROUP_1))
    assert office.rows("SELECT max(seq) FROM ledger") == ledger
    assert done(office.run("verify")).startswith("The store is whole")


def checkpoints(desk: Desk) -> list[str]:
    return sorted(path.name for path in (desk.path / "checkpoints").iterdir())


def test_every_sitting_in_which_nothing_waits_is_closed_with_one_command(office: Desk) -> None:
    result = json.loads(done(office.run("protocols", "close", "--ready", "--json")))
    assert [one["sitting"] for one in result["closed"]] == ["4", SAFETY_GROUP_1, ELECTRICIANS]
    numbers = [one["number"] for one in result["closed"]]
    assert [number.rpartition("/")[2] for number in numbers] == ["001", "002", "003"]
    assert json.loads(done(office.run("protocols", "close", "--ready", "--json"))) == {"closed": [], "refused": []}


def test_an_export_has_the_lines_and_every_output_is_for_its_reader(office: Desk) -> None:
    done(office.run("protocols", "close", SAFETY_GROUP_1))
    (number,) = [one["number"] for one in closed_protocols(office)]
    shown = office.run("protocols", "show", number)
    assert all(name in shown.out for name in SURNAMES)
    assert not any(name in shown.err for name in SURNAMES)
    exported = office.run("protocols", "export", number, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(exported.out)))
    assert [row["Фамилия, имя, отчество"].split()[0] for row in rows] == [
        "Иванов", "Козлов", "Мамедов", "Морозов", "О'Нил", "Сидоров", "Соколов", "Щукина",
    ]  # fmt: skip
    assert [row["Оценка цифрой"] for row in rows] == ["3", "2", "3", "4", "2", "2", "5", "2"]
    done(office.run("protocols", "export", number, "--output", "protocol.json"))
    saved = office.path / "protocol.json"
    assert json.loads(saved.read_text(encoding="utf-8")) == protocol(office, number)
    assert saved.stat().st_mode & 0o077 == 0


def closed_protocols(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done(desk.run("protocols", "list", "--closed", "--format", "json")))[
        "protocols"
    ]
    return found


def test_a_bundle_proves_itself_without_lms_sync(office: Desk) -> None:
    done(office.run("protocols", "close", SAFETY_GROUP_1))
    (number,) = [one["number"] for one in closed_protocols(office)]
    saved = office.path / done(office.run("protocols", "export", number, "--bundle", "for-the-auditor")).strip()
    program = saved.parent / "verify_bundle.py"
    checked = subprocess.run([sys.executable, "-I", program, saved], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert all(name in checked.stdout for name in SURNAMES)
    forged = saved.read_text(encoding="utf-8").replace('\\"mark\\":2', '\\"mark\\":5', 1)
    assert forged != saved.read_text(encoding="utf-8")
    saved.write_text(forged, encoding="utf-8")
    checked = subprocess.run([sys.executable, "-I", program, saved], capture_output=True, text=True, check=False)
    assert checked.returncode == 1


def test_closing_signs_the_new_head(office: Desk) -> None:
    before = checkpoints(office)
    done(office.run("protocols", "close", SAFETY_GROUP_1))
    (signed,) = set(checkpoints(office)) - set(before)
    assert (
        json.loads((office.path / "checkpoints" / signed).read_text())["size"]
        == office.rows("SELECT max(seq) FROM ledger")[0][0]
    )
    for name in checkpoints(office):
        done(office.run("verify", "--checkpoint", f"checkpoints/{name}"))


def test_a_regrade_is_told_and_changes_nothing_until_it_is_amended(office: Desk) -> None:
    done(office.run("protocols", "close", SAFETY_GROUP_1))
    (closed,) = closed_protocols(office)
    number, line = closed["number"], closed["lines"][1]
    office.server.world.regrade_attempt(attempt_of(office, line["learner"]), Decimal(9))
    told = office.run("pull", "--full")
    assert "1 differences undecided" in told.err
    assert protocol(office, number)["lines"] == closed["lines"]
    attention = office.run("status", "--check")
    assert (attention.code, "1 differences" in attention.out) == (1, True)
    drift = done(office.run("protocols", "drift", "--format", "json"))
    assert "баллы 5 из 10, оценка 50 из 100" in drift
    assert "баллы 9 из 10, оценка 90 из 100" in drift
    done(office.run("protocols", "amend", number, "--reason", "Апелляция"))
    amended = protocol(office, number)
    assert (amended["state"], amended["revision"], amended["lines"][1]["mark"]) == ("amended", 2, 5)
    assert [one["reason"] for one in amended["history"]] == ["", "Апелляция"]
    assert amended["lines"][0] == closed["lines"][0]
    assert done(office.run("verify")).startswith("The store is whole")
    assert "differences" not in office.run("status").out


def test_a_rename_may_be_left_as_it_was(office: Desk) -> None:
    done(office.run("protocols", "close", SAFETY_GROUP_1))
    (closed,) = closed_protocols(office)
    office.server.world.rename_learner(int(closed["lines"][0]["learner"]), lastname="Примеров")
    office.run("pull", "--full")
    done(office.run("protocols", "keep", closed["number"], "--reason", "Фамилия изменена после аттестации"))
    assert protocol(office, closed["number"])["lines"] == closed["lines"]
    assert protocol(office, closed["number"])["drifts"] == []
    refused(office.run("protocols", "keep", closed["number"], "--reason", "ещё раз"), "undecided")


def test_an_annulled_number_stays_taken(office: Desk) -> None:
    done(office.run("protocols", "close", SAFETY_GROUP_1))
    (closed,) = closed_protocols(office)
    done(office.run("protocols", "annul", closed["number"], "--reason", "Закрыт по ошибке"))
    done(office.run("protocols", "close", SAFETY_GROUP_1))
    first, second = closed_protocols(office)
    assert (first["state"], second["state"]) == ("annulled", "closed")
    assert (first["number"][-3:], second["number"][-3:]) == ("001", "002")
    assert second["lines"] == first["lines"]
    refused(office.run("protocols", "amend", first["number"], "--reason", "поздно"), "annulled", "Закрыт по ошибке")


def test_what_cannot_be_done_is_said_in_one_sentence_and_writes_nothing(office: Desk) -> None:
    ledger = office.rows("SELECT max(seq) FROM ledger")
    refused(office.run("protocols", "close", SAFETY_GROUP_2), "2 results", "--leave-waiting")
    refused(office.run("protocols", "close", "4/ОТ-3"), "There is no open sitting 4/ОТ-3")
    refused(office.run("protocols", "close", "3"), "No protocol is kept of the grade item 3")
    refused(office.run("protocols", "close"), "--ready")
    refused(office.run("protocols", "close", "4", "--as-recorded"), "--reason")
    refused(office.run("protocols", "show", "1999/001"), "1999/001", "protocols list")
    refused(office.run("protocols", "amend", "1999/001", "--reason", "нет"), "There is no protocol 1999/001")
    refused(office.run("protocols", "annul", "1999/001", "--reason", " "), "--reason")
    assert office.rows("SELECT max(seq) FROM ledger") == ledger


def test_of_several_sittings_those_that_can_be_closed_are(office: Desk) -> None:
    outcome = office.run("protocols", "close", SAFETY_GROUP_2, SAFETY_GROUP_1)
    assert outcome.code == 1
    assert f"{SAFETY_GROUP_1}: closed" in outcome.out
    assert "2 results" in outcome.err


def test_neither_the_lms_nor_its_token_is_needed(office: Desk) -> None:
    (office.path / "academy.token").unlink()
    office.server.close()
    done(office.run("protocols", "close", SAFETY_GROUP_1))
    (closed,) = closed_protocols(office)
    assert len(closed["lines"]) == 8
