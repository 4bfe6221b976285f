"""`lms-sync doctor` on the ways in which issued documents can be shown: what each lacks, and which page mends it."""

from __future__ import annotations

import pytest

from lms_sync.connector import Finding, Level
from lms_sync.sandbox import Faults, SandboxServer, World, small_world
from lms_sync.sandbox.companion.plugin import WRITE_DOCUMENTS
from tests.contract.moodle.moodle_site import Connect

UPDATE_USERS = "core_user_update_users"


@pytest.fixture
def world() -> World:
    return small_world(3, companion=True)


def said(connect: Connect, world: World, faults: Faults | None = None) -> dict[str, Finding]:
    """Target -> its finding."""
    with SandboxServer(world, faults) as server:
        found = [one for one in connect(server.url, world.token).check() if one.subject == "documents"]
    return {name: one for one in found for name in ("companion", "profile", "note") if f"target {name} " in one.message}


def test_every_target_that_can_be_used_is_green(connect: Connect, world: World) -> None:
    people, notes = {user: vars_of(world, user) for user in world.users}, dict(world.notes)
    found = said(connect, world)
    assert {name: one.level for name, one in found.items()} == dict.fromkeys(("companion", "profile", "note"), Level.OK)
    assert ({user: vars_of(world, user) for user in world.users}, world.notes) == (people, notes)


def vars_of(world: World, user: int) -> dict[str, object]:
    return {name: getattr(world.users[user], name) for name in world.users[user].__slots__}


@pytest.mark.parametrize(
    ("target", "function", "page"),
    [
        ("companion", "local_lmssync_upsert_documents", "Install plugins"),
        ("companion", "local_lmssync_get_documents", "Install plugins"),
        ("profile", UPDATE_USERS, "External services"),
        ("profile", "core_user_get_users_by_field", "External services"),
        ("note", "core_notes_create_notes", "External services"),
        ("note", "core_notes_update_notes", "External services"),
        ("note", "core_notes_get_course_notes", "External services"),
    ],
)
def test_a_function_that_is_missing(connect: Connect, world: World, target: str, function: str, page: str) -> None:
    world.account.functions = [name for name in world.account.functions if name != function]
    found = said(connect, world)
    one = found.pop(target)
    assert (one.level, function in one.message, page in one.remedy) == (Level.NOTICE, True, True)
    assert {other.level for other in found.values()} == {Level.OK}


@pytest.mark.parametrize(
    ("target", "right"),
    [("companion", WRITE_DOCUMENTS), ("profile", "moodle/user:update"), ("note", "moodle/notes:manage")],
)
def test_a_right_that_is_missing(connect: Connect, world: World, target: str, right: str) -> None:
    assert world.companion is not None
    faults = Faults()
    if target == "companion":
        world.companion.capabilities -= {WRITE_DOCUMENTS}
    if target == "profile":
        faults.add("no-permission", function=UPDATE_USERS)
    world.may_manage_notes = target != "note"
    found = said(connect, world, faults)
    one = found.pop(target)
    assert (one.level, right in one.message, "Define roles" in one.remedy) == (Level.NOTICE, True, True)
    assert {other.level for other in found.values()} == {Level.OK}


def test_notes_that_are_switched_off(connect: Connect, world: World) -> None:
    world.notes_enabled = False
    one = said(connect, world)["note"]
    assert (one.level, "Advanced features" in one.message) == (Level.NOTICE, True)


def test_a_site_without_the_plugin(connect: Connect) -> None:
    found = said(connect, small_world(3))
    assert {name: one.level for name, one in found.items()} == {
        "companion": Level.NOTICE, "profile": Level.OK, "note": Level.OK,
    }  # fmt: skip


def test_a_site_that_stops_answering_is_told(connect: Connect, world: World) -> None:
    faults = Faults().add("database-down", function=UPDATE_USERS)
    with SandboxServer(world, faults) as server:
        found = [one for one in connect(server.url, world.token).check() if one.subject == "documents"]
    assert [(one.level, one.remedy) for one in found if one.level is Level.WARNING] == [
        (Level.WARNING, "run doctor again")
    ]
