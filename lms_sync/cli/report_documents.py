"""`lms-sync report issuance | duplicates`: what was issued, and what was issued again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lms_sync.cli.document_options import FromOption, KindOption, LearnerOption, ProtocolOption, ToOption
from lms_sync.cli.options import ConfigOption, DebugOption, OneSourceOption
from lms_sync.cli.report_options import BomOption, CourseOption, DelimiterOption, FormatOption, OutputOption
from lms_sync.cli.reporting import Format, Output, parsed_day, parsed_delimiter, source_in_store, write, zone_of

if TYPE_CHECKING:
    from lms_sync.report.documents import Around
    from lms_sync.report.interface import Table
    from lms_sync.store.documents import DocumentFilter, StoredDocument


def issuance(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    kind: KindOption = "",
    course: CourseOption = None,
    protocol: ProtocolOption = None,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """The issuance sheet: every document issued in a period, in the order of its numbers, with a place to sign.

    Ведомость выдачи документов. Shows personal data.
    """
    from lms_sync.report.documents import issuance_sheet
    from lms_sync.store.documents import DocumentFilter

    wanted = DocumentFilter(
        document_kind=kind or None,
        course=course,
        protocol=protocol,
        first_day=parsed_day(first_day, "--from"),
        last_day=parsed_day(last_day, "--to"),
    )
    table = _table(config, source, wanted, issuance_sheet)
    write(table, Output(format, output, bom, parsed_delimiter(delimiter)))


def duplicates(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    kind: KindOption = "",
    learner: LearnerOption = None,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """The register of duplicates: each beside the document it stands for.

    Журнал регистрации выдачи дубликатов. Shows personal data.
    """
    from lms_sync.report.documents import duplicate_register
    from lms_sync.store.documents import DocumentFilter

    wanted = DocumentFilter(
        document_kind=kind or None,
        learner=learner,
        first_day=parsed_day(first_day, "--from"),
        last_day=parsed_day(last_day, "--to"),
        duplicates=True,
    )
    table = _table(config, source, wanted, duplicate_register)
    write(table, Output(format, output, bom, parsed_delimiter(delimiter)))


def _table(
    config: Path | None,
    source: str | None,
    wanted: DocumentFilter,
    build: Callable[[Sequence[StoredDocument], Around], Table],
) -> Table:
    from lms_sync.report.documents import Around
    from lms_sync.store.documents import DocumentFilter, closed_at, documents

    with source_in_store(config, source) as (settings, store, name):
        zone = zone_of(settings, name)
        with store.reading() as connection:
            found = documents(connection, name, wanted)
            days = closed_at(connection, name, [one.record.protocol for one in found])
            linked = {uid for one in found for uid in (one.record.replaces, one.record.replaced_by)} - {""}
            others = documents(connection, name, DocumentFilter(uids=linked))
    around = Around(
        {number: instant.astimezone(zone).date() for number, instant in days.items()},
        {one.record.uid: one.record for one in others},
    )
    return build(found, around)
