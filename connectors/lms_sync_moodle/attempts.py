"""The stream `attempts`: every attempt at the quizzes of one course, or those of people whom a change touched.

Owns the records of attempts and the proof that all of them were read: Moodle's list of ids is the account, and a
reading is complete when every listed id was read, or is known to be nobody's result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from lms_sync.connector import Mode, Outcome, Page, ReadTask, Scope, SourceRecord
from lms_sync.errors import SourceError, SourceGone, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.changes import DELETED, PREVIEW, REFUSED, UNREADABLE, changes_of, plan, why_unread
from lms_sync_moodle.cursor import Cursor
from lms_sync_moodle.enrolled import roster
from lms_sync_moodle.pages import Tally, instant, paged, refused
from lms_sync_moodle.quiz_attempts import attempts_of, listed_attempts, review_of
from lms_sync_moodle.refusals import is_deleted, missing_rights
from lms_sync_moodle.site import MoodleSite, course_of

REFUSALS_IN_A_ROW = 5
"""After so many refusals and no answer at all, the rest of the people is not asked about."""

REPORT_RIGHTS = missing_rights("mod_quiz_get_user_quiz_attempts")


def read_attempts(site: MoodleSite, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """The course's attempts: all of them, or those of people whom a change touched."""
    started = site.started()
    tally = Tally()
    try:
        site.course(course_of(scope))
        mode, cursor, findings = plan(site, task, scope)
        tally.findings += findings
        reading = _Reading(site, scope, task, tally, dict(cursor.skip) if cursor else {})
        if mode is Mode.CHANGES and cursor is not None:
            yield from reading.changes(cursor, started)
        else:
            yield from reading.full(started)
    except SourceRefused as error:
        yield refused(error, tally.received, tally.expected)


