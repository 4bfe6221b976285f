"""A line of an old register held against what the store has: is it there, are its numbers free, whose is it.

Within the caller's transaction; writes nothing. A line that was taken over before is known by its number, and compared
with what was written then, whatever became of the document since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lms_sync.mapping.import_spec import ImportFile
from lms_sync.mapping.text import fold
from lms_sync.records import BlankRange, DocumentHolder, DocumentOrigin, DocumentStatus, IssuedDocument
from lms_sync.records.base import plain_value
from lms_sync.registers.documents.acts import Looking
from lms_sync.registers.documents.checks import Severity
from lms_sync.registers.documents.importing.checks import LineFinding
from lms_sync.registers.documents.importing.doubles import NumberKey, counted_twice
from lms_sync.registers.documents.importing.lines import Line
from lms_sync.store.documents import blank_ranges, spoiled_blanks
from lms_sync.store.taking_over import (
    Bearer,
    KnownLearner,
    bearers,
    first_payloads,
    known_learners,
    taken_blanks,
    taken_ordinals,
)

COMPARED = (
    "status", "blank_series", "blank_number", "appendix_number", "issue_date", "handed_at", "handed_how",
    "programme_title", "programme_kind", "hours", "studied_from", "studied_to", "qualification", "profession", "rank",
    "protocol", "issue_place", "organisation", "reason", "proof",
)  # fmt: skip
"""What a line and the document written of it must agree in."""

COMPARED_OF_HOLDER = ("last_name", "first_name", "middle_name", "birth_date", "snils", "citizenship", "sex")


@dataclass(frozen=True)
class Judged:
    """A line with what the store says of it. `present`: the uid of the document that it was taken over as before."""

    line: Line
    findings: list[LineFinding] = field(default_factory=list)
    present: str = ""
    learner: str = ""
    blank_range: str | None = None

    @property
    def stops(self) -> bool:
        """Whether it cannot be taken over."""
        return any(severity is Severity.STOP for _, severity, _ in self.findings)


class Known:
    """What the store had when the taking over began."""

    def __init__(self, looking: Looking, file: ImportFile) -> None:
        self._connection, self._source = looking.connection, looking.source
        self._yearly = file.numbers_begin_anew == "year"
        self._blanks = taken_blanks(self._connection, self._source)
        self._ranges = blank_ranges(self._connection, self._source)
        self._spoiled = {(one.blank_range, one.number) for one in spoiled_blanks(self._connection, self._source)}
        self._on_range = self._taken_of_ranges()
        self._ordinals = dict[tuple[str, bool], dict[int, str]]()
        self._learners = _Learners(known_learners(self._connection, self._source), file.learner.match)

    def judge(self, lines: Sequence[Line]) -> list[Judged]:
        """What the store says of lines that agree with one another."""
        there = self._there(lines)
        same = self._compared(there)
        judged = []
        for line in lines:
            bearer = there.get(self._key(line))
            judged.append(self._new(line) if bearer is None else self._present(line, bearer, same))
        return judged

    def _key(self, line: Line | Bearer) -> NumberKey:
        year = line.issue_date.year if self._yearly and line.issue_date else 0
        return line.document_kind, line.registration_number, year

    # --- lines that are there already ---------------------------------------------------------------------------------

    def _there(self, lines: Sequence[Line]) -> dict[NumberKey, Bearer]:
        wanted = {self._key(line) for line in lines}
        found = bearers(self._connection, self._source, [line.registration_number for line in lines])
        return {self._key(one): one for one in found if self._key(one) in wanted}

    def _compared(self, there: dict[NumberKey, Bearer]) -> dict[str, tuple[Any, Any]]:
        uids = [one.uid for one in there.values() if one.origin is DocumentOrigin.IMPORTED]
        documents = first_payloads(self._connection, self._source, IssuedDocument.kind, uids)
        holders = first_payloads(self._connection, self._source, DocumentHolder.kind, uids)
        return {uid: (documents.get(uid), holders.get(uid)) for uid in uids}

    def _present(self, line: Line, bearer: Bearer, first: dict[str, tuple[Any, Any]]) -> Judged:
        if bearer.origin is not DocumentOrigin.IMPORTED:
            told = f"is the number of {bearer.uid}, which this register has numbered itself: correct it"
            return Judged(line, [("registration_number", Severity.STOP, told)])
        document, holder = first[bearer.uid]
        differ = _differences(line, document, COMPARED) + _differences(line, holder, COMPARED_OF_HOLDER)
        if document is not None and bool(document.get("replaces")) != bool(line.replaces):
            differ.append("replaces")
        if differ:
            told = (
                f"is taken over already as {bearer.uid}, with another {', '.join(differ)}: leave the row as it "
                f"was, and change the document itself, with `lms-sync documents correct {bearer.uid}` or its kin"
            )
            return Judged(line, [("registration_number", Severity.STOP, told)])
        return Judged(line, present=bearer.uid)

    # --- new lines ----------------------------------------------------------------------------------------------------

    def _new(self, line: Line) -> Judged:
        findings = list[LineFinding]()
        for name, message in self._numbers(line):
            findings.append((name, Severity.STOP, message))
        of_range = self._range(line)
        if problem := self._blank_problem(line, of_range):
            findings.append(("blank_number", Severity.STOP, problem))
        learner, finding = self._learners.find(line)
        if finding is not None:
            findings.append(finding)
        return Judged(line, findings, learner=learner, blank_range=of_range.uid if of_range else None)

    def _numbers(self, line: Line) -> Iterator[tuple[str, str]]:
        for name, series, ordinal in (
            ("registration_number", line.registration_series, line.registration_ordinal),
            ("appendix_number", line.appendix_series, line.appendix_ordinal),
        ):
            if ordinal is None:
                continue
            taken = self._ordinals_of(series, appendix=name == "appendix_number")
            if ordinal in taken:
                yield name, counted_twice(series, ordinal, taken[ordinal])

    def _ordinals_of(self, series: str, *, appendix: bool) -> dict[int, str]:
        known = self._ordinals.get((series, appendix))
        if known is None:
            known = taken_ordinals(self._connection, self._source, series, appendix=appendix)
            self._ordinals[series, appendix] = known
        return known

    def _range(self, line: Line) -> BlankRange | None:
        """The range in stock that the line's blank is of."""
        return next(
            (
                one
                for one in self._ranges
                if line.blank_number
                and line.document_kind in one.document_kinds
                and one.series == line.blank_series
                and one.holds(line.blank_number)
            ),
            None,
        )

    def _blank_problem(self, line: Line, of_range: BlankRange | None) -> str:
        if not line.blank_number:
            return ""
        taken = self._blanks.get((line.document_kind, line.blank_series, line.blank_number))
        if of_range is not None:
            taken = taken or self._on_range.get((of_range.uid, line.blank_number))
            spoiled = (of_range.uid, line.blank_number) in self._spoiled
            if spoiled and line.status is not DocumentStatus.ANNULLED:
                return f"was written off as spoiled in {of_range.uid}: correct the number"
            if not taken:
                self._on_range[of_range.uid, line.blank_number] = f"another row of the table ({line.row})"
        return f"is the blank of {taken}: correct the number" if taken else ""

    def _taken_of_ranges(self) -> dict[tuple[str, str], str]:
        """Who has a blank of a range, whichever of its kinds of document it is."""
        return {
            (one.uid, number): uid
            for one in self._ranges
            for (kind, series, number), uid in self._blanks.items()
            if kind in one.document_kinds and series == one.series and one.holds(number)
        }


