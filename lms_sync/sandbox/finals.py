"""Final attestations in a small world: tests with essays, assignments, defences in points and in words, closing times.

Every grade item of a final has an idnumber that begins with ``FINAL``. The disturbances of ``final_change`` touch
nothing but them and the people who sit them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from lms_sync.sandbox.model import ATTEMPT_FIRST, ATTEMPT_LAST, GRADE_AVERAGE, GRADE_HIGHEST, Attempt, GradeItem, Quiz
from lms_sync.sandbox.state import FRONT_PAGE
from lms_sync.sandbox.world import World

FINAL = "FINAL"
DAY = 86_400
METHODS = (GRADE_HIGHEST, GRADE_AVERAGE, ATTEMPT_FIRST, ATTEMPT_LAST)

Change = Callable[[World, random.Random], str | None]
T = TypeVar("T")


def add_finals(world: World, rng: random.Random) -> None:
    """Give each course one more final of some sort beside its first quiz. It moves the world's clock on by hours."""
    sorts = [_add_essay_test, _add_thesis, _add_defence, _add_oral_exam]
    courses = [course for course in sorted(world.courses) if course != FRONT_PAGE]
    for number, course in enumerate(courses):
        add = sorts[number] if number < 2 else rng.choice(sorts)
        add(world, rng, course)


def set_closing_times(world: World, rng: random.Random) -> None:
    """Close some final tests a while ago, let some close soon, and leave some open for ever."""
    for quiz in final_quizzes(world):
        quiz.timeclose = rng.choice([0, world.now - DAY, world.now + 3600, world.now + 2 * DAY])


def final_items(world: World) -> list[GradeItem]:
    """The grade items of all finals, by id."""
    return [item for _, item in sorted(world.grade_items.items()) if (item.idnumber or "").startswith(FINAL)]


def final_quizzes(world: World) -> list[Quiz]:
    """The final tests, by their grade items' ids."""
    return [world.quizzes[item.instance] for item in final_items(world) if item.module == "quiz" and item.instance]


def final_change(world: World, rng: random.Random) -> str:
    """Apply one random change that concerns a final, and describe it (by ids, never by names of people)."""
    with world.lock:
        for _ in range(50):
            described = rng.choices(list(_CHANGES), list(_CHANGES.values()))[0](world, rng)
            if described is not None:
                return described
    return "no final left to change"


def _add_essay_test(world: World, rng: random.Random, course: int) -> None:
    quiz = world.add_quiz(
        course, "Итоговый экзамен", grade=Decimal(100), questions=3, has_essay=True, idnumber="FINAL-ESSAY",
        grademethod=rng.choice(METHODS),
    )  # fmt: skip
    for enrolment in world.learners(course):
        for _ in range(rng.choice([0, 1, 2])):
            attempt = world.start_attempt(quiz.id, enrolment.user)
            world.advance(rng.randint(60, 7200))
            world.finish_attempt(attempt.id, _points(rng, quiz) if rng.random() < 0.6 else None)


def _add_thesis(world: World, rng: random.Random, course: int) -> None:
    thesis = world.add_assignment(course, "Итоговая аттестационная работа", idnumber="FINAL-WORK")
    teacher = next(user for user in world.enrolments[course] if user in world.staff_ids())
    for enrolment in world.learners(course):
        world.submit_assignment(thesis.id, enrolment.user)
        world.advance(rng.randint(60, 7200))
        if rng.random() < 0.7:
            world.grade_assignment(thesis.id, enrolment.user, Decimal(rng.randint(0, 100)), teacher)


def _add_defence(world: World, rng: random.Random, course: int) -> None:
    item = world.add_manual_item(course, "Защита проекта", grademax=Decimal(10), idnumber="FINAL-DEFENCE")
    _grade_most(world, rng, item)


def _add_oral_exam(world: World, rng: random.Random, course: int) -> None:
    scale = world.add_scale("Пятибалльная", "неудовлетворительно", "удовлетворительно", "хорошо", "отлично")
    _grade_most(world, rng, world.add_scale_item(course, "Междисциплинарный экзамен", scale.id, idnumber="FINAL-ORAL"))


def _grade_most(world: World, rng: random.Random, item: GradeItem) -> None:
    for enrolment in world.learners(item.course):
        if rng.random() < 0.7:
            world.set_grade(item.id, enrolment.user, _grade(rng, item))


# --- changes ----------------------------------------------------------------------------------------------------------


def _retake(world: World, rng: random.Random) -> str | None:
    found = [(quiz, one.user) for quiz in final_quizzes(world) for one in world.learners(quiz.course)]
    if not found:
        return None
    quiz, user = rng.choice(found)
    attempt = world.start_attempt(quiz.id, user)
    if rng.random() < 0.2:
        return f"final attempt {attempt.id} of learner {user} started"
    world.advance(rng.randint(60, 1800))
    world.finish_attempt(attempt.id, None if quiz.has_essay and rng.random() < 0.5 else _points(rng, quiz))
    return f"final attempt {attempt.id} (number {attempt.number}) of learner {user} finished"


