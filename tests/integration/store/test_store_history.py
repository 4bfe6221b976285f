"""What was known when."""

from __future__ import annotations

import datetime as dt

import pytest

from lms_sync.records import Attempt
from lms_sync.store.history import as_of, histories, history
from lms_sync.store.rows import Operation
from lms_sync.store.statements import CHUNK
from lms_sync.store.store import Store
from tests.integration.store import samples


def test_grades_as_of_an_instant(store_url: str) -> None:
    clock = samples.Clock()
    with Store.open(store_url, clock=clock) as store:
        before = clock.now - dt.timedelta(microseconds=1)
        samples.put(store, samples.grade("7", "9", raw="50"), samples.grade("8", "9"), samples.grade("7", "10"))
        samples.put(store, samples.grade("70", "9", course="6"), scope="course/6")
        first = clock.now
        clock.tick()
        samples.put(store, samples.grade("7", "9", raw="60"))
        samples.retire(store, "grade_entry", ["8/9"])
        second = clock.now
        clock.tick()
        samples.put(store, samples.grade("8", "9", raw="70"))

        def known(instant: dt.datetime, **filters: object) -> dict[str, str]:
            found = as_of(store, "grade_entry", instant, **filters)
            return {version.key: version.payload["raw"] for version in found}

        assert known(before) == {}
        assert known(first, course="5") == {"7/9": "50", "8/9": "84.5", "7/10": "84.5"}
        assert known(second - dt.timedelta(microseconds=1), grade_item="7") == {"7/9": "50", "7/10": "84.5"}
        assert known(second, learner="9") == {"7/9": "60", "70/9": "84.5"}
        assert known(second, learner="9", include_retired=True) == {"7/9": "60", "70/9": "84.5", "8/9": "84.5"}
        assert known(clock.now, learner="9", course="5") == {"7/9": "60", "8/9": "70"}
        assert known(clock.now, key="7/10", source="moodle") == {"7/10": "84.5"}
        assert known(clock.now, source="branch") == {}
        moscow = dt.timezone(dt.timedelta(hours=3))
        assert known(second.astimezone(moscow), grade_item="7", learner="9") == {"7/9": "60"}


def test_retired_ones_are_marked(store: Store) -> None:
    samples.put(store, samples.grade())
    samples.retire(store, "grade_entry", ["7/9"])
    (version,) = as_of(store, "grade_entry", store.now(), include_retired=True)
    assert (version.retired, version.operation) == (True, Operation.RETIRE)


def test_other_kinds_and_filters_they_do_not_have(store: Store) -> None:
    samples.put(store, *samples.every_kind())
    (attempt,) = as_of(store, Attempt.kind, store.now(), assessment="3", learner="9")
    assert attempt.record() == samples.stream_kinds()[-1]
    with pytest.raises(KeyError):
        as_of(store, "course", store.now(), learner="9")
    with pytest.raises(ValueError, match="zone"):
        as_of(store, "course", dt.datetime(2026, 1, 1))  # noqa: DTZ001


def test_the_later_row_stands_when_the_clock_was_set_back(store_url: str) -> None:
    clock = samples.Clock()
    with Store.open(store_url, clock=clock) as store:
        samples.put(store, samples.grade(mark=3))
        clock.tick(hours=-5)
        samples.put(store, samples.grade(mark=5))
        (version,) = as_of(store, "grade_entry", clock.now)
        assert version.payload["mark"] == 5
        clock.tick(hours=9)
        (version,) = as_of(store, "grade_entry", clock.now)
        assert version.payload["mark"] == 5


def test_history_of_an_unknown_record_is_empty(store: Store) -> None:
    assert history(store, "moodle", "course", "404") == []


def test_histories_are_each_records_own_and_empty_for_an_unknown_one(store: Store) -> None:
    keys = [f"{item}/9" for item in range(CHUNK + 2)]
    samples.put(store, *(samples.grade(str(item), "9", mark=3) for item in range(CHUNK + 2)))
    samples.put(store, samples.grade("0", "9", mark=5), samples.grade(str(CHUNK + 1), "9", mark=4))
    found = histories(store, "moodle", "grade_entry", [*keys, "404/9"])
    marks = {key: [version.payload["mark"] for version in versions] for key, versions in found.items()}
    assert marks == {**{key: [3] for key in keys}, keys[0]: [3, 5], keys[-1]: [3, 4], "404/9": []}
