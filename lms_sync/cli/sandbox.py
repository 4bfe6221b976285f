"""`lms-sync sandbox`: an invented academy that answers like a Moodle, to try things out on."""

from __future__ import annotations

from typing import Annotated

import typer

from lms_sync.cli.console import put
from lms_sync.cli.options import DebugOption
from lms_sync.errors import ConfigError


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes any free one.")] = 8099,
    seed: Annotated[int, typer.Option(help="Another number makes another academy.")] = 1,
    learners: Annotated[int, typer.Option(min=1, max=20000, help="How many learners it has.")] = 300,
    release: Annotated[str, typer.Option(help="The Moodle release it answers like.")] = "5.1",
    fault: Annotated[
        list[str] | None,
        typer.Option(help="A fault that is always on; may be repeated. `list` names them.", metavar="NAME"),
    ] = None,
    companion: Annotated[
        bool, typer.Option(help="Whether the site has the companion plugin, as if installed from the beginning.")
    ] = True,
    debug: DebugOption = False,
) -> None:
    """Serve an invented academy that answers like a Moodle."""
    from lms_sync.sandbox.command import fault_names, serve

    if fault == ["list"]:
        put("\n".join(fault_names()))
        return
    try:
        serve(port, seed, learners, release, list(fault or ()), _announce, companion)
    except ValueError as error:
        raise ConfigError(f"The sandbox cannot be made so: {error}.") from None
    except OSError as error:
        raise ConfigError(
            f"The sandbox cannot listen on port {port} ({error.strerror}); choose another with --port, or --port 0."
        ) from None


def _announce(line: str) -> None:
    typer.echo(line)  # flushed at once: a program may be waiting for the address
