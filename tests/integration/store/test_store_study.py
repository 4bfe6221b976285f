"""What the reports on studies ask of the store: by course, group and learner, in a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from lms_sync.records import (
    Attempt,
    AttestationResult,
    Course,
    Enrolment,
    GradeEntry,
    GradeItem,
    Learner,
    Protocol,
    ProtocolLine,
    ProtocolTotals,
    Record,
)
from lms_sync.report.standing import standings
from lms_sync.store.store import Store
from lms_sync.store.study import AttemptCount, Study, StudyScope, learners_named, study
from tests.unit.study_samples import NOON, result, select

SOURCE = "moodle"


def put(store: Store, *records: Record, source: str = SOURCE) -> None:
    run = store.begin_run(source, "full", "operator", "mapping-1")
    with store.page(run, "grades", "course/5") as page:
        page.put([(record, None) for record in records])
    store.finish_run(run, "done", {}, "")


def retire(store: Store, kind: str, *keys: str) -> None:
    run = store.begin_run(SOURCE, "full", "operator", "mapping-1")
    with store.page(run, "grades", "course/5") as page:
        page.retire(kind, keys, "gone")
    store.finish_run(run, "done", {}, "")


def learner(key: str, **more: Any) -> Learner:
    return Learner(
        **{"external_id": key, "last_name": f"Иванова{key}", "first_name": "Анна", "idnumber": f"N{key}", **more}
    )


def enrolment(key: str, course: str = "5", **more: Any) -> Enrolment:
    return Enrolment(
        **{"course": course, "learner": key, "status": "active", "is_learner": True, "groups": ["А"], **more}
    )


def item(key: str, course: str = "5", **more: Any) -> GradeItem:
    values = {"title": f"Тест {key}", "item_type": "mod", "attestation_kind": "intermediate"}
    return GradeItem(**{**values, "external_id": key, "course": course, **more})


def grade(key: str, item: str, course: str = "5", **more: Any) -> GradeEntry:
    values = {"raw": "66.66667", "minimum": "0", "maximum": "100", "mark": 3, "passed": True, "graded_at": NOON}
    return GradeEntry(**{**values, "course": course, "learner": key, "grade_item": item, **more})


def attempt(key: str, learner: str, **more: Any) -> Attempt:
    values = {"course": "5", "assessment": "3", "number": 1, "state": "finished"}
    return Attempt(**{**values, "external_id": key, "learner": learner, **more})


def protocol(number: str, *results: AttestationResult, **more: Any) -> Protocol:
    lines = [
        ProtocolLine(
            number=place,
            learner=one.learner,
            result=one.key,
            version=1,
            payload_digest="0" * 64,
            outcome=one.outcome,
            mark=one.mark,
            mark_text=one.mark_text,
            passed=one.passed,
        )
        for place, one in enumerate(results, start=1)
    ]
    values: dict[str, Any] = {
        "series": "ИА",
        "ordinal": 1,
        "state": "closed",
        "course": "5",
        "grade_item": "7",
        "course_title": "Охрана труда",
        "programme_kind": "advanced_training",
        "title": "Итоговый тест",
        "attestation_kind": "final",
        "control_form": "test",
        "sitting": "2026-03-10",
        "timezone": "Europe/Moscow",
        "closing": "per-day",
        "closed_at": NOON,
        "closed_by": "operator",
        "totals": ProtocolTotals(
            listed=len(lines),
            took_part=len(lines),
            passed=len(lines),
            failed=0,
            absent=0,
            not_admitted=0,
            not_completed=0,
            withdrawn=0,
        ),
        "rule": "final",
        "mapping_version": "1",
    }
    return Protocol(**{**values, "number": number, "lines": lines, **more})


@pytest.fixture
def academy(store: Store) -> Store:
    """Learner 1 in courses 5 (group А) and 6 («Б» \\ %_), 2 in 5 (А, АА), 3 in 6 (АА); a teacher; another source."""
    frozen = result("1", "7")
    put(
        store,
        Course(external_id="5", title="Охрана труда", hours=72),
        Course(external_id="6", title="Первая помощь"),
        Course(external_id="8", title="Чужой"),
        *(learner(key) for key in "123"),
        enrolment("1"),
        enrolment("1", "6", groups=['«Б» \\ "%_']),
        enrolment("2", groups=["А", "АА"]),
        enrolment("3", "6", groups=["АА"], status="suspended"),
        enrolment("9", is_learner=False),
        item("6"),
        item("7", attestation_kind="final", module="quiz", instance="3"),
        item("8", "6", module="assign", instance="3"),
        item("80", "8"),
        grade("1", "6"),
        grade("2", "6", raw="0"),
        grade("1", "8", "6"),
        grade("3", "8", "6"),
        grade("9", "6"),
        attempt("41", "1"),
        attempt("42", "1", number=2),
        attempt("43", "1", number=3, state="abandoned"),
        attempt("44", "1", number=4),
        attempt("45", "1", number=5, state="notstarted"),
        frozen,
        protocol("ИА-1", frozen),
    )
    put(store, learner("1", last_name="Другая"), enrolment("1"), grade("1", "6", mark=2), source="branch")
    retire(store, "attempt", "44")
    return store


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def ids(found: Study) -> dict[str, list[Any]]:
    return {
        "courses": [one.key for one in found.courses],
        "people": [one.key for one in found.people],
        "places": [(one.learner, one.course) for one in found.places],
        "items": [one.key for one in found.items],
        "grades": sorted((one.learner, one.grade_item) for one in found.grades),
        "results": [one.key for one in found.results],
        "protocols": [one.number for one in found.protocols],
    }


def test_a_course(academy: Store) -> None:
    found = ids(study(academy, StudyScope(SOURCE, course="5")))
    assert found["courses"] == ["5"]
    assert found["people"] == ["1", "2"]
    assert found["places"] == [("1", "5"), ("2", "5")]
    assert found["items"] == ["6", "7"]
    assert set(found["grades"]) >= {("1", "6"), ("2", "6")}
    assert (found["results"], found["protocols"]) == (["7/1/attempt-1"], ["ИА-1"])


def test_a_group_over_all_courses_by_its_exact_name(academy: Store) -> None:
    found = ids(study(academy, StudyScope(SOURCE, group="АА")))
    assert found["places"] == [("2", "5"), ("3", "6")]
    assert found["courses"] == ["5", "6"]
    assert found["grades"] == [("2", "6"), ("3", "8")]
    assert ids(study(academy, StudyScope(SOURCE, group="АА", course="6")))["places"] == [("3", "6")]


def test_a_group_whose_name_has_every_special_character(academy: Store) -> None:
    found = ids(study(academy, StudyScope(SOURCE, group='«Б» \\ "%_')))
    assert (found["places"], found["grades"]) == ([("1", "6")], [("1", "8")])
    assert ids(study(academy, StudyScope(SOURCE, group="%")))["places"] == []


def test_a_group_whose_name_is_in_the_name_of_another(academy: Store) -> None:
    put(
        academy,
        Course(external_id="7", title="Чужая"),
        item("70", "7"),
        learner("4"),
        enrolment("4", "7", groups=['А", "ot-1', "ОТ-1"]),
        enrolment("4", groups=["OT-1", "ot-1"]),
        grade("4", "70", "7"),
        grade("4", "6"),
    )
    for name in ("ot-1", "OT-1"):
        found = ids(study(academy, StudyScope(SOURCE, group=name)))
        assert (found["places"], found["courses"], found["items"]) == ([("4", "5")], ["5"], ["6", "7"])


def test_a_learner_over_all_courses_with_attempts(academy: Store) -> None:
    found = study(academy, StudyScope(SOURCE, learner="1"))
    assert ids(found)["places"] == [("1", "5"), ("1", "6")]
    assert ids(found)["grades"] == [("1", "6"), ("1", "8")]
    assert ids(found)["items"] == ["6", "7", "8"]
    assert [one.assessment for one in found.items] == ["", "3", ""]
    assert found.attempts == [
        AttemptCount("5", "1", "3", "abandoned", False, 1),
        AttemptCount("5", "1", "3", "finished", False, 2),
        AttemptCount("5", "1", "3", "finished", True, 1),
    ]


def test_values_are_exact_and_whole(academy: Store) -> None:
    found = study(academy, StudyScope(SOURCE, learner="1"))
    (one,) = [one for one in found.grades if one.grade_item == "6"]
    assert (one.raw, one.graded_at, one.retired_at) == (Decimal("66.66667"), NOON, None)
    assert found.results == [result("1", "7")]
    (kept,) = found.protocols
    assert (kept.sitting, kept.closed_at, kept.lines[0].result) == (dt.date(2026, 3, 10), NOON, "7/1/attempt-1")
    assert [place.groups for place in found.places] == [("А",), ('«Б» \\ "%_',)]
    assert found.courses[0].hours == 72


def test_what_is_gone_is_given_with_its_time(academy: Store) -> None:
    retire(academy, "enrolment", "5/2")
    retire(academy, "grade_entry", "6/2")
    found = study(academy, StudyScope(SOURCE, course="5"))
    assert [place.learner for place in found.places if place.retired_at] == ["2"]
    assert [one.learner for one in found.grades if one.retired_at] == ["2"]


def test_of_an_erased_learner_the_protocol_still_tells(academy: Store) -> None:
    academy.erase_learner(SOURCE, "1", "operator", "by request")
    found = study(academy, StudyScope(SOURCE, course="5"))
    assert [(one.key, one.last_name, one.erased) for one in found.people] == [
        ("1", "", True),
        ("2", "Иванова2", False),
    ]
    assert found.results == []
    assert standings(found, select()).of["1", "7"].mark == 4


def test_everything_is_read_in_a_fixed_number_of_statements(academy: Store) -> None:
    with statements(academy) as few:
        study(academy, StudyScope(SOURCE, course="5"))
    put(
        academy,
        *(learner(str(number)) for number in range(100, 200)),
        *(enrolment(str(number)) for number in range(100, 200)),
        *(grade(str(number), "6") for number in range(100, 200)),
        *(item(str(number)) for number in range(300, 330)),
    )
    with statements(academy) as many:
        assert len(study(academy, StudyScope(SOURCE, course="5")).places) == 102
    assert len(many) == len(few) <= 12


def test_a_learner_is_found_by_id_before_number(academy: Store) -> None:
    put(academy, learner("50", idnumber="1"), learner("51", idnumber="N2"))
    assert learners_named(academy, SOURCE, "1") == ["1"]
    assert learners_named(academy, SOURCE, "N3") == ["3"]
    assert learners_named(academy, SOURCE, "N2") == ["2", "51"]
    assert learners_named(academy, SOURCE, "нет") == []


def test_the_reports_read_it_as_it_is(academy: Store) -> None:
    found = standings(study(academy, StudyScope(SOURCE, course="5")), select())
    assert [member.key for member in found.members] == ["1", "2"]
    assert {place: one.mark for place, one in found.of.items()} == {("1", "6"): 3, ("2", "6"): 3, ("1", "7"): 4}
    reference = found.of["1", "7"].protocol
    assert reference is not None and reference.number == "ИА-1"
