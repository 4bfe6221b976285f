"""Issuing a draft: checked, numbered and written on a blank, in one transaction.

Owns which number and blank a document gets. A number is given in the transaction that writes it, so that a series has
no gaps and no doubles; a blank is taken in the same one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.documents import DocumentKind
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.records import DocumentBasis, DocumentStatus, DriftState, IssuedDocument
from lms_sync.registers.documents.acts import (
    Looking,
    changed,
    must_find,
    must_have_holder,
    refuse_unless_next,
    write_document,
)
from lms_sync.registers.documents.blanks import Blank, choose_blank
from lms_sync.registers.documents.checks import Finding, IssueFacts, check, stops
from lms_sync.store.attestation import drifts
from lms_sync.store.documents import StoredDocument, basis, bearer_of, document, last_number, passed_in
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.store import Store


@dataclass(frozen=True)
class IssueOptions:
    """How to issue. Without a day it is today in the site's zone, without a blank the next free one."""

    actor: str
    issue_date: dt.date | None = None
    blank: str | None = None
    blank_series: str | None = None


@dataclass(frozen=True)
class Issued:
    """The document as issued, and what was found that did not stop it."""

    document: IssuedDocument
    warnings: list[Finding]


@dataclass(frozen=True)
class _Numbers:
    """What a document would be given: texts, the series they count in, and their places there."""

    text: str
    series: str
    ordinal: int


def issue(store: Store, source: str, mapping: Mapping, uid: str, options: IssueOptions) -> Issued:
    """Issues a draft. Raises RegisterError with everything that stops it; then nothing is written."""
    with registering(store, source, options.actor) as writer:
        stored = must_find(writer, uid)
        refuse_unless_next(stored.record, DocumentStatus.ISSUED)
        must_have_holder(stored)
        considered = _consider(Looking.through(writer), mapping, stored, options)
        found = check(considered.facts)
        if hindering := stops(found):
            told = " ".join(one.message for one in hindering)
            raise RegisterError(f"Document {uid} cannot be issued. {told}")
        issued = _numbered(stored.record, considered)
        write_document(writer, issued, stored.scope, "")
        if issued.replaces:
            _replace(writer, issued)
        return Issued(issued, found)


def findings(store: Store, source: str, mapping: Mapping, uid: str, options: IssueOptions) -> list[Finding]:
    """What issuing a draft would find now; nothing is written. Raises RegisterError for what is no draft."""
    with store.reading() as connection:
        looking = Looking(connection, source, store.now())
        stored = must_find(looking, uid)
        refuse_unless_next(stored.record, DocumentStatus.ISSUED)
        must_have_holder(stored)
        return check(_consider(looking, mapping, stored, options).facts)


@dataclass(frozen=True)
class _Considered:
    facts: IssueFacts
    registration: _Numbers
    appendix: _Numbers | None  # None: the appendix bears the document's own number
    blank: Blank | None


def _consider(looking: Looking, mapping: Mapping, stored: StoredDocument, options: IssueOptions) -> _Considered:
    record, kind = stored.record, mapping.documents.kind(stored.record.document_kind)
    today = looking.now.astimezone(mapping.zone).date()
    day = options.issue_date or today
    registration = _next(looking, kind.number, day)
    blank, blank_problem = _blank(looking, kind, options)
    facts = IssueFacts(
        document=record,
        holder=must_have_holder(stored),
        kind=kind,
        issue_date=day,
        today=today,
        registration_number=registration.text,
        bearer=bearer_of(looking.connection, looking.source, registration.text),
        blank_problem=blank_problem,
    )
    own = kind.appendix_number
    appendix = _next(looking, own, day, appendix=True) if own else None
    return _Considered(_with_basis(looking, facts, mapping), registration, appendix, blank)


def _with_basis(looking: Looking, facts: IssueFacts, mapping: Mapping) -> IssueFacts:
    record = facts.document
    if record.replaces:
        replaced = must_find(looking, record.replaces).record
        other = document(looking.connection, looking.source, replaced.replaced_by) if replaced.replaced_by else None
        gone = other is not None and other.record.status is DocumentStatus.ANNULLED
        return replace(facts, replaced=replaced, replaced_by_annulled=gone)
    if record.basis is DocumentBasis.NOT_PASSED:
        return replace(facts, passed_in=passed_in(looking.connection, looking.source, record.course, record.learner))
    found = basis(looking.connection, looking.source, record.protocol) if record.protocol else None
    if found is None or record.basis is not DocumentBasis.PASSED:
        return facts
    protocol = found.protocol
    undecided = [
        one
        for one in drifts(looking.connection, looking.source, grade_item_key=protocol.grade_item, state=DriftState.OPEN)
        if one.result == record.result
    ]
    return replace(
        facts,
        protocol=protocol,
        protocol_day=protocol.closed_at.astimezone(mapping.zone).date(),
        line=next((line for line in protocol.lines if line.result == record.result), None),
        drifts=len(undecided),
    )


def _next(looking: Looking, template: NumberTemplate, day: dt.date, *, appendix: bool = False) -> _Numbers:
    series = template.series(day)
    ordinal = last_number(looking.connection, looking.source, series, appendix=appendix) + 1
    return _Numbers(template.render(ordinal, day), series, ordinal)


def _blank(looking: Looking, kind: DocumentKind, options: IssueOptions) -> tuple[Blank | None, str]:
    if not kind.blank:
        named = options.blank is not None
        return None, f"Documents of kind {kind.code} are written on no blank: name none." if named else ""
    try:
        return choose_blank(looking, kind.code, options.blank, options.blank_series), ""
    except RegisterError as error:
        return None, str(error)


def _numbered(record: IssuedDocument, considered: _Considered) -> IssuedDocument:
    registration, blank = considered.registration, considered.blank
    values: dict[str, object] = {
        "status": DocumentStatus.ISSUED,
        "issue_date": considered.facts.issue_date,
        "registration_number": registration.text,
        "registration_series": registration.series,
        "registration_ordinal": registration.ordinal,
    }
    if blank is not None:
        values |= {
            "blank_range": blank.range.uid,
            "blank_series": blank.range.series,
            "blank_number": blank.number,
        }
    if record.appendix and considered.appendix is not None:
        values |= {
            "appendix_number": considered.appendix.text,
            "appendix_series": considered.appendix.series,
            "appendix_ordinal": considered.appendix.ordinal,
        }
    elif record.appendix:
        values["appendix_number"] = registration.text
    return changed(record, **values)


def _replace(writer: RegisterWriter, duplicate: IssuedDocument) -> None:
    stored = must_find(writer, duplicate.replaces)
    replaced = changed(
        stored.record, status=DocumentStatus.REPLACED, replaced_by=duplicate.uid, reason=duplicate.reason
    )
    write_document(writer, replaced, stored.scope, duplicate.reason)
