"""`lms-sync report ranking | dynamics | quality`: what the results of a course, group or learner amount to."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.report_options import (
    BomOption,
    By,
    CourseOption,
    DelimiterOption,
    EveryKindOption,
    FormatOption,
    FromOption,
    GroupOption,
    ItemOption,
    Kind,
    KindOption,
    LearnerOption,
    OutputOption,
    ToOption,
    WithGoneOption,
)
from lms_sync.cli.report_studies import Question, put_report
from lms_sync.cli.reporting import Format, Output, parsed_delimiter


def ranking(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    course: CourseOption = None,
    group: GroupOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    kind: KindOption = None,
    debtors: Annotated[
        bool, typer.Option("--debtors", help="Only who owes something, with their places.", show_default=False)
    ] = False,
    with_gone: WithGoneOption = False,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """Leaders and laggards: place, mean percent, mean mark and debts.

    Рейтинг обучающихся, список задолженностей. Shows personal data.
    """
    from lms_sync.report.ranking import ranking as build

    question = Question(
        config,
        source,
        course=course,
        group=group,
        first_day=first_day,
        last_day=last_day,
        kinds=kind,
        with_gone=with_gone,
    )
    put_report(question, Output(format, output, bom, parsed_delimiter(delimiter)), partial(build, debtors=debtors))


def dynamics(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    course: CourseOption = None,
    group: GroupOption = None,
    learner: LearnerOption = None,
    by: Annotated[By, typer.Option("--by", help="How long a period is; a week begins on Monday.")] = By.MONTH,
    first_day: FromOption = None,
    last_day: ToOption = None,
    kind: EveryKindOption = None,
    with_gone: WithGoneOption = False,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """Grades over time, by kind of attestation, of a course, a group or one learner.

    Динамика результатов.
    """
    from lms_sync.report.dynamics import dynamics as build
    from lms_sync.report.period import Step

    question = Question(
        config,
        source,
        course=course,
        group=group,
        learner=learner,
        first_day=first_day,
        last_day=last_day,
        kinds=kind,
        or_kinds=tuple(Kind),
        with_gone=with_gone,
    )
    output_ = Output(format, output, bom, parsed_delimiter(delimiter))
    put_report(question, output_, partial(build, step=Step(by.value)))


def quality(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    course: CourseOption = None,
    group: GroupOption = None,
    item: ItemOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    kind: KindOption = None,
    with_gone: WithGoneOption = False,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """How many took part, passed and reached each level, in numbers and percents of a stated whole.

    Качественные показатели аттестации. No personal data.
    """
    from lms_sync.report.quality import quality as build

    question = Question(
        config,
        source,
        course=course,
        group=group,
        item=item,
        first_day=first_day,
        last_day=last_day,
        kinds=kind,
        with_gone=with_gone,
    )
    put_report(question, Output(format, output, bom, parsed_delimiter(delimiter)), build)
