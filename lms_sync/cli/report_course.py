"""`lms-sync report sheet | summary`: the sheets of a course or group."""

from __future__ import annotations

from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.report_options import (
    BomOption,
    CourseOption,
    DelimiterOption,
    FormatOption,
    FromOption,
    GroupOption,
    KindOption,
    OneCourseOption,
    OneItemOption,
    OutputOption,
    ToOption,
    WithGoneOption,
)
from lms_sync.cli.report_studies import Question, put_report
from lms_sync.cli.reporting import Format, Output, parsed_delimiter


def sheet(
    course: OneCourseOption,
    item: OneItemOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    group: GroupOption = None,
    with_gone: WithGoneOption = False,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """Everybody's mark in one grade item, with totals.

    Экзаменационная, зачётная ведомость. Who has no grade is marked as absent. Shows personal data.
    """
    from lms_sync.report.sheet import sheet as build

    question = Question(config, source, course=course, group=group, item=item, with_gone=with_gone)
    put_report(question, Output(format, output, bom, parsed_delimiter(delimiter)), build)


def summary(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    course: CourseOption = None,
    group: GroupOption = None,
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
    """Learners by items: marks, mean mark and debts. Of a group: over all its courses.

    Сводная ведомость успеваемости. With a period only the items graded in it. Shows personal data.
    """
    from lms_sync.report.summary import summary as build

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
    put_report(question, Output(format, output, bom, parsed_delimiter(delimiter)), build)
