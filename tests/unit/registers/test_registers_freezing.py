"""What freezes of the facts, what waits and why: pure, and always the same."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping.apply import Mapping
from lms_sync.records import AttestationResult, CountingMethod, ResultOutcome
from lms_sync.registers.freezing import WaitingFor
from lms_sync.store.attestation import AttemptFacts, FinalFacts
from tests.unit.registers.samples import attempt, enrolment, entry, facts, freezer, person, result, stored

WORDS = {
    "module": "",
    "item_type": "manual",
    "instance": "",
    "scale": "five-point",
    "scale_lowest": "не явился",
    "scale_highest": "отлично",
}


def frozen(of: FinalFacts, mapping: Mapping) -> list[AttestationResult]:
    return freezer(of, mapping).new_results()[0]


def waiting(of: FinalFacts, mapping: Mapping) -> list[tuple[str, WaitingFor]]:
    return [(one.learner, one.reason) for one in freezer(of, mapping).new_results()[1]]


def test_every_marked_attempt_freezes_by_learner_and_number(mapping: Mapping) -> None:
    of = facts(attempts=[attempt("2"), attempt("1", 2, 9), attempt("1", 1, 5)])
    assert [one.key for one in frozen(of, mapping)] == ["7/1/attempt-1", "7/1/attempt-2", "7/2/attempt-1"]


@pytest.mark.parametrize(
    ("fields", "enrolments", "reason"),
    [
        ({"state": "inprogress", "points": None}, [enrolment()], [WaitingFor.LEARNER]),
        ({"state": "overdue", "points": None}, [enrolment()], [WaitingFor.LEARNER]),
        ({"state": "notstarted", "points": None}, [enrolment()], [WaitingFor.LEARNER]),
        ({"state": "inprogress", "points": None}, [enrolment(status="suspended")], []),
        ({"state": "inprogress", "points": None}, [enrolment(live=False)], []),
        ({"state": "overdue", "points": None}, [], []),
        ({"state": "submitted", "points": None}, [], [WaitingFor.MARKING]),
        ({"points": None}, [], [WaitingFor.MARKING]),
        ({"grade": None}, [], [WaitingFor.MARKING]),
        ({"state": "abandoned", "points": None}, [enrolment()], []),
        ({"state": "abandoned"}, [enrolment()], []),
        ({"live": False, "points": None}, [enrolment()], []),
    ],
)
def test_what_waits_and_for_what(
    mapping: Mapping, fields: dict[str, object], enrolments: list[object], reason: list[WaitingFor]
) -> None:
    of = facts(attempts=[attempt(**fields)], enrolments=enrolments)  # type: ignore[arg-type]
    assert frozen(of, mapping) == []
    assert [one for _, one in waiting(of, mapping)] == reason


def test_a_frozen_attempt_does_not_freeze_again_whatever_became_of_it(mapping: Mapping) -> None:
    for changed in (attempt(points=9), attempt(points=None), attempt(points=None, state="inprogress")):
        of = facts(attempts=[changed], enrolments=[enrolment()], results=stored(result()))
        assert (frozen(of, mapping), waiting(of, mapping)) == ([], [])


def test_another_attempt_with_the_number_of_a_frozen_one_freezes_beside_it(mapping: Mapping) -> None:
    of = facts(attempts=[attempt(live=False), attempt(key="900", points=9)], results=stored(result()))
    [one] = frozen(of, mapping)
    assert (one.attempt, one.attempt_number, one.grade) == ("900", 1, Decimal(90))
    assert one.key != result().key


def test_an_erased_learner_neither_freezes_nor_waits(mapping: Mapping) -> None:
    of = facts(attempts=[attempt(), attempt(number=2, points=None)], people=[person(erased=True)])
    assert (frozen(of, mapping), waiting(of, mapping)) == ([], [])


def test_without_a_name_a_result_waits(mapping: Mapping) -> None:
    of = facts(attempts=[attempt()], people=[])
    assert (frozen(of, mapping), waiting(of, mapping)) == ([], [("1", WaitingFor.NAME)])


@pytest.mark.parametrize(
    ("entries", "attempts", "keys"),
    [
        ([entry(overridden=True)], [], ["7/1/grade"]),
        ([entry()], [], []),  # the test's own grade; its attempt is not known yet
        ([entry(overridden=True)], [attempt()], ["7/1/attempt-1"]),
        ([entry(overridden=True, live=False)], [], []),
        ([entry(raw=None, overridden=True)], [], []),
        ([entry(overridden=True)], [attempt(live=False)], ["7/1/grade"]),
    ],
)
def test_a_tests_grade_counts_alone_only_where_it_was_written_without_an_attempt(
    mapping: Mapping, entries: list[object], attempts: list[AttemptFacts], keys: list[str]
) -> None:
    of = facts(entries=entries, attempts=attempts)  # type: ignore[arg-type]
    assert [one.key for one in frozen(of, mapping)] == keys


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("не явился", ResultOutcome.ABSENT),
        ("н/а", ResultOutcome.NOT_COMPLETED),
        ("не допущен", ResultOutcome.NOT_ADMITTED),
        ("хорошо", ResultOutcome.GRADED),
    ],
)
def test_a_word_may_be_an_outcome(mapping: Mapping, word: str, outcome: ResultOutcome) -> None:
    [one] = frozen(facts(entries=[entry(raw=None, maximum=None, word=word)], item=WORDS), mapping)
    assert (one.outcome, one.word) == (outcome, word)


def test_an_average_is_of_all_finished_attempts_up_to_it_and_rounded_once(mapping: Mapping) -> None:
    tries = [attempt(number=number, points=points) for number, points in ((1, "3.33333"), (2, "6.66666"), (3, "5"))]
    tries.append(attempt(number=4, points=None, state="abandoned"))
    of = facts(attempts=tries, test={"counting": CountingMethod.AVERAGE})
    assert [one.grade for one in frozen(of, mapping)] == [Decimal("33.3333"), Decimal("49.99995"), Decimal("49.99997")]


def test_an_average_of_what_is_not_all_marked_waits(mapping: Mapping) -> None:
    of = facts(attempts=[attempt(points=None), attempt(number=2)], test={"counting": CountingMethod.AVERAGE})
    assert waiting(of, mapping) == [("1", WaitingFor.MARKING), ("1", WaitingFor.MARKING)]


def test_what_has_no_scale_waits_with_the_reason(mapping: Mapping, rules: Callable[[str], Mapping]) -> None:
    of = facts(attempts=[attempt()], item={"scale": ""})
    [one] = freezer(of, mapping).new_results()[1]
    assert (one.reason, one.note.startswith("the item has no scale")) == (WaitingFor.SCALE, True)
    assert len(frozen(of, rules('[[attestation]]\nname = "final"\nscales = []\npass_percent = 50\n'))) == 1


ATTEMPTS = st.lists(
    st.builds(
        attempt,
        st.sampled_from("12"),
        st.integers(1, 3),
        st.one_of(st.none(), st.integers(0, 10)),
        state=st.sampled_from(["finished", "finished", "inprogress", "abandoned", "submitted"]),
        live=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)
COUNTING = st.sampled_from(list(CountingMethod))


@given(attempts=ATTEMPTS, later=ATTEMPTS, counting=COUNTING, overridden=st.booleans())
def test_freezing_is_idempotent_and_never_takes_anything_back(
    mapping: Mapping,
    attempts: list[AttemptFacts],
    later: list[AttemptFacts],
    counting: CountingMethod,
    overridden: bool,
) -> None:
    shared = {
        "enrolments": [enrolment("1"), enrolment("2")],
        "entries": [entry("1", overridden=overridden)],
        "test": {"counting": counting},
    }
    first = frozen(facts(attempts=attempts, **shared), mapping)  # type: ignore[arg-type]
    again = frozen(facts(attempts=attempts, results=stored(*first), **shared), mapping)  # type: ignore[arg-type]
    assert again == []
    changed = {one.key: one for one in (*attempts, *later)}.values()
    more = frozen(facts(attempts=list(changed), results=stored(*first), **shared), mapping)  # type: ignore[arg-type]
    keys = [one.key for one in (*first, *more)]
    assert len(set(keys)) == len(keys)
    made_of = [one.attempt for one in (*first, *more) if one.attempt]
    assert len(set(made_of)) == len(made_of)


@given(attempts=ATTEMPTS)
def test_every_attempt_is_frozen_or_waits_or_has_its_reason_not_to(
    mapping: Mapping, attempts: list[AttemptFacts]
) -> None:
    of = facts(attempts=attempts, enrolments=[enrolment("1"), enrolment("2", status="suspended")])
    results, waits = freezer(of, mapping).new_results()
    told = {(one.learner, one.attempt_number) for one in (*results, *waits)}
    for one in attempts:
        given_up = one.state == "abandoned" or (one.state == "inprogress" and one.learner == "2")
        assert ((one.learner, one.number) in told) == (one.live and not given_up)
    assert len(told) == len(results) + len(waits)