def _differences(line: Line, payload: dict[str, Any] | None, names: Sequence[str]) -> list[str]:
    """What a line says otherwise than it did then. Nothing is known any more of an erased person."""
    if payload is None:
        return []
    return [name for name in names if plain_value(getattr(line, name)) != payload.get(name)]


class _Learners:
    """The learners of the LMS, by what they can be found by."""

    def __init__(self, learners: Sequence[KnownLearner], match: Sequence[str]) -> None:
        self._by_key = {one.key: one for one in learners}
        self._found = {name: defaultdict[str, list[KnownLearner]](list) for name in match}
        for one in learners:
            for name in match:
                if value := _folded(name, getattr(one, name)):
                    self._found[name][value].append(one)

    def find(self, line: Line) -> tuple[str, LineFinding | None]:
        """The id of the line's holder, empty for somebody unknown, and what is to be said of it."""
        if line.learner:
            if line.learner not in self._by_key:
                return "", ("learner", Severity.STOP, "is no learner whom the store knows: correct or empty it")
            return line.learner, _named_otherwise("learner", line, self._by_key[line.learner])
        for name, by_value in self._found.items():
            found = by_value.get(_folded(name, getattr(line, name)), [])
            if len(found) > 1:
                told = f"is that of {len(found)} learners of the LMS: the document is linked to none"
                return "", (name, Severity.WARN, told)
            if found:
                return found[0].key, _named_otherwise(name, line, found[0])
        return "", None


def _folded(name: str, value: str) -> str:
    return value if name == "snils" else fold(value)


def _named_otherwise(name: str, line: Line, learner: KnownLearner) -> LineFinding | None:
    if fold(line.last_name) == fold(learner.last_name):
        return None
    told = f"leads to learner {learner.key}, who has another surname in the LMS: make sure that they are one person"
    return name, Severity.WARN, told
