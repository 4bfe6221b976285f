"""The configuration file: what it may say, and that everything wrong with it is said at once."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from lms_sync.config import Settings, find_config, load_settings
from lms_sync.connector import Connector, Finding, Page, ReadTask, Scope, SiteAccess, Stream
from lms_sync.errors import ConfigError
from lms_sync.log import redact

TOKEN = "0123456789abcdef0123456789abcdef"
SOURCE = """
[store]
url = "sqlite:///records.db"

[sources.academy]
connector = "toy"
url = "https://lms.example.com/"
token_file = "academy.token"
"""


class ToyOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    page_size: int = Field(default=100, ge=1)


class Toy(Connector):
    title = "Toy"
    options = ToyOptions
    mapping = "toy"

    def __init__(self, access: SiteAccess, options: Any) -> None:
        self.access = access

    def streams(self) -> Sequence[Stream]:
        return [Stream("grades", "Grades", ("grade",), incremental=True), Stream("people", "People", ("person",))]

    def scopes(self, stream: str) -> Sequence[Scope]:
        return []

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        yield Page()

    def check(self) -> Iterable[Finding]:
        return []


class Toys:
    def connector(self, name: str) -> type[Connector]:
        if name != "toy":
            raise ConfigError(f"No connector is called {name}.")
        return Toy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret = tmp_path / "academy.token"
    secret.write_text(f"{TOKEN}\n", encoding="utf-8")
    secret.chmod(0o600)
    return tmp_path


def load(folder: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    path = folder / "lms-sync.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, Toys(), environment or {})


def problems(folder: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environment)
    return [str(problem) for problem in caught.value.problems]


def test_a_short_file_gets_defaults_and_paths_count_from_it(folder: Path) -> None:
    settings = load(folder, SOURCE)
    source = settings.source("academy")
    assert settings.store_url.get_secret_value() == f"sqlite:///{folder}/records.db"
    assert source.access.url == "https://lms.example.com"
    assert source.access.secret.get_secret_value() == TOKEN
    assert (source.access.timeout, source.access.concurrency, source.access.verify_tls) == (55.0, 2, True)
    assert settings.safety.brake_share == Decimal("0.2")
    assert isinstance(source.options, ToyOptions)


def test_every_key_reaches_the_settings(folder: Path) -> None:
    (folder / "own.toml").touch()
    text = """
        timezone = "Europe/Moscow"
        timeout = 30
        concurrency = 4
        requests_per_second = 2.5
        retries = 1
        maintenance_wait = "1h"
        verify_tls = false
        mapping = ["own.toml"]
        options = { page_size = 7 }
        [sources.academy.schedule]
        grades = { every = "15m" }
        people = { cron = "0 3 * * 1-5" }
        reconcile = { every = "7d" }
        [sources.academy.reconcile_after]
        grades = "7d"
        [safety]
        brake_share = 1
        brake_floor = 0
        [log]
        level = "debug"
    """
    settings = load(folder, SOURCE + text)
    source = settings.source("academy")
    access = source.access
    assert source.timezone == "Europe/Moscow"
    assert (access.timeout, access.concurrency, access.requests_per_second, access.retries) == (30.0, 4, 2.5, 1)
    assert (access.maintenance_wait, access.verify_tls) == (3600.0, False)
    assert source.mapping == (folder / "own.toml",)
    assert source.options.model_dump() == {"page_size": 7}
    assert {name: str(timing) for name, timing in source.schedule.items()} == {
        "grades": "every 15m",
        "people": "cron 0 3 * * 1-5",
    }
    assert str(source.reconcile) == "every 1w"
    assert source.reconcile_after == {"grades": dt.timedelta(days=7)}
    assert (settings.safety.brake_share, settings.safety.brake_floor) == (Decimal(1), 0)
    assert settings.log.level == "debug"


def test_several_sources_stand_side_by_side(folder: Path) -> None:
    second = SOURCE[SOURCE.index("[sources") :].replace("academy]", "college]").replace("lms.", "college.")
    settings = load(folder, SOURCE + second)
    assert [source.access.url for source in settings.sources.values()] == [
        "https://lms.example.com",
        "https://college.example.com",
    ]


def test_everything_wrong_is_said_at_once_with_its_line(folder: Path) -> None:
    text = """[stor]
