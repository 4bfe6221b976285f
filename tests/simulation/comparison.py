"""Compares what a store holds with what the sandbox's world says, kind by kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from lms_sync.sandbox import Truth
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS
from tests.simulation.worker import SOURCE

Facts = dict[Any, Any]


def differences(store: Store, truth: Truth) -> list[str]:
    """What the store holds otherwise than the world, in words; empty when they agree.

    Records of a course or a test that is gone are kept as last seen, so only those of what still exists count.
    """
    courses = {str(course) for course in truth.courses}
    tests = {row["external_id"] for row in _live(store, "assessment") if row["course"] in courses}
    pairs: dict[str, tuple[Facts, Facts]] = {
        "courses": (_courses(store), _true_courses(truth)),
        "learners": (_learners(store, truth), _true_learners(truth)),
        "enrolments": (_enrolments(store, courses), _true_enrolments(truth)),
        "grade items": (_items(store, courses), _true_items(truth)),
        "grades": (_grades(store, courses), _true_grades(truth)),
        "attempts": (_attempts(store, tests), _true_attempts(truth)),
    }
    return [line for name, (held, true) in pairs.items() for line in _compare(name, held, true)]


def lost_attempts(store: Store, truth: Truth) -> list[str]:
    """The attempts of the world that the store lacks or holds in an older state. Deleted ones it may still hold."""
    held = _attempts(store, {row["external_id"] for row in _live(store, "assessment")})
    return [
        f"attempt {key}: {held.get(key)} in the store, {facts} in the LMS"
        for key, facts in _true_attempts(truth).items()
        if held.get(key) != facts
    ]


def _compare(name: str, held: Facts, true: Facts) -> Iterator[str]:
    for key in sorted(held.keys() | true.keys(), key=str):
        if key not in true:
            yield f"{name} {key}: the store has what the LMS has not: {held[key]}"
        elif key not in held:
            yield f"{name} {key}: the store lacks {true[key]}"
        elif held[key] != true[key]:
            yield f"{name} {key}: {held[key]} in the store, {true[key]} in the LMS"


def _live(store: Store, kind: str) -> Iterable[Any]:
    table = PROJECTIONS[kind]
    with store.reading() as connection:
        statement = select(table).where(table.c.source == SOURCE, table.c.retired_at.is_(None))
        return connection.execute(statement).mappings().all()


def _courses(store: Store) -> Facts:
    return {
        int(row["key"]): (row["title"], row["short_name"], tuple(row["category_path"]), row["visible"])
        for row in _live(store, "course")
    }


def _true_courses(truth: Truth) -> Facts:
    return {
        key: (facts.fullname, facts.shortname, facts.categories, facts.visible) for key, facts in truth.courses.items()
    }


def _learners(store: Store, truth: Truth) -> Facts:
    """Identity outlives every enrolment, so only those who still learn somewhere are compared."""
    return {
        int(row["key"]): (row["last_name"], _given_names(row), row["email"], row["idnumber"])
        for row in _live(store, "learner")
        if int(row["key"]) in truth.learners
    }


def _given_names(row: Any) -> str:
    """As the LMS keeps them: the patronymic stands in the first name there."""
    return " ".join(name for name in (row["first_name"], row["middle_name"]) if name)


def _true_learners(truth: Truth) -> Facts:
    return {
        key: (facts.lastname, facts.firstname, facts.email, facts.idnumber) for key, facts in truth.learners.items()
    }


def _enrolments(store: Store, courses: set[str]) -> Facts:
    return {
        (int(row["course"]), int(row["learner"])): (row["status"], tuple(row["roles"]), tuple(row["groups"]))
        for row in _live(store, "enrolment")
        if row["course"] in courses
    }


def _true_enrolments(truth: Truth) -> Facts:
    return {key: (facts.status, tuple(sorted(facts.roles)), facts.groups) for key, facts in truth.enrolments.items()}


def _items(store: Store, courses: set[str]) -> Facts:
    return {
        (int(row["course"]), int(row["key"])): (row["item_type"], row["module"], row["minimum"], row["maximum"])
        for row in _live(store, "grade_item")
        if row["course"] in courses and row["item_type"] != "course"
    }


def _true_items(truth: Truth) -> Facts:
    # A course total's range differs from learner to learner, so it is not compared.
    return {
        key: (facts.itemtype, facts.module or "", facts.grademin, facts.grademax)
        for key, facts in truth.grade_items.items()
        if facts.itemtype != "course"
    }


def _grades(store: Store, courses: set[str]) -> Facts:
    return {
        (int(row["grade_item"]), int(row["learner"])): (row["raw"], row["overridden"], row["hidden"], row["locked"])
        for row in _live(store, "grade_entry")
        if row["course"] in courses and row["raw"] is not None
    }


def _true_grades(truth: Truth) -> Facts:
    return {
        key: (facts.grade, facts.overridden, facts.hidden, facts.locked)
        for key, facts in truth.grades.items()
        if facts.grade is not None
    }


def _attempts(store: Store, tests: set[str]) -> Facts:
    return {
        int(row["key"]): (
            int(row["assessment"]),
            int(row["learner"]),
            row["number"],
            row["state"],
            row["points"],
            _epoch(row["started_at"]),
            _epoch(row["finished_at"]),
        )
        for row in _live(store, "attempt")
        if row["assessment"] in tests
    }


def _true_attempts(truth: Truth) -> Facts:
    return {key: tuple(facts) for key, facts in truth.attempts.items()}


def _epoch(instant: dt.datetime | None) -> int:
    return int(instant.timestamp()) if instant else 0
