"""From a closed protocol, three commands put every passed learner's document into the LMS, in each of the three ways.

The LMS is the world of the recordings with the companion plugin and a profile field.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lms_sync.cli.workplace import full_settings, push_sources
from lms_sync.exact import utc_now
from lms_sync.registers.documents.outbox import UNCERTAIN_PAUSE
from lms_sync.sandbox import Faults, SandboxServer, World, reference_world
from lms_sync.store.store import Store
from lms_sync.sync.push import PushOptions, PushSummary, push
from tests.e2e.desk import PATIENCE, Desk, Outcome, set_up
from tests.e2e.test_documents import OWN_RULES, SITTING

TARGETS = """
[sources.academy.push]
targets = ["companion", "profile", "note"]

[sources.academy.schedule]
push = { every = "15m" }
"""
TEXTS = """
[push.profile.values]
document = "{registration_number}"
"""


def done(outcome: Outcome) -> str:
    assert outcome.code == 0, outcome.both
    return outcome.out


def new_world() -> World:
    """The LMS. Its recorded service was made before anything wrote notes again."""
    world = reference_world("5.1")
    world.install_companion()
    world.add_profile_field("document", "Документ")
    world.account.functions.append("core_notes_update_notes")
    world.advance(86_400)
    return world


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with issued documents of a closed protocol; only to be copied. Its LMS is gone."""
    path = tmp_path_factory.mktemp("desk")
    with SandboxServer(new_world()) as server:
        desk = set_up(path, server)
        desk.replace("[sources.academy.schedule]", f'mapping = ["academy.toml"]\n{TARGETS}')
        (path / "academy.toml").write_text(OWN_RULES + TEXTS, encoding="utf-8")
        done(desk.run("pull"))
        [one] = json.loads(done(desk.run("protocols", "close", SITTING, "--json")))["closed"]
        done(desk.run("blanks", "receive", "000001", "000100", "--kind", "advanced_training", "--series", "ПК"))
        done(desk.run("documents", "draft", "--protocol", one["number"]))
        done(desk.run("documents", "issue", "--protocol", one["number"], "--on", "2026-12-01"))
        return desk


@pytest.fixture
def office(issued: Desk, tmp_path: Path) -> Iterator[Desk]:
    """A copy of that desk, with the same LMS again."""
    path = tmp_path / "office"
    shutil.copytree(issued.path, path)
    with SandboxServer(new_world(), faults=Faults()) as server:
        desk = Desk(path, server, server.token)
        desk.replace(issued.server.url, server.url)
        yield desk


def shown(world: World) -> dict[str, tuple[str, str, int]]:
    """Registration number, status and revision of each document that the plugin keeps."""
    assert world.companion is not None
    kept = world.companion.documents.kept
    return {uid: (one["regnumber"], one["status"], one["revision"]) for uid, one in kept.items()}


def notes(world: World) -> list[str]:
    return sorted(note.text for note in world.notes.values())


def fields(world: World) -> dict[int, str]:
    """The profile field of everybody who has one."""
    found = {user.id: user.customfields.get("document", "") for user in world.users.values()}
    return {user: text for user, text in found.items() if text}


def counts(outcome: Outcome) -> dict[str, dict[str, int]]:
    [run] = json.loads(outcome.out)["pushes"]
    return {one["target"]: {name: count for name, count in one["counts"].items() if count} for one in run["targets"]}


def test_documents_are_shown_and_annulled_and_a_repeated_push_changes_nothing(office: Desk) -> None:
    world = office.server.world
    before = office.rows("SELECT count(*) FROM ledger")
    planned = done(office.run("push", "--dry-run"))
    begun = [line.split()[:2] for line in planned.splitlines() if re.match(r"  \w+ +d0", line)]
    assert Counter(target for target, _ in begun) == {"companion": 4, "profile": 4, "note": 4}
    assert re.search(r"regnumber +УПК-2026/1", planned)
    assert (office.rows("SELECT count(*) FROM ledger"), shown(world), world.notes) == (before, {}, {})

    each = {"sent": 4, "confirmed": 4}
    assert counts(office.run("push", "--json")) == {"companion": each, "profile": each, "note": each}
    assert shown(world) == {f"d00000{place}": (f"УПК-2026/{place}", "issued", 1) for place in (1, 2, 3, 4)}
    assert sorted(fields(world).values()) == [f"УПК-2026/{place}" for place in (1, 2, 3, 4)]
    assert [text.partition("рег. № ")[2].split()[0] for text in notes(world)] == [
        f"УПК-2026/{place}" for place in (1, 2, 3, 4)
    ]
    before, noted = office.rows("SELECT count(*) FROM ledger"), notes(world)
    assert "nothing to tell the LMS" in office.run("push").err
    assert (office.rows("SELECT count(*) FROM ledger"), notes(world)) == (before, noted)
    assert "подтверждено: companion, note, profile" in done(office.run("documents", "list", "-f", "csv"))

    done(office.run("documents", "annul", "d000001", "--reason", "выдан ошибочно"))
    assert "d000001" in done(office.run("documents", "status"))
    done(office.run("push"))
    assert shown(world)["d000001"] == ("УПК-2026/1", "revoked", 2)
    assert sorted(fields(world).values()) == ["УПК-2026/2", "УПК-2026/3", "УПК-2026/4"]
    assert sum("аннулирован" in text for text in notes(world)) == 1
    assert len(notes(world)) == 4
    assert "documents in the LMS: 12 confirmed" in done(office.run("status"))
    assert "The store is whole" in done(office.run("verify"))


