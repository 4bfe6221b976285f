"""Verification: whatever is changed behind the store's back is found and named."""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, Integer, delete, insert, select, text, update
from sqlalchemy.types import TypeEngine

from lms_sync.errors import StoreError
from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.records import Record
from lms_sync.store.columns import JsonText
from lms_sync.store.projection import field_columns
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.sql_payload import payload_of_row
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS, ledger
from lms_sync.store.verify import verify
from tests.integration.store import document_samples, samples


@pytest.fixture
def filled(store: Store) -> Store:
    """Two versions of each kind, one of them retired, two sources."""
    samples.put_every_kind(store, samples.grade("8"), samples.learner("10"))
    samples.put(store, samples.course(title="Охрана труда, 2-я редакция"), samples.grade(raw="85"))
    samples.retire(store, "grade_entry", ["8/9"])
    samples.put_every_kind(store, source="branch")
    return store


def different(column: Column[Any], value: Any) -> Any:
    """Another value that the column can hold."""
    kind: TypeEngine[Any] = column.type
    if value is not None and column.nullable and isinstance(kind, (Boolean, Date)):
        return None
    if isinstance(kind, Date) and value is not None:
        return value + dt.timedelta(days=1)
    if isinstance(kind, UtcInstant):
        return dt.datetime(2001, 1, 1, tzinfo=dt.UTC) if value is None else value + dt.timedelta(microseconds=1)
    if isinstance(kind, ExactDecimal):
        return Decimal("0") if value is None else value + Decimal("0.00001")
    if isinstance(kind, JsonText):
        return value | {"ещё": 1} if isinstance(value, dict) else [*value, "ещё"]
    if isinstance(kind, Boolean):
        return not value
    if isinstance(kind, Integer):
        return 1 if value is None else value + 1000
    return f"{value or ''}0"


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_a_change_of_any_ledger_column_is_found(filled: Store, kind: str) -> None:
    with filled.reading() as connection:
        one = select(ledger).where(ledger.c.kind == kind, ledger.c.source == "moodle").order_by(ledger.c.seq).limit(1)
        original = dict(connection.execute(one).mappings().one())
    seq = original["seq"]
    for column in ledger.columns:
        wrong = original | {column.name: different(column, original[column.name])}
        with samples.tampering(filled) as connection:
            connection.execute(update(ledger).where(ledger.c.seq == seq).values(wrong))
        report = verify(filled)
        assert not report.ok, column.name
        # A row whose number was changed is missed where it should stand.
        named = seq + 1 if column.name == "seq" else seq
        assert report.problems[0].where == f"ledger row {named}", column.name
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
    assert (report.rows, report.projected, report.protocols, report.documents) == (39, 36, 2, 2)
    assert (report.head.seq, report.head.digest) == (last.seq, last.digest)
    assert told[-1] == (39, 39)


def test_an_empty_store_verifies(store: Store) -> None:
    report = verify(store)
    assert (report.ok, report.rows, report.head.seq, report.head.digest) == (True, 0, 0, "0" * 64)


def test_a_removed_ledger_row_is_found(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(delete(ledger).where(ledger.c.seq == 5))
    assert [problem.where for problem in verify(filled).problems[:2]] == ["ledger row 6", "ledger row 6"]


def test_ledger_rows_cut_off_at_the_end_are_missed_by_the_projections(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(delete(ledger).where(ledger.c.seq > 37))
    assert {problem.where for problem in verify(filled).problems} == {
        "table drift, source branch, key 7/9/attempt-2 name",
        "table protocol, source branch, key 12/2026",
    }


def test_two_ledger_rows_that_change_places_are_found(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        for old, new in ((3, 100), (4, 3), (100, 4)):
            connection.execute(update(ledger).where(ledger.c.seq == old).values(seq=new))
    broken = {problem.where for problem in verify(filled).problems}
    assert {"ledger row 3", "ledger row 4", "ledger row 5"} <= broken


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"seq": 49}, "ledger row 49", "rows are missing before it: ledger row 39 should be next"),
        ({"previous_digest": "0" * 64}, "ledger row 39", "it is not linked to the row before it"),
        ({"version": 2}, "ledger row 39", "its version does not follow the record's version before"),
        ({"payload_digest": "0" * 64}, "ledger row 39", "its payload does not match the payload's digest"),
    ],
)
def test_a_forged_digest_does_not_hide_what_else_is_wrong(
    filled: Store, changes: dict[str, Any], where: str, what: str
) -> None:
    with samples.tampering(filled) as connection:
        samples.reseal_last(connection, **changes)
    first = verify(filled).problems[0]
    assert (first.where, first.what) == (where, what)


