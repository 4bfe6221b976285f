"""Joining derived actions with what the log tells: which is marked, and by what, as a naive model says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from lms_sync.records import Action
from lms_sync.store.journal import JoinRule, journalling
from lms_sync.store.store import Store
from lms_sync.store.tables import action as table
from lms_sync.store.tables import journal as journal_table
from lms_sync.store.tables import ledger
from lms_sync.store.verify import verify
from tests.integration.store import journal_samples, samples
from tests.integration.store.journal_samples import action, derived, keys, put

GRADED = JoinRule("graded", True, before=dt.timedelta(seconds=60), after=dt.timedelta(seconds=5))
VIEWED = JoinRule("course_viewed", False, before=dt.timedelta(0), after=dt.timedelta(minutes=5))


def supersede(store: Store, *rules: JoinRule, source: str = samples.SOURCE) -> int:
    with journalling(store, source, "operator") as journal:
        return journal.supersede(rules)


def marks(store: Store) -> dict[str, str]:
    """Each derived action that was marked: its key -> the key of the log's row."""
    return {row["key"]: row["superseded_by"] for row in journal_samples.rows(store) if row["superseded_by"]}


def at(seconds: int) -> int:
    return journal_samples.NOON + 1000 + seconds


@pytest.mark.parametrize(("seconds", "same"), [(-61, False), (-60, True), (0, True), (5, True), (6, False)])
def test_the_window_is_inclusive_at_both_ends(store: Store, seconds: int, same: bool) -> None:
    put(store, derived(1, occurred_at=at(0)), action(2, occurred_at=at(seconds)))
    assert supersede(store, GRADED) == same
    assert marks(store) == ({"derived/1": action(2).key} if same else {})


@pytest.mark.parametrize(
    ("changes", "same_by_object", "same_by_course"),
    [
        ({}, True, True),
        ({"learner": "10"}, False, False),
        ({"action": "submitted"}, False, False),
        ({"object_type": "attempt"}, False, True),
        ({"object_id": "8"}, False, True),
        ({"course": "6"}, True, False),
        ({"activity": "1", "actor": "1", "origin": "ws", "utc_offset": 0, "crud": "c"}, True, True),
    ],
)
def test_what_must_be_equal(
    store: Store, changes: dict[str, object], same_by_object: bool, same_by_course: bool
) -> None:
    put(store, derived(1), action(1, **changes))
    put(store, derived(1), action(1, **changes), source="branch")
    by_course = JoinRule("graded", False, GRADED.before, GRADED.after)
    assert supersede(store, GRADED) == same_by_object
    assert supersede(store, by_course, source="branch") == same_by_course


ACCESS = JoinRule("course_viewed", False, dt.timedelta(minutes=2), dt.timedelta(minutes=2), any_action=True)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"learner": "10"}, False),
        ({"course": "6"}, False),
        ({"actor": "3"}, False),  # somebody else did it: that is no access of the learner's
        ({"occurred_at": at(121)}, False),
    ],
)
def test_an_access_may_be_told_by_whatever_the_learner_did_in_the_course(
    store: Store, changes: dict[str, object], same: bool
) -> None:
    access = derived(1, action="course_viewed", object_type="course", object_id="5", course="5", occurred_at=at(0))
    other = {"action": "attempt_started", "actor": None, "course": "5", "occurred_at": at(90), **changes}
    put(store, access, action(2, **other))
    assert supersede(store, ACCESS) == same
    later = {**other, "occurred_at": other["occurred_at"] + 1}
    put(store, action(3, **later))
    assert supersede(store, ACCESS) == 0
    assert verify(store).problems == []


def test_an_access_is_joined_with_what_the_log_tells_later(store: Store) -> None:
    put(store, derived(1, action="course_viewed", object_type="course", object_id="5", course="5", occurred_at=at(0)))
    assert supersede(store, ACCESS) == 0
    put(store, action(2, action="attempt_started", actor=None, course="5", occurred_at=at(30)))
    assert supersede(store, ACCESS) == 1


def test_the_earliest_row_of_the_log_is_named(store: Store) -> None:
    late, early, other_early = (action(n, occurred_at=at(s)) for n, s in ((1, 3), (2, -9), (3, -9)))
    put(store, derived(9, occurred_at=at(0)), late)
    put(store, early, other_early)
    assert supersede(store, GRADED) == 1
    assert marks(store) == {"derived/9": early.key}


def test_nobody_is_not_the_same_as_nobody(store: Store) -> None:
    put(store, derived(1, learner=""), action(1, learner=""))
    assert supersede(store, GRADED) == 0


def test_only_a_row_of_the_log_of_the_same_source_supersedes(store: Store) -> None:
    put(store, derived(1), derived(2, occurred_at=derived(1).occurred_at))
    put(store, action(1), source="branch")
    assert supersede(store, GRADED) == 0
    assert supersede(store, GRADED, source="branch") == 0
    assert marks(store) == {}


