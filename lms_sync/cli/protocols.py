"""`lms-sync protocols`: protocols of final attestation, from the open sitting to the export."""

from __future__ import annotations

import dataclasses
import json as json_text
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lms_sync.cli.checkpoints import configured_key, sign_checkpoint
from lms_sync.cli.console import data_console, put, put_json, say
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, OneSourceOption
from lms_sync.cli.reporting import Format, Output, opened, source_in_store, write, zone_of
from lms_sync.cli.workplace import kept_mapping, operator_name
from lms_sync.errors import EXIT_PARTIAL, ConfigError, RegisterError

if TYPE_CHECKING:
    from lms_sync.config import Settings
    from lms_sync.mapping.apply import Mapping
    from lms_sync.registers.amending import Done
    from lms_sync.registers.document import ProtocolDocument
    from lms_sync.store.store import Store

app = typer.Typer(help="List, close, amend and export protocols of final attestation.", no_args_is_help=True)

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the ledger for good.")]
LearnerOption = Annotated[
    str | None, typer.Option("--learner", help="Only what concerns this learner, by LMS id.", metavar="ID")
]
NumberArgument = Annotated[str, typer.Argument(help="The protocol's number, as `protocols list` shows it.")]


@app.command("list")
def list_protocols(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only what is not closed yet.")] = False,
    closed_only: Annotated[bool, typer.Option("--closed", help="Only what has a number.")] = False,
    course: Annotated[str | None, typer.Option("--course", help="Only of this course, by LMS id.")] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How it is written.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.", metavar="FILE")] = None,
    debug: DebugOption = False,
) -> None:
    """Protocols, closed and open.

    An open one is named by its sitting (as 4/ОТ-1): give that to `show` and `close`.
    """
    from lms_sync.registers.document import protocol_documents
    from lms_sync.registers.overview import open_documents
    from lms_sync.report.protocols import list_table

    with source_in_store(config, source) as (settings, store, name):
        documents = [] if open_only else protocol_documents(store, name)
        if not closed_only:
            documents += open_documents(store, name, kept_mapping(settings, name))
    documents = [one for one in documents if course in (None, one.course)]
    if format is Format.JSON:
        _write_json({"protocols": [one.as_json() for one in documents]}, output)
    else:
        write(list_table(documents), Output(format, output))


