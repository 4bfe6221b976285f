"""What the store knows about issued documents: who got what, when, on what basis; numbers and blanks. Reads only.

Gives plain frozen values within the caller's transaction. Must not know what may be done with a document.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, and_, func, select

from lms_sync.records import (
    KINDS,
    BlankRange,
    Course,
    DocumentHolder,
    DocumentScan,
    DocumentStatus,
    IssuedDocument,
    Learner,
    Protocol,
    Recognition,
    Record,
    SpoiledBlank,
)
from lms_sync.store.rows import Operation
from lms_sync.store.statements import chunks
from lms_sync.store.tables import (
    PROJECTIONS,
    blank_range,
    document_holder,
    document_scan,
    issued_document,
    ledger,
    protocol,
    recognition,
    spoiled_blank,
)

RecordT = TypeVar("RecordT", bound=Record)


@dataclass(frozen=True)
class StoredDocument:
    """A document in its latest version with its holder; `holder` is None once the person was erased."""

    record: IssuedDocument
    holder: DocumentHolder | None
    version: int
    scope: str


@dataclass(frozen=True)
class DocumentFilter:
    """Which documents are meant; what is None or empty does not narrow. Days are of issue, both included."""

    uids: Collection[str] | None = None
    learner: str | None = None
    course: str | None = None
    protocol: str | None = None
    document_kind: str | None = None
    statuses: Collection[DocumentStatus] = ()
    number: str | None = None  # registration number or blank number
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    duplicates: bool | None = None


def documents(
    connection: Connection,
    source: str,
    wanted: DocumentFilter = DocumentFilter(),
) -> list[StoredDocument]:
    """The documents of a source in the order of the register."""
    if wanted.uids is not None:
        found = [one for chunk in chunks(wanted.uids) for one in _documents(connection, source, wanted, chunk)]
        return sorted(found, key=lambda one: (len(one.record.uid), one.record.uid))
    return _documents(connection, source, wanted, None)


def document(connection: Connection, source: str, uid: str) -> StoredDocument | None:
    """The document of that uid; None when the register has none."""
    found = documents(connection, source, DocumentFilter(uids=[uid]))
    return found[0] if found else None


def document_count(connection: Connection, source: str) -> int:
    """How many documents the register has: the ordinal of the latest uid."""
    statement = select(func.count()).select_from(issued_document).where(issued_document.c.source == source)
    return connection.execute(statement).scalar_one()


def drafted_results(connection: Connection, source: str, document_kind: str, results: Iterable[str]) -> dict[str, str]:
    """Of these results those that a document of the kind rests on, with its uid; annulled ones do not count."""
    columns, found = issued_document.c, dict[str, str]()
    for chunk in chunks(results):
        statement = (
            select(columns.result, columns.uid)
            .where(
                columns.source == source,
                columns.document_kind == document_kind,
                columns.result.in_(chunk),
                columns.status != DocumentStatus.ANNULLED.value,
            )
            .order_by(func.length(columns.uid).desc(), columns.uid.desc())
        )
        found |= {row.result: row.uid for row in connection.execute(statement)}
    return found


# --- numbers ----------------------------------------------------------------------------------------------------------


def last_number(connection: Connection, source: str, series: str, *, appendix: bool = False) -> int:
    """The highest ordinal given in a series of registration or of appendix numbers; 0 while there is none."""
    name = "appendix" if appendix else "registration"
    of_series, ordinal = issued_document.c[f"{name}_series"], issued_document.c[f"{name}_ordinal"]
    statement = select(func.max(ordinal)).where(issued_document.c.source == source, of_series == series)
    return connection.execute(statement).scalar_one() or 0


def bearer_of(connection: Connection, source: str, registration_number: str) -> str:
    """The uid of the document that has a registration number; empty when none has."""
    columns = issued_document.c
    statement = select(columns.uid).where(
        columns.source == source, columns.registration_number == registration_number, columns.registration_number != ""
    )
    return connection.execute(statement).scalars().first() or ""


# --- blanks -----------------------------------------------------------------------------------------------------------


def blank_ranges(connection: Connection, source: str) -> list[BlankRange]:
    """The ranges of blanks, as received."""
    columns = blank_range.c
    statement = select(blank_range).where(columns.source == source).order_by(func.length(columns.key), columns.key)
    return [_record(BlankRange, row) for row in connection.execute(statement)]


def used_blanks(connection: Connection, source: str, of_range: BlankRange) -> dict[str, DocumentStatus]:
    """The numbers of a range that documents bear, annulled ones too, with the document's status."""
    columns = issued_document.c
    statement = select(columns.blank_number, columns.status).where(
        columns.source == source,
        columns.blank_series == of_range.series,
        columns.blank_number >= of_range.first,
        columns.blank_number <= of_range.last,
        columns.document_kind.in_(of_range.document_kinds),
    )
    return {
        row.blank_number: DocumentStatus(row.status)
        for row in connection.execute(statement)
        if of_range.holds(row.blank_number)
    }


def spoiled_blanks(connection: Connection, source: str, of_range: str | None = None) -> list[SpoiledBlank]:
    """The blanks written off, by range and number."""
    statement = select(spoiled_blank).where(spoiled_blank.c.source == source).order_by(spoiled_blank.c.key)
    if of_range is not None:
        statement = statement.where(spoiled_blank.c.blank_range == of_range)
    return [_record(SpoiledBlank, row) for row in connection.execute(statement)]


# --- what documents rest on -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Basis:
    """A protocol with the scope that its records are kept under."""

    protocol: Protocol
    scope: str


