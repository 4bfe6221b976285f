"""One entry of the action journal (журнал действий): form F8, a bulk record.

Unlike the other records an action is a plain tuple: a site has millions of them, and they are kept by the page, not
one by one (docs/ledger.md). Only identifiers name people here; the network address is personal data all the same.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Rung(StrEnum):
    """How an action is known. The lower rung knows less, and says so in every row."""

    LOG = "log"  # the LMS's own log told it
    DERIVED = "derived"  # concluded from other records; only the fact and its time are known


class Action(NamedTuple):
    """Who did what, when and where.

    `learner` is whom it concerns: the person that the event is about if there is one, else the one who did it.
    Identifiers are the LMS's own, as text; an empty text means none. An anonymous event is kept without any person.
    """

    key: str  # unique within the source: `id@time` of a log row, `derived/…` of a derived one
    occurred_at: int  # epoch seconds, UTC
    utc_offset: int  # minutes by which the site's local time was ahead of UTC at that moment
    learner: str
    actor: str | None  # who did it; None: the learner; empty: nobody, the LMS itself, or nobody knows who
    impersonator: str  # who was logged in as the actor
    action: str  # a code of the mapping, or the event's own name where no rule knows it
    event: str  # the LMS's own name; empty when derived
    course: str
    activity: str  # the course module
    object_type: str
    object_id: str
    crud: str  # c, r, u or d
    address: str
    origin: str  # web, ws, cli, restore
    anonymous: bool
    rung: str  # a `Rung`


class ActionCode(StrEnum):
    """The codes that lms-sync itself must know, because it derives such actions; a mapping may have any others."""

    ATTEMPT_STARTED = "attempt_started"  # object: attempt, its id
    ATTEMPT_FINISHED = "attempt_finished"  # object: attempt, its id
    SUBMITTED = "submitted"  # object: submission, its id
    GRADED = "graded"  # object: grade_item, its id
    ENROLLED = "enrolled"  # object: course, its id
    UNENROLLED = "unenrolled"  # object: course, its id
    ACTIVITY_COMPLETED = "activity_completed"  # object: activity, the course module's id
    COURSE_VIEWED = "course_viewed"  # object: course, its id