@dataclass
class _Reading:
    site: MoodleSite
    scope: Scope
    task: ReadTask
    tally: Tally
    skip: dict[int, str]
    owed: set[int] = field(default_factory=set)
    """Attempts that are listed and could not be read this time."""
    refusals: list[SourceError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.course_id = course_of(self.scope)
        self.reviews_left = self.site.options.review_limit
        self._known: dict[int, dict[int, int]] | None = None

    def full(self, started: int) -> Iterator[Page]:
        """Every quiz of the course."""
        quizzes = self.site.quizzes(self.course_id)
        if not quizzes.complete:
            self.tally.note("Moodle leaves out the course's quizzes; " + REPORT_RIGHTS)
        listed = listed_attempts(self.site, self.course_id)
        self.tally.expected = 0 if listed is not None else None
        if listed is not None:
            everything = set().union(*listed.values())
            self.skip = {one: reason for one, reason in self.skip.items() if one in everything}
        for quiz in quizzes.quizzes:
            yield from self.whole_quiz(quiz, None if listed is None else listed.get(quiz.id, set()))
        self._check_vanished({quiz.id for quiz in quizzes.quizzes})
        if self.refusals and not self.tally.received and isinstance(self.refusals[0], SourceRefused):
            raise self.refusals[0]
        cursor = Cursor(started, tuple(self.owed), self.skip)
        yield Page(cursor=cursor.text(), end=self.tally.end(Outcome.COMPLETE), findings=self.tally.findings)

    def changes(self, cursor: Cursor, started: int) -> Iterator[Page]:
        """The attempts of touched people, and quizzes in which anybody's attempt may have changed."""
        found = changes_of(self.site, self.scope, self.task, cursor)
        self.skip |= found.skip
        self.tally.expected = 0
        for change in found.quizzes:
            if change.whole:
                listed = (listed_attempts(self.site, self.course_id) or {}).get(change.quiz.id, set())
                yield from self.whole_quiz(change.quiz, listed)
                yield from self._gone_since(change.quiz.id, listed)
            else:
                yield from self._touched(change.quiz, change.attempts)
        for quiz_id in sorted(found.vanished):
            yield from self._gone_with(quiz_id)
        yield from self._owed_before([*cursor.todo, *self._unreadable_before(cursor)])
        new = Cursor(started, tuple(self.owed), self.skip)
        yield Page(cursor=new.text(), end=self.tally.end(Outcome.CHANGES), findings=self.tally.findings)

    def whole_quiz(self, quiz: wire.Quiz, listed: set[int] | None) -> Iterator[Page]:
        """All attempts at one quiz: learners are asked until every listed id is accounted for."""
        waiting = None if listed is None else listed - self.skip.keys()
        if waiting is not None and not waiting:
            self._check_silence(quiz)
            return
        answers = _Answers()
        yield from self._ask(quiz, self._likely_first(quiz), waiting, answers)
        if waiting:
            left_people = {owner for one, owner in self._known_of(quiz.id).items() if one in waiting}
            yield from self._ask(quiz, sorted(left_people), waiting, answers)
        if waiting and (answers.read or not answers.refusals):
            yield from self._leftovers(quiz, waiting, answers)
        if answers.refusals:
            self.refusals += answers.refusals
            self.tally.note(f"some attempts cannot be read: {answers.refusals[0]}")
        elif waiting:
            self.tally.note(f"{len(waiting)} attempts are of nobody in the course; they are looked up bit by bit")
        self.owed |= waiting or set()
        if listed is not None:
            accounted = listed - self.skip.keys()
            self.tally.expected = (self.tally.expected or 0) + len(accounted)
            self.tally.received += len(accounted & answers.read)
        else:
            self.tally.received += len(answers.read)

    def _ask(self, quiz: wire.Quiz, people: list[int], waiting: set[int] | None, answers: _Answers) -> Iterator[Page]:
        """The attempts of these people, until nothing is waited for any more."""
        batch: list[SourceRecord] = []
        people = [person for person in people if person not in answers.asked]
        replies = self.site.client.each(lambda person: attempts_of(self.site, quiz.id, person), people)
        for person, reply in zip(people, replies, strict=False):
            answers.asked.add(person)
            if isinstance(reply, SourceError):
                self._not_had(quiz, person, reply, waiting, answers)
                if len(answers.refusals) >= REFUSALS_IN_A_ROW and not answers.read:
                    break
            else:
                fresh = [attempt for attempt in reply if attempt.id not in answers.read]
                answers.read.update(attempt.id for attempt in fresh)
                batch += [_attempt_record(quiz, attempt) for attempt in fresh]
                if waiting is not None:
                    waiting -= answers.read
            if len(batch) >= 100:
                yield from paged(batch)
                batch = []
            if waiting is not None and not waiting:
                break
        yield from paged(batch)

    def _not_had(
        self, quiz: wire.Quiz, person: int, reply: SourceError, waiting: set[int] | None, answers: _Answers
    ) -> None:
        if not is_deleted(reply):
            answers.refusals.append(reply)
            return
        answers.deleted.add(person)
        theirs = {one for one, owner in self._known_of(quiz.id).items() if owner == person}
        for attempt_id in theirs & (waiting or set()):
            self.skip[attempt_id] = DELETED
        if waiting is not None:
            waiting -= theirs

    def _leftovers(self, quiz: wire.Quiz, waiting: set[int], answers: _Answers) -> Iterator[Page]:
        """Listed attempts of nobody who was asked: previews, deleted people, people who left before they were seen."""
        for attempt_id in sorted(waiting):
            if attempt_id not in waiting:
                continue
            if self.reviews_left <= 0:
                return
            self.reviews_left -= 1
            attempt = review_of(self.site, attempt_id)
            if isinstance(attempt, SourceError):
                self.skip[attempt_id] = why_unread(attempt)
            elif attempt.preview:
                self.skip[attempt_id] = PREVIEW
            else:
                yield from self._found_owner(quiz, attempt, waiting, answers)
            waiting.discard(attempt_id)

    def _found_owner(
        self, quiz: wire.Quiz, attempt: wire.Attempt, waiting: set[int], answers: _Answers
    ) -> Iterator[Page]:
        """An attempt that was looked up: all of its owner's, or itself when the list of the owner's leaves it out."""
        yield from self._ask(quiz, [attempt.userid], waiting, answers)
        if attempt.userid in answers.deleted:
            self.skip[attempt.id] = DELETED
        elif attempt.id not in answers.read:
            answers.read.add(attempt.id)
            yield from paged([_attempt_record(quiz, attempt)])

    def _likely_first(self, quiz: wire.Quiz) -> list[int]:
        """The course's learners, those first who are known to have attempts or a grade in the quiz."""
        people = roster(self.site, self.course_id)
        for note in people.notes:
            self.tally.note(note)
        likely = set(self._known_of(quiz.id).values()) | self._with_grade(quiz.id)
        return sorted(people.learners, key=lambda learner: (learner not in likely, learner))

    def _with_grade(self, quiz_id: int) -> set[int]:
        columns = self.task.known.rows("grade_item", self.scope.key, ("module", "instance"))
        column = next((key for key, row in columns.items() if row == ("quiz", str(quiz_id))), None)
        if column is None:
            return set()
        entries = self.task.known.rows("grade_entry", self.scope.key, ("grade_item", "learner", "raw"))
        return {int(row[1]) for row in entries.values() if row[0] == column and row[2] is not None}

    def _check_vanished(self, seen: set[int]) -> None:
        """Quizzes with known attempts that Moodle no longer shows: were they deleted, or are they hidden from us?

        Without mod/quiz:view Moodle leaves a quiz out without a word; only asking for it tells.
        """
        self._known_of(0)
        for quiz_id in (self._known or {}).keys() - seen:
            self._is_gone(quiz_id)

    def _is_gone(self, quiz_id: int) -> bool:
        """Whether a quiz with known attempts was really deleted; a note is taken when it is only hidden."""
        owners = self._known_of(quiz_id)
        if owners and not isinstance(attempts_of(self.site, quiz_id, min(owners.values())), SourceGone):
            self.tally.note(f"quiz {quiz_id} is hidden from the account; {REPORT_RIGHTS}")
            return False
        return True

    def _gone_with(self, quiz_id: int) -> Iterator[Page]:
        """The known attempts at a quiz that was deleted."""
        if self._is_gone(quiz_id) and (known := self._known_of(quiz_id)):
            yield Page(absent=[("attempt", str(one)) for one in sorted(known)])

    def _known_of(self, quiz_id: int) -> dict[int, int]:
        """The attempts at a quiz that the store holds, with whose they are."""
        if self._known is None:
            self._known = {}
            rows = self.task.known.rows("attempt", self.scope.key, ("assessment", "learner"))
            for key, (assessment, learner) in rows.items():
                self._known.setdefault(int(assessment), {})[int(key)] = int(learner)
        return self._known.get(quiz_id, {})

    def _check_silence(self, quiz: wire.Quiz) -> None:
        """Moodle lists no attempts although some are known: were they deleted, or are they hidden from us?"""
        known = {owner for one, owner in self._known_of(quiz.id).items() if one not in self.skip}
        if not known:
            return
        reply = attempts_of(self.site, quiz.id, min(known))
        if isinstance(reply, SourceError):
            if not is_deleted(reply):
                self.tally.note(f"attempts are hidden from the account: {reply}")
        elif reply:
            self.tally.note("Moodle does not list attempts that it has; " + REPORT_RIGHTS)

    def _touched(self, quiz: wire.Quiz, answers: dict[int, list[wire.Attempt] | SourceError]) -> Iterator[Page]:
        records: list[SourceRecord] = []
        absent: list[tuple[str, str]] = []
        for person, reply in answers.items():
            known = {one for one, owner in self._known_of(quiz.id).items() if owner == person}
            if isinstance(reply, SourceError) and not is_deleted(reply):
                self.tally.note(f"some attempts cannot be read: {reply}")
                self.owed |= known
                continue
            had = [] if isinstance(reply, SourceError) else reply
            records += [_attempt_record(quiz, attempt) for attempt in had]
            absent += [("attempt", str(one)) for one in sorted(known - {attempt.id for attempt in had})]
        self.tally.expected = (self.tally.expected or 0) + len(records)
        self.tally.received += len(records)
        yield from paged(records)
        if absent:
            yield Page(absent=absent)

    def _gone_since(self, quiz_id: int, listed: Iterable[int]) -> Iterator[Page]:
        """The known attempts at a quiz that Moodle no longer lists, or that were a deleted person's."""
        if self.tally.notes:
            return
        alive = {one for one in listed if self.skip.get(one) not in (DELETED, PREVIEW)}
        if absent := [("attempt", str(one)) for one in sorted(self._known_of(quiz_id)) if one not in alive]:
            yield Page(absent=absent)

    def _unreadable_before(self, cursor: Cursor) -> list[int]:
        """Attempts that could not be read last time, as far as the limit allows: that may have been for the moment."""
        before = [one for one, reason in sorted(cursor.skip.items()) if reason == UNREADABLE]
        again = before[: max(0, self.reviews_left - len(cursor.todo))]
        for attempt_id in again:
            del self.skip[attempt_id]
        return again

    def _owed_before(self, owed: Iterable[int]) -> Iterator[Page]:
        """Attempts that an earlier reading could not account for, looked up as far as the limit allows."""
        quizzes = {quiz.id: quiz for quiz in self.site.quizzes(self.course_id).quizzes} if owed else {}
        for attempt_id in owed:
            if attempt_id in self.skip:
                continue
            if self.reviews_left <= 0:
                self.owed.add(attempt_id)
                continue
            self.reviews_left -= 1
            attempt = review_of(self.site, attempt_id)
            if isinstance(attempt, SourceError):
                self.skip[attempt_id] = why_unread(attempt)
            elif attempt.quiz not in quizzes:
                self.skip[attempt_id] = REFUSED
            elif attempt.preview:
                self.skip[attempt_id] = PREVIEW
            else:
                answers = _Answers()
                yield from self._found_owner(quizzes[attempt.quiz], attempt, {attempt_id}, answers)
                self.tally.received += len(answers.read)
                self.tally.expected = (self.tally.expected or 0) + len(answers.read)
        if self.owed:
            self.tally.note(f"{len(self.owed)} attempts are still to be looked up")


@dataclass
class _Answers:
    """What asking for a quiz's attempts has brought."""

    asked: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    refusals: list[SourceError] = field(default_factory=list)


def _attempt_record(quiz: wire.Quiz, attempt: wire.Attempt) -> SourceRecord:
    fields = {
        "id": attempt.id,
        "quiz": attempt.quiz,
        "course": quiz.course,
        "userid": attempt.userid,
        "attempt": attempt.attempt,
        "state": attempt.state,
        "timestart": attempt.timestart or 0,
        "timefinish": attempt.timefinish or 0,
        "sumgrades": attempt.sumgrades,
        "quiz_sumgrades": quiz.sumgrades or Decimal(0),
        "quiz_grade": quiz.grade or Decimal(0),
    }
    return SourceRecord("attempt", str(attempt.id), fields, instant(attempt.timemodified))
