"""Official records against each other, and one protocol checked alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, UniqueConstraint, delete, select, text, update

from lms_sync.errors import StoreError
from lms_sync.records import Protocol, ProtocolState
from lms_sync.store.canonical import DIGEST_FIELDS, canonical_payload, digest_time, payload_digest, row_digest
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS, attestation_result, ledger, protocol
from lms_sync.store.verify import sources_with_protocol, verify, verify_protocol
from tests.integration.store import samples

FAILED = {"mark": 2, "mark_text": "неудовлетворительно", "passed": False}
NUMBER = "12/2026"
WHERE = f"protocol {NUMBER}, source moodle, version 1"


@pytest.fixture
def closed(store: Store) -> Store:
    """A protocol of two results, a second version of one of them and of the protocol, and a protocol beside it."""
    good, bad = samples.result("9"), samples.result("10", last_name="Щукин", **FAILED)
    samples.put(store, samples.course(), samples.learner("9"), samples.learner("10"), good, bad, samples.drift("9"))
    lines = [samples.stored_line(store, good, 1), samples.stored_line(store, bad, 2)]
    samples.put(store, samples.protocol(lines))
    other = samples.result("11", last_name="Ёжиков")
    samples.put(store, other, samples.grade())
    samples.put(store, samples.protocol([samples.stored_line(store, other)], "13/2026", ordinal=2))
    better = samples.result("10", last_name="Щукин", percent="60")
    samples.put(store, better)
    amended = [lines[0], samples.stored_line(store, better, 2, version=2)]
    samples.put(store, samples.protocol(amended, revision=2, state=ProtocolState.AMENDED, reason="апелляция"))
    return store


def test_what_was_written_agrees(closed: Store) -> None:
    report = verify(closed)
    assert (report.problems, report.protocols) == ([], 2)
    one = verify_protocol(closed, "moodle", NUMBER)
    assert (one.ok, one.versions, one.rows, one.problems) == (True, 2, 2 + 3, [])


def forge(connection: Connection, **changes: Any) -> None:
    """Rewrites version 1 of the protocol as one would who knows the ledger, its later rows and the tables well."""
    forge_row(connection, ledger.c.key == NUMBER, lambda payload: payload | changes)


def forge_row(connection: Connection, which: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    rows = connection.execute(select(ledger).order_by(ledger.c.seq)).mappings().all()
    first = connection.execute(select(ledger.c.seq).where(which, ledger.c.version == 1)).scalar_one()
    previous = rows[first - 2]["digest"]
    for row in rows[first - 1 :]:
        forged = dict(row) | {"previous_digest": previous}
        if row["seq"] == first:
            forged["payload"] = canonical_payload(change(samples.decoded(row["payload"])))
            forged["payload_digest"] = payload_digest(bytes.fromhex(row["salt"]), forged["payload"])
        times = {name: forged[name] and digest_time(forged[name]) for name in ("observed_at", "source_at")}
        previous = forged["digest"] = row_digest([(forged | times)[name] for name in DIGEST_FIELDS])
        connection.execute(update(ledger).where(ledger.c.seq == row["seq"]).values(forged))


def line_of(store: Store, number: int = 1) -> dict[str, Any]:
    with store.reading() as connection:
        first = select(ledger.c.payload).where(ledger.c.key == NUMBER, ledger.c.version == 1)
        lines: list[dict[str, Any]] = samples.decoded(connection.execute(first).scalar_one())["lines"]
    return lines[number - 1]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"payload_digest": "0" * 64}, "line 1: version 1 of result 7/9/attempt-2 has another digest (ledger row 4)"),
        ({"version": 3}, "line 1: the ledger does not know version 3 of result 7/9/attempt-2"),
        ({"result": "7/99/attempt-1"}, "line 1: the ledger does not know version 1 of result 7/99/attempt-1"),
        ({"mark": 5}, "line 1: mark: not what version 1 of result 7/9/attempt-2 says"),
        ({"mark_text": "отлично"}, "line 1: mark_text: not what version 1 of result 7/9/attempt-2 says"),
        ({"passed": False}, "line 1: passed: not what version 1 of result 7/9/attempt-2 says"),
        ({"outcome": "absent"}, "line 1: outcome: not what version 1 of result 7/9/attempt-2 says"),
        ({"learner": "10"}, "line 1: learner: not what version 1 of result 7/9/attempt-2 says"),
        ({"number": 3}, "its lines are not numbered 1, 2, 3, …"),
    ],
)
def test_a_line_that_says_otherwise_than_its_result_is_found(closed: Store, change: dict[str, Any], what: str) -> None:
    lines = [line_of(closed) | change, line_of(closed, 2)]
    with samples.tampering(closed) as connection:
        forge(connection, lines=lines)
    for report in (verify(closed), verify_protocol(closed, "moodle", NUMBER)):
        assert (WHERE, what) in {(problem.where, problem.what) for problem in report.problems}
        # What was forged holds in itself: only the other record tells.
        assert {problem.where for problem in report.problems} == {WHERE}


def test_totals_that_are_not_those_of_the_lines_are_found(closed: Store) -> None:
    def totals(**changes: Any) -> dict[str, Any]:
        lines = [samples.ProtocolLine(**line_of(closed, number)) for number in (1, 2)]
        return samples.protocol(lines).payload()["totals"] | changes

    for name in ("listed", "took_part", "passed", "failed", "absent", "not_admitted", "not_completed", "withdrawn"):
        for wrong in (totals(**{name: totals()[name] + 1}), totals(marks=totals()["marks"][1:])):
            with samples.tampering(closed) as connection:
                forge(connection, totals=wrong)
            assert [str(problem) for problem in verify(closed).problems] == [
                f"{WHERE}: its totals are not those of its lines"
            ]
    with samples.tampering(closed) as connection:
        forge(connection, totals=totals())
    assert verify(closed).ok


def test_a_protocol_that_is_not_put_together_as_one_is_named(closed: Store) -> None:
    with samples.tampering(closed) as connection:
        forge_row(connection, ledger.c.key == NUMBER, lambda _: {"lines": 7})
    assert WHERE in {problem.where for problem in verify(closed).problems}


@pytest.mark.parametrize("ordinal", [3, 0, -1, 10**12])
def test_a_gap_in_a_series_is_found(closed: Store, ordinal: int) -> None:
    with samples.tampering(closed) as connection:
        forge_row(connection, ledger.c.key == "13/2026", lambda payload: payload | {"ordinal": ordinal})
    rebuild_projections(closed)
    (problem,) = verify(closed).problems
    assert problem.where == "table protocol, source moodle, series 2026"
    assert "gaps or doubles" in problem.what


def test_a_double_in_a_series_is_found(closed: Store) -> None:
    with samples.tampering(closed) as connection:
        (unique,) = (one.name for one in protocol.constraints if isinstance(one, UniqueConstraint))
        drop_constraint(connection, unique)
        forge_row(connection, ledger.c.key == "13/2026", lambda payload: payload | {"ordinal": 1})
        connection.execute(update(protocol).where(protocol.c.key == "13/2026").values(ordinal=1))
    assert [str(problem) for problem in verify(closed).problems] == [
        "table protocol, source moodle, series 2026: its numbers have gaps or doubles: 1 stands where 2 should"
    ]


def drop_constraint(connection: Connection, name: str) -> None:
    """SQLite cannot drop a constraint: there the table is made anew without any."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE protocol DROP CONSTRAINT {name}"))
        return
    connection.execute(text("CREATE TABLE bare AS SELECT * FROM protocol"))
    connection.execute(text("DROP TABLE protocol"))
    connection.execute(text("ALTER TABLE bare RENAME TO protocol"))


