"""The log of a sandbox site: rows as Moodle's standard log store writes them, for every change and every call."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from lms_sync.sandbox import World, academy, small_world
from lms_sync.sandbox.eventlog import LogRow
from lms_sync.sandbox.happenings import NOBODY
from lms_sync.sandbox.traffic import odd_event, study
from tests.unit.sandbox.conftest import Site

OpenSite = Callable[..., Site]


def written(world: World, after: int) -> list[LogRow]:
    """The rows with ids above one."""
    return [row for row in world.log.rows(world.now) if row.id > after]


def names(rows: list[LogRow]) -> list[str]:
    """Component and event, such as ``core user_graded``."""
    return [" ".join(row.eventname.split("\\")[1::2]) for row in rows]


@pytest.fixture
def world() -> World:
    return small_world(2)


def test_an_attempt_is_logged_from_its_start_to_the_new_total(world: World) -> None:
    quiz = world.quizzes[min(world.quizzes)]
    user = world.learners(quiz.course)[0].user
    for item in world.items_of[quiz.course]:
        world.lock_grade(item.id, user, False)
    before = world.log.newest_id(world.now)
    attempt = world.start_attempt(quiz.id, user)
    world.advance(60)
    world.finish_attempt(attempt.id, quiz.sumgrades)
    rows = [row for row in written(world, before) if "completion" not in row.eventname]
    told = names(rows)
    assert told[:2] == ["mod_quiz attempt_started", "mod_quiz attempt_submitted"]
    assert told[-1] == "mod_quiz attempt_graded"
    started = rows[0]
    assert (started.objecttable, started.objectid) == ("quiz_attempts", attempt.id)
    assert (started.contextlevel, started.contextinstanceid, started.courseid) == (70, quiz.cmid, quiz.course)
    assert (started.userid, started.relateduserid, started.crud, started.edulevel) == (user, user, "c", 2)
    assert rows[1].timecreated == attempt.timefinish


def test_a_grade_names_its_column_its_grader_and_whose_it_is(world: World) -> None:
    item = next(item for item in world.grade_items.values() if item.itemtype == "manual")
    user = world.learners(item.course)[0].user
    before = world.log.newest_id(world.now)
    world.set_grade(item.id, user, Decimal("1.5"))
    given, total = (row for row in written(world, before) if row.target == "user" and row.action == "graded")
    assert given.other == f'{{"itemid":"{item.id}","overridden":false,"finalgrade":1.5}}'
    assert (given.userid, given.relateduserid) == (world.teacher_of(item.course), user)
    assert total.userid == NOBODY


def test_every_answered_call_is_in_the_log_under_the_accounts_name(world: World, open_site: OpenSite) -> None:
    site = open_site(world)
    before = world.log.newest_id(world.now)
    site.ask("core_webservice_get_site_info")
    site.ask("core_course_get_courses")
    site.ask("no_such_function")
    rows = written(world, before)
    assert names(rows) == ["core webservice_function_called"] * 2
    assert rows[1].other == '{"function":"core_course_get_courses"}'
    assert {(row.userid, row.origin) for row in rows} == {(world.account.userid, "ws")}


def test_calls_do_not_change_the_world(world: World, open_site: OpenSite) -> None:
    revision = world.revision
    open_site(world).ask("core_webservice_get_site_info")
    assert world.revision == revision


def test_the_truth_leaves_out_own_polling_and_what_the_account_may_not_see(world: World, open_site: OpenSite) -> None:
    open_site(world).ask("core_webservice_get_site_info")
    activity = next(iter(world.activities.values()))
    name = r"\mod_feedback\event\response_submitted"
    world.happen(name, activity=activity, about=1, user=max(world.users), anonymous=True)
    told, there = world.truth().log, list(world.log.rows(world.now))
    assert {row.id for row in there} - {row.id for row in told} == {there[-2].id, there[-1].id}


def test_a_log_that_is_switched_off_takes_nothing(world: World) -> None:
    before = world.log.newest_id(world.now)
    world.log.enabled = False
    world.visit(2, max(world.users))
    world.log.enabled = True
    world.visit(2, max(world.users))
    assert [row.id for row in written(world, before)] == [before + 1]


def test_old_rows_are_purged_after_the_lifetime(world: World) -> None:
    world.log.lifetime_days = 30
    world.visit(2, max(world.users))
    old = [row for row in world.log.rows(world.now) if row.timecreated < world.now - 30 * 86_400]
    assert world.purge_log() == len(old) > 0
    assert min(row.timecreated for row in world.log.rows(world.now)) >= world.now - 30 * 86_400
    assert world.log.forgotten == old


def test_ids_of_rolled_back_transactions_are_lost(world: World) -> None:
    before = world.log.newest_id(world.now)
    world.log.skip(3)
    world.visit(2, max(world.users))
    assert [row.id for row in written(world, before)] == [before + 4]


def test_random_changes_bring_every_kind_of_row(world: World) -> None:
    rng = random.Random(5)
    for _ in range(400):
        world.random_change(rng)
        world.advance(30)
    found = set(names(list(world.log.rows(world.now))))
    assert found >= {
        "core user_loggedin",
        "core course_viewed",
        "core user_graded",
        "core user_enrolment_created",
        "core user_enrolment_updated",
        "core user_enrolment_deleted",
        "core course_module_completion_updated",
        "gradereport_grader grade_report_viewed",
        "core notification_sent",
        "mod_quiz attempt_started",
        "mod_quiz attempt_submitted",
        "mod_assign assessable_submitted",
        "mod_feedback response_submitted",
        "mod_hologram scene_entered",
    }
    rows = list(world.log.rows(world.now))
    assert any(row.realuserid for row in rows) and any(row.userid == 0 and row.origin == "cli" for row in rows)


def test_an_academys_log_is_in_the_order_of_time_and_has_odd_rows() -> None:
    world = academy(learners=60, courses=3)
    rows = list(world.log.rows(world.now))
    times = [row.timecreated for row in rows]
    assert times == sorted(times)
    assert [row.id for row in rows] == list(range(1, len(rows) + 1))
    assert any(row.anonymous for row in rows) and any(row.realuserid for row in rows)


def test_a_session_moves_the_last_accesses(world: World) -> None:
    course, user = next((c, one.user) for c in world.courses for one in world.learners(c))
    study(world, random.Random(1), course, user)
    assert world.enrolments[course][user].lastaccess > 0


def test_odd_events_never_break(world: World) -> None:
    rng = random.Random(3)
    course, user = next((c, one.user) for c in world.courses for one in world.learners(c))
    assert {odd_event(world, rng, course, user) for _ in range(100)} >= {"late commit", "lost ids", "buffered"}
