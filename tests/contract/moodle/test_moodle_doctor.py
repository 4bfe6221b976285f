"""`lms-sync doctor` on a Moodle site: what is red, and which page mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lms_sync.connector import Finding, Level
from lms_sync.sandbox import Faults, SandboxServer, World, small_world
from tests.contract.moodle.moodle_site import Connect


@pytest.fixture
def world() -> World:
    return small_world(3)


@pytest.fixture
def server(world: World) -> Iterator[SandboxServer]:
    with SandboxServer(world, max_input_vars=1000) as running:
        yield running


def findings(connect: Connect, server: SandboxServer, token: str | None = None, **options: Any) -> list[Finding]:
    return list(connect(server.url, token or server.token, **options).check())


def worst(found: list[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in found if finding.level in (Level.FAILURE, Level.WARNING)}


def test_a_healthy_site_is_green_but_for_its_clock(connect: Connect, server: SandboxServer) -> None:
    found = findings(connect, server)
    assert set(worst(found)) <= {"clock"}  # the sandbox's clock stands still
    assert {
        "connection",
        "release",
        "functions",
        "courses",
        "people",
        "suspended",
        "grades",
        "attempts",
        "form size",
    } <= {finding.subject for finding in found}


def test_everything_that_is_not_green_says_what_to_do(connect: Connect, server: SandboxServer) -> None:
    for fault in ("services-off", "html-page", "empty-body", "maintenance", "force-password", "token-expired"):
        server.faults = Faults()
        server.faults.add(fault)
        found = findings(connect, server)
        assert found[-1].level is Level.FAILURE
        assert all(finding.remedy for finding in found if finding.level is not Level.OK)
        assert server.token not in "".join(f"{finding}" for finding in found)


def test_a_wrong_token(connect: Connect, server: SandboxServer) -> None:
    (finding,) = findings(connect, server, token="0" * 32)
    assert (finding.level, finding.subject) == (Level.FAILURE, "token")
    assert "Manage tokens" in finding.message


def test_a_refused_connection(connect: Connect) -> None:
    (finding,) = connect("http://127.0.0.1:9", "t" * 32, access={"retries": 0}).check()
    assert (finding.level, finding.subject) == (Level.FAILURE, "connection")
    assert "refuses the connection" in finding.message


def test_a_clock_that_is_off(connect: Connect, server: SandboxServer, world: World) -> None:
    world.follow_real_time()
    assert "clock" not in worst(findings(connect, server))
    server.faults = Faults()
    server.faults.add("wrong-clock", seconds=-3600)
    assert "behind" in worst(findings(connect, server))["clock"].message


def test_a_server_without_a_date(connect: Connect, server: SandboxServer) -> None:
    server.faults = Faults()
    server.faults.add("no-date")
    assert [finding.level for finding in findings(connect, server) if finding.subject == "clock"] == [Level.NOTICE]


@pytest.mark.parametrize(
    ("function", "subject", "level"),
    [
        ("gradereport_user_get_grade_items", "grades", Level.FAILURE),
        ("mod_quiz_get_user_quiz_attempts", "attempts", Level.FAILURE),
    ],
)
def test_a_missing_right(connect: Connect, server: SandboxServer, function: str, subject: str, level: Level) -> None:
    server.faults = Faults()
    server.faults.add("no-permission", function=function)
    finding = worst(findings(connect, server))[subject]
    assert finding.level is level
    assert "Define roles" in finding.remedy


def test_a_missing_function(connect: Connect, server: SandboxServer) -> None:
    connector = connect(server.url, server.token)
    connector._site.info()
    missing = {"core_course_get_updates_since", "gradereport_user_get_grade_items"}
    connector._client.functions = (connector._client.functions or frozenset()) - missing
    found = [finding for finding in connector.check() if finding.subject == "functions"]
    assert [finding.level for finding in found] == [Level.FAILURE, Level.WARNING]
    assert all("External services" in finding.remedy for finding in found)


def test_a_form_limit_above_what_php_takes(connect: Connect, server: SandboxServer) -> None:
    """The sandbox cuts forms as PHP does; the probe must notice what no answer says."""
    assert "form size" not in worst(findings(connect, server, form_limit=1000))
    finding = worst(findings(connect, server, form_limit=1001))["form size"]
    assert "max_input_vars" in finding.message


def test_a_large_course(connect: Connect, server: SandboxServer) -> None:
    found = findings(connect, server, slice_above=1)
    assert [finding.level for finding in found if finding.subject == "size"] == [Level.NOTICE]


def test_plain_http_and_an_unchecked_certificate_are_warned_about(connect: Connect) -> None:
    connector = connect("http://lms.invalid", "t" * 32, access={"retries": 0, "verify_tls": False, "timeout": 1.0})
    found = list(connector.check())
    assert [finding.subject for finding in found if finding.level is Level.WARNING] == ["address", "tls"]
