"""The installed plugin: settings, rights, pointers to what changed, marks and scheduled tasks.

What a pointer or a mark means, and the rule against rows that are committed late, stands in docs/companion.md.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lms_sync.sandbox.companion import observer
from lms_sync.sandbox.companion.documents import Documents

if TYPE_CHECKING:
    from lms_sync.sandbox.happenings import Happening
    from lms_sync.sandbox.state import WorldState

MINUTE, HOUR, DAY = 60, 3600, 86_400
#: Rows of objects (not of the log) in an answer at most.
MAX_OBJECTS = 5000

FUNCTIONS = tuple(
    f"local_lmssync_{name}"
    for name in ("handshake", "changes", "keys", "rows", "upsert_documents", "revoke_documents", "get_documents")
)
READ, WRITE_DOCUMENTS = "local/lmssync:read", "local/lmssync:writedocuments"
SEE_ANONYMOUS = "moodle/site:viewanonymousevents"


class Pointer(NamedTuple):
    """Where to look for a change: a row of the plugin's own table. Without object and person: reconcile the course."""

    id: int
    stream: str
    objectid: int
    parentid: int
    courseid: int
    userid: int
    time: int


@dataclass
class Mark:
    """The newest ids of the tables that the feed reads, as of an instant; 0 where a table is empty."""

    nonce: str
    time: int
    positions: dict[str, int]
    open_until: int  # when the last transaction ended that was open at the mark
    kept: bool = False


@dataclass
class Companion:
    """The plugin of one site. Settings and rights may be changed at any time."""

    world: WorldState = field(repr=False)
    lag: int = 60  # seconds
    max_rows: int = 20_000
    retention: int = 90 * DAY  # seconds
    profile_fields: tuple[str, ...] | None = None
    capabilities: set[str] = field(default_factory=lambda: {READ, WRITE_DOCUMENTS})
    version: str = "2026112203"
    release: str = "1.2.0"

    def __post_init__(self) -> None:
        self.pointers: list[Pointer] = []
        self.documents = Documents(self.world)
        self._marks: list[Mark] = []
        self._changed_quizzes: dict[int, tuple[int, int]] = {}  # quiz -> (when the task runs, course)
        self._told_minute = self.world.now // MINUTE
        self._last_pointer = 0

    @property
    def sees_anonymous(self) -> bool:
        """Whether the account is told of anonymous events."""
        return SEE_ANONYMOUS in self.capabilities

    # -- pointers

    def observe(self, event: Happening) -> None:
        """Moodle tells an event, within the change that it is of."""
        observer.observe(self, event)

    def point(self, stream: str, objectid: int, parentid: int = 0, courseid: int = 0, userid: int = 0) -> None:
        """Write a pointer."""
        self._last_pointer += 1
        self.pointers.append(Pointer(self._last_pointer, stream, objectid, parentid, courseid, userid, self.world.now))

    def touch_quiz(self, quiz: int, course: int) -> None:
        """Have all attempts at a quiz pointed at two minutes later, unless that waits already."""
        self._changed_quizzes.setdefault(quiz, (self.world.now + 2 * MINUTE, course))

    # -- scheduled tasks

    def run_tasks(self) -> None:
        """Catch up on what ran every minute since the last time: nothing else has changed meanwhile."""
        minute = self.world.now // MINUTE
        if minute < self._told_minute:
            self._told_minute = minute
        newest = range(max(self._told_minute + 1, minute - self.lag // MINUTE - 1), minute + 1)
        for one in newest:
            self._point_at_attempts(one * MINUTE)
            self.take_mark(time=one * MINUTE)
        if minute // (DAY // MINUTE) > self._told_minute // (DAY // MINUTE):
            self.purge()
        self._told_minute = minute

    def _point_at_attempts(self, now: int) -> None:
        for quiz, (when, course) in list(self._changed_quizzes.items()):
            if when <= now:
                del self._changed_quizzes[quiz]
                self.point("assessments", quiz, 0, course)
                for attempt in self.world.quiz_attempts.get(quiz, {}).values():
                    if not attempt.preview:
                        self.point("attempts", attempt.id, quiz, course, attempt.user)

    def purge(self) -> None:
        """Drop pointers and marks older than the retention time, and marks that nobody holds after a day."""
        now = self.world.now
        self.pointers = [one for one in self.pointers if one.time >= now - self.retention] or self.pointers[-1:]
        self._marks = [one for one in self._marks if one.time >= now - (self.retention if one.kept else DAY)]

    # -- marks

    def take_mark(self, *, kept: bool = False, time: int | None = None) -> Mark:
        """Take a mark, now or as of an instant since which nothing has changed."""
        now, histories = self.world.now, self.world.histories
        when = now if time is None else time
        positions = {
            "logid": self.world.log.newest_id(when),
            "changeid": self._last_pointer,
            "gradeid": len(histories.grades),
            "itemid": len(histories.items),
            "categoryid": 0,
        }
        mark = Mark(secrets.token_hex(16), when, positions, self.world.log.open_until(when), kept)
        self._marks.append(mark)
        return mark

    def take_mark_if_due(self) -> None:
        """Take a mark unless there is a recent one."""
        recent = self.world.now - max(1, self.lag // 3)
        if not any(mark.time > recent for mark in reversed(self._marks[-5:])):
            self.take_mark()

    def settled(self) -> Mark | None:
        """The newest mark behind which nothing can appear any more; None when there is none yet."""
        before = self.world.now - self.lag
        for mark in sorted(self._marks, key=lambda one: one.time, reverse=True):  # nearly in order: this is fast
            ended = mark.open_until <= self.world.now or mark.time <= before - HOUR
            if mark.time <= before and ended:
                return mark
        return None

    def find_mark(self, nonce: str) -> Mark | None:
        """The mark of this name; None when this database never knew it, or has purged it."""
        return next((mark for mark in self._marks if mark.nonce == nonce), None)
