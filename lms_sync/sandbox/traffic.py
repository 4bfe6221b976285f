"""What people do on a site beside what changes its records: sessions of learners, and the odd rows of every log."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from lms_sync.sandbox.model import Activity

if TYPE_CHECKING:
    from lms_sync.sandbox.world import World

_VIEWED = {
    "page": r"\mod_page\event\course_module_viewed",
    "forum": r"\mod_forum\event\course_module_viewed",
    "quiz": r"\mod_quiz\event\course_module_viewed",
    "assign": r"\mod_assign\event\course_module_viewed",
}


def study(world: World, rng: random.Random, course: int, user: int) -> None:
    """A learner logs in, looks at some activities of a course for some minutes, perhaps ticks one, and leaves."""
    with world.lock:
        username = {"username": world.users[user].username}
        world.keep_time()
        world.happen(r"\core\event\user_loggedin", about=user, user=user, other=username)
        world.visit(course, user)
        activities = world.activities_of[course]
        for activity in rng.choices(activities, k=rng.randint(0, 3)) if activities else []:
            world.advance(rng.randint(5, 400))
            look_at(world, activity, user)
            if activity.completion == 1 and rng.random() < 0.5:
                world.complete(activity.id, user)
        if rng.random() < 0.5:
            world.happen(r"\core\event\user_loggedout", about=user, user=user, other={"sessionid": "0"})


def look_at(world: World, activity: Activity, user: int) -> None:
    """Somebody opens an activity, and of a quiz their last attempt."""
    if activity.module in _VIEWED:
        world.happen(_VIEWED[activity.module], activity=activity, about=activity.instance, user=user)
    if activity.module == "quiz" and world.attempts_of.get((activity.instance, user)):
        attempt = world.attempts_of[activity.instance, user][-1]
        finished = attempt.state == "finished"
        name = r"\mod_quiz\event\attempt_reviewed" if finished else r"\mod_quiz\event\attempt_viewed"
        other = {"quizid": str(activity.instance)}
        world.happen(name, activity=activity, about=attempt.id, user=user, related=user, other=other)


def odd_event(world: World, rng: random.Random, course: int, user: int) -> str:
    """One row as they are found in every log, and that careless readers trip over. Gives which."""
    with world.lock:
        world.keep_time()
        kind = rng.choice(sorted(_ODD))
        _ODD[kind](world, rng, course, user)
    return kind


def _staff(world: World, rng: random.Random, course: int, user: int) -> None:
    """A teacher looks at the grades of everybody, and at a learner."""
    teacher = world.teacher_of(course)
    world.happen(r"\gradereport_grader\event\grade_report_viewed", course=course, user=teacher)
    world.happen(r"\core\event\user_profile_viewed", person=user, about=user, user=teacher, related=user)


def _cron(world: World, rng: random.Random, course: int, user: int) -> None:
    """Nobody's: a scheduled task sends a message."""
    name, other = r"\core\event\notification_sent", {"courseid": str(course)}
    about = world.new_id("notification")
    world.happen(name, about=about, user=0, related=user, other=other, origin="cli")


def _anonymous(world: World, rng: random.Random, course: int, user: int) -> None:
    """An answer to an anonymous questionnaire; it stands at any activity of the course."""
    name, found = r"\mod_feedback\event\response_submitted", world.activities_of[course]
    if found:
        about = world.new_id("feedback")
        world.happen(name, activity=rng.choice(found), about=about, user=user, related=user, anonymous=True)


def _as_somebody(world: World, rng: random.Random, course: int, user: int) -> None:
    """The administrator logs in as a learner and looks at a course."""
    admin, viewed = world.admin_id, r"\core\event\course_viewed"
    world.happen(r"\core\event\user_loggedinas", course=course, about=user, user=admin, related=user)
    world.happen(viewed, course=course, user=user, real_user=admin)


def _unknown(world: World, rng: random.Random, course: int, user: int) -> None:
    """An event of a plugin that nobody has heard of."""
    if world.activities_of[course]:
        activity = rng.choice(world.activities_of[course])
        world.happen(r"\mod_hologram\event\scene_entered", activity=activity, about=1, user=user)


def _late(world: World, rng: random.Random, course: int, user: int) -> None:
    """A transaction that stays open: rows with higher ids are seen before its own."""
    world.visit(course, user, commits_in=rng.randint(1, 1800))


def _buffered(world: World, rng: random.Random, course: int, user: int) -> None:
    """A long task writes its rows at its end, with the times when they happened."""
    world.visit(course, user, time=world.now - rng.randint(1, 900))


def _gap(world: World, rng: random.Random, course: int, user: int) -> None:
    """A transaction is rolled back: its ids are lost."""
    world.log.skip(rng.randint(1, 5))


_ODD = {
    "staff": _staff,
    "cron": _cron,
    "anonymous": _anonymous,
    "logged in as": _as_somebody,
    "unknown event": _unknown,
    "late commit": _late,
    "buffered": _buffered,
    "lost ids": _gap,
}
