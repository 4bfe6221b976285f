"""What the configuration names on the machine: its own file, the secret, the store, the checkpoints."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lms_sync.config import find_config, load_settings
from lms_sync.errors import ConfigError
from lms_sync.log import redact
from tests.unit.config.samples import SOURCE, TOKEN, Toys, load, problems


class TestSecret:
    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
    def test_a_file_that_others_can_read_is_refused(self, folder: Path, mode: int) -> None:
        (folder / "academy.token").chmod(mode)
        (problem,) = problems(folder, SOURCE)
        assert f"mode {mode:04o}" in problem
        assert "chmod 600" in problem

    @pytest.mark.parametrize("mode", [0o600, 0o400])
    def test_a_file_of_the_owner_alone_is_taken(self, folder: Path, mode: int) -> None:
        (folder / "academy.token").chmod(mode)
        assert load(folder, SOURCE).source("academy").access.secret.get_secret_value() == TOKEN

    @pytest.mark.parametrize(("text", "told"), [("", "is empty"), ("two words", "must be one word")])
    def test_a_file_without_one_word_is_refused(self, folder: Path, text: str, told: str) -> None:
        (folder / "academy.token").write_text(text)
        (problem,) = problems(folder, SOURCE)
        assert told in problem

    def test_a_missing_file_and_a_directory_are_refused(self, folder: Path) -> None:
        (folder / "academy.token").unlink()
        assert "does not exist" in problems(folder, SOURCE)[0]
        (folder / "academy.token").mkdir()
        assert "is not a file" in problems(folder, SOURCE)[0]

    def test_a_variable_may_hold_it(self, folder: Path) -> None:
        text = SOURCE.replace('token_file = "academy.token"', 'token_env = "ACADEMY"')
        settings = load(folder, text, {"ACADEMY": TOKEN})
        assert settings.source("academy").access.secret.get_secret_value() == TOKEN

    def test_it_shows_in_no_form_of_the_settings_and_is_known_to_redaction(self, folder: Path) -> None:
        (folder / "academy.token").write_text("a-secret-of-this-test")
        settings = load(folder, SOURCE)
        assert "a-secret-of-this-test" not in f"{settings!r} {settings} {settings.source('academy').access!r}"
        assert redact("said a-secret-of-this-test aloud") == "said *** aloud"


class TestStore:
    @pytest.mark.parametrize(
        "address", ["mysql://localhost/x", "sqlite://", "sqlite:///", "records.db", "postgresql://db"]
    )
    def test_an_unknown_kind_of_store_is_refused(self, folder: Path, address: str) -> None:
        (problem,) = problems(folder, SOURCE.replace("sqlite:///records.db", address))
        assert problem.startswith("line 3, store.url: write sqlite:///")

    def test_an_absolute_path_stays(self, folder: Path) -> None:
        settings = load(folder, SOURCE.replace("sqlite:///records.db", "sqlite:////var/lib/records.db"))
        assert settings.store_url.get_secret_value() == "sqlite:////var/lib/records.db"

    def test_the_environment_goes_before_the_file(self, folder: Path) -> None:
        settings = load(folder, SOURCE, {"LMS_SYNC_STORE_URL": "postgresql:///records?host=/run/postgresql"})
        assert settings.store_url.get_secret_value() == "postgresql:///records?host=/run/postgresql"

    def test_a_wrong_environment_is_told_by_its_name(self, folder: Path) -> None:
        (problem,) = problems(folder, SOURCE, {"LMS_SYNC_STORE_URL": "nowhere"})
        assert problem.startswith("LMS_SYNC_STORE_URL: write sqlite:///")

    def test_a_password_in_a_file_that_others_read_is_refused(self, folder: Path) -> None:
        text = SOURCE.replace("sqlite:///records.db", "postgresql://lms:hunter22@db.example.com/lms")
        (folder / "lms-sync.toml").touch(0o644)
        (problem,) = problems(folder, text)
        assert "holds a password" in problem
        assert "hunter22" not in problem
        (folder / "lms-sync.toml").chmod(0o600)
        assert "hunter22" not in repr(load(folder, text))


class TestCheckpoints:
    TEXT = (
        SOURCE
        + """
