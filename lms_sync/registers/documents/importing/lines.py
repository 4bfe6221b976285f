"""A row of an academy's own register, read: a line with the values of a document and of its holder, or its problems.

Pure. Looks at one row by itself; what other rows and the register say is for `doubles` and `known`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from lms_sync.mapping.date_forms import DateForm
from lms_sync.mapping.documents import DocumentKind, DocumentKinds
from lms_sync.mapping.import_spec import ImportFile
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.mapping.text import fold
from lms_sync.records import DocumentStatus, ProgrammeKind
from lms_sync.registers.documents.checks import Severity
from lms_sync.registers.documents.importing import values
from lms_sync.registers.documents.importing.checks import line_findings
from lms_sync.registers.documents.importing.layout import Layout, Place
from lms_sync.registers.documents.importing.problems import RowProblem, shown
from lms_sync.registers.documents.importing.values import Unfit
from lms_sync.spreadsheet.sheet import Cell, CellKind, Row


class Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A row that can be taken over as far as it shows itself. Its fields are those of the records, but for the last."""

    document_kind: str
    registration_number: str
    registration_series: str = ""
    registration_ordinal: int | None = None
    appendix_number: str = ""
    appendix_series: str = ""
    appendix_ordinal: int | None = None
    blank_series: str = ""
    blank_number: str = ""
    status: DocumentStatus
    issue_date: dt.date
    handed_at: dt.date | None = None
    handed_how: str = ""
    programme_title: str
    programme_kind: ProgrammeKind
    hours: int | None = None
    studied_from: dt.date | None = None
    studied_to: dt.date | None = None
    qualification: str = ""
    profession: str = ""
    rank: str = ""
    protocol: str = ""
    issue_place: str = ""
    organisation: str = ""
    reason: str = ""
    proof: str = ""
    last_name: str
    first_name: str
    middle_name: str = ""
    birth_date: dt.date | None = None
    snils: str = ""
    citizenship: str = ""
    sex: str = ""
    learner: str = ""
    # not of the records
    row: int
    idnumber: str = ""  # only to find the learner by
    email: str = ""
    replaces: str = ""  # the registration number of the document that this one stands for
    replaced: bool = False  # the register says that a duplicate stands for it


class Numbers(NamedTuple):
    """What a row takes, as far as it can be read: none of it may be taken twice."""

    row: int
    document_kind: str
    registration_number: str
    issue_date: dt.date | None
    registration_series: str
    registration_ordinal: int | None
    appendix_series: str
    appendix_ordinal: int | None
    blank_series: str
    blank_number: str


class Read(NamedTuple):
    """What became of a row: a line, or why it is none. Without both there was nothing in it."""

    line: Line | None = None
    problems: Sequence[RowProblem] = ()
    numbers: Numbers | None = None


class Counts(msgspec.Struct):
    """What was passed over: rows with nothing in the columns that count, and sums at the end."""

    empty: int = 0
    totals: int = 0


_CODES = ("registration_number", "blank_series", "blank_number", "appendix_number", "protocol", "replaces")
_DAYS = ("issue_date", "handed_at", "birth_date", "studied_from", "studied_to")
_NAMES = ("last_name", "first_name", "middle_name")
_PLACES = ("registration_series", "registration_ordinal", "appendix_series", "appendix_ordinal")
_NEEDED = ("document_kind", "registration_number", "issue_date", "programme_title")
_TOTAL = re.compile(r"(?:итог|итого|всего)\b")
_SEXES = {"м": "Муж", "муж": "Муж", "мужской": "Муж", "ж": "Жен", "жен": "Жен", "женский": "Жен"}
_PROGRAMMES = {kind.value: kind for kind in ProgrammeKind}
_STATUSES = {status.value: status for status in DocumentStatus if status is not DocumentStatus.DRAFT}

_Read = Callable[[Cell], dict[str, Any]]


