"""A record store for tests of the companion rung: it keeps what a pull brings, and lets go of what a pull lets go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from lms_sync.connector import Connector, Mode, Outcome, ReadTask, Scope, ScopeEnd, SourceRecord, Stream
from lms_sync.mapping.apply import RECORD_KINDS

STREAMS = ("courses", "assessments", "people", "grades", "attempts")
Live = dict[tuple[str, str, str], SourceRecord]
"""(scope, record kind, key) -> the record."""

DECIDING = ("id", "itemtype", "itemmodule", "iteminstance", "idnumber", "itemname", "course_idnumber", "is_scale",
            "scale_lowest", "scale_highest", "course_category_path")  # fmt: skip
"""What mapping a grade asks of its column."""

_FIELDS: dict[str, dict[str, Callable[[dict[str, Any]], Any]]] = {
    "course": {"idnumber": lambda of: of["idnumber"]},
    "learner": {"first_name": lambda of: of["firstname"], "middle_name": lambda of: of["middlename"]},
    "enrolment": {
        "learner": lambda of: str(of["userid"]),
        "is_learner": lambda of: of["is_learner"],
        "status": lambda of: "suspended" if of["suspended"] else "active",
    },
    "assessment": {"course": lambda of: str(of["course"])},
    "grade_item": {
        "module": lambda of: of["itemmodule"],
        "instance": lambda of: str(of["iteminstance"] or ""),
        "minimum": lambda of: of["grademin"],
        "maximum": lambda of: of["grademax"],
        "pass_mark": lambda of: of["gradepass"],
    },
    "grade_entry": {
        "grade_item": lambda of: str(of["itemid"]),
        "learner": lambda of: str(of["userid"]),
        "raw": lambda of: of["graderaw"],
        "minimum": lambda of: of["grademin"],
        "maximum": lambda of: of["grademax"],
        "graded_by": lambda of: str(of["usermodified"] or ""),
    },
    "attempt": {
        "assessment": lambda of: str(of["quiz"]),
        "learner": lambda of: str(of["userid"]),
        "state": lambda of: of["state"],
    },
}


class CompanionStore:
    """What is known after some pulls."""

    def __init__(self) -> None:
        self.live: Live = {}
        self.cursors: dict[tuple[str, str], str] = {}
        self.ends: dict[tuple[str, str], ScopeEnd] = {}
        self.findings: list[str] = []
        self.changed: list[tuple[str, str, str]] = []
        """What the last pull told anew, differently, or let go."""

    def rows(self, kind: str, scope: str, fields: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """See `lms_sync.connector.Known`."""
        found: dict[str, tuple[Any, ...]] = {}
        for (where, what, key), record in self.live.items():
            if where == scope and what == kind:
                found[key] = tuple(self._field(record, kind, name) for name in fields)
        return found

    def pull(self, connector: Connector, mode: Mode = Mode.CHANGES) -> None:
        """Reads everything as a pull does: what has no cursor, or no way to tell changes, is read whole."""
        self.findings, self.changed = [], []
        for stream in connector.streams():
            if stream.name in STREAMS:
                for scope in connector.scopes(stream.name):
                    fed = stream.incremental if scope.incremental is None else scope.incremental
                    known = (scope.stream, scope.key) in self.cursors
                    self.read(connector, stream, scope, mode if fed and known else Mode.FULL)

    def read(self, connector: Connector, stream: Stream, scope: Scope, mode: Mode) -> None:
        """Reads one scope, and lets go of what is gone as far as its end allows."""
        seen: dict[str, set[str]] = defaultdict(set)
        absent: dict[str, set[str]] = defaultdict(set)
        cursor, end = None, None
        for page in connector.read(scope, ReadTask(mode, self, self.cursors.get((scope.stream, scope.key)))):
            for record in page.records:
                kind = RECORD_KINDS.get(record.kind, record.kind)
                seen[kind].add(record.key)
                self._keep((scope.key, kind, record.key), record)
            for kind, key in page.absent:
                absent[kind].add(key)
            self.findings += [finding.message for finding in page.findings]
            cursor, end = page.cursor or cursor, page.end or end
        assert end is not None
        self.ends[scope.stream, scope.key] = end
        for kind in {RECORD_KINDS.get(kind, kind) for kind in stream.kinds} - {"learner"}:
            known = self.rows(kind, scope.key, ()).keys()
            gone = {
                Outcome.COMPLETE: known - seen[kind],
                Outcome.CHANGES: (known & absent[kind]) - seen[kind],
            }.get(end.outcome, set())
            for key in gone:
                del self.live[scope.key, kind, key]
                self.changed.append((scope.key, kind, key))
        if cursor is not None and end.outcome in (Outcome.COMPLETE, Outcome.CHANGES):
            self.cursors[scope.stream, scope.key] = cursor

    def facts(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """The fields of all records. People are those who are enrolled: nobody is forgotten who leaves."""
        return {
            place: dict(record.fields)
            for place, record in self.live.items()
            if place[1] != "learner"
            or (place[0], "enrolment", f"{place[0].removeprefix('course/')}/{place[2]}") in self.live
        }

    def _keep(self, place: tuple[str, str, str], record: SourceRecord) -> None:
        fields = dict(record.fields)
        if "item" in fields:  # shared by all grades of a column, and its bounds grow while the rest is read
            fields["item"] = {name: fields["item"][name] for name in DECIDING}
        told = SourceRecord(record.kind, record.key, fields, record.source_time)
        if place not in self.live or self.live[place].fields != fields:
            self.changed.append(place)
        self.live[place] = told

    @staticmethod
    def _field(record: SourceRecord, kind: str, name: str) -> Any:
        if kind == "grade_entry" and name == "graded_at":
            return record.source_time
        return _FIELDS[kind][name](dict(record.fields))
