"""Changes of a world do what Moodle does: to grades, to attempts, to what the change feed lists."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from lms_sync.sandbox import World, reference_world
from lms_sync.sandbox.model import ATTEMPT_FIRST, ATTEMPT_LAST, GRADE_AVERAGE, GRADE_HIGHEST

T0 = 1_795_000_000


class Room:
    """A world with one course, one learner and one quiz of four questions, graded out of 100."""

    def __init__(self, **quiz: Any) -> None:
        self.world = World(now=T0)
        self.world.set_up(token="a" * 32)
        category = self.world.add_category("ПК").id
        self.course = self.world.add_course(category, "Курс", "C").id
        self.user = self.world.add_user("learner", "Анна", "Белова", email="anna@example.com", idnumber="7").id
        self.world.enrol(self.course, self.user)
        self.quiz = self.world.add_quiz(self.course, "Тест", gradepass=Decimal(60), questions=4, **quiz).id
        self.world.add_service_account()
        item = self.world.item_of("quiz", self.quiz)
        assert item is not None
        self.item = item.id

    def attempt(self, points: str | None) -> int:
        attempt = self.world.start_attempt(self.quiz, self.user)
        self.world.advance(600)
        self.world.finish_attempt(attempt.id, None if points is None else Decimal(points))
        return attempt.id

    @property
    def grade(self) -> Decimal | None:
        return self.world.truth().grades[self.item, self.user].grade


@pytest.mark.parametrize(
    ("method", "expected"),
    [(GRADE_HIGHEST, "75"), (GRADE_AVERAGE, "50"), (ATTEMPT_FIRST, "25"), (ATTEMPT_LAST, "50")],
)
def test_the_grading_method_says_which_attempt_counts(method: int, expected: str) -> None:
    room = Room(grademethod=method)
    for points in ("1", "3", "2"):
        room.attempt(points)
    assert room.grade == Decimal(expected)


def test_thirds_are_kept_to_five_places() -> None:
    room = Room()
    room.world.quizzes[room.quiz].sumgrades = Decimal(3)
    room.attempt("1")
    assert str(room.grade) == "33.33333"


def test_an_unmarked_essay_gives_no_grade_until_a_teacher_marks_it() -> None:
    room = Room(has_essay=True)
    attempt = room.attempt(None)
    finished = room.world.attempts[attempt].timefinish
    assert room.grade is None
    room.world.advance(86_400)
    room.world.mark_essay(attempt, Decimal("3.5"))
    assert room.grade == Decimal("87.5")
    assert room.world.attempts[attempt].timefinish == finished
    assert room.world.attempts[attempt].timemodified == finished + 86_400


def test_deleting_an_attempt_brings_back_the_one_before_and_then_nothing() -> None:
    room = Room()
    first, second = room.attempt("2"), room.attempt("4")
    room.world.delete_attempt(second)
    assert room.grade == Decimal(50)
    room.world.delete_attempt(first)
    assert room.grade is None
    assert room.world.truth().attempts == {}


def test_a_new_maximum_rescales_grades_and_leaves_attempts_alone() -> None:
    room = Room()
    attempt = room.attempt("3")
    before = room.world.attempts[attempt].timemodified
    room.world.advance(60)
    room.world.change_quiz_grade(room.quiz, Decimal(5))
    assert room.grade == Decimal("3.75")
    assert room.world.truth().grade_items[room.course, room.item].grademax == 5
    assert room.world.attempts[attempt].timemodified == before


def test_an_overridden_grade_stays_while_attempts_go_on() -> None:
    room = Room()
    room.attempt("1")
    room.world.override(room.item, room.user, Decimal("91.5"))
    room.attempt("4")
    assert room.grade == Decimal("91.5")
    room.world.stop_overriding(room.item, room.user)
    assert room.grade == Decimal(100)


def test_a_locked_grade_takes_nothing_more() -> None:
    room = Room()
    room.attempt("1")
    room.world.lock_grade(room.item, room.user)
    room.attempt("4")
    room.world.set_grade(room.item, room.user, Decimal(99))
    assert room.grade == Decimal(25)


def test_an_excluded_grade_leaves_the_total(open_site: Callable[..., Any]) -> None:
    room = Room()
    manual = room.world.add_manual_item(room.course, "Реферат", grademax=Decimal(10))
    room.attempt("4")
    room.world.set_grade(manual.id, room.user, Decimal("7.5"))
    total = room.world.total_of(room.course)
    assert total is not None
    assert room.world.truth().grades[total.id, room.user].grade == Decimal("107.5")
    room.world.exclude_grade(room.item, room.user)
    assert room.world.truth().grades[total.id, room.user].grade == Decimal("7.5")
    report = open_site(room.world).ask("gradereport_user_get_grade_items", courseid=room.course)
    lines = report["usergrades"][0]["gradeitems"]
    assert [(line.get("status"), line.get("weightraw")) for line in lines] == [("dropped", 0), (None, 1), (None, None)]


def test_leaving_a_course_loses_grades_and_keeps_attempts(open_site: Callable[..., Any]) -> None:
    room = Room()
    attempt = room.attempt("3")
    room.world.unenrol(room.course, room.user)
    site = open_site(room.world)
    assert attempt in room.world.truth().attempts
    report = site.ask("gradereport_user_get_grade_items", courseid=room.course, userid=room.user)
    assert [line["graderaw"] for line in report["usergrades"][0]["gradeitems"]] == [None, None]
    answer = site.ask("mod_quiz_get_user_attempts", quizid=room.quiz, userid=room.user, status="all")
    assert [told["id"] for told in answer["attempts"]] == [attempt]
    room.world.enrol(room.course, room.user)
    assert room.grade is None


def test_a_deleted_person_vanishes_and_is_wiped(open_site: Callable[..., Any]) -> None:
    room = Room()
    attempt = room.attempt("3")
    room.world.delete_learner(room.user)
    site = open_site(room.world)
    assert site.ask("core_enrol_get_enrolled_users", courseid=room.course) == []
    for function, params in (
        ("mod_quiz_get_user_attempts", {"quizid": room.quiz}),
        ("gradereport_user_get_grade_items", {"courseid": room.course}),
    ):
        assert site.ask(function, userid=room.user, **params)["errorcode"] == "userdeleted"
    found = site.ask("core_user_get_users_by_field", field="id", values=[room.user])[0]
    assert "idnumber" not in found and "@" not in found["email"]
    assert site.ask("mod_quiz_get_attempt_review", attemptid=attempt)["attempt"]["userid"] == room.user
    truth = room.world.truth()
    assert truth.attempts == {} and truth.learners == {} and truth.grades == {}


def test_a_suspended_enrolment_is_out_of_the_whole_report_only(open_site: Callable[..., Any]) -> None:
    room = Room()
    room.attempt("3")
    room.world.suspend_enrolment(room.course, room.user)
    site = open_site(room.world)
    assert site.ask("gradereport_user_get_grade_items", courseid=room.course)["usergrades"] == []
    alone = site.ask("gradereport_user_get_grade_items", courseid=room.course, userid=room.user)
    assert alone["usergrades"][0]["gradeitems"][0]["graderaw"] == 75
    listed = [{"name": "onlysuspended", "value": 1}]
    found = site.ask("core_enrol_get_enrolled_users", courseid=room.course, options=listed)
    assert [person["id"] for person in found] == [room.user]
    room.world.resume(room.course, room.user)
    assert site.ask("core_enrol_get_enrolled_users", courseid=room.course, options=listed) == []


# -- the change feed, event by event


def _regrade(room: Room, attempt: int) -> None:
    room.world.regrade_attempt(attempt, Decimal(3))


def _delete_only(room: Room, attempt: int) -> None:
    room.world.delete_attempt(attempt)


FEED: list[tuple[str, Callable[[Room, int], Any], set[str]]] = [
    ("an essay marked", lambda r, a: r.world.mark_essay(a, Decimal(4)), {"userattempts", "usergrades"}),
    ("a regrade that changes nothing", _regrade, {"userattempts"}),
    ("the only attempt deleted", _delete_only, set()),
    ("a new maximum", lambda r, a: r.world.change_quiz_grade(r.quiz, Decimal(50)), {"configuration", "usergrades"}),
    ("an attempt started", lambda r, a: r.world.start_attempt(r.quiz, r.user), {"userattempts"}),
    ("a grade typed in", lambda r, a: r.world.set_grade(r.item, r.user, Decimal(1)), set()),
    ("a pass mark changed", lambda r, a: r.world.set_pass_mark(r.item, Decimal(75)), set()),
    ("a quiz renamed", lambda r, a: r.world.rename_item(r.item, "Новый"), {"configuration"}),
    ("a quiz hidden", lambda r, a: r.world.hide_activity(r.world.quizzes[r.quiz].cmid), {"configuration"}),
    ("a quiz deleted", lambda r, a: r.world.delete_quiz(r.quiz), set()),
    ("somebody leaving", lambda r, a: r.world.unenrol(r.course, r.user), set()),
    ("a suspension", lambda r, a: r.world.suspend_enrolment(r.course, r.user), set()),
    ("a person deleted", lambda r, a: r.world.delete_learner(r.user), set()),
    ("a course renamed", lambda r, a: r.world.rename_course(r.course, "Иначе"), set()),
]


@pytest.mark.parametrize(("happen", "listed"), [pytest.param(f, s, id=n) for n, f, s in FEED])
def test_what_the_change_feed_lists(
    open_site: Callable[..., Any], happen: Callable[[Room, int], Any], listed: set[str]
) -> None:
    room = Room()
    attempt = room.attempt("3")
    since = room.world.now
    room.world.advance(60)
    site = open_site(room.world)
    happen(room, attempt)
    feed = site.ask("core_course_get_updates_since", courseid=room.course, since=since)
    assert {update["name"] for instance in feed["instances"] for update in instance["updates"]} == listed


def test_the_feed_is_strictly_later(open_site: Callable[..., Any]) -> None:
    room = Room()
    attempt = room.attempt("3")
    site = open_site(room.world)
    modified = room.world.attempts[attempt].timemodified

    def attempts_since(moment: int) -> list[int]:
        feed = site.ask("core_course_get_updates_since", courseid=room.course, since=moment)
        updates = [update for instance in feed["instances"] for update in instance["updates"]]
        return [i for update in updates if update["name"] == "userattempts" for i in update["itemids"]]

    assert attempts_since(modified - 1) == [attempt]
    assert attempts_since(modified) == []


def test_an_assignment_marked_on_its_own_page_is_listed_and_in_the_gradebook(open_site: Callable[..., Any]) -> None:
    room = Room()
    assignment = room.world.add_assignment(room.course, "Курсовая").id
    since = room.world.now
    room.world.advance(60)
    room.world.submit_assignment(assignment, room.user)
    room.world.grade_assignment(assignment, room.user, Decimal(77), room.world.admin_id)
    site = open_site(room.world)
    feed = site.ask("core_course_get_updates_since", courseid=room.course, since=since)
    names = {update["name"] for instance in feed["instances"] for update in instance["updates"]}
    assert names == {"usersubmissions", "usergrades"}
    own = site.ask("mod_assign_get_grades", assignmentids=[assignment])
    assert own["assignments"][0]["grades"][0]["grade"] == "77.00000"
    item = room.world.item_of("assign", assignment)
    assert item is not None
    assert room.world.truth().grades[item.id, room.user].grade == 77


def test_a_mark_typed_into_the_gradebook_is_not_among_an_assignments_own(open_site: Callable[..., Any]) -> None:
    room = Room()
    assignment = room.world.add_assignment(room.course, "Курсовая").id
    item = room.world.item_of("assign", assignment)
    assert item is not None
    room.world.set_grade(item.id, room.user, Decimal(50))
    told = open_site(room.world).ask("mod_assign_get_grades", assignmentids=[assignment])
    assert told["assignments"] == [] and told["warnings"][0]["message"] == "No grades found"


def test_the_reference_world_moves_like_any_other() -> None:
    world = reference_world()
    before = world.truth()
    world.regrade_attempt(4, Decimal(9))
    item = world.item_of("quiz", 3)
    assert item is not None
    assert before.grades[item.id, 3].grade == 60
    assert world.truth().grades[item.id, 3].grade == 90