@app.command("show")
def show(
    which: Annotated[str, typer.Argument(help="A protocol's number, or an open sitting as `list` shows it.")],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """One protocol with its lines, or an open one as it would be closed now. Shows personal data."""
    from lms_sync.report.protocols import heading, lines_table, notes
    from lms_sync.report.table import write_table

    with source_in_store(config, source) as (settings, store, name):
        document = _document(store, name, which, lambda: kept_mapping(settings, name))
    if json:
        put_json(document.as_json())
        return
    for line in heading(document):
        put(line)
    write_table(dataclasses.replace(lines_table(document), notes=notes(document)), data_console())


@app.command("close")
def close(
    sittings: Annotated[
        list[str] | None,
        typer.Argument(help="Open sittings, as `protocols list --open` shows them.", metavar="SITTING…"),
    ] = None,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    ready: Annotated[bool, typer.Option("--ready", help="Every sitting in which nothing waits.")] = False,
    absent: Annotated[
        bool | None,
        typer.Option("--absent/--no-absent", help="List who has no result. Otherwise: unless the test is still open."),
    ] = None,
    leave_waiting: Annotated[
        bool, typer.Option("--leave-waiting", help="Leave results that still wait to a later protocol.")
    ] = False,
    as_recorded: Annotated[
        bool, typer.Option("--as-recorded", help="Although the LMS now tells something otherwise; needs --reason.")
    ] = False,
    reason: ReasonOption = "",
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Close open sittings: number, seal and keep them as protocols. Doing it again changes nothing."""
    from lms_sync.registers import closing
    from lms_sync.registers.overview import ready_sittings
    from lms_sync.registers.sittings import SittingId

    if as_recorded and not reason.strip():
        raise ConfigError("--as-recorded needs a reason: give one with --reason.")
    with source_in_store(config, source) as (settings, store, name):
        mapping = kept_mapping(settings, name)
        options = closing.ClosingOptions(
            actor=operator_name(),
            absent=absent,
            leave_waiting=leave_waiting,
            on_drift=closing.OnDrift.KEEP if as_recorded else closing.OnDrift.REFUSE,
            reason=reason,
        )
        wanted = list(sittings or ())
        if ready:
            wanted += [str(one.id) for one in ready_sittings(store, name, mapping)]
        if not wanted and not ready:
            raise ConfigError("Say what to close: sittings as `lms-sync protocols list --open` shows them, or --ready.")
        results, refused = [], []
        for one in wanted:
            try:
                results.append((one, closing.close(store, name, mapping, SittingId.parse(one), options)))
            except RegisterError as error:
                refused.append(str(error))
        signed = sign_checkpoint(store, settings)
    for message in refused:
        say(message)
    if json:
        put_json(
            {
                "closed": [
                    {"sitting": one, "number": result.protocol.number, "created": result.created}
                    for one, result in results
                ],
                "refused": refused,
            }
        )
    else:
        for one, result in results:
            told = "closed as protocol" if result.created else "was closed before, as protocol"
            put(f"{one}: {told} {result.protocol.number}, {result.protocol.totals.listed} lines")
        if not wanted:
            put("Nothing is ready to be closed.")
    if refused:
        raise typer.Exit(EXIT_PARTIAL if results else RegisterError.exit_code)
    raise typer.Exit(signed)


@app.command("amend")
def amend(
    number: NumberArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    learner: LearnerOption = None,
    debug: DebugOption = False,
) -> None:
    """Take over into a protocol what the LMS now tells otherwise. The earlier version is kept."""
    from lms_sync.registers import amending

    act = amending.Act(operator_name(), reason, learner)
    done, signed = _do(config, source, lambda store, name, mapping: amending.amend(store, name, mapping, number, act))
    assert done.protocol is not None
    put(f"Protocol {number} is amended (revision {done.protocol.revision}): {done.decided} differences taken over")
    raise typer.Exit(signed)


@app.command("accept")
def accept(
    sitting: Annotated[str, typer.Argument(help="An open sitting, as `protocols list --open` shows it.")],
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    learner: LearnerOption = None,
    debug: DebugOption = False,
) -> None:
    """Take over what the LMS now tells otherwise into results that stand in no protocol yet."""
    from lms_sync.registers import amending
    from lms_sync.registers.sittings import SittingId

    wanted = SittingId.parse(sitting)
    act = amending.Act(operator_name(), reason, learner)
    done, signed = _do(config, source, lambda store, name, mapping: amending.accept(store, name, mapping, wanted, act))
    put(f"{sitting}: {done.decided} differences taken over")
    raise typer.Exit(signed)


@app.command("keep")
def keep(
    number: NumberArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    learner: LearnerOption = None,
    debug: DebugOption = False,
) -> None:
    """Decide that a protocol stands as it is although the LMS tells something otherwise."""
    from lms_sync.registers import amending

    act = amending.Act(operator_name(), reason, learner)
    done, signed = _do(config, source, lambda store, name, mapping: amending.keep(store, name, mapping, number, act))
    put(f"Protocol {number} stands: {done.decided} differences decided")
    raise typer.Exit(signed)


@app.command("annul")
def annul(
    number: NumberArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    debug: DebugOption = False,
) -> None:
    """Annul a protocol. Its number stays taken; its results wait for a protocol again."""
    from lms_sync.registers import amending

    with source_in_store(config, source) as (settings, store, name):
        amending.annul(store, name, kept_mapping(settings, name), number, amending.Act(operator_name(), reason))
        signed = sign_checkpoint(store, settings)
    put(f"Protocol {number} is annulled")
    raise typer.Exit(signed)


@app.command("drift")
def drift(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    all_states: Annotated[bool, typer.Option("--all", help="Also what was decided or has settled.")] = False,
    format: Annotated[Format, typer.Option("--format", "-f", help="How it is written.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.", metavar="FILE")] = None,
    debug: DebugOption = False,
) -> None:
    """What the LMS now tells otherwise than recorded results do. Shows personal data."""
    from lms_sync.records import DriftState
    from lms_sync.report.protocols import drift_table
    from lms_sync.store.attestation import drifts

    with source_in_store(config, source) as (settings, store, name), store.reading() as connection:
        found = drifts(connection, name, state=None if all_states else DriftState.OPEN)
    write(drift_table(found, zone_of(settings, name)), Output(format, output))


@app.command("export")
def export(
    number: NumberArgument,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    format: Annotated[
        Format, typer.Option("--format", "-f", help="json: the whole document; csv: its lines.")
    ] = Format.JSON,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.", metavar="FILE")] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin CSV with the mark that Excel needs for Cyrillic.")] = False,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle", help="Into this directory, with its proof and the program that checks it.", metavar="DIR"
        ),
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Put out a protocol: as JSON or CSV, or as a bundle that proves itself without lms-sync. Shows personal data."""
    from lms_sync.report.protocols import export_table

    with source_in_store(config, source) as (settings, store, name):
        if bundle is not None:
            put(str(_save_bundle(settings, store, name, number, bundle)))
            return
        document = _document(store, name, number, None)
    if format is Format.JSON:
        _write_json(document.as_json(), output)
    else:
        write(export_table(document), Output(format, output, bom))


# --- what the commands share ------------------------------------------------------------------------------------------


def _do(config: Path | None, source: str | None, act: Callable[[Store, str, Mapping], Done]) -> tuple[Done, int]:
    """Does one act on the records of a source and signs the ledger's new head; gives what was done and an exit code."""
    with source_in_store(config, source) as (settings, store, name):
        done = act(store, name, kept_mapping(settings, name))
        return done, sign_checkpoint(store, settings)


def _save_bundle(settings: Settings, store: Store, source: str, number: str, directory: Path) -> Path:
    from lms_sync.store.bundle import protocol_bundle, save_bundle

    kept = settings.checkpoints.directory if settings.checkpoints else None
    data = protocol_bundle(store, source, number, key=configured_key(settings), checkpoints=kept)
    return save_bundle(data, directory, source, number)


def _document(store: Store, source: str, which: str, mapping: Callable[[], Mapping] | None) -> ProtocolDocument:
    """The protocol of that number, or the open sitting of that name. Raises RegisterError."""
    from lms_sync.registers.document import protocol_documents
    from lms_sync.registers.overview import open_documents

    found = protocol_documents(store, source, which)
    if not found and mapping is not None:
        found = [one for one in open_documents(store, source, mapping()) if one.sitting == which]
    if not found:
        raise RegisterError(f"There is no protocol or open sitting {which} of {source}: see `lms-sync protocols list`.")
    return found[0]


def _write_json(document: dict[str, Any], path: Path | None) -> None:
    with opened(path) as stream:
        json_text.dump(document, stream, ensure_ascii=False, indent=2)
        stream.write("\n")
