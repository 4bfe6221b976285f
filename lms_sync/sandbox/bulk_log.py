"""Log rows by the million that take no memory: each follows from its id alone. For benchmarks.

A mixture as on a busy site: views of courses and activities, logins, attempts, grades, a few of everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class _Shape(NamedTuple):
    """How one kind of row looks as JSON after its id: ``%(name)s`` stands for what differs from row to row."""

    eventname: str
    text: str


def _shape(eventname: str, table: str, crud: str, edulevel: int, level: int, other: str, origin: str = "web") -> _Shape:
    _, component, _, name = eventname.split("\\")
    written = eventname.replace("\\", "\\\\")
    target, _, action = name.rpartition("_")
    instance = {10: "0", 50: "%(course)d", 70: "%(activity)d"}[level]
    course = "0" if level == 10 else "%(course)d"
    related = "%(user)d" if "graded" in name or "attempt" in name else "null"
    user = "-1" if "graded" in name else "%(user)d"
    text = (
        f'"{written}","{component}","{action}","{target}",{table},{"null" if table == "null" else "%(object)d"},'
        f'"{crud}",{edulevel},{"1" if level == 10 else "%(context)d"},{level},{instance},{user},{course},{related},0,'
        f'{other},%(time)d,"{origin}","192.0.2.%(host)d",null,0]'
    )
    return _Shape(eventname, text)


_VIEW_COURSE = _shape(r"\core\event\course_viewed", "null", "r", 2, 50, "null")
_VIEW_PAGE = _shape(r"\mod_page\event\course_module_viewed", '"page"', "r", 2, 70, "null")
_VIEW_QUIZ = _shape(r"\mod_quiz\event\course_module_viewed", '"quiz"', "r", 2, 70, "null")
_VIEW_ATTEMPT = _shape(r"\mod_quiz\event\attempt_viewed", '"quiz_attempts"', "r", 2, 70, "null")
_START = _shape(r"\mod_quiz\event\attempt_started", '"quiz_attempts"', "c", 2, 70, "null")
_FINISH = _shape(r"\mod_quiz\event\attempt_submitted", '"quiz_attempts"', "u", 2, 70, "null")
_GRADED = _shape(r"\core\event\user_graded", '"grade_grades"', "u", 1, 50, r'"{\"itemid\":\"%(object)d\"}"')
_LOGIN = _shape(r"\core\event\user_loggedin", '"user"', "r", 0, 10, r'"{\"username\":\"student\"}"')
_UNKNOWN = _shape(r"\mod_hologram\event\scene_entered", '"hologram"', "r", 2, 70, "null")
#: The mixture: a row's shape is the one at its id, modulo the length.
_SHAPES = (
    [_VIEW_COURSE] * 14 + [_VIEW_PAGE] * 16 + [_VIEW_QUIZ] * 10 + [_VIEW_ATTEMPT] * 8 + [_START] * 4 + [_FINISH] * 4
    + [_GRADED] * 4 + [_LOGIN] * 3 + [_UNKNOWN]
)  # fmt: skip


@dataclass(frozen=True)
class BulkLog:
    """Rows with ids from ``first`` on, evenly spread in time between ``begin`` and ``end`` (epoch seconds)."""

    first: int
    count: int
    people: list[int]
    courses: list[int]
    begin: int
    end: int

    @property
    def last(self) -> int:
        """The highest id."""
        return self.first + self.count - 1

    def time(self, row: int) -> int:
        """When a row was written."""
        return self.begin + (row - self.first) * (self.end - self.begin) // self.count

    def between(self, after: int, bound: int) -> BulkRange:
        """The rows with ids above one and up to another."""
        return BulkRange(self, max(after + 1, self.first), min(bound, self.last))

    def first_since(self, since: int, count: int) -> list[tuple[int, int]]:
        """Time and id of the first rows from an instant on."""
        span = self.end - self.begin
        first = self.first + max(0, -(-(since - self.begin) * self.count // span))
        return [(self.time(row), row) for row in range(first, min(first + count, self.last + 1))]

    def texts(self, first: int, last: int) -> Iterator[str]:
        """The rows of a range as JSON lists, as the companion tells them."""
        people, courses, shapes = self.people, self.courses, _SHAPES
        span, count, begin, start = self.end - self.begin, self.count, self.begin, self.first
        for row in range(first, last + 1):
            user = people[row * 7 % len(people)]
            course = courses[row * 3 % len(courses)]
            values = {
                "user": user,
                "course": course,
                "context": 1000 + course,
                "activity": course * 10 + row % 7,
                "object": row // 3,
                "time": begin + (row - start) * span // count,
                "host": user % 250,
            }
            yield f"[{row}," + shapes[row * 11 % len(shapes)].text % values


@dataclass(frozen=True)
class BulkRange:
    """Some of the rows, by id, both ends included."""

    log: BulkLog
    first_id: int
    last_id: int

    def __len__(self) -> int:
        return max(0, self.last_id - self.first_id + 1)

    def cut(self, limit: int) -> BulkRange:
        """Its first rows."""
        return BulkRange(self.log, self.first_id, min(self.last_id, self.first_id + limit - 1))

    def texts(self) -> Iterator[str]:
        """Its rows as JSON lists."""
        return self.log.texts(self.first_id, self.last_id)
