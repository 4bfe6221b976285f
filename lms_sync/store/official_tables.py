"""The projections of official records: one table for each kind of `lms_sync.records.attestation`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from lms_sync.store.table_parts import Projection, decimal, instant, json_text, table_of, text


class AttestationResultRow(Projection, table=True):
    """See `lms_sync.records.AttestationResult`. Holds personal data: the learner as known when the result froze."""

    __tablename__: ClassVar[Any] = "attestation_result"
    __table_args__ = (
        Index(None, "grade_item", "source"),
        Index(None, "course", "source"),
        Index(None, "learner", "source"),
    )

    course: str
    grade_item: str
    learner: str
    occasion: str
    outcome: str
    last_name: str
    first_name: str
    middle_name: str
    birth_date: dt.date | None
    idnumber: str
    groups: list[str] = json_text()
    course_title: str = text()
    programme_kind: str
    hours: int | None = Field(sa_type=BigInteger)
    title: str = text()
    attestation_kind: str
    control_form: str
    assessment: str
    attempt: str
    attempt_number: int | None = Field(sa_type=BigInteger)
    started_at: dt.datetime | None = instant()
    finished_at: dt.datetime | None = instant()
    duration: int | None = Field(sa_type=BigInteger)
    points: Decimal | None = decimal()
    points_maximum: Decimal | None = decimal()
    grade_source: str
    grade: Decimal | None = decimal()
    grade_minimum: Decimal | None = decimal()
    grade_maximum: Decimal | None = decimal()
    percent: Decimal | None = decimal()
    word: str
    mark: int | None = Field(sa_type=BigInteger)
    mark_text: str
    passed: bool | None
    counting: str
    rule: str
    scale: str
    scale_version: str
    mapping_version: str


class ProtocolRow(Projection, table=True):
    """See `lms_sync.records.Protocol`."""

    __tablename__: ClassVar[Any] = "protocol"
    __table_args__ = (
        UniqueConstraint("series", "ordinal", "source"),
        Index(None, "grade_item", "source"),
        Index(None, "course", "source"),
    )

    number: str
    series: str
    ordinal: int = Field(sa_type=BigInteger)
    state: str
    revision: int = Field(sa_type=BigInteger)
    organisation: str = text()
    course: str
    grade_item: str
    course_title: str = text()
    programme_kind: str
    hours: int | None = Field(sa_type=BigInteger)
    title: str = text()
    attestation_kind: str
    control_form: str
    group_name: str
    sitting: str
    held_from: dt.date | None
    held_to: dt.date | None
    timezone: str
    closing: str
    closed_at: dt.datetime = instant()
    closed_by: str
    reason: str = text()
    commission: dict[str, Any] | None = json_text()
    lines: list[dict[str, Any]] = json_text()
    totals: dict[str, Any] = json_text()
    rule: str
    mapping_version: str


class DriftRow(Projection, table=True):
    """See `lms_sync.records.Drift`. May hold personal data."""

    __tablename__: ClassVar[Any] = "drift"
    __table_args__ = (Index(None, "result", "source"), Index(None, "learner", "source"), Index(None, "state", "source"))

    result: str
    field: str
    course: str
    grade_item: str
    learner: str
    protocol: str
    frozen: str = text()
    current: str = text()
    lms_changed_at: dt.datetime | None = instant()
    changed_by: str
    state: str
    reason: str = text()


attestation_result = table_of(AttestationResultRow)
protocol = table_of(ProtocolRow)
drift = table_of(DriftRow)
