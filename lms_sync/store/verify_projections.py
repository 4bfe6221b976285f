"""Checking projections against the ledger: each row says what its record's latest ledger row says; none is missing,
none is too many. Must not know how the chain is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, select

from lms_sync.store.projection import FieldColumn, field_columns
from lms_sync.store.rows import Operation
from lms_sync.store.sql_text import payload_text, stored_text
from lms_sync.store.statements import chunks
from lms_sync.store.tables import BOOKKEEPING, PROJECTIONS, ledger

Report = Callable[[str, str], None]

Row = Sequence[Any]

FieldText = tuple[str, Any, Callable[[Any], Any] | None]
"""A field's name, its default for older payloads, and what makes its stored text."""

BATCH = 2000

_decode = msgspec.json.Decoder().decode
_KEY, _SOURCE = BOOKKEEPING.index("key"), BOOKKEEPING.index("source")
_GONE = (Operation.RETIRE.value, Operation.ERASE.value)


def projection_problems(connection: Connection, report: Report) -> int:
    """Reports every projection row that is wrong or missing; gives the number of rows checked."""
    checked = 0
    for kind, table in PROJECTIONS.items():
        checked += _check_rows(connection, kind, table, report)
        _report_missing(connection, kind, table, report)
    return checked


def record_problems(connection: Connection, source: str, kind: str, keys: Sequence[str], report: Report) -> int:
    """Reports every wrong or missing projection row of some records; gives the number of rows checked."""
    table, checked = PROJECTIONS[kind], 0
    for chunk in chunks(keys):
        checked += _check_rows(connection, kind, table, report, table.c.source == source, table.c.key.in_(chunk))
        _report_missing(connection, kind, table, report, ledger.c.source == source, ledger.c.key.in_(chunk))
    return checked


def _check_rows(
    connection: Connection, kind: str, table: Table, report: Report, *conditions: ColumnElement[bool]
) -> int:
    fields = field_columns(kind)
    texts = [(field.name, field.default, payload_text(field.column)) for field in fields]
    says, fields_end = len(BOOKKEEPING), len(BOOKKEEPING) + len(fields)
    checked = 0
    statement = _rows(connection, kind, table, fields).where(*conditions)
    for row in connection.execution_options(yield_per=BATCH).execute(statement):
        checked += 1
        said, stored, latest = row[:says], row[says:fields_end], row[fields_end:]
        problem = _untrue_source(kind, said, latest)
        if not problem:
            wrong = _wrong_bookkeeping(said, latest) + _wrong_fields(fields, texts, stored, latest)
            problem = f"{', '.join(wrong)}: not what ledger row {latest[0]} says" if wrong else ""
        if problem:
            report(_where(kind, said[_SOURCE], said[_KEY]), problem)
    return checked


def _untrue_source(kind: str, said: Row, latest: Row) -> str:
    """Whether the ledger row that a projection row names is the latest of its record; empty when it is."""
    seq, of_kind, source, key, *_, newer = latest
    if seq is None or (of_kind, source, key) != (kind, said[_SOURCE], said[_KEY]):
        return "the ledger row it names is not one of this record"
    return "" if newer is None else f"it shows ledger row {seq}, but ledger row {newer} is newer"


def _wrong_bookkeeping(said: Row, latest: Row) -> list[str]:
    seq, _, source, key, scope, version, operation, observed_at, _, first_seen_at, _ = latest
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


def _wrong_fields(fields: Sequence[FieldColumn], texts: Sequence[FieldText], stored: Row, latest: Row) -> list[str]:
    key, payload = latest[3], latest[8]
    if payload is None:
        return [
            name
            for (name, _, text), field, value in zip(texts, fields, stored, strict=True)
            if value != _erased(field, key, text)
        ]
    wrong = []
    try:
        values = _decode(payload)
        for (name, default, text), value in zip(texts, stored, strict=True):
            expected = values.get(name, default)
            if value != (expected if text is None or expected is None else text(expected)):
                wrong.append(name)
    except (ValueError, TypeError, AttributeError):
        return ["the payload"]  # damaged: the chain's check has named the row
    return wrong


def _erased(field: FieldColumn, key: str, text: Callable[[Any], Any] | None) -> Any:
    value = field.erased(key)
    return text(value) if isinstance(value, list) and text else value


def _rows(connection: Connection, kind: str, table: Table, fields: tuple[FieldColumn, ...]) -> Select[Any]:
    latest, first, newer = ledger.alias("latest"), ledger.alias("first"), ledger.alias("newer")
    same_record = [
        and_(row.c.key == table.c.key, row.c.kind == kind, row.c.source == table.c.source) for row in (first, newer)
    ]
    said = [stored_text(connection, table.c[name]) for name in (*BOOKKEEPING, *(field.name for field in fields))]
    says = [
        stored_text(connection, latest.c[name])
        for name in ("seq", "kind", "source", "key", "scope", "version", "operation", "observed_at", "payload")
    ]
    return select(*said, *says, stored_text(connection, first.c.observed_at), newer.c.seq).select_from(
        table.outerjoin(latest, latest.c.seq == table.c.ledger_seq)
        .outerjoin(first, and_(same_record[0], first.c.version == 1))
        .outerjoin(newer, and_(same_record[1], newer.c.version == latest.c.version + 1))
    )


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
