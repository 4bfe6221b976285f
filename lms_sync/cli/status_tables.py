"""How `lms-sync status` looks: words and tables for people, one document for programs."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from lms_sync.cli.console import data_console, put
from lms_sync.exact import utc_now, utc_text
from lms_sync.records import Rung
from lms_sync.records.base import plain_value
from lms_sync.report.interface import Column, Table, Value
from lms_sync.report.status import JournalStatus, PushStatus, SourceStatus
from lms_sync.report.table import write_table
from lms_sync.store.rows import RunState, ScopeOutcome, ScopeState
from lms_sync.sync.brake import leave_to_retire
from lms_sync.timing import duration_text


def show(status: SourceStatus, scopes: list[ScopeState]) -> None:
    """The status as tables."""
    put(f"{status.source}: {'; '.join(status.attention) or 'all is well'}")
    put(f"  last run: {_run_words(status.last_run)}")
    if status.last_done and status.last_done != status.last_run:
        put(f"  last run that brought everything: {_run_words(status.last_done)}")
    if status.waiting:
        put(f"  final attestation: {status.waiting} results wait (lms-sync protocols list --open)")
    if status.journal:
        put(f"  action journal: {_journal_words(status.journal)}")
    if status.pushes:
        put(f"  documents in the LMS: {_push_words(status.pushes)}")
    for table in (_stream_table(status), _scope_table(scopes), _quarantine_table(status)):
        if table.rows:
            write_table(table, data_console())


def _journal_words(journal: JournalStatus) -> str:
    if journal.rung is Rung.DERIVED:
        return "derived from other records, since the LMS tells no log (see lms-sync doctor)"
    until = f"complete until {utc_text(journal.told_until)}" if journal.told_until else "which has just begun"
    return f"from the LMS's own log, {until}"


def _push_words(pushes: PushStatus) -> str:
    parts = {"waiting": "wait", "uncertain": "sent and not answered for", "failed": "failed"}
    told = [f"{getattr(pushes, name)} {words}" for name, words in parts.items() if getattr(pushes, name)]
    return ", ".join([f"{pushes.confirmed} confirmed", *told]) + (" (lms-sync documents status)" if told else "")


def _run_words(run: RunState | None) -> str:
    if run is None:
        return "none"
    counts = ", ".join(f"{number} {name}" for name, number in run.counts.items() if number)
    note = f" ({run.note})" if run.note else ""
    return (
        f"{run.outcome or 'under way'}, begun {utc_text(run.started_at)} by {run.actor}: {counts or 'no changes'}{note}"
    )


def _stream_table(status: SourceStatus) -> Table:
    columns = [Column("stream", "stream")]
    columns += [Column(key, key, numeric=True) for key in ("scopes", "read", "partial", "refused", "braked", "closed")]
    columns += [Column("read_ago", "last read"), Column("complete_ago", "oldest whole reading"), Column("late", "")]
    rows = [
        [
            stream.stream,
            stream.scopes,
            stream.trusted,
            stream.partial,
            stream.refused,
            stream.braked,
            stream.closed,
            _ago(stream.newest_read),
            _ago(stream.oldest_complete),
            "late" if stream.late else "",
        ]
        for stream in status.streams
    ]
    return Table("", columns, rows).without_blanks()


def _scope_table(scopes: list[ScopeState]) -> Table:
    columns = [Column(key, key) for key in ("stream", "scope", "label", "outcome")]
    columns += [Column("received", "received", numeric=True), Column("expected", "expected", numeric=True)]
    columns += [Column("read", "last read"), Column("complete", "last whole reading"), Column("note", "note")]
    rows: list[list[Value]] = [
        [
            state.stream,
            state.scope,
            state.label,
            state.outcome,
            state.received,
            state.expected,
            _ago(state.read_at),
            _ago(state.complete_at),
            state.note,
        ]
        for state in scopes
    ]
    return Table("Scopes", columns, rows)


def _quarantine_table(status: SourceStatus) -> Table:
    columns = [Column("count", "objects", numeric=True)]
    columns += [Column(key, key) for key in ("kind", "field", "code", "message")]
    rows: list[list[Value]] = [[one.count, one.kind, one.field, one.code, one.message] for one in status.quarantine]
    return Table("Quarantine", columns, rows)


def _ago(instant: dt.datetime | None) -> str:
    if instant is None:
        return "never"
    age = utc_now() - instant
    coarse = dt.timedelta(minutes=1) if age > dt.timedelta(minutes=1) else dt.timedelta(seconds=1)
    return f"{duration_text(age - age % coarse)} ago"


def status_document(status: SourceStatus, scopes: list[ScopeState]) -> dict[str, Any]:
    """The status as JSON-ready values; times as UTC text."""
    document: dict[str, Any] = plain_value(asdict(status))
    document["scopes"] = [_scope_document(scope) for scope in scopes]
    del document["troubled"]
    return document


def _scope_document(state: ScopeState) -> dict[str, Any]:
    document: dict[str, Any] = plain_value(asdict(state))
    return document | {"allow_retire": leave_of(state.stream, state.scope, state.outcome)}


def leave_of(stream: str, scope: str, outcome: str) -> str | None:
    """What `lms-sync pull --allow-retire` takes to let a braked scope through; None: the brake did not stop it."""
    return leave_to_retire(stream, scope) if outcome == ScopeOutcome.BRAKED else None
