"""The configuration file: what it may say, and that everything wrong with it is said at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from lms_sync.config import load_settings
from tests.unit.config.samples import SOURCE, TOKEN, ToyOptions, load, problems


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


class TestWhatAConnectorNeeds:
    HOMELY = SOURCE[: SOURCE.index('url = "https')].replace('"toy"', '"homely"')

    def test_an_address_and_a_token_may_be_left_out_where_neither_is_needed(self, folder: Path) -> None:
        access = load(folder, self.HOMELY).source("academy").access
        assert (access.url, access.secret.get_secret_value()) == ("", "")

    def test_they_are_taken_all_the_same(self, folder: Path) -> None:
        access = load(folder, SOURCE.replace('"toy"', '"homely"')).source("academy").access
        assert (access.url, access.secret.get_secret_value()) == ("https://lms.example.com", TOKEN)

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ('url = ""', "line 7, sources.academy.url: not an address"),
            ("url = 5", "line 7, sources.academy.url: must be a text in quotes"),
            ('token_file = "none"', "line 7, sources.academy.token_file: the secret file"),
            ('token_env = "NOWHERE"', "line 7, sources.academy.token_env: the environment variable NOWHERE is not set"),
        ],
    )
    def test_what_is_written_is_checked_all_the_same(self, folder: Path, line: str, told: str) -> None:
        (problem,) = problems(folder, self.HOMELY + line)
        assert problem.startswith(told)

    @pytest.mark.parametrize("connector", ["toy", "nowhere"])
    def test_the_address_is_missing_where_it_is_needed_or_nobody_knows(self, folder: Path, connector: str) -> None:
        text = SOURCE.replace('url = "https://lms.example.com/"', "").replace('"toy"', f'"{connector}"')
        told = [problem for problem in problems(folder, text) if "url" in problem]
        assert told == ["line 5, sources.academy.url: is missing"]

    def test_who_only_reads_the_store_needs_no_address(self, folder: Path) -> None:
        path = folder / "lms-sync.toml"
        path.write_text(self.HOMELY)
        assert "academy" in load_settings(path, None, {}).outlines
