"""The connector against the sandbox over real HTTP: everything is read, whatever the release and the options."""

from __future__ import annotations

from typing import Any

import pytest
from lms_sync_moodle.cursor import parse

from lms_sync.connector import Outcome
from lms_sync.sandbox import World, academy, small_world
from tests.contract.moodle.moodle_memory import end_of, records_of
from tests.contract.moodle.moodle_site import Pages, Site, course_of, course_with_attempts, everything


def assert_true(pages: Pages, world: World) -> None:
    truth = world.truth()
    grades = everything(pages, "grade").values()
    assert {
        (grade.fields["itemid"], grade.fields["userid"]): grade.fields["graderaw"]
        for grade in grades
        if grade.fields["graderaw"] is not None
    } == {key: fact.grade for key, fact in truth.grades.items() if fact.grade is not None}
    assert set(everything(pages, "attempt")) == {str(one) for one in truth.attempts}
    assert set(everything(pages, "enrolment")) == {f"{course}/{user}" for course, user in truth.enrolments}
    assert set(everything(pages, "course")) == {str(one) for one in truth.courses}
    assert {end_of(read).outcome for read in pages.values()} == {Outcome.COMPLETE}


@pytest.mark.parametrize("release", ["4.1", "4.5", "5.1"])
def test_everything_is_read(open_site: Any, release: str) -> None:
    site = open_site(small_world(7, release=release))
    assert_true(site.pull(), site.world)


@pytest.mark.parametrize("options", [{"slice_above": 0}, {"page_size": 3}, {"form_limit": 50}, {"slice_above": 5}])
def test_everything_is_read_whatever_the_options(open_site: Any, options: dict[str, int]) -> None:
    site = open_site(academy(seed=2, learners=20, courses=3), **options)
    assert_true(site.pull(), site.world)


def test_people_who_left_keep_their_attempts_and_grades_are_not_withdrawn(site: Site) -> None:
    course = course_with_attempts(site.world)
    owner = next(fact.user for fact in site.world.truth().attempts.values() if course_of(site.world, fact) == course)
    site.pull()
    site.world.advance(3600)
    site.world.unenrol(course, owner)
    pages = site.pull()
    theirs = [one for one in everything(pages, "attempt").values() if one.fields["userid"] == owner]
    assert theirs
    assert not [
        one
        for one in everything(pages, "grade").values()
        if one.key.endswith(f"/{owner}") and one.fields["courseid"] == course
    ]
    assert end_of(pages["grades", f"course/{course}"]).outcome is Outcome.COMPLETE


def test_attempts_of_people_who_left_before_they_were_seen_are_found(site: Site) -> None:
    course = course_with_attempts(site.world)
    fact = next(one for one in site.world.truth().attempts.values() if course_of(site.world, one) == course)
    site.world.unenrol(course, fact.user)
    pages = site.read("attempts", course)
    assert fact.user in {record.fields["userid"] for record in records_of(pages, "attempt").values()}
    assert end_of(pages).outcome is Outcome.COMPLETE


def test_previews_and_attempts_of_deleted_people_cost_nothing_the_second_time(site: Site) -> None:
    course = course_with_attempts(site.world)
    owner = next(fact.user for fact in site.world.truth().attempts.values() if course_of(site.world, fact) == course)
    quiz = next(quiz for quiz in site.world.quizzes.values() if quiz.course == course)
    teacher = next(user for user, facts in site.world.enrolments[course].items() if "student" not in facts.roles)
    preview = site.world.start_attempt(quiz.id, teacher, preview=True)
    site.world.delete_learner(owner)
    pages = site.read("attempts", course)
    assert end_of(pages).outcome is Outcome.COMPLETE
    cursor = parse(pages[-1].cursor)
    assert cursor is not None
    assert cursor.skip[preview.id] == "preview"
    assert "deleted" in cursor.skip.values()
    site.server.forget_requests()
    assert end_of(site.read("attempts", course)).outcome is Outcome.COMPLETE
    assert site.server.count("mod_quiz_get_attempt_review") == 0


def test_more_unknown_attempts_than_the_limit_are_looked_up_bit_by_bit(site: Site) -> None:
    course = course_with_attempts(site.world)
    owners = {fact.user for fact in site.world.truth().attempts.values() if course_of(site.world, fact) == course}
    for owner in sorted(owners)[:3]:
        site.world.unenrol(course, owner)
    outcomes = [end_of(site.read("attempts", course, review_limit=1)).outcome]
    while outcomes[-1] is not Outcome.COMPLETE and len(outcomes) < 10:
        outcomes.append(end_of(site.read("attempts", course, review_limit=1)).outcome)
    assert outcomes[0] is Outcome.PARTIAL
    assert outcomes[-1] is Outcome.COMPLETE


def test_the_options_choose_courses(site: Site) -> None:
    truth = site.world.truth().courses
    first, second, *_ = sorted(truth)
    named = truth[second].shortname
    assert [scope.key for scope in site.connector(include_courses=[first]).scopes("grades")] == [f"course/{first}"]
    kept = {scope.key for scope in site.connector(exclude_courses=[named]).scopes("grades")}
    assert kept == {f"course/{one}" for one in truth} - {f"course/{second}"}
    by_idnumber = truth[first].idnumber
    assert by_idnumber
    assert [scope.key for scope in site.connector(include_courses=[by_idnumber]).scopes("people")] == [
        f"course/{first}"
    ]
