"""Reading one scope: its pages become records, each page in one transaction with its cursor, its end decides what goes.

Owns the promises of a page: repeats are harmless, nothing is dropped in silence, and nothing is retired unless the
whole scope was read and what vanished is believable. Must not know any LMS, nor SQL.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from lms_sync.connector import Events, Finding, Mode, Outcome, Page, ReadTask, Scope, ScopeEnd, SourceRecord, Stream
from lms_sync.errors import (
    SourceAnswerInvalid,
    SourceDenied,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnavailable,
    StoreError,
)
from lms_sync.log import get_logger, where_of
from lms_sync.mapping.apply import RECORD_KINDS, Mapped, Rejection
from lms_sync.records import STREAM_KINDS, Assessment, Attempt, Enrolment, GradeEntry, GradeItem, Learner, Record
from lms_sync.store.query import quarantine
from lms_sync.store.rows import QuarantineEntry, ScopeOutcome
from lms_sync.store.store import PageWriter
from lms_sync.sync.brake import Vanished, braked_kinds, leave_to_retire
from lms_sync.sync.events import keep_events, unknown_events
from lms_sync.sync.result import PullJob, ScopeVerdict

_log = get_logger(__name__)


class Interrupted(Exception):
    """The run was asked to stop between two pages."""


@dataclass
class ScopeResult:
    """How a scope ended and what was done. `silent`: the LMS gave no answer at all."""

    verdict: ScopeVerdict
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    rejected: int = 0
    silent: bool = False
    unknown_learners: bool = False


class ScopeReader:
    """Reads scopes, one after the other, for one run."""

    def __init__(self, job: PullJob) -> None:
        self._job = job
        self._known = job.store.known(job.source.name)
        self._quarantined = {
            (state.entry.kind, state.entry.key): (state.stream, state.scope)
            for state in quarantine(job.store, job.source.name)
        }

    def brings(self, stream: Stream, kind: str) -> bool:
        """Whether a stream brings records of a kind."""
        return kind in _record_kinds(stream)

    def read(self, stream: Stream, scope: Scope, mode: Mode) -> ScopeResult:
        """Reads a scope to its end. Raises SourceDenied and Interrupted; every other failure is the scope's end."""
        reading = _Reading(stream, scope, mode)
        cursor = self._job.store.cursor(self._job.source.name, scope.stream, scope.key)
        task = ReadTask(mode, self._known, cursor)
        try:
            for page in self._pages(scope, task):
                self._commit(reading, page)
        except SourceDenied:
            raise
        except SourceError as error:
            self._end_early(reading, error)
        assert reading.result is not None
        reading.result.unknown_learners = self._has_unknown_learners(reading)
        return reading.result

    def _pages(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        """The connector's pages. A fault of the plugin becomes a SourceError: it must not harm other scopes."""
        ended = False
        pages: Iterator[Page] | None = None
        while not ended:
            with connector_faults(scope.stream, scope.key):
                if pages is None:
                    pages = iter(self._job.connector.read(scope, task))
                page = next(pages, None)
                if page is not None:
                    _check_shape(page)
            if page is None:
                raise SourceAnswerInvalid("the connector stopped without saying how the scope ended")
            if self._job.options.stopped and page.end is None:
                raise Interrupted
            ended = page.end is not None
            yield page

    def _commit(self, reading: _Reading, page: Page) -> None:
        outcomes = [(source, self._job.source.mapping.apply(source)) for source in page.records]
        mapped = [(one.record, source.source_time) for source, one in outcomes if isinstance(one, Mapped)]
        entries = _quarantine_entries(one for _, one in outcomes)
        reading.note(outcomes, page)
        counts: Counter[str] = Counter()
        verdict: ScopeVerdict | None = None
        with self._page(reading.scope) as writer:
            put = writer.put(mapped)
            counts.update(
                added=put.added,
                changed=put.changed,
                unchanged=put.unchanged,
                restored=put.restored,
                erased=put.erased,
                quarantined=len(entries),
            )
            self._quarantine(writer, reading.scope, entries, [record for record, _ in mapped])
            if page.events is not None:
                counts.update(self._keep_events(writer, reading, page.events))
            if page.end is not None:
                verdict = self._retire(writer, reading, _believed(page.end), counts)
                if verdict.outcome is ScopeOutcome.COMPLETE:
                    self._release_gone(writer, reading)
                _write_end(writer, verdict)
            if page.cursor is not None and reading.may_move_cursor(verdict):
                writer.set_cursor(page.cursor)
        reading.counts.update(counts)
        self._job.progress.page(reading.scope.stream, counts)
        findings = list(page.findings)
        if verdict is not None and reading.unknown_events:
            findings.append(unknown_events(reading.unknown_events))
        reading.findings.extend(findings)
        for finding in findings:
            self._job.progress.finding(finding)
        if verdict is not None:
            reading.finish(verdict)

    def _keep_events(self, writer: PageWriter, reading: _Reading, events: Events) -> Counter[str]:
        kept = keep_events(writer.journal, self._job.source.mapping, events)
        entries = _quarantine_entries(iter(kept.rejections))
        self._quarantine(writer, reading.scope, entries, [])
        reading.note_events(events, kept.unknown, kept.rejections)
        return kept.counts + Counter(quarantined=len(entries))

    def _page(self, scope: Scope) -> AbstractContextManager[PageWriter]:
        return self._job.store.page(self._job.run, scope.stream, scope.key, scope.label)

    def _quarantine(
        self, writer: PageWriter, scope: Scope, entries: list[QuarantineEntry], records: list[Record]
    ) -> None:
        writer.quarantine(entries)
        held = {(entry.kind, entry.key) for entry in entries}
        self._release(writer, self._quarantined.keys() & {(record.kind, record.key) for record in records} - held)
        self._quarantined |= dict.fromkeys(held, (scope.stream, scope.key))

    def _release(self, writer: PageWriter, pairs: set[tuple[str, str]]) -> None:
        if pairs:
            writer.release(pairs)
        for pair in pairs:
            del self._quarantined[pair]

    def _release_gone(self, writer: PageWriter, reading: _Reading) -> None:
        """What could not be understood and is no longer in the LMS waits for nothing any more."""
        place = (reading.scope.stream, reading.scope.key)
        gone = {
            (kind, key)
            for (kind, key), where in self._quarantined.items()
            if where == place and key not in reading.seen.get(kind, ())
        }
        self._release(writer, gone)

    def _retire(
        self, writer: PageWriter, reading: _Reading, verdict: ScopeVerdict, counts: Counter[str]
    ) -> ScopeVerdict:
        """Retires what is gone, if the reading allows it; gives the verdict that results."""
        vanished = self._vanished(reading, verdict)
        if not vanished:
            return verdict
        if not self._job.options.may_retire(reading.scope):
            braked = self._brake(reading, vanished)
            if braked:
                counts["braked"] += sum(count for count, _ in braked.values())
                note = f"{verdict.note} {self._brake_note(reading.scope, braked)}".strip()
                return replace(verdict, outcome=ScopeOutcome.BRAKED, note=note)
        for kind, keys in vanished.keys.items():
            counts["retired"] += writer.retire(kind, keys, "no longer in the LMS")
        return verdict

    def _brake_note(self, scope: Scope, braked: Mapping[str, tuple[int, int]]) -> str:
        what = ", ".join(f"{count} of {live} {kind} records" for kind, (count, live) in braked.items())
        leave = shlex.quote(leave_to_retire(scope.stream, scope.key))
        command = f"lms-sync pull --source {self._job.source.name} --stream {scope.stream} --allow-retire {leave}"
        return f"{what} vanished at once, so none was retired; look at the LMS, and if they are gone: {command}"

    def _vanished(self, reading: _Reading, verdict: ScopeVerdict) -> Vanished:
        if not verdict.outcome.trusted:
            return Vanished()
        if verdict.outcome is ScopeOutcome.CHANGES and not reading.told_absent:
            return Vanished()  # the usual case, and it should cost no look at the scope's records
        kinds = _record_kinds(reading.stream) - {Learner.kind}
        live = {kind: set(self._known.rows(kind, reading.scope.key, ())) for kind in kinds}
        if verdict.outcome is ScopeOutcome.COMPLETE:
            gone = {kind: keys - reading.seen[kind] for kind, keys in live.items()}
        else:
            gone = {kind: (keys & reading.absent[kind]) - reading.seen[kind] for kind, keys in live.items()}
        return Vanished(
            {kind: frozenset(keys) for kind, keys in gone.items() if keys},
            {kind: len(keys) for kind, keys in live.items()},
        )

    def _brake(self, reading: _Reading, vanished: Vanished) -> dict[str, tuple[int, int]]:
        """The kinds of which too much vanished, not counting what follows from a test, column or enrolment gone."""
        scope = reading.scope.key
        parents = {GradeEntry.kind: ("grade_item", "learner"), Attempt.kind: ("assessment", "learner")}
        rows = {
            kind: self._known.rows(kind, scope, fields) for kind, fields in parents.items() if kind in vanished.keys
        }
        enrolled = {row[0] for row in self._known.rows(Enrolment.kind, scope, ("learner",)).values()}
        tests = {row[0] for row in rows.get(Attempt.kind, {}).values()}
        gone = {
            GradeEntry.kind: vanished.keys.get(GradeItem.kind, frozenset()),
            Attempt.kind: tests - self._known.live_among(Assessment.kind, tests),
        }

        def explained(kind: str, key: str) -> bool:
            if key not in rows.get(kind, {}):
                return False
            parent, learner = rows[kind][key]
            return parent in gone[kind] or (bool(enrolled) and learner not in enrolled)

        options = self._job.options
        return braked_kinds(vanished, explained, share=options.brake_share, floor=options.brake_floor)

    def _end_early(self, reading: _Reading, error: SourceError) -> None:
        outcome = ScopeOutcome.REFUSED if isinstance(error, SourceRefused) else ScopeOutcome.PARTIAL
        verdict = ScopeVerdict(outcome, received=reading.received, note=str(error))
        with self._page(reading.scope) as writer:
            _write_end(writer, verdict)
        silent = isinstance(error, SourceUnavailable) and not isinstance(error, SourceTimeout)
        reading.finish(verdict, silent=silent)

    def _has_unknown_learners(self, reading: _Reading) -> bool:
        if not reading.learners:
            return False
        known = self._known.rows(Enrolment.kind, reading.scope.key, ("learner",)).values()
        return bool(reading.learners - {row[0] for row in known})


class _Reading:
    """What is gathered while a scope is read."""

    def __init__(self, stream: Stream, scope: Scope, mode: Mode) -> None:
        self.stream = stream
        self.scope = scope
        self.mode = mode
        kinds = _record_kinds(stream)
        self.seen: dict[str, set[str]] = {kind: set() for kind in kinds}
        self.absent: dict[str, set[str]] = {kind: set() for kind in kinds}
        self.learners: set[str] = set()  # whose results came
        self.counts: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.unknown_events: Counter[str] = Counter()
        self.received = 0
        self.rejected = 0
        self.result: ScopeResult | None = None

    def note(self, outcomes: list[tuple[SourceRecord, Mapped | Rejection]], page: Page) -> None:
        """Remembers what a page showed. What could not be mapped was seen all the same and must not be retired."""
        self.received += len(outcomes)
        for _, outcome in outcomes:
            if isinstance(outcome, Rejection):
                self.rejected += 1
                self.seen.setdefault(outcome.kind, set()).add(outcome.key)
                continue
            record = outcome.record
            self.seen.setdefault(record.kind, set()).add(record.key)
            if isinstance(record, (GradeEntry, Attempt)):
                self.learners.add(record.learner)
        for kind, key in page.absent:
            self.absent.setdefault(kind, set()).add(key)

    def note_events(self, events: Events, unknown: Counter[str], rejections: list[Rejection]) -> None:
        """Remembers how many events a page showed, which of them no rule knows, and which could not be kept."""
        self.received += len(events.rows)
        self.rejected += len(rejections)
        self.unknown_events += unknown
        for rejection in rejections:
            self.seen.setdefault(rejection.kind, set()).add(rejection.key)

    @property
    def told_absent(self) -> bool:
        """Whether a page has named something that the LMS no longer has."""
        return any(self.absent.values())

    def may_move_cursor(self, verdict: ScopeVerdict | None) -> bool:
        """Whether a page's cursor may be kept. `verdict`: on the whole scope, if this is its last page.

        A braked or partial reading keeps the old cursor, so that the same changes are looked at again. So does a page
        after which something is still owed: what was named absent is retired at the end, and would be forgotten if
        the cursor passed it before.
        """
        return verdict.outcome.trusted if verdict is not None else not self.told_absent

    def finish(self, verdict: ScopeVerdict, *, silent: bool = False) -> None:
        """Puts the result together."""
        self.result = ScopeResult(verdict, self.counts, self.findings, self.rejected, silent)


@contextmanager
def connector_faults(stream: str = "", scope: str = "") -> Iterator[None]:
    """Turns whatever a plugin does wrong in the block into a SourceError: it must not harm the rest of the run."""
    try:
        yield
    except (SourceError, StoreError):
        raise
    except Exception as error:
        kind, where = type(error).__name__, where_of(error)
        # Neither the text nor the traceback of a plugin's error is logged: both may quote a record.
        _log.error("connector fault", stream=stream, scope=scope, error=kind, where=where)
        raise SourceAnswerInvalid(f"the connector failed with {kind} at {where}: report this to its author") from None


def _check_shape(page: Page) -> None:
    """Raises TypeError for what is no page of records; what the records hold is the mapping's to judge."""
    if not isinstance(page, Page):
        raise TypeError("not a Page")
    for record in page.records:
        if not (isinstance(record, SourceRecord) and isinstance(record.fields, Mapping)):
            raise TypeError("not a SourceRecord with fields")
    if page.events is not None and not isinstance(page.events, Events):
        raise TypeError("not Events")
    if page.end is not None and not (isinstance(page.end, ScopeEnd) and isinstance(page.end.outcome, Outcome)):
        raise TypeError("not a ScopeEnd with an Outcome")


def _believed(end: ScopeEnd) -> ScopeVerdict:
    """The connector's word, taken as it is."""
    return ScopeVerdict(ScopeOutcome(end.outcome.value), end.received, end.expected, end.note)


def _write_end(writer: PageWriter, verdict: ScopeVerdict) -> None:
    writer.end(verdict.outcome, verdict.expected, verdict.received, verdict.note)


def _record_kinds(stream: Stream) -> set[str]:
    """The kinds of record that a stream brings. Events are no records: the journal keeps them, and retires none."""
    return {RECORD_KINDS.get(kind, kind) for kind in stream.kinds} & STREAM_KINDS.keys()


def _quarantine_entries(outcomes: Iterator[Mapped | Rejection]) -> list[QuarantineEntry]:
    """One entry for each object with something wrong: the whole object, or all its doubtful fields together."""
    entries = []
    for outcome in outcomes:
        rejections = (outcome,) if isinstance(outcome, Rejection) else outcome.warnings
        if rejections:
            first = rejections[0]
            fields = ", ".join(dict.fromkeys(rejection.field for rejection in rejections if rejection.field))
            message = "; ".join(dict.fromkeys(rejection.message for rejection in rejections))
            entries.append(QuarantineEntry(first.kind, first.key, fields, first.code, message))
    return entries
