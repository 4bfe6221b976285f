"""What every report command shares: which source is meant, and how and where a report is written."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from lms_sync.cli.console import data_console, say
from lms_sync.cli.workplace import open_store, store_settings
from lms_sync.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from lms_sync.config import Settings
    from lms_sync.report.interface import Stream, Table
    from lms_sync.store.rows import Version
    from lms_sync.store.store import Store

MOST_LINES = 1000
"""So many lines of a stream stand in a table for people: its columns can only be measured when it is held."""


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True)
class Output:
    """How and where a report is to be written."""

    format: Format
    path: Path | None = None
    bom: bool = False
    delimiter: str = ","


@contextmanager
def source_in_store(config: Path | None, source: str | None) -> Iterator[tuple[Settings, Store, str]]:
    """The settings, the store while it is open, and the name of the source meant. Raises ConfigError, StoreError."""
    settings = store_settings(config)
    with open_store(settings) as store:
        yield settings, store, chosen_source(settings, store, source)


def chosen_source(settings: Settings, store: Store, name: str | None) -> str:
    """The source named, or the only one that the store or the configuration has. Raises ConfigError."""
    from lms_sync.store.query import runs

    known = list(dict.fromkeys([*settings.outlines, *sorted({run.source for run in runs(store, limit=1000)})]))
    if name is None and len(known) == 1:
        return known[0]
    if name is None:
        raise ConfigError(f"There are several sources; choose one with --source: {', '.join(known)}.")
    if name not in known:
        raise ConfigError(f"There is no source {name}; there is {', '.join(known) or 'none'}.")
    return name


def today_at(settings: Settings, store: Store, source: str) -> dt.date:
    """The day in the source's time zone by the store's clock."""
    return store.now().astimezone(zone_of(settings, source)).date()


def steps_as_json(steps: Sequence[Version], field: str) -> list[dict[str, Any]]:
    """The versions of a record as JSON-ready values, each with what `field` said then; None once it was erased."""
    return [
        {
            "version": one.version,
            "at": one.observed_at.isoformat(),
            field: (one.payload or {}).get(field),
            "actor": one.actor,
            "reason": one.reason,
            "ledger_seq": one.seq,
        }
        for one in steps
    ]


def zone_of(settings: Settings, source: str) -> ZoneInfo:
    """The source's time zone; UTC for one that is no longer configured."""
    from zoneinfo import ZoneInfo

    outline = settings.outlines.get(source)
    return ZoneInfo(outline.timezone if outline else "UTC")


def write(table: Table | Stream, output: Output) -> None:
    """Writes the report to its file or to stdout. Of a stream a table for people has the first lines only."""
    from lms_sync.report.csv_out import write_csv
    from lms_sync.report.json_out import write_json

    if output.format is Format.TABLE:
        count = _write_table(table, output.path)
    else:
        with opened(output.path) as stream:
            if output.format is Format.CSV:
                count = write_csv(table, stream, delimiter=output.delimiter, bom=output.bom)
            else:
                count = write_json(table, stream)
    if output.path:
        say(f"Wrote {count} lines to {output.path}.")


def _write_table(table: Table | Stream, path: Path | None) -> int:
    from lms_sync.report.interface import Table
    from lms_sync.report.table import write_table

    complete = True
    if not isinstance(table, Table):
        table, complete = table.head(MOST_LINES)
    if path is None:
        write_table(table, data_console())
    else:
        from rich.console import Console

        with opened(path) as stream:
            write_table(table, Console(file=stream, width=200, highlight=False))
    if not complete:
        say(f"There are more than these {MOST_LINES} lines; --format csv or json puts out all of them.")
    return len(table.rows)


@contextmanager
def opened(path: Path | None) -> Iterator[TextIO]:
    """stdout, or the file. A file holds personal data: only its owner may read it, and it is complete or absent."""
    if path is None:
        sys.stdout.reconfigure(newline="", encoding="utf-8")  # type: ignore[union-attr]
        yield sys.stdout
        return
    draft = path.with_name(f"{path.name}.part")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)


def parsed_delimiter(text: str) -> str:
    """The one character that an option gives. Raises ConfigError."""
    delimiter = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError("--delimiter takes one character, as , or ; or tab.")
    return delimiter


def parsed_day(text: str | None, option: str) -> dt.date | None:
    """The day that an option gives. Raises ConfigError."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} takes a day as 2026-06-30.") from None


def parsed_days(first_text: str | None, last_text: str | None) -> tuple[dt.date | None, dt.date | None]:
    """The days that `--from` and `--to` give. Raises ConfigError."""
    first, last = parsed_day(first_text, "--from"), parsed_day(last_text, "--to")
    if first and last and last < first:
        raise ConfigError(f"--from {first} is later than --to {last}: no day lies between them.")
    return first, last
