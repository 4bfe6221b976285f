"""`lms-sync verify`: proves that the store is what was written."""

from __future__ import annotations

import dataclasses

import typer

from lms_sync.cli.console import put, put_json, say
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption
from lms_sync.cli.workplace import open_store, store_settings
from lms_sync.errors import EXIT_STORE


def verify(config: ConfigOption = None, json: JsonOption = False, debug: DebugOption = False) -> None:
    """Prove that the store is what was written.

    Checks that the ledger is unbroken and that every table agrees with it.
    """
    from lms_sync.store.verify import verify

    with open_store(store_settings(config)) as store:
        report = verify(store)
    if json:
        put_json(dataclasses.asdict(report))
    elif report.ok:
        put(f"The store is whole: {report.rows} ledger rows, and every table agrees with them.")
    else:
        put(f"The store is NOT what was written; {report.rows} ledger rows were read:")
        for broken in report.problems:
            put(f"  ✗ {broken.where}: {broken.what}")
        say("Keep the store as it is, restore a backup beside it, and compare. See docs/operating.md.")
    raise typer.Exit(0 if report.ok else EXIT_STORE)
