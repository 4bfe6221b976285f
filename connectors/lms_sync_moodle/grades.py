"""The stream `grades`: the gradebook of one course, whole or only for learners touched by a change.

Owns how the user report is asked for and when its answer may be called complete. Must not parse it.

The whole-course report leaves out learners with a suspended enrolment without a word, and has no paging: learners
missing from it are asked for one by one, and large courses only so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lms_sync.connector import Mode, Outcome, Page, ReadTask, Scope
from lms_sync.errors import SourceAnswerInvalid, SourceError, SourceRefused, SourceTimeout
from lms_sync_moodle import companion_cursor, wire
from lms_sync_moodle.changes import changes_of, plan
from lms_sync_moodle.cursor import Cursor
from lms_sync_moodle.enrolled import Roster, roster
from lms_sync_moodle.gradebook import Columns, ToldByCompanion, empty_keys, grade_records, is_pending
from lms_sync_moodle.pages import Tally, paged, refused
from lms_sync_moodle.refusals import is_deleted
from lms_sync_moodle.site import MoodleSite, course_of

FUNCTION = "gradereport_user_get_grade_items"
REFUSALS_IN_A_ROW = 5
"""After so many refusals and no answer at all, the rest of the learners is not asked for."""


def read_grades(site: MoodleSite, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """The course's grades: all of them, or those of learners whom a change touched."""
    course_id = course_of(scope)
    started = site.started()
    tally = Tally()
    try:
        course = site.course(course_id)
        mode, cursor, findings = plan(site, task, scope)
        tally.findings += findings
        fallen = (cursor is not None and cursor.fallen) or companion_cursor.parse(task.cursor) is not None
        columns = Columns(course_id, site.category_path(course), _told_by_companion(scope, task) if fallen else None)
        reading = _Reading(site, course_id, columns, tally, task, scope, fallen)
        if mode is Mode.CHANGES and cursor is not None:
            yield from reading.changes(cursor, started)
        else:
            yield from reading.full(started, cursor.skip if cursor else {})
    except SourceRefused as error:
        yield refused(error, tally.received, tally.expected)


def _told_by_companion(scope: Scope, task: ReadTask) -> ToldByCompanion:
    columns = task.known.rows("grade_item", scope.key, ("pass_mark",))
    graders = task.known.rows("grade_entry", scope.key, ("graded_by", "raw", "graded_at"))
    return ToldByCompanion(
        {key: pass_mark for key, (pass_mark,) in columns.items() if pass_mark is not None},
        {key: (grader, points, graded_at) for key, (grader, points, graded_at) in graders.items() if grader},
    )


