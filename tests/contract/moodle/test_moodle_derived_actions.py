"""The action journal without a log, read from the sandbox over real HTTP: what is told, when, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from lms_sync_moodle.cursor import parse
from lms_sync_moodle.derived_actions import ASSIGNMENTS, COMPLETION, OPTIONAL, SUBMISSIONS

from lms_sync.connector import Event, Mode, Outcome, Page, Scope
from lms_sync.records import ActionCode, Rung
from lms_sync.sandbox import World, small_world
from tests.contract.moodle.moodle_memory import end_of
from tests.contract.moodle.moodle_site import Site

DAY = 86_400
ENROLLED = "core_enrol_get_enrolled_users"


@pytest.fixture
def world() -> World:
    """Two courses and more; in the first, assignments handed in, activities completed, visits."""
    world = small_world(3)
    course = min(world.truth().courses)
    first, second, *_ = learners_of(world, course)
    assignment = world.add_assignment(course, "Реферат")
    page = world.add_activity(course, "page", "Лекция", completion=1)
    world.advance(60)
    world.submit_assignment(assignment.id, first)
    world.submit_assignment(assignment.id, second, status="draft")
    world.advance(60)
    world.complete(page.id, first)
    world.advance(60)
    world.visit(course, second)
    world.advance(DAY)
    return world


@pytest.fixture
def site(open_site: Any, world: World) -> Site:
    made: Site = open_site(world)
    return made


def learners_of(world: World, course: int) -> list[int]:
    return sorted(user for user, facts in world.enrolments[course].items() if "student" in facts.roles)


def first_course(site: Site) -> int:
    return min(site.world.truth().courses)


def events(pages: Iterable[Page]) -> list[Event]:
    return [event for page in pages if page.events for event in page.events.rows]


def told(pages: Iterable[Page], code: ActionCode) -> set[tuple[Any, ...]]:
    return {(one.person, one.object_id, one.time) for one in events(pages) if one.name == code}


def read(site: Site, mode: Mode = Mode.CHANGES, course: int | None = None, **options: Any) -> list[Page]:
    return site.read("actions", course or first_course(site), mode, **options)


def test_a_full_reading_tells_everything_that_is_known(site: Site) -> None:
    course, world = first_course(site), site.world
    pages = read(site, Mode.FULL)
    assert end_of(pages).outcome is Outcome.COMPLETE
    assert end_of(pages).received == len(events(pages))
    submissions = [one for one in world.submissions.values() if one.status == "submitted"]
    assert told(pages, ActionCode.SUBMITTED) == {(one.user, one.id, one.timemodified) for one in submissions}
    assert told(pages, ActionCode.ACTIVITY_COMPLETED) == {
        (user, cmid, time)
        for (cmid, user), (state, time) in world.completions.items()
        if state and cmid in {one.id for one in world.activities_of[course]} and user in world.enrolments[course]
    }
    assert told(pages, ActionCode.COURSE_VIEWED) == {
        (user, course, facts.lastaccess)
        for user, facts in world.enrolments[course].items()
        if facts.lastaccess and "student" in facts.roles
    }
    for code in (ActionCode.SUBMITTED, ActionCode.ACTIVITY_COMPLETED, ActionCode.COURSE_VIEWED):
        assert told(pages, code)


def test_events_are_derived_and_bear_the_objects_that_the_log_would_name(site: Site) -> None:
    course, world = first_course(site), site.world
    pages = read(site, Mode.FULL)
    assert {page.events.rung for page in pages if page.events} == {Rung.DERIVED}
    assert {page.events.told_until for page in pages if page.events} == {None}
    [submission] = [one for one in world.submissions.values() if one.status == "submitted"]
    [event] = [one for one in events(pages) if one.name == ActionCode.SUBMITTED]
    assert event == Event(
        id=f"submission/{submission.id}/{submission.timemodified}", time=submission.timemodified,
        name="submitted", person=submission.user, course=course,
        activity=world.activity_of("assign", submission.assignment).id,
        object_type="submission", object_id=submission.id,
    )  # fmt: skip
    completed = next(one for one in events(pages) if one.name == ActionCode.ACTIVITY_COMPLETED)
    assert (completed.object_type, completed.object_id) == ("activity", completed.activity)
    viewed = next(one for one in events(pages) if one.name == ActionCode.COURSE_VIEWED)
    assert (viewed.object_type, viewed.object_id, viewed.activity) == ("course", course, None)


def test_ids_are_the_same_in_every_reading_and_differ_from_each_other(site: Site) -> None:
    once = [one.id for one in events(read(site, Mode.FULL))]
    assert len(set(once)) == len(once)
    assert [one.id for one in events(read(site, Mode.FULL))] == once


def test_when_nothing_changed_the_stream_asks_for_nothing_of_its_own(site: Site) -> None:
    site.pull()
    site.world.advance(3600)
    site.server.forget_requests()
    connector = site.connector()
    for stream in ("grades", "attempts", "actions"):
        for scope in connector.scopes(stream):
            assert end_of(site.memory.read(connector, scope, Mode.CHANGES)).outcome is Outcome.CHANGES
    courses = len(site.world.truth().courses)
    assert site.server.count("core_course_get_updates_since") == courses
    assert site.server.count() == courses + len(("site info", "courses", "categories", "quizzes"))


def test_a_quiet_reading_still_tells_its_rung(site: Site) -> None:
    read(site, Mode.FULL)
    [page] = read(site)
    assert page.events
    assert (page.events.rung, list(page.events.rows)) == (Rung.DERIVED, [])


def test_what_is_handed_in_is_told_by_the_next_reading(site: Site) -> None:
    world = site.world
    read(site, Mode.FULL)
    world.advance(DAY)
    drafted = next(one for one in world.submissions.values() if one.status == "draft")
    world.submit_assignment(drafted.assignment, drafted.user)
    world.advance(60)
    pages = read(site)
    assert told(pages, ActionCode.SUBMITTED) == {(drafted.user, drafted.id, drafted.timemodified)}


def test_handing_in_again_is_another_action_on_the_same_object(site: Site) -> None:
    world = site.world
    [(user, submission, before)] = told(read(site, Mode.FULL), ActionCode.SUBMITTED)
    world.advance(DAY)
    world.submit_assignment(world.submissions[submission].assignment, user)
    assert told(read(site), ActionCode.SUBMITTED) == {(user, submission, world.now)}
    assert world.now != before


def test_a_change_just_before_the_last_reading_is_told_again(site: Site) -> None:
    """Moodle stamps a change when the request begins and commits it later: hence the overlap."""
    world = site.world
    site.memory.cursors.clear()
    drafted = next(one for one in world.submissions.values() if one.status == "draft")
    world.submit_assignment(drafted.assignment, drafted.user)
    world.advance(100)
    read(site, Mode.FULL)
    assert told(read(site), ActionCode.SUBMITTED) == {(drafted.user, drafted.id, drafted.timemodified)}


def test_last_accesses_are_told_where_the_people_were_read_and_never_asked_for_otherwise(site: Site) -> None:
    course, world = first_course(site), site.world
    read(site, Mode.FULL)
    world.advance(DAY)
    visitor = learners_of(world, course)[0]
    world.visit(course, visitor)
    site.server.forget_requests()
    assert not told(read(site), ActionCode.COURSE_VIEWED)
    assert site.server.count(ENROLLED) == 0
    connector = site.connector()
    site.memory.read(connector, Scope("people", f"course/{course}"))
    pages = site.memory.read(connector, Scope("actions", f"course/{course}"), Mode.CHANGES)
    assert (visitor, course, world.now) in told(pages, ActionCode.COURSE_VIEWED)


def test_staffs_accesses_are_nobodys_business(site: Site) -> None:
    course, world = first_course(site), site.world
    teacher = next(user for user, facts in world.enrolments[course].items() if "student" not in facts.roles)
    world.visit(course, teacher)
    connector = site.connector()
    site.memory.read(connector, Scope("people", f"course/{course}"))
    for mode in (Mode.FULL, Mode.CHANGES):
        pages = site.memory.read(connector, Scope("actions", f"course/{course}"), mode)
        assert teacher not in {one.person for one in events(pages)}


def test_completed_activities_are_asked_for_in_full_readings_some_learners_a_run(site: Site) -> None:
    course = first_course(site)
    learners = learners_of(site.world, course)
    asked = []
    for mode in (Mode.FULL, *[Mode.CHANGES] * len(learners)):
        site.server.forget_requests()
        pages = read(site, mode, completion_limit=2)
        asked.append(site.server.count(COMPLETION))
        assert end_of(pages).outcome in (Outcome.COMPLETE, Outcome.CHANGES)
    assert max(asked) == 2
    assert sum(asked) == len(learners)
    assert asked[-1] == 0


def test_all_completed_activities_arrive_bit_by_bit(site: Site) -> None:
    learners = learners_of(site.world, first_course(site))
    whole = told(read(site, Mode.FULL), ActionCode.ACTIVITY_COMPLETED)
    pages = read(site, Mode.FULL, completion_limit=1)
    for _ in learners:
        pages += read(site, completion_limit=1)
    assert told(pages, ActionCode.ACTIVITY_COMPLETED) == whole


def test_those_who_waited_come_first_in_the_next_full_reading(site: Site) -> None:
    course = first_course(site)
    first, *others = learners_of(site.world, course)
    read(site, Mode.FULL, completion_limit=1)
    cursor = parse(site.memory.cursors["actions", f"course/{course}"])
    assert cursor
    assert list(cursor.todo) == others
    read(site, Mode.FULL, completion_limit=len(others))
    cursor = parse(site.memory.cursors["actions", f"course/{course}"])
    assert cursor
    assert list(cursor.todo) == [first]


def test_completion_can_be_switched_off_by_the_options(site: Site) -> None:
    read(site, Mode.FULL, completion_limit=0)
    assert site.server.count(COMPLETION) == 0


def test_somebody_who_was_deleted_meanwhile_is_passed_over(site: Site) -> None:
    course = first_course(site)
    read(site, Mode.FULL, completion_limit=1)
    site.world.delete_learner(learners_of(site.world, course)[-1])
    pages = read(site)
    assert end_of(pages).outcome is Outcome.CHANGES
    assert not [finding for page in pages for finding in page.findings]


@pytest.mark.parametrize("missing", OPTIONAL)
def test_a_function_that_the_service_lacks_is_done_without_and_told_once_a_run(site: Site, missing: str) -> None:
    site.world.account.functions = [name for name in site.world.account.functions if name != missing]
    pages = [page for (stream, _), read in site.pull().items() if stream == "actions" for page in read]
    assert {page.end.outcome for page in pages if page.end} == {Outcome.COMPLETE}
    [finding] = [finding for page in pages for finding in page.findings]
    assert missing in finding.message
    assert told(pages, ActionCode.COURSE_VIEWED)
    assert bool(told(pages, ActionCode.SUBMITTED)) is (missing == COMPLETION)
    assert bool(told(pages, ActionCode.ACTIVITY_COMPLETED)) is (missing != COMPLETION)
    assert not [finding for page in read_changes(site) for finding in page.findings]


def read_changes(site: Site) -> list[Page]:
    return [page for read in site.pull(Mode.CHANGES).values() for page in read if page.events]


def test_without_the_list_of_changes_assignments_are_asked_since_when(site: Site) -> None:
    world = site.world
    world.account.functions = [name for name in world.account.functions if name != "core_course_get_updates_since"]
    read(site, Mode.FULL)
    world.advance(DAY)
    drafted = next(one for one in world.submissions.values() if one.status == "draft")
    world.submit_assignment(drafted.assignment, drafted.user)
    site.server.forget_requests()
    pages = read(site)
    assert end_of(pages).outcome is Outcome.CHANGES
    assert told(pages, ActionCode.SUBMITTED) == {(drafted.user, drafted.id, world.now)}
    assert site.server.count(COMPLETION) == 0


@pytest.mark.parametrize("refused", OPTIONAL)
def test_a_function_that_moodle_refuses_is_done_without(site: Site, refused: str) -> None:
    site.server.faults.add("no-permission", function=refused)
    pages = read(site, Mode.FULL)
    assert end_of(pages).outcome is Outcome.COMPLETE
    [finding] = [finding for page in pages for finding in page.findings]
    assert refused in finding.message
    assert told(pages, ActionCode.COURSE_VIEWED)


@pytest.mark.parametrize("broken", OPTIONAL)
def test_an_answer_that_cannot_be_read_leaves_the_reading_partial(site: Site, broken: str) -> None:
    site.server.faults.add("invalid-response", function=broken)
    pages = read(site, Mode.FULL)
    assert end_of(pages).outcome is Outcome.PARTIAL
    assert told(pages, ActionCode.COURSE_VIEWED)


def test_a_course_that_is_gone_is_refused(site: Site) -> None:
    pages = site.read("actions", 999_999, Mode.FULL)
    assert end_of(pages).outcome is Outcome.REFUSED


def test_assignments_are_asked_for_only_where_something_was_handed_in(site: Site) -> None:
    site.pull()
    assert site.server.count(ASSIGNMENTS) == 1
    assert site.server.count(SUBMISSIONS) == 1
