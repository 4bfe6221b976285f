"""`lms-sync report`: what the store says, as a table, CSV or JSON."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from lms_sync.cli.console import data_console, say
from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.workplace import open_store, store_settings
from lms_sync.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from lms_sync.config import Settings
    from lms_sync.report.interface import Table
    from lms_sync.store.query import Gradebook
    from lms_sync.store.store import Store

app = typer.Typer(help="Put out grades as a table, CSV or JSON.", no_args_is_help=True)


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Form(StrEnum):
    """What one line of the grades report is."""

    JOURNAL = "journal"
    LIST = "list"


class Cells(StrEnum):
    """What a cell of the journal holds."""

    POINTS = "points"
    MARK = "mark"


@app.callback()
def _reports() -> None:
    """Put out grades as a table, CSV or JSON."""


@app.command("grades")
def grades(
    course: Annotated[str, typer.Option("--course", help="The id of the course in the LMS.", metavar="ID")],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    group: Annotated[str | None, typer.Option("--group", help="Only this group, by its exact name.")] = None,
    learner: Annotated[
        str | None, typer.Option("--learner", help="Only this learner, by LMS id or individual number.", metavar="ID")
    ] = None,
    first_day: Annotated[
        str | None, typer.Option("--from", help="Only grades of this day or later.", metavar="YYYY-MM-DD")
    ] = None,
    last_day: Annotated[
        str | None, typer.Option("--to", help="Only grades of this day or earlier.", metavar="YYYY-MM-DD")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", help="As it was known at the end of this day, or at this instant.", metavar="YYYY-MM-DD[THH:MM]"
        ),
    ] = None,
    form: Annotated[
        Form, typer.Option("--form", help="journal: learners by items; list: a line a grade.")
    ] = Form.JOURNAL,
    cells: Annotated[Cells, typer.Option("--cells", help="What the journal shows: points, or marks.")] = Cells.POINTS,
    with_gone: Annotated[
        bool, typer.Option("--with-gone", help="Also who and what the LMS no longer has.", show_default=False)
    ] = False,
    format: Annotated[Format, typer.Option("--format", "-f", help="How it is written.")] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file, not to stdout.", metavar="FILE")
    ] = None,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin CSV with the mark that Excel needs for Cyrillic.", show_default=False)
    ] = False,
    delimiter: Annotated[str, typer.Option("--delimiter", help="Between CSV cells; Russian Excel wants ';'.")] = ",",
    debug: DebugOption = False,
) -> None:
    """The gradebook of a course, or its grades line by line.

    Электронный журнал, отчёт по оценкам. Shows personal data.
    """
    from lms_sync.report.grades import Choice, Show, flat, pivot

    settings = store_settings(config)
    with open_store(settings) as store:
        name = chosen_source(settings, store, source)
        zone = zone_of(settings, name)
        choice = Choice(zone, group, learner, _day(first_day, "--from"), _day(last_day, "--to"))
        instant = _instant(as_of, zone)
        book = read_gradebook(store, name, course, instant, with_gone=with_gone)
    if not book.columns and not book.lines:
        raise ConfigError(f"The store has nothing of a course {course} of {name}; see `lms-sync status --scopes`.")
    table = pivot(book, choice, Show(cells.value)) if form is Form.JOURNAL else flat(book, choice)
    write(table, Output(format, output, bom, _delimiter(delimiter)))


@dataclass(frozen=True)
class Output:
    """How and where a report is to be written."""

    format: Format
    path: Path | None = None
    bom: bool = False
    delimiter: str = ","


def read_gradebook(
    store: Store, source: str, course: str, as_of: dt.datetime | None, *, with_gone: bool = False
) -> Gradebook:
    """The gradebook as it is now, or as it was known at an instant."""
    from lms_sync.report.past import gradebook_as_of
    from lms_sync.store.query import gradebook

    if as_of is None:
        return gradebook(store, source, course, include_retired=with_gone)
    return gradebook_as_of(store, source, course, as_of, include_retired=with_gone)


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


def zone_of(settings: Settings, source: str) -> ZoneInfo:
    """The source's time zone; UTC for one that is no longer configured."""
    from zoneinfo import ZoneInfo

    outline = settings.outlines.get(source)
    return ZoneInfo(outline.timezone if outline else "UTC")


def write(table: Table, output: Output) -> None:
    """Writes the report to its file or to stdout."""
    from lms_sync.report.csv_out import write_csv
    from lms_sync.report.json_out import write_json
    from lms_sync.report.table import write_table

    if output.format is Format.TABLE and output.path is None:
        write_table(table, data_console())
        return
    with _opened(output.path) as stream:
        if output.format is Format.CSV:
            write_csv(table, stream, delimiter=output.delimiter, bom=output.bom)
        elif output.format is Format.JSON:
            write_json(table, stream)
        else:
            from rich.console import Console

            write_table(table, Console(file=stream, width=200, highlight=False))
    if output.path:
        say(f"Wrote {len(table.rows)} lines to {output.path}.")


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
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


def _delimiter(text: str) -> str:
    delimiter = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError("--delimiter takes one character, as , or ; or tab.")
    return delimiter


def _day(text: str | None, option: str) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} takes a day as 2026-06-30.") from None


def _instant(text: str | None, zone: ZoneInfo) -> dt.datetime | None:
    """The instant meant: a day means its end in the source's zone."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-06-30"):
            day = dt.date.fromisoformat(text) + dt.timedelta(days=1)
            return dt.datetime.combine(day, dt.time(), zone) - dt.timedelta(microseconds=1)
        instant = dt.datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ConfigError("--as-of takes a day as 2026-06-30 or an instant as 2026-06-30T14:00.") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)
