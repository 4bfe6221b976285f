"""Moodle's gradebook: how marks of activities become final grades, weights and course totals.

Imitates "natural" aggregation over graded items only, Moodle's default (``grade_category::aggregate_grades``),
and a quiz's own grading (``mod_quiz\\grade_calculator``).
"""

from __future__ import annotations

from decimal import Decimal

from lms_sync.sandbox import php
from lms_sync.sandbox.happenings import NOBODY, Happenings
from lms_sync.sandbox.history import CREATED, DELETED, UPDATED
from lms_sync.sandbox.model import (
    ATTEMPT_FIRST,
    ATTEMPT_LAST,
    GRADE_AVERAGE,
    Attempt,
    Grade,
    GradeItem,
    Quiz,
    QuizGrade,
)
from lms_sync.sandbox.state import change, five_places

#: States whose attempts a quiz counts when it grades one person anew (``quiz_get_user_attempts``).
CLOSED_STATES = frozenset({"finished", "abandoned"})


class Gradebook(Happenings):
    """Grade rows and their recalculation. The methods here change rows; the ``changes_*`` modules say when."""

    def _grade_row(self, item: int, user: int) -> Grade:
        row = self.grades[item].get(user)
        if row is None:
            row = self.grades[item][user] = Grade(self.new_id("grade"), item, user)
            self._keep_grade(row, CREATED, user, "system")
        return row

    def _keep_grade(self, row: Grade, action: int, user: int, source: str) -> None:
        """Write a grade's state into its history; ``user`` did it."""
        maximum = row.grademax if row.grademax is not None else self.grade_items[row.item].grademax
        self.histories.keep_grade(
            row.id, action, row.item, row.user, user, row.grader, source, row.raw, maximum, row.final,
            int(row.hidden), row.locked_at, row.overridden, row.excluded_at, row.dategraded, self.now,
        )  # fmt: skip

    def _tell_graded(self, row: Grade, user: int) -> None:
        """Tell that a grade was given; ``user`` did it (-1: computed)."""
        other = {"itemid": str(row.item), "overridden": bool(row.overridden), "finalgrade": php.number(row.final)}
        course = self.grade_items[row.item].course
        name = r"\core\event\user_graded"
        self.happen(name, course=course, about=row.id, user=user, related=row.user, other=other)

    def _drop_grade(self, item: int, user: int) -> None:
        """Delete a grade, which Moodle tells and keeps in its history."""
        row = self.grades[item].pop(user, None)
        if row is None:
            return
        self._keep_grade(row, DELETED, self.admin_id, "userdelete")
        other = {"itemid": str(item), "overridden": bool(row.overridden), "finalgrade": _stored(row.final)}
        course = self.grade_items[item].course
        self.happen(r"\core\event\grade_deleted", course=course, about=row.id, related=user, other=other)

    def _tell_item(self, item: GradeItem, done: str) -> None:
        """Tell that a column was ``created``, ``updated`` or ``deleted``, and keep that in its history."""
        item.timemodified = self.now
        item.timecreated = item.timecreated or self.now
        self.histories.keep_item(item.id, item.course, self.now)
        other = {"itemname": item.name, "itemtype": item.itemtype, "itemmodule": item.module}
        self.happen(rf"\core\event\grade_item_{done}", course=item.course, about=item.id, other=other)

    @change
    def ensure_total(self, course: int) -> GradeItem:
        """The course total, made when it is missing: Moodle makes it when somebody first looks at the report."""
        return self._ensure_total(course)

    def _ensure_total(self, course: int) -> GradeItem:
        total = self.total_of(course)
        if total is None:
            category = self.courses[course].gradecategory = self.new_id("gradecategory")
            total = GradeItem(self.new_id("item"), course, None, "course", None, category, None, grademax=Decimal(0))
            self.grade_items[total.id] = total
            self.items_of[course].append(total)
            self._tell_item(total, "created")
        return total

    def _add_item(self, item: GradeItem) -> GradeItem:
        """Put an item into its course, before the total."""
        course = self.courses[item.course]
        self._ensure_total(course.id)
        if not item.id:
            item.id = self.new_id("item")
        self.grade_items[item.id] = item
        item.sortorder = max(other.sortorder for other in self.items_of[course.id]) + 1
        self.items_of[course.id].insert(-1, item)
        self._tell_item(item, "created")
        self._refresh_total_maximum(course.id)
        total = self.total_of(course.id)
        for user in list(self.grades[total.id]) if total else []:
            self._aggregate(course.id, user)
        return item

    def _drop_item(self, item: GradeItem) -> None:
        holders = list(self.grades[item.id])
        for user in holders:
            self._drop_grade(item.id, user)
        del self.grades[item.id]
        self._tell_item(item, "deleted")
        self.grade_items.pop(item.id, None)
        self.items_of[item.course].remove(item)
        self._refresh_total_maximum(item.course)
        for user in holders:
            self._aggregate(item.course, user)

    def _refresh_total_maximum(self, course: int) -> None:
        total = self.total_of(course)
        if total is not None:
            parts = self.items_of[course][:-1]
            maximum = sum((item.grademax for item in parts), Decimal(0))
            if maximum != total.grademax:
                total.grademax = maximum
                self._tell_item(total, "updated")

    def _supply_grade(
        self,
        item: GradeItem,
        user: int,
        raw: Decimal | None,
        *,
        submitted: int | None,
        graded: int | None,
        grader: int | None = None,
    ) -> Grade | None:
        """Take a mark from an activity (``grade_update``). A locked grade keeps what it had, an overridden
        one keeps its final value."""
        row = self._grade_row(item.id, user)
        if row.locked or item.locked:
            return None
        before = row.final
        row.grader = user if grader is None else grader
        row.raw = None if raw is None else five_places(raw)
        row.datesubmitted = submitted
        if not row.overridden:
            row.final = row.raw
            row.dategraded = graded if raw is not None else None
        self._keep_grade(row, UPDATED, row.grader, f"mod/{item.module}")
        if row.final is not None and row.final != before:
            self._tell_graded(row, row.grader)
        self._aggregate(item.course, user)
        return row

    def _aggregate(self, course: int, user: int) -> None:
        """Recompute a person's weights and course total from the final grades."""
        total_item = self.total_of(course)
        if total_item is None:
            return
        parts = self.items_of[course][:-1]
        rows = [self._grade_row(item.id, user) for item in parts]
        counted = [
            (item, row) for item, row in zip(parts, rows, strict=True) if row.final is not None and not row.excluded
        ]
        points = sum((item.grademax for item, _ in counted), Decimal(0))
        for item, row in zip(parts, rows, strict=True):
            if row.final is None:
                row.status, row.weight = "novalue", Decimal(0)
            elif row.excluded:
                row.status, row.weight = "dropped", Decimal(0)
            else:
                row.status, row.weight = "used", five_places(item.grademax / points) if points else Decimal(0)
        self._store_total(self._grade_row(total_item.id, user), [row for _, row in counted], points)

    def _store_total(self, total: Grade, counted: list[Grade], points: Decimal) -> None:
        if total.overridden or total.locked:
            return
        final = sum((row.final for row in counted if row.final is not None), Decimal(0)) if counted else None
        maximum = points if counted else total.grademax
        changed = (final, maximum) != (total.final, total.grademax)
        if changed:
            total.dategraded = self.now
        total.final, total.grademax = final, maximum
        if changed:
            self._keep_grade(total, UPDATED, total.user, "aggregation")
            if final is not None:
                self._tell_graded(total, NOBODY)

    # -- a quiz's own grades

    def _closed_attempts(self, quiz: int, user: int) -> list[Attempt]:
        return [a for a in self.attempts_of[quiz, user] if a.state in CLOSED_STATES and not a.preview]

    def _grade_quiz(self, quiz: Quiz, user: int, grader: int | None = None) -> None:
        """Grade one person's attempts anew and hand the grade to the gradebook; ``grader`` did it (None: they)."""
        attempts = self._closed_attempts(quiz.id, user)
        points = best_points(attempts, quiz.grademethod)
        own = self.quiz_grades[quiz.id]
        if points is None:
            own.pop(user, None)
        else:
            grade = five_places(rescale(points, quiz))
            row = own.get(user)
            if row is None:
                own[user] = QuizGrade(self.new_id("quizgrade"), quiz.id, user, grade, self.now)
            else:
                row.grade, row.timemodified = grade, self.now
        self._supply_quiz_grade(quiz, user, grader)

    def _supply_quiz_grade(self, quiz: Quiz, user: int, grader: int | None = None) -> None:
        item = self.item_of("quiz", quiz.id)
        if item is None or self.users[user].deleted:
            return
        row = self.quiz_grades[quiz.id].get(user)
        if row is None and user not in self.grades[item.id]:
            return
        finished = [a.timefinish for a in self._closed_attempts(quiz.id, user)]
        self._supply_grade(
            item,
            user,
            row.grade if row else None,
            submitted=max(finished) if row and finished else None,
            graded=row.timemodified if row else None,
            grader=grader,
        )
        self._update_completion(quiz.cmid, item, user, user if grader is None else grader)

    def _update_completion(self, cmid: int, item: GradeItem, user: int, doer: int) -> None:
        """Automatic completion on receiving a grade: 1 done, 2 passed, 3 failed (``completion_info``)."""
        final = self.grades[item.id][user].final
        if self.activities[cmid].completion != 2 or final is None:
            if self.completions.pop((cmid, user), None):
                self._tell_completion(cmid, user, 0, doer)
            return
        state = 1 if item.gradepass <= 0 or item.hidden else 2 if final >= item.gradepass else 3
        known = self.completions.get((cmid, user))
        if known is None or known[0] != state:
            self.completions[cmid, user] = (state, self.now)
            self._tell_completion(cmid, user, state, doer)

    def _tell_completion(self, cmid: int, user: int, state: int, doer: int) -> None:
        """Tell that somebody completed an activity, or (``state`` 0) did not after all."""
        other = {"relateduserid": str(user), "overrideby": None, "completionstate": state}
        self.happen(
            r"\core\event\course_module_completion_updated",
            activity=self.activities[cmid],
            about=self.new_id("completion"),
            user=doer,
            related=user,
            other=other,
        )


def _stored(value: Decimal | None) -> str | None:
    """A grade as a deleted row's event tells it: the column's text."""
    return None if value is None else format(value, ".5f")


def rescale(points: Decimal, quiz: Quiz) -> Decimal:
    """A quiz's points on the scale of its grade (``quiz_rescale_grade``)."""
    return points * quiz.grade / quiz.sumgrades if quiz.sumgrades else Decimal(0)


def best_points(attempts: list[Attempt], method: int) -> Decimal | None:
    """The points that count among closed attempts in order, None while nothing is marked."""
    if not attempts:
        return None
    if method == ATTEMPT_FIRST:
        return attempts[0].sumgrades
    if method == ATTEMPT_LAST:
        return attempts[-1].sumgrades
    marked = [a.sumgrades for a in attempts if a.sumgrades is not None]
    if not marked:
        return None
    return sum(marked, Decimal(0)) / len(marked) if method == GRADE_AVERAGE else max(marked)
