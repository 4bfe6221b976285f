"""Records with every field filled, and small helpers to write and spoil a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, select, text

from lms_sync.records import (
    Assessment,
    Attempt,
    AttemptState,
    Course,
    Enrolment,
    EnrolmentStatus,
    GradeEntry,
    GradeItem,
    Learner,
    Record,
)
from lms_sync.store.rows import PutCounts
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS

SOURCE = "moodle"
SCOPE = "course/5"
SOME_TIME = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)


class Clock:
    """A clock that moves only when told."""

    def __init__(self, now: dt.datetime = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def tick(self, **step: float) -> dt.datetime:
        self.now += dt.timedelta(**(step or {"hours": 1}))
        return self.now


def learner(key: str = "9", **fields: Any) -> Learner:
    return Learner(
        **{
            "external_id": key,
            "last_name": "Ёлкина",
            "first_name": "Дарья",
            "middle_name": "Олеговна",
            "email": "d.elkina@example.com",
            "idnumber": "ЗК-17",
            "snils": "112-233-445 95",
            "birth_date": dt.date(1990, 2, 28),
            "citizenship": "RU",
            "organisation": "ООО «Пример»",
            "department": "Бухгалтерия",
            "city": "Тверь",
            "country": "RU",
            **fields,
        }
    )


def grade(item: str = "7", person: str = "9", **fields: Any) -> GradeEntry:
    return GradeEntry(
        **{
            "course": "5",
            "grade_item": item,
            "learner": person,
            "raw": "84.50000",
            "minimum": "0",
            "maximum": "100",
            "word": "",
            "mark": 4,
            "mark_text": "хорошо",
            "passed": True,
            "scale": "пятибалльная",
            "scale_version": "1",
            "status": "used",
            "overridden": True,
            "submitted_at": SOME_TIME,
            "graded_at": SOME_TIME + dt.timedelta(microseconds=250),
            **fields,
        }
    )


def enrolment(person: str = "9", **fields: Any) -> Enrolment:
    return Enrolment(
        **{
            "course": "5",
            "learner": person,
            "status": EnrolmentStatus.ACTIVE,
            "is_learner": True,
            "roles": ["student"],
            "groups": ["ПК-1", "«Б», вечер"],
            **fields,
        }
    )


def course(key: str = "5", **fields: Any) -> Course:
    return Course(
        **{
            "external_id": key,
            "title": "Охрана труда",
            "short_name": "ОТ",
            "idnumber": "OT-72",
            "category_path": ["Курсы", "Безопасность"],
            "hours": 72,
            "visible": True,
            "starts_at": SOME_TIME,
            "ends_at": SOME_TIME + dt.timedelta(days=30),
            **fields,
        }
    )


def grade_item(key: str = "7", **fields: Any) -> GradeItem:
    return GradeItem(
        **{
            "external_id": key,
            "course": "5",
            "title": "Итоговый тест",
            "item_type": "mod",
            "module": "quiz",
            "instance": "3",
            "idnumber": "final",
            "position": 2,
            "minimum": "0",
            "maximum": "100",
            "rule": "by-idnumber",
            **fields,
        }
    )


def every_kind() -> list[Record]:
    """One record of each kind, every field with a value of its own."""
    return [
        course(),
        learner(),
        enrolment(),
        Assessment(
            external_id="3",
            course="5",
            title="Итоговый тест",
            opens_at=SOME_TIME,
            closes_at=SOME_TIME + dt.timedelta(days=1),
            time_limit=3600,
            attempts_allowed=2,
            points_maximum="20",
            grade_maximum="100",
        ),
        grade_item(),
        grade(),
        Attempt(
            external_id="41",
            course="5",
            assessment="3",
            learner="9",
            number=1,
            state=AttemptState.FINISHED,
            started_at=SOME_TIME,
            finished_at=SOME_TIME + dt.timedelta(minutes=40),
            points="16.9",
            points_maximum="20",
            grade="84.5",
            grade_maximum="100",
        ),
    ]


def put(store: Store, *records: Record, scope: str = SCOPE, source: str = SOURCE) -> PutCounts:
    """Puts the records in one page of a run of their own."""
    run = store.begin_run(source, "full", "operator", "mapping-1")
    with store.page(run, "grades", scope) as page:
        counts = page.put([(record, None) for record in records])
    store.finish_run(run, "done", {}, "")
    return counts


def retire(store: Store, kind: str, keys: Sequence[str], *, scope: str = SCOPE, source: str = SOURCE) -> int:
    """Retires keys in one page of a run of their own."""
    run = store.begin_run(source, "full", "operator", "mapping-1")
    with store.page(run, "grades", scope) as page:
        gone = page.retire(kind, keys, "absent from a complete reading")
    store.finish_run(run, "done", {}, "")
    return gone


def projections(store: Store) -> dict[str, list[Any]]:
    """Every row of every projection."""
    with store.reading() as connection:
        return {
            kind: [tuple(row) for row in connection.execute(select(table).order_by(table.c.source, table.c.key))]
            for kind, table in PROJECTIONS.items()
        }


@contextmanager
def tampering(store: Store) -> Iterator[Connection]:
    """A connection of someone who may do anything to the database: no foreign key stops them."""
    with store.engine.connect() as connection:
        lite = connection.dialect.name == "sqlite"
        if lite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if not lite:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
        if lite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")
