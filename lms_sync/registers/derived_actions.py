"""Which actions a record's version tells of, where the LMS gives no log. Pure.

Owns what is concluded from attempts, grades and enrolments, and when such an action is the same as one of the log's.
Only facts that a record states with their time become actions; who marked a grade is known where the LMS tells it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any
from zoneinfo import ZoneInfo

from lms_sync.mapping.events import utc_offset
from lms_sync.records import Action, ActionCode, Attempt, AttemptState, Enrolment, GradeEntry, Rung
from lms_sync.store.journal import JoinRule
from lms_sync.store.journal_facts import ChangedRow
from lms_sync.store.rows import Operation

TELLING_KINDS = (Attempt.kind, GradeEntry.kind, Enrolment.kind)
"""The kinds of record that actions are concluded from."""

NEAR = dt.timedelta(minutes=10)
"""How far the LMS's own time of an object may be from the log's time of the event that made it."""

ACCESS = dt.timedelta(minutes=2)
"""Moodle stamps a last access at most once a minute (`LASTACCESS_UPDATE_SECS`)."""

JOIN_RULES = (
    JoinRule(ActionCode.ATTEMPT_STARTED, same_object=True, before=NEAR, after=NEAR),
    # An attempt whose time ran out is finished as of that moment, and the log's row comes when cron gets to it.
    JoinRule(ActionCode.ATTEMPT_FINISHED, same_object=True, before=NEAR, after=dt.timedelta(days=7)),
    JoinRule(ActionCode.SUBMITTED, same_object=True, before=NEAR, after=NEAR),
    JoinRule(ActionCode.GRADED, same_object=True, before=NEAR, after=NEAR),
    # What is known of an enrolment without the log is when lms-sync first saw it: within the time between two pulls.
    JoinRule(ActionCode.ENROLLED, same_object=True, before=dt.timedelta(days=31), after=NEAR),
    JoinRule(ActionCode.UNENROLLED, same_object=True, before=dt.timedelta(days=31), after=NEAR),
    JoinRule(ActionCode.ACTIVITY_COMPLETED, same_object=True, before=NEAR, after=NEAR),
    JoinRule(ActionCode.COURSE_VIEWED, same_object=False, before=ACCESS, after=ACCESS, any_action=True),
)
"""When a derived action and one of the log are the same."""


class Concluding:
    """Concludes actions from ledger rows of one source.

    `totals` are the columns that the LMS computes by itself: nobody acts there. With `first_look`, enrolments were
    there before lms-sync looked for the first time, nobody knows since when, and they tell nothing.
    """

    def __init__(self, zone: ZoneInfo, totals: Set[str], *, first_look: bool) -> None:
        self._zone = zone
        self._totals = totals
        self._first_look = first_look
        self._of: dict[str, Callable[[ChangedRow, dict[str, Any]], Iterator[Action]]] = {
            Attempt.kind: self._attempt,
            GradeEntry.kind: self._grade,
            Enrolment.kind: self._enrolment,
        }

    def actions(self, row: ChangedRow) -> Iterator[Action]:
        """The actions that a version of a record tells of, with the same keys each time: repeats are harmless."""
        if row.payload is not None and row.kind in self._of:
            yield from self._of[row.kind](row, json.loads(row.payload))

    def _attempt(self, row: ChangedRow, attempt: dict[str, Any]) -> Iterator[Action]:
        if row.operation not in (Operation.PUT, Operation.RESTORE):
            return
        told = {ActionCode.ATTEMPT_STARTED: attempt.get("started_at")}
        if attempt.get("state") == AttemptState.FINISHED:
            told[ActionCode.ATTEMPT_FINISHED] = attempt.get("finished_at")
        for code, instant in told.items():
            if instant:
                yield self._action(row, code, _epoch(instant), attempt, ("attempt", row.key), actor=None)

    def _grade(self, row: ChangedRow, grade: dict[str, Any]) -> Iterator[Action]:
        marked = grade.get("raw") is not None and grade.get("graded_at")
        if row.operation not in (Operation.PUT, Operation.RESTORE) or not marked:
            return
        item = grade["grade_item"]
        if item not in self._totals:
            by = grade.get("graded_by") or ""
            actor = None if by == grade["learner"] else by
            yield self._action(row, ActionCode.GRADED, _epoch(marked), grade, ("grade_item", item), actor=actor)

    def _enrolment(self, row: ChangedRow, enrolment: dict[str, Any]) -> Iterator[Action]:
        came = row.operation is Operation.RESTORE or (row.operation is Operation.PUT and row.version == 1)
        left = row.operation is Operation.RETIRE
        if not enrolment.get("is_learner") or not (left or (came and not self._first_look)):
            return
        code = ActionCode.UNENROLLED if left else ActionCode.ENROLLED
        seen = int(row.observed_at.timestamp())
        yield self._action(row, code, seen, enrolment, ("course", enrolment["course"]), actor="")

    def _action(
        self,
        row: ChangedRow,
        code: ActionCode,
        occurred_at: int,
        record: Mapping[str, Any],
        of: tuple[str, str],
        *,
        actor: str | None,
    ) -> Action:
        return Action(
            key=f"derived/{row.kind}/{row.key}/{code}@{occurred_at}",
            occurred_at=occurred_at,
            utc_offset=utc_offset(occurred_at, self._zone),
            learner=record["learner"],
            actor=actor,
            impersonator="",
            action=code.value,
            event="",
            course=record["course"],
            activity="",
            object_type=of[0],
            object_id=of[1],
            crud="",
            address="",
            origin="",
            anonymous=False,
            rung=Rung.DERIVED.value,
        )


def _epoch(instant: str) -> int:
    return int(dt.datetime.fromisoformat(instant).timestamp())
