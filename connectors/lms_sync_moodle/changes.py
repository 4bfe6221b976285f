"""What changed in a course since a cursor, worked out once and shared by the streams `grades` and `attempts`.

Owns the reading of `core_course_get_updates_since`: which learners it touches, and when it may touch anybody.

It lists attempts by id, so learners are found through attempts already in the store, or by looking an attempt up. It
lists changed quiz grades by ids that nothing resolves: they must be explained by finished attempts of touched
learners, or the whole course is read again. It is silent about marks typed into the gradebook, deleted single
attempts, enrolments and whole quizzes that vanish: the next full reading brings those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lms_sync.connector import Finding, Level, Mode, ReadTask, Scope
from lms_sync.errors import SourceError, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.cursor import Cursor, is_ahead, parse
from lms_sync_moodle.quiz_attempts import ATTEMPTS_CHANGED, UPDATES, attempts_of, review_of
from lms_sync_moodle.site import MoodleSite, course_of

GRADES_CHANGED = "usergrades"
COLUMN_SIGNS = frozenset({"configuration", "gradeitems", "outcomes"})
"""Changes that may rename, rescale or add a column of the gradebook."""

OTHER_SIGNS = COLUMN_SIGNS | {GRADES_CHANGED, ATTEMPTS_CHANGED, "usertracks", "userassessmentgrades", "ratings"}
"""Changes of activities other than quizzes that come with a grade. Submissions alone do not."""

LOOKUPS = 10
"""Unknown attempts that are always looked up; beyond a third of the learners, reading the quiz whole is cheaper."""

PREVIEW, DELETED, UNREADABLE, REFUSED = "preview", "deleted", "unreadable", "refused"
"""Why an attempt is nobody's result. What is only `unreadable` may be so for the moment and is looked up again."""


@dataclass
class QuizChanges:
    """What changed in one quiz. `whole`: anybody's attempt may have; else `attempts` has all those of the touched."""

    quiz: wire.Quiz
    whole: bool = False
    attempts: dict[int, list[wire.Attempt] | SourceError] = field(default_factory=dict)


@dataclass
class CourseChanges:
    """What changed in a course. `skip` are the attempts that are nobody's result, with the reason."""

    touches_everybody: bool = False
    quizzes: list[QuizChanges] = field(default_factory=list)
    skip: dict[int, str] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)
    vanished: set[int] = field(default_factory=set)
    """Quizzes that have a column in the store and that Moodle no longer shows."""

    @property
    def listed_skip(self) -> dict[int, str]:
        """The part of `skip` that the overlap may list once more."""
        return {one: reason for one, reason in self.skip.items() if one in self.listed}

    @property
    def learners(self) -> set[int]:
        """The people whose attempts changed."""
        return {learner for quiz in self.quizzes for learner in quiz.attempts}


def plan(site: MoodleSite, task: ReadTask, scope: Scope) -> tuple[Mode, Cursor | None, list[Finding]]:
    """How to read: whole when asked to, without a usable cursor, or when the cursor lies in Moodle's future."""
    cursor = parse(task.cursor)
    if cursor and is_ahead(cursor, site.client.now(), site.options.overlap):
        warning = Finding(
            Level.WARNING,
            scope.label or scope.key,
            "Moodle's clock is behind the last reading: it was restored from a backup, or its clock was set back; "
            "everything is read again",
            "check the server's clock, and after a restore compare the registers with Moodle",
        )
        return Mode.FULL, None, [warning]
    whole = task.mode is Mode.FULL or cursor is None or not site.client.offers(UPDATES)
    return (Mode.FULL if whole else Mode.CHANGES), cursor, []


def changes_of(site: MoodleSite, scope: Scope, task: ReadTask, cursor: Cursor) -> CourseChanges:
    """What changed since the cursor, less the overlap. Raises SourceRefused when the list is refused."""
    since = max(0, cursor.since - site.options.overlap)
    course_id = course_of(scope)
    return site.once(f"changes/{since}", course_id, lambda: _Search(site, scope, task, cursor).run(since))


