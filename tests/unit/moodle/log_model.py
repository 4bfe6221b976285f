"""A model of the companion plugin's log feed, behind the real client interface: what it has told must all arrive.

Ids are given out before rows are committed, settled marks bound what is told, a backup can be restored, cursors can
expire. The answers are JSON texts that the connector decodes as it does those of a real site.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from lms_sync_moodle import MoodleOptions
from lms_sync_moodle.actions import STREAM, read_actions
from lms_sync_moodle.companion import READING, STREAMS
from lms_sync_moodle.site import MoodleSite

from lms_sync.connector import Event, Mode, Page, ReadTask, Scope
from lms_sync.errors import SourceRefused

ACCOUNT = 28
COLUMNS = (
    "id", "eventname", "component", "action", "target", "objecttable", "objectid", "crud", "edulevel", "contextid",
    "contextlevel", "contextinstanceid", "userid", "courseid", "relateduserid", "anonymous", "other", "timecreated",
    "origin", "ip", "realuserid", "userdeleted",
)  # fmt: skip
VIEWED = "\\core\\event\\course_viewed"


def log_row(number: int, time: int, **fields: Any) -> dict[str, Any]:
    """A row of the log: somebody looked at course 5, unless `fields` say otherwise."""
    usual = {
        "eventname": VIEWED, "component": "core", "action": "viewed", "target": "course", "crud": "r", "edulevel": 2,
        "contextid": 50, "contextlevel": 50, "contextinstanceid": 5, "userid": 7, "courseid": 5, "anonymous": 0,
        "origin": "web", "ip": "192.0.2.1", "userdeleted": 0,
    }  # fmt: skip
    return {**dict.fromkeys(COLUMNS), **usual, "id": number, "timecreated": time, **fields}


@dataclass
class ModelLog:
    """The log of a site and the plugin that tells it. `told` are the rows that it gave out, with repeats."""

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    uncommitted: dict[int, dict[str, Any]] = field(default_factory=dict)
    next_id: int = 1
    now: int = 1_790_000_000
    settled: int | None = 0
    """Up to which id rows are told; None: nothing has settled yet."""
    columns: tuple[str, ...] = COLUMNS
    hides_anonymous: bool = True
    log: dict[str, Any] = field(default_factory=lambda: {"enabled": True, "lifetime_days": 0})
    polls: bool = False
    """Whether each call of the connector leaves a row, as in Moodle."""
    told: list[tuple[int, int]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    marks: set[int] = field(default_factory=set)
    expired: set[int] = field(default_factory=set)
    last_mark: int = 0
    limits: int = 20_000
    backup: tuple[Any, ...] | None = None
    courses: dict[int, str] = field(default_factory=lambda: {1: "site", 5: "OT72", 6: "PB16"})

    def add(self, *, committed: bool = True, **fields: Any) -> int:
        """A new row, of now unless `fields` say otherwise; uncommitted ones are seen by nobody yet."""
        row = log_row(self.next_id, fields.pop("timecreated", self.now), **fields)
        (self.rows if committed else self.uncommitted)[self.next_id] = row
        self.next_id += 1
        return self.next_id - 1

    def commit(self, number: int) -> None:
        self.rows[number] = self.uncommitted.pop(number)

    def settle(self) -> None:
        """Everything before the oldest open transaction is settled now."""
        self.settled = min([self.next_id, *self.uncommitted]) - 1

    def save(self) -> None:
        """A backup of the whole database."""
        self.backup = (dict(self.rows), self.next_id, self.settled, set(self.marks))

    def restore(self) -> None:
        """The database as it was; ids are used again from now on, with other times."""
        assert self.backup
        rows, self.next_id, self.settled, marks = self.backup
        self.rows, self.marks, self.uncommitted = dict(rows), set(marks), {}

    def expire(self) -> None:
        """The plugin forgets all marks."""
        self.expired |= self.marks
        self.marks = set()

    def settled_keys(self) -> set[tuple[int, int]]:
        """The rows that are settled now."""
        return {(one, row["timecreated"]) for one, row in self.rows.items() if one <= (self.settled or 0)}

    def handshake(self) -> dict[str, Any]:
        streams = [{"name": name, "columns": list(self.columns)} for name in STREAMS]
        return {
            "api": 1, "plugin": {"version": "1"}, "clock": {"time": self.now}, "limits": {"rows": self.limits},
            "streams": streams, "log": self.log, "settled_until": self.now,
        }  # fmt: skip

    def page(self, cursor: str, limit: int) -> dict[str, Any]:
        """One page behind a cursor, which holds an id and the mark that it was told with."""
        self.asked.append(cursor)
        after, mark = map(int, cursor.split("/")) if cursor else (0, 0)
        answer = {
            "api": 1, "stream": "log", "columns": list(self.columns), "rows": [], "cursor": cursor, "more": False,
            "settled_until": None if self.settled is None else self.now, "server_time": self.now,
        }  # fmt: skip
        lost = bool(cursor) and mark not in self.marks
        if self.settled is None or lost:
            return answer | {"expired": lost and mark in self.expired, "rewound": lost and mark not in self.expired}
        found = [row for one, row in sorted(self.rows.items()) if after < one <= self.settled][:limit]
        more = len(found) >= limit
        shown = [row for row in found if not (row["anonymous"] and self.hides_anonymous)]
        self.told += [(row["id"], row["timecreated"]) for row in shown]
        self.last_mark += 1
        self.marks.add(self.last_mark)
        end = found[-1]["id"] if more else max(after, self.settled)
        return answer | {
            "rows": [[row[name] for name in self.columns] for row in shown],
            "cursor": f"{end}/{self.last_mark}", "more": more, "withheld": len(found) - len(shown),
        }  # fmt: skip


class ModelClient:
    """Calls the model as the connector's client calls Moodle."""

    def __init__(self, log: ModelLog) -> None:
        self._log = log
        self.functions: frozenset[str] | None = frozenset(READING)
        self.before_page: Callable[[str], None] = lambda cursor: None
        """Runs in the thread that asks for a page, before it is made."""

    def call(self, function: str, params: Mapping[str, Any] | None = None, *, answer: Any) -> Any:
        if self._log.polls:
            self._log.add(
                userid=ACCOUNT, origin="ws", courseid=0, eventname="\\core\\event\\webservice_function_called"
            )
        told = getattr(self, function)(**dict(params or {}))
        return msgspec.json.decode(json.dumps(told).encode(), type=answer, strict=False)

    def core_webservice_get_site_info(self) -> dict[str, Any]:
        return {"userid": ACCOUNT, "functions": [{"name": name} for name in READING]}

    def core_course_get_courses_by_field(self, **params: Any) -> dict[str, Any]:
        return {"courses": [{"id": one, "shortname": name} for one, name in self._log.courses.items()]}

    def core_course_get_categories(self) -> list[Any]:
        return []

    def local_lmssync_handshake(self) -> dict[str, Any]:
        return {"json": json.dumps(self._log.handshake())}

    def local_lmssync_changes(self, stream: str, cursor: str, limit: int, since: int) -> dict[str, Any]:
        assert (stream, since) == ("log", 0)
        self.before_page(cursor)
        if cursor == "damaged":
            raise SourceRefused(
                "Moodle refuses local_lmssync_changes (invalidcursor).", code="local_lmssync/invalidcursor"
            )
        return {"json": json.dumps(self._log.page(cursor, limit))}


