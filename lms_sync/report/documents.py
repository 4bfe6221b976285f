"""Issued documents as people read them: the register, the issuance sheet (F15), the duplicate register (F16), blanks.

Owns the columns, their order and the words. Must not know where documents come from nor how a table is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from lms_sync.records import DocumentPush, DocumentScan, DocumentStatus, IssuedDocument
from lms_sync.registers.documents.blanks import Balance
from lms_sync.registers.documents.checks import Finding
from lms_sync.report import captions
from lms_sync.report.captions import ERASED, value_caption
from lms_sync.report.captions_documents import DOCUMENT_WORDS as WORDS
from lms_sync.report.interface import Column, Table, Value, one_line
from lms_sync.report.phrases import titled
from lms_sync.report.pushes import in_lms
from lms_sync.store.documents import StoredDocument
from lms_sync.store.rows import Version

_NUMERIC = {"place", "hours", "received", "used", "spoiled", "left", "mark"}


@dataclass(frozen=True)
class Around:
    """What a register's lines name beside themselves: days of protocols (site's zone), and documents by uid."""

    protocol_days: Mapping[str, dt.date]
    others: Mapping[str, IssuedDocument]


def register_table(
    documents: Sequence[StoredDocument], pushes: Mapping[str, Sequence[DocumentPush]] | None = None
) -> Table:
    """A line a document: who got what, when, on what basis, and whether it is in the LMS, if it is told of any."""
    keys = ["uid", "status", "title", "registration_number", "blank", "issue_date", "full_name", "programme_title"]
    keys += ["hours", "protocol_words", "handed_at", *(["in_lms"] if pushes else []), "note"]
    rows: list[list[Value]] = [
        [
            one.record.uid,
            value_caption(one.record.status),
            one.record.title,
            one.record.registration_number,
            _blank(one.record),
            one.record.issue_date,
            _name(one),
            one.record.programme_title,
            one.record.hours,
            one.record.protocol,
            one.record.handed_at,
            *([in_lms(pushes, one.record.uid)] if pushes else []),
            _note(one.record),
        ]
        for one in documents
    ]
    return Table(WORDS["list"], _columns(keys), rows, [f"{WORDS['total']}: {len(rows)}"])


def issuance_sheet(documents: Sequence[StoredDocument], around: Around) -> Table:
    """Ведомость выдачи: everything issued, in the order of its numbers, with places to sign (F15).

    Of one kind only, its title says which: the sheet of diplomas, the journal of справки.
    """
    keys = ["place", "registration_number", "blank_series", "blank_number", "appendix_number", "title", "full_name"]
    keys += ["programme_title", "hours", "protocol_words", "issue_date", "handed_at", "receipt", "note"]
    issued = _by_number(documents)
    rows: list[list[Value]] = [
        [
            place,
            one.record.registration_number,
            one.record.blank_series,
            one.record.blank_number,
            one.record.appendix_number,
            one.record.title,
            _name(one),
            one.record.programme_title,
            one.record.hours,
            _protocol(one.record, around),
            one.record.issue_date,
            one.record.handed_at,
            _receipt(one),
            _note(one.record, around.others),
        ]
        for place, one in enumerate(issued, 1)
    ]
    details = [] if any(one.record.appendix_number for one in issued) else ["appendix_number"]
    titles = {one.record.title for one in issued}
    title = titled(WORDS["issuance"], *(titles if len(titles) == 1 else ()))
    return Table(title, _columns(keys, details), rows, [f"{WORDS['total']}: {len(rows)}", _issuer()])


def duplicate_register(documents: Sequence[StoredDocument], around: Around) -> Table:
    """Журнал регистрации дубликатов: each duplicate issued beside the document it stands for (F16)."""
    keys = ["place", "full_name", "title", "original_words", "reason", "proof", "blank_series", "blank_number"]
    keys += ["registration_number", "issue_date", "handed_at", "receipt", "note", *_OF_ORIGINAL]
    issued = [one for one in _by_number(documents) if one.record.is_duplicate]
    rows: list[list[Value]] = [
        [
            place,
            _name(one),
            one.record.title,
            _original(around.others.get(one.record.replaces)),
            one.record.reason,
            one.record.proof,
            one.record.blank_series,
            one.record.blank_number,
            one.record.registration_number,
            one.record.issue_date,
            one.record.handed_at,
            _receipt(one),
            _note(one.record, around.others),
            *_original_parts(around.others.get(one.record.replaces)),
        ]
        for place, one in enumerate(issued, 1)
    ]
    notes = [f"{WORDS['total']}: {len(rows)}", _issuer()]
    return Table(WORDS["duplicates"], _columns(keys, _OF_ORIGINAL), rows, notes)


def blanks_table(balances: Sequence[Balance]) -> Table:
    """A line a range of blanks: received, used, spoiled (which, and by what act), left."""
    keys = ["uid", "document_kinds", "series", "first", "last", "received_on", "invoice"]
    keys += ["received", "used", "spoiled", "left", "next", "written_off"]
    rows: list[list[Value]] = [
        [
            one.range.uid,
            ", ".join(one.range.document_kinds),
            one.range.series,
            one.range.first,
            one.range.last,
            one.range.received_on,
            one.range.invoice,
            one.range.size,
            one.used,
            one.spoiled,
            one.left,
            one.next,
            "; ".join(f"{blank.number}: {blank.act}" for blank in one.written_off),
        ]
        for one in balances
    ]
    return Table(WORDS["blanks"], _columns(keys), rows)


_OF_HOLDER = ("last_name", "first_name", "middle_name", "name_dative", "birth_date", "snils", "citizenship", "sex")


def export_table(documents: Sequence[StoredDocument]) -> Table:
    """Every field of every document and of its holder, for a spreadsheet."""
    fields = [name for name in IssuedDocument.model_fields if name != "signatories"]
    keys = [*fields, "signatories", *_OF_HOLDER, "received_by"]
    rows: list[list[Value]] = []
    for one in documents:
        holder = one.holder
        signed = "; ".join(f"{who.name}, {who.position}".strip(", ") for who in one.record.signatories)
        of_holder = [None if holder is None else getattr(holder, name) for name in (*_OF_HOLDER, "received_by")]
        rows.append([*(_plain(getattr(one.record, name)) for name in fields), signed, *of_holder])
    return Table(WORDS["list"], _columns(keys), rows)


def shown(
    one: StoredDocument,
    scans: Sequence[DocumentScan],
    history: Sequence[Version],
    findings: Sequence[Finding],
    zone: ZoneInfo,
    place_in_lms: str = "",
) -> list[str]:
    """One document in lines: what it bears, where it is in the LMS, scans, what was found before issue, every step."""
    record = one.record
    duplicate = f" ({WORDS['duplicate']})" if record.is_duplicate else ""
    lines = [f"{record.title}{duplicate}: {record.uid}", f"{WORDS['holder']}: {_name(one)}"]
    for name in IssuedDocument.model_fields:
        value = getattr(record, name)
        if name in ("uid", "title", "signatories") or value in ("", None):
            continue
        lines.append(f"{_caption(name)}: {_text(value)}")
    lines += [
        f"{_caption('signatories')}: {who.name}{', ' + who.position if who.position else ''}"
        for who in record.signatories
    ]
    if one.holder is not None:
        values = ((name, getattr(one.holder, name)) for name in (*_OF_HOLDER[3:], "received_by"))
        lines += [f"{_caption(name)}: {_text(value)}" for name, value in values if value not in ("", None)]
    lines += [f"{_caption('in_lms')}: {place_in_lms}"] if place_in_lms else []
    lines += [f"{WORDS['scans']}: {scan.name}, {scan.size} Б, {scan.sha256}" for scan in scans]
    lines += [f"{'✗' if finding.severity.value == 'stop' else '!'} {finding.message}" for finding in findings]
    lines += [_step(version, zone) for version in history]
    return [one_line(line) for line in lines]


def _step(version: Version, zone: ZoneInfo) -> str:
    record = version.record()
    status = value_caption(record.status) if isinstance(record, IssuedDocument) else ""
    why = f": {version.reason}" if version.reason else ""
    return f"{WORDS['history']} {version.observed_at.astimezone(zone):%d.%m.%Y %H:%M} {status}, {version.actor}{why}"


def _by_number(documents: Sequence[StoredDocument]) -> list[StoredDocument]:
    """Those that have a number, by day, series and place in it."""
    issued = [one for one in documents if one.record.registration_number]
    return sorted(
        issued,
        key=lambda one: (
            one.record.issue_date or dt.date.min,
            one.record.registration_series,
            one.record.registration_ordinal or 0,
            one.record.uid,
        ),
    )


def _name(one: StoredDocument) -> str:
    return ERASED if one.holder is None else one.holder.full_name


def _blank(record: IssuedDocument) -> str:
    return " ".join(part for part in (record.blank_series, record.blank_number) if part)


def _receipt(one: StoredDocument) -> str:
    """Empty to be signed; for what was handed over otherwise, how and to whom."""
    received_by = "" if one.holder is None else one.holder.received_by
    return ", ".join(part for part in (one.record.handed_how, received_by) if part)


def _note(record: IssuedDocument, others: Mapping[str, IssuedDocument] | None = None) -> str:
    """What is not as usual. Another document is named by its registration number where it is among the `others`."""

    def named(uid: str) -> str:
        other = (others or {}).get(uid)
        return f"{WORDS['number_sign']} {other.registration_number}" if other and other.registration_number else uid

    parts = [
        f"{WORDS['duplicate']} {WORDS['instead_of']} {named(record.replaces)}" if record.is_duplicate else "",
        value_caption(record.status) if record.status in _OUT_OF_FORCE else "",
        named(record.replaced_by),
    ]
    return ", ".join(part for part in parts if part)


_OF_ORIGINAL = (
    "original_uid", "original_blank_series", "original_blank_number", "original_registration_number",
    "original_issue_date",
)  # fmt: skip


def _original_parts(record: IssuedDocument | None) -> list[Value]:
    """What a duplicate stands for, each part by itself, for programs."""
    if record is None:
        return ["", "", "", "", None]
    return [record.uid, record.blank_series, record.blank_number, record.registration_number, record.issue_date]


def _issuer() -> str:
    return f"{WORDS['issuer']} ____________________"


_OUT_OF_FORCE = (DocumentStatus.ANNULLED, DocumentStatus.LOST, DocumentStatus.REPLACED)


def _protocol(record: IssuedDocument, around: Around) -> str:
    day = around.protocol_days.get(record.protocol)
    return f"{record.protocol} {WORDS['from']} {day:%d.%m.%Y}" if day else record.protocol or record.basis_reason


def _original(record: IssuedDocument | None) -> str:
    if record is None:
        return ""
    day = f"{WORDS['from']} {record.issue_date:%d.%m.%Y}" if record.issue_date else ""
    blank = _blank(record)
    return ", ".join(
        part for part in (blank, f"{WORDS['number_sign']} {record.registration_number} {day}".strip()) if part
    )


def _plain(value: object) -> Value:
    if isinstance(value, StrEnum):
        return value_caption(value)
    assert value is None or isinstance(value, (str, int, bool, dt.date))
    return value


def _text(value: object) -> str:
    if isinstance(value, StrEnum):
        return value_caption(value)
    if isinstance(value, bool):
        return "да" if value else "нет"
    return f"{value:%d.%m.%Y}" if isinstance(value, dt.date) else str(value)


def _caption(name: str) -> str:
    return captions.caption(f"document.{name}")


def _columns(keys: Sequence[str], details: Sequence[str] = ()) -> list[Column]:
    return [Column(key, _caption(key), key in _NUMERIC, key in details) for key in keys]
