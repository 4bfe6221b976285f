"""`lms-sync report actions | activity | study-time`: the action journal, and what follows from it."""

from __future__ import annotations

from typing import Annotated

import typer

from lms_sync.cli.journal_question import JournalQuestion, asked, effort_rule
from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.report_options import (
    BomOption,
    CourseOption,
    DelimiterOption,
    FormatOption,
    FromDayOption,
    GroupOption,
    LastOption,
    LearnerOption,
    OutputOption,
    PauseOption,
    ToDayOption,
)
from lms_sync.cli.reporting import Format, Output, parsed_delimiter, write


def actions(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    learner: LearnerOption = None,
    course: CourseOption = None,
    group: GroupOption = None,
    first_day: FromDayOption = None,
    last_day: ToDayOption = None,
    action: Annotated[
        list[str] | None,
        typer.Option(
            "--action",
            help="Only this action, by its code or the event's name; may be repeated.",
            metavar="CODE",
            show_default=False,
        ),
    ] = None,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """What was done, when, by whom, and how that is known; in the order of time.

    Журнал действий обучающихся. Of a learner also what they did to others. Shows personal data.
    """
    from lms_sync.report.actions import action_report

    output_ = Output(format, output, bom, parsed_delimiter(delimiter))
    with asked(JournalQuestion(config, source, learner, course, group, first_day, last_day, action)) as journal:
        found = journal.actions()
        write(
            action_report(found, journal.directory, journal.captions, about=journal.about, notes=journal.notes), output_
        )


def activity(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    learner: LearnerOption = None,
    course: CourseOption = None,
    group: GroupOption = None,
    first_day: FromDayOption = None,
    last_day: ToDayOption = None,
    pause: PauseOption = 30,
    last: LastOption = 5,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """What each learner did on each day: how many actions, from when to when, which, and minutes by estimate.

    Активность обучающихся. Without --learner of everybody who learns anywhere. Shows personal data.
    """
    from lms_sync.report.activity import activity as build
    from lms_sync.report.doers import done_by

    rule, output_ = effort_rule(pause, last), Output(format, output, bom, parsed_delimiter(delimiter))
    with asked(JournalQuestion(config, source, learner, course, group, first_day, last_day)) as journal:
        done = done_by(journal.actions(), journal.learners)
        names = journal.captions.actions
        of_course = course is not None
        report = build(
            done, journal.directory, names, rule, about=journal.about, notes=journal.notes, of_course=of_course
        )
        write(report, output_)


def study_time(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    learner: LearnerOption = None,
    course: CourseOption = None,
    group: GroupOption = None,
    first_day: FromDayOption = None,
    last_day: ToDayOption = None,
    pause: PauseOption = 30,
    last: LastOption = 5,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """How long each learner worked in each course, by estimate from the moments of their actions.

    Оценка времени работы в курсе. The rule is stated in the report's note. Shows personal data.
    """
    from lms_sync.report.doers import done_by
    from lms_sync.report.study_time import course_efforts
    from lms_sync.report.study_time import study_time as build

    rule, output_ = effort_rule(pause, last), Output(format, output, bom, parsed_delimiter(delimiter))
    with asked(JournalQuestion(config, source, learner, course, group, first_day, last_day)) as journal:
        efforts = course_efforts(done_by(journal.actions(), journal.learners), rule, journal.places)
        report = build(efforts, journal.directory, rule, about=journal.about, notes=journal.notes)
    write(report, output_)
