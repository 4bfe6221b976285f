"""An LMS in memory: plain dicts of courses, people, grades and attempts, a log of changes, and faults to switch on.

Owns what the LMS holds and what goes wrong with it. Must not know how it is read: that is `memory.py`'s.

The objects bear the names and fields of a Moodle site's source records, so that the mapping `moodle` fits them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from lms_sync.connector import Delivery, Event
from lms_sync.records import Rung

SITE = "site"

_COURSE = {"category_path": [], "visible": True, "startdate": 0, "enddate": 0, "idnumber": ""}
_PERSON = {
    "idnumber": "", "institution": "", "department": "", "city": "", "country": "", "profile": {},
}  # fmt: skip
_ENROLMENT = {"suspended": False, "is_learner": True, "roles": ["student"], "groups": []}
_QUIZ = {
    "timeopen": 0, "timeclose": 0, "timelimit": 0, "attempts": 0, "grademethod": 1,
    "sumgrades": Decimal(10), "grade": Decimal(100),
}  # fmt: skip
_ITEM = {
    "itemtype": "manual", "itemmodule": "", "iteminstance": "", "idnumber": "", "position": 1,
    "grademin": Decimal(0), "grademax": Decimal(100), "is_scale": False, "scale_lowest": "", "scale_highest": "",
    "course_idnumber": "", "course_category_path": [],
}  # fmt: skip
_GRADE = {
    "grademin": Decimal(0), "grademax": Decimal(100), "word": "", "status": "", "hidden": False, "locked": False,
    "overridden": False, "gradedatesubmitted": None, "gradedategraded": None, "pass_icon": None,
}  # fmt: skip


class Place(NamedTuple):
    """A scope of a stream."""

    stream: str
    scope: str


class Change(NamedTuple):
    """When an object last changed, where it is read, and whether it is still there."""

    revision: int
    place: Place
    present: bool


class MemorySite:
    """What the LMS holds: `objects` by (source kind, key). Every change gets the next `revision`.

    The methods that add an object put it in place of one with the same identity; any field may be given by name.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.changes: dict[tuple[str, str], Change] = {}
        self.revision = 0
        self.faults = MemoryFaults()
        self.log: list[Event] | None = None
        """What the LMS's log tells, in the order in which it tells it; None: it has none to read."""
        self.rung = Rung.LOG
        """How the events of `log` are known."""
        self.told_until: dt.datetime | None = None
        """Until when the log tells everything."""
        self.reads: list[tuple[str, str, str]] = []
        """(stream, scope, mode) of every reading that was begun."""
        self.documents: dict[str, Delivery] = {}
        """Issued documents that the LMS shows, by uid."""

    def add_course(self, course: int, **fields: Any) -> None:
        """A course."""
        names = {"fullname": f"Course {course}", "shortname": f"C{course}"}
        self._put("course", f"{course}", Place("courses", SITE), {**_COURSE, **names, **fields, "id": course})

    def add_person(self, course: int, person: int, *, learner: bool = True, **fields: Any) -> None:
        """A person and their place in a course; `fields` are the person's. Staff are only enrolled."""
        names = {"firstname": "Пётр", "lastname": f"Фамилиев{person}", "email": f"person{person}@example.com"}
        if learner:
            full = {**_PERSON, **names, **fields, "id": person}
            full.setdefault("fullname", f"{full['firstname']} {full['lastname']}")
            self._put("person", f"{person}", Place("people", f"course/{course}"), full)
        self.enrol(course, person, is_learner=learner, roles=["student" if learner else "editingteacher"])

    def enrol(self, course: int, person: int, **fields: Any) -> None:
        """Somebody's place in a course."""
        enrolment = {**_ENROLMENT, **fields, "courseid": course, "userid": person}
        self._put("enrolment", f"{course}/{person}", Place("people", f"course/{course}"), enrolment)

    def add_quiz(self, course: int, quiz: int, **fields: Any) -> None:
        """A test."""
        self._put("quiz", f"{quiz}", Place("assessments", SITE), {
            **_QUIZ, "name": f"Test {quiz}", **fields, "id": quiz, "course": course,
        })  # fmt: skip

    def add_item(self, course: int, item: int, **fields: Any) -> None:
        """A column of the gradebook."""
        self._put("grade_item", f"{item}", Place("grades", f"course/{course}"), {
            **_ITEM, "itemname": f"Column {item}", **fields, "id": item, "courseid": course,
        })  # fmt: skip

    def add_grade(self, item: int, person: int, grade: Decimal | str | None, **fields: Any) -> None:
        """A grade in a column."""
        column = self.objects["grade_item", f"{item}"]
        raw = None if grade is None else Decimal(grade)
        self._put("grade", f"{item}/{person}", Place("grades", f"course/{column['courseid']}"), {
            **_GRADE, "graderaw": raw, **fields,
            "itemid": item, "userid": person, "courseid": column["courseid"],
        })  # fmt: skip

    def add_attempt(self, quiz: int, attempt: int, person: int, points: Decimal | str | None, **fields: Any) -> None:
        """An attempt at a test, finished unless `fields` say otherwise."""
        test = self.objects["quiz", f"{quiz}"]
        own = {
            "id": attempt, "quiz": quiz, "course": test["course"], "userid": person, "attempt": 1, "state": "finished",
            "timestart": 1_790_000_000, "timefinish": 1_790_000_600,
            "sumgrades": None if points is None else Decimal(points),
            "quiz_sumgrades": test["sumgrades"], "quiz_grade": test["grade"],
        }  # fmt: skip
        self._put("attempt", f"{attempt}", Place("attempts", f"course/{test['course']}"), {**own, **fields})

    def add_event(self, number: int, person: int, name: str, time: int = 1_790_000_000, **fields: Any) -> None:
        """A row of the log."""
        self.log = [*(self.log or ()), Event(number, time, name, person, **fields)]

    def remove(self, kind: str, key: str) -> None:
        """An object is gone, and nothing else with it."""
        del self.objects[kind, key]
        self.revision += 1
        self.changes[kind, key] = Change(self.revision, self.changes[kind, key].place, present=False)

    def unenrol(self, course: int, person: int) -> None:
        """Somebody leaves a course, and the LMS shows their grades in it no longer."""
        self.remove("enrolment", f"{course}/{person}")
        for kind, key in list(self.objects):
            fields = self.objects[kind, key]
            if kind == "grade" and (fields["courseid"], fields["userid"]) == (course, person):
                self.remove(kind, key)

    def courses(self) -> list[dict[str, Any]]:
        """The courses, by their numbers."""
        return sorted((fields for (kind, _), fields in self.objects.items() if kind == "course"), key=lambda c: c["id"])

    def shown(self, place: Place, kinds: tuple[str, ...]) -> Iterator[tuple[str, str, dict[str, Any], int]]:
        """(kind, key, fields, revision) of what is there to read, kind by kind."""
        for kind in kinds:
            for (own, key), fields in self.objects.items():
                if own == kind and self._is_read_at(kind, key, place) and (kind, key) not in self.faults.hidden:
                    yield kind, key, fields, self.changes[kind, key].revision

    def gone(self, place: Place, since: int) -> list[tuple[str, str]]:
        """(source kind, key) of what went since a revision."""
        return [
            identity
            for identity, change in self.changes.items()
            if change.place == place and change.revision > since and not change.present
        ]

    def _is_read_at(self, kind: str, key: str, place: Place) -> bool:
        # A person is read in every course where they learn, and belongs to none of them.
        if kind == "person" and place.stream == "people":
            enrolment = self.objects.get(("enrolment", f"{place.scope.removeprefix('course/')}/{key}"))
            return enrolment is not None and bool(enrolment["is_learner"])
        return self.changes[kind, key].place == place

    def _put(self, kind: str, key: str, place: Place, fields: dict[str, Any]) -> None:
        self.revision += 1
        self.objects[kind, key] = fields
        self.changes[kind, key] = Change(self.revision, place, present=True)


@dataclass
class MemoryFaults:
    """What goes wrong, until `clear`."""

    down: Exception | None = None
    """Whatever is asked for ends so."""
    scopes: dict[str, Exception] = field(default_factory=dict)
    """By stream: listing its scopes ends so."""
    pages: dict[tuple[str, str, int], Exception] = field(default_factory=dict)
    """By (stream, scope, number of the page from 1): reading ends so instead of giving that page."""
    partial: dict[tuple[str, str], str] = field(default_factory=dict)
    """By (stream, scope): the reading ends partial, with this note."""
    hidden: set[tuple[str, str]] = field(default_factory=set)
    """(source kind, key) of objects that vanished from every full reading, which calls itself complete all the same."""
    unlisted: set[str] = field(default_factory=set)
    """Scopes that are missing from every list."""

    def clear(self) -> None:
        """All is well again."""
        self.__init__()  # type: ignore[misc]
