"""Log lines: machine-readable, and without secrets however they got in."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from lms_sync import log
from lms_sync.log import configure, get_logger, redact, register_secret, where_of

SECRET = "s3cr3t/with+signs"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configure("debug", "json", stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    before = set(log._secrets)
    register_secret(SECRET)
    yield
    log._secrets.clear()
    log._secrets.update(before)


def last(stream: io.StringIO) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return found


def test_a_line_is_one_json_object_with_time_level_and_logger(lines: io.StringIO) -> None:
    get_logger("lms_sync.test").info("pull finished", source="академия", counts={"added": 3})
    found = last(lines)
    assert found["event"] == "pull finished"
    assert found["counts"] == {"added": 3}
    assert (found["level"], found["logger"]) == ("info", "lms_sync.test")
    assert found["time"].endswith("Z")
    assert "академия" in lines.getvalue()


@pytest.mark.parametrize(
    "key", ["token", "wstoken", "Authorization", "password", "db_password", "secret", "api_key", "cookie"]
)
def test_what_stands_under_a_secret_key_is_masked(lines: io.StringIO, key: str) -> None:
    get_logger("x").info("event", outer={key: "abcdef"}, **{key: "abcdef"})
    found = last(lines)
    assert found[key] == "***"
    assert found["outer"] == {key: "***"}


@pytest.mark.parametrize("spelling", [SECRET, "s3cr3t%2Fwith%2Bsigns"])
def test_a_registered_secret_is_masked_wherever_it_is(lines: io.StringIO, spelling: str) -> None:
    get_logger("x").warning(f"asked {spelling} twice", nested=[{"address": f"a{spelling}b"}], **{f"k{spelling}": 1})
    assert spelling not in lines.getvalue()
    assert last(lines)["event"] == "asked *** twice"


def test_a_secret_in_an_exception_is_masked(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError:
        get_logger("x").exception("failed")
    assert SECRET not in lines.getvalue()
    assert "ValueError: refused ***" in last(lines)["exception"]


def test_a_traceback_shows_no_local_variables(lines: io.StringIO) -> None:
    def fails(name_of_a_person: str) -> None:
        raise ValueError("refused")

    try:
        fails("Иванов Иван")
    except ValueError:
        get_logger("x").exception("failed")
    assert "Иванов" not in last(lines)["exception"].replace('fails("Иванов Иван")', "")


def test_lines_of_libraries_pass_the_same_way(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("connecting with %s", SECRET)
    found = last(lines)
    assert (found["event"], found["logger"]) == ("connecting with ***", "some.library")


def test_libraries_that_show_requests_stay_quiet_at_debug(lines: io.StringIO) -> None:
    logging.getLogger("urllib3.connectionpool").debug("POST /webservice/rest/server.php")
    logging.getLogger("sqlalchemy.engine.Engine").info("INSERT …")
    assert lines.getvalue() == ""


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("POST /x?wstoken=abc123&wsfunction=f", "POST /x?wstoken=***&wsfunction=f"),
        ('{"token": "abc123", "id": 1}', '{"token": "***", "id": 1}'),
        ("postgresql://lms:pass@db/x", "postgresql://lms:***@db/x"),
        ("set token_file to a path", "set token_file to a path"),
        ("https://lms.example.com:8080/a@b", "https://lms.example.com:8080/a@b"),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_nothing_else(text: str, safe: str) -> None:
    assert redact(text) == safe


@given(st.text(min_size=4, max_size=40), st.text(), st.text())
def test_a_registered_secret_never_survives(secret: str, before: str, after: str) -> None:
    register_secret(secret)
    try:
        assert secret not in redact(f"{before}{secret}{after}") or secret in "***"
    finally:
        log._secrets.discard(secret)


def test_the_place_of_an_error_is_its_innermost_line_of_ours() -> None:
    try:
        redact(None)  # type: ignore[arg-type]
    except (TypeError, AttributeError) as error:
        assert where_of(error).startswith("log.py:")
