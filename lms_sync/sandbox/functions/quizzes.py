"""Functions about quizzes and attempts."""

from __future__ import annotations

from typing import Any

from lms_sync.sandbox import php, refusals
from lms_sync.sandbox.functions.courses import formatted
from lms_sync.sandbox.model import Attempt, Quiz
from lms_sync.sandbox.registry import INT, Call, Several, function, optional

_STATUSES = {
    "all": None,
    "finished": frozenset({"finished", "abandoned", "submitted"}),
    "unfinished": frozenset({"inprogress", "overdue", "notstarted"}),
}
#: What learners may see of a finished attempt, and when: one bit mask each.
_REVIEW_OPTIONS = (
    "attempt",
    "correctness",
    "maxmarks",
    "marks",
    "specificfeedback",
    "generalfeedback",
    "rightanswer",
)


@function("mod_quiz_get_quizzes_by_courses", courseids=Several(INT, default=[]))
def get_quizzes_by_courses(call: Call) -> dict[str, Any]:
    """Quizzes of the courses named. Naming none means "my courses", and the service account has none."""
    world, told, warnings = call.world, [], []
    for course in call.params["courseids"]:
        if course not in world.courses:
            message = "No access rights in course context"
            warnings.append({"item": "course", "itemid": course, "warningcode": "1", "message": message})
            continue
        told += [_quiz(call, world.quizzes[a.instance]) for a in world.activities_of[course] if a.module == "quiz"]
    return {"quizzes": told, "warnings": warnings}


def _quiz(call: Call, quiz: Quiz) -> dict[str, Any]:
    activity = call.world.activities[quiz.cmid]
    intro, introformat = formatted(call, activity.intro, 0)
    told: dict[str, Any] = {
        "id": quiz.id,
        "coursemodule": quiz.cmid,
        "course": quiz.course,
        "name": call.shown(activity.name),
        "intro": intro,
        "introformat": introformat,
        "introfiles": [],
        "section": 0,
        "visible": activity.visible,
        "groupmode": 0,
        "groupingid": 0,
        "lang": "",
    }
    if call.world.release == "5.1":
        told |= {"enableaitools": None, "enabledaiactions": None}
    review = dict.fromkeys(_REVIEW_OPTIONS, 69904)
    if call.world.release == "4.1":
        del review["maxmarks"]
    return told | {
        "timeopen": quiz.timeopen,
        "timeclose": quiz.timeclose,
        "timelimit": quiz.timelimit,
        "overduehandling": "autosubmit",
        "graceperiod": 86400,
        "preferredbehaviour": "deferredfeedback",
        "canredoquestions": 0,
        "attempts": quiz.attempts,
        "attemptonlast": 0,
        "grademethod": quiz.grademethod,
        "decimalpoints": 2,
        "questiondecimalpoints": -1,
        **{f"review{name}": options for name, options in review.items()},
        "reviewoverallfeedback": 4368,
        "questionsperpage": 0,
        "navmethod": "free",
        "sumgrades": php.number(quiz.sumgrades),
        "grade": php.number(quiz.grade),
        "browsersecurity": "",
        "delay1": 0,
        "delay2": 0,
        "showuserpicture": 0,
        "showblocks": 0,
        "completionattemptsexhausted": 0,
        "completionpass": 0,
        "allowofflineattempts": 0,
        "autosaveperiod": 60,
        "hasfeedback": 0,
        "hasquestions": int(bool(quiz.questions)),
    }


def attempt_told(call: Call, attempt: Attempt) -> dict[str, Any]:
    """An attempt as every function tells it."""
    slots = len(call.world.quizzes[attempt.quiz].questions)
    told: dict[str, Any] = {
        "id": attempt.id,
        "quiz": attempt.quiz,
        "userid": attempt.user,
        "attempt": attempt.number,
        "uniqueid": attempt.id,
        "layout": ",".join(map(str, [*range(1, slots + 1), 0])),
        "currentpage": 0,
        "preview": int(attempt.preview),
        "state": attempt.state,
        "timestart": attempt.timestart,
        "timefinish": attempt.timefinish,
        "timemodified": attempt.timemodified,
        "timemodifiedoffline": 0,
        "timecheckstate": attempt.timecheckstate,
        "sumgrades": php.number(attempt.sumgrades),
    }
    if call.world.release != "4.1":
        told["gradeitemmarks"] = []
    return told | {"gradednotificationsenttime": attempt.notified}


def _attempts(call: Call) -> list[Attempt]:
    """Somebody's attempts at a quiz, in order. Unenrolled and suspended people answer too."""
    quiz, user, status = (call.params[name] for name in ("quizid", "userid", "status"))
    if quiz not in call.world.quizzes:
        raise refusals.missing_record("quiz")
    if status not in _STATUSES:
        raise refusals.invalid_parameter()
    person = call.person(user or call.world.account.userid)
    states = _STATUSES[status]
    return [
        attempt
        for attempt in call.world.attempts_of.get((quiz, person.id), [])
        if (states is None or attempt.state in states) and (call.params["includepreviews"] or not attempt.preview)
    ]


@function(
    "mod_quiz_get_user_attempts",
    quizid=INT,
    userid=optional("int", 0),
    status=optional("alpha", "finished"),
    includepreviews=optional("bool", False),
)
def get_user_attempts(call: Call) -> dict[str, Any]:
    """The older function: it knows neither ``submitted`` (told as finished) nor ``notstarted`` (left out)."""
    told = [attempt_told(call, attempt) for attempt in _attempts(call) if attempt.state != "notstarted"]
    for attempt in told:
        if attempt["state"] == "submitted":
            attempt["state"] = "finished"
    return {"attempts": told, "warnings": []}


@function(
    "mod_quiz_get_user_quiz_attempts",
    releases=("5.1",),
    quizid=INT,
    userid=optional("int", 0),
    status=optional("alpha", "finished"),
    includepreviews=optional("bool", False),
)
def get_user_quiz_attempts(call: Call) -> dict[str, Any]:
    """Moodle's answer since 5.0: states are told as they are (see ``mod_quiz_get_user_attempts``)."""
    return {"attempts": [attempt_told(call, attempt) for attempt in _attempts(call)], "warnings": []}


@function("mod_quiz_get_user_best_grade", quizid=INT, userid=optional("int", 0))
def get_user_best_grade(call: Call) -> dict[str, Any]:
    """Moodle's answer: the grade on the gradebook's range, from the quiz's own table."""
    quiz = call.params["quizid"]
    if quiz not in call.world.quizzes:
        raise refusals.missing_record("quiz")
    person = call.person(call.params["userid"] or call.world.account.userid)
    row = call.world.quiz_grades[quiz].get(person.id)
    told: dict[str, Any] = {"hasgrade": row is not None}
    if row is not None:
        told["grade"] = php.number(row.grade)
    item = call.world.item_of("quiz", quiz)
    if item is not None and item.gradepass > 0:
        told["gradetopass"] = php.number(item.gradepass)
    return told | {"warnings": []}
