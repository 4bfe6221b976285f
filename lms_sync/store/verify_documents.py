"""Checking the register of issued documents against itself: numbers, blanks, what may follow what, and duplicates.

Must not know how rows are digested: that the payloads read here are what was written is for `verify_chain.py` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, RowMapping, and_, func, select

from lms_sync.records import DocumentOrigin, DocumentStatus, IssuedDocument
from lms_sync.records.documents import KEPT_SINCE_ISSUE, NEXT_STATUSES, document_uid, may_be_linked
from lms_sync.store.rows import Operation
from lms_sync.store.scan_files import ScanFiles
from lms_sync.store.tables import attestation_result, blank_range, document_scan, issued_document, ledger, spoiled_blank

Report = Callable[[str, str], None]

BATCH = 500

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def all_document_problems(connection: Connection, report: Report) -> int:
    """Checks every version of every document and the register as a whole; gives how many documents there are."""
    documents = 0
    for (source, uid), versions in groupby(_versions(connection), key=lambda row: (row.source, row.key)):
        documents += 1
        _history_problems(f"document {uid}, source {source}", versions, report)
    _uid_problems(connection, report)
    for name in ("registration", "appendix"):
        _ordinal_problems(connection, name, report)
    _blank_problems(connection, report)
    _basis_problems(connection, report)
    _duplicate_problems(connection, report)
    return documents


def scan_problems(connection: Connection, files: ScanFiles, report: Report) -> None:
    """Reads the file of every scan of somebody who was not erased, and reports each that is not what was attached."""
    columns = document_scan.c
    statement = (
        select(columns.source, columns.key, columns.sha256, columns.size)
        .where(columns.retired_at.is_(None))
        .order_by(columns.source, columns.key)
    )
    for row in connection.execute(statement).all():
        if problem := files.problem(row.sha256, row.size):
            report(f"scan {row.key}, source {row.source}", problem)


def _versions(connection: Connection) -> Iterator[Row[str, str, int, str, str | None]]:
    """Every version of every document, by source, uid and version, in batches of whole documents."""
    columns = issued_document.c
    keys = connection.execute(select(columns.source, columns.key).order_by(columns.source, columns.key)).all()
    for source, rows in groupby(keys, key=lambda row: row.source):
        uids = [row.key for row in rows]
        for start in range(0, len(uids), BATCH):
            yield from connection.execute(
                select(ledger.c.source, ledger.c.key, ledger.c.version, ledger.c.operation, ledger.c.payload)
                .where(
                    ledger.c.key.in_(uids[start : start + BATCH]),
                    ledger.c.kind == IssuedDocument.kind,
                    ledger.c.source == source,
                )
                .order_by(ledger.c.key, ledger.c.version)
            ).all()


def _history_problems(where: str, versions: Iterator[Row[str, str, int, str, str | None]], report: Report) -> None:
    before: dict[str, Any] | None = None
    for row in versions:
        here = f"{where}, version {row.version}"
        try:
            now = _decode(row.payload or "")
            status = DocumentStatus(now["status"])
        except (ValueError, KeyError, msgspec.DecodeError):
            report(here, "its payload is not that of a document")
            return
        if row.operation != Operation.PUT.value:
            report(here, "a document of the register is never taken out of it")
        if now.get("uid") != row.key:
            report(here, "its uid is not its key")
        if before is not None:
            _step_problems(here, before, now, status, report)
        before = now


def _step_problems(
    where: str, before: dict[str, Any], now: dict[str, Any], status: DocumentStatus, report: Report
) -> None:
    earlier = DocumentStatus(before["status"])
    if status is not earlier and status not in NEXT_STATUSES[earlier]:
        report(where, f"it became {status.value}, which one that is {earlier.value} cannot")
    changed = [name for name in KEPT_SINCE_ISSUE if before.get(name) != now.get(name)]
    if "learner" in changed and may_be_linked(before.get("learner", "")):
        changed.remove("learner")
    if earlier is not DocumentStatus.DRAFT and changed:
        report(where, f"{', '.join(changed)}: changed after it was issued")


def _uid_problems(connection: Connection, report: Report) -> None:
    """The documents of a source are d000001, d000002, … without gaps."""
    columns = issued_document.c
    statement = select(columns.source, columns.key).order_by(columns.source, func.length(columns.key), columns.key)
    for source, rows in groupby(connection.execute(statement), key=lambda row: row.source):
        wrong = next(((place, row.key) for place, row in enumerate(rows, 1) if row.key != document_uid(place)), None)
        if wrong:
            report(
                f"table issued_document, source {source}",
                f"{wrong[1]} stands where {document_uid(wrong[0])} should",
            )


def _ordinal_problems(connection: Connection, name: str, report: Report) -> None:
    """Numbers of a series go 1, 2, 3, …; only before one that was taken over from elsewhere may some be missing."""
    series, ordinal = issued_document.c[f"{name}_series"], issued_document.c[f"{name}_ordinal"]
    source, origin = issued_document.c.source, issued_document.c.origin
    statement = (
        select(source, series.label("series"), ordinal.label("ordinal"), origin)
        .where(ordinal.is_not(None))
        .order_by(source, series, ordinal)
    )
    for (of_source, of_series), rows in groupby(
        connection.execute(statement), key=lambda row: (row.source, row.series)
    ):
        last = 0
        for row in rows:
            follows = row.ordinal == last + 1
            jumps = row.origin == DocumentOrigin.IMPORTED.value and row.ordinal > last
            if not (follows or jumps):
                report(
                    f"table issued_document, source {of_source}, {name} series {of_series}",
                    f"its numbers have gaps or doubles: {row.ordinal} stands where {last + 1} should",
                )
                break
            last = row.ordinal


def _blank_problems(connection: Connection, report: Report) -> None:
    columns = issued_document.c
    of_range = and_(blank_range.c.key == columns.blank_range, blank_range.c.source == columns.source)
    spoiled = and_(
        spoiled_blank.c.blank_range == columns.blank_range,
        spoiled_blank.c.number == columns.blank_number,
        spoiled_blank.c.source == columns.source,
    )
    statement = (
        select(
            columns.source,
            columns.key,
            columns.blank_range,
            columns.blank_series,
            columns.blank_number,
            blank_range.c.series,
            blank_range.c.first,
            blank_range.c.last,
            columns.status,
            spoiled_blank.c.key.label("spoiled"),
        )
        .select_from(issued_document.outerjoin(blank_range, of_range).outerjoin(spoiled_blank, spoiled))
        .where(columns.blank_range.is_not(None))
        .order_by(columns.source, columns.blank_range, columns.blank_number, columns.key)
    )
    last = None
    for row in connection.execute(statement):
        where = f"document {row.key}, source {row.source}"
        blank = (row.source, row.blank_range, row.blank_number)
        if not _is_of_range(row._mapping):
            report(where, f"its blank {row.blank_number} is none of the range {row.blank_range}")
        if row.spoiled is not None and row.status != DocumentStatus.ANNULLED.value:
            report(where, f"its blank {row.blank_number} was written off as spoiled")
        if blank == last:
            report(where, f"its blank {row.blank_number} belongs to another document too")
        last = blank


def _is_of_range(row: RowMapping) -> bool:
    first, number = row["first"], row["blank_number"]
    if first is None or row["series"] != row["blank_series"] or len(first) != len(number):
        return False
    within: bool = first <= number <= row["last"]
    return within


def _basis_problems(connection: Connection, report: Report) -> None:
    columns, results = issued_document.c, attestation_result.c
    same = and_(results.key == columns.result, results.source == columns.source)
    statement = (
        select(columns.source, columns.key, columns.result)
        .select_from(issued_document.outerjoin(attestation_result, same))
        .where(columns.result != "", results.key.is_(None))
        .order_by(columns.source, columns.key)
    )
    for row in connection.execute(statement):
        report(f"document {row.key}, source {row.source}", f"the ledger does not know the result {row.result}")


def _duplicate_problems(connection: Connection, report: Report) -> None:
    columns, other = issued_document.c, issued_document.alias("other")
    replaced = and_(other.c.key == columns.replaced_by, other.c.source == columns.source)
    statement = (
        select(columns.source, columns.key, columns.replaced_by, columns.status, other.c.replaces)
        .select_from(issued_document.outerjoin(other, replaced))
        .where((columns.replaced_by != "") | (columns.status == DocumentStatus.REPLACED.value))
        .order_by(columns.source, columns.key)
    )
    for row in connection.execute(statement):
        if row.replaces != row.key or row.status != DocumentStatus.REPLACED.value:
            told = f"it says that {row.replaced_by or 'nothing'} replaces it, which does not agree with its duplicate"
            report(f"document {row.key}, source {row.source}", told)