def basis(connection: Connection, source: str, number: str) -> Basis | None:
    """The protocol of that number; None when there is none."""
    row = _row(connection, Protocol.kind, source, number)
    return None if row is None else Basis(_record(Protocol, row), row.scope)


def closed_at(connection: Connection, source: str, numbers: Iterable[str]) -> dict[str, dt.datetime]:
    """When each of these protocols was closed (UTC)."""
    found, columns = dict[str, dt.datetime](), protocol.c
    for chunk in chunks(sorted(set(numbers) - {""})):
        statement = select(columns.number, columns.closed_at).where(columns.source == source, columns.number.in_(chunk))
        found |= {row.number: row.closed_at for row in connection.execute(statement)}
    return found


def passed_in(connection: Connection, source: str, course: str, learner: str) -> list[str]:
    """The numbers of the protocols in force of a course in which the learner has passed."""
    statement = select(protocol).where(protocol.c.source == source, protocol.c.course == course)
    return sorted(
        one.number
        for one in (_record(Protocol, row) for row in connection.execute(statement))
        if one.in_force and any(line.learner == learner and line.passed for line in one.lines)
    )


def person(connection: Connection, source: str, key: str) -> Learner | None:
    """A learner as last read; None for one who is unknown or was erased."""
    return people(connection, source, [key]).get(key)


def people(connection: Connection, source: str, keys: Iterable[str]) -> dict[str, Learner]:
    """Those of these learners whose data is there, as last read."""
    table, found = PROJECTIONS[Learner.kind], dict[str, Learner]()
    for chunk in chunks(sorted(set(keys))):
        statement = (
            select(table)
            .join(ledger, ledger.c.seq == table.c.ledger_seq)
            .where(table.c.source == source, table.c.key.in_(chunk), ledger.c.operation != Operation.ERASE.value)
        )
        found |= {row.key: _record(Learner, row) for row in connection.execute(statement)}
    return found


def course_of(connection: Connection, source: str, key: str) -> tuple[Course, str] | None:
    """A course as last read and its scope; None while it never was."""
    row = _row(connection, Course.kind, source, key)
    return None if row is None else (_record(Course, row), row.scope)


# --- scans and recognised results -------------------------------------------------------------------------------------


def scans(connection: Connection, source: str | None = None, document: str | None = None) -> list[DocumentScan]:
    """The scans in the order of their attaching; those of erased people are left out."""
    columns = document_scan.c
    statement = select(document_scan).where(columns.retired_at.is_(None)).order_by(columns.attached_at, columns.key)
    for column, wanted in ((columns.source, source), (columns.document, document)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_record(DocumentScan, row) for row in connection.execute(statement)]


def recognitions(
    connection: Connection, source: str, *, learner: str | None = None, uid: str | None = None
) -> list[Recognition]:
    """The applications to recognise a result, in the order of the register; those of erased people are left out."""
    columns = recognition.c
    statement = select(recognition).where(columns.source == source, columns.retired_at.is_(None))
    for column, wanted in ((columns.learner, learner), (columns.uid, uid)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    ordered = statement.order_by(func.length(columns.key), columns.key)
    return [_record(Recognition, row) for row in connection.execute(ordered)]


def record_count(connection: Connection, source: str, kind: str) -> int:
    """How many records of a kind a source has, erased ones too."""
    table = PROJECTIONS[kind]
    return connection.execute(select(func.count()).select_from(table).where(table.c.source == source)).scalar_one()


# --- rows to records --------------------------------------------------------------------------------------------------


def _documents(
    connection: Connection, source: str, wanted: DocumentFilter, uids: Collection[str] | None
) -> list[StoredDocument]:
    columns, holders = issued_document.c, document_holder.c
    same = and_(holders.key == columns.key, holders.source == columns.source)
    names = [(f"holder_{name}", holders[name]) for name in DocumentHolder.model_fields]
    statement = (
        select(issued_document, holders.retired_at.label("erased_at"), *(one.label(name) for name, one in names))
        .select_from(issued_document.outerjoin(document_holder, same))
        .where(columns.source == source)
        .order_by(func.length(columns.key), columns.key)
    )
    equal = ("learner", "course", "protocol", "document_kind")
    conditions = [columns[name] == value for name in equal if (value := getattr(wanted, name)) is not None]
    if uids is not None:
        conditions.append(columns.uid.in_(uids))
    if wanted.statuses:
        conditions.append(columns.status.in_([status.value for status in wanted.statuses]))
    if wanted.number is not None:
        conditions.append((columns.registration_number == wanted.number) | (columns.blank_number == wanted.number))
    if wanted.first_day is not None:
        conditions.append(columns.issue_date >= wanted.first_day)
    if wanted.last_day is not None:
        conditions.append(columns.issue_date <= wanted.last_day)
    if wanted.duplicates is not None:
        conditions.append(columns.replaces != "" if wanted.duplicates else columns.replaces == "")
    return [_stored(row) for row in connection.execute(statement.where(*conditions))]


def _stored(row: Row[Any]) -> StoredDocument:
    values = row._mapping
    there = values["holder_document"] is not None and values["erased_at"] is None
    holder = {name: values[f"holder_{name}"] for name in DocumentHolder.model_fields} if there else None
    return StoredDocument(
        record=_record(IssuedDocument, row),
        holder=None if holder is None else DocumentHolder.model_validate(holder),
        version=values["version"],
        scope=values["scope"],
    )


def _row(connection: Connection, kind: str, source: str, key: str) -> Any:
    table = PROJECTIONS[kind]
    return connection.execute(select(table).where(table.c.key == key, table.c.source == source)).first()


def _record(shape: type[RecordT], row: Row[Any]) -> RecordT:
    return shape.model_validate({name: row._mapping[name] for name in KINDS[shape.kind].model_fields})
