"""The options that several reports share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lms_sync.cli.reporting import Format


class Kind(StrEnum):
    """The kinds of attestation that a report may be of (`lms_sync.records.AttestationKind` but for totals)."""

    CURRENT = "current"
    MILESTONE = "milestone"
    INTERMEDIATE = "intermediate"
    FINAL = "final"


class By(StrEnum):
    """How long the periods of a series are."""

    MONTH = "month"
    WEEK = "week"
    QUARTER = "quarter"


OneCourseOption = Annotated[str, typer.Option("--course", help="The id of the course in the LMS.", metavar="ID")]
CourseOption = Annotated[
    str | None,
    typer.Option("--course", help="Only this course, by its id in the LMS.", metavar="ID", show_default=False),
]
ItemOption = Annotated[
    str | None,
    typer.Option("--item", help="Only this grade item, by its id in the LMS.", metavar="ID", show_default=False),
]
OneItemOption = Annotated[
    str,
    typer.Option(
        "--item", help="The id of the grade item in the LMS, as `report grades --form list` shows it.", metavar="ID"
    ),
]
GroupOption = Annotated[
    str | None, typer.Option("--group", help="Only this group, by its exact name.", metavar="NAME", show_default=False)
]
OneLearnerOption = Annotated[
    str, typer.Option("--learner", help="The learner, by LMS id or individual number.", metavar="ID")
]
LearnerOption = Annotated[
    str | None,
    typer.Option(
        "--learner", help="Only this learner, by LMS id or individual number.", metavar="ID", show_default=False
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option("--from", help="Only grades of this day or later.", metavar="YYYY-MM-DD", show_default=False),
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", help="Only grades of this day or earlier.", metavar="YYYY-MM-DD", show_default=False),
]
FromDayOption = Annotated[
    str | None,
    typer.Option("--from", help="Only what was done on this day or later.", metavar="YYYY-MM-DD", show_default=False),
]
ToDayOption = Annotated[
    str | None,
    typer.Option("--to", help="Only what was done on this day or earlier.", metavar="YYYY-MM-DD", show_default=False),
]
PauseOption = Annotated[
    int,
    typer.Option("--pause", help="A longer gap between two actions ends a session.", metavar="MINUTES", min=1, max=720),
]
LastOption = Annotated[
    int, typer.Option("--last", help="What a session's last action counts.", metavar="MINUTES", min=0, max=720)
]
KindOption = Annotated[
    list[Kind] | None,
    typer.Option(
        "--kind", help="Only this kind of attestation; may be repeated. Otherwise all but current.", show_default=False
    ),
]
EveryKindOption = Annotated[
    list[Kind] | None,
    typer.Option("--kind", help="Only this kind of attestation; may be repeated. Otherwise all.", show_default=False),
]
WithGoneOption = Annotated[
    bool, typer.Option("--with-gone", help="Also who and what the LMS no longer has.", show_default=False)
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How it is written.")]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file, not to stdout.", metavar="FILE", show_default=False),
]
BomOption = Annotated[
    bool, typer.Option("--bom", help="Begin CSV with the mark that Excel needs for Cyrillic.", show_default=False)
]
DelimiterOption = Annotated[str, typer.Option("--delimiter", help="Between CSV cells; Russian Excel wants ';'.")]
