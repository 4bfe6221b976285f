"""Real answers of a Moodle 5.1 site with the companion plugin, and of its core: the actions that must come out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from lms_sync_moodle.derived_actions import ASSIGNMENTS
from lms_sync_moodle.log_cursor import LogCursor

from lms_sync.connector import Event, Mode, Outcome, Page, Scope
from lms_sync.records import ActionCode, Rung
from tests.contract.moodle.moodle_memory import Memory, end_of
from tests.contract.moodle.moodle_replay import RECORDINGS, URL, Replay
from tests.contract.moodle.moodle_site import Connect

LOG = "moodle-5.1-log"
CORE = ("moodle-5.1-actions", "moodle-5.1-raw", "moodle-5.1")
PAGE = 20


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDINGS / LOG / name).read_text(encoding="utf-8"))
    return found


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def log_pages(mock: responses.RequestsMock, connect: Connect) -> list[Page]:
    """The log from where the recording begins."""
    Replay(LOG, *CORE).install(mock)
    connector = connect(URL, "t" * 32, log_page=PAGE)
    [scope] = connector.scopes("actions")
    memory = Memory()
    begin = recorded("local_lmssync_changes--log-page1.json")["params"]["cursor"]
    memory.cursors["actions", "site"] = LogCursor(begin, whole=True).text()
    return memory.read(connector, scope, Mode.CHANGES)


def events(pages: list[Page]) -> list[Event]:
    return [event for page in pages if page.events for event in page.events.rows]


def test_the_log_is_read_to_where_it_has_settled(log_pages: list[Page]) -> None:
    first, last = log_pages
    assert end_of(log_pages).outcome is Outcome.CHANGES
    assert (first.cursor, last.cursor) != (None, None)
    assert first.events
    assert last.events
    assert (first.events.rung, first.events.told_until) == (Rung.LOG, None)
    assert last.events.told_until
    assert last.events.told_until.isoformat() == "2026-11-22T11:19:02+00:00"
    assert Counter(first.events.left_out) + Counter(last.events.left_out) == {"own_polling": 22}


def test_the_logs_rows_become_events(log_pages: list[Page]) -> None:
    assert Counter(event.name.rsplit("\\", 1)[-1] for event in events(log_pages)) == {
        "assessable_uploaded": 4,
        "submission_created": 4,
        "statement_accepted": 3,
        "notification_sent": 3,
        "assessable_submitted": 3,
    }
    handed_in = next(one for one in events(log_pages) if one.name.endswith("assessable_submitted"))
    assert handed_in == Event(
        id=3317, time=1795346317, name="\\mod_assign\\event\\assessable_submitted", person=3, course=2, activity=8,
        object_type="assign_submission", object_id=1, crud="u", origin="cli", anonymous=0,
        other='{"submission_editable":false}',
    )  # fmt: skip
    notified = next(one for one in events(log_pages) if one.name.endswith("notification_sent"))
    assert (notified.person, notified.related_person, notified.course, notified.activity) == (None, 3, 0, None)


@pytest.fixture
def core(mock: responses.RequestsMock) -> Replay:
    """The same site without the plugin."""
    replay = Replay(*CORE)
    replay.install(mock)
    return replay


def read_core(connect: Connect) -> list[Page]:
    """The rest of the learners' completed activities was not recorded: one learner is asked about."""
    connector = connect(URL, "t" * 32, completion_limit=1)
    assert [scope.key for scope in connector.scopes("actions")] == [f"course/{one}" for one in range(2, 7)]
    return Memory().read(connector, Scope("actions", "course/2"), Mode.FULL)


def test_what_the_core_tells_of_a_course(core: Replay, connect: Connect) -> None:
    pages = read_core(connect)
    assert end_of(pages).outcome is Outcome.COMPLETE
    told = {(one.name, one.person, one.object_type, one.object_id, one.time) for one in events(pages)}
    completed, handed_in, viewed = ActionCode.ACTIVITY_COMPLETED, ActionCode.SUBMITTED, ActionCode.COURSE_VIEWED
    assert told == {
        (handed_in, 3, "submission", 1, 1795346317),
        (handed_in, 4, "submission", 2, 1795346318),
        (completed, 3, "activity", 1, 1795322434),
        (completed, 3, "activity", 2, 1795322434),
        (completed, 3, "activity", 3, 1795322434),
        (completed, 3, "activity", 8, 1795346346),
        (viewed, 3, "course", 2, 1795346345),
        (viewed, 7, "course", 2, 1795346346),
    }


@pytest.mark.parametrize(("state", "told"), [(0, False), (1, True), (2, True), (3, True), (4, True)])
def test_an_activity_that_was_completed_and_is_so_no_more_is_not_told(
    core: Replay, connect: Connect, state: int, told: bool
) -> None:
    """Moodle gives the time of the last change of an activity's state, whatever that is."""
    [answer] = [body for (function, _), body in core.answers.items() if function.startswith("core_completion_get_act")]
    status = next(one for one in answer["statuses"] if one["cmid"] == 8)
    status["state"] = state
    completed = {one.object_id for one in events(read_core(connect)) if one.name == ActionCode.ACTIVITY_COMPLETED}
    assert (8 in completed) is told


def test_a_course_without_completion_is_not_asked_about(core: Replay, connect: Connect) -> None:
    courses = next(body for (function, _), body in core.answers.items() if function.endswith("courses_by_field"))
    course = next(one for one in courses["courses"] if one["id"] == 2)
    course["enablecompletion"] = 0
    assert end_of(read_core(connect)).outcome is Outcome.COMPLETE
    assert "core_completion_get_activities_completion_status" not in core.asked


@pytest.mark.parametrize("blind", [False, True])
def test_handing_in_where_marking_is_blind_is_anonymous(core: Replay, connect: Connect, blind: bool) -> None:
    answer = next(body for (function, _), body in core.answers.items() if function == ASSIGNMENTS and body["courses"])
    answer["courses"][0]["assignments"][0]["blindmarking"] = int(blind)
    handed_in = [one for one in events(read_core(connect)) if one.name == ActionCode.SUBMITTED]
    assert [bool(one.anonymous) for one in handed_in] == [blind, blind]
