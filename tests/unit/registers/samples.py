"""Facts about one small final attestation, made by hand: what the store would give, without a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from lms_sync.mapping.apply import Mapping
from lms_sync.records import (
    Assessment,
    AttestationKind,
    AttestationResult,
    ControlForm,
    CountingMethod,
    Course,
    Drift,
    GradeItem,
    ProgrammeKind,
    Protocol,
    ResultOutcome,
)
from lms_sync.registers.freezing import Freezer
from lms_sync.registers.sittings import Sittings
from lms_sync.store.attestation import (
    AttemptFacts,
    EnrolmentFacts,
    EntryFacts,
    FinalFacts,
    PersonFacts,
    StoredResult,
)

NOON = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
"""Monday noon in Moscow."""


def result(
    learner: str = "1", attempt: int | None = 1, grade: int | str | None = 70, **fields: Any
) -> AttestationResult:
    """A result of an attempt at test 3; of a grade without one when `attempt` is None."""
    exact = None if grade is None else Decimal(grade)
    return AttestationResult(
        **{
            "course": "5",
            "grade_item": "7",
            "learner": learner,
            "occasion": "grade" if attempt is None else f"attempt-{attempt}",
            "outcome": ResultOutcome.GRADED,
            "last_name": f"Примеров{learner}",
            "first_name": "Пётр",
            "course_title": "Охрана труда",
            "programme_kind": ProgrammeKind.OTHER,
            "title": "Итоговый тест",
            "attestation_kind": AttestationKind.FINAL,
            "control_form": ControlForm.TEST,
            "attempt": "" if attempt is None else f"3{learner}{attempt}",
            "attempt_number": attempt,
            "finished_at": NOON,
            "points": None if exact is None else exact / 10,
            "points_maximum": Decimal(10),
            "grade": exact,
            "grade_maximum": Decimal(100),
            "percent": exact,
            "mark": 3,
            "mark_text": "удовлетворительно",
            "passed": True,
            "counting": CountingMethod.HIGHEST,
            "rule": "final",
            "mapping_version": "1",
            **fields,
        }
    )


def stored(*results: AttestationResult, version: int = 1) -> list[StoredResult]:
    """Results as the store gives them."""
    return [StoredResult(one, version, f"digest of {one.key}") for one in results]


def attempt(learner: str = "1", number: int = 1, points: int | str | None = 7, **fields: Any) -> AttemptFacts:
    """A finished attempt at test 3: of ten points, which are a hundred per cent."""
    exact = None if points is None else Decimal(points)
    return AttemptFacts(
        **{
            "key": f"3{learner}{number}",
            "learner": learner,
            "number": number,
            "state": "finished",
            "started_at": NOON - dt.timedelta(minutes=10),
            "finished_at": NOON,
            "points": exact,
            "points_maximum": Decimal(10),
            "grade": None if exact is None else exact * 10,
            "grade_maximum": Decimal(100),
            "live": True,
            "told_at": None,
            **fields,
        }
    )


def entry(learner: str = "1", raw: int | str | None = 70, **fields: Any) -> EntryFacts:
    """A grade in the gradebook."""
    exact = None if raw is None else Decimal(raw)
    plain = {"minimum": Decimal(0), "maximum": Decimal(100), "word": "", "overridden": False, "live": True}
    when = {"submitted_at": None, "graded_at": NOON, "graded_by": ""}
    return EntryFacts(**{"learner": learner, "raw": exact, **plain, **when, **fields})


def person(learner: str = "1", **fields: Any) -> PersonFacts:
    """Somebody whose name was read."""
    names = {"last_name": f"Примеров{learner}", "first_name": "Пётр", "middle_name": ""}
    return PersonFacts(**{"learner": learner, **names, "birth_date": None, "idnumber": "", "erased": False, **fields})


def enrolment(learner: str = "1", *groups: str, status: str = "active", live: bool = True) -> EnrolmentFacts:
    """A place in the course."""
    return EnrolmentFacts(learner, status, groups, live)


def facts(
    *,
    attempts: Sequence[AttemptFacts] = (),
    entries: Sequence[EntryFacts] = (),
    people: Sequence[PersonFacts] | None = None,
    enrolments: Sequence[EnrolmentFacts] = (),
    results: Sequence[StoredResult] = (),
    protocols: Sequence[Protocol] = (),
    drifts: Sequence[Drift] = (),
    item: dict[str, Any] | None = None,
    test: dict[str, Any] | None = None,
    item_live: bool = True,
) -> FinalFacts:
    """A final test 3 in column 7 of course 5. Everybody mentioned has a name unless `people` says who has."""
    named = {one.learner for one in (*attempts, *entries, *enrolments, *(one.record for one in results))}
    return FinalFacts(
        source="academy",
        scope="course/5",
        item=GradeItem(
            **{
                "external_id": "7",
                "course": "5",
                "title": "Итоговый тест",
                "item_type": "mod",
                "module": "quiz",
                "instance": "3",
                "minimum": Decimal(0),
                "maximum": Decimal(100),
                "attestation_kind": AttestationKind.FINAL,
                "scale": "hundred-point",
                **(item or {}),
            }
        ),
        item_live=item_live,
        read_in=frozenset({"course/5"}),
        course=Course(external_id="5", title="Охрана труда"),
        assessment=Assessment(**{"external_id": "3", "course": "5", "title": "Итоговый тест", **(test or {})}),
        attempts=sorted(attempts, key=lambda one: (one.learner, one.number)),
        entries={one.learner: one for one in entries},
        people={one.learner: one for one in ([person(key) for key in sorted(named)] if people is None else people)},
        enrolments={one.learner: one for one in enrolments},
        results=list(results),
        protocols=list(protocols),
        drifts={one.key: one for one in drifts},
    )


def freezer(of: FinalFacts, mapping: Mapping) -> Freezer:
    """What freezes of these facts."""
    plan = mapping.attestation.plan(of.item, of.course)
    assert plan is not None
    return Freezer(of, plan, mapping.attestation, mapping.version)


def sittings(of: FinalFacts, mapping: Mapping, now: dt.datetime = NOON) -> Sittings:
    """The open sittings of these facts."""
    plan = mapping.attestation.plan(of.item, of.course)
    assert plan is not None
    return Sittings(of, plan, freezer(of, mapping).new_results()[1], mapping.zone, now)
