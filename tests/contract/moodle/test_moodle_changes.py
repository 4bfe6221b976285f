"""The connector against the sandbox over real HTTP: what changed is found, and reading it costs little."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from lms_sync_moodle.cursor import Cursor, parse

from lms_sync.connector import Level, Mode, Outcome, Scope
from lms_sync.sandbox import World, small_world
from tests.contract.moodle.moodle_memory import Memory, absent_of, end_of, records_of
from tests.contract.moodle.moodle_site import Site, course_of, course_with_attempts, everything


def test_when_nothing_changed_one_request_a_course_serves_grades_and_attempts(site: Site) -> None:
    site.pull()
    site.world.advance(3600)
    site.server.forget_requests()
    connector = site.connector()
    for stream in ("grades", "attempts"):
        for scope in connector.scopes(stream):
            pages = site.memory.read(connector, scope, Mode.CHANGES)
            assert end_of(pages).outcome is Outcome.CHANGES
            assert not records_of(pages, "grade")
    courses = len(site.world.truth().courses)
    assert site.server.count("core_course_get_updates_since") == courses
    assert site.server.count() == courses + len(("site info", "courses", "categories", "quizzes"))


def test_the_cursor_is_the_servers_clock_when_the_run_began(site: Site) -> None:
    began = site.world.now
    connector = site.connector()
    first, second, *_ = connector.scopes("grades")
    site.memory.read(connector, first)
    site.world.advance(1000)
    site.memory.read(connector, first)
    cursor = parse(site.memory.read(connector, second)[-1].cursor)
    assert cursor is not None
    assert cursor.since == began


def finished_by(world: World, course: int) -> tuple[int, int]:
    """A learner who takes another attempt now and finishes it; the attempt's id and the learner."""
    quiz = next(quiz for quiz in world.quizzes.values() if quiz.course == course)
    learner = next(user for user, facts in world.enrolments[course].items() if "student" in facts.roles)
    attempt = world.start_attempt(quiz.id, learner)
    world.advance(60)
    world.finish_attempt(attempt.id, Decimal(1))
    return attempt.id, learner


