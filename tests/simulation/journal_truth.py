"""What the action journal must hold, worked out from the world's log alone: nothing lost, doubled or made up.

An oracle: of `lms_sync` it knows the table's columns only. Which derived action is which event stands here again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from lms_sync.sandbox import Truth, World
from lms_sync.sandbox.truth import LogFacts, log_facts
from lms_sync.store.store import Store
from lms_sync.store.tables import action
from tests.simulation.worker import SOURCE

Row = Mapping[str, Any]
EVENTS = {
    "attempt_started": r"\mod_quiz\event\attempt_started",
    "attempt_finished": r"\mod_quiz\event\attempt_submitted",
    "submitted": r"\mod_assign\event\assessable_submitted",
    "graded": r"\core\event\user_graded",
    "enrolled": r"\core\event\user_enrolment_created",
    "unenrolled": r"\core\event\user_enrolment_deleted",
    "activity_completed": r"\core\event\course_module_completion_updated",
    "course_viewed": r"\core\event\course_viewed",
}
"""What lms-sync concludes by itself, and the event of Moodle that tells the same."""

EXACT = ("attempt_started", "attempt_finished", "submitted", "graded", "activity_completed")
"""What is concluded with the very second at which Moodle logs it."""


class Journal:
    """The journal of a store, to be compared with a world."""

    def __init__(self, store: Store, world: World) -> None:
        with store.reading() as connection:
            rows = connection.execute(select(action).where(action.c.source == SOURCE)).mappings().all()
        self._world = world
        self._told = [row for row in rows if row["rung"] == "log"]
        self._concluded = [row for row in rows if row["rung"] == "derived"]
        self._live = [row for row in self._concluded if row["superseded_by"] is None]
        self._strange = [row for row in rows if row["rung"] not in ("log", "derived")]

    def wrong(self) -> Iterator[str]:
        """What may never be: rows that are no row of the log, or say otherwise; marks that lead nowhere."""
        yield from (f"{row['key']}: a row of no rung" for row in self._strange)
        there = {_key(row): row for row in map(log_facts, self._ever())}
        own = self._world.account.userid
        for row in self._told:
            true = there.get(row["key"])
            if true is None:
                yield f"{row['key']}: the journal has what no log ever had"
            elif true.userid == own and true.origin == "ws":
                yield f"{row['key']}: the journal has lms-sync's own request"
            else:
                yield from _otherwise(row, true)
        known = {row["key"] for row in self._told}
        yield from (
            f"{row['key']} is marked as told by {row['superseded_by']}, which is no row of the log"
            for row in self._concluded
            if row["superseded_by"] is not None and row["superseded_by"] not in known
        )

    def lost(self, truth: Truth) -> Iterator[str]:
        """Rows of the log that the journal has not exactly once."""
        counted = Counter(row["key"] for row in self._told)
        for row in truth.log:
            if counted[_key(row)] != 1:
                yield f"{row.eventname} {_key(row)} stands in the journal {counted[_key(row)]} times"

    def doubled(self) -> Iterator[str]:
        """Concluded actions that count although the log tells them too, at the same second."""
        told = {(row["event"], row["learner"], row["object_id"], row["occurred_at"]) for row in self._told}
        for row in self._live:
            same = (EVENTS[row["action"]], row["learner"], row["object_id"], row["occurred_at"])
            if row["action"] in EXACT and same in told:
                yield f"{row['key']} counts, and the log tells it too"

    def untold(self, truth: Truth) -> Iterator[str]:
        """Attempts of the world whose beginning and end do not count exactly once, whichever rung tells them."""
        counted = Counter(
            (row["action"], row["learner"], row["object_id"])
            for row in (*self._told, *self._live)
            if row["action"] in ("attempt_started", "attempt_finished")
        )
        for key, attempt in truth.attempts.items():
            for code, happened in (("attempt_started", True), ("attempt_finished", attempt.state == "finished")):
                count = counted[code, str(attempt.user), str(key)]
                if count != happened:
                    yield f"{code} of attempt {key}, learner {attempt.user}, counts {count} times"

    @property
    def counts(self) -> dict[str, int]:
        """How much there is, for the story."""
        return {"told": len(self._told), "concluded": len(self._concluded), "of these count": len(self._live)}

    def _ever(self) -> Iterator[Any]:
        yield from self._world.log.rows(self._world.now)
        yield from self._world.log.forgotten


def _key(row: LogFacts) -> str:
    return f"{row.id}@{row.time}"


def _otherwise(row: Row, true: LogFacts) -> Iterator[str]:
    """Where a row of the journal and the row of the log differ. Nobody is named in an anonymous one."""
    persons = _persons(true)
    told: dict[str, Any] = defaultdict(
        str,
        event=true.eventname,
        course=_text(true.courseid),
        activity=_text(true.cmid),
        learner="" if true.anonymous else persons["learner"],
        impersonator="" if true.anonymous else _text(true.realuserid),
        origin=true.origin,
    )
    for name, value in told.items():
        if row[name] != value:
            yield f"{row['key']}: {name} is {row[name]!r} in the journal, {value!r} in the log"
    actor = row["learner"] if row["actor"] is None else row["actor"]
    if actor != ("" if true.anonymous else persons["actor"]):
        yield f"{row['key']}: done by {actor!r} in the journal, {persons['actor']!r} in the log"
    if int(row["occurred_at"].timestamp()) != true.time:
        yield f"{row['key']}: another time in the journal"


def _persons(true: LogFacts) -> dict[str, str]:
    """Whom an event concerns, and who did it; ids below 1 are nobody."""
    actor, about = _text(true.userid), _text(true.relateduserid)
    return {"learner": about or actor, "actor": actor}


def _text(identity: int | None) -> str:
    return str(identity) if identity and identity > 0 else ""
