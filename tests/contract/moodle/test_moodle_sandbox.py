"""The connector against the sandbox over real HTTP: everything is read, changes are found, faults never lie."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from lms_sync_moodle import MoodleConnector
from lms_sync_moodle.cursor import Cursor, parse

from lms_sync.connector import Level, Mode, Outcome, Page, Scope
from lms_sync.errors import SourceDenied, SourceError, SourceUnavailable
from lms_sync.sandbox import Faults, SandboxServer, World, academy, fault_names, small_world
from lms_sync.sandbox.truth import AttemptFacts
from tests.contract.moodle.conftest import Connect
from tests.contract.moodle.moodle_memory import Memory, absent_of, end_of, records_of

Pages = dict[tuple[str, str], list[Page]]


class Site:
    """A sandbox, a memory of what was read from it, and a new connector for every pull."""

    def __init__(self, world: World, connect: Connect, **options: Any) -> None:
        self.world, self.memory, self.options = world, Memory(), options
        self.server = SandboxServer(world)
        self._connect = connect

    def connector(self, **options: Any) -> MoodleConnector:
        return self._connect(self.server.url, self.world.token, **{**self.options, **options})

    def pull(self, mode: Mode = Mode.FULL, **options: Any) -> Pages:
        """A whole pull by one connector; incremental streams in the given mode."""
        connector = self.connector(**options)
        return {
            (scope.stream, scope.key): self.memory.read(connector, scope, mode if stream.incremental else Mode.FULL)
            for stream in connector.streams()
            for scope in connector.scopes(stream.name)
        }

    def read(self, stream: str, course: int | None = None, mode: Mode = Mode.FULL, **options: Any) -> list[Page]:
        key = "site" if course is None else f"course/{course}"
        return self.memory.read(self.connector(**options), Scope(stream, key), mode)


@pytest.fixture
def open_site(connect: Connect) -> Iterator[Any]:
    opened: list[Site] = []

    def make(world: World, **options: Any) -> Site:
        opened.append(Site(world, connect, **options))
        opened[-1].server.start()
        return opened[-1]

    yield make
    for site in opened:
        site.server.close()


@pytest.fixture
def site(open_site: Any) -> Site:
    made: Site = open_site(small_world(3))
    return made


def course_with_attempts(world: World) -> int:
    return min(course_of(world, fact) for fact in world.truth().attempts.values())


def course_of(world: World, fact: AttemptFacts) -> int:
    return world.quizzes[fact.quiz].course


def everything(pages: Pages, kind: str) -> dict[str, Any]:
    return {key: record for read in pages.values() for key, record in records_of(read, kind).items()}


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


def test_a_large_course_behind_an_impatient_proxy_is_read_learner_by_learner(open_site: Any) -> None:
    site = open_site(academy(seed=4, learners=30, courses=2))
    site.server.faults = Faults()
    site.server.faults.add("proxy-timeout", learners=5)
    pages = site.read("grades", min(site.world.truth().courses))
    assert end_of(pages).outcome is Outcome.COMPLETE
    site.server.faults = Faults()
    calm = records_of(site.read("grades", min(site.world.truth().courses)), "grade")
    assert {key: one.fields["graderaw"] for key, one in records_of(pages, "grade").items()} == {
        key: one.fields["graderaw"] for key, one in calm.items()
    }


@pytest.mark.parametrize("fault", ["partial-grades", "empty-grades"])
def test_an_incomplete_report_is_completed_or_called_partial(site: Site, fault: str) -> None:
    course = course_with_attempts(site.world)
    site.server.faults = Faults()
    site.server.faults.add(fault)
    end = end_of(site.read("grades", course))
    if fault == "partial-grades":
        assert (end.outcome, end.received) == (Outcome.COMPLETE, end.expected)
    else:
        assert end.outcome is Outcome.PARTIAL
        assert end.received == 0


def test_learners_owed_from_a_bad_day_are_read_at_the_next_one(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.server.faults = Faults()
    site.server.faults.add("invalid-response", function="gradereport_user_get_grade_items", times=2)
    first = site.read("grades", course)
    assert end_of(first).outcome is Outcome.PARTIAL
    cursor = parse(first[-1].cursor)
    assert cursor is not None
    assert len(cursor.todo) == 1
    site.world.advance(3600)
    second = site.read("grades", course, Mode.CHANGES)
    assert {grade.fields["userid"] for grade in records_of(second, "grade").values()} == set(cursor.todo)
    assert end_of(second).outcome is Outcome.CHANGES
    after = parse(second[-1].cursor)
    assert after is not None
    assert after.todo == ()


def test_a_refused_course_is_refused_and_the_others_go_on(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.server.faults = Faults()
    site.server.faults.add("no-permission", function="gradereport_user_get_grade_items", course=course)
    pages = site.pull()
    end = end_of(pages["grades", f"course/{course}"])
    assert end.outcome is Outcome.REFUSED
    assert "gradereport/user:view" in end.note
    others = {key: end_of(read).outcome for key, read in pages.items() if key != ("grades", f"course/{course}")}
    assert set(others.values()) == {Outcome.COMPLETE}


def test_a_course_that_only_vanished_from_the_list_is_not_called_gone(site: Site) -> None:
    site.read("courses")
    site.server.faults = Faults()
    site.server.faults.add("course-vanished")
    assert end_of(site.read("courses")).outcome is Outcome.PARTIAL


def test_a_deleted_course_is_gone(site: Site) -> None:
    site.read("courses")
    site.world.delete_course(max(site.world.truth().courses))
    assert end_of(site.read("courses")).outcome is Outcome.COMPLETE


def test_suspended_people_that_cannot_be_told_stay_what_they_were(site: Site) -> None:
    course = course_with_attempts(site.world)
    learner = next(user for user, facts in site.world.enrolments[course].items() if "student" in facts.roles)
    site.world.suspend_enrolment(course, learner)
    site.read("people", course)
    site.server.faults = Faults()
    site.server.faults.add("no-permission", function="core_enrol_get_enrolled_users", course=course, times=1)
    pages = site.read("people", course)
    assert records_of(pages, "enrolment")[f"{course}/{learner}"].fields["suspended"] is True
    assert end_of(pages).outcome is Outcome.PARTIAL


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


LYING = {"course-vanished", "wrong-clock", "no-date", "slow", "proxy-timeout", "partial-grades"}


@pytest.mark.parametrize("fault", sorted(set(fault_names()) - LYING))
def test_no_fault_shows_the_token_or_ends_a_scope_complete_without_its_records(
    open_site: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    site = open_site(small_world(3))
    course = course_with_attempts(site.world)
    healthy = {stream: len(_keys(site.read(stream, course))) for stream in ("people", "grades", "attempts")}
    told: list[str] = []
    for stream in healthy:
        site.memory = Memory()
        site.server.faults = Faults()
        site.server.faults.add(fault, probability=0.3, **({"seconds": 0.0} if fault == "slow" else {}))
        try:
            pages = site.read(stream, course)
            end = end_of(pages)
            told.append(end.note)
            if end.outcome is Outcome.COMPLETE:
                assert len(_keys(pages)) == healthy[stream]
        except SourceError as error:
            link: BaseException | None = error
            while link is not None:
                told += [str(link), repr(link), repr(vars(link))]
                link = link.__cause__ or link.__context__
    shown = capfd.readouterr()
    assert site.world.token not in "".join(told) + caplog.text + shown.out + shown.err


def _keys(pages: list[Page]) -> set[tuple[str, str]]:
    return {(record.kind, record.key) for page in pages for record in page.records} | absent_of(pages)


def test_a_dead_token_stops_everything_with_a_next_step(site: Site) -> None:
    site.server.faults = Faults()
    site.server.faults.add("token-expired")
    with pytest.raises(SourceDenied, match="Manage tokens"):
        site.pull()


def test_maintenance_stops_the_pull_when_there_is_no_time_to_wait(site: Site) -> None:
    site.server.faults = Faults()
    site.server.faults.add("maintenance")
    with pytest.raises(SourceUnavailable) as caught:
        site.pull()
    assert caught.value.maintenance
