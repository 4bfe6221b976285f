"""The site's log as Moodle's standard log store keeps it (``logstore_standard_log``): rows that are only ever appended.

It owns ids and their gaps, rows that become visible after higher ones were seen, and what Moodle forgets. It knows
no event's meaning (see ``happenings``).
"""

from __future__ import annotations

import bisect
import heapq
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from lms_sync.sandbox.bulk_log import BulkLog, BulkRange

#: So many rows are looked at to find where a time begins (the companion's ``append_stream::NEIGHBOURS``).
_NEIGHBOURS = 1000
_HIGHEST_ID = 2**63 - 1


class LogRow(NamedTuple):
    """One row, in the order of the table's columns. Times are epoch seconds, ``other`` is JSON text."""

    id: int
    eventname: str
    component: str
    action: str
    target: str
    objecttable: str | None
    objectid: int | None
    crud: str
    edulevel: int
    contextid: int
    contextlevel: int
    contextinstanceid: int
    userid: int
    courseid: int | None
    relateduserid: int | None
    anonymous: int
    other: str | None
    timecreated: int
    origin: str
    ip: str | None
    realuserid: int | None


class EventLog:
    """All rows by id. ``enabled`` and ``lifetime_days`` (0: for ever) are the log store's settings.

    ``forgotten`` holds rows that were visible once and are no longer: purged, or of a time that a restored backup
    undid.
    """

    def __init__(self) -> None:
        self.enabled = True
        self.lifetime_days = 0
        self.bulk: BulkLog | None = None
        self.forgotten: list[LogRow] = []
        self._rows: list[LogRow] = []
        self._commits: dict[int, int] = {}  # id -> when its transaction ends
        self._next = 1

    def write(self, columns: tuple[object, ...], *, commits_at: int | None = None) -> None:
        """Append a row of all columns but the id. Until ``commits_at`` (epoch seconds) nobody sees it."""
        if not self.enabled:
            return
        self._rows.append(LogRow(self._next, *columns))  # type: ignore[arg-type]
        if commits_at is not None:
            self._commits[self._next] = commits_at
        self._next += 1

    def skip(self, count: int) -> None:
        """Lose ids, as transactions do that are rolled back."""
        self._next += count

    def add_bulk(self, count: int, people: list[int], courses: list[int], begin: int, end: int) -> BulkLog:
        """Append so many rows that are made up when somebody reads them, and take no memory. Once a log only."""
        if self.bulk is not None:
            raise ValueError("A sandbox log takes bulk rows only once.")
        self.bulk = BulkLog(self._next, count, people, courses, begin, end)
        self._next += count
        return self.bulk

    def put_in_order(self) -> None:
        """Number the rows anew in the order of their times: for worlds that are built one course after another."""
        ordered = sorted(self._rows, key=lambda row: row.timecreated)
        self._rows = [row._replace(id=number) for number, row in enumerate(ordered, start=1)]
        self._commits.clear()
        self._next = len(self._rows) + 1

    def purge(self, before: int) -> int:
        """Forget written rows older than an instant, as Moodle's nightly clean-up does. Gives how many."""
        old = [row for row in self._rows if row.timecreated < before]
        if old:
            self.forgotten += old
            self._rows = [row for row in self._rows if row.timecreated >= before]
        return len(old)

    # -- reading

    def rows(self, now: int) -> Iterator[LogRow]:
        """All written rows that are visible, by id; bulk rows are not among them."""
        return (row for row in self._rows if self._commits.get(row.id, 0) <= now)

    def read(self, after: int, bound: int, limit: int, now: int) -> list[LogRow | BulkRange]:
        """The visible rows with ids above one and up to another, by id, so many at most."""
        found: list[LogRow | BulkRange] = []
        for part in self._parts(after, bound):
            if limit <= 0:
                break
            if isinstance(part, BulkRange):
                found.append(part.cut(limit))
                limit -= len(found[-1])
            elif self._commits.get(part.id, 0) <= now:
                found.append(part)
                limit -= 1
        return found

    def _parts(self, after: int, bound: int) -> Iterator[LogRow | BulkRange]:
        first = self._place_after(after)
        if self.bulk is None:
            yield from self._up_to(first, bound)
            return
        split = max(first, self._place_after(self.bulk.first - 1))
        yield from self._up_to(first, min(bound, self.bulk.first - 1))
        middle = self.bulk.between(after, bound)
        if len(middle):
            yield middle
        yield from self._up_to(split, bound)

    def _place_after(self, after: int) -> int:
        return bisect.bisect_right(self._rows, after, key=lambda row: row.id)

    def _up_to(self, place: int, bound: int) -> Iterator[LogRow]:
        for row in itertools.islice(self._rows, place, None):
            if row.id > bound:
                return
            yield row

    def newest_id(self, now: int) -> int:
        """The highest visible id, 0 in an empty log."""
        found = self._end(reversed(self._rows), now)
        bulk = self.bulk.last if self.bulk else 0
        return max(found.id if found else 0, bulk)

    def ends(self, now: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """Id and time of the visible rows with the lowest and the highest id; None in an empty log."""
        low, high = self._end(iter(self._rows), now), self._end(reversed(self._rows), now)
        found = [(row.id, row.timecreated) for row in (low, high) if row]
        if self.bulk:
            found += [(self.bulk.first, self.bulk.begin), (self.bulk.last, self.bulk.time(self.bulk.last))]
        return (min(found), max(found)) if found else (None, None)

    def _end(self, rows: Iterator[LogRow], now: int) -> LogRow | None:
        return next((row for row in rows if self._commits.get(row.id, 0) <= now), None)

    def open_until(self, now: int) -> int:
        """When the last of the transactions ends that are open now; 0 when none is."""
        if self._commits:
            self._commits = {row: commit for row, commit in self._commits.items() if commit > now}
        return max(self._commits.values(), default=0)

    def before(self, since: int, now: int) -> int:
        """The id before the rows of a time: the lowest of the first rows from then on, less one."""
        times = [(row.timecreated, row.id) for row in self.rows(now) if row.timecreated >= since]
        if self.bulk:
            times += self.bulk.first_since(since, _NEIGHBOURS)
        nearest = heapq.nsmallest(_NEIGHBOURS, times)
        return min(row for _, row in nearest) - 1 if nearest else _HIGHEST_ID
