"""Checking the chain: every digest, every link, no gap. Must not know projections.

The loop handles plain tuples straight from the driver: this is the part of `verify` that grows with the years.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, LargeBinary, Select, and_, cast, exists, func, or_, select

from lms_sync.store.canonical import DIGEST_FIELDS, ENCODED_TYPES, GENESIS
from lms_sync.store.ledger import Head
from lms_sync.store.rows import Operation
from lms_sync.store.sql_text import stored_text
from lms_sync.store.statements import chunks
from lms_sync.store.tables import ledger

Report = Callable[[str, str], None]
"""Takes where something is broken, and what."""

Row = Sequence[Any]

BATCH = 500

_DIGESTED = len(DIGEST_FIELDS)
_SEQ, _SOURCE, _KIND, _KEY, _VERSION, _OPERATION, _PAYLOAD_DIGEST, _RUN = (
    DIGEST_FIELDS.index(name)
    for name in ("seq", "source", "kind", "key", "version", "operation", "payload_digest", "run_id")
)
_SALT, _DIGEST, _PAYLOAD = range(_DIGESTED, _DIGESTED + 3)

_ERASE = Operation.ERASE.value
_encode = msgspec.json.Encoder().encode
_encoded_as_they_are = ENCODED_TYPES.issuperset
_from_hex = bytes.fromhex
_empty = hashlib.sha256()


def _sha256(data: bytes) -> str:
    digest = _empty.copy()  # faster than a new one
    digest.update(data)
    return digest.hexdigest()


class ChainCheck:
    """One pass over the ledger, or a look at single rows. `rows` and `head` are right once `run` has ended."""

    def __init__(self, connection: Connection, erased: dict[tuple[str, str, str], int] | None = None) -> None:
        self._connection = connection
        self._erased = _erasures(connection) if erased is None else erased
        self.rows = 0
        self.head = Head(0, GENESIS)

    def run(self, report: Report) -> Iterator[int]:
        """Checks all rows, reporting each broken one; yields the number of rows checked, batch by batch."""
        rows = _rows(self._connection)
        while self._check(islice(rows, BATCH), report):
            yield self.rows
        for seq in _misnumbered(self._connection):
            report(_ledger_row(seq), "its version does not follow the record's version before")

    def single(self, row: Row, digest_before: str, report: Report) -> None:
        """Checks one row, which must be linked to a row with that digest."""
        self.head = Head(row[_SEQ] - 1, digest_before)
        self._check([row], report)

    def _check(self, batch: Iterable[Row], report: Report) -> int:
        """Checks rows that follow the head; gives how many there were."""
        checked, previous, expected = 0, self.head.digest, self.head.seq + 1
        for row in batch:
            seq, salt, digest, payload = row[_SEQ], row[_SALT], row[_DIGEST], row[_PAYLOAD]
            try:
                digested = row[:_DIGESTED]
                intact = _encoded_as_they_are(map(type, digested)) and _sha256(_encode(digested)) == digest
                kept = payload is None or _sha256(_from_hex(salt) + payload) == row[_PAYLOAD_DIGEST]
            except (TypeError, ValueError):  # a value of a kind that lms-sync never writes
                intact = kept = False
            if not (intact and kept and seq == expected and row[0] == previous):
                _report_link(row, previous, expected, intact, kept, report)
            if payload is None or self._erased:
                self._check_erasure(row, report)
            previous, expected = digest, seq + 1
            checked += 1
        self.rows += checked
        self.head = Head(expected - 1, previous)
        return checked

    def _check_erasure(self, row: Row, report: Report) -> None:
        """A payload may be missing in an erase row and in the rows before it of the same record, and nowhere else."""
        missing, seq = row[_PAYLOAD] is None, row[_SEQ]
        erased = self._erased.get((row[_SOURCE], row[_KIND], row[_KEY]), 0) > seq
        erases = row[_OPERATION] == Operation.ERASE
        if missing and row[_SALT] is not None:
            report(_ledger_row(seq), "its payload is erased, but the salt is still there")
        if missing and not erased and not erases:
            report(_ledger_row(seq), "its payload is missing, and no later row erases it")
        if not missing and (erased or erases):
            report(_ledger_row(seq), "its payload is still there, though it was erased")


def record_problems(connection: Connection, source: str, kind: str, keys: Sequence[str], report: Report) -> int:
    """Checks all ledger rows of some records, and that each is linked to the row before it; gives how many there were.

    The rest of the chain is not looked at.
    """
    checked = 0
    for chunk in chunks(keys):
        of_records = and_(ledger.c.key.in_(chunk), ledger.c.kind == kind, ledger.c.source == source)
        numbers = list(connection.execute(select(ledger.c.seq).where(of_records)).scalars())
        rows = [row for part in chunks(numbers) for row in _rows(connection, ledger.c.seq.in_(part))]
        rows.sort(key=itemgetter(_SEQ))
        before = dict(_digests(connection, [number - 1 for number in numbers]))
        erased = {(row[_SOURCE], row[_KIND], row[_KEY]): row[_SEQ] for row in rows if row[_OPERATION] == _ERASE}
        check = ChainCheck(connection, erased)
        versions: Counter[str] = Counter()
        for row in rows:
            seq, key = row[_SEQ], row[_KEY]
            versions[key] += 1
            if seq > 1 and seq - 1 not in before:
                report(_ledger_row(seq), f"rows are missing before it: {_ledger_row(seq - 1)} is not there")
            check.single(row, before.get(seq - 1, GENESIS if seq == 1 else row[0]), report)
            if row[_VERSION] != versions[key]:
                report(_ledger_row(seq), "its version does not follow the record's version before")
        checked += len(rows)
    return checked


def _digests(connection: Connection, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    for part in chunks(numbers):
        statement = select(ledger.c.seq, ledger.c.digest).where(ledger.c.seq.in_(part))
        yield from (tuple(row) for row in connection.execute(statement))


def _report_link(row: Row, previous: str, expected: int, intact: bool, kept: bool, report: Report) -> None:
    where = _ledger_row(row[_SEQ])
    if row[_SEQ] != expected:
        report(where, f"rows are missing before it: {_ledger_row(expected)} should be next")
    if row[0] != previous:
        report(where, "it is not linked to the row before it")
    if not intact:
        report(where, "its digest does not match its contents")
    if not kept:
        report(where, "its payload does not match the payload's digest")


def _ledger_row(seq: int) -> str:
    return f"ledger row {seq}"


def _erasures(connection: Connection) -> dict[tuple[str, str, str], int]:
    """The last erase row of each record that has one."""
    columns = ledger.c
    # In the ledger's order, and not grouped: for that, the database would walk its index and look up each row.
    statement = (
        select(columns.source, columns.kind, columns.key, columns.seq)
        .where(columns.operation == Operation.ERASE.value)
        .order_by(columns.seq)
    )
    return {(source, kind, key): seq for source, kind, key, seq in connection.execute(statement)}


def _misnumbered(connection: Connection) -> Iterator[int]:
    """Rows whose version is not one more than the same record's version before them."""
    row, other = ledger.c, ledger.alias("other")
    same_record = exists().where(
        other.c.key == row.key, other.c.kind == row.kind, other.c.source == row.source, other.c.seq < row.seq
    )
    wrong = and_(row.version != 1, ~same_record.where(other.c.version == row.version - 1))
    if _has_doubles(connection):
        wrong = or_(wrong, same_record.where(other.c.version == row.version))
    statement = select(row.seq).where(wrong).order_by(row.seq)
    yield from connection.execution_options(yield_per=BATCH).execute(statement).scalars()


