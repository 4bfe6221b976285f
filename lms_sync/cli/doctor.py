"""`lms-sync doctor`: walks from the configuration to a readable LMS and a writable store, and says what to mend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from lms_sync.cli.console import data_console, put_json
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, SourceOption
from lms_sync.cli.workplace import chosen_sources, full_settings

if TYPE_CHECKING:
    from lms_sync.cli.examination import Area


def doctor(
    config: ConfigOption = None, source: SourceOption = None, json: JsonOption = False, debug: DebugOption = False
) -> None:
    """Check everything and say what to mend.

    Looks at the configuration, the store, the mapping, the schedule and the LMS. Changes nothing.
    """
    from dataclasses import asdict

    from lms_sync.cli.examination import examine, exit_code_of

    settings = full_settings(config)
    areas = list(examine(settings, chosen_sources(settings, source)))
    if json:
        put_json([{"area": area.name, **asdict(finding)} for area in areas for finding in area.findings])
    else:
        show(areas)
    raise typer.Exit(exit_code_of(areas))


def show(areas: Iterable[Area]) -> None:
    """The findings as a table, each remedy under its finding."""
    from rich.table import Table
    from rich.text import Text

    from lms_sync.cli.progress import MARKS
    from lms_sync.connector import Level
    from lms_sync.log import redact

    styles = {Level.OK: "green", Level.NOTICE: "cyan", Level.WARNING: "yellow", Level.FAILURE: "bold red"}
    table = Table.grid(padding=(0, 1))
    for area in areas:
        table.add_row("", Text(area.name, style="bold"), "")
        for finding in area.findings:
            words = Text(redact(finding.message))
            if finding.remedy and finding.level is not Level.OK:
                words.append(f"\n→ {redact(finding.remedy)}", style="italic")
            table.add_row(Text(MARKS[finding.level], style=styles[finding.level]), Text(finding.subject), words)
    data_console().print(table)
