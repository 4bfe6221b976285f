"""Names for the identifiers of a long list of actions, looked up by the batch.

Owns what is looked up when, and how much is remembered: memory stays flat however many actions there are. Must not know
how a report looks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

from sqlalchemy import Connection

from lms_sync.records import Action
from lms_sync.report.captions_journal import by_number
from lms_sync.report.people import order_of, shown_name
from lms_sync.store.journal_names import (
    AttemptName,
    CourseName,
    PersonName,
    attempts_named,
    courses_named,
    grade_items_named,
    people_named,
)

REMEMBERED = 50_000
"""Names of one kind that are kept for the next batch."""

Name = TypeVar("Name")


class _Names(Generic[Name]):
    """Names of one kind. What has none is remembered too."""

    def __init__(self, look_up: Callable[[Collection[str]], Mapping[str, Name]]) -> None:
        self._look_up = look_up
        self._known: dict[str, Name | None] = {}

    def learn(self, keys: Iterable[str]) -> None:
        """Looks up what is not known yet."""
        wanted = set(keys) - {""}
        if len(self._known) > REMEMBERED:
            self._known.clear()
        if unknown := wanted - self._known.keys():
            self._known |= dict.fromkeys(unknown) | dict(self._look_up(unknown))

    def get(self, key: str) -> Name | None:
        """The name of a key that was learnt, if it has one."""
        return self._known.get(key)


class Directory:
    """The names in one source's records. `learn` a batch of actions before asking for what they name."""

    def __init__(self, connection: Connection, source: str) -> None:
        self._people = _Names[PersonName](lambda keys: people_named(connection, source, keys))
        self._courses = _Names[CourseName](lambda keys: courses_named(connection, source, keys))
        self._items = _Names[str](lambda keys: grade_items_named(connection, source, keys))
        self._attempts = _Names[AttemptName](lambda keys: attempts_named(connection, source, keys))
        self._orders: dict[str, tuple[object, ...]] = {}

    def learn(self, actions: Collection[Action]) -> None:
        """Looks up whatever these actions name."""
        objects: dict[str, set[str]] = {}
        for action in actions:
            objects.setdefault(action.object_type, set()).add(action.object_id)
        people = {key for action in actions for key in (action.learner, action.actor, action.impersonator) if key}
        self.learn_people(people | objects.get("person", set()))
        self.learn_courses({action.course for action in actions} | objects.get("course", set()))
        self._items.learn(objects.get("grade_item", set()))
        self._attempts.learn(objects.get("attempt", set()))

    def learn_people(self, keys: Iterable[str]) -> None:
        """Looks up people."""
        self._people.learn(keys)

    def learn_courses(self, keys: Iterable[str]) -> None:
        """Looks up courses."""
        self._courses.learn(keys)

    def person(self, key: str) -> str:
        """Фамилия Имя Отчество, or why there is none; who was never read, as staff, by number; empty for nobody."""
        if not key:
            return ""
        known = self._people.get(key)
        return shown_name(known) if known else by_number(key)

    def order(self, person: str) -> tuple[object, ...]:
        """The key by which a person stands in a Russian list; those without a name stand last."""
        order = self._orders.get(person)
        if order is None:
            if len(self._orders) > REMEMBERED:
                self._orders.clear()
            known = self._people.get(person)
            order = self._orders[person] = (False, *order_of(known)) if known else (True, person)
        return order

    def course(self, key: str) -> str:
        """A course's title; its identifier where it was never read."""
        known = self._courses.get(key)
        return known.title if known else key

    def hours(self, course: str) -> int | None:
        """A course's hours, where they are known."""
        known = self._courses.get(course)
        return known.hours if known else None

    def title(self, object_type: str, object_id: str) -> str:
        """What an object is called; empty where nothing is known but its identifier."""
        if object_type == "course":
            return self.course(object_id) if self._courses.get(object_id) else ""
        if object_type == "grade_item":
            return self._items.get(object_id) or ""
        if object_type == "person":
            return self.person(object_id) if self._people.get(object_id) else ""
        if object_type == "attempt" and (attempt := self._attempts.get(object_id)):
            return f"№ {attempt.number}, {attempt.title}" if attempt.title else f"№ {attempt.number}"
        return ""
