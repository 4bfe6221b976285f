"""`lms-sync documents`: the register of issued documents. Here what is done; what is shown is in `documents_shown`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli import documents_import, documents_shown, documents_status
from lms_sync.cli.checkpoints import sign_checkpoint
from lms_sync.cli.console import put, put_json, say
from lms_sync.cli.document_options import ProofOption, ReasonOption, UidArgument
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, OneSourceOption
from lms_sync.cli.reporting import parsed_day, source_in_store, today_at
from lms_sync.cli.workplace import kept_mapping, open_store, operator_name, store_settings
from lms_sync.errors import EXIT_PARTIAL, ConfigError, RegisterError

if TYPE_CHECKING:
    import datetime as dt

    from lms_sync.config import Settings
    from lms_sync.mapping.apply import Mapping
    from lms_sync.records import IssuedDocument
    from lms_sync.registers.documents.drafting import Drafted
    from lms_sync.store.store import Store

app = typer.Typer(help="Draft, issue, hand over and look up documents.", no_args_is_help=True)
app.command("list")(documents_shown.list_documents)
app.command("show")(documents_shown.show)
app.command("export")(documents_shown.export)
documents_import.register(app)
documents_status.register(app)

DayOption = Annotated[
    str | None, typer.Option("--on", help="The day; otherwise today.", metavar="YYYY-MM-DD", show_default=False)
]


@app.command("draft")
def draft(
    config: ConfigOption = None,
    source: OneSourceOption = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="For the lines of this protocol.", metavar="NUMBER")
    ] = None,
    not_passed: Annotated[bool, typer.Option("--not-passed", help="For its lines that did not pass.")] = False,
    learner: Annotated[str | None, typer.Option("--learner", help="For this learner, by LMS id.", metavar="ID")] = None,
    course: Annotated[
        str | None, typer.Option("--course", help="Without a protocol: of this course, by LMS id.", metavar="ID")
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="Its code in the mapping; otherwise what follows.", metavar="CODE")
    ] = "",
    hours: Annotated[int | None, typer.Option("--hours", help="Otherwise the course's.", min=1)] = None,
    studied_from: Annotated[str | None, typer.Option("--studied-from", metavar="YYYY-MM-DD")] = None,
    studied_to: Annotated[str | None, typer.Option("--studied-to", metavar="YYYY-MM-DD")] = None,
    qualification: Annotated[str, typer.Option("--qualification", show_default=False)] = "",
    profession: Annotated[str, typer.Option("--profession", show_default=False)] = "",
    rank: Annotated[str, typer.Option("--rank", show_default=False)] = "",
    reason: Annotated[str, typer.Option("--reason", help="Of a справка.", show_default=False)] = "",
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Draft a document for every passed line of a protocol, or one for a learner. Doing it again changes nothing."""
    from lms_sync.registers.documents import drafting

    options = drafting.DraftOptions(
        operator_name(),
        kind=kind,
        learner=learner,
        not_passed=not_passed,
        hours=hours,
        studied_from=parsed_day(studied_from, "--studied-from"),
        studied_to=parsed_day(studied_to, "--studied-to"),
        qualification=qualification,
        profession=profession,
        rank=rank,
        reason=reason,
    )

    def act(store: Store, name: str, mapping: Mapping) -> Drafted:
        if protocol is not None and course is None:
            return drafting.draft_protocol(store, name, mapping, protocol, options)
        if protocol is not None or learner is None or course is None or not kind:
            raise ConfigError("Say for whom: --protocol NUMBER, or --learner ID with --course ID and --kind CODE.")
        return drafting.draft_for_learner(store, name, mapping, learner, course, options)

    drafted, signed = _do(config, source, act)
    if json:
        put_json({"created": drafted.created, "present": drafted.present, "erased": drafted.erased})
    else:
        put(f"Drafted: {len(drafted.created)}{_span(drafted.created)}; were there before: {len(drafted.present)}")
    if drafted.erased:
        say(f"Left out, since their personal data was erased: {drafted.erased}.")
    raise typer.Exit(signed)


