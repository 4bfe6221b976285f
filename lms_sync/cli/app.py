"""Puts the commands together and turns errors into messages and exit codes: the only place that exits."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lms_sync import __version__
from lms_sync.cli import (
    blanks,
    connectors,
    demo,
    doctor,
    documents,
    erase,
    init,
    mapping,
    protocols,
    pull,
    push,
    recognition,
    report,
    sandbox,
    service,
    status,
    verify,
)
from lms_sync.cli.console import EXIT_FAULT, EXIT_INTERRUPTED, put, say, tell_error, tell_fault
from lms_sync.errors import LmsSyncError

_HELP = """Keeps an academy's own, provable record of what its LMS says.

Data goes to stdout; progress and words go to stderr.

Exit codes: 0 done, 1 partly done, 2 wrong configuration or usage, 3 the LMS, 4 the record store,
70 a fault of lms-sync itself.
"""

app = typer.Typer(
    name="lms-sync",
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)

app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("pull")(pull.pull)
app.command("push")(push.push)
app.command("run")(service.run)
app.command("status")(status.status)
app.command("verify")(verify.verify)
app.add_typer(mapping.app, name="mapping")
app.add_typer(report.app, name="report")
app.add_typer(protocols.app, name="protocols")
app.add_typer(documents.app, name="documents")
app.add_typer(blanks.app, name="blanks")
app.add_typer(recognition.app, name="recognition")
app.command("erase")(erase.erase)
app.command("connectors")(connectors.connectors)
app.command("sandbox")(sandbox.sandbox)
app.command("demo")(demo.demo)


def _put_version(wanted: bool) -> None:
    if wanted:
        put(f"lms-sync {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_put_version, is_eager=True)
    ] = False,
) -> None:
    pass


def run() -> None:
    """Runs the command that `sys.argv` names."""
    try:
        app(prog_name="lms-sync")
    except LmsSyncError as error:
        tell_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        say("Interrupted. What was committed is kept; run the command again to go on.")
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        tell_fault(error)
        sys.exit(EXIT_FAULT)
