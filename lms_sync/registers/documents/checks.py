"""What is looked at before a document is issued, each finding a plain sentence: what stops it and what only warns.

Pure: facts come in, findings go out. No sentence names a person. The rules for names are those of ФИС ФРДО as a public
checker reads its instructions (domain research 2.6); they bind kinds that the mapping marks `frdo`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lms_sync.mapping import snils
from lms_sync.mapping.documents import DocumentKind
from lms_sync.records import (
    DocumentBasis,
    DocumentHolder,
    DocumentStatus,
    IssuedDocument,
    Protocol,
    ProtocolLine,
)
from lms_sync.records.documents import NEXT_STATUSES

LONGEST_NAME = 50
_NAME = re.compile(r"[А-Яа-яЁё .'’()-]+")
_NAME_PARTS = (("last_name", "surname"), ("first_name", "given name"), ("middle_name", "patronymic"))


class Severity(StrEnum):
    """What a finding does."""

    STOP = "stop"
    WARN = "warn"


@dataclass(frozen=True)
class Finding:
    """One thing found: a code for programs, a sentence for people."""

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True)
class IssueFacts:
    """Everything that the checks look at. Days are in the site's zone.

    `line` is the protocol's line that the document rests on, `replaced` the document that a duplicate stands for,
    `replaced_by_annulled` whether a duplicate of that one was annulled, `bearer` who has the number already,
    `passed_in` the protocols in which the holder has passed in this course, `drifts` the undecided differences of the
    result, `blank_problem` why there is no blank.
    """

    document: IssuedDocument
    holder: DocumentHolder
    kind: DocumentKind
    issue_date: dt.date
    today: dt.date
    protocol: Protocol | None = None
    protocol_day: dt.date | None = None
    line: ProtocolLine | None = None
    drifts: int = 0
    passed_in: Sequence[str] = ()
    replaced: IssuedDocument | None = None
    replaced_by_annulled: bool = False
    registration_number: str = ""
    bearer: str = ""
    blank_problem: str = ""


def check(facts: IssueFacts) -> list[Finding]:
    """Everything found, what stops first."""
    found = [finding for look in _CHECKS for finding in look(facts)]
    return sorted(found, key=lambda one: one.severity is not Severity.STOP)


def stops(findings: Sequence[Finding]) -> list[Finding]:
    """What keeps the document from being issued."""
    return [one for one in findings if one.severity is Severity.STOP]


def _stop(code: str, message: str) -> Finding:
    return Finding(code, Severity.STOP, message)


def _warn(code: str, message: str) -> Finding:
    return Finding(code, Severity.WARN, message)


# --- whose it is ------------------------------------------------------------------------------------------------------


def _snils(facts: IssueFacts) -> Iterator[Finding]:
    text = facts.holder.snils
    if not text:
        if facts.kind.frdo:
            yield _warn("snils_missing", "The holder has no СНИЛС, which ФРДО asks of citizens of Russia.")
        return
    normalised = snils.normalise(text)
    if normalised is None or not snils.is_valid(normalised):
        yield _stop("snils_wrong", "The check digits of the holder's СНИЛС are wrong: correct it in the LMS or here.")


def _names(facts: IssueFacts) -> Iterator[Finding]:
    binds = _stop if facts.kind.frdo else _warn
    for field, what in _NAME_PARTS:
        text: str = getattr(facts.holder, field)
        if not text:
            if field == "middle_name":
                yield _warn("patronymic_missing", "The holder has no patronymic: make sure that this is so.")
            else:
                yield _stop(f"{field}_missing", f"The holder's {what} is missing: correct the draft.")
            continue
        if problem := name_problem(text):
            yield binds(f"{field}_wrong", f"The holder's {what} {problem}: correct the draft.")
    if facts.kind.frdo and facts.holder.birth_date is None:
        yield _warn("birth_date_missing", "The holder's birth date is missing, which ФРДО asks for.")
    if facts.holder.birth_date is not None and facts.holder.birth_date >= facts.issue_date:
        yield _stop("birth_date_wrong", "The holder's birth date is not before the date of issue: correct the draft.")


def name_problem(text: str) -> str:
    """Why ФРДО would not take a part of a name, as the rest of a sentence about it; empty when it would."""
    if len(text) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    if not _NAME.fullmatch(text):
        return "holds something else than Cyrillic letters, blanks, dots, apostrophes, hyphens and brackets"
    if text != text.strip(" -") or "  " in text or "--" in text:
        return "begins or ends with a blank or hyphen, or doubles one"
    return ""


# --- of what ----------------------------------------------------------------------------------------------------------


def _programme(facts: IssueFacts) -> Iterator[Finding]:
    document, kind = facts.document, facts.kind
    if not document.programme_title.strip():
        yield _stop("programme_missing", "The programme has no title: correct the draft.")
    if kind.programme_kinds and document.programme_kind not in kind.programme_kinds:
        named, own = ", ".join(sorted(kind.programme_kinds)), document.programme_kind.value
        yield _stop(
            "programme_kind",
            f"A document of kind {kind.code} follows from programmes of kind {named}, not {own}.",
        )
    if kind.minimum_hours and document.hours is None:
        yield _stop("hours_missing", "The programme's hours are not known: correct the draft or the course.")
    elif document.hours is not None and document.hours < kind.minimum_hours:
        yield _stop(
            "hours_too_few",
            f"The programme has {document.hours} hours; documents of kind {kind.code} need {kind.minimum_hours}.",
        )
    if kind.qualification and not document.qualification.strip():
        yield _stop("qualification_missing", "The qualification is missing: correct the draft.")
    if kind.profession and not document.profession.strip():
        yield _stop("profession_missing", "The profession or position is missing: correct the draft.")
    if document.studied_from and document.studied_to and document.studied_from > document.studied_to:
        yield _stop("period_wrong", "The period of study ends before it begins: correct the draft.")
    if document.studied_to and document.studied_to > facts.issue_date:
        yield _stop("period_not_over", "The period of study ends after the date of issue: correct either.")


# --- on what basis ----------------------------------------------------------------------------------------------------


def _basis(facts: IssueFacts) -> Iterator[Finding]:
    document = facts.document
    if document.is_duplicate:
        yield from _duplicate(facts)
    elif document.basis is DocumentBasis.PASSED:
        yield from _passed(facts)
    elif document.basis is DocumentBasis.NOT_PASSED and facts.passed_in:
        numbers = ", ".join(facts.passed_in)
        yield _stop("has_passed", f"The holder has passed in this course (protocol {numbers}): issue that document.")
    if facts.kind.basis is not document.basis:
        yield _stop("basis_changed", f"By the mapping documents of kind {facts.kind.code} now rest on something else.")


def _passed(facts: IssueFacts) -> Iterator[Finding]:
    document, protocol, line = facts.document, facts.protocol, facts.line
    if protocol is None or not protocol.in_force:
        yield _stop(
            "protocol_annulled", f"Protocol {document.protocol or '(none)'} is not in force: withdraw the draft."
        )
        return
    if line is None or not line.passed:
        yield _stop("not_passed", f"Protocol {protocol.number} has no passed line for it any more: withdraw the draft.")
    elif (line.mark, line.mark_text) != (document.mark, document.mark_text):
        yield _stop(
            "mark_changed", f"The mark in protocol {protocol.number} was amended since: withdraw the draft, draft anew."
        )
    if facts.drifts:
        yield _stop(
            "drift",
            f"The LMS tells the result otherwise than protocol {protocol.number} does: decide it with "
            f"`lms-sync protocols amend {protocol.number}` or `keep`.",
        )
    if facts.protocol_day is not None and facts.issue_date < facts.protocol_day:
        yield _stop(
            "before_protocol",
            f"The date of issue {facts.issue_date} is before that of protocol {protocol.number}, {facts.protocol_day}.",
        )


def _duplicate(facts: IssueFacts) -> Iterator[Finding]:
    replaced = facts.replaced
    if replaced is None or not (may_be_replaced(replaced, facts.replaced_by_annulled)):
        yield _stop(
            "original_gone", f"Document {facts.document.replaces} can no longer be replaced: withdraw the draft."
        )
    elif replaced.issue_date is not None and facts.issue_date < replaced.issue_date:
        yield _stop("before_original", f"The date of issue is before that of the original, {replaced.issue_date}.")


def may_be_replaced(document: IssuedDocument, duplicate_annulled: bool) -> bool:
    """Whether a duplicate of a document may be issued. `duplicate_annulled`: the one it has was annulled."""
    replaced = document.status is DocumentStatus.REPLACED and duplicate_annulled
    return replaced or DocumentStatus.REPLACED in NEXT_STATUSES[document.status]


# --- number, blank, date ----------------------------------------------------------------------------------------------


def _numbers(facts: IssueFacts) -> Iterator[Finding]:
    if facts.bearer:
        yield _stop("number_taken", f"The number {facts.registration_number} belongs to document {facts.bearer}.")
    if facts.blank_problem:
        yield _stop("blank", facts.blank_problem)


def _date(facts: IssueFacts) -> Iterator[Finding]:
    if facts.issue_date > facts.today:
        yield _warn("date_ahead", f"The date of issue {facts.issue_date} is still to come.")
    if not facts.document.signatories:
        yield _warn("signatories_missing", "Nobody is named who signs: write signatories into the mapping.")


_CHECKS: tuple[Callable[[IssueFacts], Iterator[Finding]], ...] = (_snils, _names, _programme, _basis, _numbers, _date)
