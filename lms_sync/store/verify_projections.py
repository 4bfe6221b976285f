"""Checking projections against the ledger: each row says what its record's latest ledger row says; none is missing,
none is too many. Must not know how the chain is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, and_, case, func, select, true
from sqlalchemy.exc import OperationalError

from lms_sync.store.projection import field_columns
from lms_sync.store.rows import Operation
from lms_sync.store.sql_payload import payload_of_row
from lms_sync.store.sql_text import as_stored, stored_text
from lms_sync.store.statements import chunks
from lms_sync.store.tables import BOOKKEEPING, PROJECTIONS, ledger

Report = Callable[[str, str], None]

Row = Sequence[Any]

BATCH = 2000

_KEY, _SOURCE = BOOKKEEPING.index("key"), BOOKKEEPING.index("source")
_LATEST, _FIRST, _NEWER = ledger.alias("latest"), ledger.alias("first"), ledger.alias("newer")
_GONE = (Operation.RETIRE.value, Operation.ERASE.value)


def projection_problems(connection: Connection, report: Report) -> int:
    """Reports every projection row that is wrong or missing; gives the number of rows checked."""
    counted = select(ledger.c.kind, func.count().label("versions")).group_by(ledger.c.kind)
    versions: dict[str, int] = {row.kind: row.versions for row in connection.execute(counted)}
    checked = 0
    for kind, table in PROJECTIONS.items():
        check = _Check(connection, kind)
        check.all_rows(report)
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
        check.rows(report, table.c.source == source, table.c.key.in_(chunk))
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
        self.checked = 0
        self.versions = 0

    def all_rows(self, report: Report) -> None:
        """Checks every row. The database itself finds nearly all of them right; only the others are looked at here."""
        rows = self._connection.execute(select(func.count()).select_from(self._table)).scalar_one()
        if rows:
            left = self._count_right()
            if self.checked < rows:
                self.rows(report, *left)

    def rows(self, report: Report, *conditions: ColumnElement[bool]) -> None:
        """Checks the rows that meet the conditions, value by value."""
        statement = self._compared().where(*conditions)
        for row in self._connection.execution_options(yield_per=BATCH).execute(statement):
            self._row(tuple(row), report)

    def _count_right(self) -> list[ColumnElement[bool]]:
        """Counts the rows that are right as the database sees it; gives the condition on those that are left."""
        right = self._is_right()
        statement = select(func.count(), func.coalesce(func.sum(_LATEST.c.version), 0)).select_from(self._joined())
        try:
            self.checked, self.versions = self._connection.execute(statement.where(right.is_(true()))).one()
        except OperationalError:
            if self._connection.dialect.name != "sqlite":
                raise
            return []  # a value that `payload_of_row` cannot write; whatever else it was will fail again
        return [right.is_not(true())]

    def _is_right(self) -> ColumnElement[bool]:
        """What `_row` compares, in SQL: nothing is true of it that `_row` would not find right too."""
        table, latest = self._table.c, _LATEST.c
        retired_at = case((latest.operation.in_(_GONE), as_stored(latest.observed_at)))
        return and_(
            _same_record(_LATEST, self._kind, self._table),
            table.scope == latest.scope,
            table.version == latest.version,
            table.changed_at == latest.observed_at,
            as_stored(table.retired_at).is_not_distinct_from(retired_at),
            as_stored(table.first_seen_at) == self._first_seen_at(as_stored),
            as_stored(latest.payload) == payload_of_row(self._connection, self._fields.columns),
        )

    def _compared(self) -> Select[Any]:
        """The projection's rows, each followed by the ledger row it names and the time of its record's first."""
        text = partial(stored_text, self._connection)
        said = [text(self._table.c[name]) for name in (*BOOKKEEPING, *self._fields.names)]
        says = [
            text(_LATEST.c[name])
            for name in ("seq", "kind", "source", "key", "scope", "version", "operation", "observed_at", "payload")
        ]
        return select(*said, *says, self._first_seen_at(text)).select_from(self._joined())

    def _joined(self) -> FromClause:
        return self._table.outerjoin(_LATEST, _LATEST.c.seq == self._table.c.ledger_seq)

    def _first_seen_at(self, form: Callable[[ColumnElement[Any]], ColumnElement[Any]]) -> ColumnElement[Any]:
        """When the record's first row was observed. Most records have one version, and need no second look for it."""
        of_first = and_(_same_record(_FIRST, self._kind, self._table), _FIRST.c.version == 1)
        return case(
            (_LATEST.c.version == 1, form(_LATEST.c.observed_at)),
            else_=select(form(_FIRST.c.observed_at)).where(of_first).correlate(self._table).scalar_subquery(),
        )

    def _row(self, row: Row, report: Report) -> None:
        says, fields_end = len(BOOKKEEPING), len(BOOKKEEPING) + len(self._fields.names)
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
        try:
            expected = self._fields.values(payload, key)
        except (ValueError, TypeError, AttributeError):
            return ["the payload"]  # damaged: the chain's check has named the row
        return [name for name, value, right in zip(self._fields.names, stored, expected, strict=True) if value != right]


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


def _same_record(row: FromClause, kind: str, table: Table) -> ColumnElement[bool]:
    return and_(row.c.key == table.c.key, row.c.kind == kind, row.c.source == table.c.source)


def _report_outdated(
    connection: Connection, kind: str, table: Table, report: Report, *conditions: ColumnElement[bool]
) -> None:
    latest, newer = _LATEST, _NEWER
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