class Journal:
    """Reads the model as a pull does, and keeps what it brings. `cursor` is the one that is stored."""

    def __init__(self, log: ModelLog, **options: Any) -> None:
        self.log = log
        self.options = options
        self.cursor: str | None = None
        self.events: dict[tuple[int | str, int], Event] = {}

    def site(self, client: ModelClient | None = None) -> MoodleSite:
        return MoodleSite(client or ModelClient(self.log), MoodleOptions(**self.options))  # type: ignore[arg-type]

    def reading(self, mode: Mode = Mode.CHANGES, client: ModelClient | None = None) -> Iterator[Page]:
        """The pages, each of them kept before the next one is asked for."""
        for page in read_actions(self.site(client), Scope(STREAM, "site"), ReadTask(mode, Nothing(), self.cursor)):
            self.cursor = page.cursor or self.cursor
            if page.events:
                self.events |= {(event.id, event.time): event for event in page.events.rows}
            yield page

    def pull(self, mode: Mode = Mode.CHANGES) -> list[Page]:
        return list(self.reading(mode))


class Nothing:
    """A store that holds nothing."""

    def rows(self, kind: str, scope: str, fields: Iterable[str]) -> dict[str, tuple[Any, ...]]:
        return {}


def left_out(pages: Iterable[Page]) -> dict[str, int]:
    """What the pages say was left out."""
    total: dict[str, int] = {}
    for page in pages:
        for reason, count in (page.events.left_out if page.events else {}).items():
            total[reason] = total.get(reason, 0) + count
    return total


def findings(pages: Iterable[Page]) -> list[str]:
    return [finding.message for page in pages for finding in page.findings]
