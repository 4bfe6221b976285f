"""Studies of invented people, as the store gives them: the least that a test must say, and the rest filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lms_sync.records import AttestationKind, AttestationResult
from lms_sync.report.interface import Table, Value
from lms_sync.report.period import Period
from lms_sync.report.standing import ATTESTATIONS, Selection
from lms_sync.store.study import (
    AttemptCount,
    Grade,
    Item,
    Line,
    Person,
    Place,
    Programme,
    ProtocolFacts,
    Study,
    StudyScope,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)  # 12:00 in Moscow
WORDS = {5: "отлично", 4: "хорошо", 3: "удовлетворительно", 2: "неудовлетворительно"}


def person(key: str, last: str = "", first: str = "Анна", **more: Any) -> Person:
    values: dict[str, Any] = dict.fromkeys(("snils", "citizenship", "organisation", "department", "city", "email"), "")
    values |= {"middle_name": "", "birth_date": None, "idnumber": f"N{key}"}
    return Person(**{**values, "key": key, "last_name": last or f"Иванова{key}", "first_name": first, **more})


def programme(key: str = "5", title: str = "Охрана труда", **more: Any) -> Programme:
    values = {"programme_kind": "advanced_training", "hours": 72, "retired_at": None}
    return Programme(**{**values, "key": key, "title": title, **more})


def place(learner: str, course: str = "5", groups: Sequence[str] = ("А",), **more: Any) -> Place:
    values = {"status": "active", "first_seen_at": NOON, "retired_at": None}
    return Place(**{**values, "course": course, "learner": learner, "groups": tuple(groups), **more})


def item(key: str, kind: str = "intermediate", course: str = "5", **more: Any) -> Item:
    values = {"title": f"Тест {key}", "item_type": "mod", "position": int(key), "control_form": "exam"}
    values |= {"assessment": "", "retired_at": None}
    return Item(**{**values, "key": key, "course": course, "attestation_kind": kind, **more})


def grade(learner: str, item: str, mark: int | None = 4, course: str = "5", **more: Any) -> Grade:
    """A grade of mark × 20 points of 100."""
    values: dict[str, Any] = {"minimum": 0, "maximum": 100, "word": "", "submitted_at": None, "retired_at": None}
    values |= {"raw": None if mark is None else mark * 20, "mark_text": WORDS.get(mark or 0, ""), "graded_at": NOON}
    values |= {"passed": None if mark is None else mark > 2, "mark": mark}
    found = {**values, "course": course, "grade_item": item, "learner": learner, **more}
    return Grade(**{name: _exact(name, value) for name, value in found.items()})


def result(learner: str, item: str, attempt: int = 1, mark: int | None = 4, **more: Any) -> AttestationResult:
    """A frozen result of mark × 20 points of 100."""
    values: dict[str, Any] = {
        "course": "5",
        "occasion": f"attempt-{attempt}",
        "outcome": "graded",
        "last_name": "Прежняя",
        "first_name": "Анна",
        "course_title": "Охрана труда (тогда)",
        "programme_kind": "advanced_training",
        "hours": 72,
        "title": "Итоговый тест",
        "attestation_kind": "final",
        "control_form": "test",
        "attempt_number": attempt,
        "finished_at": NOON,
        "grade_maximum": 100,
        "mark": mark,
        "mark_text": WORDS.get(mark or 0, ""),
        "passed": None if mark is None else mark > 2,
        "counting": "highest",
        "rule": "final",
        "mapping_version": "1",
    }
    if mark is not None:
        values |= {"grade": mark * 20, "percent": mark * 20}
    return AttestationResult(**{**values, "grade_item": item, "learner": learner, **more})


def missing(learner: str, item: str, number: str, outcome: str = "absent", **more: Any) -> AttestationResult:
    """A result of a closing: there was none."""
    words = {"absent": "не явился", "not_admitted": "не допущен", "not_completed": "не аттестован"}[outcome]
    values = {"occasion": f"protocol {number}", "outcome": outcome, "finished_at": None, "attempt_number": None}
    values |= {"mark_text": words, "passed": False}
    return result(learner, item, mark=None, **{**values, **more})


def protocol(number: str, *results: AttestationResult, **more: Any) -> ProtocolFacts:
    lines = tuple(Line(one.key, one.learner, one.outcome, one.mark, one.mark_text, one.passed) for one in results)
    values = {"state": "closed", "course": "5", "grade_item": results[0].grade_item, "sitting": None}
    return ProtocolFacts(
        **{**values, "number": number, "closed_at": NOON + dt.timedelta(days=2), "lines": lines, **more}
    )


def a_study(learners: Sequence[str] = ("1", "2"), items: Sequence[Item] = (), **more: Any) -> Study:
    """A study of course 5 with these learners; `scope` may name another."""
    values: dict[str, Any] = {
        "scope": StudyScope("academy", course="5"),
        "courses": [programme()],
        "people": [person(key) for key in learners],
        "places": [place(key) for key in learners],
        "items": list(items) or [item("7")],
    }
    return Study(**{**values, **more})


def select(
    *kinds: AttestationKind, first: dt.date | None = None, last: dt.date | None = None, **more: Any
) -> Selection:
    return Selection(Period(MOSCOW, first, last), frozenset(kinds) or ATTESTATIONS, **more)


def rows(table: Table) -> list[dict[str, Value]]:
    """The rows by the columns' keys."""
    keys = [column.key for column in table.columns]
    assert len(set(keys)) == len(keys)
    return [dict(zip(keys, row, strict=True)) for row in table.rows]


def _exact(name: str, value: Any) -> Any:
    return Decimal(str(value)) if name in {"raw", "minimum", "maximum"} and value is not None else value


def tried(learner: str, state: str, count: int = 1, *, gone: bool = False) -> AttemptCount:
    """Somebody's attempts at test 3 of course 5."""
    return AttemptCount("5", learner, "3", state, gone, count)
