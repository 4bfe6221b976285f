"""Verification: whatever is changed behind the store's back is found and named."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Connection, Date, Integer, delete, insert, select, text, update
from sqlalchemy.types import TypeEngine

from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.store.canonical import DIGEST_FIELDS, digest_time, row_digest
from lms_sync.store.columns import JsonText
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS, ledger
from lms_sync.store.verify import verify
from tests.integration.store import samples


@pytest.fixture
def filled(store: Store) -> Store:
    """Two versions of each kind, one of them retired, two sources."""
    samples.put(store, *samples.every_kind(), samples.grade("8"), samples.learner("10"))
    samples.put(store, samples.course(title="Охрана труда, 2-я редакция"), samples.grade(raw="85"))
    samples.retire(store, "grade_entry", ["8/9"])
    samples.put(store, *samples.every_kind(), source="branch")
    return store


def different(column: Column[Any], value: Any) -> Any:
    """Another value that the column can hold."""
    kind: TypeEngine[Any] = column.type
    if value is not None and column.nullable and isinstance(kind, (Boolean, Date)):
        return None
    if isinstance(kind, UtcInstant):
        return dt.datetime(2001, 1, 1, tzinfo=dt.UTC) if value is None else value + dt.timedelta(microseconds=1)
    if isinstance(kind, ExactDecimal):
        return Decimal("0") if value is None else value + Decimal("0.00001")
    if isinstance(kind, JsonText):
        return [*value, "ещё"]
    if isinstance(kind, Boolean):
        return not value
    if isinstance(kind, Integer):
        return 1 if value is None else value + 1000
    return f"{value or ''}0"


def test_a_change_of_any_ledger_column_is_found(filled: Store) -> None:
    with filled.reading() as connection:
        original = dict(connection.execute(select(ledger).where(ledger.c.seq == 3)).mappings().one())
    for column in ledger.columns:
        wrong = original | {column.name: different(column, original[column.name])}
        with samples.tampering(filled) as connection:
            connection.execute(update(ledger).where(ledger.c.seq == 3).values(wrong))
        report = verify(filled)
        assert not report.ok, column.name
        # A row whose number was changed is missed where it should stand.
        assert report.problems[0].where == ("ledger row 4" if column.name == "seq" else "ledger row 3"), column.name
        with samples.tampering(filled) as connection:
            connection.execute(update(ledger).where(ledger.c.seq == wrong["seq"]).values(original))
    assert verify(filled).ok


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_a_change_of_any_projection_column_is_found(filled: Store, kind: str) -> None:
    table = PROJECTIONS[kind]
    with filled.reading() as connection:
        original = dict(connection.execute(select(table).where(table.c.source == "moodle")).mappings().first() or {})
    for column in table.columns:
        with samples.tampering(filled) as connection:
            wrong = original | {column.name: different(column, original[column.name])}
            _replace(connection, table, original, wrong)
        report = verify(filled)
        named = [problem for problem in report.problems if problem.where == _where(kind, wrong)]
        assert named, f"{column.name} was changed, and verification names {report.problems}"
        if column.name not in ("source", "key", "ledger_seq"):
            assert named[0].what.startswith(column.name)
        with samples.tampering(filled) as connection:
            _replace(connection, table, wrong, original)
    assert verify(filled).ok


def _replace(connection: Any, table: Any, old: dict[str, Any], new: dict[str, Any]) -> None:
    connection.execute(delete(table).where(table.c.source == old["source"], table.c.key == old["key"]))
    connection.execute(insert(table).values(new))


def _where(kind: str, row: dict[str, Any]) -> str:
    return f"table {kind}, source {row['source']}, key {row['key']}"


def test_an_untouched_store_verifies_and_says_how_much_it_saw(filled: Store) -> None:
    told = []
    report = verify(filled, progress=lambda done, total: told.append((done, total)))
    with filled.reading() as connection:
        last = connection.execute(select(ledger).order_by(ledger.c.seq.desc()).limit(1)).one()
    assert (report.ok, report.problems, report.unlisted) == (True, [], 0)
    assert (report.rows, report.projected) == (19, 16)
    assert (report.head.seq, report.head.digest) == (last.seq, last.digest)
    assert told[-1] == (19, 19)


def test_an_empty_store_verifies(store: Store) -> None:
    report = verify(store)
    assert (report.ok, report.rows, report.head.seq, report.head.digest) == (True, 0, 0, "0" * 64)


def test_a_removed_ledger_row_is_found(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(delete(ledger).where(ledger.c.seq == 5))
    assert [problem.where for problem in verify(filled).problems[:2]] == ["ledger row 6", "ledger row 6"]


def test_ledger_rows_cut_off_at_the_end_are_missed_by_the_projections(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(delete(ledger).where(ledger.c.seq > 17))
    assert {problem.where for problem in verify(filled).problems} == {
        "table grade_entry, source branch, key 7/9",
        "table attempt, source branch, key 41",
    }


def test_two_ledger_rows_that_change_places_are_found(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        for old, new in ((3, 100), (4, 3), (100, 4)):
            connection.execute(update(ledger).where(ledger.c.seq == old).values(seq=new))
    broken = {problem.where for problem in verify(filled).problems}
    assert {"ledger row 3", "ledger row 4", "ledger row 5"} <= broken


def reseal_last(connection: Connection, **changes: Any) -> None:
    """Changes the last ledger row as a forger would who knows how digests are made."""
    last = dict(connection.execute(select(ledger).order_by(ledger.c.seq.desc()).limit(1)).mappings().one())
    forged = last | changes
    times = {name: forged[name] and digest_time(forged[name]) for name in ("observed_at", "source_at")}
    digest = row_digest([(forged | times)[name] for name in DIGEST_FIELDS])
    connection.execute(update(ledger).where(ledger.c.seq == last["seq"]).values(forged | {"digest": digest}))


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"seq": 25}, "ledger row 25", "rows are missing before it: ledger row 19 should be next"),
        ({"previous_digest": "0" * 64}, "ledger row 19", "it is not linked to the row before it"),
        ({"version": 2}, "ledger row 19", "its version does not follow the record's version before"),
        ({"payload_digest": "0" * 64}, "ledger row 19", "its payload does not match the payload's digest"),
    ],
)
def test_a_forged_digest_does_not_hide_what_else_is_wrong(
    filled: Store, changes: dict[str, Any], where: str, what: str
) -> None:
    with samples.tampering(filled) as connection:
        reseal_last(connection, **changes)
    first = verify(filled).problems[0]
    assert (first.where, first.what) == (where, what)


def test_a_payload_that_vanishes_without_an_erasure_is_found(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(update(ledger).where(ledger.c.seq == 3).values(payload=None, salt=None))
    assert verify(filled).problems[0].what == "its payload is missing, and no later row erases it"


def test_a_missing_and_a_made_up_projection_row_are_found(filled: Store) -> None:
    table = PROJECTIONS["grade_entry"]
    with samples.tampering(filled) as connection:
        row = dict(connection.execute(select(table).where(table.c.key == "8/9")).mappings().one())
        connection.execute(delete(table).where(table.c.key == "8/9"))
        connection.execute(insert(table).values(row | {"key": "88/9", "grade_item": "88"}))
    assert {(problem.where, problem.what) for problem in verify(filled).problems} == {
        ("table grade_entry, source moodle, key 88/9", "the ledger row it names is not one of this record"),
        ("table grade_entry, source moodle, key 8/9", "the ledger knows this record, but its row is missing"),
    }


def test_a_projection_row_put_back_to_an_older_version_is_found(filled: Store) -> None:
    table = PROJECTIONS["grade_entry"]
    with samples.tampering(filled) as connection:
        first = select(ledger).where(ledger.c.key == "7/9", ledger.c.source == "moodle", ledger.c.version == 1)
        old = connection.execute(first).one()
        connection.execute(
            update(table)
            .where(table.c.key == "7/9", table.c.source == "moodle")
            .values(ledger_seq=old.seq, version=1, raw=Decimal("84.5"), changed_at=old.observed_at)
        )
    (problem,) = verify(filled).problems
    assert problem.what == f"it shows ledger row {old.seq}, but ledger row 11 is newer"


def test_more_problems_than_are_listed_are_counted(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(update(ledger).values(actor="nobody"))
    report = verify(filled, listed=4)
    assert (len(report.problems), report.unlisted) == (4, 15)


def test_values_that_could_never_be_written_are_named_and_do_not_stop_the_check(filled: Store) -> None:
    strange = {
        "sqlite": [
            "UPDATE ledger SET actor = CAST(x'ff' AS TEXT), payload = 7 WHERE seq = 2",
            "UPDATE ledger SET salt = 'not hexadecimal' WHERE seq = 4",
            "UPDATE grade_entry SET raw = 'much', hidden = 'no' WHERE key = '8/9'",
            "UPDATE learner SET birth_date = 'then', city = CAST(x'ff' AS TEXT) WHERE key = '10'",
        ],
        "postgresql": [
            "UPDATE ledger SET observed_at = 'infinity' WHERE seq = 2",
            "UPDATE ledger SET salt = 'not hexadecimal', reason = E'\\\\N\\t\\n\\\\' WHERE seq = 4",
            "UPDATE grade_entry SET raw = 'NaN', graded_at = '-infinity' WHERE key = '8/9'",
            "UPDATE learner SET birth_date = 'infinity' WHERE key = '10'",
        ],
    }
    with samples.tampering(filled) as connection:
        for statement in strange[connection.dialect.name]:
            connection.execute(text(statement))
    assert {problem.where for problem in verify(filled).problems} >= {
        "ledger row 2",
        "ledger row 4",
        "table grade_entry, source moodle, key 8/9",
        "table learner, source moodle, key 10",
    }


def test_texts_with_every_awkward_character_verify(store: Store) -> None:
    awkward = "".join(map(chr, range(1, 0x100))) + "\\N \\\\ \t\n\r \u2028 😀 ё"
    run = store.begin_run("мудл", awkward, awkward, awkward)
    with store.page(run, awkward, awkward, awkward) as page:
        page.put([(samples.learner(city=awkward), None), (samples.enrolment(groups=[awkward]), None)])
        page.retire("enrolment", ["5/9"], awkward)
    assert verify(store).problems == []
    assert rebuild_projections(store) == 2
    assert verify(store).problems == []


def test_rebuilt_projections_are_the_same_rows(filled: Store) -> None:
    filled.erase_learner("branch", "9", "operator", "by request")
    before = samples.projections(filled)
    with samples.tampering(filled) as connection:
        connection.execute(update(PROJECTIONS["grade_entry"]).values(raw=Decimal("100")))
        connection.execute(delete(PROJECTIONS["learner"]))
        course = dict(connection.execute(select(PROJECTIONS["course"])).mappings().first() or {})
        connection.execute(insert(PROJECTIONS["course"]).values(course | {"key": "404"}))
    assert rebuild_projections(filled) == 16
    assert samples.projections(filled) == before
    assert verify(filled).ok
