"""The stream `actions` without a log: what Moodle's core tells of one course, as actions.

Owns submissions, completed activities and last accesses; attempts, grades and enrolments are concluded by lms-sync
from their records. Each is told when its source is at hand, so that a course where nothing happened costs no request
of its own:

* submissions when the list of changes, which the other streams ask for too, names some;
* completed activities in full readings only, since no list names them: of so many learners, the rest in the next runs;
* last accesses when the list of participants was read in this run, and in full readings.

Functions that the service does not have are done without: their actions stay unknown, and one finding says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lms_sync.connector import Event, Events, Finding, Level, Mode, Outcome, Page, ReadTask, Scope
from lms_sync.errors import SourceAnswerInvalid, SourceError, SourceGone, SourceRefused
from lms_sync.records import ActionCode, Rung
from lms_sync_moodle import wire
from lms_sync_moodle.changes import plan
from lms_sync_moodle.cursor import Cursor
from lms_sync_moodle.enrolled import Roster, roster
from lms_sync_moodle.pages import Tally, refused
from lms_sync_moodle.quiz_attempts import UPDATES
from lms_sync_moodle.refusals import SERVICES_PAGE, missing_rights
from lms_sync_moodle.site import MoodleSite, course_of

ASSIGNMENTS = "mod_assign_get_assignments"
SUBMISSIONS = "mod_assign_get_submissions"
COMPLETION = "core_completion_get_activities_completion_status"
OPTIONAL = (ASSIGNMENTS, SUBMISSIONS, COMPLETION)
"""Functions whose actions are done without where the service does not have them."""

SUBJECT = "action journal"
SUBMISSIONS_CHANGED = "usersubmissions"
SUBMITTED = "submitted"
COMPLETED = frozenset({1, 2, 3, 4})
"""States of an activity that is done: as such, passed, failed, failed with the grade hidden (`COMPLETION_…`)."""

PAGE_EVENTS = 5000
"""Events a page."""


def read_derived(site: MoodleSite, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """What can be concluded about the course: everything that is known now, or what is new since the cursor."""
    started = site.started()
    try:
        course = site.course(course_of(scope))
        mode, cursor, findings = plan(site, task, scope)
        if cursor and task.mode is Mode.CHANGES:
            mode = Mode.CHANGES  # also without the list of changes: each assignment can be asked since when
        reading = _CourseReading(site, course, cursor, whole=mode is Mode.FULL)
        reading.tally.findings += findings
        yield from reading.pages(started)
    except SourceRefused as error:
        yield refused(error)


class _CourseReading:
    def __init__(self, site: MoodleSite, course: wire.Course, cursor: Cursor | None, *, whole: bool) -> None:
        self._site = site
        self._course = course
        self._whole = whole
        self._since = 0 if whole or cursor is None else max(0, cursor.since - site.options.overlap)
        self._owed = list(cursor.todo) if cursor else []
        """Learners whose completed activities are still to be asked for."""
        self.tally = Tally()

    def pages(self, started: int) -> Iterator[Page]:
        """Everything in pages; the last one says how far it can be trusted."""
        if self._whole:
            self._tell_what_is_missing()
        events = self._events()
        while batch := list(islice(events, PAGE_EVENTS)):
            self.tally.received += len(batch)
            yield Page(events=Events(batch, Rung.DERIVED))
        yield Page(
            events=Events((), Rung.DERIVED),
            cursor=Cursor(started, tuple(self._owed)).text(),
            end=self.tally.end(Outcome.COMPLETE if self._whole else Outcome.CHANGES),
            findings=self.tally.findings,
        )

    def _events(self) -> Iterator[Event]:
        yield from self._submissions()
        yield from self._completions()
        yield from self._accesses()

    def _submissions(self) -> Iterator[Event]:
        touched = self._touched()
        if touched is not None and not touched:
            return
        assignments = [one for one in self._assignments() if touched is None or one.cmid in touched]
        answers = self._site.client.each(self._submitted, assignments)
        for assignment, answer in zip(assignments, answers, strict=True):
            if isinstance(answer, SourceRefused):
                self._do_without("submissions", str(answer))
            elif isinstance(answer, SourceError):
                self.tally.note(f"some submissions cannot be read: {answer}")
            else:
                for one in answer:
                    if one.userid and one.timemodified > 0:
                        yield self._submission(assignment, one)

    def _touched(self) -> set[int] | None:
        """The course modules with a new submission; None when Moodle does not tell: it may be any."""
        if not self._site.client.offers(UPDATES):
            return None
        updates = self._site.updates(self._course.id, self._since).instances
        return {one.id for one in updates if any(update.name == SUBMISSIONS_CHANGED for update in one.updates)}

    def _assignments(self) -> list[wire.Assignment]:
        client = self._site.client
        if not (client.offers(ASSIGNMENTS) and client.offers(SUBMISSIONS)):
            return []
        params = {"courseids": [self._course.id], "includenotenrolledcourses": True}
        try:
            answer = client.call(ASSIGNMENTS, params, answer=wire.Assignments)
        except SourceAnswerInvalid as error:
            self.tally.note(f"the course's assignments cannot be read: {error}")
            return []
        except SourceRefused as error:
            self._do_without("submissions", str(error))
            return []
        if answer.warnings:
            self._do_without("submissions", f"Moodle leaves assignments out; {missing_rights(ASSIGNMENTS)}.")
        return [one for course in answer.courses for one in course.assignments]

    def _submitted(self, assignment: wire.Assignment) -> list[wire.Submission] | SourceError:
        """What was handed in to one assignment. One at a time: Moodle sends the texts along, whoever needs them."""
        params = {"assignmentids": [assignment.id], "status": SUBMITTED, "since": self._since}
        try:
            answer = self._site.client.call(SUBMISSIONS, params, answer=wire.Submissions)
        except (SourceRefused, SourceAnswerInvalid) as error:
            return error
        if not answer.assignments:
            return SourceRefused(f"Moodle leaves assignments out; {missing_rights(SUBMISSIONS)}.")
        return [one for told in answer.assignments for one in told.submissions]

    def _completions(self) -> Iterator[Event]:
        """Activities that learners have completed, some learners a run: those first who had to wait last time."""
        limit = self._site.options.completion_limit
        if not self._site.client.offers(COMPLETION) or self._course.enablecompletion is False or not limit:
            self._owed = []
            return
        learners = self._roster().learners if self._whole else {}
        waiting = list(dict.fromkeys([*self._owed, *sorted(learners)]))
        asked, self._owed = waiting[:limit], waiting[limit:]
        answers = self._site.client.each(self._statuses, asked)
        for learner, answer in zip(asked, answers, strict=False):
            if isinstance(answer, SourceGone):
                continue  # the person was deleted
            if isinstance(answer, SourceRefused):
                self._do_without("completed activities", str(answer))
                self._owed = []
                return
            if isinstance(answer, SourceError):
                self.tally.note(f"some completed activities cannot be read: {answer}")
                continue
            for status in answer:
                if status.state in COMPLETED and status.timecompleted:
                    yield self._completion(learner, status.cmid, status.timecompleted)

    def _statuses(self, learner: int) -> list[wire.ActivityStatus] | SourceError:
        params = {"courseid": self._course.id, "userid": learner}
        try:
            return self._site.client.call(COMPLETION, params, answer=wire.ActivityStatuses).statuses
        except (SourceRefused, SourceAnswerInvalid) as error:
            return error

    def _accesses(self) -> Iterator[Event]:
        """When learners last entered the course, if the list of participants is at hand."""
        people = self._roster() if self._whole else self._site.recall("roster", self._course.id)
        if not isinstance(people, Roster):
            return
        if self._whole and people.learners and not people.accesses:
            self._do_without("last accesses", "Moodle shows the field “Last access” to administrators only.")
        for learner, time in people.accesses.items():
            if time > 0:
                yield self._access(learner, time)

    def _roster(self) -> Roster:
        return roster(self._site, self._course.id)

    def _submission(self, assignment: wire.Assignment, submission: wire.Submission) -> Event:
        """Handing in where marking is blind is anonymous, as in Moodle's own log (`mod_assign\\event\\base`)."""
        return Event(
            id=f"submission/{submission.id}/{submission.timemodified}",
            time=submission.timemodified,
            name=ActionCode.SUBMITTED.value,
            person=submission.userid,
            course=self._course.id,
            activity=assignment.cmid,
            object_type="submission",
            object_id=submission.id,
            anonymous=assignment.blindmarking,
        )

    def _completion(self, learner: int, activity: int, time: int) -> Event:
        return Event(
            id=f"completion/{activity}/{learner}/{time}",
            time=time,
            name=ActionCode.ACTIVITY_COMPLETED.value,
            person=learner,
            course=self._course.id,
            activity=activity,
            object_type="activity",
            object_id=activity,
        )

    def _access(self, learner: int, time: int) -> Event:
        return Event(
            id=f"access/{self._course.id}/{learner}/{time}",
            time=time,
            name=ActionCode.COURSE_VIEWED.value,
            person=learner,
            course=self._course.id,
            object_type="course",
            object_id=self._course.id,
        )

    def _tell_what_is_missing(self) -> None:
        missing = [function for function in OPTIONAL if not self._site.client.offers(function)]
        if missing and self._is_first_to_tell("missing functions"):
            message = f"the token's service has no {', '.join(missing)}, so that the journal lacks what they tell"
            remedy = f"add them to the service on {SERVICES_PAGE}, or install the companion plugin"
            self.tally.findings.append(Finding(Level.NOTICE, SUBJECT, message, remedy))

    def _do_without(self, what: str, reason: str) -> None:
        """Some actions stay unknown; said once a run, and no reason to distrust the others."""
        if self._is_first_to_tell(what):
            message = f"the journal lacks {what} of at least one course: {reason}"
            self.tally.findings.append(Finding(Level.NOTICE, SUBJECT, message))

    def _is_first_to_tell(self, what: str) -> bool:
        return self._site.once(f"journal without {what}", 0, lambda: self._course.id) == self._course.id
