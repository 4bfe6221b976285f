"""What the store knows that a register to be taken over is held against: many numbers, blanks and people at once.

Plain look-ups without records or models, since a table may have a hundred thousand rows. Reads only; must not know
what follows from what is found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from lms_sync.records import DocumentOrigin, DocumentStatus, Learner
from lms_sync.store.rows import Operation
from lms_sync.store.statements import chunks
from lms_sync.store.tables import PROJECTIONS, issued_document, ledger

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Bearer:
    """A document that has a registration number."""

    uid: str
    document_kind: str
    registration_number: str
    issue_date: dt.date | None
    origin: DocumentOrigin
    status: DocumentStatus
    replaced_by: str


@dataclass(frozen=True, slots=True)
class KnownLearner:
    """What a learner may be found by."""

    key: str
    snils: str
    idnumber: str
    email: str
    last_name: str


def bearers(connection: Connection, source: str, numbers: Iterable[str]) -> list[Bearer]:
    """The documents that have one of these registration numbers."""
    columns, found = issued_document.c, list[Bearer]()
    for chunk in chunks(sorted(set(numbers) - {""})):
        statement = select(
            columns.uid,
            columns.document_kind,
            columns.registration_number,
            columns.issue_date,
            columns.origin,
            columns.status,
            columns.replaced_by,
        ).where(columns.source == source, columns.registration_number.in_(chunk))
        for uid, kind, number, day, origin, status, replaced_by in connection.execute(statement):
            found.append(Bearer(uid, kind, number, day, DocumentOrigin(origin), DocumentStatus(status), replaced_by))
    return found


def first_payloads(connection: Connection, source: str, kind: str, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What the first version of each of these records said; those of erased people are left out."""
    found = dict[str, dict[str, Any]]()
    for chunk in chunks(keys):
        statement = select(ledger.c.key, ledger.c.payload).where(
            ledger.c.key.in_(chunk), ledger.c.kind == kind, ledger.c.source == source, ledger.c.version == 1
        )
        found |= {row.key: _decode(row.payload) for row in connection.execute(statement) if row.payload is not None}
    return found


def taken_blanks(connection: Connection, source: str) -> dict[tuple[str, str, str], str]:
    """The uid of the document on each blank: kind of document, series and number."""
    columns = issued_document.c
    statement = select(columns.document_kind, columns.blank_series, columns.blank_number, columns.uid).where(
        columns.source == source, columns.blank_number != ""
    )
    return {(kind, series, number): uid for kind, series, number, uid in connection.execute(statement)}


def taken_ordinals(connection: Connection, source: str, series: str, *, appendix: bool = False) -> dict[int, str]:
    """The uid of the document at each place of a series."""
    name = "appendix" if appendix else "registration"
    of_series, ordinal = issued_document.c[f"{name}_series"], issued_document.c[f"{name}_ordinal"]
    statement = select(ordinal, issued_document.c.uid).where(
        of_series == series, ordinal.is_not(None), issued_document.c.source == source
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def known_learners(connection: Connection, source: str) -> list[KnownLearner]:
    """Every learner whose data is there."""
    columns = PROJECTIONS[Learner.kind].c
    statement = (
        select(columns.key, columns.snils, columns.idnumber, columns.email, columns.last_name)
        .join(ledger, ledger.c.seq == columns.ledger_seq)
        .where(columns.source == source, ledger.c.operation != Operation.ERASE.value)
    )
    return [KnownLearner(*row) for row in connection.execute(statement)]