def test_each_series_and_each_source_counts_for_itself(closed: Store) -> None:
    samples.put(closed, samples.protocol([], "1/2027", series="2027"))
    samples.put(closed, samples.protocol([]), source="branch")
    assert verify(closed).problems == []


def test_a_protocol_alone_finds_what_was_changed_in_its_rows(closed: Store) -> None:
    """Its own ledger rows and those of its results."""
    with closed.reading() as connection:
        named = ledger.c.key.in_([NUMBER, "7/9/attempt-2", "7/10/attempt-2"])
        rows = [dict(row) for row in connection.execute(select(ledger).where(named)).mappings()]
    for row in rows:
        for name in ("payload", "salt", "payload_digest", "previous_digest", "digest", "actor", "reason", "scope"):
            with samples.tampering(closed) as connection:
                connection.execute(update(ledger).where(ledger.c.seq == row["seq"]).values({name: f"{row[name]}0"}))
            where = [problem.where for problem in verify_protocol(closed, "moodle", NUMBER).problems]
            assert f"ledger row {row['seq']}" in where, (row["key"], name)
            with samples.tampering(closed) as connection:
                connection.execute(update(ledger).where(ledger.c.seq == row["seq"]).values(row))
    assert verify_protocol(closed, "moodle", NUMBER).ok


