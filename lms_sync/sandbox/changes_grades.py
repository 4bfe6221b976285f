"""What teachers type into the gradebook itself. None of it is seen by ``core_course_get_updates_since``."""

from __future__ import annotations

from decimal import Decimal

from lms_sync.sandbox.gradebook import Gradebook
from lms_sync.sandbox.history import UPDATED
from lms_sync.sandbox.model import FORMAT_MOODLE, FORMAT_PLAIN, Grade, GradeItem, Scale
from lms_sync.sandbox.state import change, five_places


class GradeChanges(Gradebook):
    """Mutations of grade items and single grades."""

    @change
    def add_scale(self, name: str, *words: str) -> Scale:
        """Create a scale of these words, the worst first."""
        scale = Scale(self.new_id("scale"), name, words)
        self.scales[scale.id] = scale
        self.happen(r"\core\event\scale_created", about=scale.id)
        return scale

    @change
    def add_manual_item(
        self,
        course: int,
        name: str,
        *,
        grademax: Decimal = Decimal(100),
        gradepass: Decimal = Decimal(0),
        idnumber: str = "",
    ) -> GradeItem:
        """Add a column that no activity fills, graded in points from 0."""
        item = GradeItem(0, course, name, "manual", idnumber=idnumber, grademax=grademax, gradepass=gradepass)
        return self._add_item(item)

    @change
    def add_scale_item(self, course: int, name: str, scale: int, *, idnumber: str = "") -> GradeItem:
        """Add a manual item marked with the words of a scale, counted from 1."""
        item = GradeItem(0, course, name, "manual", idnumber=idnumber, scale=scale, grademin=Decimal(1))
        item.grademax = Decimal(len(self.scales[scale].words))
        return self._add_item(item)

    @change
    def delete_grade_item(self, item: int) -> None:
        """Delete a manual item with its grades. (An activity's item goes with the activity.)"""
        self._drop_item(self.grade_items[item])

    @change
    def set_grade(
        self,
        item: int,
        user: int,
        grade: Decimal | None,
        feedback: str = "",
        feedbackformat: int = FORMAT_PLAIN,
    ) -> Grade:
        """Type a final grade into the gradebook. On an activity's item this overrides what the activity says.

        A locked grade is left alone, as Moodle does.
        """
        record = self.grade_items[item]
        row = self._grade_row(item, user)
        if row.locked or record.locked:
            return row
        row.final = None if grade is None else five_places(grade)
        row.feedback, row.grader = feedback, self.teacher_of(record.course)
        row.dategraded = self.now
        if record.itemtype == "manual":
            row.raw, row.feedbackformat = row.final, feedbackformat if feedback else FORMAT_MOODLE
        else:
            row.overridden, row.feedbackformat = self.now, feedbackformat
        self._keep_grade(row, UPDATED, row.grader, "gradebook")
        if row.final is not None:
            self._tell_graded(row, row.grader)
        if record.itemtype != "course":
            self._aggregate(record.course, user)
        return row

    @change
    def supply_grade(
        self, item: int, user: int, grade: Decimal | None, *, graded: int | None = None, feedback: str = ""
    ) -> None:
        """Have an activity hand in a mark with a date of its own choosing (``grade_update``)."""
        record = self.grade_items[item]
        teacher = self.teacher_of(record.course)
        row = self._supply_grade(record, user, grade, submitted=None, graded=graded or self.now, grader=teacher)
        if row is not None and feedback:
            row.feedback, row.feedbackformat = feedback, 1

    @change
    def override(self, item: int, user: int, grade: Decimal) -> Grade:
        """Override an activity's mark."""
        return self.set_grade(item, user, grade)

    @change
    def stop_overriding(self, item: int, user: int) -> None:
        """Let the activity's own mark count again."""
        row = self._grade_row(item, user)
        row.overridden, row.final = 0, row.raw
        row.dategraded = self.now
        course = self.grade_items[item].course
        self._keep_grade(row, UPDATED, self.teacher_of(course), "gradebook")
        self._aggregate(course, user)

    @change
    def hide_grade(self, item: int, user: int, hidden: bool = True) -> None:
        """Hide one cell from its learner, or show it again. Value and total stay."""
        row = self._grade_row(item, user)
        row.hidden = hidden
        self._flagged(row)

    def _flagged(self, row: Grade) -> None:
        """A flag of a grade moved: Moodle keeps it in the history and tells no event."""
        self._keep_grade(row, UPDATED, self.teacher_of(self.grade_items[row.item].course), "gradebook")

    @change
    def lock_grade(self, item: int, user: int, locked: bool = True) -> None:
        """Lock one cell, which then keeps what it has whatever is supplied or typed in, or unlock it."""
        row = self._grade_row(item, user)
        row.locked, row.locked_at = locked, self.now if locked else 0
        self._flagged(row)

    @change
    def exclude_grade(self, item: int, user: int, excluded: bool = True) -> None:
        """Leave a grade out of the course total."""
        row = self._grade_row(item, user)
        row.excluded, row.excluded_at = excluded, self.now if excluded else 0
        self._flagged(row)
        self._aggregate(self.grade_items[item].course, user)

    @change
    def hide_item(self, item: int, hidden: bool = True) -> None:
        """Hide a whole column from learners, or show it again; its cells keep their own flags."""
        self.grade_items[item].hidden = hidden
        self._tell_item(self.grade_items[item], "updated")

    @change
    def lock_item(self, item: int, locked: bool = True) -> None:
        """Lock a whole column, or unlock it: no cell of it changes any more; their own flags stay."""
        record = self.grade_items[item]
        record.locked, record.locked_at = locked, self.now if locked else 0
        self._tell_item(record, "updated")

    @change
    def set_pass_mark(self, item: int, gradepass: Decimal) -> None:
        """Change a pass mark on the gradebook's own page: nothing but the pass and fail icons shows it."""
        self.grade_items[item].gradepass = gradepass
        self._tell_item(self.grade_items[item], "updated")