def test_a_version_that_is_there_twice_is_found_though_the_constraint_was_removed(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("CREATE TABLE free AS SELECT * FROM ledger"))
            connection.execute(text("DROP TABLE ledger"))
            connection.execute(text("ALTER TABLE free RENAME TO ledger"))
        else:
            connection.execute(text("ALTER TABLE ledger DROP CONSTRAINT uq_ledger_key_kind_source_version"))
        samples.reseal_last(connection, kind="learner", key="9", version=1)
    told = [problem.what for problem in verify(filled).problems if problem.where == "ledger row 39"]
    assert told == ["its version does not follow the record's version before"]


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
    assert problem.what == f"it shows ledger row {old.seq}, but ledger row 21 is newer"


def test_more_problems_than_are_listed_are_counted(filled: Store) -> None:
    with samples.tampering(filled) as connection:
        connection.execute(update(ledger).values(actor="nobody"))
    report = verify(filled, listed=4)
    assert (len(report.problems), report.unlisted) == (4, 35)


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


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("enrolment", """roles = '[ "student"]'"""),
        ("enrolment", """roles = '["student"] '"""),
        ("enrolment", """roles = 'student'"""),
        ("enrolment", """groups = '["ПК-1","«Б», вечер"]'"""),
        ("grade_entry", "submitted_at = NULL"),
        ("grade_entry", "passed = NULL"),
        ("grade_entry", "raw = '84.50001'"),
        ("grade_entry", "word = '\"'"),
        ("protocol", """commission = NULL"""),
        ("drift", "reason = ' '"),
    ],
)
def test_a_small_difference_is_found(filled: Store, kind: str, change: str) -> None:
    samples.put(filled, samples.enrolment("10", groups=[]))
    with samples.tampering(filled) as connection:
        changed = connection.execute(text(f"UPDATE {kind} SET {change} WHERE source = 'moodle'")).rowcount
    found = [problem.what.partition(":")[0] for problem in verify(filled).problems if f"table {kind}," in problem.where]
    assert found == [change.split(" = ")[0]] * changed


@pytest.mark.parametrize(
    "change",
    [
        "submitted_at = '2026-03-01T09:30:00Z'",
        "submitted_at = '2026-03-01T09:30:00.0000000Z'",
        "submitted_at = 0",
        "passed = 2",
        "passed = 'true'",
        "hidden = 'no'",
        "raw = '84.50'",
        "raw = CAST('84.5' AS BLOB)",
        "word = x''",
        "mark = 4.5",
        "mark = 'four'",
        "graded_at = x'00'",
    ],
)
def test_a_value_of_another_type_is_found_in_sqlite(tmp_path: Path, change: str) -> None:
    """PostgreSQL would not take them. In place of a value and of none; no other row is named."""
    none = dict.fromkeys(("submitted_at", "graded_at", "passed", "raw", "mark"))
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        samples.put_every_kind(store, samples.grade("8", **none), samples.grade("9"))
        with samples.tampering(store) as connection:
            connection.execute(text(f"UPDATE grade_entry SET {change} WHERE \"key\" IN ('7/9', '8/9')"))
        problems = verify(store).problems
    assert {problem.where for problem in problems} == {
        "table grade_entry, source moodle, key 7/9",
        "table grade_entry, source moodle, key 8/9",
    }
    assert {problem.what.partition(":")[0] for problem in problems} == {change.split(" = ")[0]}


def test_a_blob_that_is_the_text_in_base64_is_found_in_sqlite(sqlite_url: str) -> None:
    """An encoder of JSON would write it as that text."""
    with Store.open(sqlite_url) as store:
        samples.put(store, samples.grade())
        blob = base64.b64decode("operator")
        with samples.tampering(store) as connection:
            connection.execute(text("UPDATE ledger SET actor = :blob WHERE actor = 'operator'"), {"blob": blob})
        ((where, what),) = [(problem.where, problem.what) for problem in verify(store).problems]
    assert (where, what) == ("ledger row 1", "its digest does not match its contents")


