"""Single questions about quiz attempts, whatever stream asks them.

Owns the choice between the functions that tell of attempts. Must not build records.

`mod_quiz_get_user_attempts` (deprecated in 5.x) calls a submitted attempt finished and leaves out one that was not
started; its successor tells both truly and is used wherever the token may call it.
"""

from __future__ import annotations

from lms_sync.errors import SourceAnswerInvalid, SourceError, SourceGone, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.refusals import is_deleted
from lms_sync_moodle.site import MoodleSite

NEWER = "mod_quiz_get_user_quiz_attempts"
OLDER = "mod_quiz_get_user_attempts"
REVIEW = "mod_quiz_get_attempt_review"
UPDATES = "core_course_get_updates_since"
ATTEMPTS_CHANGED = "userattempts"


def attempts_of(site: MoodleSite, quiz_id: int, learner: int) -> list[wire.Attempt] | SourceError:
    """A person's attempts at a quiz, in every state and without previews; or why they cannot be had.

    A deleted person is refused (`refusals.is_deleted`). The enrolment does not matter: those who left
    keep their attempts.
    """
    params = {"quizid": quiz_id, "userid": learner, "status": "all", "includepreviews": 0}
    if NEWER in (site.client.functions or ()):
        reply = _ask(site, NEWER, params)
        if not isinstance(reply, SourceGone) or is_deleted(reply):
            return reply
        # The same code stands for an unknown quiz and for a function that the release does not have.
        older = _ask(site, OLDER, params)
        if not isinstance(older, SourceError):
            site.client.forget_function(NEWER)
        return older
    return _ask(site, OLDER, params)


def _ask(site: MoodleSite, function: str, params: dict[str, object]) -> list[wire.Attempt] | SourceError:
    try:
        answer = site.client.call(function, params, answer=wire.Attempts)
    except (SourceRefused, SourceAnswerInvalid) as error:
        return error
    return [attempt for attempt in answer.attempts if not attempt.preview]


def review_of(site: MoodleSite, attempt_id: int) -> wire.Attempt | SourceError:
    """One attempt by its id, whosever it is; or why it cannot be had. Costly: Moodle renders every question."""
    try:
        return site.client.call(REVIEW, {"attemptid": attempt_id}, answer=wire.Review).attempt
    except (SourceRefused, SourceAnswerInvalid) as error:
        return error


def listed_attempts(site: MoodleSite, course_id: int) -> dict[int, set[int]] | None:
    """The ids of everybody's attempts by quiz; None when the token may not ask for them.

    Contains teachers' previews and the attempts of deleted people (`quiz_check_updates_since` has no filter).
    """
    if not site.client.offers(UPDATES):
        return None
    quiz_of_module = {quiz.coursemodule: quiz.id for quiz in site.quizzes(course_id).quizzes}
    return {
        quiz_of_module[module.id]: set(update.itemids or ())
        for module in site.updates(course_id, 0).instances
        if module.id in quiz_of_module
        for update in module.updates
        if update.name == ATTEMPTS_CHANGED
    }
