"""The stream `grades` on the companion rung: whole, or the grades that the feeds tell, with who gave them.

Owns when a gradebook must be read whole although only changes were asked for: when a column changed (all its grades may
mean something else), and when it matters that somebody began or ceased to learn. Must not know what a grade means.

As on the core rung, grades are those of people who learn in the course: of others Moodle's report says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from lms_sync.connector import Finding, Level, Mode, Outcome, Page, ReadTask, Scope, SourceRecord
from lms_sync.errors import SourceAnswerInvalid, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.companion import Companion
from lms_sync_moodle.companion_courses import course_facts
from lms_sync_moodle.companion_cursor import CompanionCursor
from lms_sync_moodle.companion_gradebook import (
    Column,
    CourseFacts,
    Grade,
    empty_grade,
    grade_record,
    grades_of,
    holds_anything,
    items_of,
    wakes,
)
from lms_sync_moodle.companion_people import learners_of_course, places
from lms_sync_moodle.companion_plan import CompanionPlan, by_id, earliest, new_feeds, plan, whole
from lms_sync_moodle.feed import EVERYWHERE, Feed, Key, Share
from lms_sync_moodle.grades import FUNCTION as REPORT
from lms_sync_moodle.pages import Tally, paged, refused
from lms_sync_moodle.site import MoodleSite, course_of

STREAMS = ("grades", "grade_items", "enrolments")


def read_grades(site: MoodleSite, companion: Companion, scope: Scope, task: ReadTask) -> Iterator[Page]:
    """The course's columns and grades: all of them, or what the feeds tell."""
    tally = Tally()
    try:
        site.course(course_of(scope))
        chosen = plan(site, companion, scope, task, STREAMS)
        tally.findings += chosen.findings
        reading = _Reading(site, companion, scope, task, chosen, tally)
        if chosen.mode is Mode.CHANGES and chosen.cursor is not None and reading.changes_suffice(chosen.cursor):
            yield from reading.changes(chosen.cursor)
        else:
            yield from reading.full()
    except SourceRefused as error:
        yield refused(error, tally.received, tally.expected)


@dataclass(frozen=True)
class _Surroundings:
    """What is to be known of the grades that a feed tells: who of their people learns, and their columns."""

    learners: dict[int, set[int]]
    """By course."""
    columns: dict[int, Column]


