"""What a record's version tells of who did what and when."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lms_sync.records import Action, ActionCode, Rung
from lms_sync.registers.derived_actions import JOIN_RULES, Concluding
from lms_sync.store.journal_facts import ChangedRow
from lms_sync.store.rows import Operation

IRKUTSK = ZoneInfo("Asia/Irkutsk")
SEEN = dt.datetime(2026, 11, 22, 4, 20, tzinfo=dt.UTC)
ATTEMPT = {
    "course": "5",
    "assessment": "9",
    "learner": "7",
    "state": "finished",
    "started_at": "2026-11-20T02:00:00Z",
    "finished_at": "2026-11-20T02:30:00Z",
}
GRADE = {"course": "5", "grade_item": "55", "learner": "7", "raw": "80", "graded_at": "2026-11-20T02:31:00Z"}
ENROLMENT = {"course": "5", "learner": "7", "status": "active", "is_learner": True}


def concluded(
    kind: str,
    record: dict[str, Any] | None,
    operation: Operation = Operation.PUT,
    *,
    version: int = 1,
    first_look: bool = False,
) -> list[Action]:
    payload = None if record is None else json.dumps(record)
    keys = {"attempt": "77", "grade_entry": "55/7", "enrolment": "5/7"}
    row = ChangedRow(1, kind, keys.get(kind, "1"), version, operation, SEEN, payload)
    return list(Concluding(IRKUTSK, {"50"}, first_look=first_look).actions(row))


def told(actions: list[Action]) -> list[tuple[str, str]]:
    return [(one.action, dt.datetime.fromtimestamp(one.occurred_at, dt.UTC).isoformat()) for one in actions]


def test_a_finished_attempt_tells_when_it_began_and_ended() -> None:
    actions = concluded("attempt", ATTEMPT)
    assert told(actions) == [
        (ActionCode.ATTEMPT_STARTED, "2026-11-20T02:00:00+00:00"),
        (ActionCode.ATTEMPT_FINISHED, "2026-11-20T02:30:00+00:00"),
    ]
    for one in actions:
        assert (one.learner, one.actor, one.course) == ("7", None, "5")
        assert (one.object_type, one.object_id, one.rung) == ("attempt", "77", Rung.DERIVED)
        assert (one.utc_offset, one.event, one.address) == (8 * 60, "", "")


@pytest.mark.parametrize("state", ["inprogress", "overdue", "abandoned", "submitted", "notstarted"])
def test_an_attempt_that_is_not_finished_tells_no_end(state: str) -> None:
    actions = concluded("attempt", {**ATTEMPT, "state": state})
    assert [one.action for one in actions] == [ActionCode.ATTEMPT_STARTED]


def test_an_attempt_without_times_tells_nothing() -> None:
    assert concluded("attempt", {**ATTEMPT, "started_at": None, "finished_at": None}) == []


def test_a_grade_names_who_gave_it_only_where_that_is_known() -> None:
    (unknown,) = concluded("grade_entry", GRADE)
    (known,) = concluded("grade_entry", {**GRADE, "graded_by": "3"})
    (himself,) = concluded("grade_entry", {**GRADE, "graded_by": "7"})
    assert [unknown.actor, known.actor, himself.actor] == ["", "3", None]
    assert told([unknown]) == [(ActionCode.GRADED, "2026-11-20T02:31:00+00:00")]
    assert (unknown.object_type, unknown.object_id) == ("grade_item", "55")


@pytest.mark.parametrize("change", [{"raw": None}, {"graded_at": None}, {"grade_item": "50"}])
def test_no_mark_no_time_and_totals_tell_nothing(change: dict[str, Any]) -> None:
    assert concluded("grade_entry", {**GRADE, **change}) == []


def test_an_enrolment_is_told_when_it_was_first_seen_and_when_it_went() -> None:
    assert [one.action for one in concluded("enrolment", ENROLMENT)] == [ActionCode.ENROLLED]
    assert concluded("enrolment", ENROLMENT, version=2) == []
    (back,) = concluded("enrolment", ENROLMENT, Operation.RESTORE, version=3)
    (left,) = concluded("enrolment", ENROLMENT, Operation.RETIRE, version=2)
    assert (back.action, left.action) == (ActionCode.ENROLLED, ActionCode.UNENROLLED)
    assert {one.occurred_at for one in (back, left)} == {int(SEEN.timestamp())}


def test_enrolments_that_were_there_at_the_first_look_tell_nothing() -> None:
    assert concluded("enrolment", ENROLMENT, first_look=True) == []
    assert concluded("enrolment", ENROLMENT, Operation.RETIRE, version=2, first_look=True) != []


def test_staff_and_other_records_tell_nothing() -> None:
    assert concluded("enrolment", {**ENROLMENT, "is_learner": False}) == []
    assert concluded("course", {"title": "Охрана труда"}) == []


@pytest.mark.parametrize("operation", [Operation.RETIRE, Operation.ERASE])
def test_what_goes_is_no_second_action(operation: Operation) -> None:
    payload = None if operation is Operation.ERASE else ATTEMPT
    assert concluded("attempt", payload, operation, version=2) == []
    assert concluded("grade_entry", None if payload is None else GRADE, operation, version=2) == []


def test_a_second_look_gives_the_same_keys_and_a_new_time_another() -> None:
    once, again = concluded("attempt", ATTEMPT), concluded("attempt", ATTEMPT, version=2)
    assert [one.key for one in once] == [one.key for one in again]
    later = concluded("attempt", {**ATTEMPT, "finished_at": "2026-11-20T02:45:00Z"}, version=3)
    assert once[0].key == later[0].key and once[1].key != later[1].key


def test_every_derived_action_can_be_joined_with_the_log() -> None:
    assert {rule.action for rule in JOIN_RULES} == set(ActionCode)