def test_what_somebody_changed_in_the_lms_is_told_and_not_repaired(office: Desk) -> None:
    world = office.server.world
    done(office.run("push"))
    assert "shows what it is to show" in office.run("documents", "reconcile").err
    assert world.companion is not None
    world.companion.documents.kept["d000002"]["hours"] = 1000
    outcome = office.run("documents", "reconcile", "--json")
    assert outcome.code == 1
    [told] = json.loads(outcome.out)
    assert (told["target"], told["subject"], told["what"]) == ("companion", "d000002", "differs")
    assert told["fields"] == {"hours": {"lms": "1000", "register": "72"}}
    done(office.run("push"))
    assert world.companion.documents.kept["d000002"]["hours"] == 1000


def test_a_refused_document_is_told_with_what_to_do(office: Desk) -> None:
    world = office.server.world
    [(learner,)] = office.rows("SELECT learner FROM issued_document WHERE uid = 'd000002'")
    world.delete_learner(int(learner))
    outcome = office.run("push", "--json")
    assert outcome.code == 1
    assert {target: told["failed"] for target, told in counts(outcome).items()} == dict.fromkeys(counts(outcome), 1)
    assert set(shown(world)) == {"d000001", "d000003", "d000004"}
    told = json.loads(done(office.run("documents", "status", "--json")))
    assert {one["document"] for one in told["documents"]} == {"d000002"}
    assert all("push --retry d000002" in one["remedy"] for one in told["documents"])
    status = office.run("status", "--check")
    assert status.code == 1
    assert "3 documents are not in the LMS as they should be" in status.out
    wrong = office.run("push", "--target", "companoin")
    assert (wrong.code, wrong.out) == (2, "")


@pytest.mark.parametrize(
    ("target", "function"),
    [("companion", "local_lmssync_upsert_documents"), ("note", "core_notes_create_notes")],
)
def test_a_push_killed_while_it_sends_doubles_nothing_and_loses_nothing(
    office: Desk, target: str, function: str
) -> None:
    world = office.server.world
    office.server.faults.add("slow", function=function, nth=1 if target == "companion" else 2, seconds=2.0)
    command = [sys.executable, "-m", "lms_sync", "push", "--target", target]
    with subprocess.Popen(
        command, cwd=office.path, env=office.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: office.server.faults.fired("slow") == 1)
        os.kill(process.pid, signal.SIGKILL)
    states = office.rows(f"SELECT DISTINCT state FROM document_push WHERE target = '{target}'")
    assert states == [("sent",)]
    wait_until(lambda: len(shown(world)) == 4 or len(notes(world)) == 2)

    told = push_later(office, target, dt.timedelta(0))
    came = 4 if target == "companion" else 2
    assert (told.counts["unchanged"], told.counts["waiting"], told.counts["sent"]) == (came, 4 - came, 0)
    told = push_later(office, target, UNCERTAIN_PAUSE + dt.timedelta(seconds=1))
    assert (told.counts["sent"], told.counts["confirmed"]) == (4 - came, 4 - came)
    assert len(shown(world)) + len(notes(world)) == 4
    assert len(set(notes(world))) == len(notes(world))
    assert "The store is whole" in done(office.run("verify"))


def push_later(desk: Desk, target: str, after: dt.timedelta) -> PushSummary:
    """A push of this target so long from now."""
    settings = full_settings(desk.config)
    [source] = push_sources(list(settings.sources.values()))
    with Store.open(settings.store_url.get_secret_value(), clock=lambda: utc_now() + after) as store:
        return push(store, source, PushOptions("operator", targets=[target]))


def wait_until(come: Any) -> None:
    """Waits for something that another process or thread does."""
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
