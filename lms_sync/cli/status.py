"""`lms-sync status`: how fresh everything is, and what needs attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli.console import put_json
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption
from lms_sync.cli.workplace import open_store, store_settings
from lms_sync.errors import EXIT_DONE, EXIT_PARTIAL

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lms_sync.config import Settings
    from lms_sync.report.status import PushStatus, SourceStatus
    from lms_sync.store.store import Store

_RUNS = 1000


def status(
    config: ConfigOption = None,
    scopes: Annotated[bool, typer.Option("--scopes", help="List every scope, not only the troubled ones.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 when something needs attention.")] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show how fresh everything is and what needs attention."""
    settings = store_settings(config)
    with open_store(settings) as store:
        statuses = list(read_statuses(settings, store))
        states = store.scope_states() if scopes else [state for one in statuses for state in one.troubled]
    from lms_sync.cli.status_tables import show, status_document

    if json:
        put_json([status_document(one, [s for s in states if s.source == one.source]) for one in statuses])
    else:
        for one in statuses:
            show(one, [state for state in states if state.source == one.source])
    raise typer.Exit(EXIT_PARTIAL if check and any(one.attention for one in statuses) else EXIT_DONE)


def read_statuses(settings: Settings, store: Store) -> Iterator[SourceStatus]:
    """The status of every source that is configured or has left something in the store."""
    from lms_sync.config import Outline
    from lms_sync.exact import utc_now
    from lms_sync.report.status import JournalStatus, source_status
    from lms_sync.store.attestation import open_drifts
    from lms_sync.store.journal import read_journal_state
    from lms_sync.store.query import quarantine, runs

    kept = {run.source for run in runs(store, limit=_RUNS)}
    for name in dict.fromkeys([*settings.outlines, *sorted(kept)]):
        outline = settings.outlines.get(name, Outline("UTC", {}))
        with store.reading() as connection:
            undecided = open_drifts(connection, name)
            journal = read_journal_state(connection, name)
            pushes = _read_pushes(connection, name)
        yield source_status(
            name,
            runs=runs(store, source=name, limit=_RUNS),
            states=store.scope_states(name),
            quarantine=quarantine(store, source=name),
            schedule=outline.schedule,
            timezone=outline.timezone,
            now=utc_now(),
            undecided=undecided,
            journal=JournalStatus(journal.rung, journal.told_until) if journal.rung else None,
            pushes=pushes,
        )


def _read_pushes(connection: Connection, source: str) -> PushStatus | None:
    """How documents stand in the targets that are switched on; None where there are none."""
    from lms_sync.records import PushState
    from lms_sync.report.status import PushStatus
    from lms_sync.store.pushes import push_counts, target_states

    targets = {name: one for name, one in target_states(connection, source).items() if one.enabled}
    if not targets:
        return None
    counts = dict.fromkeys(PushState, 0)
    for one in push_counts(connection, source):
        counts[one.state] += one.count if one.target in targets else 0
    return PushStatus(
        confirmed=counts[PushState.CONFIRMED],
        waiting=counts[PushState.PENDING],
        uncertain=counts[PushState.UNCERTAIN] + counts[PushState.SENT],
        failed=counts[PushState.FAILED],
        note="; ".join(dict.fromkeys(one.note for one in targets.values() if one.note)),
    )