def _mark_essay(world: World, rng: random.Random) -> str | None:
    attempt = _attempt(world, rng, marked=False)
    if attempt is None:
        return None
    world.mark_essay(attempt.id, _points(rng, world.quizzes[attempt.quiz]))
    return f"essay of final attempt {attempt.id} marked"


def _regrade(world: World, rng: random.Random) -> str | None:
    attempt = _attempt(world, rng, marked=True)
    if attempt is None:
        return None
    world.regrade_attempt(attempt.id, _points(rng, world.quizzes[attempt.quiz]))
    return f"final attempt {attempt.id} regraded"


def _delete_attempt(world: World, rng: random.Random) -> str | None:
    attempt = _attempt(world, rng)
    if attempt is None:
        return None
    world.delete_attempt(attempt.id)
    return f"final attempt {attempt.id} (number {attempt.number} of learner {attempt.user}) deleted"


def _write_grade(world: World, rng: random.Random) -> str | None:
    """A grade of a defence or an assignment, or one written over a test's; or taken away again."""
    found = [(item, one.user) for item in final_items(world) for one in world.learners(item.course)]
    if not found:
        return None
    item, user = _picked(rng, found)
    if item.module is not None and rng.random() < 0.3 and user in world.grades[item.id]:
        world.stop_overriding(item.id, user)
        return f"grade of learner {user} for final item {item.id} no longer overridden"
    world.set_grade(item.id, user, None if rng.random() < 0.1 else _grade(rng, item))
    return f"grade of learner {user} for final item {item.id} written"


def _rename(world: World, rng: random.Random) -> str | None:
    user = _learner(world, rng)
    if user is None:
        return None
    if rng.random() < 0.3:
        world.update_account(user, {"idnumber": f"ЛД-{rng.randint(1, 999)}"})
        return f"idnumber of learner {user} changed"
    world.rename_learner(user, lastname=rng.choice(["Ёлкина", "Яковлева", "Абрамова"]), firstname="Мария Ивановна")
    return f"learner {user} renamed"


def _suspend_or_resume(world: World, rng: random.Random) -> str | None:
    found = [(item.course, one) for item in final_items(world) for one in world.learners(item.course)]
    if not found:
        return None
    course, enrolment = rng.choice(found)
    if enrolment.suspended:
        world.resume(course, enrolment.user)
    else:
        world.suspend_enrolment(course, enrolment.user)
    return f"learner {enrolment.user} suspended in course {course}: {enrolment.suspended}"


def _change_test(world: World, rng: random.Random) -> str | None:
    """The settings of a final test: when it closes, which attempt counts, out of how many points."""
    quizzes = final_quizzes(world)
    if not quizzes:
        return None
    quiz, fate = rng.choice(quizzes), rng.random()
    if fate < 0.6:
        world.change_closing_time(quiz.id, rng.choice([0, world.now - 60, world.now + 3600]))
    elif fate < 0.8:
        world.change_grading_method(quiz.id, rng.choice(METHODS))
    else:
        world.change_quiz_grade(quiz.id, Decimal(rng.choice([5, 10, 50, 100])))
    return f"settings of final test {quiz.id}: {quiz.timeclose=}, {quiz.grademethod=}, {quiz.grade=}"


_CHANGES: dict[Change, int] = {
    _retake: 7,
    _mark_essay: 4,
    _regrade: 5,
    _delete_attempt: 3,
    _write_grade: 6,
    _rename: 3,
    _suspend_or_resume: 2,
    _change_test: 2,
}


def _attempt(world: World, rng: random.Random, *, marked: bool | None = None) -> Attempt | None:
    """A finished attempt at a final test; marked or not if that matters."""
    found = [
        attempt
        for quiz in final_quizzes(world)
        for attempt in world.quiz_attempts[quiz.id].values()
        if attempt.state == "finished" and not attempt.preview and not world.users[attempt.user].deleted
        if marked in (None, attempt.sumgrades is not None)
    ]
    return _picked(rng, found) if found else None


def _learner(world: World, rng: random.Random) -> int | None:
    found = sorted({one.user for item in final_items(world) for one in world.learners(item.course)})
    return _picked(rng, found) if found else None


def _picked(rng: random.Random, found: Sequence[T]) -> T:
    """Any of them, but often one of the first three, so that much happens to one thing twice."""
    return rng.choice(found[:3] if rng.random() < 0.6 else found)


def _points(rng: random.Random, quiz: Quiz) -> Decimal:
    return Decimal(rng.randint(0, int(quiz.sumgrades) * 3)) / 3


def _grade(rng: random.Random, item: GradeItem) -> Decimal:
    if item.scale is not None:
        return Decimal(rng.randint(int(item.grademin), int(item.grademax)))
    return Decimal(rng.randint(0, int(item.grademax) * 100)) / 100
