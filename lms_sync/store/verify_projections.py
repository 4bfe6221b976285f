"""Checking projections against the ledger: each row says what its record's latest ledger row says; none is missing,
none is too many. Must not know how the chain is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, Table, and_, select

from lms_sync.store.projection import FieldColumn, field_columns
from lms_sync.store.rows import Operation
from lms_sync.store.sql_text import expected_text, stored_text
from lms_sync.store.tables import BOOKKEEPING, PROJECTIONS, ledger

Report = Callable[[str, str], None]

BATCH = 2000

_decode = msgspec.json.Decoder().decode
_GONE = (Operation.RETIRE.value, Operation.ERASE.value)


def projection_problems(connection: Connection, report: Report) -> int:
    """Reports every projection row that is wrong or missing; gives the number of rows checked."""
    checked = 0
    for kind, table in PROJECTIONS.items():
        checked += _check_rows(connection, kind, table, report)
        _report_missing(connection, kind, table, report)
    return checked


def _check_rows(connection: Connection, kind: str, table: Table, report: Report) -> int:
    fields = field_columns(kind)
    width = len(BOOKKEEPING)
    checked = 0
    for row in connection.execution_options(yield_per=BATCH).execute(_rows(connection, kind, table, fields)):
        checked += 1
        bookkeeping = dict(zip(BOOKKEEPING, row[:width], strict=True))
        stored = row[width : width + len(fields)]
        problem = _problem(kind, bookkeeping, stored, row[width + len(fields) :], fields)
        if problem:
            report(_where(kind, bookkeeping["source"], bookkeeping["key"]), problem)
    return checked


def _problem(kind: str, said: dict[str, Any], stored: Any, latest: Any, fields: tuple[FieldColumn, ...]) -> str:
    """What is wrong with one projection row; empty when nothing is."""
    seq, of_kind, source, key, scope, version, operation, observed_at, payload, first_seen_at, newer = latest
    if seq is None or (of_kind, source, key) != (kind, said["source"], said["key"]):
        return "the ledger row it names is not one of this record"
    if newer is not None:
        return f"it shows ledger row {seq}, but ledger row {newer} is newer"
    expected = {
        "scope": scope,
        "version": version,
        "first_seen_at": first_seen_at,
        "changed_at": observed_at,
        "retired_at": observed_at if operation in _GONE else None,
    }
    wrong = [name for name, value in expected.items() if said[name] != value]
    wrong += _wrong_fields(fields, stored, key, payload)
    return f"{', '.join(wrong)}: not what ledger row {seq} says" if wrong else ""


def _wrong_fields(fields: tuple[FieldColumn, ...], stored: Any, key: str, payload: str | None) -> list[str]:
    if payload is None:
        return [field.name for field, value in zip(fields, stored, strict=True) if value != field.erased(key)]
    try:
        values = _decode(payload)
        return [
            field.name
            for field, value in zip(fields, stored, strict=True)
            if value != expected_text(field.column, values.get(field.name, field.default))
        ]
    except (ValueError, TypeError, AttributeError):
        return ["the payload"]  # damaged: the chain's check has named the row


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


def _report_missing(connection: Connection, kind: str, table: Table, report: Report) -> None:
    columns = ledger.c
    statement = (
        select(columns.source, columns.key)
        .select_from(ledger.outerjoin(table, and_(table.c.key == columns.key, table.c.source == columns.source)))
        .where(columns.kind == kind, columns.version == 1, table.c.key.is_(None))
    )
    for source, key in connection.execution_options(yield_per=BATCH).execute(statement):
        report(_where(kind, source, key), "the ledger knows this record, but its row is missing")


def _where(kind: str, source: str, key: str) -> str:
    return f"table {kind}, source {source}, key {key}"
