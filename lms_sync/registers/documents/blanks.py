"""Blanks: ranges received, the next free one, those spoiled, and the balance of each range.

A blank is one of a range: two kinds of document may have blanks of the same series and number in ranges of their own.
What is used follows from the documents; only what was received and spoiled is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import BlankRange, DocumentStatus, SpoiledBlank
from lms_sync.registers.documents.acts import DocumentAct, Looking
from lms_sync.store.documents import blank_ranges, spoiled_blanks, used_blanks
from lms_sync.store.register import registering
from lms_sync.store.store import Store

LARGEST_RANGE = 100_000
WIDEST_NUMBER = 20


@dataclass(frozen=True)
class Received:
    """Blanks that came: `first` and `last` as printed, with leading zeros."""

    document_kinds: Sequence[str]
    series: str
    first: str
    last: str
    received_on: dt.date
    invoice: str = ""


@dataclass(frozen=True)
class Blank:
    """One blank: the range it is of and its number as printed."""

    range: BlankRange
    number: str


@dataclass(frozen=True)
class Balance:
    """How a range stands. `used` counts documents, but not those whose blank was spoiled after they were annulled."""

    range: BlankRange
    used: int
    spoiled: int
    left: int
    next: str  # the next free number; empty when none is left
    written_off: tuple[SpoiledBlank, ...] = ()


def receive(store: Store, source: str, mapping: Mapping, received: Received, actor: str) -> BlankRange:
    """Takes a range of blanks into stock. Raises RegisterError when it is no range, or overlaps another."""
    _refuse_unsound(mapping, received)
    with registering(store, source, actor) as writer:
        known = blank_ranges(writer.connection, source)
        new = BlankRange(
            uid=f"b{len(known) + 1:04}",
            document_kinds=sorted(set(received.document_kinds)),
            series=received.series.strip(),
            first=received.first,
            last=received.last,
            received_on=received.received_on,
            invoice=received.invoice,
        )
        for other in known:
            if _overlap(new, other):
                raise RegisterError(
                    f"Blanks {new.first}–{new.last} overlap {other.first}–{other.last} of {other.uid}, "
                    "which are of the same series: look at `lms-sync blanks list`."
                )
        writer.freeze([new], "")
        return new


def spoil(
    store: Store, source: str, number: str, act: str, why: DocumentAct, *, series: str | None = None, kind: str = ""
) -> SpoiledBlank:
    """Writes a blank off. Raises RegisterError when it is in no range, in several, used, or was written off before."""
    if not act.strip():
        raise RegisterError("A blank is written off by an act: name it with --act.")
    with registering(store, source, why.actor) as writer:
        found = [
            one
            for one in blank_ranges(writer.connection, source)
            if one.holds(number) and series in (None, one.series) and (not kind or kind in one.document_kinds)
        ]
        if len(found) != 1:
            told = f"is in {len(found)} ranges: narrow it with --series and --kind" if found else "is in no range"
            raise RegisterError(f"The blank {number} {told}; see `lms-sync blanks list`.")
        status = used_blanks(writer.connection, source, found[0]).get(number)
        if status not in (None, DocumentStatus.ANNULLED):
            raise RegisterError(f"The blank {number} is that of a document in the register: annul the document first.")
        record = SpoiledBlank(
            blank_range=found[0].uid, series=found[0].series, number=number, act=act, reason=why.reason
        )
        if not writer.freeze([record], ""):
            raise RegisterError(f"The blank {number} of {found[0].uid} was written off before.")
        return record


def balances(connection: Connection, source: str) -> list[Balance]:
    """How every range stands, as received."""
    return [_balance(connection, source, one) for one in blank_ranges(connection, source)]


def choose_blank(register: Looking, kind: str, number: str | None, series: str | None) -> Blank:
    """The blank of that number, or the next free one of the oldest range. Raises RegisterError when there is none."""
    ranges = [
        one
        for one in blank_ranges(register.connection, register.source)
        if kind in one.document_kinds and series in (None, one.series)
    ]
    if number is not None:
        return _named(register, [one for one in ranges if one.holds(number)], kind, number)
    for one in ranges:
        if free := _balance(register.connection, register.source, one).next:
            return Blank(one, free)
    raise RegisterError(
        f"No blank is left for documents of kind {kind}: take some into stock with `lms-sync blanks receive`."
    )


def _named(register: Looking, ranges: Sequence[BlankRange], kind: str, number: str) -> Blank:
    if len(ranges) != 1:
        told = "is in several ranges: name its series with --blank-series" if ranges else "is in no range"
        raise RegisterError(f"The blank {number} for documents of kind {kind} {told}; see `lms-sync blanks list`.")
    if number in used_blanks(register.connection, register.source, ranges[0]):
        raise RegisterError(f"The blank {number} belongs to another document: choose another, or none for the next.")
    if number in _spoiled(register.connection, register.source, ranges[0]):
        raise RegisterError(f"The blank {number} was written off as spoiled: choose another, or none for the next.")
    return Blank(ranges[0], number)


def _balance(connection: Connection, source: str, one: BlankRange) -> Balance:
    written_off = spoiled_blanks(connection, source, one.uid)
    spoiled = {blank.number for blank in written_off}
    used = set(used_blanks(connection, source, one)) - spoiled
    gone = used | spoiled
    free = (str(number).zfill(len(one.first)) for number in range(int(one.first), int(one.last) + 1))
    return Balance(
        range=one,
        used=len(used),
        spoiled=len(spoiled),
        left=one.size - len(gone),
        next=next((number for number in free if number not in gone), ""),
        written_off=tuple(written_off),
    )


def _spoiled(connection: Connection, source: str, one: BlankRange) -> set[str]:
    return {blank.number for blank in spoiled_blanks(connection, source, one.uid)}


def _overlap(one: BlankRange, other: BlankRange) -> bool:
    return (
        bool(set(one.document_kinds) & set(other.document_kinds))
        and (one.series, len(one.first)) == (other.series, len(other.first))
        and one.first <= other.last
        and other.first <= one.last
    )


def _refuse_unsound(mapping: Mapping, received: Received) -> None:
    first, last = received.first, received.last
    if not received.document_kinds:
        raise RegisterError("Say for which kinds of document the blanks are: name them with --kind.")
    for code in received.document_kinds:
        if not mapping.documents.kind(code).blank:
            raise RegisterError(f"By the mapping documents of kind {code} are written on no blank: set blank = true.")
    if not all(one.isascii() and one.isdigit() and len(one) <= WIDEST_NUMBER for one in (first, last)):
        raise RegisterError(
            f"Numbers of blanks are digits as printed, {WIDEST_NUMBER} at most; letters belong into the series."
        )
    if len(first) != len(last) or first > last or int(last) - int(first) >= LARGEST_RANGE:
        raise RegisterError(
            f"{first}–{last} is no range of blanks: both ends have the same count of digits, "
            f"the first comes first, and there are at most {LARGEST_RANGE}."
        )
