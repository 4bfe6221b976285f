"""`lms-sync documents import | link | erase-holder`: an academy's own register, taken over with the people it names.

What is wrong with a row goes to stdout, for it names people: it is data, and no word for a log.
"""

from __future__ import annotations

import hashlib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lms_sync.cli.checkpoints import sign_checkpoint
from lms_sync.cli.console import put, put_json, say
from lms_sync.cli.document_options import ReasonOption, UidArgument
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, OneSourceOption
from lms_sync.cli.reporting import source_in_store
from lms_sync.cli.workplace import kept_mapping, operator_name
from lms_sync.errors import EXIT_PARTIAL, ConfigError, RegisterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lms_sync.registers.documents.importing.problems import RowProblem
    from lms_sync.registers.documents.importing.taking import Imported

MOST_ALIKE = 3
"""So many rows with one and the same fault are shown; the others are counted."""
MOST_FAULTS = 40


def register(app: typer.Typer) -> None:
    """Adds the commands of this module to `lms-sync documents`."""
    app.command("import")(import_documents)
    app.command("link")(link)
    app.command("erase-holder")(erase_holder)


def import_documents(
    file: Annotated[Path, typer.Argument(help="The register: a CSV or XLSX file.", metavar="FILE")],
    columns: Annotated[
        Path, typer.Option("--columns", help="Which column feeds which field, as TOML.", metavar="COLUMNS.toml")
    ],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    sheet: Annotated[
        str, typer.Option("--sheet", help="The sheet of a workbook that has several.", metavar="NAME")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Take sound rows over though others are refused.")] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Take over an existing register of documents, in one transaction. Doing it again adds nothing.

    Shows personal data.
    """
    from lms_sync.mapping.import_load import load_import_columns
    from lms_sync.registers.documents.importing import taking
    from lms_sync.spreadsheet.opening import open_sheet
    from lms_sync.spreadsheet.sheet import SheetOptions

    signed = 0
    with source_in_store(config, source) as (settings, store, name):
        mapping = kept_mapping(settings, name)
        said = load_import_columns(columns, mapping.documents)
        how = SheetOptions(sheet or said.file.sheet or "", said.file.encoding or "", said.file.delimiter or "")
        options = taking.ImportOptions(operator_name(), _sha256(file), partial=partial, dry_run=dry_run)
        with open_sheet(file, how) as opened:
            done = taking.import_documents(store, name, mapping, opened, said, options)
        if done.written:
            signed = sign_checkpoint(store, settings)
    if json:
        put_json(_as_json(done))
    else:
        _tell(done, dry_run=dry_run)
    if done.refused:
        raise typer.Exit(EXIT_PARTIAL if partial else RegisterError.exit_code)
    raise typer.Exit(signed)


def link(
    uid: UidArgument,
    learner: Annotated[str, typer.Option("--learner", help="Whose it is, by LMS id.", metavar="ID")],
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    debug: DebugOption = False,
) -> None:
    """Name the learner of an imported document that has none yet. Once, for good."""
    from lms_sync.registers.documents import linking
    from lms_sync.registers.documents.acts import DocumentAct

    why = DocumentAct(operator_name(), reason)
    with source_in_store(config, source) as (settings, store, name):
        done = linking.link(store, name, uid, learner, why)
        signed = sign_checkpoint(store, settings)
    put(f"{uid} is linked to learner {learner}")
    if not done.same_name:
        say("The learner has another name in the LMS than stands on the document: make sure that they are one person.")
    raise typer.Exit(signed)


def erase_holder(
    uid: UidArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    debug: DebugOption = False,
) -> None:
    """Erase who holds a document, where the LMS does not know the person. The register's line stays."""
    from lms_sync.registers.documents.acts import DocumentAct

    why = DocumentAct(operator_name(), reason)
    with source_in_store(config, source) as (settings, store, name):
        erased = store.erase_holder(name, uid, why.actor, why.reason)
        signed = sign_checkpoint(store, settings)
    put(f"{uid}: the holder's data is erased" if erased else f"{uid}: nothing was left to erase")
    if erased:
        say("Remove the files of its scans, if there are any, with `lms-sync documents prune-scans`.")
    raise typer.Exit(signed)


# --- what is told -----------------------------------------------------------------------------------------------------


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None


def _tell(done: Imported, *, dry_run: bool) -> None:
    for note in done.notes:
        say(note)
    for line in _told(done.problems):
        put(line)
    if not done.written and not dry_run:
        put(f"Nothing was taken over, because of refused rows: {done.refused} of {done.rows}.")
        say("Correct them and try again, or take over the others with --partial.")
        return
    span = f" ({done.first}–{done.last})" if done.created > 1 else f" ({done.first})" if done.created else ""
    put(
        f"{'Taken over' if done.written else 'Would be taken over'}: {done.created}{span}, with a learner of the LMS: "
        f"{done.linked}; were there before: {done.present}; refused: {done.refused}; rows: {done.rows}"
    )
    for series, last in sorted(done.series.items()):
        put(f"Numbers of {series} go on after {last}.")
    if done.counts.totals or done.counts.empty:
        say(f"Passed over: empty rows {done.counts.empty}, rows of sums {done.counts.totals}.")


def _told(problems: list[RowProblem]) -> Iterator[str]:
    """The first rows of every fault, what stops before what warns; how many more there are."""

    def fault(one: RowProblem) -> tuple[bool, str, str]:
        return not one.stops, one.letter.rjust(3), one.message

    groups = [list(group) for _, group in groupby(sorted(problems, key=fault), key=fault)]
    for group in groups[:MOST_FAULTS]:
        for one in group[:MOST_ALIKE]:
            yield f"{'' if one.stops else 'warning: '}{one}"
        if len(group) > MOST_ALIKE:
            yield f"  … and so in {len(group) - MOST_ALIKE} more rows"
    if len(groups) > MOST_FAULTS:
        rest = sum(map(len, groups[MOST_FAULTS:]))
        yield f"… and {rest} more findings; --json tells them all"


def _as_json(done: Imported) -> dict[str, Any]:
    return {
        "written": done.written,
        "rows": done.rows,
        "created": done.created,
        "first": done.first,
        "last": done.last,
        "linked": done.linked,
        "present": done.present,
        "refused": done.refused,
        "empty": done.counts.empty,
        "totals": done.counts.totals,
        "series": done.series,
        "notes": done.notes,
        "problems": [
            {
                "row": one.row,
                "column": one.column,
                "letter": one.letter,
                "value": one.value,
                "message": one.message,
                "severity": one.severity.value,
            }
            for one in done.problems
        ],
    }
