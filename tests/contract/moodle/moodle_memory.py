"""A small record store for tests: takes source records in and answers `Known.rows` from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lms_sync.connector import Connector, Mode, Page, ReadTask, Scope, ScopeEnd, SourceRecord

Row = dict[str, Any]


class Memory:
    """Keeps what pages bring, with the field names of the records that the mapping would make of them."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], dict[str, Row]] = {}
        self.cursors: dict[tuple[str, str], str] = {}

    def rows(self, kind: str, scope: str, fields: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """See `lms_sync.connector.Known`."""
        live = self.records.get((kind, scope), {})
        return {key: tuple(row[name] for name in fields) for key, row in live.items()}

    def read(self, connector: Connector, scope: Scope, mode: Mode = Mode.FULL) -> list[Page]:
        """Reads a scope as a pull does: each page is taken in before the next is asked for."""
        task = ReadTask(mode, self, self.cursors.get((scope.stream, scope.key)))
        pages = []
        for page in connector.read(scope, task):
            self.take(scope, page)
            pages.append(page)
        return pages

    def take(self, scope: Scope, page: Page) -> None:
        """Takes one page in."""
        for record in page.records:
            kind, row = _row(record)
            self.records.setdefault((kind, scope.key), {})[record.key] = row
        for kind, key in page.absent:
            self.records.get((kind, scope.key), {}).pop(key, None)
        if page.cursor is not None:
            self.cursors[scope.stream, scope.key] = page.cursor


def records_of(pages: Iterable[Page], kind: str) -> dict[str, SourceRecord]:
    """The records of one kind, by key."""
    return {record.key: record for page in pages for record in page.records if record.kind == kind}


def absent_of(pages: Iterable[Page]) -> set[tuple[str, str]]:
    """Everything that the pages name as gone."""
    return {gone for page in pages for gone in page.absent}


def end_of(pages: Sequence[Page]) -> ScopeEnd:
    """The scope's last word, which the last page and no other has."""
    ends = [page.end for page in pages if page.end]
    assert len(ends) == 1
    assert pages[-1].end is ends[0]
    return ends[0]


def _row(record: SourceRecord) -> tuple[str, Row]:
    of = record.fields
    match record.kind:
        case "course":
            return "course", {"idnumber": of["idnumber"]}
        case "person":
            return "learner", {"last_name": of["lastname"]}
        case "enrolment":
            status = "suspended" if of["suspended"] else "active"
            return "enrolment", {"learner": str(of["userid"]), "is_learner": of["is_learner"], "status": status}
        case "quiz":
            return "assessment", {"course": str(of["course"])}
        case "grade_item":
            return "grade_item", {"module": of["itemmodule"], "instance": str(of["iteminstance"] or "")}
        case "grade":
            return "grade_entry", {
                "grade_item": str(of["itemid"]),
                "learner": str(of["userid"]),
                "raw": of["graderaw"],
            }
        case "attempt":
            return "attempt", {"assessment": str(of["quiz"]), "learner": str(of["userid"]), "state": of["state"]}
    raise AssertionError(record.kind)
