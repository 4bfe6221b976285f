"""`lms-sync report recognitions | recognition-minutes`: results of other organisations, applied for and decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.report_options import BomOption, DelimiterOption, FormatOption, OutputOption
from lms_sync.cli.reporting import (
    Format,
    Output,
    parsed_day,
    parsed_days,
    parsed_delimiter,
    source_in_store,
    write,
    zone_of,
)
from lms_sync.cli.workplace import kept_mapping
from lms_sync.errors import ConfigError

if TYPE_CHECKING:
    import datetime as dt

    from lms_sync.config import Settings
    from lms_sync.records import Commission, Recognition
    from lms_sync.report.interface import Table

FromDayOption = Annotated[
    str | None,
    typer.Option("--from", help="Applied for or decided on this day or later.", metavar="YYYY-MM-DD"),
]
ToDayOption = Annotated[
    str | None,
    typer.Option("--to", help="Applied for or decided on this day or earlier.", metavar="YYYY-MM-DD"),
]


def recognitions(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    first_day: FromDayOption = None,
    last_day: ToDayOption = None,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """The register of applications to recognise results of other organisations, with what was decided on them.

    Журнал регистрации заявлений о зачёте. Shows personal data.
    """
    table = register_of(config, source, first_day=first_day, last_day=last_day)
    write(table, Output(format, output, bom, parsed_delimiter(delimiter)))


def recognition_minutes(
    number: Annotated[str, typer.Argument(help="The minutes' number, as the decisions bear it.")],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    date: Annotated[
        str | None,
        typer.Option("--date", help="Their date, where several bear the number.", metavar="YYYY-MM-DD"),
    ] = None,
    commission: Annotated[
        str, typer.Option("--commission", help="Who signs: a [[commission]] of the mapping.", metavar="NAME")
    ] = "",
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """What a commission decided at one meeting, to be printed and signed.

    Протокол аттестационной комиссии о зачёте результатов. Shows personal data.
    """
    from lms_sync.report.recognitions import recognition_minutes as build
    from lms_sync.store.documents import recognitions
    from lms_sync.store.recognitions import named

    day = parsed_day(date, "--date")
    with source_in_store(config, source) as (settings, store, name), store.reading() as connection:
        found = _of_one_meeting(recognitions(connection, name), number, day)
        names = named(connection, name, found)
    who = _commission(settings, name, commission, found[0].minutes_date) if commission else None
    write(build(found, names, who), Output(format, output, bom, parsed_delimiter(delimiter)))


def register_of(
    config: Path | None,
    source: str | None,
    wanted: Callable[[Recognition], bool] = lambda one: True,
    *,
    first_day: str | None = None,
    last_day: str | None = None,
) -> Table:
    """The register of the wanted applications of a period. Raises ConfigError."""
    from lms_sync.report.period import Period
    from lms_sync.report.recognitions import of_period, recognition_register
    from lms_sync.store.documents import recognitions
    from lms_sync.store.recognitions import erased_applications, named

    days = parsed_days(first_day, last_day)
    with source_in_store(config, source) as (settings, store, name):
        period = Period(zone_of(settings, name), *days)
        with store.reading() as connection:
            found = [one for one in of_period(recognitions(connection, name), period) if wanted(one)]
            return recognition_register(
                found, named(connection, name, found), period, len(erased_applications(connection, name))
            )


def _of_one_meeting(applications: Sequence[Recognition], number: str, day: dt.date | None) -> list[Recognition]:
    found = [one for one in applications if one.minutes_number == number and day in (None, one.minutes_date)]
    days = sorted({str(one.minutes_date) for one in found})
    if not found:
        raise ConfigError(
            f"No decision bears minutes {number}{f' of {day}' if day else ''}: see `report recognitions`."
        )
    if len(days) > 1:
        raise ConfigError(f"Several minutes bear the number {number}; choose with --date: {', '.join(days)}.")
    return found


def _commission(settings: Settings, source: str, name: str, day: dt.date | None) -> Commission:
    assert day is not None
    found = kept_mapping(settings, source).attestation.commission(name, day)
    if found is None:
        raise ConfigError(f"The mapping has no [[commission]] named {name} as of {day}: add one, or leave it out.")
    return found
