"""Records with every field filled, and small helpers to write and spoil a store."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, select, text, update

from lms_sync.records import (
    Assessment,
    Attempt,
    AttemptState,
    AttestationKind,
    AttestationResult,
    ClosingPolicy,
    Commission,
    CommissionMember,
    ControlForm,
    CountingMethod,
    Course,
    Drift,
    DriftField,
    Enrolment,
    EnrolmentStatus,
    GradeEntry,
    GradeItem,
    Learner,
    MarkCount,
    ProgrammeKind,
    Protocol,
    ProtocolLine,
    ProtocolState,
    ProtocolTotals,
    Record,
    ResultOutcome,
)
from lms_sync.store.canonical import DIGEST_FIELDS, digest_time, row_digest
from lms_sync.store.rows import PutCounts
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS, ledger
from tests.integration.store import document_samples

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
            "graded_by": "77",
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
            "pass_mark": "60",
            "rule": "by-idnumber",
            **fields,
        }
    )


def result(person: str = "9", **fields: Any) -> AttestationResult:
    return AttestationResult(
        **{
            "course": "5",
            "grade_item": "7",
            "learner": person,
            "occasion": "attempt-2",
            "outcome": ResultOutcome.GRADED,
            "last_name": "Ёлкина",
            "first_name": "Дарья",
            "middle_name": "Олеговна",
            "birth_date": dt.date(1990, 2, 28),
            "idnumber": "ЗК-17",
            "groups": ["ПК-1", "«Б», вечер"],
            "course_title": "Охрана труда",
            "programme_kind": ProgrammeKind.ADVANCED_TRAINING,
            "hours": 72,
            "title": "Итоговый тест",
            "attestation_kind": AttestationKind.FINAL,
            "control_form": ControlForm.TEST,
            "assessment": "3",
            "attempt": "41",
            "attempt_number": 2,
            "started_at": SOME_TIME,
            "finished_at": SOME_TIME + dt.timedelta(minutes=40),
            "duration": 2400,
            "points": "16.9",
            "points_maximum": "20",
            "grade": "84.5",
            "grade_minimum": "0",
            "grade_maximum": "100",
            "percent": "84.5",
            "mark": 4,
            "mark_text": "хорошо",
            "passed": True,
            "counting": CountingMethod.HIGHEST,
            "rule": "final-tests",
            "scale": "пятибалльная",
            "scale_version": "1",
            "mapping_version": "mapping-1",
            **fields,
        }
    )


def line(of: AttestationResult, number: int = 1, version: int = 1, payload_digest: str = "0" * 64) -> ProtocolLine:
    """A line that says what a result says. See `stored_line` for one with the digest of its ledger row."""
    return ProtocolLine(
        number=number,
        learner=of.learner,
        result=of.key,
        version=version,
        payload_digest=payload_digest,
        outcome=of.outcome,
        mark=of.mark,
        mark_text=of.mark_text,
        passed=of.passed,
    )


def stored_line(
    store: Store, of: AttestationResult, number: int = 1, version: int = 1, source: str = SOURCE
) -> ProtocolLine:
    """The line of a result that was put."""
    with store.reading() as connection:
        row = ledger.c.source == source, ledger.c.key == of.key, ledger.c.version == version
        digest = connection.execute(select(ledger.c.payload_digest).where(*row)).scalar_one()
    return line(of, number, version, digest)


def protocol(lines: Sequence[ProtocolLine], number: str = "12/2026", **fields: Any) -> Protocol:
    """A protocol of lines that all say `graded`, passed with 4 or failed with 2."""
    passed = [one for one in lines if one.passed]
    counts = {4: len(passed), 2: len(lines) - len(passed)}
    return Protocol(
        **{
            "number": number,
            "series": "2026",
            "ordinal": 1,
            "state": ProtocolState.CLOSED,
            "organisation": "АНО ДПО «Пример»",
            "course": "5",
            "grade_item": "7",
            "course_title": "Охрана труда",
            "programme_kind": ProgrammeKind.ADVANCED_TRAINING,
            "hours": 72,
            "title": "Итоговый тест",
            "attestation_kind": AttestationKind.FINAL,
            "control_form": ControlForm.TEST,
            "group_name": "ПК-1",
            "sitting": "2026-03-01",
            "held_from": dt.date(2026, 3, 1),
            "held_to": dt.date(2026, 3, 1),
            "timezone": "Europe/Moscow",
            "closing": ClosingPolicy.PER_DAY,
            "closed_at": SOME_TIME + dt.timedelta(days=1),
            "closed_by": "operator registrar",
            "commission": Commission(
                name="Комиссия № 1",
                order="приказ № 12 от 10.01.2026",
                chair=CommissionMember(name="Яшин Ё. Ж.", position="директор"),
                members=[CommissionMember(name="Б. «В» Г.")],
            ),
            "lines": list(lines),
            "totals": ProtocolTotals(
                listed=len(lines),
                took_part=len(lines),
                passed=counts[4],
                failed=counts[2],
                absent=0,
                not_admitted=0,
                not_completed=0,
                withdrawn=0,
                marks=[
                    MarkCount(text=text, mark=mark, count=counts[mark])
                    for mark, text in ((4, "хорошо"), (2, "неудовлетворительно"))
                    if counts[mark]
                ],
            ),
            "rule": "final-tests",
            "mapping_version": "mapping-1",
            **fields,
        }
    )


def drift(person: str = "9", **fields: Any) -> Drift:
    return Drift(
        **{
            "result": result(person).key,
            "field": DriftField.NAME,
            "course": "5",
            "grade_item": "7",
            "learner": person,
            "protocol": "12/2026",
            "frozen": "Ёлкина Дарья Олеговна",
            "current": "Пенькова Дарья Олеговна",
            "lms_changed_at": SOME_TIME + dt.timedelta(days=2),
            "changed_by": "методист",
            "reason": "",
            **fields,
        }
    )


def every_kind() -> list[Record]:
    """One record of each kind, every field with a value of its own. `put_every_kind` makes the protocol's line true."""
    return [
        *stream_kinds(),
        result(),
        protocol([line(result())]),
        drift(),
        *document_samples.every_kind(),
    ]


def put_every_kind(store: Store, *more: Record, source: str = SOURCE) -> None:
    """Puts one record of each kind, and more, the protocol last: its line names the result's ledger row."""
    put(store, *stream_kinds(), *document_samples.every_kind(), result(), drift(), *more, source=source)
    put(store, protocol([stored_line(store, result(), source=source)]), source=source)


def stream_kinds() -> list[Record]:
    """One record of each kind that a stream brings."""
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


def decoded(payload: str | None) -> dict[str, Any]:
    """A stored payload."""
    values: dict[str, Any] = json.loads(payload or "{}")
    return values


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


def reseal_last(connection: Connection, **changes: Any) -> None:
    """Changes the last ledger row as a forger would who knows how digests are made."""
    last = dict(connection.execute(select(ledger).order_by(ledger.c.seq.desc()).limit(1)).mappings().one())
    forged = last | changes
    times = {name: forged[name] and digest_time(forged[name]) for name in ("observed_at", "source_at")}
    digest = row_digest([(forged | times)[name] for name in DIGEST_FIELDS])
    connection.execute(update(ledger).where(ledger.c.seq == last["seq"]).values(forged | {"digest": digest}))
