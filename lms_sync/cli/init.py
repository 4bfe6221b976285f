"""`lms-sync init`: writes a commented configuration to begin with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from lms_sync.cli.console import put, say
from lms_sync.cli.options import DebugOption
from lms_sync.errors import ConfigError

EXAMPLE = "config.example.toml"


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.", show_default=True)] = Path("lms-sync.toml"),
    debug: DebugOption = False,
) -> None:
    """Write a commented configuration to begin with.

    Never overwrites a file.
    """
    write_new(path, example_text(), mode=0o640)
    put(str(path))
    say(
        f"""Wrote {path}. Next:
  1. Set the address of your LMS in it.
  2. Put the LMS's web-service token into {path.parent / "academy.token"} and run: chmod 600 on that file.
  3. lms-sync doctor --config {path}    tells what is still wrong, in words
  4. lms-sync pull --config {path}      reads the LMS for the first time
  5. lms-sync run --config {path}       keeps reading it on schedule"""
    )


def example_text() -> str:
    """The example configuration that is installed with lms-sync."""
    from importlib.resources import files

    return files("lms_sync").joinpath(EXAMPLE).read_text(encoding="utf-8")


def write_new(path: Path, text: str, mode: int) -> None:
    """Writes a file that must not exist yet, with its mode from the first instant. Raises ConfigError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise ConfigError(f"{path} exists and is left as it is; name another file or remove it first.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
