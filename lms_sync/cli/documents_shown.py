"""`lms-sync documents list | show | export`: who got what, when, on what basis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lms_sync.cli.console import put, put_json
from lms_sync.cli.document_options import (
    FromOption,
    KindOption,
    LearnerOption,
    ProtocolOption,
    ToOption,
    UidArgument,
)
from lms_sync.cli.documents_status import pushes_by_document
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, OneSourceOption
from lms_sync.cli.report_options import BomOption, CourseOption, DelimiterOption, FormatOption, OutputOption
from lms_sync.cli.reporting import (
    Format,
    Output,
    parsed_day,
    parsed_delimiter,
    source_in_store,
    steps_as_json,
    write,
    zone_of,
)
from lms_sync.cli.workplace import kept_mapping, operator_name
from lms_sync.errors import ConfigError

if TYPE_CHECKING:
    from lms_sync.records import DocumentStatus
    from lms_sync.store.documents import DocumentFilter, StoredDocument

StatusOption = Annotated[
    list[str] | None,
    typer.Option(
        "--status", help="draft, issued, handed_over, annulled, lost or replaced; may be repeated.", metavar="STATUS"
    ),
]
NumberOption = Annotated[
    str | None, typer.Option("--number", help="Only this registration or blank number.", show_default=False)
]


def list_documents(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    status: StatusOption = None,
    kind: KindOption = "",
    learner: LearnerOption = None,
    course: CourseOption = None,
    protocol: ProtocolOption = None,
    number: NumberOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    format: FormatOption = Format.TABLE,
    output: OutputOption = None,
    debug: DebugOption = False,
) -> None:
    """The register: who got what, when, on what basis, and whether it is in the LMS. Shows personal data."""
    from lms_sync.report.documents import register_table
    from lms_sync.store.documents import documents

    wanted = _filter(status, kind, learner, course, protocol, number, first_day, last_day)
    with source_in_store(config, source) as (_, store, name), store.reading() as connection:
        found = documents(connection, name, wanted)
        pushes = pushes_by_document(connection, name, [one.record.uid for one in found])
    write(register_table(found, pushes), Output(format, output))


def export(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    status: StatusOption = None,
    kind: KindOption = "",
    learner: LearnerOption = None,
    course: CourseOption = None,
    protocol: ProtocolOption = None,
    number: NumberOption = None,
    first_day: FromOption = None,
    last_day: ToOption = None,
    format: FormatOption = Format.CSV,
    output: OutputOption = None,
    bom: BomOption = False,
    delimiter: DelimiterOption = ",",
    debug: DebugOption = False,
) -> None:
    """Every field of every document and its holder. Shows personal data."""
    from lms_sync.report.documents import export_table

    wanted = _filter(status, kind, learner, course, protocol, number, first_day, last_day)
    write(export_table(_documents(config, source, wanted)), Output(format, output, bom, parsed_delimiter(delimiter)))


def show(
    uid: UidArgument,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """One document with its scans and every step; of a draft also what issuing would find. Shows personal data."""
    from lms_sync.records import DocumentStatus, IssuedDocument
    from lms_sync.registers.documents.acts import Looking, must_find
    from lms_sync.registers.documents.issuing import IssueOptions, findings
    from lms_sync.report.documents import shown
    from lms_sync.report.pushes import in_lms
    from lms_sync.store.documents import scans
    from lms_sync.store.history import history

    with source_in_store(config, source) as (settings, store, name):
        with store.reading() as connection:
            found = must_find(Looking(connection, name, store.now()), uid)
            kept = scans(connection, name, uid)
            pushes = pushes_by_document(connection, name, [uid])
        steps = history(store, name, IssuedDocument.kind, uid)
        told = []
        if found.record.status is DocumentStatus.DRAFT and found.holder is not None:
            told = findings(store, name, kept_mapping(settings, name), uid, IssueOptions(operator_name()))
        zone = zone_of(settings, name)
    if json:
        put_json(
            _as_json(found)
            | {
                "scans": [one.payload() for one in kept],
                "in_lms": {one.target: one.state.value for one in pushes.get(uid, ())},
                "findings": [
                    {"code": one.code, "severity": one.severity.value, "message": one.message} for one in told
                ],
                "history": steps_as_json(steps, "status"),
            }
        )
        return
    for line in shown(found, kept, steps, told, zone, in_lms(pushes, uid)):
        put(line)


def _as_json(found: StoredDocument) -> dict[str, Any]:
    return {
        "document": found.record.payload(),
        "version": found.version,
        "holder": None if found.holder is None else found.holder.payload(),
    }


def _documents(config: Path | None, source: str | None, wanted: DocumentFilter) -> list[StoredDocument]:
    from lms_sync.store.documents import documents

    with source_in_store(config, source) as (_, store, name), store.reading() as connection:
        return documents(connection, name, wanted)


def _filter(
    statuses: list[str] | None,
    kind: str,
    learner: str | None,
    course: str | None,
    protocol: str | None,
    number: str | None,
    first_day: str | None,
    last_day: str | None,
) -> DocumentFilter:
    from lms_sync.store.documents import DocumentFilter

    return DocumentFilter(
        statuses=[_status(one) for one in statuses or ()],
        document_kind=kind or None,
        learner=learner,
        course=course,
        protocol=protocol,
        number=number,
        first_day=parsed_day(first_day, "--from"),
        last_day=parsed_day(last_day, "--to"),
    )


def _status(text: str) -> DocumentStatus:
    from lms_sync.records import DocumentStatus

    try:
        return DocumentStatus(text)
    except ValueError:
        raise ConfigError(f"--status takes one of {', '.join(DocumentStatus)}.") from None
