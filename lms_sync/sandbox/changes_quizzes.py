"""What happens in quizzes on a sandbox site: attempts, essays, regrades, the maximum grade."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lms_sync.sandbox.gradebook import Gradebook
from lms_sync.sandbox.model import Attempt, Quiz
from lms_sync.sandbox.state import change, five_places


class QuizChanges(Gradebook):
    """Mutations of quizzes and attempts; each moves the ``timemodified`` that the change feed looks at."""

    @change
    def start_attempt(self, quiz: int, user: int, *, preview: bool = False, timestart: int | None = None) -> Attempt:
        """Begin an attempt. A preview (a teacher's) never becomes a result."""
        number = max((a.number for a in self.attempts_of[quiz, user]), default=0) + 1
        begun = self.now if timestart is None else timestart
        attempt = Attempt(self.new_id("attempt"), quiz, user, number, "inprogress", begun, preview=preview)
        limit = self.quizzes[quiz].timelimit
        attempt.timecheckstate = self.now + limit if limit and not preview else None
        attempt.timemodified = self.now
        self.attempts[attempt.id] = attempt
        self.attempts_of[quiz, user].append(attempt)
        self.quiz_attempts[quiz][attempt.id] = attempt
        self._tell_attempt("preview_started" if preview else "started", attempt, user)
        return attempt

    def _tell_attempt(self, done: str, attempt: Attempt, user: int, **how: Any) -> None:
        """Tell what became of an attempt; ``user`` did it."""
        activity = self.activities[self.quizzes[attempt.quiz].cmid]
        submitter = {} if done == "started" else {"submitterid": None, "quizid": str(attempt.quiz)}
        other = submitter or None
        name = rf"\mod_quiz\event\attempt_{done}"
        self.happen(name, activity=activity, about=attempt.id, user=user, related=attempt.user, other=other, **how)

    def _quiz_changed(self, quiz: Quiz) -> None:
        """The settings of a quiz were saved."""
        self.activity_changed(self.activities[quiz.cmid])

    @change
    def save_answers(self, attempt: int, answered: int) -> Attempt:
        """The learner saves the first answers of an open attempt."""
        record = self.attempts[attempt]
        record.answered, record.timemodified = answered, self.now
        self._tell_attempt("updated", record, record.user)
        return record

    @change
    def finish_attempt(self, attempt: int, points: Decimal | None, timefinish: int | None = None) -> Attempt:
        """Submit an attempt. ``points`` is None while an essay waits for a teacher."""
        record = self.attempts[attempt]
        finished = self.now if timefinish is None else timefinish
        record.state, record.timefinish, record.timecheckstate = "finished", finished, None
        # Moodle 5 stamps the submission's own time; earlier releases stamp the moment of processing.
        record.timemodified = finished if self.release == "5.1" else self.now
        record.notified = finished
        record.sumgrades = None if points is None else five_places(points)
        self._tell_attempt("submitted", record, record.user)
        self._grade_quiz(self.quizzes[record.quiz], record.user)
        if self.release == "5.1":
            self._tell_attempt("graded", record, record.user)
        return record

    @change
    def abandon(self, attempt: int) -> Attempt:
        """Time ran out and the attempt was never submitted: closed without points."""
        record = self.attempts[attempt]
        record.state, record.timefinish, record.timecheckstate = "abandoned", 0, None
        record.timemodified = self.now
        self._tell_attempt("abandoned", record, 0, origin="cli")
        self._grade_quiz(self.quizzes[record.quiz], record.user)
        return record

    @change
    def make_overdue(self, attempt: int, grace: int = 86400) -> Attempt:
        """Time ran out but the period of grace is open."""
        record = self.attempts[attempt]
        record.state, record.timecheckstate = "overdue", self.now + grace
        record.timemodified = self.now
        self._tell_attempt("becameoverdue", record, 0, origin="cli")
        return record

    @change
    def delete_attempt(self, attempt: int) -> None:
        """Delete an attempt and grade the rest anew; with no attempt left the grade goes too."""
        record = self.attempts.pop(attempt)
        self.attempts_of[record.quiz, record.user].remove(record)
        del self.quiz_attempts[record.quiz][attempt]
        teacher = self.teacher_of(self.quizzes[record.quiz].course)
        self._tell_attempt("deleted", record, teacher)
        if not record.preview:
            self._grade_quiz(self.quizzes[record.quiz], record.user, teacher)

    @change
    def mark_essay(self, attempt: int, points: Decimal) -> Attempt:
        """A teacher marks the essay: the attempt gets its points in all; its finish time does not move."""
        record = self.attempts[attempt]
        record.sumgrades, record.timemodified = five_places(points), self.now
        quiz = self.quizzes[record.quiz]
        teacher = self.teacher_of(quiz.course)
        other = {"quizid": quiz.id, "attemptid": attempt, "slot": len(quiz.questions)}
        marked, essay = r"\mod_quiz\event\question_manually_graded", quiz.questions[-1] if quiz.questions else None
        self.happen(marked, activity=self.activities[quiz.cmid], about=essay, user=teacher, other=other)
        self._grade_quiz(quiz, record.user, teacher)
        return record

    @change
    def regrade_attempt(self, attempt: int, points: Decimal) -> Attempt:
        """Regrade one attempt. Moodle touches every finished attempt of the quiz by it."""
        record = self.attempts[attempt]
        for other in self.quiz_attempts[record.quiz].values():
            if other.state == "finished" and not other.preview:
                other.timemodified = self.now
        teacher = self.teacher_of(self.quizzes[record.quiz].course)
        if record.sumgrades != points:
            record.sumgrades = five_places(points)
            self._grade_quiz(self.quizzes[record.quiz], record.user, teacher)
        self._tell_attempt("regraded", record, teacher)
        return record

    @change
    def change_quiz_grade(self, quiz: int, grade: Decimal) -> None:
        """Change a quiz's maximum grade: every grade is rescaled, no attempt is touched."""
        record = self.quizzes[quiz]
        if grade == record.grade:
            return
        factor = grade / record.grade if record.grade else Decimal(0)
        record.grade = grade
        self._quiz_changed(record)
        item = self.item_of("quiz", quiz)
        if item is not None:
            item.grademax = grade
            self._tell_item(item, "updated")
            self._refresh_total_maximum(record.course)
        for user, row in list(self.quiz_grades[quiz].items()):
            row.grade, row.timemodified = five_places(row.grade * factor), self.now
            self._supply_quiz_grade(record, user, self.admin_id)
        for user in list(self.grades[item.id]) if item else []:
            self._aggregate(record.course, user)

    @change
    def change_closing_time(self, quiz: int, timeclose: int) -> None:
        """Let a quiz close at another time (0: never)."""
        record = self.quizzes[quiz]
        record.timeclose = timeclose
        self._quiz_changed(record)

    @change
    def change_grading_method(self, quiz: int, method: int) -> None:
        """Change which attempt counts (``QUIZ_GRADEHIGHEST`` and so on) and grade everybody anew."""
        record = self.quizzes[quiz]
        record.grademethod = method
        self._quiz_changed(record)
        for user in list(self.quiz_grades[quiz]):
            self._grade_quiz(record, user, self.admin_id)
