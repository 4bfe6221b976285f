"""`lms-sync blanks`: blanks received, spoiled and left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lms_sync.cli.checkpoints import sign_checkpoint
from lms_sync.cli.console import put
from lms_sync.cli.document_options import ReasonOption
from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.reporting import Format, Output, parsed_day, source_in_store, today_at, write
from lms_sync.cli.workplace import kept_mapping, operator_name

app = typer.Typer(help="Keep account of the blanks that documents are written on.", no_args_is_help=True)

SeriesOption = Annotated[
    str | None, typer.Option("--series", help="The blanks' series, as printed.", show_default=False)
]


@app.command("receive")
def receive(
    first: Annotated[str, typer.Argument(help="The first number, with its leading zeros.")],
    last: Annotated[str, typer.Argument(help="The last number.")],
    kind: Annotated[
        list[str], typer.Option("--kind", help="For documents of this kind; may be repeated.", metavar="CODE")
    ],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    series: SeriesOption = None,
    on: Annotated[
        str | None, typer.Option("--on", help="The day they came; otherwise today.", metavar="YYYY-MM-DD")
    ] = None,
    invoice: Annotated[str, typer.Option("--invoice", help="Which invoice they came with.", show_default=False)] = "",
    debug: DebugOption = False,
) -> None:
    """Take a range of blanks into stock."""
    from lms_sync.registers.documents import blanks

    day = parsed_day(on, "--on")
    with source_in_store(config, source) as (settings, store, name):
        today = today_at(settings, store, name)
        received = blanks.Received(kind, series or "", first, last, day or today, invoice)
        kept = blanks.receive(store, name, kept_mapping(settings, name), received, operator_name())
        signed = sign_checkpoint(store, settings)
    put(f"{kept.uid}: {kept.size} blanks {kept.first}–{kept.last} are in stock")
    raise typer.Exit(signed)


@app.command("spoil")
def spoil(
    number: Annotated[str, typer.Argument(help="The blank's number, as printed.")],
    act: Annotated[str, typer.Option("--act", help="The act that writes it off.")],
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    series: SeriesOption = None,
    kind: Annotated[str, typer.Option("--kind", help="What it was for.", metavar="CODE", show_default=False)] = "",
    debug: DebugOption = False,
) -> None:
    """Write a blank off as spoiled."""
    from lms_sync.registers.documents import blanks
    from lms_sync.registers.documents.acts import DocumentAct

    with source_in_store(config, source) as (settings, store, name):
        why = DocumentAct(operator_name(), reason)
        kept = blanks.spoil(store, name, number, act, why, series=series, kind=kind)
        signed = sign_checkpoint(store, settings)
    put(f"The blank {kept.number} of {kept.blank_range} is written off")
    raise typer.Exit(signed)


@app.command("list")
def list_blanks(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How it is written.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.", metavar="FILE")] = None,
    debug: DebugOption = False,
) -> None:
    """How every range of blanks stands: received, used, spoiled, left."""
    from lms_sync.registers.documents.blanks import balances
    from lms_sync.report.documents import blanks_table

    with source_in_store(config, source) as (_, store, name), store.reading() as connection:
        found = balances(connection, name)
    write(blanks_table(found), Output(format, output))
