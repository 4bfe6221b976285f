"""Rows of Moodle's activity log as events, less what lms-sync keeps to itself.

Owns which column becomes what, and which rows are left out and counted. Must not make requests. There are millions of
rows, so a page is treated as a whole: nothing here is looked up or decided for a single row.
"""

from __future__ import annotations

from dataclasses import dataclass

from lms_sync.connector import Event
from lms_sync.errors import SourceAnswerInvalid
from lms_sync_moodle.companion_wire import FeedPage, picker
from lms_sync_moodle.site import FRONT_PAGE

MODULE_CONTEXT = 70
"""`CONTEXT_MODULE` of Moodle: the instance of such a context is a course module, that is, an activity."""

COLUMNS = (
    "id", "timecreated", "eventname", "userid", "relateduserid", "realuserid", "courseid", "contextlevel",
    "contextinstanceid", "objecttable", "objectid", "crud", "ip", "origin", "anonymous", "other",
)  # fmt: skip
"""The columns of the standard log store that are read."""

_OUTSIDE_OF_COURSES = frozenset({None, 0, FRONT_PAGE})


@dataclass(frozen=True)
class CourseChoice:
    """Which courses' rows are kept. `others`: also those of courses that Moodle no longer lists, except `excluded`."""

    chosen: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()
    others: bool = True

    def keeps(self, course: int | None) -> bool:
        """Whether a row of this course is kept. What happens outside of courses always is."""
        return course in _OUTSIDE_OF_COURSES or course in self.chosen or (self.others and course not in self.excluded)


@dataclass(frozen=True)
class LogRows:
    """Makes events of rows. `account` is the id of the service account, whose web-service calls are our own polling."""

    account: int
    choice: CourseChoice

    def events(self, page: FeedPage) -> tuple[list[Event], dict[str, int]]:
        """The events of a page, in its order, and how many of its rows were left out, by reason.

        Raises SourceAnswerInvalid when the rows do not have the columns that are needed.
        """
        rows = page.rows
        if not rows:
            return [], _counted(withheld=page.withheld)
        if {len(row) for row in rows} != {len(page.columns)}:
            raise SourceAnswerInvalid(
                "The companion plugin's rows of the log do not fit their columns; install the plugin that belongs to "
                "this lms-sync."
            )
        pick = picker(page.columns, COLUMNS, "log")
        person, way, course = (page.columns.index(name) for name in ("userid", "origin", "courseid"))
        account, seen = self.account, len(rows)
        rows = [row for row in rows if row[person] != account or row[way] != "ws"]
        own_polling = seen - len(rows)
        foreign = {one for one in {row[course] for row in rows} if not self.choice.keeps(one)}
        if foreign:
            rows = [row for row in rows if row[course] not in foreign]
        other_courses = seen - own_polling - len(rows)
        events = [
            # Ids below 1 are nobody: -1 stands for Moodle itself (`USER_OTHER`), others for its senders of e-mail.
            Event(id_, time, name, by if by and by > 0 else None, about if about and about > 0 else None, real, of,
                  inside if level == MODULE_CONTEXT else None, table, object_, crud, ip, origin, anonymous, other)
            for id_, time, name, by, about, real, of, level, inside, table, object_, crud, ip, origin, anonymous, other
            in map(pick, rows)
        ]  # fmt: skip
        return events, _counted(own_polling=own_polling, other_courses=other_courses, withheld=page.withheld)


def _counted(**reasons: int) -> dict[str, int]:
    return {reason: count for reason, count in reasons.items() if count}