def test_a_protocol_alone_finds_what_was_changed_in_its_tables(closed: Store) -> None:
    changes = [
        (protocol, NUMBER, {"title": "Другой тест"}),
        (attestation_result, "7/9/attempt-2", {"last_name": "Другая"}),
    ]
    for table, key, values in changes:
        with samples.tampering(closed) as connection:
            connection.execute(update(table).where(table.c.key == key).values(values))
    assert {problem.where for problem in verify_protocol(closed, "moodle", NUMBER).problems} == {
        f"table protocol, source moodle, key {NUMBER}",
        "table attestation_result, source moodle, key 7/9/attempt-2",
    }
    with samples.tampering(closed) as connection:
        connection.execute(delete(attestation_result).where(attestation_result.c.key == "7/9/attempt-2"))
    assert "its row is missing" in str(verify_protocol(closed, "moodle", NUMBER).problems[-1])


def test_a_protocol_alone_finds_that_the_row_before_or_a_version_is_missing(closed: Store) -> None:
    with closed.reading() as connection:
        first = connection.execute(
            select(ledger.c.seq).where(ledger.c.key == NUMBER, ledger.c.version == 1)
        ).scalar_one()
    with samples.tampering(closed) as connection:
        connection.execute(delete(ledger).where(ledger.c.seq == first - 1))
    found = [str(problem) for problem in verify_protocol(closed, "moodle", NUMBER).problems]
    assert f"ledger row {first}: rows are missing before it: ledger row {first - 1} is not there" in found
    with samples.tampering(closed) as connection:
        connection.execute(delete(ledger).where(ledger.c.seq == first))
    found = [problem.what for problem in verify_protocol(closed, "moodle", NUMBER).problems]
    assert "its version does not follow the record's version before" in found


def test_a_protocol_alone_does_not_look_at_the_rest(closed: Store) -> None:
    with samples.tampering(closed) as connection:
        connection.execute(update(ledger).where(ledger.c.key == "13/2026").values(reason="другая"))
        connection.execute(update(PROJECTIONS["course"]).values(title="Другой"))
    assert verify_protocol(closed, "moodle", NUMBER).ok
    assert not verify(closed).ok


def test_a_protocol_that_is_not_there(closed: Store) -> None:
    with pytest.raises(StoreError, match="no protocol '99'"):
        verify_protocol(closed, "moodle", "99")
    samples.put(closed, samples.protocol([], NUMBER), source="branch")
    assert sources_with_protocol(closed, NUMBER) == ["branch", "moodle"]
    assert sources_with_protocol(closed, "99") == []


def test_a_protocol_of_erased_learners_stays_whole(closed: Store) -> None:
    before = protocol_payloads(closed)
    assert closed.erase_learner("moodle", "10", "registrar", "отзыв согласия")
    assert verify(closed).problems == []
    assert verify_protocol(closed, "moodle", NUMBER).ok
    assert protocol_payloads(closed) == before
    assert all("Щукин" not in text and "Ёлкина" not in text for text in before)


def protocol_payloads(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(select(ledger.c.payload).where(ledger.c.kind == Protocol.kind)).scalars())