@dataclass
class _Reading:
    site: MoodleSite
    companion: Companion
    scope: Scope
    task: ReadTask
    chosen: CompanionPlan
    tally: Tally

    def __post_init__(self) -> None:
        self.course_id = course_of(self.scope)
        self.now = self.site.client.now()
        self.wake: int | None = None
        self.others: set[int] = set()

    # --- whole --------------------------------------------------------------------------------------------------------

    def full(self) -> Iterator[Page]:
        """Everything. Raises SourceRefused."""
        self._have_computed()
        learners = learners_of_course(self.site, self.companion, self.course_id, self.tally)
        columns = self._columns()
        shut = {item_id for item_id, column in columns.items() if column.is_shut(self.now)}
        untold = {(item_id, learner) for item_id in shut for learner in learners}
        for page in whole(self.companion, "grades", self.course_id, by_id, self.tally):
            grades = [grade for grade in grades_of(page.columns, page.rows) if grade.itemid in columns]
            untold -= {(grade.itemid, grade.userid) for grade in grades}
            yield from paged(self._told(grades, columns, learners))
        empty = (empty_grade(columns[item_id], learner) for item_id, learner in sorted(untold))
        yield from paged(grade_record(grade, columns[grade.itemid], self.now) for grade in empty)
        yield from paged(column.record(len(learners)) for column in columns.values())
        self.wake = earliest(self.wake, *(wakes(column.item.hidden, self.now) for column in columns.values()))
        yield self._end(Outcome.COMPLETE, shut)

    def _columns(self) -> dict[int, Column]:
        facts = course_facts(self.site, self.companion).get(self.course_id, CourseFacts())
        pages = whole(self.companion, "grade_items", self.course_id, by_id, self.tally)
        items = [item for page in pages for item in items_of(page.columns, page.rows)]
        return {item.id: Column.of(item, facts) for item in sorted(items, key=lambda one: one.position)}

    def _told(
        self, grades: list[Grade], columns: dict[int, Column], learners: Collection[int]
    ) -> Iterator[SourceRecord]:
        """The records of the learners' grades that hold anything. Grades of others are remembered as left out."""
        for grade in grades:
            column = columns[grade.itemid]
            if grade.userid in learners and grade.finalgrade is not None:
                column.widen(*column.bounds(grade))
            if not holds_anything(grade, column, self.now):
                continue
            if grade.userid not in learners:
                self.others.add(grade.userid)
                continue
            self.wake = earliest(self.wake, wakes(grade.hidden, self.now))
            yield grade_record(grade, column, self.now)

    def _have_computed(self) -> None:
        """Moodle computes grades when somebody looks: where some are due, its own report is asked for, once a run."""
        if self.course_id in self.companion.handshake.grades_pending:
            self.site.once("grades pending", self.course_id, self._ask_report)

    def _ask_report(self) -> None:
        subject, remedy = self.scope.label or self.scope.key, "if the next pull says so again, open its gradebook once"
        message = "grades of the course wait for Moodle to compute them"
        self.tally.findings.append(Finding(Level.NOTICE, subject, message, remedy))
        learners = self.task.known.rows("enrolment", self.scope.key, ("learner", "is_learner")).values()
        learner = next((int(learner) for learner, is_learner in learners if is_learner), None)
        if learner is not None and self.site.client.offers(REPORT):
            with suppress(SourceRefused, SourceAnswerInvalid):  # the finding says what to do
                self.site.client.call(REPORT, {"courseid": self.course_id, "userid": learner}, answer=wire.GradeReport)

    # --- changes ------------------------------------------------------------------------------------------------------

    def changes_suffice(self, cursor: CompanionCursor) -> bool:
        """Whether reading what the feeds tell brings everything that follows from it."""
        if self.chosen.share("grade_items", self.course_id).told:
            return False
        if any(item_id in cursor.shut for item_id, _ in self.chosen.share("grades", self.course_id).gone):
            return False
        enrolments = self.chosen.feeds["enrolments"]
        changed = places(self.site, enrolments.columns, self._enrolments.rows)
        learners = {place.person for place in changed if place.is_learner}
        if learners & set(cursor.others):
            return False
        wanted = {f"{item_id}/{learner}" for item_id in cursor.shut for learner in learners}
        return not wanted or wanted <= self.task.known.rows("grade_entry", self.scope.key, ()).keys()

    def changes(self, cursor: CompanionCursor) -> Iterator[Page]:
        """The grades that the feed tells, and those of people who ceased to learn there. Raises SourceRefused."""
        self._have_computed()
        feed = self.chosen.feeds["grades"]
        share = feed.share(self.course_id)
        around = self._surroundings(feed)
        self.wake, self.others = cursor.wake, set(cursor.others)
        learners = around.learners.get(self.course_id, set())
        grades = [grade for grade in grades_of(feed.columns, share.rows) if grade.itemid in around.columns]
        records = list(self._told(grades, around.columns, learners))
        told = {record.key for record in records}
        emptied = {f"{grade.itemid}/{grade.userid}" for grade in grades} - told
        absent = emptied | {f"{item}/{person}" for item, person in share.gone} | self._of_leavers() | self._strays(feed)
        feed.drop(self.course_id)
        self.tally.expected = self.tally.received = len(records)
        yield from paged(records)
        yield from paged(self._rebounded(told, absent - told, around.columns))
        yield self._end(Outcome.CHANGES, set(cursor.shut), absent - told)

    @property
    def _enrolments(self) -> Share:
        return self.chosen.share("enrolments", self.course_id)

    def _surroundings(self, feed: Feed) -> _Surroundings:
        return self.site.once(f"grades since {feed.since}", EVERYWHERE, lambda: self._look_around(feed))

    def _look_around(self, feed: Feed) -> _Surroundings:
        """Asks for the columns and the people of all grades that the feed tells, in all courses together."""
        gone = {item_id for share in feed.shares().values() for item_id, _ in share.gone}
        grades = [grade for share in feed.shares().values() for grade in grades_of(feed.columns, share.rows)]
        pairs = sorted({(grade.courseid, grade.userid) for grade in grades})
        learners: dict[int, set[int]] = {}
        for page in self.companion.rows("enrolments", pairs):
            for place in places(self.site, page.columns, page.rows):
                if place.is_learner:
                    learners.setdefault(place.course, set()).add(place.person)
        item_ids = gone | {grade.itemid for grade in grades}
        facts = course_facts(self.site, self.companion) if item_ids else {}
        columns = {
            item.id: Column.of(item, facts.get(item.courseid, CourseFacts()))
            for page in self.companion.rows("grade_items", sorted(item_ids))
            for item in items_of(page.columns, page.rows)
        }
        return _Surroundings(learners, columns)

    def _of_leavers(self) -> set[str]:
        """The known grades of people who do not learn in the course any more. They are remembered: should they learn
        again, no feed would tell their grades."""
        feed = self.chosen.feeds["enrolments"]
        leavers: set[Key] = {person for _, person in self._enrolments.gone}
        leavers |= {
            place.person for place in places(self.site, feed.columns, self._enrolments.rows) if not place.is_learner
        }
        if not leavers:
            return set()
        entries = self.task.known.rows("grade_entry", self.scope.key, ("learner",))
        left = {key: int(learner) for key, (learner,) in entries.items() if int(learner) in leavers}
        self.others |= set(left.values())
        return set(left)

    def _strays(self, feed: Feed) -> set[str]:
        """Grades that are gone together with their column: nobody can say any more in which course they were."""
        gone = {f"{item}/{person}" for item, person in feed.share(EVERYWHERE).gone}
        return gone & self.task.known.rows("grade_entry", self.scope.key, ()).keys() if gone else set()

    def _rebounded(self, told: set[str], absent: set[str], columns: dict[int, Column]) -> Iterator[SourceRecord]:
        """Totals whose bounds are others now, after these grades were told and those are gone.

        The records that were told are known by now; what is absent is let go of only at the end.
        """
        touched = {int(key.partition("/")[0]) for key in told | absent}
        own = {str(one): columns[one].unused() for one in touched & columns.keys() if columns[one].item.own_bounds}
        if not own:
            return
        rows, scope = self.task.known.rows, self.scope.key
        entries = rows("grade_entry", scope, ("grade_item", "raw", "minimum", "maximum"))
        for key, (item_id, raw, low, high) in entries.items():
            if item_id in own and raw is not None and key not in absent:
                own[item_id].widen(low, high)
        learners = sum(bool(is_learner) for (is_learner,) in rows("enrolment", scope, ("is_learner",)).values())
        known = rows("grade_item", scope, ("minimum", "maximum"))
        for item_id, column in own.items():
            record = column.record(learners)
            if item_id in known and known[item_id] != (record.fields["grademin"], record.fields["grademax"]):
                yield record

    def _end(self, outcome: Outcome, shut: set[int], absent: set[str] | None = None) -> Page:
        feeds = new_feeds(self.companion, self.chosen, STREAMS)
        cursor = CompanionCursor(feeds, self.wake, tuple(self.others), tuple(shut)).text() if feeds else None
        gone = [("grade_entry", key) for key in sorted(absent or ())]
        return Page(absent=gone, cursor=cursor, end=self.tally.end(outcome), findings=self.tally.findings)
