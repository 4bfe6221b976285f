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
        self.happen(r"\core\event\course_category_created", category=category.id, about=category.id)
        return category

    @change
    def rename_category(self, category: int, name: str) -> None:
        """Change a category's name. No course's time of change moves."""
        self.categories[category].name = name
        self.happen(r"\core\event\course_category_updated", category=category, about=category)

    @change
    def move_course(self, course: int, category: int) -> None:
        """Put a course into another category."""
        self.courses[course].category = category
        self._course_changed(course)

    def _course_changed(self, course: int) -> None:
        self.courses[course].timemodified = self.now
        self._tell_course("updated", course)

    def _tell_course(self, done: str, course: int) -> None:
        """Tell that a course was ``created``, ``updated`` or ``deleted``, or its contents were."""
        record = self.courses[course]
        other = {"shortname": record.shortname, "fullname": record.fullname}
        self.happen(rf"\core\event\course_{done}", course=course, about=course, other=other)

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
        self._tell_course("created", course.id)
        return course

    @change
    def delete_course(self, course: int) -> None:
        """Delete a course with everything in it: activities, attempts, grades, enrolments, groups, notes."""
        for user, enrolment in list(self.enrolments[course].items()):
            self.courses_of[user].discard(course)
            del self.enrolments[course][user]
            self._tell_enrolment("deleted", enrolment)
        for activity in list(self.activities_of[course]):
            self._forget_activity(activity)
        for item in self.items_of[course]:
            for user in list(self.grades[item.id]):
                self._drop_grade(item.id, user)
            del self.grades[item.id]
            self._tell_item(item, "deleted")
        for item in self.items_of.pop(course, []):
            self.grade_items.pop(item.id, None)
        self.enrolments.pop(course, None)
        for group in [g for g in self.groups.values() if g.course == course]:
            del self.groups[group.id]
        self.notes = {note: one for note, one in self.notes.items() if one.course != course}
        self.activities_of.pop(course, None)
        self._tell_course("content_deleted", course)
        self._tell_course("deleted", course)
        del self.courses[course]

    @change
    def hide_course(self, course: int, visible: bool = False) -> None:
        """Hide a course from learners, or show it again. People in it stay enrolled."""
        self.courses[course].visible = visible
        self._course_changed(course)

    @change
    def rename_course(self, course: int, fullname: str | None = None, shortname: str | None = None) -> None:
        """Change a course's names; None leaves one alone."""
        record = self.courses[course]
        record.fullname = record.fullname if fullname is None else fullname
        record.shortname = record.shortname if shortname is None else shortname
        self._course_changed(course)

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
        activity = self._new_activity(course, module, name, completion)
        self._tell_module("created", activity)
        return activity

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
        self._tell_module("created", activity)
        return quiz

    @change
    def delete_quiz(self, quiz: int) -> None:
        """Delete a quiz, its attempts and its grade item. No warning of it is given anywhere."""
        item = self.item_of("quiz", quiz)
        activity = self.activities[self.quizzes[quiz].cmid]
        if item is not None:
            self._drop_item(item)
        self._forget_activity(activity)
        self._tell_module("deleted", activity)

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
        self._tell_module("created", activity)
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
            activity.name = name
            self.activity_changed(activity)
        self._tell_item(record, "updated")

    @change
    def hide_activity(self, cmid: int, visible: bool = False) -> None:
        """Hide an activity on the course page, or show it again. Its grade item stays as it is."""
        self.activities[cmid].visible = visible
        self.activity_changed(self.activities[cmid])

    @change
    def complete(self, cmid: int, user: int, done: bool = True) -> None:
        """Somebody ticks an activity as completed, or takes the tick away."""
        if done == ((cmid, user) in self.completions):
            return
        if done:
            self.completions[cmid, user] = (1, self.now)
        else:
            del self.completions[cmid, user]
        self._tell_completion(cmid, user, int(done), user)

    @change
    def submit_assignment(self, assignment: int, user: int, status: str = "submitted") -> Submission:
        """A learner saves (``draft``) or hands in (``submitted``) an assignment."""
        for known in self.submissions.values():
            if (known.assignment, known.user) == (assignment, user):
                known.status, known.timemodified = status, self.now
                self._tell_submission(known)
                return known
        submission = Submission(self.new_id("submission"), assignment, user, status, self.now, self.now)
        self.submissions[submission.id] = submission
        self._tell_submission(submission)
        return submission

    def _tell_submission(self, submission: Submission) -> None:
        """Tell that work was handed in; a draft makes an event of the kind of submission only."""
        activity, user = self.activity_of("assign", submission.assignment), submission.user
        if submission.status == "draft":
            name = r"\assignsubmission_onlinetext\event\submission_created"
            other: dict[str, object] = {"submissionid": submission.id, "submissionattempt": 0}
            self.happen(name, activity=activity, about=submission.id, user=user, other=other)
        elif submission.status == "submitted":
            other = {"submission_editable": False}
            name = r"\mod_assign\event\assessable_submitted"
            self.happen(name, activity=activity, about=submission.id, user=user, other=other)

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
        marked, activity = r"\mod_assign\event\submission_graded", self.activity_of("assign", assignment)
        self.happen(marked, activity=activity, about=row.id, user=grader, related=user)
        item = self.item_of("assign", assignment)
        if item is not None:
            supplied = self._supply_grade(item, user, grade, submitted=None, graded=self.now, grader=grader)
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