class _Search:
    def __init__(self, site: MoodleSite, scope: Scope, task: ReadTask, cursor: Cursor) -> None:
        self._site = site
        self._course_id = course_of(scope)
        self._scope = scope
        self._task = task
        self._found = CourseChanges(skip=dict(cursor.skip))
        self._owners: Mapping[int, int] = {}

    def run(self, since: int) -> CourseChanges:
        self._look_for_vanished()
        updates = self._site.updates(self._course_id, since)
        modules = [(module.id, _signs(module)) for module in updates.instances]
        modules = [(module_id, signs) for module_id, signs in modules if signs]
        if not modules:
            return self._found
        quizzes = {quiz.coursemodule: quiz for quiz in self._site.quizzes(self._course_id).quizzes}
        rows = self._task.known.rows("attempt", self._scope.key, ("learner",))
        self._owners = {int(key): int(row[0]) for key, row in rows.items()}
        for module_id, signs in modules:
            if module_id in quizzes:
                self._quiz(quizzes[module_id], signs)
            else:
                self._found.touches_everybody = True
        return self._found

    def _look_for_vanished(self) -> None:
        """Moodle does not list a quiz that was deleted, but the run knows all its quizzes."""
        columns = self._task.known.rows("grade_item", self._scope.key, ("module", "instance")).values()
        known = {int(instance) for module, instance in columns if module == "quiz" and instance}
        quizzes = self._site.quizzes(self._course_id)
        if quizzes.complete:
            self._found.vanished = known - {quiz.id for quiz in quizzes.quizzes}
        self._found.touches_everybody = bool(self._found.vanished)

    def _quiz(self, quiz: wire.Quiz, signs: dict[str, set[int]]) -> None:
        self._found.listed |= signs.get(ATTEMPTS_CHANGED, set())
        change = QuizChanges(quiz, whole=bool(COLUMN_SIGNS & signs.keys()))
        self._found.quizzes.append(change)
        owners = set() if change.whole else self._owners_of(signs.get(ATTEMPTS_CHANGED, set()))
        if owners is None:
            change.whole = True
        else:
            asked = sorted(owners)
            answers = self._site.client.each(lambda one: attempts_of(self._site, quiz.id, one), asked)
            change.attempts = dict(zip(asked, answers, strict=True))
            graded = signs.get(GRADES_CHANGED, set())
            if len(graded) > _with_grade(change, signs.get(ATTEMPTS_CHANGED, set())):
                change.whole = True
        self._found.touches_everybody = self._found.touches_everybody or change.whole

    def _owners_of(self, listed: set[int]) -> set[int] | None:
        """Whose attempts these are; None when too many must be looked up, or one cannot be: it may be anybody's."""
        listed = listed - self._found.skip.keys()
        unknown = sorted(listed - self._owners.keys())
        if len(unknown) > self._lookups():
            return None
        owners = {self._owners[one] for one in listed if one in self._owners}
        for attempt_id, attempt in zip(
            unknown, self._site.client.each(lambda one: review_of(self._site, one), unknown), strict=True
        ):
            if isinstance(attempt, SourceRefused):
                self._found.skip[attempt_id] = REFUSED
            elif isinstance(attempt, SourceError):
                return None
            elif attempt.preview:
                self._found.skip[attempt_id] = PREVIEW
            else:
                owners.add(attempt.userid)
        return owners

    def _lookups(self) -> int:
        enrolled = self._task.known.rows("enrolment", self._scope.key, ())
        return min(self._site.options.review_limit, max(LOOKUPS, len(enrolled) // 3))


def why_unread(error: SourceError) -> str:
    """Why an attempt that was looked up is left out."""
    return REFUSED if isinstance(error, SourceRefused) else UNREADABLE


def _signs(module: wire.UpdatedModule) -> dict[str, set[int]]:
    """The changes of an activity that concern grades or attempts, with their ids."""
    return {update.name: set(update.itemids or ()) for update in module.updates if update.name in OTHER_SIGNS}


def _with_grade(change: QuizChanges, listed: set[int]) -> int:
    """How many of the touched people have a listed attempt that gives a quiz grade."""
    return sum(
        any(
            attempt.id in listed and attempt.state == "finished" and attempt.sumgrades is not None for attempt in answer
        )
        for answer in change.attempts.values()
        if not isinstance(answer, SourceError)
    )