[checkpoints]
directory = "signed"
key_file = "keys/checkpoint.key"
"""
    )

    def test_paths_count_from_the_file_and_a_key_that_is_yet_to_be_made_is_none_to_complain_of(
        self, folder: Path
    ) -> None:
        checkpoints = load(folder, self.TEXT).checkpoints
        assert checkpoints is not None
        assert (checkpoints.directory, checkpoints.key_file) == (folder / "signed", folder / "keys" / "checkpoint.key")
        assert checkpoints.keep is None
        kept = load(folder, self.TEXT + "keep = 7").checkpoints
        assert kept is not None and kept.keep == 7
        assert load(folder, SOURCE).checkpoints is None

    def test_a_key_that_others_can_read_is_refused_where_it_is_used(self, folder: Path) -> None:
        (folder / "keys").mkdir()
        (folder / "keys" / "checkpoint.key").touch(0o600)
        assert load(folder, self.TEXT).checkpoints
        (folder / "keys" / "checkpoint.key").chmod(0o644)
        (problem,) = problems(folder, self.TEXT)
        assert problem.startswith("line 12, checkpoints.key_file: the key file")
        assert "mode 0644); run: chmod 600" in problem
        # Who only reads the store signs nothing.
        assert load_settings(folder / "lms-sync.toml", None, {}).checkpoints

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ('"signed"', '""', "line 11, checkpoints.directory: must be a path in quotes"),
            ('"signed"', "5", "line 11, checkpoints.directory: must be a path in quotes"),
            ('key_file = "keys/checkpoint.key"', "", "line 10, checkpoints.key_file: is missing"),
            ("key_file", "keep = 0\nkey_file", "line 12, checkpoints.keep: "),
            ("key_file", "kep = 1\nkey_file", "line 12, checkpoints.kep: unknown key; did you mean keep?"),
        ],
    )
    def test_a_wrong_value_is_told(self, folder: Path, old: str, new: str, told: str) -> None:
        (problem,) = problems(folder, self.TEXT.replace(old, new))
        assert problem.startswith(told)


class TestFile:
    def test_broken_toml_is_told_with_its_line(self, folder: Path) -> None:
        with pytest.raises(ConfigError, match=r"not valid TOML: .*line 2"):
            load(folder, "[store]\nurl = sqlite\n")

    def test_another_encoding_is_told(self, folder: Path) -> None:
        path = folder / "lms-sync.toml"
        path.write_bytes("# Академия".encode("cp1251"))
        with pytest.raises(ConfigError, match="not UTF-8"):
            load_settings(path, Toys(), {})

    def test_a_byte_order_mark_does_no_harm(self, folder: Path) -> None:
        path = folder / "lms-sync.toml"
        path.write_text(SOURCE, encoding="utf-8-sig")
        assert "academy" in load_settings(path, Toys(), {}).sources

    def test_a_missing_file_is_told_with_what_to_do(self, folder: Path) -> None:
        with pytest.raises(ConfigError, match="lms-sync init"):
            load_settings(folder / "none.toml", Toys(), {})

    def test_no_source_is_a_problem_for_pulling_only(self, folder: Path) -> None:
        path = folder / "lms-sync.toml"
        path.write_text('[store]\nurl = "sqlite:///records.db"\n')
        with pytest.raises(ConfigError, match="no source is configured"):
            load_settings(path, Toys(), {})
        assert load_settings(path, None, {}).sources == {}

    def test_reading_the_store_needs_no_secret(self, folder: Path) -> None:
        (folder / "academy.token").unlink()
        path = folder / "lms-sync.toml"
        path.write_text(SOURCE)
        assert load_settings(path, None, {}).store_url.get_secret_value().endswith("records.db")


class TestFind:
    def test_the_named_file_then_the_variable_then_here(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        Path("lms-sync.toml").touch()
        variable = {"LMS_SYNC_CONFIG": "/elsewhere/a.toml"}
        assert find_config(Path("b.toml"), variable) == Path("b.toml")
        assert find_config(None, variable) == Path("/elsewhere/a.toml")
        assert find_config(None, {}) == folder / "lms-sync.toml"

    def test_nothing_found_says_where_it_looked(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        with pytest.raises(ConfigError) as caught:
            find_config(None, {})
        assert str(folder) in str(caught.value)
        assert f"{os.sep}etc{os.sep}lms-sync" in str(caught.value)
