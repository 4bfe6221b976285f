"""Drafting documents: one for every line of a closed protocol that gives a claim to one, none twice.

Owns where a draft's data comes from: names and mark from the result as it froze, СНИЛС and citizenship from the learner
as last read, programme and hours from the protocol. A draft has no number; it may be corrected or withdrawn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.documents import DocumentKind
from lms_sync.records import (
    AttestationResult,
    DocumentBasis,
    DocumentHolder,
    DocumentStatus,
    IssuedDocument,
    Learner,
    ProgrammeKind,
    Protocol,
    ProtocolLine,
)
from lms_sync.records.documents import document_uid
from lms_sync.store.attestation import result_versions
from lms_sync.store.documents import (
    DocumentFilter,
    basis,
    course_of,
    document_count,
    documents,
    drafted_results,
    people,
    person,
)
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.store import Store


@dataclass(frozen=True)
class DraftOptions:
    """How to draft. `kind` empty: the one that follows from the programme; what is None or empty is left as known."""

    actor: str
    kind: str = ""
    learner: str | None = None  # only this one of the protocol
    not_passed: bool = False  # the lines that did not pass: справки
    hours: int | None = None
    studied_from: dt.date | None = None
    studied_to: dt.date | None = None
    qualification: str = ""
    profession: str = ""
    rank: str = ""
    honours: bool | None = None
    appendix: bool | None = None  # None: if the kind has one
    reason: str = ""  # of a document without a passed line


@dataclass(frozen=True)
class Drafted:
    """What drafting led to: uids of new drafts, of documents that were there before, and lines of erased people."""

    created: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    erased: int = 0


def draft_protocol(store: Store, source: str, mapping: Mapping, number: str, options: DraftOptions) -> Drafted:
    """Drafts a document for every passed line of a protocol, or every other one. Doing it again changes nothing.

    Raises RegisterError for a protocol that is unknown or annulled, or a kind of document that does not fit.
    """
    with registering(store, source, options.actor) as writer:
        found = basis(writer.connection, source, number)
        if found is None:
            raise RegisterError(f"There is no protocol {number} of {source}: see `lms-sync protocols list`.")
        if not found.protocol.in_force:
            raise RegisterError(f"Protocol {number} is annulled: no document rests on it.")
        kind = _kind_for(mapping, found.protocol.programme_kind, options)
        return _draft_lines(writer, mapping, found.protocol, found.scope, kind, options)


def draft_for_learner(
    store: Store, source: str, mapping: Mapping, learner: str, course: str, options: DraftOptions
) -> Drafted:
    """Drafts a document that rests on no passed line, as a справка. A draft of the kind that waits is not repeated.

    Raises RegisterError for an unknown learner or course, or a kind that rests on a passed line.
    """
    with registering(store, source, options.actor) as writer:
        kind = mapping.documents.kind(options.kind)
        if kind.basis is DocumentBasis.PASSED:
            raise RegisterError(
                f"Documents of kind {kind.code} rest on a passed line: draft them with --protocol NUMBER."
            )
        known, place = person(writer.connection, source, learner), course_of(writer.connection, source, course)
        if known is None or place is None:
            what = f"learner {learner}" if known is None else f"course {course}"
            raise RegisterError(f"The store has no {what} of {source}: check the identifier.")
        wanted = DocumentFilter(
            learner=learner, course=course, document_kind=kind.code, statuses=[DocumentStatus.DRAFT], duplicates=False
        )
        if present := documents(writer.connection, source, wanted):
            return Drafted(present=[one.record.uid for one in present])
        of_course, scope = place
        programme = _Programme(course, of_course.title, of_course.programme_kind, of_course.hours)
        draft = _draft(writer, 1, kind, mapping, programme, options)
        draft.learner, draft.basis_reason = learner, options.reason
        _write(writer, [draft], [_holder(draft.uid, known, None)], scope)
        return Drafted(created=[draft.uid])


@dataclass(frozen=True)
class _Programme:
    course: str
    title: str
    kind: ProgrammeKind
    hours: int | None
    studied_from: dt.date | None = None
    studied_to: dt.date | None = None


def _kind_for(mapping: Mapping, programme: ProgrammeKind, options: DraftOptions) -> DocumentKind:
    wanted = DocumentBasis.NOT_PASSED if options.not_passed else DocumentBasis.PASSED
    if not options.kind:
        return mapping.documents.following(programme, wanted)
    kind = mapping.documents.kind(options.kind)
    if options.not_passed == (kind.basis is DocumentBasis.PASSED):
        lines = "lines that did not pass" if options.not_passed else "passed lines"
        raise RegisterError(f"Documents of kind {kind.code} do not rest on {lines}: choose another kind.")
    return kind


def _draft_lines(
    writer: RegisterWriter,
    mapping: Mapping,
    protocol: Protocol,
    scope: str,
    kind: DocumentKind,
    options: DraftOptions,
) -> Drafted:
    lines = [
        line
        for line in protocol.lines
        if bool(line.passed) is not options.not_passed and options.learner in (None, line.learner)
    ]
    if options.learner is not None and not lines:
        raise RegisterError(f"Protocol {protocol.number} has no such line of learner {options.learner}.")
    present = drafted_results(writer.connection, writer.source, kind.code, [line.result for line in lines])
    results = result_versions(writer.connection, writer.source, [(line.result, line.version) for line in lines])
    learners = people(writer.connection, writer.source, [line.learner for line in lines])
    programme = _programme_of(writer, protocol, mapping.zone)
    records, holders, erased = list[IssuedDocument](), list[DocumentHolder](), 0
    for line, result, learner in _undrafted(lines, present, results, learners):
        if result is None:
            erased += 1
            continue
        draft = _draft(writer, len(records) + 1, kind, mapping, programme, options)
        draft.learner, draft.protocol, draft.basis_reason = line.learner, protocol.number, options.reason
        draft.result, draft.result_version = line.result, line.version
        draft.mark, draft.mark_text, draft.passed = line.mark, line.mark_text, line.passed
        records.append(draft)
        holders.append(_holder(draft.uid, learner, result))
    _write(writer, records, holders, scope)
    return Drafted([one.uid for one in records], sorted(present.values()), erased)


def _undrafted(
    lines: list[ProtocolLine],
    present: dict[str, str],
    results: dict[tuple[str, int], AttestationResult | None],
    learners: dict[str, Learner],
) -> Iterator[tuple[ProtocolLine, AttestationResult | None, Learner | None]]:
    for line in lines:
        if line.result not in present:
            yield line, results.get((line.result, line.version)), learners.get(line.learner)


def _programme_of(writer: RegisterWriter, protocol: Protocol, zone: ZoneInfo) -> _Programme:
    found = course_of(writer.connection, writer.source, protocol.course)
    starts = found[0].starts_at if found else None
    return _Programme(
        course=protocol.course,
        title=protocol.course_title,
        kind=protocol.programme_kind,
        hours=protocol.hours,
        studied_from=starts.astimezone(zone).date() if starts else None,
        studied_to=protocol.held_to,
    )


def _draft(
    writer: RegisterWriter,
    place: int,
    kind: DocumentKind,
    mapping: Mapping,
    programme: _Programme,
    options: DraftOptions,
) -> IssuedDocument:
    """The `place`th new draft of this transaction, without its holder and basis."""
    return IssuedDocument(
        uid=document_uid(document_count(writer.connection, writer.source) + place),
        document_kind=kind.code,
        title=kind.title,
        appendix_title=kind.appendix_title,
        status=DocumentStatus.DRAFT,
        basis=kind.basis,
        course=programme.course,
        programme_title=programme.title,
        programme_kind=programme.kind,
        hours=programme.hours if options.hours is None else options.hours,
        studied_from=options.studied_from or programme.studied_from,
        studied_to=options.studied_to or programme.studied_to,
        qualification=options.qualification,
        profession=options.profession,
        rank=options.rank,
        honours=options.honours,
        appendix=bool(kind.appendix_title) if options.appendix is None else options.appendix,
        issue_place=kind.issue_place,
        organisation=kind.organisation,
        signatories=list(kind.signatories),
        mapping_version=mapping.documents.version,
    )


def _holder(uid: str, learner: Learner | None, result: AttestationResult | None) -> DocumentHolder:
    """The snapshot: names and birth date as the result froze them, the rest as last read."""
    named = result if result is not None else learner
    assert named is not None
    return DocumentHolder(
        document=uid,
        learner=result.learner if result is not None else learner.external_id if learner else "",
        last_name=named.last_name,
        first_name=named.first_name,
        middle_name=named.middle_name,
        birth_date=named.birth_date or (learner.birth_date if learner else None),
        snils=learner.snils if learner else "",
        citizenship=learner.citizenship if learner else "",
    )


def _write(writer: RegisterWriter, records: list[IssuedDocument], holders: list[DocumentHolder], scope: str) -> None:
    writer.freeze(records, scope)
    writer.freeze(holders, scope)
