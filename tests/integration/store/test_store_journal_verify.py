"""Verification of the action journal: whatever is changed behind the store's back is found and named."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import LargeBinary, delete, insert, text, update

from lms_sync.store.journal import JoinRule, journalling
from lms_sync.store.store import Store
from lms_sync.store.tables import action as table
from lms_sync.store.tables import ledger
from lms_sync.store.verify import verify
from lms_sync.store.verify_journal import journal_problems
from tests.integration.store import journal_samples, samples
from tests.integration.store.journal_samples import action, derived, put
from tests.integration.store.test_store_verify import different

RULE = JoinRule("graded", True, dt.timedelta(0), dt.timedelta(0))


@pytest.fixture
def filled(store: Store) -> Store:
    """Three pages: of the log, of derived actions (one of which the log tells too), and of another source's log; one
    person was erased."""
    put(store, action(1), action(2), action(3, learner="10", actor=None, impersonator=""))
    put(store, derived(1), derived(4))
    put(store, action(1), source="branch")
    samples.put(store, samples.learner("10"))
    store.erase_learner(samples.SOURCE, "10", "registrar", "отзыв согласия")
    with journalling(store, samples.SOURCE, "operator") as journal:
        assert journal.supersede([RULE]) == 1
    return store


def told(store: Store) -> list[tuple[str, str]]:
    return [(problem.where, problem.what) for problem in verify(store).problems]


def other_value(column: Any, value: Any) -> Any:
    if isinstance(column.type, LargeBinary):
        return bytes(32) if value is None else bytes([value[0] ^ 1, *value[1:]])
    return different(column, value)


@pytest.mark.parametrize("place", range(6))
def test_a_change_of_any_column_of_any_row_is_found(filled: Store, place: int) -> None:
    original = journal_samples.rows(filled)[place]
    for column in table.columns:
        wrong = original | {column.name: other_value(column, original[column.name])}
        replace(filled, original, wrong)
        # What is left of an erased row is sealed by its erasure, the rest by its page.
        names = f"table action, page {original['page']}", f"ledger row {original['erased_by']}"
        assert any(where.startswith(names) for where, _ in told(filled)), column.name
        replace(filled, wrong, original)
    assert told(filled) == []


@pytest.mark.parametrize("place", range(6))
def test_a_column_that_is_emptied_is_found(filled: Store, place: int) -> None:
    original = journal_samples.rows(filled)[place]
    for column in table.columns:
        if original[column.name] is None or not column.nullable or column.name == "superseded_by":
            continue
        replace(filled, original, original | {column.name: None})
        assert told(filled) != [], column.name
        replace(filled, original, original)
    assert told(filled) == []


def replace(store: Store, old: dict[str, Any], new: dict[str, Any]) -> None:
    with samples.tampering(store) as connection:
        for row in (old, new):
            connection.execute(delete(table).where(table.c.page == row["page"], table.c.position == row["position"]))
        connection.execute(insert(table).values(new))


def test_an_untouched_journal_verifies(filled: Store) -> None:
    report = verify(filled)
    assert (report.problems, report.actions) == ([], 6)


def test_removed_rows_are_named(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(delete(table).where(table.c.page == 1, table.c.position == 2))
        connection.execute(delete(table).where(table.c.page == 2, table.c.position == 2))
        connection.execute(delete(table).where(table.c.page == 3))
    assert told(filled) == [
        ("table action, page 1", "row 2 is missing: row 3 is next"),
        ("table action, page 1", "1 of the 3 rows that ledger row 1 seals are missing"),
        ("table action, page 2", "1 of the 2 rows that ledger row 2 seals are missing"),
        ("table action, page 3", "1 of the 1 rows that ledger row 3 seals are missing"),
    ]


def test_added_rows_are_named(filled: Store) -> None:
    (row, *_) = journal_samples.rows(filled)
    with samples.tampering(filled) as connection:
        for page, position in ((1, 4), (5, 1), (99, 1)):
            connection.execute(insert(table).values(row | {"page": page, "position": position, "key": f"new {page}"}))
    assert told(filled) == [
        ("table action, page 1", "it has 1 rows more than the 3 that ledger row 1 seals"),
        ("table action, page 5", "ledger row 5, which should seal it, is none of a page"),
        ("table action, page 99", "ledger row 99, which should seal it, is none of a page"),
    ]


def test_rows_that_change_places_are_found(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        for old, new in ((1, 100), (2, 1), (100, 2)):
            place = update(table).where(table.c.page == 1, table.c.position == old)
            connection.execute(place.values(position=new))
    what = "its rows are not those that ledger row 1 seals: at least one was changed"
    assert told(filled) == [("table action, page 1", what)]


def test_a_row_moved_to_another_source_is_named(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(update(table).where(table.c.page == 3).values(source="elsewhere"))
    assert told(filled) == [("table action, page 3, row 1", "source: not that of ledger row 3")]


def test_nobody_empties_a_row_unseen(filled: Store) -> None:
    """With its right digest, as an erasure leaves it: the ledger does not tell of this one."""
    rows = journal_samples.rows(filled)
    erased, victim = rows[2], rows[0]
    assert erased["erased_by"] is not None
    put(filled, action(50, learner="11"))
    samples.put(filled, samples.learner("11"))
    filled.erase_learner(samples.SOURCE, "11", "registrar", "")
    like_erased = erased | {name: victim[name] for name in ("page", "position", "key")}
    for erased_by in (None, 99, rows[1]["page"], erased["erased_by"]):
        replace(filled, victim, like_erased | {"erased_by": erased_by})
        assert told(filled) != []
    replace(filled, victim, victim)
    assert told(filled) == []
    # Nor may an erased row name another erasure than its own.
    (*_, last) = journal_samples.rows(filled)
    replace(filled, erased, erased | {"erased_by": last["erased_by"]})
    what = "the actions it says were erased are not those that are empty"
    assert told(filled) == [(f"ledger row {one['erased_by']}", what) for one in (erased, last)]


def test_what_is_left_of_an_erased_row_is_named(filled: Store) -> None:
    erased = journal_samples.rows(filled)[2]
    where = "table action, page 1, row 3"
    replace(filled, erased, erased | {"address": "192.0.2.1"})
    assert told(filled) == [(where, "it is marked as erased, but something of it is still there")]
    replace(filled, erased, erased | {"salt": bytes(16)})
    assert told(filled) == [(where, "it is marked as erased, but the salt is still there")]


@pytest.mark.parametrize(
    ("place", "by"),
    [
        (2, "no such key"),
        (2, "derived/4"),  # derived itself
        (2, action(2).key),  # another action
        (3, action(60).key),  # another learner
        (4, action(60).key),  # a row of the log is superseded by none
    ],
)
def test_a_mark_that_nothing_bears_out_is_found(filled: Store, place: int, by: str) -> None:
    of_log, other_of_log = (action(number, action="submitted") for number in (60, 61))
    put(
        filled,
        of_log,
        derived(62, action="submitted"),
        derived(63, action="submitted", learner="12"),
        other_of_log,
    )
    with samples.tampering(filled) as connection:
        row = table.c.page == 7, table.c.position == place
        connection.execute(update(table).where(*row).values(superseded_by=by))
    ((where, what),) = told(filled)
    assert where == f"table action, page 7, row {place}"
    assert what == "superseded_by: no row of the log that tells the same action of the same learner"


def test_a_damaged_payload_of_a_page_is_told_once(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(update(ledger).where(ledger.c.seq == 2).values(payload="[]"))
    assert told(filled) == [("ledger row 2", "its payload does not match the payload's digest")]


def test_values_that_could_never_be_written_are_named_in_sqlite(sqlite_url: str) -> None:
    strange = [
        "crud = x'00'",
        "event = CAST(x'ff' AS TEXT)",
        "utc_offset = 'then'",
        "utc_offset = 1.5",
        "anonymous = 2",
        "anonymous = 'false'",
        "occurred_at = '2026-03-01T12:00:01Z'",
        "salt = 'text'",
        "course = x'" + b"\xb9\xe9\xed".hex() + "'",  # in base64 it is the text that was there
    ]
    with Store.open(sqlite_url) as store:
        put(store, action(1, course="uent"))
        (original,) = journal_samples.rows(store)
        for change in strange:
            with samples.tampering(store) as connection:
                connection.execute(text(f"UPDATE action SET {change}"))
            assert all(where.startswith("table action, page 1") for where, _ in told(store))
            assert told(store) != [], change
            with samples.tampering(store) as connection:
                connection.execute(delete(table))
                connection.execute(insert(table).values(original))


def test_an_endless_time_is_found_in_postgresql(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:
        put(store, action(1))
        with samples.tampering(store) as connection:
            connection.execute(text("UPDATE action SET occurred_at = 'infinity'"))
        assert [where for where, _ in told(store)] == ["table action, page 1"]


def test_memory_does_not_grow_with_the_journal(store: Store) -> None:
    def check() -> None:
        with store.reading() as connection:
            assert journal_problems(connection, lambda *_: None) > 0

    journal_samples.put_many(store, 10_000)
    check()  # what is made once, as compiled statements, is made now
    short = journal_samples.memory_of(check)
    journal_samples.put_many(store, 40_000, start=10_001)
    assert journal_samples.memory_of(check) < short * 1.5
