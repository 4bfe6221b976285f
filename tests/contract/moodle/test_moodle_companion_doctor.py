"""What doctor says of the rung and of what the companion plugin needs, on sites that lack it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from lms_sync_moodle.companion import Climbed
from lms_sync_moodle.companion_doctor import examine_companion

from lms_sync.connector import Finding, Level
from lms_sync.sandbox import SandboxServer, World, small_world
from lms_sync.sandbox.companion.plugin import DAY, SEE_ANONYMOUS, WRITE_DOCUMENTS, Companion
from tests.contract.moodle.moodle_site import Connect


@pytest.fixture
def world() -> World:
    return small_world(3, companion=True)


def plugin_of(world: World) -> Companion:
    assert world.companion is not None
    return world.companion


def said(connect: Connect, world: World, *subjects: str) -> list[Finding]:
    """The findings about these subjects."""
    with SandboxServer(world) as server:
        return [one for one in connect(server.url, world.token).check() if one.subject in subjects]


def test_a_site_with_everything(connect: Connect, world: World) -> None:
    plugin_of(world).capabilities.add(SEE_ANONYMOUS)
    world.advance(60)
    found = said(connect, world, "companion", "log", "grade history")
    assert [(one.level, one.subject) for one in found] == [
        (Level.OK, "companion"), (Level.OK, "log"), (Level.OK, "grade history"),
    ]  # fmt: skip
    assert plugin_of(world).version in found[0].message


def test_a_site_without_the_plugin_hears_once_what_it_would_bring(connect: Connect) -> None:
    [found] = said(connect, small_world(3), "companion", "log", "grade history")
    assert found.level is Level.NOTICE
    for gain in ("journal", "patronymics", "pass marks", "who graded", "deletions", "requests"):
        assert gain in found.message
    assert "local_lmssync-VERSION.zip" in found.remedy


def test_a_right_that_is_missing(connect: Connect, world: World) -> None:
    plugin_of(world).capabilities -= {WRITE_DOCUMENTS, SEE_ANONYMOUS}
    [found] = said(connect, world, "companion")[1:]  # what keeps documents from being written is told with the target
    assert (found.level, SEE_ANONYMOUS in found.message, "Define roles" in found.remedy) == (Level.NOTICE, True, True)


def test_the_log_store(connect: Connect, world: World) -> None:
    world.log.lifetime_days = 60
    [found] = said(connect, world, "log")
    assert (found.level, "60 days" in found.message) == (Level.NOTICE, True)
    world.log.enabled = False
    [found] = said(connect, world, "log")
    assert (found.level, "Manage log stores" in found.remedy) == (Level.WARNING, True)


def test_the_grade_history(connect: Connect, world: World) -> None:
    world.histories.enabled = False
    [found] = said(connect, world, "grade history")
    assert (found.level, "Disable grade history" in found.remedy) == (Level.WARNING, True)


def test_changes_that_do_not_settle(connect: Connect, world: World) -> None:
    world.install_companion()
    assert "nothing has settled" in said(connect, world, "companion")[-1].message
    world.companion.run_tasks = lambda: None  # type: ignore[method-assign,union-attr]
    world.companion.take_mark()  # type: ignore[union-attr]
    world.advance(DAY)
    stale = said(connect, world, "companion")[-1]
    assert (stale.level, "1440 minutes" in stale.message, "cron" in stale.remedy) == (Level.WARNING, True, True)


def test_grades_that_wait_and_rights_of_the_core(connect: Connect, world: World) -> None:
    with SandboxServer(world) as server:
        connector = connect(server.url, world.token)
        companion = connector._site.companion()
        assert companion is not None
        told: Any = companion.handshake
        rights = msgspec.structs.replace(told.capabilities, core={"moodle/grade:viewall": False, "mod/quiz:view": None})
        told = msgspec.structs.replace(told, capabilities=rights, grades_pending=[5, 7])
        site: Any = SimpleNamespace(climbed=lambda: Climbed(SimpleNamespace(handshake=told)))  # type: ignore[arg-type]
        found = {one.message: one.level for one in examine_companion(site)}
    [pending] = [message for message in found if "wait for Moodle" in message]
    [core] = [message for message in found if "core functions" in message]
    assert "2 courses" in pending
    assert "(course id 5, 7)" in pending
    assert core.endswith("moodle/grade:viewall")
    assert {found[pending], found[core]} == {Level.NOTICE}


def test_functions_for_the_derived_journal_are_not_missed_where_the_log_is(connect: Connect, world: World) -> None:
    world.account.functions = [name for name in world.account.functions if not name.startswith("mod_assign")]
    assert not [one for one in said(connect, world, "functions") if "mod_assign" in one.message]
    world.remove_companion()
    assert [one for one in said(connect, world, "functions") if "mod_assign" in one.message]