def test_what_comes_later_is_joined_whichever_comes_first(store: Store) -> None:
    put(store, derived(1), action(2))
    assert supersede(store, GRADED) == 0 + (derived(1).occurred_at + 5 >= action(2).occurred_at)
    put(store, derived(100, occurred_at=at(0)))
    assert supersede(store, GRADED) == 0
    put(store, action(100, occurred_at=at(1)))
    assert supersede(store, GRADED) == 1
    put(store, action(101, occurred_at=at(500)))
    assert supersede(store, GRADED) == 0
    put(store, derived(101, occurred_at=at(501)))
    assert supersede(store, GRADED) == 1
    assert supersede(store, GRADED) == 0
    assert marks(store).keys() == {"derived/1", "derived/100", "derived/101"}
    assert set(keys(store)).isdisjoint(marks(store))
    assert verify(store).problems == []


def test_other_rules_look_at_everything_again(store: Store) -> None:
    put(store, derived(1, action="course_viewed"), action(2, action="course_viewed"))
    assert supersede(store, GRADED) == 0
    assert supersede(store, GRADED, VIEWED) == 1


def test_a_page_that_was_rolled_back_is_not_taken_for_joined(store: Store) -> None:
    put(store, derived(1))
    with pytest.raises(LookupError), journalling(store, samples.SOURCE, "operator") as journal:
        journal.put([action(1)])
        assert journal.supersede([GRADED]) == 1
        raise LookupError
    assert marks(store) == {}
    put(store, action(1))
    assert supersede(store, GRADED) == 1


def naive(pages: Iterable[list[Action]], rules: list[JoinRule]) -> dict[str, str]:
    """The marks when all is looked at after each page, action by action."""
    found: dict[str, str] = {}
    known: list[Action] = []
    for page in pages:
        known += page
        for one in known:
            if one.rung == "derived" and one.key not in found and one.learner:
                told = next(_telling(one, known, rules), None)
                if told is not None:
                    found[one.key] = told
    return found


def _telling(one: Action, known: list[Action], rules: list[JoinRule]) -> Iterator[str]:
    for rule in rules:
        start = one.occurred_at - rule.before.total_seconds()
        end = one.occurred_at + rule.after.total_seconds()
        for told in sorted(known, key=lambda other: other.occurred_at):  # stable: then in the order of keeping
            same_object = (told.object_type, told.object_id) == (one.object_type, one.object_id)
            if (
                told.rung == "log"
                and told.action == one.action == rule.action
                and told.learner == one.learner
                and (same_object if rule.same_object else told.course == one.course)
                and start <= told.occurred_at <= end
            ):
                yield told.key


SECONDS = st.integers(0, 12)
SEVERAL_RULES = st.lists(
    st.builds(
        JoinRule,
        action=st.sampled_from(["graded", "course_viewed"]),
        same_object=st.booleans(),
        before=SECONDS.map(lambda n: dt.timedelta(seconds=n)),
        after=SECONDS.map(lambda n: dt.timedelta(seconds=n)),
    ),
    max_size=3,
)
SEVERAL_ACTIONS = st.builds(
    lambda make, fields: (make, fields),
    st.sampled_from([action, derived]),
    st.fixed_dictionaries(
        {
            "occurred_at": SECONDS.map(at),
            "learner": st.sampled_from(["9", "9", "10", ""]),
            "action": st.sampled_from(["graded", "graded", "course_viewed"]),
            "course": st.sampled_from(["5", "6"]),
            "object_id": st.sampled_from(["7", "8"]),
        }
    ),
)


@pytest.fixture(scope="module")
def empty_lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("join") / "records.db"
    with Store.open(f"sqlite:///{path}") as store:
        yield store


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=st.lists(st.lists(SEVERAL_ACTIONS, min_size=1, max_size=8), min_size=1, max_size=4), rules=SEVERAL_RULES)
def test_marks_are_those_of_a_naive_model(empty_lite: Store, pages: list[list[tuple]], rules: list[JoinRule]) -> None:
    check_against_the_model(empty_lite, pages, rules)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=st.lists(st.lists(SEVERAL_ACTIONS, min_size=1, max_size=8), min_size=1, max_size=4), rules=SEVERAL_RULES)
def test_marks_in_postgresql_too(postgresql_url: str, pages: list[list[tuple]], rules: list[JoinRule]) -> None:
    with Store.open(postgresql_url) as store:
        check_against_the_model(store, pages, rules)


def check_against_the_model(store: Store, pages: list[list[tuple]], rules: list[JoinRule]) -> None:
    with samples.tampering(store) as connection:
        for emptied in (table, journal_table, ledger):
            connection.execute(delete(emptied))
    made = [
        [make(100 * page + place, **fields) for place, (make, fields) in enumerate(actions)]
        for page, actions in enumerate(pages)
    ]
    for page in made:
        put(store, *page)
        supersede(store, *rules)
    assert marks(store) == naive(made, rules)
    assert verify(store).problems == []
