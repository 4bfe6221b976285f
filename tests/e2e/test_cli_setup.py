"""Setting up at the command line: help, `init`, what is wrong in the configuration, plugins, `mapping explain`.

Held for every failure that an operator can cause: one clear message, the right exit code, no traceback, nothing
half-written, and the token nowhere.
"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.desk import Desk


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


class TestConnectors:
    def test_the_shipped_ones_are_listed(self, desk: Desk) -> None:
        listed = desk.run("connectors", "--json").document()
        assert {("connector", "moodle", "ok"), ("mapping", "moodle", "ok")} <= {
            (one["kind"], one["name"], one["state"]) for one in listed
        }


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
