"""Taking over an academy's own register: every row read and judged, then written in one transaction, or none of them.

The table is read before anybody is locked out; what the register says is looked at again within the transaction that
writes. Rows that stand for another document come after all others, so that their original is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.import_load import ImportColumns
from lms_sync.records.base import plain_value
from lms_sync.registers.documents.acts import Looking
from lms_sync.registers.documents.checks import Severity
from lms_sync.registers.documents.importing.doubles import Doubles
from lms_sync.registers.documents.importing.known import Judged, Known
from lms_sync.registers.documents.importing.layout import Layout, lay_out
from lms_sync.registers.documents.importing.lines import Counts, Line, LineReader, Read
from lms_sync.registers.documents.importing.problems import RowProblem
from lms_sync.registers.documents.importing.replacing import Originals, rounds
from lms_sync.registers.documents.importing.spool import Spool
from lms_sync.registers.documents.importing.writing import Scribe
from lms_sync.spreadsheet.sheet import Area, Sheet, column_name
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.statements import chunks
from lms_sync.store.store import Store

BATCH = 500


@dataclass(frozen=True)
class ImportOptions:
    """Who takes over, from a file of which SHA-256. `partial`: sound rows alone; `dry_run`: look only."""

    actor: str
    sha256: str
    partial: bool = False
    dry_run: bool = False


@dataclass
class Imported:
    """What taking over led to, or, where nothing was `written`, would lead to.

    `created` and `linked` count new documents and those of them with a learner of the LMS, `present` rows taken over
    before. `series`: the last number of each series that the new numbers count in.
    """

    written: bool = False
    rows: int = 0
    created: int = 0
    linked: int = 0
    present: int = 0
    first: str = ""
    last: str = ""
    series: dict[str, int] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    notes: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many rows cannot be taken over."""
        return len({one.row for one in self.problems if one.stops})


class _TakeBack(Exception):
    """Rolls the transaction back."""


def import_documents(
    store: Store, source: str, mapping: Mapping, sheet: Sheet, columns: ImportColumns, options: ImportOptions
) -> Imported:
    """Takes over the documents of a table. Raises ConfigError for a table that does not fit the columns.

    With a row that cannot be taken over nothing is written, unless `partial`. Doing it again adds nothing.
    """
    layout = lay_out(sheet, columns)
    reader = LineReader(layout, columns.file, mapping.documents, store.now().astimezone(mapping.zone).date())
    done = Imported(notes=[*sheet.notes, *_unused(layout)])
    with Spool() as spool:
        done.problems += _read(sheet, reader, layout, spool, done, yearly=columns.file.numbers_begin_anew == "year")
        done.counts = reader.counts
        hopeless = bool(done.refused) and not options.partial
        with _register(store, source, options, write=not (hopeless or options.dry_run)) as (looking, writer):
            _Taking(looking, writer, mapping, columns, reader, options, done).take(spool)
            if done.refused and not options.partial and writer is not None:
                raise _TakeBack
            done.written = writer is not None
    done.problems.sort(key=lambda one: (one.row, not one.stops, one.letter.rjust(3)))
    return done


@contextmanager
def _register(
    store: Store, source: str, options: ImportOptions, *, write: bool
) -> Iterator[tuple[Looking, RegisterWriter | None]]:
    """The register, with its writer where something may be written."""
    if not write:
        with store.reading() as connection:
            yield Looking(connection, source, store.now()), None
        return
    try:
        with registering(store, source, options.actor) as writer:
            yield Looking.through(writer), writer
    except _TakeBack:
        pass


def _unused(layout: Layout) -> list[str]:
    return [f"Columns that are not taken over: {', '.join(layout.unused)}."] if layout.unused else []


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(
    sheet: Sheet, reader: LineReader, layout: Layout, spool: Spool, done: Imported, *, yearly: bool
) -> list[RowProblem]:
    """Reads every row below the headings into the spool; what agrees with neither itself nor other rows is told."""
    doubles, problems = Doubles(yearly), list[RowProblem]()
    for row in sheet.rows(reader.columns):
        if row.number <= layout.header_row:
            continue
        read = reader.read(row, is_text=sheet.is_text)
        done.rows += read != Read()
        problems += read.problems
        twice = [] if read.numbers is None else [*doubles.take(read.numbers)]
        for name, message in twice:
            value = str(getattr(read.numbers, name))
            problems.append(reader.problem(row.number, name, message, value=value))
        if read.line is not None and not twice:
            spool.add(read.line)
    return problems + list(_merged(sheet.merged, layout))


def _merged(areas: Sequence[Area], layout: Layout) -> Iterator[RowProblem]:
    """Merged cells hold one value for many rows or columns: which of them is meant nobody can tell."""
    used = {place.index: place for place in layout.places.values()}
    for area in areas:
        hit = next((used[index] for index in range(area.first_column, area.last_column + 1) if index in used), None)
        if hit is not None and area.last_row > layout.header_row:
            row = max(area.first_row, layout.header_row + 1)
            told = f"merged cells {area.name}: unmerge them and write the value into every row"
            yield RowProblem(row, hit.heading, column_name(hit.index), "", told)


# --- taking over ------------------------------------------------------------------------------------------------------


class _Taking:
    """One taking over within one transaction. Without a writer it only counts what would be."""

    def __init__(
        self,
        looking: Looking,
        writer: RegisterWriter | None,
        mapping: Mapping,
        columns: ImportColumns,
        reader: LineReader,
        options: ImportOptions,
        done: Imported,
    ) -> None:
        self._known = Known(looking, columns.file)
        self._originals = Originals(looking)
        self._scribe = Scribe(looking, writer, mapping, options.sha256)
        self._reader, self._done = reader, done
        self._all_or_nothing = not options.partial
        if self._all_or_nothing and done.refused:
            self._scribe.lay_down_the_pen()

    def take(self, spool: Spool) -> None:
        """Takes every line of the spool over: first those that stand for themselves."""
        duplicates = [line for line in spool if line.replaces]
        self._originals.expect((line.document_kind, line.replaces) for line in duplicates)
        for batch in chunks((line for line in spool if not line.replaces), BATCH):
            self._batch(batch)
        for ready in rounds(duplicates):
            for batch in chunks(ready.lines, BATCH):
                self._batch(batch)
            for line in ready.circular:
                self._tell(line, "replaces", "leads back to itself through other rows: correct one of them")
        self._done.first, self._done.last = self._scribe.span
        self._done.series = self._scribe.series

    def _batch(self, lines: Sequence[Line]) -> None:
        new = list[Judged]()
        for judged in self._known.judge(lines):
            line = judged.line
            findings = judged.findings
            if not judged.present:
                findings = [*findings, *self._originals.findings(line)]
            for name, severity, message in findings:
                self._tell(line, name, message, severity=severity)
            if any(severity is Severity.STOP for _, severity, _ in findings):
                continue
            if judged.present:
                self._done.present += 1
                continue
            new.append(judged)
        self._done.created += len(new)
        self._done.linked += sum(bool(one.learner) for one in new)
        self._scribe.write(new, self._originals)

    def _tell(self, line: Line, name: str, message: str, *, severity: Severity = Severity.STOP) -> None:
        value = plain_value(getattr(line, name, ""))
        shown = "" if value is None else str(value)
        self._done.problems.append(self._reader.problem(line.row, name, message, value=shown, severity=severity))
        if severity is Severity.STOP and self._all_or_nothing:
            self._scribe.lay_down_the_pen()
