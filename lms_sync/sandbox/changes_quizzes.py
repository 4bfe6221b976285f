"""What happens in quizzes on a sandbox site: attempts, essays, regrades, the maximum grade."""

from __future__ import annotations

from decimal import Decimal

from lms_sync.sandbox.gradebook import Gradebook
from lms_sync.sandbox.model import Attempt
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
        return attempt

    @change
    def save_answers(self, attempt: int, answered: int) -> Attempt:
        """The learner saves the first answers of an open attempt."""
        record = self.attempts[attempt]
        record.answered, record.timemodified = answered, self.now
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
        self._grade_quiz(self.quizzes[record.quiz], record.user)
        return record

    @change
    def abandon(self, attempt: int) -> Attempt:
        """Time ran out and the attempt was never submitted: closed without points."""
        record = self.attempts[attempt]
        record.state, record.timefinish, record.timecheckstate = "abandoned", 0, None
        record.timemodified = self.now
        self._grade_quiz(self.quizzes[record.quiz], record.user)
        return record

    @change
    def make_overdue(self, attempt: int, grace: int = 86400) -> Attempt:
        """Time ran out but the period of grace is open."""
        record = self.attempts[attempt]
        record.state, record.timecheckstate = "overdue", self.now + grace
        record.timemodified = self.now
        return record

    @change
    def delete_attempt(self, attempt: int) -> None:
        """Delete an attempt and grade the rest anew; with no attempt left the grade goes too."""
        record = self.attempts.pop(attempt)
        self.attempts_of[record.quiz, record.user].remove(record)
        del self.quiz_attempts[record.quiz][attempt]
        if not record.preview:
            self._grade_quiz(self.quizzes[record.quiz], record.user)

    @change
    def mark_essay(self, attempt: int, points: Decimal) -> Attempt:
        """A teacher marks the essay: the attempt gets its points in all; its finish time does not move."""
        record = self.attempts[attempt]
        record.sumgrades, record.timemodified = five_places(points), self.now
        self._grade_quiz(self.quizzes[record.quiz], record.user)
        return record

    @change
    def regrade_attempt(self, attempt: int, points: Decimal) -> Attempt:
        """Regrade one attempt. Moodle touches every finished attempt of the quiz by it."""
        record = self.attempts[attempt]
        for other in self.quiz_attempts[record.quiz].values():
            if other.state == "finished" and not other.preview:
                other.timemodified = self.now
        if record.sumgrades != points:
            record.sumgrades = five_places(points)
            self._grade_quiz(self.quizzes[record.quiz], record.user)
        return record

    @change
    def change_quiz_grade(self, quiz: int, grade: Decimal) -> None:
        """Change a quiz's maximum grade: every grade is rescaled, no attempt is touched."""
        record = self.quizzes[quiz]
        if grade == record.grade:
            return
        factor = grade / record.grade if record.grade else Decimal(0)
        record.grade = grade
        self.activities[record.cmid].timemodified = self.now
        item = self.item_of("quiz", quiz)
        if item is not None:
            item.grademax = grade
            self._refresh_total_maximum(record.course)
        for user, row in list(self.quiz_grades[quiz].items()):
            row.grade, row.timemodified = five_places(row.grade * factor), self.now
            self._supply_quiz_grade(record, user)
        for user in list(self.grades[item.id]) if item else []:
            self._aggregate(record.course, user)

    @change
    def change_closing_time(self, quiz: int, timeclose: int) -> None:
        """Let a quiz close at another time (0: never)."""
        record = self.quizzes[quiz]
        record.timeclose = timeclose
        self.activities[record.cmid].timemodified = self.now

    @change
    def change_grading_method(self, quiz: int, method: int) -> None:
        """Change which attempt counts (``QUIZ_GRADEHIGHEST`` and so on) and grade everybody anew."""
        record = self.quizzes[quiz]
        record.grademethod = method
        self.activities[record.cmid].timemodified = self.now
        for user in list(self.quiz_grades[quiz]):
            self._grade_quiz(record, user)
