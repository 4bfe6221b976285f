"""`lms-sync recognition`: applications to recognise results of other organisations, and what was decided on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli.checkpoints import sign_checkpoint
from lms_sync.cli.console import put, put_json
from lms_sync.cli.document_options import LearnerOption, ReasonOption
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, OneSourceOption
from lms_sync.cli.report_options import (
    BomOption,
    CourseOption,
    DelimiterOption,
    FormatOption,
    OneCourseOption,
    OneLearnerOption,
    OutputOption,
)
from lms_sync.cli.report_recognitions import register_of
from lms_sync.cli.report_studies import one_learner
from lms_sync.cli.reporting import (
    Format,
    Output,
    parsed_day,
    parsed_delimiter,
    source_in_store,
    steps_as_json,
    today_at,
    write,
    zone_of,
)
from lms_sync.cli.workplace import operator_name
from lms_sync.errors import ConfigError, RegisterError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from lms_sync.records import Recognition, RecognitionState
    from lms_sync.store.store import Store

app = typer.Typer(
    help="Register applications to recognise results of other organisations, and decisions on them.",
    no_args_is_help=True,
)

ApplicationArgument = Annotated[
    str, typer.Argument(help="The application, as `recognition list` shows it: z0001.", metavar="UID")
]
Day = "YYYY-MM-DD"


@app.command("apply")
def apply(
    learner: OneLearnerOption,
    course: OneCourseOption,
    subject: Annotated[str, typer.Option("--subject", help="What was learnt, as the other document calls it.")],
    organisation: Annotated[str, typer.Option("--organisation", help="Where it was learnt.")],
    document: Annotated[str, typer.Option("--document", help="What proves it: диплом, справка об обучении.")],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    item: Annotated[
        str,
        typer.Option(
            "--item",
            help="The grade item that it is to stand for, by its id in the LMS; otherwise the whole course.",
            metavar="ID",
            show_default=False,
        ),
    ] = "",
    hours: Annotated[
        int | None, typer.Option("--hours", help="As the other document says.", min=1, show_default=False)
    ] = None,
    mark: Annotated[str, typer.Option("--mark", help="As the other document says.", show_default=False)] = "",
    document_number: Annotated[
        str, typer.Option("--document-number", help="Its series and number.", show_default=False)
    ] = "",
    document_date: Annotated[
        str | None, typer.Option("--document-date", help="Its date.", metavar=Day, show_default=False)
    ] = None,
    number: Annotated[str, typer.Option("--number", help="The application's own number.", show_default=False)] = "",
    date: Annotated[
        str | None, typer.Option("--date", help="The application's date; otherwise today.", metavar=Day)
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Register an application to recognise one result."""
    from lms_sync.registers.documents import recognising

    issued, applied = parsed_day(document_date, "--document-date"), parsed_day(date, "--date")

    def act(store: Store, name: str, today: dt.date) -> list[Recognition]:
        application = recognising.Application(
            learner=one_learner(store, name, learner),
            course=course,
            subject=subject.strip(),
            source_organisation=organisation.strip(),
            source_document=document.strip(),
            date=applied or today,
            number=number.strip(),
            grade_item=item,
            hours=hours,
            mark_text=mark.strip(),
            source_number=document_number.strip(),
            source_date=issued,
        )
        return [recognising.apply(store, name, application, today, operator_name())]

    _do(config, source, act, json, "is registered; decide on it with `lms-sync recognition decide`")


@app.command("decide")
def decide(
    uids: Annotated[list[str], typer.Argument(help="Applications, as `recognition list` shows them.", metavar="UID…")],
    minutes_number: Annotated[str, typer.Option("--minutes-number", help="Number of the commission's minutes.")],
    minutes_date: Annotated[str, typer.Option("--minutes-date", help="Their date.", metavar=Day)],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="They are refused, not recognised.")] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; needed for a refusal, and kept for good.", show_default=False)
    ] = "",
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Record what the commission decided: the same on all of these applications, or nothing when one cannot be."""
    from lms_sync.registers.documents import recognising

    day = parsed_day(minutes_date, "--minutes-date")
    assert day is not None
    decision = recognising.Decision(not refuse, minutes_number, day, reason.strip())

    def act(store: Store, name: str, today: dt.date) -> list[Recognition]:
        return recognising.decide(store, name, uids, decision, today, operator_name())

    _do(config, source, act, json, "is refused" if refuse else "is recognised")


@app.command("annul")
def annul(
    uid: ApplicationArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Withdraw an application, or take its decision out of force. It stays in the register."""
    from lms_sync.registers.documents import recognising

    def act(store: Store, name: str, today: dt.date) -> list[Recognition]:
        return [recognising.annul(store, name, uid, reason, operator_name())]

    _do(config, source, act, json, "is annulled")


@app.command("list")
def list_applications(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="applied, recognised, refused or annulled; may be repeated.", metavar="STATE"),
    ] = None,
    learner: LearnerOption = None,
    course: CourseOption = None,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """The applications and what was decided on them. Shows personal data."""
    states = [_state(one) for one in state or ()]

    def wanted(one: Recognition) -> bool:
        return (not states or one.state in states) and learner in (None, one.learner) and course in (None, one.course)

    table = register_of(config, source, wanted)
    write(table, Output(format, output, bom, parsed_delimiter(delimiter)))


@app.command("show")
def show(
    uid: ApplicationArgument,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """One application with every step. Shows personal data."""
    from lms_sync.records import Recognition
    from lms_sync.report.recognitions import recognition_shown
    from lms_sync.store.documents import recognitions
    from lms_sync.store.history import history
    from lms_sync.store.recognitions import erased_applications, named

    with source_in_store(config, source) as (settings, store, name):
        with store.reading() as connection:
            found = recognitions(connection, name, uid=uid)
            if not found:
                erased = uid in erased_applications(connection, name)
                told = "has its personal data erased" if erased else "is not in the register"
                raise RegisterError(f"Application {uid} of {name} {told}: see `lms-sync recognition list`.")
            names = named(connection, name, found)
        steps = history(store, name, Recognition.kind, uid)
        zone = zone_of(settings, name)
    if json:
        put_json(
            {
                "application": found[0].payload(),
                "history": steps_as_json(steps, "state"),
            }
        )
        return
    for line in recognition_shown(found[0], names, steps, zone):
        put(line)


def _do(
    config: Path | None,
    source: str | None,
    act: Callable[[Store, str, dt.date], list[Recognition]],
    json: bool,
    told: str,
) -> None:
    """Does an act, tells of each application it was on, and exits. The act is given the source and the day there."""
    with source_in_store(config, source) as (settings, store, name):
        done = act(store, name, today_at(settings, store, name))
        signed = sign_checkpoint(store, settings)
    if json:
        put_json([{"uid": one.uid, "state": one.state.value} for one in done])
    else:
        for one in done:
            put(f"{one.uid} {told}")
    raise typer.Exit(signed)


def _state(text: str) -> RecognitionState:
    from lms_sync.records import RecognitionState

    try:
        return RecognitionState(text)
    except ValueError:
        raise ConfigError(f"--state takes one of {', '.join(RecognitionState)}.") from None
