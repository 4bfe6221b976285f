"""Where the commands write: data to stdout, words to stderr, and how an error is told.

Owns the two streams and the form of an error. Must not know any command.
"""

from __future__ import annotations

import json
import sys
import traceback
from typing import TYPE_CHECKING, Any

from lms_sync.errors import LmsSyncError

if TYPE_CHECKING:
    from rich.console import Console

EXIT_FAULT = 70
"""A fault of lms-sync itself (EX_SOFTWARE)."""
EXIT_INTERRUPTED = 130

_WIDE = 160  # where no terminal says how wide it is


class Debug:
    """Whether errors are shown with their traceback: set by `--debug`."""

    wanted = False


def say(text: str = "") -> None:
    """Words for the operator, to stderr."""
    from lms_sync.log import redact

    print(redact(text), file=sys.stderr)  # noqa: T201


def put(text: str) -> None:
    """Data, to stdout."""
    print(text)  # noqa: T201


def put_json(document: Any) -> None:
    """A JSON document, to stdout."""
    put(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def data_console() -> Console:
    """A console on stdout for tables."""
    return _console(stderr=False)


def words_console() -> Console:
    """A console on stderr for progress and tables that accompany it."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=None if stream.isatty() else _WIDE)


def tell_error(error: LmsSyncError) -> None:
    """One clear message; the traceback only with `--debug`."""
    if Debug.wanted:
        _tell_traceback(error)
    say(str(error))


def tell_fault(error: BaseException) -> None:
    """An error nobody foresaw. Its own text may hold a record, so only its type and place are told."""
    from lms_sync.log import where_of

    if Debug.wanted:
        _tell_traceback(error)
    say(
        f"lms-sync itself failed ({type(error).__name__} at {where_of(error)}). Nothing half-done was kept. "
        "Run the command again with --debug and report what it prints; look it over first, it may name people."
    )


def _tell_traceback(error: BaseException) -> None:
    say("".join(traceback.format_exception(error)).rstrip())
