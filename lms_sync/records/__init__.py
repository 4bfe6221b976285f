"""The records an academy keeps, as validated types: what the store holds and what every report is made of.

Owns the field names (English terms of the field, Russian captions live in `lms_sync/report/captions.py`), the natural
key of each kind and the closed lists of values. Must not know any LMS, table or file. Grades are exact decimals,
instants are UTC. Texts are held as the LMS means them, unescaped; every output escapes for itself.
"""

from __future__ import annotations

from lms_sync.records.action import Action, ActionCode, Rung
from lms_sync.records.attestation import (
    AttestationResult,
    Commission,
    CommissionMember,
    Drift,
    MarkCount,
    Protocol,
    ProtocolLine,
    ProtocolTotals,
)
from lms_sync.records.base import Record
from lms_sync.records.documents import (
    BlankRange,
    DocumentHolder,
    DocumentPush,
    DocumentScan,
    IssuedDocument,
    Recognition,
    Signatory,
    SpoiledBlank,
)
from lms_sync.records.lists import (
    AttemptState,
    AttestationKind,
    ClosingPolicy,
    ControlForm,
    CountingMethod,
    DocumentBasis,
    DocumentOrigin,
    DocumentStatus,
    DriftField,
    DriftState,
    EnrolmentStatus,
    GradeSource,
    ProgrammeKind,
    ProtocolState,
    PushState,
    RecognitionState,
    ResultOutcome,
)
from lms_sync.records.study import Assessment, Attempt, Course, Enrolment, GradeEntry, GradeItem, Learner

__all__ = [
    "KINDS",
    "OFFICIAL_KINDS",
    "PERSONAL_KINDS",
    "STREAM_KINDS",
    "Action",
    "ActionCode",
    "Assessment",
    "Attempt",
    "AttemptState",
    "AttestationKind",
    "AttestationResult",
    "BlankRange",
    "ClosingPolicy",
    "Commission",
    "CommissionMember",
    "ControlForm",
    "CountingMethod",
    "Course",
    "DocumentBasis",
    "DocumentHolder",
    "DocumentOrigin",
    "DocumentPush",
    "DocumentScan",
    "DocumentStatus",
    "Drift",
    "DriftField",
    "DriftState",
    "Enrolment",
    "EnrolmentStatus",
    "GradeEntry",
    "GradeItem",
    "GradeSource",
    "IssuedDocument",
    "Learner",
    "MarkCount",
    "ProgrammeKind",
    "Protocol",
    "ProtocolLine",
    "ProtocolState",
    "ProtocolTotals",
    "PushState",
    "Recognition",
    "RecognitionState",
    "Record",
    "ResultOutcome",
    "Rung",
    "Signatory",
    "SpoiledBlank",
]

STREAM_KINDS: dict[str, type[Record]] = {
    record.kind: record for record in (Course, Learner, Enrolment, Assessment, GradeItem, GradeEntry, Attempt)
}
"""Every kind of record that a stream may bring, by name, in an order in which none points forward."""

OFFICIAL_KINDS: dict[str, type[Record]] = {
    record.kind: record
    for record in (
        AttestationResult,
        Protocol,
        Drift,
        IssuedDocument,
        DocumentHolder,
        DocumentScan,
        BlankRange,
        SpoiledBlank,
        Recognition,
        DocumentPush,
    )
}
"""Every kind of record that lms-sync itself makes from what the streams brought."""

KINDS: dict[str, type[Record]] = STREAM_KINDS | OFFICIAL_KINDS
"""Every kind of record that the store keeps."""

PERSONAL_KINDS = (
    Learner.kind,
    AttestationResult.kind,
    Drift.kind,
    DocumentHolder.kind,
    DocumentScan.kind,
    Recognition.kind,
)
"""The kinds that hold personal data: these are emptied when a learner is erased."""