@app.command("issue")
def issue(
    uids: Annotated[list[str] | None, typer.Argument(help="Drafts, as `documents list` shows them.")] = None,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="Every draft that rests on this protocol.", metavar="NUMBER")
    ] = None,
    on: DayOption = None,
    blank: Annotated[str | None, typer.Option("--blank", help="The blank's number; otherwise the next free.")] = None,
    blank_series: Annotated[str | None, typer.Option("--blank-series", help="The blank's series.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only tell what would be found.")] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check drafts, number them and take blanks. Each is issued by itself: one that is refused holds up no other."""
    from lms_sync.registers.documents import issuing

    options = issuing.IssueOptions(operator_name(), parsed_day(on, "--on"), blank, blank_series)
    if blank is not None and (protocol is not None or len(uids or ()) != 1):
        raise ConfigError("--blank is for one document: name just one.")
    issued, refused, found = [], list[str](), list[str]()
    with source_in_store(config, source) as (settings, store, name):
        mapping = kept_mapping(settings, name)
        for uid in _drafts(store, name, uids or [], protocol):
            try:
                if check:
                    told = issuing.findings(store, name, mapping, uid, options)
                else:
                    done = issuing.issue(store, name, mapping, uid, options)
                    issued.append(done.document)
                    told = done.warnings
            except RegisterError as error:
                refused.append(str(error))
            else:
                found += [f"{uid}: {one.severity.value}: {one.message}" for one in told]
        signed = sign_checkpoint(store, settings)
    for message in [*found, *refused]:
        say(message)
    _tell_issued(issued, refused, found, json)
    if refused:
        raise typer.Exit(EXIT_PARTIAL if issued else RegisterError.exit_code)
    raise typer.Exit(signed)


@app.command("hand-over")
def hand_over(
    uid: UidArgument,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    on: DayOption = None,
    how: Annotated[str, typer.Option("--how", help="How it was handed over.")] = "лично",
    to: Annotated[
        str, typer.Option("--to", help="Who came, if not the holder: name and power of attorney.", show_default=False)
    ] = "",
    debug: DebugOption = False,
) -> None:
    """Record that a document was received."""
    from lms_sync.registers.documents import lifecycle

    day = parsed_day(on, "--on")

    def act(store: Store, name: str, settings: Settings) -> IssuedDocument:
        when: dt.date = day or today_at(settings, store, name)
        return lifecycle.hand_over(store, name, uid, operator_name(), when, how=how, received_by=to)

    _one(config, source, act, "is handed over")


@app.command("annul")
def annul(
    uid: UidArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    debug: DebugOption = False,
) -> None:
    """Take a document out of force, or withdraw a draft. Its number stays taken."""
    from lms_sync.registers.documents import lifecycle
    from lms_sync.registers.documents.acts import DocumentAct

    why = DocumentAct(operator_name(), reason)
    _one(config, source, lambda store, name, settings: lifecycle.annul(store, name, uid, why), "is annulled")


@app.command("lost")
def lost(
    uid: UidArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    proof: ProofOption = "",
    debug: DebugOption = False,
) -> None:
    """Record that a document is lost."""
    from lms_sync.registers.documents import lifecycle
    from lms_sync.registers.documents.acts import DocumentAct

    why = DocumentAct(operator_name(), reason)
    _one(config, source, lambda store, name, settings: lifecycle.lose(store, name, uid, why, proof=proof), "is lost")


@app.command("duplicate")
def duplicate(
    uid: UidArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    proof: ProofOption = "",
    debug: DebugOption = False,
) -> None:
    """Draft a duplicate of a document; issuing it replaces the other."""
    from lms_sync.registers.documents.acts import DocumentAct
    from lms_sync.registers.documents.duplicates import draft_duplicate

    why = DocumentAct(operator_name(), reason)

    def act(store: Store, name: str, settings: Settings) -> IssuedDocument:
        return draft_duplicate(store, name, kept_mapping(settings, name), uid, why, proof=proof)

    _one(config, source, act, f"is drafted as a duplicate of {uid}")


@app.command("correct")
def correct(
    uid: UidArgument,
    values: Annotated[list[str], typer.Argument(help="What is to stand where.", metavar="FIELD=VALUE…")],
    reason: ReasonOption,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    debug: DebugOption = False,
) -> None:
    """Correct fields of a draft, or what an issued document bears; never numbers, nor an issued one's holder."""
    from lms_sync.registers.documents import lifecycle
    from lms_sync.registers.documents.acts import DocumentAct

    why = DocumentAct(operator_name(), reason)
    pairs = [value.partition("=") for value in values]
    if not all(equals for _, equals, _ in pairs):
        raise ConfigError("Corrections are written FIELD=VALUE, as hours=72.")
    wanted = {name.strip(): text for name, _, text in pairs}
    _one(config, source, lambda store, name, settings: lifecycle.correct(store, name, uid, wanted, why), "is corrected")


