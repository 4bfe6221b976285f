"""Nothing is retired unless its scope was read whole and its disappearance can be believed; nothing is lost by it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from lms_sync.connector import Outcome
from lms_sync.errors import SourceAnswerInvalid, SourceRefused, SourceTimeout, SourceUnavailable
from lms_sync.store.rows import Operation, ScopeOutcome
from lms_sync.sync.brake import Vanished, braked_kinds
from lms_sync.sync.pull import Silence
from tests.integration.sync.conftest import add_course

GRADES = {"50/501", "50/502", "50/503", "50/504"}


def test_a_whole_reading_retires_what_is_gone_and_keeps_its_values(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    academy.pull()
    academy.site.faults.hidden.add(("grade", "50/502"))
    assert academy.pull(full=True).counts["retired"] == 1
    assert academy.live("grade_entry") == GRADES - {"50/502"}
    assert academy.operations("grade_entry", "50/502") == [Operation.PUT, Operation.RETIRE]


def test_what_comes_back_is_restored(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    academy.pull()
    academy.site.faults.hidden.add(("grade", "50/502"))
    academy.pull(full=True)
    academy.site.faults.clear()
    counts = academy.pull(full=True).counts
    assert (counts["restored"], counts["added"], counts["changed"]) == (1, 0, 0)
    assert academy.operations("grade_entry", "50/502") == [Operation.PUT, Operation.RETIRE, Operation.RESTORE]
    assert academy.live("grade_entry") == GRADES


@pytest.mark.parametrize(
    "error",
    [SourceUnavailable("x"), SourceTimeout("x"), SourceAnswerInvalid("x"), SourceRefused("x"), ZeroDivisionError()],
    ids=lambda error: type(error).__name__,
)
def test_nothing_is_retired_by_a_reading_that_breaks_off(academy: Any, error: Exception) -> None:
    academy.pull()
    academy.site.faults.hidden |= {("grade", "50/502"), ("grade_item", "50")}
    academy.site.faults.pages["grades", "course/5", 1] = error
    assert academy.pull(full=True).counts["retired"] == 0
    assert academy.live("grade_entry") == GRADES
    assert academy.live("grade_item") == {"50"}


@pytest.mark.parametrize("full", [False, True])
def test_nothing_is_retired_by_a_partial_reading(academy_anywhere: Any, full: bool) -> None:
    academy = academy_anywhere
    academy.pull()
    academy.site.remove("grade", "50/502")
    academy.site.faults.partial["grades", "course/5"] = "half of it"
    assert academy.pull(full=full).counts["retired"] == 0
    assert academy.live("grade_entry") == GRADES


def test_a_reading_of_changes_retires_only_what_it_calls_absent(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    academy.pull()
    academy.site.remove("grade", "50/502")
    academy.site.faults.hidden.add(("grade", "50/503"))
    assert academy.pull().counts["retired"] == 1
    assert academy.live("grade_entry") == GRADES - {"50/502"}


def test_learners_are_not_retired_with_their_enrolments(academy: Any) -> None:
    academy.pull()
    academy.site.unenrol(5, 502)
    academy.pull(full=True)
    assert academy.live("enrolment") == {"5/501", "5/503", "5/504"}
    assert "502" in academy.live("learner", "")


# --- the brake --------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(academy: Any) -> Any:
    """Course 7 with forty learners and two columns, 70 and 71, pulled."""
    add_course(academy.site, 7, learners=40, items=2)
    academy.page_size = 50
    academy.pull()
    return academy


def hide_attempts(academy: Any, number: int) -> None:
    academy.site.faults.hidden |= {("attempt", f"{person}") for person in range(701, 701 + number)}


def test_a_mass_disappearance_retires_nothing_and_says_how_to_go_on(large: Any) -> None:
    hide_attempts(large, 11)
    summary = large.pull(full=True)
    assert (summary.counts["retired"], summary.counts["braked"], summary.exit_code) == (0, 11, 1)
    assert len(large.live("attempt", "course/7")) == 40
    state = large.state("attempts", "course/7")
    assert state.outcome == ScopeOutcome.BRAKED
    assert "11 of 40 attempt records" in state.note
    command = "lms-sync pull --source academy --stream attempts --allow-retire attempts:course/7"
    assert state.note.endswith(command)
    assert large.state("attempts", "course/5").outcome == Outcome.COMPLETE


def test_a_braked_scope_is_told_from_one_that_the_lms_gave_partly(large: Any) -> None:
    hide_attempts(large, 11)
    large.site.faults.partial["attempts", "course/5"] = "half of it"
    summary = large.pull(full=True, streams=("attempts",))
    assert [(one.scope.key, one.verdict.outcome) for one in summary.troubled] == [
        ("course/5", ScopeOutcome.PARTIAL),
        ("course/7", ScopeOutcome.BRAKED),
    ]
    (stream,) = summary.streams
    assert (stream.scopes, stream.partial, stream.braked) == (2, 1, 1)
    assert (summary.outcome, summary.exit_code) == ("partial", 1)


def test_a_partial_reading_is_not_held_by_the_brake(large: Any) -> None:
    for person in range(701, 712):
        large.site.remove("attempt", str(person))
    large.site.faults.partial["attempts", "course/7"] = "half of it"
    assert large.pull().counts["braked"] == 0
    assert large.state("attempts", "course/7").outcome == ScopeOutcome.PARTIAL


class KilledAfter(Silence):
    """Dies as soon as a page of a stream with braked records is committed."""

    def page(self, stream: str, counts: Mapping[str, int]) -> None:
        if counts["braked"]:
            raise KeyboardInterrupt


def test_a_kill_right_after_the_brake_does_not_forget_it(large: Any) -> None:
    hide_attempts(large, 11)
    large.progress = KilledAfter()
    with pytest.raises(KeyboardInterrupt):
        large.pull(full=True)
    large.progress = Silence()
    large.site.faults.partial["attempts", "course/7"] = "half of it"
    large.pull()
    large.site.faults.partial.clear()
    assert large.pull().counts["braked"] == 11


def test_as_many_as_the_floor_are_believed(large: Any) -> None:
    hide_attempts(large, 10)
    assert large.pull(full=True).counts["retired"] == 10


@pytest.mark.parametrize("allowed", ["course/7", "attempts:course/7", "*"])
def test_the_operator_lets_a_disappearance_through(large: Any, allowed: str) -> None:
    hide_attempts(large, 11)
    summary = large.pull(full=True, allow_retire=(allowed,))
    assert (summary.counts["retired"], summary.counts["braked"], summary.exit_code) == (11, 0, 0)


@pytest.mark.parametrize("allowed", ["course/5", "grades:course/7", "attempts"])
def test_leave_for_one_scope_is_none_for_another(large: Any, allowed: str) -> None:
    hide_attempts(large, 11)
    assert large.pull(full=True, allow_retire=(allowed,)).counts["retired"] == 0


def test_a_braked_scope_asks_again_until_somebody_looks(large: Any) -> None:
    for person in range(701, 712):
        large.site.remove("attempt", str(person))
    cursor = large.cursor("attempts", "course/7")
    assert large.pull().counts["braked"] == 11
    assert large.cursor("attempts", "course/7") == cursor
    assert large.pull().counts["braked"] == 11
    assert large.pull(allow_retire=("course/7",)).counts["retired"] == 11
    assert large.pull().counts["retired"] == 0


def test_a_braked_full_reading_is_repeated_whole_by_the_next_pull(large: Any) -> None:
    hide_attempts(large, 11)
    large.pull(full=True)
    large.pull()
    assert [mode for name, scope, mode in large.site.reads if (name, scope) == ("attempts", "course/7")] == ["full"]
    large.site.faults.clear()
    assert large.pull().outcome == "done"
    large.pull()
    assert ("attempts", "course/7", "changes") in large.site.reads


def test_a_test_that_is_gone_explains_its_attempts(large: Any) -> None:
    large.site.remove("quiz", "7")
    for person in range(701, 741):
        large.site.remove("attempt", str(person))
    summary = large.pull(full=True)
    assert (summary.counts["retired"], summary.counts["braked"]) == (41, 0)


def test_a_column_that_is_gone_explains_its_grades(large: Any) -> None:
    large.site.faults.hidden.add(("grade_item", "71"))
    large.site.faults.hidden |= {("grade", f"71/{person}") for person in range(701, 741)}
    assert large.pull(full=True).counts["retired"] == 41


def test_a_learner_who_left_explains_their_grades(large: Any) -> None:
    # Eight of forty enrolments are believed. Of seventeen grades that go with them sixteen are explained: without that
    # they would be more than a fifth of eighty.
    for person in range(701, 709):
        large.site.unenrol(7, person)
    large.site.remove("grade", "70/740")
    summary = large.pull(full=True)
    assert (summary.counts["retired"], summary.counts["braked"]) == (8 + 17, 0)


def test_grades_that_go_alone_are_braked(large: Any) -> None:
    large.site.faults.hidden |= {("grade", f"71/{person}") for person in range(701, 725)}
    assert large.pull(full=True).counts["braked"] == 24


def test_a_scope_that_is_suddenly_empty_is_not_believed_below_the_floor_either(academy: Any) -> None:
    add_course(academy.site, 7, learners=5)
    academy.pull()
    for course in (5, 7):
        academy.site.faults.hidden |= {("attempt", f"{course}0{number}") for number in range(1, 6)}
    summary = academy.pull(full=True)
    assert academy.live("attempt", "course/7") == {"701", "702", "703", "704", "705"}
    assert academy.live("attempt", "course/5") == set()  # four are too few to be alarmed
    assert (summary.counts["braked"], summary.counts["retired"]) == (5, 4)


@pytest.mark.parametrize(
    ("gone", "live", "share", "floor", "braked"),
    [
        (11, 55, "0.2", 10, False),  # exactly the share
        (11, 54, "0.2", 10, True),
        (10, 12, "0.2", 10, False),  # exactly the floor
        (4, 4, "0.2", 10, False),
        (5, 5, "0.2", 10, True),  # all
        (5, 6, "0.2", 10, False),
        (1, 3, "0.2", 0, True),
        (11, 11, "1", 10, True),  # all, whatever the share
    ],
)
def test_the_brake_counts(gone: int, live: int, share: str, floor: int, braked: bool) -> None:
    vanished = Vanished({"attempt": frozenset(map(str, range(gone)))}, {"attempt": live})
    found: Mapping[str, object] = braked_kinds(vanished, lambda kind, key: False, share=Decimal(share), floor=floor)
    assert found == ({"attempt": (gone, live)} if braked else {})


def test_grades_are_not_explained_by_people_who_were_never_read(academy: Any) -> None:
    add_course(academy.site, 7, learners=40)
    academy.page_size = 50
    academy.pull(streams=("grades",))
    academy.site.faults.hidden |= {("grade", f"70/{person}") for person in range(701, 725)}
    assert academy.pull(full=True, streams=("grades",)).counts["braked"] == 24


def test_a_brake_is_not_forgotten_by_a_reading_of_changes(large: Any) -> None:
    hide_attempts(large, 11)
    large.pull(full=True)
    assert large.pull().exit_code == 1
    assert large.state("attempts", "course/7").outcome == ScopeOutcome.BRAKED
    large.site.faults.clear()
    assert large.pull().exit_code == 0
    assert large.state("attempts", "course/7").outcome == Outcome.COMPLETE
