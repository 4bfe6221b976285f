"""Pulling at the command line, and the LMS's failures, over real processes and an LMS that answers over HTTP.

Held for every failure that an operator can cause: one clear message, the right exit code, no traceback, nothing
half-written, and the token nowhere.
"""

from __future__ import annotations

import json
import shlex

import pytest

from lms_sync.sandbox import Faults
from tests.e2e.desk import Desk, FirstPull


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

    def test_a_brake_has_an_outcome_of_its_own_and_names_the_command_that_lets_it_through(
        self, pulled: Desk, desk: Desk
    ) -> None:
        pulled.replace(pulled.server.url, desk.server.url)
        pulled.replace("[store]", "[safety]\nbrake_share = 0.001\nbrake_floor = 0\n[store]")
        attempt = min(desk.server.world.truth().attempts)
        desk.server.world.delete_attempt(attempt)
        outcome = pulled.run("pull", "--full", "--stream", "attempts", "--json")
        (run,) = outcome.document()["runs"]
        (troubled,) = run["troubled"]
        assert (outcome.code, run["outcome"], run["counts"]["braked"]) == (1, "partial", 1)
        assert [stream["braked"] for stream in run["streams"]] == [1]
        assert troubled["outcome"] == "braked"
        assert troubled["allow_retire"] == f"attempts:{troubled['scope']}"
        (source,) = pulled.run("status", "--json").document()
        (scope,) = source["scopes"]
        assert {key: scope[key] for key in troubled} == troubled
        assert [stream["braked"] for stream in source["streams"] if stream["stream"] == "attempts"] == [1]
        assert "1 scopes were stopped by the brake" in pulled.run("status").out
        command = troubled["note"].rpartition(": lms-sync ")[2]
        assert command in outcome.err
        assert pulled.run(*shlex.split(command)).code == 0
        retired = pulled.rows("SELECT external_id FROM attempt WHERE retired_at IS NOT NULL")
        assert retired == [(str(attempt),)]
        assert "brake" not in pulled.run("status").out

    def test_the_environment_may_name_another_store(self, pulled: Desk) -> None:
        outcome = pulled.run("pull", "--stream", "courses", LMS_SYNC_STORE_URL="sqlite:///other.db")
        assert outcome.code == 0
        assert "other.db" in pulled.files()


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
