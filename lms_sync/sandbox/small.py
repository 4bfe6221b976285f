"""A small random world for simulations: two or three courses, a dozen learners, every kind of attempt."""

from __future__ import annotations

import random
from decimal import Decimal

from lms_sync.sandbox.finals import add_finals, set_closing_times
from lms_sync.sandbox.model import ATTEMPT_FIRST, ATTEMPT_LAST, GRADE_AVERAGE, GRADE_HIGHEST, Quiz
from lms_sync.sandbox.world import World

SMALL_NOW = 1_795_320_000  # 22 November 2026
DAY, HOUR = 86_400, 3600


def small_world(
    seed: int = 0, *, release: str = "5.1", now: int = SMALL_NOW, finals: bool = False, companion: bool = False
) -> World:
    """2-3 courses, 6-12 learners, 1-3 quizzes a course; the same for the same seed. The clock stands still.

    The first quiz of a course is a final test. With `finals` there are more finals, of every sort, and closing times.
    With `companion` the plugin is installed.
    """
    rng = random.Random(seed)
    world = World(release=release, now=now - 60 * DAY, sitename="Учебный центр")
    world.set_up(token=f"{rng.randrange(16**32):032x}")
    world.add_profile_field("snils", "СНИЛС")
    world.add_profile_field("citizenship", "Гражданство")
    category = world.add_category("Повышение квалификации", "PK")
    below = world.add_category("Охрана труда", "PK-OT", parent=category.id)
    teacher = world.add_user("teacher", "Зоя", "Учителева", email="teacher@example.com")
    people = [world.add_random_learner(rng).id for _ in range(rng.randint(6, 12))]
    for number in range(rng.randint(2, 3)):
        home = rng.choice([category.id, below.id])
        course = world.add_course(home, f"Программа & <модуль {number + 1}>", f"P{number + 1}", f"PK-{number + 1}")
        world.enrol(course.id, teacher.id, ("editingteacher",))
        members = rng.sample(people, rng.randint(4, len(people)))
        groups = [world.add_group(course.id, f"Группа {letter}").id for letter in "АБ"]
        for user in members:
            world.enrol(course.id, user)
            world.join_group(rng.choice(groups), user)
        _add_quizzes(world, rng, course.id, members)
        _add_items(world, rng, course.id, members)
        world.suspend_enrolment(course.id, rng.choice(members))
        quiz = next(q for q in world.quizzes.values() if q.course == course.id)
        world.start_attempt(quiz.id, teacher.id, preview=True)
    if finals:
        add_finals(world, rng)
    world.add_service_account()
    world.log.put_in_order()
    if companion:
        world.now = now - HOUR  # long enough for what is there to have settled
        world.install_companion()
    world.now = now
    if finals:
        set_closing_times(world, rng)
    return world


def _add_quizzes(world: World, rng: random.Random, course: int, members: list[int]) -> None:
    for number in range(rng.randint(1, 3)):
        quiz = world.add_quiz(
            course,
            f"Тест {number + 1}",
            grade=Decimal(rng.choice([5, 10, 100])),
            gradepass=Decimal(rng.choice([0, 3])),
            questions=rng.randint(2, 6),
            has_essay=rng.random() < 0.3,
            grademethod=rng.choice([GRADE_HIGHEST, GRADE_AVERAGE, ATTEMPT_FIRST, ATTEMPT_LAST]),
            idnumber="FINAL" if number == 0 else "",
        )
        for user in members:
            for _ in range(rng.choice([0, 1, 1, 2])):
                _attempt(world, rng, quiz, user)


def _attempt(world: World, rng: random.Random, quiz: Quiz, user: int) -> None:
    world.advance(rng.randint(60, 7200))
    attempt = world.start_attempt(quiz.id, user)
    world.advance(rng.randint(60, 1800))
    fate = rng.random()
    if fate < 0.85:
        waiting = quiz.has_essay and rng.random() < 0.5
        world.finish_attempt(attempt.id, None if waiting else Decimal(rng.randint(0, int(quiz.sumgrades) * 3)) / 3)
    elif fate < 0.9:
        world.abandon(attempt.id)
    elif fate < 0.95:
        world.make_overdue(attempt.id)


def _add_items(world: World, rng: random.Random, course: int, members: list[int]) -> None:
    scale = world.add_scale("Зачёт", "не зачтено", "зачтено")
    practice = world.add_scale_item(course, "Практика", scale.id)
    manual = world.add_manual_item(course, "Реферат & <эссе>", grademax=Decimal(10))
    for user in members:
        if rng.random() < 0.7:
            world.set_grade(practice.id, user, Decimal(rng.randint(1, 2)))
        if rng.random() < 0.7:
            world.set_grade(manual.id, user, Decimal(rng.randint(0, 1000)) / 100)
