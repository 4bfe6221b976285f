"""Any sequence of puts and retires: the projections equal a model in memory, the past stays, the chain holds."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from lms_sync.records import Enrolment, Learner, Record
from lms_sync.store.history import as_of, history
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS
from lms_sync.store.verify import verify
from tests.integration.store import samples

KEYS = st.sampled_from("12")
SCOPES = st.sampled_from(["course/5", "course/6"])
RECORDS = st.one_of(
    st.builds(lambda key, value: samples.learner(key, city=value), KEYS, st.sampled_from(["", "Тверь", "Ё"])),
    st.builds(lambda key, value: samples.enrolment(key, groups=value), KEYS, st.lists(KEYS, max_size=2)),
    st.builds(lambda key, value: samples.grade("7", key, raw=value), KEYS, st.sampled_from([None, "0", "0.00001"])),
)
PUT = st.tuples(st.just("put"), st.lists(RECORDS, min_size=1, max_size=4))
RETIRE = st.tuples(
    st.just("retire"), st.sampled_from(["learner", "enrolment", "grade_entry"]), st.sets(KEYS, min_size=1)
)
ERASE = st.tuples(st.just("erase"), KEYS)
# Mostly whole pages of one scope, with few keys and values: records must meet their own past to be interesting.
PAGE = st.tuples(
    st.one_of(st.just("course/5"), SCOPES),
    st.lists(st.one_of(PUT, RETIRE), min_size=1, max_size=3),
    st.integers(0, 4).map(lambda number: number == 4),
)
# Erasing ends a learner's story, so it has to be rare for the others to be told.
PAGES = st.lists(st.one_of(*[PAGE] * 6, ERASE), min_size=5, max_size=12)

Model = dict[tuple[str, str], tuple[Record | None, str, bool, int]]
"""(kind, key) -> (record or None once erased, scope, live, version)."""


def key_of(kind: str, person: str) -> str:
    return {"learner": person, "enrolment": f"5/{person}", "grade_entry": f"7/{person}"}[kind]


def model_put(model: Model, record: Record, scope: str) -> None:
    scope = "" if isinstance(record, Learner) else scope
    known, old_scope, live, version = model.get((record.kind, record.key), (None, scope, False, 0))
    erased = version > 0 and known is None
    if not erased and not (live and known == record and old_scope == scope):
        model[record.kind, record.key] = (record, scope, True, version + 1)


def model_retire(model: Model, kind: str, people: set[str]) -> None:
    for person in people:
        known, scope, live, version = model.get((kind, key_of(kind, person)), (None, "", False, 0))
        if live:
            model[kind, key_of(kind, person)] = (known, scope, False, version + 1)


def model_erase(model: Model, key: str) -> None:
    if ("learner", key) in model and model["learner", key][0] is not None:
        model["learner", key] = (None, "", False, model["learner", key][3] + 1)


@pytest.fixture
def clock() -> samples.Clock:
    return samples.Clock()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=PAGES)
def run_pages(store: Store, clock: samples.Clock, numbers: count[int], pages: list[tuple]) -> None:
    source = f"source-{next(numbers)}"
    model: Model = {}
    past = []
    run = store.begin_run(source, "full", "operator", "1")
    for page in pages:
        clock.tick()
        if page[0] == "erase":
            if ("learner", page[1]) in model:
                store.erase_learner(source, page[1], "operator", "by request")
            model_erase(model, page[1])
        else:
            scope, actions, fails = page
            changed = dict(model)
            try:
                with store.page(run, "people", scope) as writer:
                    for action in actions:
                        if action[0] == "put":
                            writer.put([(record, None) for record in action[1]])
                            for record in {record.key + record.kind: record for record in action[1]}.values():
                                model_put(changed, record, scope)
                        else:
                            writer.retire(action[1], {key_of(action[1], person) for person in action[2]}, "gone")
                            model_retire(changed, action[1], action[2])
                    if fails:
                        raise LookupError
                model = changed
            except LookupError:
                pass
        past.append((clock.now, dict(model)))
    check_projections(store, source, model)
    check_past(store, source, past, model)


def check_projections(store: Store, source: str, model: Model) -> None:
    live = defaultdict(set)
    with store.reading() as connection:
        for (kind, key), (record, scope, is_live, version) in model.items():
            table = PROJECTIONS[kind]
            row = connection.execute(select(table).where(table.c.key == key, table.c.source == source)).one()
            assert (row.scope, row.version, row.retired_at is None) == (scope, version, is_live)
            if record is not None:
                assert type(record)(**{name: getattr(row, name) for name in type(record).model_fields}) == record
            elif kind == "learner":
                assert (row.last_name, row.city, row.birth_date, row.external_id) == ("", "", None, key)
            if is_live:
                live[kind, scope].add(key)
    for kind in ("learner", "enrolment", "grade_entry"):
        for scope in ("", "course/5", "course/6"):
            assert store.live_keys(source, kind, scope) == live[kind, scope]


def check_past(store: Store, source: str, past: list, final: Model) -> None:
    erased = {key for (kind, key), (record, *_) in final.items() if kind == "learner" and record is None}
    for instant, model in past:
        for kind in (Learner.kind, Enrolment.kind, "grade_entry"):
            known = {version.key: version.record() for version in as_of(store, kind, instant, source=source)}
            expected = {
                key: None if kind == "learner" and key in erased else record
                for (of_kind, key), (record, _, live, _) in model.items()
                if of_kind == kind and live
            }
            assert known == expected
    for (kind, key), (_, _, _, version) in final.items():
        assert [entry.version for entry in history(store, source, kind, key)] == list(range(1, version + 1))


def test_any_sequence_of_pages(store_url: str, clock: samples.Clock) -> None:
    with Store.open(store_url, clock=clock) as store:
        if store_url.startswith("sqlite"):
            # Some hundred small commits: nothing here depends on their being flushed.
            event.listen(store.engine, "checkout", lambda raw, *_: raw.execute("PRAGMA synchronous=OFF"))
        run_pages(store, clock, count(1))
        assert verify(store).problems == []
        before = samples.projections(store)
        rebuild_projections(store)
        assert samples.projections(store) == before
