"""`lms-sync report record-book | learner-card`: everything about one learner."""

from __future__ import annotations

from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.report_options import (
    BomOption,
    DelimiterOption,
    EveryKindOption,
    FormatOption,
    FromOption,
    Kind,
    KindOption,
    OneLearnerOption,
    OutputOption,
    ToOption,
    WithGoneOption,
)
from lms_sync.cli.report_studies import Question, put_report
from lms_sync.cli.reporting import Format, Output, parsed_delimiter


def record_book(
    learner: OneLearnerOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
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
    """A learner's results over all courses, by kind of attestation.

    Электронная зачётная книжка. Courses that the learner left are in it too. Shows personal data.
    """
    from lms_sync.report.record_book import record_book as build

    question = Question(
        config, source, learner=learner, first_day=first_day, last_day=last_day, kinds=kind, with_gone=with_gone
    )
    put_report(question, Output(format, output, bom, parsed_delimiter(delimiter)), build)


def learner_card(
    learner: OneLearnerOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
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
    """Who a learner is, what they study, and how much of it is passed.

    Карта обучающегося, учётная запись. Shows personal data.
    """
    from lms_sync.report.learner_card import learner_card as build

    question = Question(
        config,
        source,
        learner=learner,
        first_day=first_day,
        last_day=last_day,
        kinds=kind,
        or_kinds=tuple(Kind),
        with_gone=with_gone,
    )
    put_report(question, Output(format, output, bom, parsed_delimiter(delimiter)), build)
