"""Checking projections against the ledger: each row says what its record's latest ledger row says; none is missing,
none is too many. Must not know how the chain is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import astuple
from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, and_, case, func, select

from lms_sync.store.projection import FieldColumn, field_columns
from lms_sync.store.rows import Operation
from lms_sync.store.sql_text import payload_text, stored_text
from lms_sync.store.statements import chunks
from lms_sync.store.tables import BOOKKEEPING, PROJECTIONS, ledger

Report = Callable[[str, str], None]

Row = Sequence[Any]

BATCH = 2000

_KEY, _SOURCE = BOOKKEEPING.index("key"), BOOKKEEPING.index("source")
_GONE = (Operation.RETIRE.value, Operation.ERASE.value)


def projection_problems(connection: Connection, report: Report) -> int:
    """Reports every projection row that is wrong or missing; gives the number of rows checked."""
    counted = select(ledger.c.kind, func.count().label("versions")).group_by(ledger.c.kind)
    versions: dict[str, int] = {row.kind: row.versions for row in connection.execute(counted)}
    checked = 0
    for kind, table in PROJECTIONS.items():
        check = _Check(connection, kind)
        for row in check.rows():
            check.row(row, report)
        checked += check.checked
        # Each row shows some version of its record. Only when all show the last and no record is left out do these
        # numbers add up to the count of all versions: the chain's check holds that they are 1, 2, 3, …
        if check.versions != versions.get(kind, 0):
            _report_outdated(connection, kind, table, report)
            _report_missing(connection, kind, table, report)
    return checked


def record_problems(connection: Connection, source: str, kind: str, keys: Sequence[str], report: Report) -> int:
    """Reports every wrong or missing projection row of some records; gives the number of rows checked."""
    table, check = PROJECTIONS[kind], _Check(connection, kind)
    for chunk in chunks(keys):
        for row in check.rows(table.c.source == source, table.c.key.in_(chunk)):
            check.row(row, report)
        _report_outdated(connection, kind, table, report, table.c.source == source, table.c.key.in_(chunk))
        _report_missing(connection, kind, table, report, ledger.c.source == source, ledger.c.key.in_(chunk))
    return check.checked


class _Check:
    """One pass over rows of a projection. `versions` adds up the versions that they show."""

    def __init__(self, connection: Connection, kind: str) -> None:
        self._connection = connection
        self._kind = kind
        self._table = PROJECTIONS[kind]
        self._fields = field_columns(kind)
        self._texts = [payload_text(field.column) for field in self._fields]
        self._converted = [(place, text) for place, text in enumerate(self._texts) if text]
        self._decode = msgspec.json.Decoder(_payload_type(kind, self._fields)).decode
        self.checked = 0
        self.versions = 0

    def rows(self, *conditions: ColumnElement[bool]) -> Iterable[Row]:
        """The projection's rows, each followed by the ledger row it names and the time of its record's first."""
        statement = _rows(self._connection, self._kind, self._table, self._fields).where(*conditions)
        if self._connection.dialect.name == "sqlite" and not conditions:
            # Plain tuples straight from the driver: this grows with the store.
            driver: Any = self._connection.connection.driver_connection
            rows: Iterable[Row] = driver.execute(
                str(statement.compile(self._connection, compile_kwargs={"literal_binds": True}))
            )
            return rows
        return self._connection.execution_options(yield_per=BATCH).execute(statement)

    def row(self, row: Row, report: Report) -> None:
        """Checks one row."""
        says, fields_end = len(BOOKKEEPING), len(BOOKKEEPING) + len(self._fields)
        said, stored, latest = row[:says], row[says:fields_end], row[fields_end:]
        self.checked += 1
        seq, kind, source, key, _, version, *_ = latest
        if seq is None or (kind, source, key) != (self._kind, said[_SOURCE], said[_KEY]):
            report(_where(self._kind, said[_SOURCE], said[_KEY]), "the ledger row it names is not one of this record")
            return
        self.versions += version if type(version) is int else 0
        wrong = _wrong_bookkeeping(said, latest) + self._wrong_fields(stored, key, latest[8])
        if wrong:
            report(_where(self._kind, source, key), f"{', '.join(wrong)}: not what ledger row {seq} says")

    def _wrong_fields(self, stored: Row, key: str, payload: Any) -> list[str]:
        if payload is None:
            expected = [self._erased(field, key) for field in self._fields]
        else:
            try:
                expected = list(astuple(self._decode(payload)))
                for place, text in self._converted:
                    if expected[place] is not None:
                        expected[place] = text(expected[place])
            except (ValueError, TypeError, AttributeError):
                return ["the payload"]  # damaged: the chain's check has named the row
        if tuple(stored) == tuple(expected):
            return []
        return [
            field.name for field, value, right in zip(self._fields, stored, expected, strict=True) if value != right
        ]

    def _erased(self, field: FieldColumn, key: str) -> Any:
        value, text = field.erased(key), payload_text(field.column)
        return text(value) if isinstance(value, list) and text else value


def _payload_type(kind: str, fields: Sequence[FieldColumn]) -> type[msgspec.Struct]:
    """What a payload is decoded to: its fields in the order of the columns, with defaults for older payloads."""
    return msgspec.defstruct(kind, [(field.name, Any, _default(field.default)) for field in fields])


def _default(value: Any) -> Any:
    return msgspec.field(default_factory=partial(copy, value)) if isinstance(value, (list, dict)) else value


def _wrong_bookkeeping(said: Row, latest: Row) -> list[str]:
    seq, _, source, key, scope, version, operation, observed_at, _, first_seen_at = latest
    # In the order of `BOOKKEEPING`.
    expected = (
        key,
        source,
        scope,
        seq,
        version,
        first_seen_at,
        observed_at,
        observed_at if operation in _GONE else None,
    )
    if said == expected:
        return []
    return [name for name, value, right in zip(BOOKKEEPING, said, expected, strict=True) if value != right]


def _rows(connection: Connection, kind: str, table: Table, fields: tuple[FieldColumn, ...]) -> Select[Any]:
    latest, first = ledger.alias("latest"), ledger.alias("first")
    said = [stored_text(connection, table.c[name]) for name in (*BOOKKEEPING, *(field.name for field in fields))]
    says = [
        stored_text(connection, latest.c[name])
        for name in ("seq", "kind", "source", "key", "scope", "version", "operation", "observed_at", "payload")
    ]
    of_first = and_(_same_record(first, kind, table), first.c.version == 1)
    # Most records have one version, and need no second look into the ledger.
    first_seen_at = case(
        (latest.c.version == 1, stored_text(connection, latest.c.observed_at)),
        else_=select(stored_text(connection, first.c.observed_at)).where(of_first).correlate(table).scalar_subquery(),
    )
    return select(*said, *says, first_seen_at).select_from(table.outerjoin(latest, latest.c.seq == table.c.ledger_seq))


def _same_record(row: FromClause, kind: str, table: Table) -> ColumnElement[bool]:
    return and_(row.c.key == table.c.key, row.c.kind == kind, row.c.source == table.c.source)


def _report_outdated(
    connection: Connection, kind: str, table: Table, report: Report, *conditions: ColumnElement[bool]
) -> None:
    latest, newer = ledger.alias("latest"), ledger.alias("newer")
    following = and_(_same_record(newer, kind, table), newer.c.version == latest.c.version + 1)
    statement = (
        select(table.c.source, table.c.key, latest.c.seq, newer.c.seq)
        .select_from(
            table.join(latest, and_(latest.c.seq == table.c.ledger_seq, _same_record(latest, kind, table))).join(
                newer, following
            )
        )
        .where(*conditions)
    )
    for source, key, seq, after in connection.execution_options(yield_per=BATCH).execute(statement):
        report(_where(kind, source, key), f"it shows ledger row {seq}, but ledger row {after} is newer")


def _report_missing(
    connection: Connection, kind: str, table: Table, report: Report, *conditions: ColumnElement[bool]
) -> None:
    columns = ledger.c
    statement = (
        select(columns.source, columns.key)
        .select_from(ledger.outerjoin(table, and_(table.c.key == columns.key, table.c.source == columns.source)))
        .where(columns.kind == kind, columns.version == 1, table.c.key.is_(None), *conditions)
    )
    for source, key in connection.execution_options(yield_per=BATCH).execute(statement):
        report(_where(kind, source, key), "the ledger knows this record, but its row is missing")


def _where(kind: str, source: str, key: str) -> str:
    return f"table {kind}, source {source}, key {key}"
