"""`lms-sync verify`: proves that the store is what was written."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli.console import put, put_json, say
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption
from lms_sync.cli.workplace import open_store, store_settings
from lms_sync.errors import EXIT_STORE, ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lms_sync.store.rows import Broken
    from lms_sync.store.store import Store
    from lms_sync.store.verify import ProtocolReport, VerifyReport


def verify(
    config: ConfigOption = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            help="Prove also that the store extends this checkpoint; may be repeated.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(
            "--public-key",
            help="The key that checkpoints must be signed with (a .pub file kept elsewhere).",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol",
            help="Check only this protocol and the results it names: fast.",
            metavar="NUMBER",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            "-s",
            help="The protocol's source; needed when several have its number.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Prove that the store is what was written.

    Checks that the ledger is unbroken, that every table agrees with it, and that every scan is the one attached.
    """
    from lms_sync.store.scan_files import ScanFiles
    from lms_sync.store.signing import read_public_key
    from lms_sync.store.verify import verify, verify_protocol

    checkpoints = checkpoint or []
    _refuse_contradictions(protocol, source, bool(checkpoints), public_key is not None)
    trusted = read_public_key(public_key) if public_key else None
    report: VerifyReport | ProtocolReport
    settings = store_settings(config)
    with open_store(settings) as store:
        if protocol is not None:
            report = verify_protocol(store, source or _source_with(store, protocol), protocol)
        else:
            report = verify(store, checkpoints=checkpoints, public_key=trusted, scans=ScanFiles(settings.scans))
    if json:
        put_json(dataclasses.asdict(report))
    elif report.ok:
        put(_whole(report, trusted is not None))
    else:
        _tell_broken(report.problems, report.unlisted, report.rows)
    raise typer.Exit(0 if report.ok else EXIT_STORE)


def _refuse_contradictions(protocol: str | None, source: str | None, checkpoints: bool, key: bool) -> None:
    if protocol is not None and (checkpoints or key):
        raise ConfigError("--protocol checks no checkpoint: leave out --protocol to prove the whole store.")
    if key and not checkpoints:
        raise ConfigError("--public-key says who must have signed a checkpoint: name one with --checkpoint.")
    if source is not None and protocol is None:
        raise ConfigError("--source belongs to --protocol: the whole store is always checked with all its sources.")


def _source_with(store: Store, number: str) -> str:
    from lms_sync.store.verify import sources_with_protocol

    sources = sources_with_protocol(store, number)
    if len(sources) > 1:
        raise ConfigError(f"Several sources have a protocol {number}; choose with --source: {', '.join(sources)}.")
    if not sources:
        raise ConfigError(f"The store has no protocol {number!r}: look at lms-sync protocols list.")
    return sources[0]


def _whole(report: VerifyReport | ProtocolReport, trusted: bool) -> str:
    from lms_sync.store.verify import ProtocolReport

    if isinstance(report, ProtocolReport):
        versions = "its one version" if report.versions == 1 else f"its {report.versions} versions"
        return (
            f"Protocol {report.number} of {report.source} is whole: {versions} and the results they name, "
            f"{report.rows} ledger rows, agree with each other and with their tables. The rest of the ledger was not "
            "checked: lms-sync verify does."
        )
    journal = f", the journal's {report.actions} actions too" if report.actions else ""
    told = f"The store is whole: {report.rows} ledger rows, and every table agrees with them{journal}."
    if report.checkpoints:
        key = "the trusted key" if trusted else "the key that each names"
        count = "the checkpoint" if report.checkpoints == 1 else f"all {report.checkpoints} checkpoints"
        told += f" It extends {count}, signed with {key}."
    return told


def _tell_broken(problems: Sequence[Broken], unlisted: int, rows: int) -> None:
    put(f"The store is NOT what was written; {rows} ledger rows were read:")
    for broken in problems:
        put(f"  ✗ {broken.where}: {broken.what}")
    if unlisted:
        put(f"  … and {unlisted} more")
    say("Keep the store as it is, restore a backup beside it, and compare. See docs/operating.md.")
