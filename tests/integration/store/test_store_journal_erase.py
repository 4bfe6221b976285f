"""Erasing a learner from the action journal: their rows are empty, the pages still prove themselves."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import update

from lms_sync.store.actions import ActionQuery
from lms_sync.store.history import history
from lms_sync.store.journal import ActionCounts, JoinRule, journalling
from lms_sync.store.store import Store
from lms_sync.store.tables import action as table
from lms_sync.store.verify import verify
from tests.integration.store import journal_samples, samples
from tests.integration.store.journal_samples import action, derived, keys, put

LEFT = {"page", "position", "source", "key", "digest", "erased_by"}
RULE = JoinRule("graded", True, dt.timedelta(0), dt.timedelta(0))


@pytest.fixture
def filled(store: Store) -> Store:
    """Actions of learner 9 in every part that a person may have, and of others between them."""
    samples.put(store, samples.learner("9"), samples.learner("77"))
    nobody = {"learner": "", "actor": "", "impersonator": "", "address": "", "anonymous": True}
    put(store, action(1, learner="10"), action(2), action(3, learner="10", actor="9"), action(4, **nobody))
    put(store, action(5, learner="10", impersonator="9"), derived(6), action(7, learner="10", actor=None))
    put(store, action(1), action(2), source="branch")
    return store


def by_key(store: Store) -> dict[tuple[str, str], dict[str, object]]:
    return {(row["source"], row["key"]): row for row in journal_samples.rows(store)}


def test_only_the_persons_rows_are_emptied(filled: Store) -> None:
    before = by_key(filled)
    assert filled.erase_learner(samples.SOURCE, "9", "registrar", "отзыв согласия")
    emptied = set()
    for place, row in by_key(filled).items():
        if row != before[place]:
            emptied.add(place)
            assert {name for name, value in row.items() if value is not None} == LEFT
            assert {row[name] == before[place][name] for name in ("page", "position")} == {True}
    mine = {action(2).key, action(3).key, action(5).key, derived(6).key}
    assert emptied == {(samples.SOURCE, key) for key in mine}
    assert keys(filled) == [action(1).key, action(4).key, action(7).key]
    assert keys(filled, ActionQuery("branch")) == [action(1).key, action(2).key]
    assert verify(filled).problems == []


def test_the_ledger_tells_who_erased_what_and_why(filled: Store) -> None:
    filled.erase_learner(samples.SOURCE, "9", "registrar", "отзыв согласия")
    (version,) = history(filled, samples.SOURCE, "action_erasure", "9")
    assert (version.actor, version.reason, version.run_id) == ("registrar", "отзыв согласия", None)
    assert version.payload is not None
    assert version.payload["rows"] == 4
    assert {row["erased_by"] for row in journal_samples.rows(filled)} == {None, version.seq}


def test_a_repeat_of_erased_events_adds_nothing(filled: Store) -> None:
    filled.erase_learner(samples.SOURCE, "9", "registrar", "")
    before = journal_samples.rows(filled)
    assert put(filled, action(2), action(3), action(5), derived(6)) == ActionCounts(repeated=4)
    assert journal_samples.rows(filled) == before
    assert verify(filled).ok


def test_what_was_kept_since_is_erased_by_erasing_again(filled: Store) -> None:
    filled.erase_learner(samples.SOURCE, "9", "registrar", "")
    assert not filled.erase_learner(samples.SOURCE, "9", "registrar", "")
    put(filled, action(20), action(21, learner="10"))
    assert filled.erase_learner(samples.SOURCE, "9", "registrar", "ещё раз")
    assert [version.version for version in history(filled, samples.SOURCE, "action_erasure", "9")] == [1, 2]
    assert action(20).key not in keys(filled)
    assert filled.erase_learner(samples.SOURCE, "77", "registrar", "")
    assert keys(filled) == [action(4).key, action(7).key]
    assert verify(filled).problems == []


def test_more_rows_than_are_read_at_once(store: Store) -> None:
    samples.put(store, samples.learner("9"))
    every = [action(number, learner="9" if number % 3 else "10", actor=None) for number in range(1, 7001)]
    journal_samples.put_pages(store, [every[:3000], every[3000:]])
    store.erase_learner(samples.SOURCE, "9", "registrar", "")
    assert keys(store) == [one.key for one in every if one.learner == "10"]
    (version,) = history(store, samples.SOURCE, "action_erasure", "9")
    assert version.payload is not None
    assert version.payload["rows"] == 4667
    assert verify(store).problems == []


def test_what_the_log_told_of_another_person_counts_again_as_derived(filled: Store) -> None:
    """The teacher's erasure empties the log's row of a learner's grade; that it was graded is still known."""
    put(filled, derived(8, learner="10"), derived(9, learner="10"))
    told_again = action(30, learner="10", occurred_at=derived(8).occurred_at)
    put(filled, action(8, learner="10", actor="9"), action(9, learner="10"), told_again)
    with journalling(filled, samples.SOURCE, "operator") as journal:
        assert journal.supersede([RULE]) == 2
    filled.erase_learner(samples.SOURCE, "9", "registrar", "")
    assert verify(filled).problems == []
    assert [key for key in keys(filled) if key in ("derived/8", "derived/9")] == ["derived/8"]
    # The next time all is looked at again: another row of the log tells it too.
    with journalling(filled, samples.SOURCE, "operator") as journal:
        assert journal.supersede([RULE]) == 1
    assert by_key(filled)[samples.SOURCE, "derived/8"]["superseded_by"] == told_again.key
    assert verify(filled).problems == []


def test_nothing_is_left_in_the_files(sqlite_url: str, tmp_path: Path) -> None:
    address = b"2001:db8::4711:beef"
    with Store.open(sqlite_url) as store:
        samples.put(store, samples.learner("9"))
        for page in range(20):
            numbers = range(page * 50, page * 50 + 50)
            put(store, *(action(number, address=address.decode(), course="6") for number in numbers))

        def files_with_the_address() -> list[str]:
            return [path.name for path in tmp_path.glob("records.db*") if address in path.read_bytes()]

        assert files_with_the_address()
        store.erase_learner(samples.SOURCE, "9", "registrar", "")
        assert files_with_the_address() == []


def test_a_row_that_was_changed_before_its_erasure_is_still_found(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(update(table).where(table.c.key == action(2).key, table.c.page == 3).values(course="6"))
    filled.erase_learner(samples.SOURCE, "9", "registrar", "")
    ((where, what),) = [(problem.where, problem.what) for problem in verify(filled).problems]
    assert where == "table action, page 3"
    assert "at least one was changed" in what
