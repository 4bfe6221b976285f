"""The tables of the store, as an auditor finds them with plain SQL.

Owns names, columns and indexes. Must not know how rows are written or read. A projection table has one row a record:
the fields of its kind in `lms_sync.records` plus the bookkeeping of `Projection`; a test holds both equal. Retired
rows stay, with `retired_at` set. Indexes end with `source`, which has few values: PostgreSQL would else read all of a
source for a handful of keys while its statistics are young. A change here needs a revision in `migrations/versions`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, Integer, Table, UniqueConstraint
from sqlmodel import Field

from lms_sync.store.document_tables import (
    blank_range,
    document_holder,
    document_push,
    document_scan,
    issued_document,
    recognition,
    spoiled_blank,
)
from lms_sync.store.journal_tables import action, journal
from lms_sync.store.official_tables import attestation_result, drift, protocol
from lms_sync.store.study_tables import assessment, attempt, course, enrolment, grade_entry, grade_item, learner
from lms_sync.store.table_parts import Projection, StoreTable, instant, json_text, metadata, table_of, text

__all__ = [
    "BOOKKEEPING",
    "PROJECTIONS",
    "action",
    "assessment",
    "attempt",
    "attestation_result",
    "blank_range",
    "course",
    "cursor",
    "document_holder",
    "document_push",
    "document_scan",
    "drift",
    "enrolment",
    "grade_entry",
    "grade_item",
    "issued_document",
    "journal",
    "learner",
    "ledger",
    "metadata",
    "protocol",
    "push_target",
    "quarantine",
    "recognition",
    "run",
    "scope_state",
    "spoiled_blank",
]


class LedgerRow(StoreTable, table=True):
    """One version of one record; appended, never edited. The format is `docs/ledger.md`."""

    __tablename__: ClassVar[Any] = "ledger"
    __table_args__ = (
        UniqueConstraint("key", "kind", "source", "version"),
        Index(None, "run_id"),
        Index(None, "observed_at"),
    )

    # Not autoincremented: the writer gives the numbers, so that the chain has no gaps. INTEGER makes it SQLite's rowid.
    seq: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False)
    )
    observed_at: dt.datetime = instant()  # when lms-sync saw it
    source_at: dt.datetime | None = instant()  # when the LMS says it changed
    source: str
    kind: str
    key: str
    scope: str
    version: int
    operation: str  # put, retire, restore, erase
    payload: str | None = text()  # canonical JSON; NULL once erased
    salt: str | None  # 32 hexadecimal digits; NULL once erased
    payload_digest: str  # empty for an erase row
    previous_digest: str
    digest: str
    run_id: int | None = Field(foreign_key="run.id")
    actor: str
    reason: str = text()


class RunRow(StoreTable, table=True):
    """One run of one source."""

    __tablename__: ClassVar[Any] = "run"
    __table_args__ = (Index(None, "source", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    mode: str
    actor: str
    mapping_version: str
    started_at: dt.datetime = instant()
    finished_at: dt.datetime | None = instant(default=None)
    outcome: str = ""  # empty while it runs; interrupted when it was killed
    counts: dict[str, int] = json_text(default_factory=dict)
    note: str = text(default="")


class CursorRow(StoreTable, table=True):
    """How far a scope was read, in the connector's own words."""

    __tablename__: ClassVar[Any] = "cursor"

    source: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    position: str = text()
    run_id: int = Field(foreign_key="run.id")
    updated_at: dt.datetime = instant()


class ScopeStateRow(StoreTable, table=True):
    """How the last reading of a scope ended."""

    __tablename__: ClassVar[Any] = "scope_state"

    source: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    label: str = ""
    outcome: str = ""
    expected: int | None = None
    received: int | None = None
    read_at: dt.datetime | None = instant(default=None)
    complete_at: dt.datetime | None = instant(default=None)
    note: str = text(default="")
    reread_requested_at: dt.datetime | None = instant(default=None)
    run_id: int | None = Field(default=None, foreign_key="run.id")


class QuarantineRow(StoreTable, table=True):
    """An object of the LMS that could not become a record, and why."""

    __tablename__: ClassVar[Any] = "quarantine"
    __table_args__ = (Index(None, "scope", "stream", "source"),)

    source: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    stream: str
    scope: str
    field: str
    code: str
    message: str = text()
    first_seen_at: dt.datetime = instant()
    last_seen_at: dt.datetime = instant()
    run_id: int = Field(foreign_key="run.id")


class PushTargetRow(StoreTable, table=True):
    """A target of the LMS that issued documents are pushed to: whoever writes a document puts it in the outbox of each.

    One that is no longer configured stays with `enabled` false.
    """

    __tablename__: ClassVar[Any] = "push_target"

    source: str = Field(primary_key=True)
    target: str = Field(primary_key=True)
    enabled: bool
    templates_version: str  # of the texts that everything in the outbox was made with
    pushed_at: dt.datetime | None = instant(default=None)  # when a push last came to its end
    note: str = text(default="")  # what kept it from its end, if anything did


ledger = table_of(LedgerRow)
run = table_of(RunRow)
cursor = table_of(CursorRow)
scope_state = table_of(ScopeStateRow)
quarantine = table_of(QuarantineRow)
push_target = table_of(PushTargetRow)

PROJECTIONS: dict[str, Table] = {
    table.name: table
    for table in (
        course,
        learner,
        enrolment,
        assessment,
        grade_item,
        grade_entry,
        attempt,
        attestation_result,
        protocol,
        drift,
        issued_document,
        document_holder,
        document_scan,
        blank_range,
        spoiled_blank,
        recognition,
        document_push,
    )
}
"""The projection table of each kind of record; it bears the kind's name."""

BOOKKEEPING = tuple(Projection.model_fields)
"""The columns of a projection that are not fields of its record."""
