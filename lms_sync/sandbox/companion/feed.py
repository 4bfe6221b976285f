"""One page of a stream behind a cursor, up to the newest settled mark (the companion's ``feed.php``)."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lms_sync.sandbox import refusals
from lms_sync.sandbox.bulk_log import BulkRange
from lms_sync.sandbox.companion.cursor import Cursor
from lms_sync.sandbox.companion.plugin import DAY, MAX_OBJECTS, Companion, Mark, Pointer
from lms_sync.sandbox.companion.streams import (
    ATTEMPTS,
    ENROLMENTS,
    GRADE_HISTORY,
    GRADES,
    HISTORY_COLUMNS,
    LOG,
    LOG_COLUMNS,
    OBJECT_STREAMS,
    ObjectStream,
    Record,
    points,
)
from lms_sync.sandbox.eventlog import LogRow
from lms_sync.sandbox.history import GradeChange

API = 1
_GONE_COLUMNS = ["id", "parentid", "courseid", "userid", "time"]
_ACTIONS = {1: "created", 2: "updated", 3: "deleted"}
_ENCODER = msgspec.json.Encoder()


@dataclass
class Page:
    """What one answer tells. ``rows`` are JSON texts."""

    rows: list[bytes] = field(default_factory=list)
    gone: list[list[int]] = field(default_factory=list)
    resync: dict[int, None] = field(default_factory=dict)
    withheld: int = 0
    first: bool = False
    pointers: dict[Any, Pointer] = field(default_factory=dict)

    def point(self, stream: str, pointers: list[Pointer]) -> None:
        """Take pointers in: each object once, and requests to reconcile apart."""
        for pointer in pointers:
            if not pointer.objectid and not pointer.userid:
                self.resync[pointer.courseid] = None
            else:
                enrolment = stream == ENROLMENTS.name
                self.pointers.setdefault((pointer.courseid, pointer.userid) if enrolment else pointer.objectid, pointer)


class Feed:
    """The streams of one companion."""

    def __init__(self, companion: Companion) -> None:
        self.companion, self.world = companion, companion.world

    def max_rows(self, stream: str) -> int:
        """How many rows an answer has at most."""
        return self.companion.max_rows if stream in (LOG, GRADE_HISTORY) else min(self.companion.max_rows, MAX_OBJECTS)

    def page(self, stream: str, text: str, limit: int, since: int) -> str:
        """One page as JSON text. Raises ``Refusal``."""
        appended = stream in (LOG, GRADE_HISTORY)
        limit = min(limit, self.max_rows(stream)) if limit > 0 else self.max_rows(stream)
        if since and (text or not appended):
            raise refusals.invalid_parameter()
        cursor = Cursor.parse(text, stream, self.sources(stream)) if text else None
        self.companion.take_mark_if_due()
        mark, page = self.companion.settled(), Page()
        lost = self._lost(cursor, stream) if cursor else None
        if mark is None or lost:
            return self.json(stream, page, text, mark, lost=lost)
        cursor = cursor or self._beginning(stream, mark, since)
        read = self._read_appended if appended else self._read_objects
        more = read(stream, cursor, mark, limit, page)
        mark.kept = True
        return self.json(stream, page, cursor.text(mark), mark, more=more)

    def json(
        self,
        stream: str,
        page: Page,
        cursor: str,
        mark: Mark | None,
        *,
        more: bool = False,
        lost: str | None = None,
    ) -> str:
        """An answer as JSON text."""
        columns = {LOG: LOG_COLUMNS, GRADE_HISTORY: HISTORY_COLUMNS}.get(stream)
        head = {
            "api": API,
            "stream": stream,
            "columns": columns or OBJECT_STREAMS[stream].columns,
            "gone_columns": _GONE_COLUMNS,
            "gone": page.gone,
            "resync": list(page.resync),
            "withheld": page.withheld,
            "first": page.first,
            "cursor": cursor,
            "more": more,
            "rewound": lost == "rewound",
            "expired": lost == "expired",
            "settled_until": mark.time if mark else None,
            "server_time": self.world.now,
            "lag": self.companion.lag,
        }
        return (_ENCODER.encode(head)[:-1] + b',"rows":[' + b",".join(page.rows) + b"]}").decode()

    def tell(self, stream: ObjectStream, records: list[Record], page: Page) -> None:
        """Add objects to a page."""
        page.rows += [_ENCODER.encode(stream.row(self.companion, record)) for record in records]

    # -- cursors

    @staticmethod
    def sources(stream: str) -> tuple[str, ...]:
        """The columns of a mark that bound a stream."""
        appended = {LOG: ("logid",), GRADE_HISTORY: ("gradeid",)}
        return appended.get(stream) or OBJECT_STREAMS[stream].sources

    def _lost(self, cursor: Cursor, stream: str) -> str | None:
        """Why a cursor leads nowhere, if so."""
        now, retention = self.world.now, self.companion.retention
        days = self.world.log.lifetime_days if stream == LOG else 0
        kept = retention if stream in OBJECT_STREAMS else days * DAY or sys.maxsize
        if cursor.time < now - kept:
            return "expired"
        if self.companion.find_mark(cursor.nonce) is None:
            return "expired" if cursor.time < now - retention else "rewound"
        return None

    def _beginning(self, stream: str, mark: Mark, since: int) -> Cursor:
        """The place of a reader who has read nothing."""
        cursor = Cursor.at(stream, self.sources(stream), mark)
        if stream in OBJECT_STREAMS:
            cursor.after = 0
            return cursor
        for source, bound in cursor.positions.items():
            cursor.positions[source] = min(self._before(stream, since), bound) if since else 0
        return cursor

    def _before(self, stream: str, since: int) -> int:
        if stream == LOG:
            return self.world.log.before(since, self.world.now)
        later = (one.id for one in self.world.histories.grades if (one.timemodified or 0) >= since)
        return min(itertools.islice(later, 1000), default=sys.maxsize) - 1

    # -- rows that are only ever appended

    def _read_appended(self, stream: str, cursor: Cursor, mark: Mark, limit: int, page: Page) -> bool:
        (source,) = self.sources(stream)
        after, bound = cursor.positions[source], mark.positions[source]
        tell = self._tell_log if stream == LOG else self._tell_history
        last, seen = tell(after, bound, limit, page) if after < bound else (after, 0)
        cursor.positions[source] = max(bound, after) if seen < limit else last
        return seen >= limit

    def _tell_log(self, after: int, bound: int, limit: int, page: Page) -> tuple[int, int]:
        last, seen = after, 0
        for row in self.world.log.read(after, bound, limit, self.world.now):
            if isinstance(row, BulkRange):
                page.rows.append(",".join(row.texts()).encode())
                last, seen = row.last_id, seen + len(row)
                continue
            last, seen = row.id, seen + 1
            if row.anonymous and not self.companion.sees_anonymous:
                page.withheld += 1
            else:
                page.rows.append(_ENCODER.encode(self._log_row(row)))
        return last, seen

    def _log_row(self, row: LogRow) -> list[Any]:
        user = self.world.users.get(row.userid)
        told = [*row, int(bool(user and user.deleted))]
        if row.other == "null":
            told[16] = None
        return told

    def _tell_history(self, after: int, bound: int, limit: int, page: Page) -> tuple[int, int]:
        rows = self.world.histories.grades[after : min(bound, after + limit)]
        page.rows += [_ENCODER.encode(_history_row(row)) for row in rows]
        return (rows[-1].id if rows else after), len(rows)

    # -- objects

    def _read_objects(self, name: str, cursor: Cursor, mark: Mark, limit: int, page: Page) -> bool:
        stream = OBJECT_STREAMS[name]
        page.first = cursor.after is not None
        if cursor.after is not None:
            records = [one for one in stream.ordered(self.world) if one.id > (cursor.after or 0)][:limit]
            self.tell(stream, records, page)
            cursor.after = None if len(records) < limit else records[-1].id
            return True
        for source in stream.sources:
            start = cursor.positions[source]
            bound = max(start, mark.positions[source])
            pointers = list(itertools.islice(self._pointers(source, name, start, bound), limit))
            full = len(pointers) >= limit
            cursor.positions[source] = pointers[-1].id if full else bound
            page.point(name, pointers)
            if full:
                self._resolve(stream, page)
                return True
            limit -= len(pointers)
        self._resolve(stream, page)
        return False

    def _pointers(self, source: str, stream: str, after: int, bound: int) -> Iterator[Pointer]:
        """Pointers of a source with ids above one and up to another."""
        if source == "gradeid":
            for grade in self.world.histories.grades[after:bound]:
                yield Pointer(grade.id, stream, grade.gradeid, grade.itemid, 0, grade.userid, grade.timemodified or 0)
        elif source == "itemid":
            for item in self.world.histories.items[after:bound]:
                yield Pointer(item.id, stream, item.itemid, 0, item.course, 0, item.time)
        elif source == "changeid":
            for pointer in self.companion.pointers:
                if after < pointer.id <= bound and pointer.stream == stream:
                    yield pointer

    def _resolve(self, stream: ObjectStream, page: Page) -> None:
        """Add the objects to which a page's pointers lead, and those that are gone."""
        found: list[Record] = []
        for pointer in page.pointers.values():
            record = self._find(stream, pointer)
            if record is None:
                course = pointer.courseid or self._course_of(stream, pointer)
                page.gone.append([pointer.objectid, pointer.parentid, course, pointer.userid, pointer.time])
            elif not (stream is ATTEMPTS and record.preview):  # previews make events too, and are nothing
                found.append(record)
        self.tell(stream, list({record.id: record for record in found}.values()), page)

    def _find(self, stream: ObjectStream, pointer: Pointer) -> Record | None:
        record = stream.find(self.world, pointer)
        if stream is GRADES and record is not None and record.item not in self.world.grade_items:
            return None
        return record

    def _course_of(self, stream: ObjectStream, pointer: Pointer) -> int:
        """The course of a grade that is gone: the history knows none, but its column may be there."""
        item = self.world.grade_items.get(pointer.parentid) if stream is GRADES else None
        return item.course if item else 0

    # -- keys and named objects

    def keys(self, stream: ObjectStream, course: int, after: int, limit: int) -> list[list[Any]]:
        """The keys of told objects with ids above one, of one course or (0) of all."""
        world = self.world
        wanted = (
            one
            for one in stream.ordered(world)
            if one.id > after and (not course or stream.in_course(world, one, course))
        )
        return [stream.key(world, one) for one in itertools.islice(wanted, limit)]

    def named(self, stream: ObjectStream, ids: list[Any]) -> str:
        """The present rows of named objects, as JSON text."""
        page, known = Page(), {self._name(stream, one): one for one in stream.ordered(self.world)}
        self.tell(stream, [known[name] for name in dict.fromkeys(ids) if name in known], page)
        return self.json(stream.name, page, "", None)

    @staticmethod
    def _name(stream: ObjectStream, record: Record) -> Any:
        return (record.course, record.user) if stream is ENROLMENTS else record.id


def _history_row(row: GradeChange) -> list[Any]:
    return [
        row.id, row.gradeid, _ACTIONS[row.action], row.itemid, row.userid, row.loggeduser, row.usermodified, row.source,
        points(row.raw), "0.00000", points(row.maximum), points(row.final), row.hidden, row.locked, 0, row.overridden,
        row.excluded, row.timemodified,
    ]  # fmt: skip
