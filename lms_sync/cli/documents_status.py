"""`lms-sync documents status | reconcile`: whether documents are in the LMS, and whether it shows them rightly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli.console import data_console, put, put_json, say
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, OneSourceOption, SourceOption
from lms_sync.cli.push import by_target, configured, put_differences
from lms_sync.cli.reporting import source_in_store
from lms_sync.cli.workplace import (
    chosen_sources,
    full_settings,
    open_store,
    operator_name,
    push_sources,
)
from lms_sync.errors import EXIT_DONE, EXIT_PARTIAL, RegisterError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from lms_sync.records import DocumentPush
    from lms_sync.report.pushes import DocumentStep
    from lms_sync.store.documents import StoredDocument


def register(app: typer.Typer) -> None:
    """Adds the commands to `lms-sync documents`."""
    app.command("status")(status)
    app.command("reconcile")(reconcile)


def status(
    uids: Annotated[list[str] | None, typer.Argument(help="Only these documents, whatever their state.")] = None,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    all_documents: Annotated[bool, typer.Option("--all", help="Those that are in the LMS too.")] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Tell of each document that is not in the LMS as it should be: why, and what to do. Asks the store only."""
    from lms_sync.report.pushes import steps_document, steps_table
    from lms_sync.report.table import write_table

    with source_in_store(config, source) as (_, store, name), store.reading() as connection:
        counts = _counts(connection, name)
        steps = _of_documents(connection, name, uids) if uids else _of_all(connection, name, all_documents)
    if json:
        put_json({"source": name, "counts": counts, "documents": steps_document(steps)})
        return
    if not counts and not steps:
        say(f"{name}: no document was ever queued; see `lms-sync push`.")
    for target, by_state in counts.items():
        put(f"{name} {target}: {', '.join(f'{count} {state}' for state, count in by_state.items()) or 'nothing yet'}")
    if steps:
        write_table(steps_table("Documents", steps).without_blanks(), data_console())


def reconcile(
    config: ConfigOption = None,
    source: SourceOption = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", help="Only this target; may be repeated.", metavar="TARGET")
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Compare all that the LMS shows of documents with the register. Repairs nothing; exits with 1 on differences."""
    from lms_sync.sync.push import PushOptions
    from lms_sync.sync.reconcile_documents import reconcile as compared

    settings = full_settings(config)
    sources = configured(settings, chosen_sources(settings, source))
    options = PushOptions(operator_name(), tuple(target) if target else None)
    with open_store(settings) as store:
        found, code = by_target(push_sources(sources), options, partial(compared, store))
    put_differences(found, "the LMS is not as the register says", json)
    if any(found.values()):
        say("Nothing was changed. lms-sync push --retry UID brings a document up to the register.")
    raise typer.Exit(code or (EXIT_PARTIAL if any(found.values()) else EXIT_DONE))


def pushes_by_document(connection: Connection, source: str, uids: Sequence[str]) -> dict[str, list[DocumentPush]]:
    """Where documents stand in the targets that are switched on."""
    from lms_sync.store.pushes import enabled_targets, pushes

    enabled = enabled_targets(connection, source)
    found: dict[str, list[DocumentPush]] = {}
    for row in pushes(connection, source, uids=uids) if enabled else ():
        if row.target in enabled:
            found.setdefault(row.document, []).append(row)
    return found


def _counts(connection: Connection, source: str) -> dict[str, dict[str, int]]:
    """Documents by target and state; targets that are switched off are left out."""
    from lms_sync.store.pushes import enabled_targets, push_counts

    counts: dict[str, dict[str, int]] = {target: {} for target in enabled_targets(connection, source)}
    for one in push_counts(connection, source):
        if one.target in counts:
            counts[one.target][one.state.value] = one.count
    return counts


def _of_all(connection: Connection, source: str, everything: bool) -> list[DocumentStep]:
    from lms_sync.records import PushState
    from lms_sync.report.pushes import DocumentStep
    from lms_sync.store.pushes import changed_pushes, enabled_targets, erased_holders, not_in_outbox

    wanted = [state for state in PushState if everything or state is not PushState.CONFIRMED]
    enabled = enabled_targets(connection, source)
    rows = [one for one in changed_pushes(connection, source, states=wanted) if one[0].target in enabled]
    erased = erased_holders(connection, source, {row.document for row, _ in rows})
    steps = [
        DocumentStep(row.document, row.target, row, since, _ERASED if row.document in erased else "")
        for row, since in rows
    ]
    queued = {(step.document, step.target) for step in steps}
    missing = [(uid, target) for target in enabled for uid in not_in_outbox(connection, source, target)]
    return steps + [DocumentStep(uid, target) for uid, target in missing if (uid, target) not in queued]


def _of_documents(connection: Connection, source: str, uids: Sequence[str]) -> list[DocumentStep]:
    from lms_sync.report.pushes import DocumentStep
    from lms_sync.store.documents import DocumentFilter, documents
    from lms_sync.store.pushes import changed_pushes, target_states

    found = {one.record.uid: one for one in documents(connection, source, DocumentFilter(uids=uids))}
    if unknown := [uid for uid in uids if uid not in found]:
        raise RegisterError(
            f"The register of {source} has no document {', '.join(unknown)}: see `lms-sync documents list`."
        )
    targets = target_states(connection, source)
    rows = {(row.document, row.target): (row, since) for row, since in changed_pushes(connection, source, uids=uids)}
    steps = []
    for uid, stored in found.items():
        for name, target in targets.items():
            row, since = rows.get((uid, name), (None, None))
            if target.enabled or row is not None:
                off = "" if target.enabled else "the target is switched off"
                steps.append(DocumentStep(uid, name, row, since, _hindrance(stored) or off))
        if not targets:
            steps.append(DocumentStep(uid, "", hindrance=_hindrance(stored) or "no target was ever switched on"))
    return steps


_ERASED = "the holder was erased: it is never told again"


def _hindrance(stored: StoredDocument) -> str:
    if not stored.record.registration_number:
        return "it was never issued"
    if stored.holder is None:
        return _ERASED
    return "" if stored.record.learner else "its holder is nobody whom the LMS knows"
