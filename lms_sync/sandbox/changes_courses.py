"""What happens to categories, courses and their activities on a sandbox site."""

from __future__ import annotations

from decimal import Decimal

from lms_sync.sandbox.gradebook import Gradebook
from lms_sync.sandbox.model import (
    FORMAT_HTML,
    GRADE_HIGHEST,
    Activity,
    AssignGrade,
    Assignment,
    Category,
    Course,
    GradeItem,
    Quiz,
    Section,
    Submission,
)
from lms_sync.sandbox.state import change


class CourseChanges(Gradebook):
    """Mutations of courses and activities. Only activities' settings reach the change feed."""

    @change
    def add_category(self, name: str, idnumber: str = "", parent: int = 0, description: str = "") -> Category:
        """Create a category below ``parent`` (0: at the top)."""
        category = Category(self.new_id("category"), name, idnumber, parent, description)
        self.categories[category.id] = category
        return category

    @change
    def rename_category(self, category: int, name: str) -> None:
        """Change a category's name. No course's time of change moves."""
        self.categories[category].name = name

    @change
    def move_course(self, course: int, category: int) -> None:
        """Put a course into another category."""
        self.courses[course].category = category
        self.courses[course].timemodified = self.now

    @change
    def add_course(
        self,
        category: int,
        fullname: str,
        shortname: str,
        idnumber: str = "",
        *,
        visible: bool = True,
        startdate: int | None = None,
        enddate: int = 0,
        summary: str = "",
    ) -> Course:
        """Create a course with four sections and no activity."""
        course = Course(self.new_id("course"), category, fullname, shortname, idnumber, visible)
        course.startdate = self.now if startdate is None else startdate
        course.enddate, course.summary = enddate, summary
        course.contextid = self.new_id("context")
        course.timecreated = course.timemodified = self.now
        names = ["General", *["New section"] * 3]
        course.sections = [Section(self.new_id("section"), number, name) for number, name in enumerate(names)]
        self.courses[course.id] = course
        return course

    @change
    def delete_course(self, course: int) -> None:
        """Delete a course with everything in it: activities, attempts, grades, enrolments, groups."""
        for activity in list(self.activities_of[course]):
            self._forget_activity(activity)
        for item in self.items_of.pop(course, []):
            self.grades.pop(item.id, None)
            self.grade_items.pop(item.id, None)
        for user in self.enrolments.pop(course, {}):
            self.courses_of[user].discard(course)
        for group in [g for g in self.groups.values() if g.course == course]:
            del self.groups[group.id]
        self.activities_of.pop(course, None)
        del self.courses[course]

    @change
    def hide_course(self, course: int, visible: bool = False) -> None:
        """Hide a course from learners, or show it again. People in it stay enrolled."""
        self.courses[course].visible = visible
        self.courses[course].timemodified = self.now

    @change
    def rename_course(self, course: int, fullname: str | None = None, shortname: str | None = None) -> None:
        """Change a course's names; None leaves one alone."""
        record = self.courses[course]
        record.fullname = record.fullname if fullname is None else fullname
        record.shortname = record.shortname if shortname is None else shortname
        record.timemodified = self.now

    # -- activities

    def _new_activity(self, course: int, module: str, name: str, completion: int) -> Activity:
        instance = self.new_id(module)
        activity = Activity(self.new_id("cm"), course, module, instance, name, self.new_id("context"))
        activity.intro = f"Test {module} {instance}"
        activity.completion, activity.timemodified = completion, self.now
        self.activities[activity.id] = activity
        self.activities_of[course].append(activity)
        return activity

    @change
    def add_activity(self, course: int, module: str, name: str, completion: int = 0) -> Activity:
        """Add an activity without grades, such as a page or a forum."""
        return self._new_activity(course, module, name, completion)

    @change
    def add_quiz(
        self,
        course: int,
        name: str,
        *,
        grade: Decimal = Decimal(100),
        gradepass: Decimal = Decimal(0),
        questions: int = 5,
        has_essay: bool = False,
        grademethod: int = GRADE_HIGHEST,
        attempts: int = 0,
        timelimit: int = 0,
        timeopen: int = 0,
        timeclose: int = 0,
        idnumber: str = "",
    ) -> Quiz:
        """Add a quiz of one-point questions (the last an essay if asked) with its grade item."""
        activity = self._new_activity(course, "quiz", name, completion=2)
        quiz = Quiz(activity.instance, activity.id, course, grade, Decimal(questions))
        quiz.questions = [self.new_id("question") for _ in range(questions)]
        quiz.questions_modified, quiz.has_essay = self.now, has_essay
        quiz.grademethod, quiz.attempts, quiz.timelimit = grademethod, attempts, timelimit
        quiz.timeopen, quiz.timeclose = timeopen, timeclose
        self.quizzes[quiz.id] = quiz
        item = GradeItem(0, course, name, "mod", "quiz", quiz.id, idnumber)
        item.grademax, item.gradepass = grade, gradepass
        self._add_item(item)
        return quiz

    @change
    def delete_quiz(self, quiz: int) -> None:
        """Delete a quiz, its attempts and its grade item. No warning of it is given anywhere."""
        item = self.item_of("quiz", quiz)
        activity = self.activities[self.quizzes[quiz].cmid]
        self._forget_activity(activity)
        if item is not None:
            self._drop_item(item)

    @change
    def add_assignment(
        self,
        course: int,
        name: str,
        *,
        grade: int = 100,
        gradepass: Decimal = Decimal(0),
        idnumber: str = "",
        completion: int = 0,
    ) -> Assignment:
        """Add an assignment; ``grade`` is its maximum, or minus the id of a scale."""
        activity = self._new_activity(course, "assign", name, completion)
        assignment = Assignment(activity.instance, activity.id, course, grade)
        self.assignments[assignment.id] = assignment
        item = GradeItem(0, course, name, "mod", "assign", assignment.id, idnumber)
        item.gradepass = gradepass
        self._measure(item, grade)
        self._add_item(item)
        return assignment

    def _measure(self, item: GradeItem, grade: int) -> None:
        """Give an item its range: a maximum, or the words of a scale counted from 1."""
        if grade >= 0:
            item.grademax = Decimal(grade)
            return
        item.scale, item.grademin = -grade, Decimal(1)
        item.grademax = Decimal(len(self.scales[-grade].words))

    @change
    def rename_item(self, item: int, name: str) -> None:
        """Rename a grade item; an activity is renamed with its item, as its settings form does."""
        record = self.grade_items[item]
        record.name = name
        if record.module is not None and record.instance is not None:
            activity = self.activity_of(record.module, record.instance)
            activity.name, activity.timemodified = name, self.now

    @change
    def hide_activity(self, cmid: int, visible: bool = False) -> None:
        """Hide an activity on the course page, or show it again. Its grade item stays as it is."""
        self.activities[cmid].visible = visible
        self.activities[cmid].timemodified = self.now

    @change
    def submit_assignment(self, assignment: int, user: int, status: str = "submitted") -> Submission:
        """A learner saves (``draft``) or hands in (``submitted``) an assignment."""
        for known in self.submissions.values():
            if (known.assignment, known.user) == (assignment, user):
                known.status, known.timemodified = status, self.now
                return known
        submission = Submission(self.new_id("submission"), assignment, user, status, self.now, self.now)
        self.submissions[submission.id] = submission
        return submission

    @change
    def grade_assignment(self, assignment: int, user: int, grade: Decimal, grader: int) -> AssignGrade:
        """A teacher marks an assignment on its own page: the mark goes to the gradebook and the change feed."""
        if not any((s.assignment, s.user) == (assignment, user) for s in self.submissions.values()):
            self.submit_assignment(assignment, user, "new")
        row = next((g for g in self.assign_grades.values() if (g.assignment, g.user) == (assignment, user)), None)
        if row is None:
            identity = self.new_id("assigngrade")
            row = AssignGrade(identity, assignment, user, grade, grader, self.now, self.now)
            self.assign_grades[identity] = row
        row.grade, row.grader, row.timemodified = grade, grader, self.now
        item = self.item_of("assign", assignment)
        if item is not None:
            supplied = self._supply_grade(item, user, grade, submitted=None, graded=self.now)
            if supplied is not None:
                supplied.feedbackformat = FORMAT_HTML
        return row

    def _forget_activity(self, activity: Activity) -> None:
        """Remove an activity and what belongs to it, leaving the gradebook to the caller."""
        if activity.module == "quiz":
            quiz = self.quizzes.pop(activity.instance)
            for attempt in self.quiz_attempts.pop(quiz.id, {}).values():
                self.attempts.pop(attempt.id, None)
                self.attempts_of.pop((quiz.id, attempt.user), None)
            self.quiz_grades.pop(quiz.id, None)
        elif activity.module == "assign":
            self.assignments.pop(activity.instance)
            self.submissions = {k: s for k, s in self.submissions.items() if s.assignment != activity.instance}
            self.assign_grades = {k: g for k, g in self.assign_grades.items() if g.assignment != activity.instance}
        self.completions = {key: state for key, state in self.completions.items() if key[0] != activity.id}
        self.activities_of[activity.course].remove(activity)
        del self.activities[activity.id]
