"""`lms-sync report`: what the store says, as a table, CSV or JSON. Here the gradebook; the others have modules."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli import (
    report_course,
    report_documents,
    report_journal,
    report_learner,
    report_recognitions,
    report_statistics,
)
from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.report_options import (
    BomOption,
    DelimiterOption,
    FormatOption,
    FromOption,
    GroupOption,
    LearnerOption,
    OneCourseOption,
    OutputOption,
    ToOption,
    WithGoneOption,
)
from lms_sync.cli.reporting import Format, Output, parsed_day, parsed_delimiter, source_in_store, write, zone_of
from lms_sync.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from lms_sync.store.query import Gradebook
    from lms_sync.store.store import Store

app = typer.Typer(
    help="Put out grades, sheets, statistics and the action journal as a table, CSV or JSON.", no_args_is_help=True
)


class Form(StrEnum):
    """What one line of the grades report is."""

    JOURNAL = "journal"
    LIST = "list"


class Cells(StrEnum):
    """What a cell of the journal holds."""

    POINTS = "points"
    MARK = "mark"


@app.command("grades")
def grades(
    course: OneCourseOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    group: GroupOption = None,
    learner: LearnerOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
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
    with_gone: WithGoneOption = False,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """The gradebook of a course, or its grades line by line.

    Электронный журнал, отчёт по оценкам. Shows personal data.
    """
    from lms_sync.report.grades import Choice, Show, flat, pivot

    with source_in_store(config, source) as (settings, store, name):
        zone = zone_of(settings, name)
        choice = Choice(zone, group, learner, parsed_day(first_day, "--from"), parsed_day(last_day, "--to"))
        instant = _instant(as_of, zone)
        book = read_gradebook(store, name, course, instant, with_gone=with_gone)
    if not book.columns and not book.lines:
        raise ConfigError(f"The store has nothing of a course {course} of {name}; see `lms-sync status --scopes`.")
    table = pivot(book, choice, Show(cells.value)) if form is Form.JOURNAL else flat(book, choice)
    write(table, Output(format, output, bom, parsed_delimiter(delimiter)))


app.command("record-book")(report_learner.record_book)
app.command("learner-card")(report_learner.learner_card)
app.command("sheet")(report_course.sheet)
app.command("summary")(report_course.summary)
app.command("ranking")(report_statistics.ranking)
app.command("dynamics")(report_statistics.dynamics)
app.command("quality")(report_statistics.quality)
app.command("issuance")(report_documents.issuance)
app.command("duplicates")(report_documents.duplicates)
app.command("recognitions")(report_recognitions.recognitions)
app.command("recognition-minutes")(report_recognitions.recognition_minutes)
app.command("actions")(report_journal.actions)
app.command("activity")(report_journal.activity)
app.command("study-time")(report_journal.study_time)


def read_gradebook(
    store: Store, source: str, course: str, as_of: dt.datetime | None, *, with_gone: bool = False
) -> Gradebook:
    """The gradebook as it is now, or as it was known at an instant."""
    from lms_sync.report.past import gradebook_as_of
    from lms_sync.store.query import gradebook

    if as_of is None:
        return gradebook(store, source, course, include_retired=with_gone)
    return gradebook_as_of(store, source, course, as_of, include_retired=with_gone)


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
