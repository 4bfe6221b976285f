"""Duplicates in a register that is taken over: which document each stands for, and in what order they come.

A duplicate names its original by registration number. The original may stand in the same table, before or after it, or
in the register already; the first version of it is written as it was, and the next one says that it was replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lms_sync.records import DocumentStatus, IssuedDocument
from lms_sync.registers.documents.acts import Looking, changed
from lms_sync.registers.documents.checks import Severity, may_be_replaced
from lms_sync.registers.documents.importing.checks import LineFinding
from lms_sync.registers.documents.importing.lines import Line
from lms_sync.store.documents import DocumentFilter, documents
from lms_sync.store.taking_over import bearers

DEEPEST = 100
"""Duplicates of duplicates of … that are followed."""

_Key = tuple[str, str]  # kind of document, registration number


@dataclass(frozen=True)
class Round:
    """Lines whose originals have been dealt with, no two of one original; and those that lead back to themselves."""

    lines: Sequence[Line]
    circular: Sequence[Line] = ()


def rounds(duplicates: Sequence[Line]) -> Iterator[Round]:
    """The duplicates in an order in which none comes before the document that it stands for."""
    waiting = sorted(duplicates, key=lambda line: line.issue_date)
    for _ in range(DEEPEST):
        if not waiting:
            return
        numbers = {(line.document_kind, line.registration_number) for line in waiting}
        ready, rest, taken = list[Line](), list[Line](), set[_Key]()
        for line in waiting:
            original = (line.document_kind, line.replaces)
            if original in numbers or original in taken:
                rest.append(line)
            else:
                taken.add(original)
                ready.append(line)
        if not ready:
            break
        yield Round(ready)
        waiting = rest
    yield Round([], waiting)


class Originals:
    """The documents that duplicates of the table stand for, as they are by now."""

    def __init__(self, looking: Looking) -> None:
        self._connection, self._source = looking.connection, looking.source
        self._expected = set[_Key]()
        self._known = dict[_Key, list[str]]()
        self._records = dict[str, IssuedDocument]()

    def expect(self, keys: Iterable[_Key]) -> None:
        """These documents are named by duplicates: they are kept at hand when they are written."""
        self._expected.update(keys)

    def keep(self, record: IssuedDocument) -> None:
        """A document that was just written, if it is one of those."""
        key = record.document_kind, record.registration_number
        if key in self._expected:
            self._known.setdefault(key, []).append(record.uid)
            self._records[record.uid] = record

    def findings(self, line: Line) -> Iterator[LineFinding]:
        """What speaks against a new line's being a duplicate, or an original, of what it says it is."""
        if line.replaced and (line.document_kind, line.registration_number) not in self._expected:
            told = "is said to be replaced, but no row that can be taken over names it in `replaces`"
            yield "status", Severity.STOP, f"{told}: add that row, or correct the state"
        if line.replaces:
            yield from self._of_duplicate(line)

    def of(self, line: Line) -> IssuedDocument:
        """The document that a sound duplicate stands for."""
        return self._records[self._found(line)[0]]

    def replace(self, original: IssuedDocument, duplicate: IssuedDocument) -> IssuedDocument:
        """The original as it is once the duplicate is there."""
        values = {"status": DocumentStatus.REPLACED, "replaced_by": duplicate.uid, "reason": duplicate.reason}
        self._records[original.uid] = changed(original, **values)
        return self._records[original.uid]

    def _of_duplicate(self, line: Line) -> Iterator[LineFinding]:
        found = self._found(line)
        if len(found) != 1:
            told = "is the number of no document" if not found else f"is the number of {len(found)} documents"
            yield "replaces", Severity.STOP, f"{told} of this kind, in the table or the register: correct it"
            return
        original = self._records[found[0]]
        duplicate = self._record(original.replaced_by) if original.replaced_by else None
        annulled = duplicate is not None and duplicate.status is DocumentStatus.ANNULLED
        if not may_be_replaced(original, annulled):
            told = f"is the number of a document that is {original.status.value} and cannot be replaced"
            yield "replaces", Severity.STOP, f"{told}: correct it, or the state of that document"
        elif original.issue_date is not None and line.issue_date < original.issue_date:
            told = f"is before that of the document it replaces, {original.issue_date:%d.%m.%Y}"
            yield "issue_date", Severity.STOP, f"{told}: correct either"

    def _found(self, line: Line) -> list[str]:
        key = line.document_kind, line.replaces
        if key not in self._known:
            there = bearers(self._connection, self._source, [line.replaces])
            uids = [one.uid for one in there if one.document_kind == line.document_kind]
            self._known[key] = uids
            for uid in uids:
                self._record(uid)
        return self._known[key]

    def _record(self, uid: str) -> IssuedDocument:
        if uid not in self._records:
            [stored] = documents(self._connection, self._source, DocumentFilter(uids=[uid]))
            self._records[uid] = stored.record
        return self._records[uid]