@app.command("attach")
def attach(
    uid: UidArgument,
    file: Annotated[Path, typer.Argument(help="The scan.", metavar="FILE")],
    config: ConfigOption = None,
    source: OneSourceOption = None,
    debug: DebugOption = False,
) -> None:
    """Keep a scan of a document, outside the database, under its digest."""
    from lms_sync.registers.documents import scans
    from lms_sync.store.scan_files import ScanFiles

    with source_in_store(config, source) as (settings, store, name):
        kept = scans.attach(store, name, ScanFiles(settings.scans), uid, file, operator_name())
        signed = sign_checkpoint(store, settings)
    put(f"{uid}: {kept.size} bytes are kept, SHA-256 {kept.sha256}")
    raise typer.Exit(signed)


@app.command("prune-scans")
def prune_scans(config: ConfigOption = None, debug: DebugOption = False) -> None:
    """Remove the files of scans that no record names any more, as those of erased people."""
    from lms_sync.registers.documents import scans
    from lms_sync.store.scan_files import ScanFiles

    settings = store_settings(config)
    with open_store(settings) as store:
        removed = scans.remove_unnamed(store, ScanFiles(settings.scans))
    put(f"Removed files: {removed}")


# --- what the commands share ------------------------------------------------------------------------------------------


def _do(config: Path | None, source: str | None, act: Callable[[Store, str, Mapping], Drafted]) -> tuple[Drafted, int]:
    with source_in_store(config, source) as (settings, store, name):
        done = act(store, name, kept_mapping(settings, name))
        return done, sign_checkpoint(store, settings)


def _one(
    config: Path | None, source: str | None, act: Callable[[Store, str, Settings], IssuedDocument], told: str
) -> None:
    """Does one act on one document, tells of it and exits."""
    with source_in_store(config, source) as (settings, store, name):
        done = act(store, name, settings)
        signed = sign_checkpoint(store, settings)
    put(f"{done.uid} {told}")
    raise typer.Exit(signed)


def _drafts(store: Store, source: str, uids: list[str], protocol: str | None) -> list[str]:
    """The drafts meant, in the order of the register. Raises ConfigError when none is named."""
    from lms_sync.records import DocumentStatus
    from lms_sync.store.documents import DocumentFilter, documents

    if not uids and protocol is None:
        raise ConfigError("Say what to issue: drafts as `lms-sync documents list` shows them, or --protocol NUMBER.")
    if protocol is None:
        return list(dict.fromkeys(uids))
    with store.reading() as connection:
        wanted = DocumentFilter(protocol=protocol, statuses=[DocumentStatus.DRAFT])
        return list(dict.fromkeys([*uids, *(one.record.uid for one in documents(connection, source, wanted))]))


def _tell_issued(issued: list[IssuedDocument], refused: list[str], found: list[str], json: bool) -> None:
    if json:
        fields = ("uid", "registration_number", "blank_series", "blank_number", "appendix_number")
        put_json(
            {
                "issued": [{name: getattr(one, name) for name in fields} for one in issued],
                "refused": refused,
                "found": found,
            }
        )
        return
    for one in issued:
        blank = f", blank {one.blank_series} {one.blank_number}".replace("  ", " ") if one.blank_number else ""
        put(f"{one.uid}: issued as {one.registration_number}{blank}")


def _span(uids: list[str]) -> str:
    return f" ({uids[0]}–{uids[-1]})" if len(uids) > 1 else f" ({uids[0]})" if uids else ""