url = 1
[log]
level = "loud"
[sources.Academy]
connector = "moodel"
url = "lms.example.com"
timezone = "Moscow"
timeout = "5"
verify_tls = 1
requests_per_second = true
tokn_file = "x"
mapping = ["none.toml", 1]
[sources.Academy.schedule]
grades = { every = "15 min" }
people = { evry = "1h" }
[sources.second]
connector = "toy"
url = "https://lms.example.com"
token_env = "NOWHERE"
[sources.second.options]
pagesize = 5
"""
    found = problems(folder, text)
    expected = [
        "store.url: is missing",
        "line 1, stor: unknown key; did you mean store?",
        "line 4, log.level: must be 'debug'",
        "line 5, sources.Academy: a source's name",
        "line 5, sources.Academy: name the secret",
        "line 6, sources.Academy.connector: No connector is called moodel",
        "line 7, sources.Academy.url: not an address",
        "line 8, sources.Academy.timezone: unknown time zone",
        "line 9, sources.Academy.timeout: must be a whole number",
        "line 10, sources.Academy.verify_tls: must be true or false",
        "line 11, sources.Academy.requests_per_second: must be a number",
        "line 12, sources.Academy.tokn_file: unknown key; did you mean token_file?",
        f"line 13, sources.Academy.mapping: the mapping file {folder}/none.toml does not exist",
        "line 13, sources.Academy.mapping.1: must be a text in quotes",
        "line 15, sources.Academy.schedule.grades.every: write a length of time",
        "line 16, sources.Academy.schedule.people.evry: unknown key; did you mean every?",
        "line 20, sources.second.token_env: the environment variable NOWHERE is not set",
        "line 22, sources.second.options.pagesize: unknown key; did you mean page_size?",
    ]
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("timeout = 0", "greater than or equal to 1"),
        ("concurrency = 99", "less than or equal to 16"),
        ("retries = 1.5", "must be a whole number"),
        ("requests_per_second = -1", "greater than or equal to 0"),
        ("maintenance_wait = 60", "must be a length of time"),
        ('mapping = "own.toml"', "must be a list"),
        ("schedule = 5", "must be a table"),
        ("options = { page_size = 0 }", "greater than or equal to 1"),
        (
            'schedule = { grads = { every = "1h" } }',
            "no stream has this name; known here are grades, people, reconcile",
        ),
        ('reconcile_after = { reconcile = "1h" }', "no stream has this name; known here are grades, people"),
        ('schedule = { grades = { every = "1h", cron = "0 3 * * *" } }', "write either every"),
        ('schedule = { grades = { cron = "0 3 * *" } }', "a cron line has five fields"),
        (f'token = "{TOKEN}"', "a secret never stands in this file"),
        ('token_env = "OTHER"', "name the secret with either token_file or token_env"),
    ],
)
def test_a_wrong_value_is_told_at_its_line_and_never_repeated(folder: Path, line: str, told: str) -> None:
    (problem,) = problems(folder, SOURCE + line)
    assert problem.startswith("line 9, sources.academy")
    assert told in problem
    assert TOKEN not in problem


@pytest.mark.parametrize(
    "address",
    [
        "lms.example.com",
        "ftp://lms.example.com",
        "https://",
        "https://user:pass@lms.example.com",
        "https://lms.example.com/?id=1",
        "https://lms.example.com/webservice/rest/server.php",
        "https://lms.example.com:port",
        "https://[::1",
        "https://lms example.com",
    ],
)
def test_what_is_no_address_of_a_site_is_refused(folder: Path, address: str) -> None:
    (problem,) = problems(folder, SOURCE.replace("https://lms.example.com/", address))
    assert problem.startswith("line 7, sources.academy.url")
    assert "pass@" not in problem


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
