"""The command line as an operator meets it: real processes, a real store, an LMS that answers over HTTP.

Held for every failure that an operator can cause: one clear message, the right exit code, no traceback, nothing
half-written, and the token nowhere.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lms_sync.sandbox import Faults, SandboxServer, small_world
from lms_sync.store.migrate import VERSION_TABLE
from tests.e2e.desk import PATIENCE, Desk, Outcome, set_up


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with SandboxServer(small_world(7)) as server:
        yield set_up(tmp_path, server)


@dataclass
class FirstPull:
    """A desk after a first pull, with debug logs and `--json`, and what that pull wrote. Only to be read."""

    desk: Desk
    outcome: Outcome


@pytest.fixture(scope="module")
def first_pull(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstPull]:
    with SandboxServer(small_world(7)) as server:
        desk = set_up(tmp_path_factory.mktemp("desk"), server)
        desk.replace("[store]", '[log]\nlevel = "debug"\n[store]')
        outcome = desk.run("pull", "--json")
        assert outcome.code == 0, outcome.both
        yield FirstPull(desk, outcome)


@pytest.fixture
def pulled(first_pull: FirstPull, tmp_path: Path) -> Desk:
    """A copy of that desk, to do with as one likes; the LMS is shared."""
    path = tmp_path / "pulled"
    shutil.copytree(first_pull.desk.path, path)
    return Desk(path, first_pull.desk.server, first_pull.desk.token)


def a_course(desk: Desk) -> str:
    ((course,),) = desk.rows("SELECT course FROM grade_entry GROUP BY course ORDER BY count(*) DESC LIMIT 1")
    return str(course)


class TestHelp:
    def test_without_a_command_the_commands_are_listed(self, tmp_path: Path, desk: Desk) -> None:
        outcome = desk.run("--help")
        assert outcome.code == 0
        for command in ("init", "doctor", "pull", "run", "status", "verify", "mapping", "report", "connectors"):
            assert f"  {command} " in outcome.out

    def test_an_unknown_command_or_option_is_usage(self, desk: Desk) -> None:
        assert desk.run("frobnicate").code == 2
        outcome = desk.run("pull", "--frobnicate")
        assert (outcome.code, outcome.out) == (2, "")

    def test_the_version_is_data(self, desk: Desk) -> None:
        assert desk.run("--version").out.startswith("lms-sync ")


class TestInit:
    def test_it_writes_a_file_that_needs_only_an_address_and_a_token(self, desk: Desk) -> None:
        outcome = desk.run("init", "etc/new.toml")
        assert (outcome.code, outcome.out) == (0, "etc/new.toml\n")
        assert "doctor" in outcome.err
        told = desk.run("doctor", "--config", "etc/new.toml")
        assert told.code == 2
        assert told.err.count("\n  - ") == 1
        assert "academy.token does not exist" in told.err

    def test_it_never_overwrites(self, desk: Desk) -> None:
        before = desk.config.read_bytes()
        outcome = desk.run("init")
        assert outcome.code == 2
        assert "exists and is left as it is" in outcome.err
        assert desk.config.read_bytes() == before


class TestWrongConfiguration:
    """Exit code 2; nothing is made."""

    def test_no_configuration_at_all(self, desk: Desk) -> None:
        desk.config.unlink()
        outcome = desk.run("pull")
        assert outcome.code == 2
        assert "lms-sync init" in outcome.err

    def test_broken_toml(self, desk: Desk) -> None:
        desk.replace("[store]", "[store")
        outcome = desk.run("pull")
        assert outcome.code == 2
        assert "not valid TOML" in outcome.err
        assert "line 2" in outcome.err

    def test_every_problem_at_once(self, desk: Desk) -> None:
        desk.replace("timeout = 5", 'timeout = "5"\ntimezon = "UTC"\npage = 1')
        desk.replace('connector = "moodle"', 'connector = "moodel"')
        desk.replace('token_file = "academy.token"', 'token_env = "NOWHERE"')
        outcome = desk.run("pull")
        assert outcome.code == 2
        assert outcome.err.startswith(f"{desk.config} has 5 problems:")
        for told in (
            "line 6, sources.academy.connector: No connector is called moodel; did you mean moodle?",
            "line 8, sources.academy.token_env: the environment variable NOWHERE is not set",
            "line 10, sources.academy.timeout: must be a whole number",
            "line 11, sources.academy.timezon: unknown key; did you mean timezone?",
            "line 12, sources.academy.page: unknown key",
        ):
            assert f"  - {told}" in outcome.err
        assert desk.files() == {"lms-sync.toml", "academy.token"}

    def test_the_options_of_the_connector_are_checked_too(self, desk: Desk) -> None:
        desk.config.write_text(f"{desk.config.read_text()}\n[sources.academy.options]\nlearner_role = []\n")
        outcome = desk.run("pull")
        assert outcome.code == 2
        assert "sources.academy.options.learner_role: unknown key; did you mean learner_roles?" in outcome.err

    def test_an_open_secret_file(self, desk: Desk) -> None:
        (desk.path / "academy.token").chmod(0o644)
        outcome = desk.run("pull")
        assert outcome.code == 2
        assert "chmod 600" in outcome.err

    def test_a_token_in_the_configuration_is_not_repeated(self, desk: Desk) -> None:
        desk.replace('token_file = "academy.token"', f'token = "{desk.token}"')
        outcome = desk.run("pull")
        assert outcome.code == 2
        assert "a secret never stands in this file" in outcome.err

    def test_an_unknown_source_stream_or_course(self, desk: Desk) -> None:
        assert "has no source called nobody" in desk.run("pull", "--source", "nobody").err
        outcome = desk.run("pull", "--stream", "graeds")
        assert outcome.code == 2
        assert "graeds" in outcome.err

    def test_every_problem_of_a_mapping(self, desk: Desk) -> None:
        (desk.path / "own.toml").write_text("format = 1\n[nonsense]\n[more]\n", encoding="utf-8")
        desk.replace("timeout = 5", 'mapping = ["own.toml"]')
        for command in (("pull",), ("mapping", "check")):
            outcome = desk.run(*command)
            assert outcome.code == 2
            assert "own.toml:2" in outcome.err
            assert "own.toml:3" in outcome.err
        assert "store.db" not in desk.files()

    def test_a_service_with_nothing_to_do(self, desk: Desk) -> None:
        text = desk.config.read_text(encoding="utf-8")
        desk.config.write_text(text[: text.index("[sources.academy.schedule]")], encoding="utf-8")
        outcome = desk.run("run")
        assert outcome.code == 2
        assert "schedules nothing" in outcome.err


class TestUnreadableSource:
    """Exit code 3."""

    @pytest.fixture
    def silent(self, desk: Desk) -> Desk:
        desk.server.close()
        return desk

    def test_an_unreachable_host(self, silent: Desk) -> None:
        outcome = silent.run("pull", "--json")
        assert outcome.code == 3
        (run,) = outcome.document()["runs"]
        assert (run["outcome"], run["exit_code"]) == ("failed", 3)
        assert "127.0.0.1" in " ".join(run["problems"])

    def test_doctor_says_so_too(self, silent: Desk) -> None:
        outcome = silent.run("doctor", "--json")
        assert outcome.code == 3
        failed = [one for one in outcome.document() if one["level"] == "failure"]
        assert [one["area"] for one in failed] == ["academy: LMS"]
        assert failed[0]["remedy"]

    def test_a_wrong_token(self, desk: Desk) -> None:
        (desk.path / "academy.token").write_text("f" * 32)
        outcome = desk.run("pull")
        assert outcome.code == 3
        assert "token" in outcome.err
        assert "f" * 32 not in outcome.both

    def test_debug_shows_more_but_never_the_token(self, desk: Desk) -> None:
        (desk.path / "academy.token").write_text("f" * 32)
        desk.replace("[store]", '[log]\nlevel = "debug"\n[store]')
        assert "f" * 32 not in desk.run("pull", "--debug").both
        assert "f" * 32 not in desk.run("mapping", "explain", "--course", "2", "--debug").both

    def test_mapping_explain_ends_with_the_same_code(self, silent: Desk) -> None:
        outcome = silent.run("mapping", "explain", "--course", "2")
        assert outcome.code == 3
        assert outcome.out == ""

    def test_one_silent_source_does_not_keep_the_others_from_being_read(self, desk: Desk) -> None:
        text = desk.config.read_text(encoding="utf-8")
        second = text[text.index("[sources.academy]") : text.index("[sources.academy.schedule]")]
        second = second.replace("academy]", "away]").replace(desk.server.url, "http://127.0.0.1:9")
        desk.config.write_text(text.replace("[sources.academy]", f"{second}\n[sources.academy]", 1), encoding="utf-8")
        outcome = desk.run("pull", "--stream", "people", "--json")
        assert outcome.code == 3
        assert [(run["source"], run["outcome"]) for run in outcome.document()["runs"]] == [
            ("away", "failed"),
            ("academy", "done"),
        ]


class TestUnusableStore:
    """Exit code 4; what is there stays as it is."""

    def test_no_store_yet(self, desk: Desk) -> None:
        for command in (("status",), ("verify",), ("report", "grades", "--course", "2")):
            outcome = desk.run(*command)
            assert outcome.code == 4
            assert "lms-sync pull" in outcome.err
        assert "store.db" not in desk.files()

    def test_a_directory_that_does_not_exist(self, desk: Desk) -> None:
        desk.replace("sqlite:///store.db", "sqlite:///nowhere/store.db")
        outcome = desk.run("pull")
        assert outcome.code == 4
        assert "nowhere" in outcome.err
        assert desk.files() == {"lms-sync.toml", "academy.token"}

    def test_a_file_that_is_no_store(self, desk: Desk) -> None:
        (desk.path / "store.db").write_bytes(b"not a database at all, but a longer text" * 50)
        outcome = desk.run("pull")
        assert outcome.code == 4
        assert (desk.path / "store.db").read_bytes().startswith(b"not a database")

    def test_a_newer_store_is_left_alone(self, pulled: Desk) -> None:
        connection = sqlite3.connect(pulled.path / "store.db")
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999_from_the_future'")
        connection.commit()
        before = list(connection.iterdump())
        for command in ("pull", "status", "verify"):
            outcome = pulled.run(command)
            assert outcome.code == 4
            assert "newer" in outcome.err
        assert list(connection.iterdump()) == before
        connection.close()

    def test_doctor_tells_it_without_making_anything(self, desk: Desk) -> None:
        desk.replace("sqlite:///store.db", "sqlite:///nowhere/store.db")
        outcome = desk.run("doctor")
        assert outcome.code == 4
        assert "mkdir" in outcome.out
        assert desk.files() == {"lms-sync.toml", "academy.token"}

    def test_a_changed_record_is_found(self, pulled: Desk) -> None:
        assert pulled.run("verify").code == 0
        connection = sqlite3.connect(pulled.path / "store.db")
        connection.execute("UPDATE grade_entry SET raw = '100' WHERE key = (SELECT min(key) FROM grade_entry)")
        connection.commit()
        connection.close()
        outcome = pulled.run("verify")
        assert outcome.code == 4
        assert "NOT what was written" in outcome.out


class TestPull:
    def test_json_has_what_the_store_has(self, first_pull: FirstPull) -> None:
        (run,) = first_pull.outcome.document()["runs"]
        tables = ("course", "learner", "enrolment", "assessment", "grade_item", "grade_entry", "attempt")
        stored = sum(first_pull.desk.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables)
        assert run["counts"]["added"] == stored
        assert sum(stream["counts"]["added"] for stream in run["streams"]) == stored

    def test_log_lines_are_json_without_a_terminal(self, first_pull: FirstPull) -> None:
        lines = [line for line in first_pull.outcome.err.splitlines() if line.startswith("{")]
        finished = [entry for entry in map(json.loads, lines) if entry["event"] == "pull finished"]
        assert len(finished) == 1
        assert (finished[0]["source"], finished[0]["outcome"]) == ("academy", "done")

    def test_no_name_and_no_address_is_in_the_log(self, first_pull: FirstPull) -> None:
        people = first_pull.desk.rows("SELECT last_name, first_name, email, snils FROM learner")
        values = {value for person in people for value in person if value}
        assert len(values) > len(people)
        assert not [value for value in values if value in first_pull.outcome.both]

    def test_the_ledger_names_who_asked(self, first_pull: FirstPull) -> None:
        ((actor,),) = first_pull.desk.rows("SELECT DISTINCT actor FROM ledger")
        assert actor.startswith("operator")

    def test_a_second_pull_changes_nothing_and_puts_no_data_out(self, pulled: Desk) -> None:
        before = pulled.rows("SELECT count(*), max(seq) FROM ledger")
        outcome = pulled.run("pull")
        assert (outcome.code, outcome.out) == (0, "")
        assert "grades" in outcome.err
        assert pulled.rows("SELECT count(*), max(seq) FROM ledger") == before

    def test_a_refused_scope_is_exit_code_1_and_needs_attention(self, pulled: Desk, desk: Desk) -> None:
        pulled.replace(pulled.server.url, desk.server.url)
        desk.server.faults = Faults().add("no-permission", function="gradereport_user_get_grade_items")
        outcome = pulled.run("pull", "--stream", "grades", "--full")
        assert outcome.code == 1
        assert "refused" in outcome.err
        assert pulled.run("status").code == 0
        checked = pulled.run("status", "--check")
        assert checked.code == 1
        assert "could not be read whole" in checked.out
        assert pulled.rows("SELECT count(*) FROM grade_entry WHERE retired_at IS NOT NULL") == [(0,)]

    def test_the_environment_may_name_another_store(self, pulled: Desk) -> None:
        outcome = pulled.run("pull", "--stream", "courses", LMS_SYNC_STORE_URL="sqlite:///other.db")
        assert outcome.code == 0
        assert "other.db" in pulled.files()


class TestStatus:
    def test_it_tells_how_fresh_each_stream_is(self, pulled: Desk) -> None:
        outcome = pulled.run("status", "--json", "--scopes")
        (source,) = outcome.document()
        assert {stream["stream"] for stream in source["streams"]} == {
            "courses",
            "assessments",
            "people",
            "grades",
            "attempts",
        }
        assert not any(stream["late"] for stream in source["streams"])
        assert source["last_run"]["outcome"] == "done"
        assert {"site"} < {scope["scope"] for scope in source["scopes"]}

    def test_a_person_reads_the_same(self, pulled: Desk) -> None:
        outcome = pulled.run("status")
        assert outcome.code == 0
        assert "attempts" in outcome.out

    def test_it_needs_neither_token_nor_lms(self, pulled: Desk) -> None:
        (pulled.path / "academy.token").unlink()
        pulled.replace(pulled.server.url, "http://127.0.0.1:9")
        for command in (("status",), ("verify",), ("report", "grades", "--course", a_course(pulled))):
            assert pulled.run(*command).code == 0


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


class TestMappingExplain:
    def test_it_shows_the_rule_that_decided_and_stores_nothing(self, desk: Desk) -> None:
        course = str(min(desk.server.world.courses.keys() - {1}))
        outcome = desk.run("mapping", "explain", "--course", course, "--kind", "grade_item", "--json")
        assert outcome.code in (0, 1)
        explained = outcome.document()
        assert explained
        assert {one["kind"] for one in explained} == {"grade_item"}
        assert all(one["rule"] and one["decided"] for one in explained if one["record"])
        assert "store.db" not in desk.files()

    def test_an_unknown_kind_or_course_is_told(self, desk: Desk) -> None:
        assert "brings no kind graed" in desk.run("mapping", "explain", "--course", "2", "--kind", "graed").err
        assert desk.run("mapping", "explain", "--course", "99999").code == 2


class TestConnectors:
    def test_the_shipped_ones_are_listed(self, desk: Desk) -> None:
        listed = desk.run("connectors", "--json").document()
        assert {("connector", "moodle", "ok"), ("mapping", "moodle", "ok")} <= {
            (one["kind"], one["name"], one["state"]) for one in listed
        }


class TestDemo:
    def test_it_shows_two_pulls_and_a_gradebook_and_can_be_repeated(self, desk: Desk) -> None:
        for _ in range(2):
            outcome = desk.run("demo", "--learners", "20")
            assert outcome.code == 0, outcome.both
            assert outcome.err.count("requests to the LMS") == 2
            assert "Электронный журнал" in outcome.out
        assert (desk.path / "demo" / "academy.token").stat().st_mode & 0o777 == 0o600
        *_, checkpoint = sorted((desk.path / "demo" / "checkpoints").iterdir())
        verified = desk.run("verify", "--config", "demo/lms-sync.toml", "--checkpoint", str(checkpoint))
        assert verified.code == 0, verified.both


class TestService:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_pulls_what_is_due_and_ends_cleanly(self, desk: Desk, number: signal.Signals) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "lms_sync", "run"],
            cwd=desk.path,
            env=desk.environment(),
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert process.stderr
        lines: list[Any] = []
        try:
            for line in process.stderr:
                lines.append(json.loads(line))
                if lines[-1]["event"] == "pull finished":
                    process.send_signal(number)
            assert process.wait(timeout=PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()
        assert [line["event"] for line in lines if line["event"].startswith("service")] == [
            "service started",
            "service stopping",
            "service stopped",
        ]
        assert desk.rows("SELECT outcome, actor FROM run") == [("done", "schedule")]
        assert desk.token not in json.dumps(lines)
