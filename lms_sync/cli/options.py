"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lms_sync.cli.console import Debug


def _set_debug(value: bool) -> bool:
    Debug.wanted = Debug.wanted or value
    return value


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The configuration file. Otherwise LMS_SYNC_CONFIG, ./lms-sync.toml, /etc/lms-sync/lms-sync.toml.",
        show_default=False,
    ),
]
DebugOption = Annotated[
    bool,
    typer.Option("--debug", help="Show tracebacks (secrets taken out).", callback=_set_debug, show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Put out JSON for a program.", show_default=False)]
SourceOption = Annotated[
    list[str] | None,
    typer.Option("--source", "-s", help="Only this source; may be repeated.", metavar="NAME", show_default=False),
]
OneSourceOption = Annotated[
    str | None,
    typer.Option(
        "--source", "-s", help="The source; needed when several are configured.", metavar="NAME", show_default=False
    ),
]
