"""`lms-sync mapping explain --stream actions` as an operator calls it, before anything was pulled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lms_sync.sandbox import SandboxServer, academy
from tests.e2e.desk import Desk, set_up


@pytest.fixture(params=[True, False], ids=["companion", "core"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with SandboxServer(academy(3, 4, companion=request.param)) as server:
        yield set_up(tmp_path, server)


def has_log(desk: Desk) -> bool:
    return desk.server.world.companion is not None


def test_events_are_counted_by_what_they_become(desk: Desk) -> None:
    document = desk.run("mapping", "explain", "--stream", "actions", "--json").document()
    assert (document["complete"], document["rejected"]) == (True, 0)
    told = {one["action"]: one for one in document["events"]}
    counts = [one["count"] for one in document["events"]]
    assert counts == sorted(counts, reverse=True)
    if has_log(desk):
        assert told["attempt_started"]["event"] == "\\mod_quiz\\event\\attempt_started"
        assert "moodle.events.toml:" in told["attempt_started"]["where"]
        assert [one["event"] for one in document["events"] if not one["rule"]] == [], "the shipped table knows them all"
    else:
        assert {one["rule"] for one in document["events"]} == {"derived"}
    assert "store.db" not in desk.files()


def test_the_academys_word_on_an_event_is_shown_with_its_place(desk: Desk) -> None:
    own = 'format = 1\n[action]\nseen = "Осмотрено"\n[event]\n\'\\core\\event\\course_viewed\' = { action = "seen" }\n'
    (desk.path / "own.toml").write_text(own, encoding="utf-8")
    desk.replace('timezone = "Europe/Moscow"', 'timezone = "Europe/Moscow"\nmapping = ["own.toml"]')
    outcome = desk.run("mapping", "explain", "--stream", "actions", "--course", "2")
    assert outcome.code == 0, outcome.both
    assert ("seen «Осмотрено»" in outcome.out and "own.toml:5" in outcome.out) == has_log(desk)
    suspicions = desk.run("mapping", "check").err
    assert "no event becomes course_viewed, which lms-sync concludes by itself" in suspicions
