"""Seeded, believable disturbances of a world, for simulations. Each returns a short description."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from lms_sync.sandbox.model import Attempt, Enrolment, Quiz
from lms_sync.sandbox.state import FRONT_PAGE
from lms_sync.sandbox.traffic import odd_event, study

if TYPE_CHECKING:
    from lms_sync.sandbox.world import World

Change = Callable[["World", random.Random], str | None]


def random_change(world: World, rng: random.Random) -> str:
    """Apply one random change and describe it (by ids, never by names of people)."""
    changes = [change for change, _ in _CHANGES]
    weights = [weight for _, weight in _CHANGES]
    with world.lock:
        while True:
            described = rng.choices(changes, weights)[0](world, rng)
            if described is not None:
                return described


def _enrolment(world: World, rng: random.Random, *, suspended: bool | None = None) -> Enrolment | None:
    found = [
        enrolment
        for course in sorted(world.courses)
        if course != FRONT_PAGE
        for enrolment in world.learners(course)
        if suspended is None or enrolment.suspended == suspended
    ]
    return rng.choice(found) if found else None


def _attempt(world: World, rng: random.Random, *states: str) -> Attempt | None:
    found = [
        a for a in world.attempts.values() if a.state in states and not a.preview and not world.users[a.user].deleted
    ]
    return rng.choice(found) if found else None


def _points(rng: random.Random, quiz: Quiz) -> Decimal:
    return Decimal(rng.randint(0, int(quiz.sumgrades) * 4)) / 4


def _course(world: World, rng: random.Random) -> int | None:
    found = [course for course in sorted(world.courses) if course != FRONT_PAGE]
    return rng.choice(found) if found else None


def _pass_attempt(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng, suspended=False)
    quizzes = [q for q in world.quizzes.values() if enrolment and q.course == enrolment.course]
    if enrolment is None or not quizzes:
        return None
    quiz = rng.choice(quizzes)
    attempt = world.start_attempt(quiz.id, enrolment.user)
    if rng.random() < 0.2:
        return f"attempt {attempt.id} of quiz {quiz.id} started"
    world.advance(rng.randint(60, 1800))
    world.finish_attempt(attempt.id, None if quiz.has_essay and rng.random() < 0.7 else _points(rng, quiz))
    return f"attempt {attempt.id} of quiz {quiz.id} finished"


def _finish_open_attempt(world: World, rng: random.Random) -> str | None:
    attempt = _attempt(world, rng, "inprogress", "overdue")
    if attempt is None:
        return None
    fate = rng.random()
    if fate < 0.7:
        world.finish_attempt(attempt.id, _points(rng, world.quizzes[attempt.quiz]))
    elif fate < 0.85 or attempt.state == "overdue":
        world.abandon(attempt.id)
    else:
        world.make_overdue(attempt.id)
    return f"attempt {attempt.id} became {attempt.state}"


def _mark_essay(world: World, rng: random.Random) -> str | None:
    attempt = _attempt(world, rng, "finished")
    if attempt is None or attempt.sumgrades is not None:
        return None
    world.mark_essay(attempt.id, _points(rng, world.quizzes[attempt.quiz]))
    return f"essay of attempt {attempt.id} marked"


def _regrade(world: World, rng: random.Random) -> str | None:
    attempt = _attempt(world, rng, "finished")
    if attempt is None or attempt.sumgrades is None:
        return None
    world.regrade_attempt(attempt.id, _points(rng, world.quizzes[attempt.quiz]))
    return f"attempt {attempt.id} regraded"


def _delete_attempt(world: World, rng: random.Random) -> str | None:
    attempt = _attempt(world, rng, "finished", "abandoned", "inprogress")
    if attempt is None:
        return None
    world.delete_attempt(attempt.id)
    return f"attempt {attempt.id} deleted"


def _preview(world: World, rng: random.Random) -> str | None:
    quizzes = list(world.quizzes.values())
    if not quizzes:
        return None
    quiz = rng.choice(quizzes)
    teachers = [u for u, e in world.enrolments[quiz.course].items() if not world.is_learner(e)]
    if not teachers:
        return None
    attempt = world.start_attempt(quiz.id, rng.choice(teachers), preview=True)
    return f"preview {attempt.id} of quiz {quiz.id}"


def _type_grade(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng)
    items = [i for i in world.items_of[enrolment.course] if i.itemtype != "course"] if enrolment else []
    if enrolment is None or not items:
        return None
    item = rng.choice(items)
    whole = item.scale is not None
    top, bottom = int(item.grademax), int(item.grademin)
    grade = Decimal(rng.randint(bottom, top)) if whole else Decimal(rng.randint(0, top * 100)) / 100
    world.set_grade(item.id, enrolment.user, grade)
    return f"grade of learner {enrolment.user} for item {item.id} typed in"


def _flag_grade(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng)
    items = [i for i in world.items_of[enrolment.course] if i.itemtype != "course"] if enrolment else []
    if enrolment is None or not items:
        return None
    item = rng.choice(items)
    flag = rng.choice(["hide_grade", "lock_grade", "exclude_grade"])
    getattr(world, flag)(item.id, enrolment.user, rng.random() < 0.7)
    return f"{flag} of learner {enrolment.user} for item {item.id}"


def _change_maximum(world: World, rng: random.Random) -> str | None:
    if not world.quizzes:
        return None
    quiz = rng.choice(list(world.quizzes.values()))
    world.change_quiz_grade(quiz.id, Decimal(rng.choice([5, 10, 50, 100])))
    return f"maximum grade of quiz {quiz.id} changed"


def _enrol(world: World, rng: random.Random) -> str | None:
    course = _course(world, rng)
    if course is None:
        return None
    people = [
        u.id
        for u in world.users.values()
        if not u.deleted and u.id not in world.enrolments[course] and u.id not in world.staff_ids()
    ]
    if people and rng.random() < 0.5:
        user = rng.choice(people)
    else:
        user = world.add_random_learner(rng).id
    world.enrol(course, user)
    return f"learner {user} enrolled in course {course}"


def _unenrol(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng)
    if enrolment is None or len(world.learners(enrolment.course)) < 3:
        return None
    world.unenrol(enrolment.course, enrolment.user)
    return f"learner {enrolment.user} left course {enrolment.course}"


def _suspend(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng, suspended=False)
    if enrolment is None:
        return None
    world.suspend_enrolment(enrolment.course, enrolment.user)
    return f"learner {enrolment.user} suspended in course {enrolment.course}"


def _resume(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng, suspended=True)
    if enrolment is None:
        return None
    world.resume(enrolment.course, enrolment.user)
    return f"learner {enrolment.user} active again in course {enrolment.course}"


def _rename_learner(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng)
    if enrolment is None:
        return None
    world.rename_learner(enrolment.user, lastname=f"Новая-{rng.randint(1, 999)}")
    return f"learner {enrolment.user} renamed"


def _profile_field(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng)
    if enrolment is None or "citizenship" not in world.profile_fields:
        return None
    world.set_profile_field(enrolment.user, "citizenship", rng.choice(["РФ", "РБ", "Казахстан", ""]))
    return f"profile of learner {enrolment.user} changed"


def _delete_learner(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng)
    if enrolment is None or len(world.learners(enrolment.course)) < 3:
        return None
    world.delete_learner(enrolment.user)
    return f"learner {enrolment.user} deleted"


def _move_group(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng)
    groups = [g.id for g in world.groups.values() if enrolment and g.course == enrolment.course]
    if enrolment is None or not groups:
        return None
    inside = world.groups_of(enrolment.course, enrolment.user)
    target = rng.choice(groups)
    world.move_group(enrolment.user, inside[0].id if inside else None, target)
    return f"learner {enrolment.user} moved to group {target}"


def _rename_item(world: World, rng: random.Random) -> str | None:
    items = [i for i in world.grade_items.values() if i.itemtype != "course"]
    if not items:
        return None
    item = rng.choice(items)
    world.rename_item(item.id, f"Контроль & <{rng.randint(1, 999)}>")
    return f"grade item {item.id} renamed"


def _rename_course(world: World, rng: random.Random) -> str | None:
    course = _course(world, rng)
    if course is None:
        return None
    world.rename_course(course, f"Программа № {rng.randint(1, 999)} & <переиздание>")
    return f"course {course} renamed"


def _hide_course(world: World, rng: random.Random) -> str | None:
    course = _course(world, rng)
    if course is None:
        return None
    world.hide_course(course, not world.courses[course].visible)
    return f"visibility of course {course} changed"


def _add_quiz(world: World, rng: random.Random) -> str | None:
    course = _course(world, rng)
    if course is None:
        return None
    quiz = world.add_quiz(course, f"Тест {rng.randint(1, 999)}", gradepass=Decimal(60), questions=rng.randint(2, 6))
    return f"quiz {quiz.id} added to course {course}"


def _delete_quiz(world: World, rng: random.Random) -> str | None:
    if len(world.quizzes) < 2:
        return None
    quiz = rng.choice(sorted(world.quizzes))
    world.delete_quiz(quiz)
    return f"quiz {quiz} deleted"


def _add_manual_item(world: World, rng: random.Random) -> str | None:
    course = _course(world, rng)
    if course is None:
        return None
    item = world.add_manual_item(course, f"Практика {rng.randint(1, 999)}")
    return f"grade item {item.id} added to course {course}"


def _delete_item(world: World, rng: random.Random) -> str | None:
    items = [i.id for i in world.grade_items.values() if i.itemtype == "manual"]
    if not items:
        return None
    item = rng.choice(items)
    world.delete_grade_item(item)
    return f"grade item {item} deleted"


def _add_course(world: World, rng: random.Random) -> str | None:
    category = rng.choice(sorted(world.categories))
    number = rng.randint(1000, 9999)
    course = world.add_course(category, f"Программа № {number}", f"NEW{number}-{world.revision}", f"NEW-{number}")
    return f"course {course.id} added"


def _delete_course(world: World, rng: random.Random) -> str | None:
    if len(world.courses) < 3:
        return None
    course = _course(world, rng)
    if course is not None:
        world.delete_course(course)
    return f"course {course} deleted"


def _study(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng, suspended=False)
    if enrolment is None:
        return None
    study(world, rng, enrolment.course, enrolment.user)
    return f"learner {enrolment.user} studied in course {enrolment.course}"


def _hand_in(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng, suspended=False)
    if enrolment is None:
        return None
    found = [one.id for one in world.assignments.values() if one.course == enrolment.course]
    assignment = rng.choice(found) if found else world.add_assignment(enrolment.course, "Практикум").id
    status = rng.choice(["draft", "submitted", "submitted"])
    world.submit_assignment(assignment, enrolment.user, status)
    return f"work of learner {enrolment.user} at assignment {assignment}: {status}"


def _odd_event(world: World, rng: random.Random) -> str | None:
    enrolment = _enrolment(world, rng)
    if enrolment is None:
        return None
    kind = odd_event(world, rng, enrolment.course, enrolment.user)
    return f"in the log, of learner {enrolment.user} in course {enrolment.course}: {kind}"


def _reset_course(world: World, rng: random.Random) -> str | None:
    course = _course(world, rng)
    if course is None:
        return None
    world.reset_course(course)
    return f"course {course} reset"


def _pass_time(world: World, rng: random.Random) -> str | None:
    seconds = rng.randint(1, 3600)
    world.advance(seconds)
    return f"{seconds} s passed"


_CHANGES: list[tuple[Change, int]] = [
    (_pass_attempt, 30),
    (_finish_open_attempt, 10),
    (_mark_essay, 10),
    (_regrade, 4),
    (_delete_attempt, 4),
    (_preview, 2),
    (_type_grade, 15),
    (_flag_grade, 4),
    (_change_maximum, 2),
    (_enrol, 8),
    (_unenrol, 4),
    (_suspend, 5),
    (_resume, 5),
    (_rename_learner, 4),
    (_profile_field, 4),
    (_delete_learner, 1),
    (_move_group, 4),
    (_rename_item, 3),
    (_rename_course, 2),
    (_hide_course, 2),
    (_add_quiz, 2),
    (_delete_quiz, 1),
    (_add_manual_item, 2),
    (_delete_item, 1),
    (_add_course, 1),
    (_delete_course, 1),
    (_pass_time, 10),
    (_study, 25),
    (_hand_in, 5),
    (_odd_event, 15),
    (_reset_course, 1),
]