def _has_doubles(connection: Connection) -> bool:
    """Whether a version of a record is there twice: only where somebody has removed the table's own constraint."""
    columns = ledger.c
    versions = select(columns.key, columns.kind, columns.source, columns.version).distinct().subquery()
    rows, distinct = (
        connection.execute(select(func.count()).select_from(of)).scalar_one() for of in (ledger, versions)
    )
    return rows != distinct


def _rows(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[Row]:
    """Rows in order: the digested fields as `stored_text` gives them, salt, digest, and the payload as bytes."""
    fields = [stored_text(connection, ledger.c[name]) for name in (*DIGEST_FIELDS, "salt", "digest")]
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        statement = select(*fields, cast(ledger.c.payload, LargeBinary)).where(*conditions).order_by(ledger.c.seq)
        yield from driver.execute(_text(connection, statement))
    else:
        statement = select(*fields, ledger.c.payload).where(*conditions).order_by(ledger.c.seq)
        yield from _copied(driver, _text(connection, statement))


def _text(connection: Connection, statement: Select[Any]) -> str:
    return str(statement.compile(connection, compile_kwargs={"literal_binds": True}))


def _copied(driver: Any, text: str) -> Iterator[Row]:
    """The rows through COPY: the server sends while the digests are taken, much faster than a cursor."""
    with driver.cursor() as cursor, cursor.copy(f"COPY ({text}) TO STDOUT") as copy:
        for line in copy:
            yield _parsed(bytes(line))


def _parsed(line: bytes) -> Row:
    """One line of COPY's text format (PostgreSQL documentation, COPY, "Text Format")."""
    digested, payload = line[:-1].rsplit(b"\t", 1)
    row: list[Any] = str(digested, "utf-8").split("\t")
    if b"\\" in line:
        row = [_unescaped(item) for item in row]
        unescaped = _unescaped(str(payload, "utf-8"))
        row.append(None if unescaped is None else unescaped.encode())
    else:
        row.append(payload)
    row[_SEQ] = int(row[_SEQ])
    row[_VERSION] = int(row[_VERSION])
    if row[_RUN] is not None:
        row[_RUN] = int(row[_RUN])
    return row


_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _unescaped(item: str) -> str | None:
    if item == "\\N":
        return None
    if "\\" not in item:
        return item
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), item)
