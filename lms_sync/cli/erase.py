"""`lms-sync erase`: removes a learner's personal data for good. It cannot be undone: the identifier is said twice."""

from __future__ import annotations

from typing import Annotated

import typer

from lms_sync.cli.checkpoints import sign_checkpoint
from lms_sync.cli.console import put, say
from lms_sync.cli.document_options import ReasonOption
from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.reporting import source_in_store
from lms_sync.cli.workplace import operator_name
from lms_sync.errors import ConfigError


def erase(
    learner: Annotated[str, typer.Argument(help="The learner, by LMS id.", metavar="LEARNER")],
    reason: ReasonOption,
    confirm: Annotated[
        str, typer.Option("--confirm", help="The same LMS id once more: this cannot be undone.", metavar="LEARNER")
    ],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    debug: DebugOption = False,
) -> None:
    """Remove a learner's personal data from every record and every earlier version of it, for good.

    Numbers of protocols and documents stay, and the store still proves itself. Backups are not touched.
    """
    from lms_sync.registers.documents import scans
    from lms_sync.store.scan_files import ScanFiles

    if confirm != learner:
        raise ConfigError("Nothing was erased: --confirm must name the same learner.")
    with source_in_store(config, source) as (settings, store, name):
        erased = store.erase_learner(name, learner, operator_name(), reason)
        files = scans.remove_unnamed(store, ScanFiles(settings.scans))
        signed = sign_checkpoint(store, settings)
    put(f"Learner {learner} is erased" if erased else f"Nothing was left to erase of learner {learner}")
    if files:
        say(f"Files of scans removed: {files}.")
    raise typer.Exit(signed)
