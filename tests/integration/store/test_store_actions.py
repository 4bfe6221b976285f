"""Questions to the action journal: what is given, in which order, through which index, in how much memory."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql

from lms_sync.records import Action, Rung
from lms_sync.store.actions import ActionQuery, action_statement, actions
from lms_sync.store.journal import JoinRule, journalling
from lms_sync.store.store import Store
from tests.integration.store import journal_samples, samples
from tests.integration.store.journal_samples import action, derived, found, instant, keys, put

LEARNERS = ["9", "10", "11", ""]
COURSES = ["5", "6", ""]
CODES = ["graded", "course_viewed", "submitted"]


def several_actions(count: int = 300) -> list[Action]:
    """Actions of every combination, in no order of time, with many at one instant."""
    chance = random.Random(3)
    return [
        (action if chance.random() < 0.7 else derived)(
            number,
            occurred_at=journal_samples.NOON + chance.randrange(60),
            learner=chance.choice(LEARNERS),
            actor=chance.choice([*LEARNERS, None, None]),
            course=chance.choice(COURSES),
            action=chance.choice(CODES),
        )
        for number in range(count)
    ]


KEPT = several_actions()


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('actions') / 'records.db'}") as store:
        journal_samples.put_pages(store, [KEPT[:100], KEPT[100:130], KEPT[130:]])
        yield store


def naive(query: ActionQuery, by_learner: bool) -> list[Action]:
    chosen = [
        one
        for one in KEPT
        if (query.learners is None or one.learner in query.learners or one.actor in query.learners)
        and (query.courses is None or one.course in query.courses)
        and (query.actions is None or one.action in query.actions)
        and (query.rungs is None or one.rung in query.rungs)
        and (query.since is None or one.occurred_at >= query.since.timestamp())
        and (query.until is None or one.occurred_at < query.until.timestamp())
    ]
    # Sorting is stable: actions of one instant stay in the order in which they were kept.
    return sorted(chosen, key=lambda one: (one.learner if by_learner else "", one.occurred_at))


def some_of(values: list[Any]) -> st.SearchStrategy[list[Any] | None]:
    return st.none() | st.lists(st.sampled_from([*values, "404"]), unique=True)


INSTANTS = st.none() | st.integers(-1, 61).map(instant)
QUERIES = st.builds(
    ActionQuery,
    source=st.just(samples.SOURCE),
    learners=some_of(LEARNERS),
    courses=some_of(COURSES),
    actions=some_of(CODES),
    since=INSTANTS,
    until=INSTANTS,
    rungs=st.none() | st.lists(st.sampled_from(Rung), unique=True),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, by_learner=st.booleans())
def test_a_query_gives_what_a_naive_filter_gives(lite: Store, query: ActionQuery, by_learner: bool) -> None:
    assert found(lite, query, by_learner=by_learner) == naive(query, by_learner)


def test_queries_in_both_databases(store: Store) -> None:
    journal_samples.put_pages(store, [KEPT[:100], KEPT[100:130], KEPT[130:]])
    put(store, action(1), source="branch")
    for query in (
        ActionQuery(samples.SOURCE),
        ActionQuery(samples.SOURCE, learners=["9"]),
        ActionQuery(samples.SOURCE, learners=["9", "10"], courses=["5"], since=instant(10), until=instant(50)),
        ActionQuery(samples.SOURCE, actions=["graded", "submitted"], rungs=[Rung.DERIVED]),
        ActionQuery(samples.SOURCE, learners=[]),
        ActionQuery("nowhere"),
    ):
        for by_learner in (False, True):
            expected = naive(query, by_learner) if query.source == samples.SOURCE else []
            assert found(store, query, by_learner=by_learner) == expected
    assert len(found(store, ActionQuery("branch"))) == 1


def test_what_the_log_tells_is_given_once_and_what_was_erased_not_at_all(store: Store) -> None:
    samples.put(store, samples.learner("9"))
    put(store, action(1, learner="10"), action(2, learner="9"))
    put(store, derived(1, learner="10"), derived(3, learner="10"))
    assert keys(store) == [action(1).key, "derived/1", action(2).key, "derived/3"]
    with journalling(store, samples.SOURCE, "operator") as journal:
        assert journal.supersede([JoinRule("graded", True, dt.timedelta(0), dt.timedelta(0))]) == 1
    store.erase_learner(samples.SOURCE, "9", "operator", "")
    assert keys(store) == [action(1).key, "derived/3"]
    assert keys(store, ActionQuery(samples.SOURCE, learners=["9"])) == []


def test_a_period_without_a_time_zone_is_a_mistake_of_the_caller(store: Store) -> None:
    with pytest.raises(ValueError, match="zone"):
        found(store, ActionQuery(samples.SOURCE, since=dt.datetime(2026, 3, 1)))  # noqa: DTZ001


def plan_of(store: Store, query: ActionQuery, **options: Any) -> str:
    """How the database answers a query, in its own words."""
    with store.reading() as connection:
        statement = action_statement(connection, query, **options)
        lite = connection.dialect.name == "sqlite"
        dialect = connection.dialect if lite else postgresql.dialect()
        told = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        explained = connection.execute(
            text(f"{'EXPLAIN QUERY PLAN' if lite else 'EXPLAIN'} {told}".replace(":", "\\:"))
        )
        return "\n".join(str(row[-1]) for row in explained)


@pytest.fixture
def large(store: Store) -> Store:
    """Enough rows that PostgreSQL finds an index worth its while."""
    journal_samples.put_many(store, 30_000)
    with store.writing() as connection:
        connection.execute(text("ANALYZE"))
    return store


def test_a_learners_period_is_answered_by_an_index(large: Store) -> None:
    plan = plan_of(large, ActionQuery(samples.SOURCE, learners=["17"], since=instant(100), until=instant(20_000)))
    assert "ix_action_learner_occurred_at_source" in plan
    assert "ix_action_actor_occurred_at_source" in plan
    assert not scans_all(plan)


def test_a_courses_period_is_answered_by_an_index(large: Store) -> None:
    plan = plan_of(large, ActionQuery(samples.SOURCE, courses=["17"], since=instant(100), until=instant(20_000)))
    assert "ix_action_course_occurred_at_source" in plan
    assert not scans_all(plan)


def scans_all(plan: str) -> bool:
    return "Seq Scan" in plan or "SCAN action" in plan


def test_a_postgresql_server_hands_the_answer_over_bit_by_bit(postgresql_url: str) -> None:
    """Otherwise its driver would hold all of it, in memory that Python does not see."""
    with Store.open(postgresql_url) as store, store.reading() as connection:
        put(store, action(1), action(2))
        answer = actions(connection, ActionQuery(samples.SOURCE))
        assert next(answer) == action(1)
        assert cursors(connection) == 1
        answer.close()
        assert cursors(connection) == 0


def cursors(connection: Connection) -> int:
    count: int = connection.execute(text("SELECT COUNT(*) FROM pg_cursors")).scalar_one()
    return count


def test_memory_does_not_grow_with_the_answer(store: Store) -> None:
    def read() -> None:
        with store.reading() as connection:
            assert sum(1 for _ in actions(connection, ActionQuery(samples.SOURCE), by_learner=True)) >= 10_000

    journal_samples.put_many(store, 10_000)
    read()  # what is made once, as compiled statements, is made now
    short = journal_samples.memory_of(read)
    journal_samples.put_many(store, 40_000, start=10_001)
    assert journal_samples.memory_of(read) < short * 1.5
