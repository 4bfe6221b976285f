"""Which differences between the LMS and a result are told, and what becomes of a drift record."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.records import Drift, DriftField, DriftState, GradeSource, ResultOutcome
from lms_sync.registers.counting import closing_occasion
from lms_sync.registers.drift import SETTLED, drift_changes
from lms_sync.store.attestation import FinalFacts
from tests.unit.registers.samples import attempt, enrolment, entry, facts, freezer, person, result, stored

MANUAL = {"module": "", "item_type": "manual", "instance": ""}
PROTOCOL = {"7/1/attempt-1": "2026/001"}
FROZEN = "баллы 7 из 10, оценка 70 из 100"


def told(of: FinalFacts, mapping: Mapping, numbers: dict[str, str] | None = None) -> list[Drift]:
    return drift_changes(of, freezer(of, mapping), PROTOCOL if numbers is None else numbers)


def differences(of: FinalFacts, mapping: Mapping) -> list[tuple[str, str, str]]:
    return [(one.field.value, one.frozen, one.current) for one in told(of, mapping)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({}, []),
        ({"points": 9}, [("grade", FROZEN, "баллы 9 из 10, оценка 90 из 100")]),
        ({"grade_maximum": Decimal(10), "grade": Decimal(7)}, [("grade", FROZEN, "баллы 7 из 10, оценка 7 из 10")]),
        ({"points": None}, [("grade", FROZEN, "не проверено")]),
        ({"points": None, "state": "inprogress"}, [("attempt", FROZEN, "не завершена")]),
        ({"live": False}, [("attempt", FROZEN, "нет в СДО")]),
    ],
)
def test_of_an_attempt(mapping: Mapping, now: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    of = facts(attempts=[attempt(**{"points": 7, **now})], results=stored(result()))
    assert differences(of, mapping) == expected


def test_who_wrote_over_a_grade_is_told_where_the_lms_tells_it(mapping: Mapping) -> None:
    written = [entry(raw=80, overridden=True, graded_by="3")]
    (over,) = told(facts(attempts=[attempt(points=7)], entries=written, results=stored(result())), mapping)
    (regraded,) = told(facts(attempts=[attempt(points=9)], results=stored(result())), mapping)
    assert (over.field, over.changed_by) == (DriftField.GRADEBOOK, "3")
    assert (regraded.field, regraded.changed_by) == (DriftField.GRADE, "")


def test_an_attempt_that_the_store_has_no_more_is_gone(mapping: Mapping) -> None:
    assert differences(facts(results=stored(result())), mapping) == [("attempt", FROZEN, "нет в СДО")]


@pytest.mark.parametrize(
    ("source", "written", "expected"),
    [
        ("attempt", entry(raw=80, overridden=True), [("gradebook", "оценка 70 из 100", "оценка 80 из 100")]),
        ("attempt", entry(raw=70, overridden=True), []),
        ("attempt", entry(raw=80), []),  # not written over: an average of attempts, a test under way, …
        ("attempt", entry(raw=80, overridden=True, live=False), []),
        ("attempt", entry(raw=None, overridden=True), [("gradebook", "оценка 70 из 100", "оценка — из 100")]),
        ("gradebook", entry(raw=70, overridden=True), []),
        ("gradebook", entry(raw=50), [("gradebook", "оценка 70 из 100", "оценка 50 из 100")]),
    ],
)
def test_of_a_grade_in_the_gradebook(
    mapping: Mapping, source: str, written: Any, expected: list[tuple[str, str, str]]
) -> None:
    of = facts(attempts=[attempt()], entries=[written], results=stored(result(grade_source=GradeSource(source))))
    assert differences(of, mapping) == expected


def test_of_a_result_by_the_gradebook_only_the_points_of_the_attempt_are_compared(mapping: Mapping) -> None:
    by_gradebook = result(grade=80, points=Decimal(7), grade_source=GradeSource.GRADEBOOK)
    of = facts(attempts=[attempt()], entries=[entry(raw=80, overridden=True)], results=stored(by_gradebook))
    assert differences(of, mapping) == []
    of = facts(attempts=[attempt(points=9)], entries=[entry(raw=80, overridden=True)], results=stored(by_gradebook))
    assert differences(of, mapping) == [("grade", "баллы 7 из 10", "баллы 9 из 10")]


@pytest.mark.parametrize(
    ("entries", "enrolments", "expected"),
    [
        ([entry()], [enrolment()], []),
        ([entry(raw=75)], [enrolment()], [("grade", "оценка 70 из 100", "оценка 75 из 100")]),
        ([entry(live=False)], [enrolment()], [("attempt", "оценка 70 из 100", "нет в СДО")]),
        ([entry(raw=None)], [enrolment()], [("attempt", "оценка 70 из 100", "нет в СДО")]),
        ([], [enrolment(live=False)], []),
        ([entry(live=False)], [], []),
    ],
)
def test_of_a_grade_without_attempts(
    mapping: Mapping, entries: list[Any], enrolments: list[Any], expected: list[tuple[str, str, str]]
) -> None:
    of = facts(entries=entries, enrolments=enrolments, results=stored(result(attempt=None)), item=MANUAL)
    assert differences(of, mapping) == expected


@pytest.mark.parametrize("outcome", [ResultOutcome.GRADED, ResultOutcome.WITHDRAWN])
def test_a_new_name_is_told_of_every_result(mapping: Mapping, outcome: ResultOutcome) -> None:
    of = facts(
        attempts=[attempt()],
        results=stored(result(outcome=outcome)),
        people=[person(last_name="Яшин", idnumber="ЗК-1")],
    )
    assert differences(of, mapping) == [
        ("name", "Примеров1 Пётр", "Яшин Пётр"),
        ("idnumber", "", "ЗК-1"),
    ]


def test_nothing_is_told_of_who_was_erased_or_whose_name_is_not_known(mapping: Mapping) -> None:
    for people in ([person(erased=True, last_name="")], []):
        assert differences(facts(attempts=[attempt()], results=stored(result()), people=people), mapping) == []


def test_of_an_absence_only_the_name_and_only_while_its_protocol_stands(mapping: Mapping) -> None:
    absent = result(attempt=None, grade=None, occasion=closing_occasion("9"), outcome=ResultOutcome.ABSENT)
    of = facts(attempts=[attempt()], entries=[entry()], results=stored(absent), people=[person(last_name="Яшин")])
    assert [one.field for one in told(of, mapping, {absent.key: "9"})] == [DriftField.NAME]
    assert told(of, mapping, {}) == []


# --- what becomes of a record -----------------------------------------------------------------------------------------


def known(**fields: Any) -> Drift:
    return Drift(
        **{
            "result": "7/1/attempt-1",
            "field": DriftField.GRADE,
            "course": "5",
            "grade_item": "7",
            "learner": "1",
            "protocol": "2026/001",
            "frozen": FROZEN,
            "current": "баллы 9 из 10, оценка 90 из 100",
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("state", "points", "becomes"),
    [
        (None, 9, [DriftState.OPEN]),
        (DriftState.OPEN, 9, []),
        (DriftState.KEPT, 9, []),
        (DriftState.OPEN, 8, [DriftState.OPEN]),
        (DriftState.KEPT, 8, [DriftState.OPEN]),  # another difference than the one that was decided
        (DriftState.SETTLED, 9, [DriftState.OPEN]),
        (DriftState.AMENDED, 9, [DriftState.OPEN]),
        (DriftState.OPEN, 7, [DriftState.SETTLED]),
        (DriftState.KEPT, 7, [DriftState.SETTLED]),
        (DriftState.SETTLED, 7, []),
        (DriftState.AMENDED, 7, []),
    ],
)
def test_a_record_follows_the_lms(
    mapping: Mapping, state: DriftState | None, points: int, becomes: list[DriftState]
) -> None:
    drifts = [] if state is None else [known(state=state, reason="решение")]
    found = told(facts(attempts=[attempt(points=points)], results=stored(result()), drifts=drifts), mapping)
    assert [one.state for one in found] == becomes
    assert all(one.reason == (SETTLED if one.state is DriftState.SETTLED else "") for one in found)
    assert all(one.protocol == "2026/001" for one in found)
