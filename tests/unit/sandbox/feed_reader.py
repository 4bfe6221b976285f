"""A reader of the companion's feed that does what docs/companion.md tells readers to do, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.sandbox.conftest import Site

OBJECTS = ("courses", "people", "enrolments", "assessments", "attempts", "grade_items", "grades")
Key = tuple[Any, ...]
_COURSE_COLUMN = {"courses": 0, "enrolments": 0, "assessments": 1, "attempts": 2, "grade_items": 1, "grades": 2}


def ask(site: Site, name: str, **params: Any) -> Any:
    """The answer of one of the plugin's functions: decoded, or the refusal."""
    body = site.ask(f"local_lmssync_{name}", **params)
    return json.loads(body["json"]) if "json" in body else body


class FeedReader:
    """One stream as a reader holds it. ``resync`` counts the reconciliations that the feed asked for."""

    def __init__(self, site: Site, stream: str, limit: int = 0) -> None:
        self.site, self.stream, self.limit = site, stream, limit
        self.cursor = ""
        self.held: dict[Key, list[Any]] = {}
        self.told: list[list[Any]] = []  # every row in the order in which it came
        self.withheld = 0
        self.lost: list[str] = []
        self.resync: list[int] = []

    def read(self) -> None:
        """Everything up to where the stream has settled."""
        more = True
        while more:
            page = ask(self.site, "changes", stream=self.stream, cursor=self.cursor, limit=self.limit)
            lost = [name for name in ("rewound", "expired") if page[name]]
            if lost:
                self.lost += lost
                self.cursor, self.held = "", {}
                continue
            self._apply(page)
            more, self.cursor = page["more"], page["cursor"]

    def _apply(self, page: Any) -> None:
        for gone in page["gone"]:
            self.held.pop(self._key_of_gone(gone), None)
        for row in page["rows"]:
            self.held[self._key(dict(zip(page["columns"], row, strict=True)))] = row
            self.told.append(row)
        self.withheld += page["withheld"]
        for course in page["resync"]:
            self.resync.append(course)
            self._reconcile(course)

    def _reconcile(self, course: int) -> None:
        """Read the keys of a course (0: of all) anew, and the rows of what they name."""
        page = ask(self.site, "keys", stream=self.stream, courseid=course)
        named = [dict(zip(page["columns"], key, strict=True)) for key in page["rows"]]
        there = {self._key(one) for one in named}
        for key, row in list(self.held.items()):
            inside = not course or row[_COURSE_COLUMN[self.stream]] == course
            if inside and key not in there:
                del self.held[key]
        ids = [list(self._key(one)) if self.stream == "enrolments" else one["id"] for one in named]
        fresh = ask(self.site, "rows", stream=self.stream, ids=json.dumps(ids))
        for row in fresh["rows"]:
            self.held[self._key(dict(zip(fresh["columns"], row, strict=True)))] = row

    def _key(self, row: dict[str, Any]) -> Key:
        if self.stream == "enrolments":
            return row["courseid"], row["userid"]
        if self.stream == "grades":
            return row["itemid"], row["userid"]
        return (row["id"],)

    def _key_of_gone(self, gone: list[Any]) -> Key:
        identity, parent, course, user, _ = gone
        if self.stream == "enrolments":
            return course, user
        return (parent, user) if self.stream == "grades" else (identity,)
