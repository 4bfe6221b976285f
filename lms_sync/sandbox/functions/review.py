"""``mod_quiz_get_attempt_review``: one attempt with all its questions rendered, some 15 KB each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lms_sync.sandbox import php, refusals
from lms_sync.sandbox.functions.quizzes import attempt_told
from lms_sync.sandbox.model import Attempt
from lms_sync.sandbox.registry import INT, Call, function, optional

#: What Moodle renders around a question is far longer than the question; the length is what matters here.
_PADDING = '<div class="outcome clearfix"><div class="feedback"><p>Sandbox question text.</p></div></div>' * 160


@function("mod_quiz_get_attempt_review", attemptid=INT, page=optional("int", -1))
def get_attempt_review(call: Call) -> dict[str, Any]:
    """Any attempt, whatever its state or its owner's: of deleted and unenrolled people too."""
    attempt = call.world.attempts.get(call.params["attemptid"])
    if attempt is None:
        raise refusals.missing_record("quiz_attempts")
    quiz = call.world.quizzes[attempt.quiz]
    grade = None
    if attempt.sumgrades is not None:
        grade = php.php_float(attempt.sumgrades * quiz.grade / quiz.sumgrades) if quiz.sumgrades else 0
    return {
        "grade": grade,
        "attempt": attempt_told(call, attempt),
        "additionaldata": [],
        "questions": [_question(call, attempt, slot) for slot in range(1, len(quiz.questions) + 1)],
        "warnings": [],
    }


def _question(call: Call, attempt: Attempt, slot: int) -> dict[str, Any]:
    quiz = call.world.quizzes[attempt.quiz]
    essay = quiz.has_essay and slot == len(quiz.questions)
    finished = attempt.state == "finished"
    touched = attempt.timefinish if finished and quiz.has_essay and not essay else attempt.timemodified
    untouched = not finished and slot > attempt.answered
    state, style, status, mark = _outcome(attempt, slot, essay, len(quiz.questions) - 1)
    heading = f'<div id="question-{attempt.id}-{slot}" class="que deferredfeedback {style}">Question {slot}'
    return {
        "slot": slot,
        "type": "essay" if essay else "truefalse",
        "page": 0,
        "questionnumber": str(slot),
        "number": slot,
        "html": f"{heading}{_PADDING}</div>",
        "responsefileareas": [],
        "sequencecheck": 4 if state.startswith("mangr") else 3 if finished else 2 if slot <= attempt.answered else 1,
        "lastactiontime": -1 if untouched and call.world.release == "5.1" else touched,
        "hasautosavedstep": False,
        "flagged": False,
        "state": state,
        "stateclass": style,
        "status": status,
        "blockedbyprevious": False,
        "mark": mark,
        "maxmark": 1,
        "settings": None,
    }


def _outcome(attempt: Attempt, slot: int, essay: bool, whole_slots: int) -> tuple[str, str, str, str]:
    """State, style, status and mark of one question: the first ones are taken as answered right."""
    if attempt.state != "finished" and slot <= attempt.answered:
        return "complete", "answersaved", "Answer saved", ""
    if attempt.state != "finished":
        return "todo", "notyetanswered", "Not yet answered", ""
    if attempt.sumgrades is None and essay:
        return "needsgrading", "complete", "Complete", ""
    mark = _mark(attempt.sumgrades or Decimal(0), slot, essay, whole_slots)
    prefix = "mangr" if essay else "graded"  # marked by a person, by the machine
    if mark == 1:
        return f"{prefix}right", "correct", "Correct", "1.00"
    if mark == 0:
        return f"{prefix}wrong", "incorrect", "Incorrect", "0.00"
    return f"{prefix}partial", "partiallycorrect", "Partially correct", php.fixed(mark, 2, ".")


def _mark(points: Decimal, slot: int, essay: bool, whole_slots: int) -> Decimal:
    """How an attempt's points are spread: whole ones over the first questions, the rest on the last."""
    right = min(int(points), whole_slots)
    if essay or slot > whole_slots:
        return points - right
    return Decimal(1 if slot <= right else 0)