@pytest.mark.parametrize(
    "change",
    [
        "grade_entry SET submitted_at = 'infinity'",
        "grade_entry SET submitted_at = '-infinity'",
        "grade_entry SET raw = 'NaN'",
        "learner SET birth_date = 'infinity'",
    ],
)
def test_a_value_without_end_is_found_in_postgresql(postgresql_url: str, change: str) -> None:
    """Where there should be none: some of its own functions make NULL of such values."""
    with Store.open(postgresql_url) as store:
        samples.put_every_kind(
            store, samples.grade("8", "10", submitted_at=None, raw=None), samples.learner("10", birth_date=None)
        )
        with samples.tampering(store) as connection:
            connection.execute(text(f"UPDATE {change} WHERE key IN ('8/10', '10')"))
        (problem,) = verify(store).problems
    assert problem.where.startswith(f"table {change.split()[0]}, source moodle, key ")


def test_an_endless_time_in_the_ledger_is_found_in_postgresql(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:
        samples.put_every_kind(store)
        with samples.tampering(store) as connection:
            connection.execute(text("UPDATE ledger SET source_at = 'infinity' WHERE seq = 3"))
        (problem,) = verify(store).problems
    assert problem.where == "ledger row 3"


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_the_database_writes_a_row_as_its_payload(store: Store, kind: str) -> None:
    """Otherwise every row would have to be compared value by value: right, and slow."""
    awkward = "".join(map(chr, range(1, 0x100))) + "\u2028 😀 ё"
    put_with_short_lists(store, samples.learner("10", city=awkward), samples.grade("8", raw=None, graded_at=None))
    table = PROJECTIONS[kind]
    with store.reading() as connection:
        same = ledger.c.payload == payload_of_row(connection, field_columns(kind).columns)
        of_kind = table.join(ledger, ledger.c.seq == table.c.ledger_seq)
        rows = connection.execute(select(same).select_from(of_kind)).scalars().all()
    assert rows
    assert all(rows) == (kind not in ("course", "protocol"))  # these have lists of several


def put_with_short_lists(store: Store, *more: Record) -> None:
    """One record of each kind, where lists have at most one member, as they mostly do."""
    samples.put_every_kind(store, samples.enrolment("10", groups=[]), *more)
    samples.put(store, samples.enrolment(groups=["«Б»"]), samples.result(groups=[]))
    samples.put(store, document_samples.document(signatories=[]), document_samples.blanks(document_kinds=["worker"]))


def test_texts_with_every_awkward_character_verify(store: Store) -> None:
    awkward = "".join(map(chr, range(1, 0x100))) + "\\N \\\\ \t\n\r \u2028 😀 ё"
    run = store.begin_run("мудл", awkward, awkward, awkward)
    with store.page(run, awkward, awkward, awkward) as page:
        page.put([(samples.learner(city=awkward), None), (samples.enrolment(groups=[awkward]), None)])
        page.retire("enrolment", ["5/9"], awkward)
    assert verify(store).problems == []
    assert rebuild_projections(store) == 2
    assert verify(store).problems == []


def test_a_time_of_change_is_kept_in_utc_and_refused_without_a_zone(store: Store) -> None:
    run = store.begin_run("moodle", "full", "operator", "1")
    local = samples.SOME_TIME.astimezone(dt.timezone(dt.timedelta(hours=8)))
    with store.page(run, "grades", "course/5") as page:
        page.put([(samples.grade(), local)])
    with store.reading() as connection:
        assert connection.execute(select(ledger.c.source_at)).scalars().all() == [samples.SOME_TIME]
    with pytest.raises(StoreError, match="no time zone"), store.page(run, "grades", "course/5") as page:
        page.put([(samples.grade("8"), samples.SOME_TIME.replace(tzinfo=None))])
    report = verify(store)
    assert (report.ok, report.rows) == (True, 1)


def test_rebuilt_projections_are_the_same_rows(filled: Store) -> None:
    filled.erase_learner("branch", "9", "operator", "by request")
    before = samples.projections(filled)
    with samples.tampering(filled) as connection:
        connection.execute(update(PROJECTIONS["grade_entry"]).values(raw=Decimal("100")))
        connection.execute(delete(PROJECTIONS["learner"]))
        course = dict(connection.execute(select(PROJECTIONS["course"])).mappings().first() or {})
        connection.execute(insert(PROJECTIONS["course"]).values(course | {"key": "404"}))
    assert rebuild_projections(filled) == 36
    assert samples.projections(filled) == before
    assert verify(filled).ok