def test_a_finished_attempt_brings_itself_and_its_learners_grades_only(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.pull()
    site.world.advance(3600)
    attempt, learner = finished_by(site.world, course)
    site.world.advance(60)
    site.server.forget_requests()
    pages = site.pull(Mode.CHANGES)
    assert str(attempt) in everything(pages, "attempt")
    assert {grade.fields["userid"] for grade in everything(pages, "grade").values()} == {learner}
    assert not everything(pages, "grade_item")
    assert end_of(pages["grades", f"course/{course}"]).outcome is Outcome.CHANGES
    assert site.server.count("gradereport_user_get_grade_items") == 1


def test_a_change_of_a_quizs_settings_reads_the_gradebook_and_the_quiz_again(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.pull()
    site.world.advance(3600)
    quiz = next(quiz for quiz in site.world.quizzes.values() if quiz.course == course)
    site.world.change_quiz_grade(quiz.id, Decimal(50))
    site.world.advance(60)
    pages = site.pull(Mode.CHANGES)
    assert end_of(pages["grades", f"course/{course}"]).outcome is Outcome.COMPLETE
    rescaled = records_of(pages["attempts", f"course/{course}"], "attempt").values()
    assert {record.fields["quiz_grade"] for record in rescaled} == {Decimal(50)}


def test_a_new_quiz_brings_its_column(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.pull()
    site.world.advance(3600)
    quiz = site.world.add_quiz(course, "Новый тест")
    site.world.advance(60)
    pages = site.pull(Mode.CHANGES)
    columns = records_of(pages["grades", f"course/{course}"], "grade_item").values()
    assert str(quiz.id) in {str(column.fields["iteminstance"]) for column in columns if column.fields["itemmodule"]}


def test_a_deleted_quiz_takes_its_column_and_its_attempts_with_it(site: Site) -> None:
    """Moodle never lists a deleted quiz among the changes."""
    course = course_with_attempts(site.world)
    site.pull()
    site.world.advance(3600)
    attempt, facts = next(
        (key, one) for key, one in site.world.truth().attempts.items() if one.quiz in quizzes_of(site, course)
    )
    site.world.delete_quiz(facts.quiz)
    site.world.advance(60)
    pages = site.pull(Mode.CHANGES)
    assert end_of(pages["grades", f"course/{course}"]).outcome is Outcome.COMPLETE
    absent = {key for page in pages["attempts", f"course/{course}"] for kind, key in page.absent if kind == "attempt"}
    assert str(attempt) in absent


def quizzes_of(site: Site, course: int) -> set[int]:
    return {quiz.id for quiz in site.world.quizzes.values() if quiz.course == course}


def test_a_deleted_attempt_is_noticed_by_the_grade_that_it_changes(site: Site) -> None:
    """Moodle never lists a deleted attempt, but the grade of somebody who has another one changes unexplained."""
    course = course_with_attempts(site.world)
    site.world.advance(3600)
    kept, _ = finished_by(site.world, course)
    lost, _ = finished_by(site.world, course)
    site.world.advance(3600)
    site.pull()
    site.world.advance(3600)
    site.world.delete_attempt(lost)
    site.world.advance(60)
    pages = site.pull(Mode.CHANGES)
    read = pages["attempts", f"course/{course}"]
    assert absent_of(read) == {("attempt", str(lost))}
    assert str(kept) in records_of(read, "attempt")
    assert end_of(pages["grades", f"course/{course}"]).outcome is Outcome.COMPLETE


def test_a_change_of_somebody_who_left_does_not_empty_their_grades(site: Site) -> None:
    """Moodle answers for people who left with empty grades; those must not pass for withdrawn ones."""
    course = course_with_attempts(site.world)
    site.pull()
    site.world.advance(3600)
    attempt, learner = finished_by(site.world, course)
    site.world.unenrol(course, learner)
    site.world.advance(60)
    pages = site.pull(Mode.CHANGES)
    assert str(attempt) in everything(pages, "attempt")
    assert not [key for kind, key in absent_of(pages["grades", f"course/{course}"]) if key.endswith(f"/{learner}")]
    assert end_of(pages["grades", f"course/{course}"]).outcome is Outcome.CHANGES


def test_changes_that_moodle_lists_are_all_found(open_site: Any) -> None:
    """Random changes: after each, the memory holds what the site holds, but for what Moodle does not list."""
    unlisted = ("typed in", "deleted")
    seen = 0
    for seed in range(4):
        site = open_site(small_world(seed))
        rng = random.Random(seed)
        site.pull()
        for _ in range(12):
            site.world.advance(rng.choice([1, 400, 4000]))
            change = site.world.random_change(rng)
            site.world.advance(5)
            site.pull(Mode.CHANGES)
            truth = site.world.truth()
            grades = {
                key: row["raw"]
                for (kind, _), rows in site.memory.records.items()
                if kind == "grade_entry"
                for key, row in rows.items()
            }
            attempts = {key for (kind, _), rows in site.memory.records.items() if kind == "attempt" for key in rows}
            if any(word in change for word in unlisted):
                site.memory = Memory()
                site.pull()
                continue
            seen += 1
            wrong = {
                key: fact.grade
                for key, fact in truth.grades.items()
                if fact.grade is not None and grades.get(f"{key[0]}/{key[1]}") != fact.grade
            }
            assert not wrong, (seed, change)
            assert {str(one) for one in truth.attempts} <= attempts, (seed, change)
    assert seen > 20


def test_a_cursor_ahead_of_the_servers_clock_reads_everything_and_warns(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.memory.cursors["grades", f"course/{course}"] = Cursor(site.world.now + 301).text()
    pages = site.read("grades", course, Mode.CHANGES)
    assert end_of(pages).outcome is Outcome.COMPLETE
    assert [finding.level for page in pages for finding in page.findings] == [Level.WARNING]


def test_without_the_list_of_changes_everything_is_read_each_time(site: Site) -> None:
    site.pull()
    connector = site.connector()
    connector._site.info()
    functions = connector._client.functions or frozenset()
    connector._client.functions = functions - {"core_course_get_updates_since"}
    course = course_with_attempts(site.world)
    pages = site.memory.read(connector, Scope("attempts", f"course/{course}"), Mode.CHANGES)
    expected = {str(key) for key, fact in site.world.truth().attempts.items() if course_of(site.world, fact) == course}
    assert set(records_of(pages, "attempt")) == expected
    assert end_of(pages).outcome is Outcome.COMPLETE
