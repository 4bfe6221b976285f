"""An attempt that cannot be looked up for the moment is looked up again: a passing fault loses nothing."""

from __future__ import annotations

from decimal import Decimal

from lms_sync.connector import Mode
from lms_sync.sandbox import Faults
from tests.contract.moodle.moodle_site import Site, course_with_attempts, everything


def finish_one(site: Site, course: int) -> tuple[int, int]:
    """A learner finishes an attempt now; the attempt's id and the learner."""
    world = site.world
    quiz = next(quiz for quiz in world.quizzes.values() if quiz.course == course)
    learner = next(user for user, facts in world.enrolments[course].items() if "student" in facts.roles)
    attempt = world.start_attempt(quiz.id, learner)
    world.advance(60)
    world.finish_attempt(attempt.id, Decimal(1))
    world.advance(60)
    return attempt.id, learner


def no_reviews() -> Faults:
    faults = Faults()
    faults.add("invalid-response", function="mod_quiz_get_attempt_review")
    return faults


def test_an_attempt_of_an_unknown_owner_is_found_though_its_review_fails(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.pull()
    site.world.advance(3600)
    quiz = next(quiz for quiz in site.world.quizzes.values() if quiz.course == course)
    learner = next(user for user, facts in site.world.enrolments[course].items() if "student" in facts.roles)
    attempt = site.world.start_attempt(quiz.id, learner)  # only begun: no changed grade tells of it
    site.world.advance(60)
    site.server.faults = no_reviews()
    assert str(attempt.id) in everything(site.pull(Mode.CHANGES), "attempt")


def test_an_unreadable_attempt_of_somebody_who_left_is_looked_up_again(site: Site) -> None:
    course = course_with_attempts(site.world)
    attempt, learner = finish_one(site, course)
    site.world.unenrol(course, learner)
    site.world.advance(3600)  # beyond what the next list of changes would name again
    site.server.faults = no_reviews()
    assert str(attempt) not in everything(site.pull(), "attempt")
    site.server.faults = Faults()
    site.world.advance(86_400)
    assert str(attempt) in everything(site.pull(Mode.CHANGES), "attempt")
    site.world.advance(86_400)
    site.server.forget_requests()
    site.pull(Mode.CHANGES)
    assert site.server.count("mod_quiz_get_attempt_review") == 0