@dataclass
class _Reading:
    site: MoodleSite
    course_id: int
    columns: Columns
    tally: Tally
    task: ReadTask
    scope: Scope
    fallen: bool
    owed: set[int] = field(default_factory=set)
    """Learners who could not be read this time."""

    def full(self, started: int, skip: Mapping[int, str]) -> Iterator[Page]:
        """Everybody's grades. Raises SourceRefused when the report is refused altogether."""
        people = roster(self.site, self.course_id)
        for note in people.notes:
            self.tally.note(note)
        self.tally.expected = len(people.learners)
        answered: set[int] = set()
        if len(people.active) <= self.site.options.slice_above:
            reports = self._whole_course(people)
            answered = {report.userid for report in reports}
            for report in reports:
                self.columns.add(report)
            yield from self._tell(reports, people)
        yield from self._one_by_one([one for one in people.learners if one not in answered], people)
        # Told once and last: a later report may still widen a total or add a column, and a repeat would be a change.
        yield from paged(self.columns.news())
        # Without a learner the report shows no column, and nothing can be said of those that are known.
        whole = Outcome.COMPLETE if people.learners or not self._knows_columns() else Outcome.CHANGES
        if people.learners and not len(self.columns) and self._knows_columns():
            self.tally.note("Moodle shows no columns though there were some")
        cursor = Cursor(started, tuple(self.owed), skip, self.fallen)
        yield Page(cursor=cursor.text(), end=self.tally.end(whole), findings=self.tally.findings)

    def changes(self, cursor: Cursor, started: int) -> Iterator[Page]:
        """The grades of learners whom a change touched; everybody's when a change may touch anybody."""
        found = changes_of(self.site, self.scope, self.task, cursor)
        touched = found.learners | set(cursor.todo)
        if found.touches_everybody:
            yield from self.full(started, found.listed_skip)
            return
        if touched:
            people = roster(self.site, self.course_id)
            # Moodle answers for people who are no longer enrolled with empty grades: they keep what they had.
            touched &= people.learners.keys()
            if 2 * len(touched) > max(10, len(people.learners)):
                yield from self.full(started, found.listed_skip)
                return
            self.tally.expected = len(touched)
            known_columns = set(self.task.known.rows("grade_item", self.scope.key, ()))
            yield from self._one_by_one(sorted(touched), people, changes=True)
            yield from paged(one for one in self.columns.news() if one.key not in known_columns)
        new = Cursor(started, tuple(self.owed), found.listed_skip, self.fallen)
        yield Page(cursor=new.text(), end=self.tally.end(Outcome.CHANGES), findings=self.tally.findings)

    def _whole_course(self, people: Roster) -> list[wire.UserGrades]:
        """The whole-course answer; empty when it is too much for Moodle or one value in it is unclean."""
        reports: list[wire.UserGrades] = []
        for _ in range(2):  # a second time if grades are pending: asking makes Moodle regrade
            try:
                answer = self.site.client.call(
                    FUNCTION, {"courseid": self.course_id}, answer=wire.GradeReport, repeat_timeouts=False
                )
            except (SourceTimeout, SourceAnswerInvalid):
                break
            reports = [report for report in answer.usergrades if report.userid not in people.others]
            if not any(is_pending(report) for report in reports):
                break
        return reports

    def _one_by_one(self, learners: list[int], people: Roster, changes: bool = False) -> Iterator[Page]:
        waiting: list[wire.UserGrades] = []
        failures: list[SourceError] = []
        for learner, answer in zip(learners, self.site.client.each(self._ask_twice, learners), strict=False):
            if isinstance(answer, wire.UserGrades):
                waiting.append(answer)
            elif is_deleted(answer):
                self.tally.received += 1  # deleted since the list was read: nothing more is to be had
            else:
                failures.append(answer)
                self.owed.add(learner)
            if len(failures) >= REFUSALS_IN_A_ROW and not waiting and not self.tally.received:
                self.owed.update(learners)
                break
            if len(waiting) >= 25:
                yield from self._tell(waiting, people, changes)
                waiting = []
        yield from self._tell(waiting, people, changes)
        if failures:
            if not self.tally.received and isinstance(failures[0], SourceRefused):
                raise failures[0]
            self.tally.note(f"{len(self.owed)} learners cannot be read: {failures[0]}")

    def _ask_twice(self, learner: int) -> wire.UserGrades | SourceError:
        answer = self._ask(learner)
        return self._ask(learner) if isinstance(answer, wire.UserGrades) and is_pending(answer) else answer

    def _ask(self, learner: int) -> wire.UserGrades | SourceError:
        params = {"courseid": self.course_id, "userid": learner}
        try:
            answer = self.site.client.call(FUNCTION, params, answer=wire.GradeReport)
        except (SourceRefused, SourceAnswerInvalid) as error:
            return error
        for report in answer.usergrades:
            if report.userid == learner:
                return report
        return SourceAnswerInvalid("Moodle's user report is empty for a learner who is enrolled; read the course again")

    def _tell(self, reports: Iterable[wire.UserGrades], people: Roster, changes: bool = False) -> Iterator[Page]:
        """The pages of these reports, counted."""
        reports = list(reports)
        strangers = 0
        for report in reports:
            self.columns.add(report)
            if report.userid in people.learners:
                self.tally.received += 1
            else:
                strangers += 1
            if is_pending(report):
                self.owed.add(report.userid)
                self.tally.note("Moodle has not finished regrading the course; open its gradebook once")
        if strangers:
            self.tally.note(
                "the gradebook shows learners whom the list of participants hides; "
                "grant moodle/user:viewdetails and moodle/site:accessallgroups"
            )
        yield from paged(grade_records(self.columns, reports))
        if changes and (absent := [("grade_entry", key) for key in empty_keys(reports)]):
            yield Page(absent=absent)

    def _knows_columns(self) -> bool:
        return bool(self.task.known.rows("grade_item", self.scope.key, ()))