class LineReader:
    """Reads the rows of one table. `today` is in the site's zone."""

    def __init__(self, layout: Layout, file: ImportFile, kinds: DocumentKinds, today: dt.date) -> None:
        self._layout = layout
        self._fixed = file.fixed.named()
        self._kinds = {kind.code: kind for kind in kinds}
        self._today = today
        self._templates = {code: _templates(code, self._kinds.values()) for code in self._kinds}
        self.counts = Counts()
        self._readers = {field: self._reader(field, place, file) for field, place in layout.places.items()}

    @property
    def columns(self) -> set[int]:
        """The columns that have to be read: those of the fields, the first, and the first without a heading."""
        return {place.index for place in self._layout.places.values()} | {0, self._layout.width}

    def read(self, row: Row, *, is_text: bool) -> Read:
        """What a row below the headings says."""
        places = self._layout.places
        if self._is_total(row):
            self.counts.totals += 1
            return Read()
        if not any(place.index in row.cells for place in places.values()):
            self.counts.empty += 1
            return Read()
        read, problems = dict[str, Any](self._fixed), list[RowProblem]()
        if is_text and self._layout.width in row.cells:
            problems.append(
                RowProblem(
                    row.number, "", "", "", "has more cells than there are headings: quote texts with delimiters"
                )
            )
        for field, reader in self._readers.items():
            cell = row.cells.get(places[field].index)
            if cell is None:
                continue
            try:
                read |= reader(cell)
            except Unfit as error:
                problems.append(self.problem(row.number, field, str(error), value=cell.text))
                read[field] = None  # said, and not missing
        problems += self._missing(row, read)
        numbers = self._numbers(row, read)
        if problems:
            return Read(None, problems, numbers)
        return self._finished(row, read, numbers)

    def problem(
        self, row: int, field: str, message: str, *, value: str = "", severity: Severity = Severity.STOP
    ) -> RowProblem:
        """A problem of a field, at its column where it has one."""
        place = self._layout.places.get(field) or self._layout.places.get(_STANDS_IN.get(field, ""))
        if place is None:
            return RowProblem(row, field, "", shown(value), message, severity)
        return RowProblem(row, place.heading, place.letter, shown(value), message, severity)

    def _is_total(self, row: Row) -> bool:
        """Whether it begins with a word for a sum, and has neither the number nor the day of a document."""
        places = self._layout.places
        if places["registration_number"].index in row.cells or places["issue_date"].index in row.cells:
            return False
        first = row.cells[min(row.cells)]
        return first.kind is CellKind.TEXT and _TOTAL.match(fold(first.text)) is not None

    def _missing(self, row: Row, read: Mapping[str, Any]) -> Iterable[RowProblem]:
        parts = ("full_name",) if "full_name" in self._layout.places else ("last_name", "first_name")
        known = {**read, "full_name": read.get("full_name", read.get("last_name", ""))}
        for field in (*_NEEDED, *parts):
            if known.get(field, "") == "":
                yield self.problem(row.number, field, f"is empty: {field} is needed")

    def _numbers(self, row: Row, read: Mapping[str, Any]) -> Numbers | None:
        """The row's numbers. Those that a template would write get their place in its series: later ones follow it."""
        code, number = read.get("document_kind"), read.get("registration_number")
        if not code or not number:
            return None
        appendix = read.get("appendix_number") or ""
        of_documents, of_appendices = self._templates[code]
        return Numbers(
            row.number,
            code,
            number,
            read.get("issue_date"),
            *_counted(number, of_documents),
            *_counted(appendix, of_appendices if appendix != number else []),
            read.get("blank_series") or "",
            read.get("blank_number") or "",
        )

    def _finished(self, row: Row, read: dict[str, Any], numbers: Numbers | None) -> Read:
        kind = self._kinds[read["document_kind"]]
        programme = read.pop("programme_kind", None) or _only(kind.programme_kinds)
        if programme is None:
            told = f"nothing says the programme's kind, and documents of kind {kind.code} follow from several"
            problem = self.problem(row.number, "programme_kind", f"{told}: name a column or a fixed value")
            return Read(None, [problem], numbers)
        said = read.pop("status", None)
        status = said or (DocumentStatus.HANDED_OVER if read.get("handed_at") else DocumentStatus.ISSUED)
        if replaced := status is DocumentStatus.REPLACED:
            status = DocumentStatus.HANDED_OVER if read.get("handed_at") else DocumentStatus.ISSUED
        if numbers is not None:
            read |= {name: getattr(numbers, name) for name in _PLACES}
        line = Line(row=row.number, status=status, replaced=replaced, programme_kind=programme, **read)
        found = [
            self.problem(row.number, field, message, value=_plain(getattr(line, field, "")), severity=severity)
            for field, severity, message in line_findings(line, kind, self._today)
        ]
        return Read(None if any(one.stops for one in found) else line, found, numbers)

    def _reader(self, field: str, place: Place, file: ImportFile) -> _Read:
        spec = place.spec
        if field == "blank":
            return lambda cell: dict(
                zip(("blank_series", "blank_number"), values.blank(cell, spec.digits), strict=True)
            )
        if field == "full_name":
            return lambda cell: dict(zip(_NAMES, values.full_name(cell), strict=True))
        if field == "document_kind":
            return self._words(field, {code: code for code in self._kinds}, file.words.document_kind)
        if field == "status":
            return self._words(field, _STATUSES, file.words.status)
        if field == "programme_kind":
            return self._words(field, _PROGRAMMES, file.words.programme_kind)
        if field == "sex":
            return self._words(field, _SEXES, file.words.sex)
        read = self._simple_reader(field, place, file)
        return lambda cell: {field: read(cell)}

    def _simple_reader(self, field: str, place: Place, file: ImportFile) -> Callable[[Cell], Any]:
        spec = place.spec
        if field in _DAYS:
            forms = [DateForm.parse(text) for text in spec.dates or file.dates]
            return partial(values.day, forms=forms, serial=spec.serial_dates, today=self._today)
        if field in _CODES or field == "idnumber":
            digits = spec.digits
            if field == "replaces" and digits is None and file.columns.registration_number is not None:
                digits = file.columns.registration_number.digits
            return partial(values.code, digits=digits)
        if field in _NAMES:
            return values.name
        return {"hours": values.hours, "snils": values.snils_number, "learner": values.identifier}.get(
            field, values.text
        )

    @staticmethod
    def _words(field: str, own: Mapping[str, Any], said: Mapping[str, Any]) -> _Read:
        known = {fold(word): value for word, value in own.items()} | {fold(word): value for word, value in said.items()}

        def read(cell: Cell) -> dict[str, Any]:
            word = fold(values.text(cell))
            if word not in known:
                raise Unfit(f"is no word that stands for a {field}: say in [words.{field}] what it means")
            return {field: known[word]}

        return read


_STANDS_IN = dict.fromkeys(_NAMES, "full_name") | {"blank_series": "blank", "blank_number": "blank"}
"""The columns that hold more than one field."""


def _templates(code: str, kinds: Iterable[DocumentKind]) -> tuple[list[NumberTemplate], list[NumberTemplate]]:
    """The templates of numbers and of appendices' numbers, a kind's own before those of the others."""
    ordered = sorted(kinds, key=lambda kind: kind.code != code)
    of_appendices = [kind.appendix_number for kind in ordered if kind.appendix_number is not None]
    return [kind.number for kind in ordered], of_appendices


def _counted(number: str, templates: Iterable[NumberTemplate]) -> tuple[str, int | None]:
    return next((place for one in templates if (place := one.place_of(number)) is not None), ("", None))


def _only(kinds: frozenset[ProgrammeKind]) -> ProgrammeKind | None:
    return next(iter(kinds)) if len(kinds) == 1 else None


def _plain(value: object) -> str:
    return "" if value is None else str(value)
