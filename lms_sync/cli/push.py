"""`lms-sync push`: shows the register's documents in the LMS, or tells what that would change there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lms_sync.cli.checkpoints import sign_checkpoint
from lms_sync.cli.console import data_console, put_json, say, words_console
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, SourceOption
from lms_sync.cli.pull import stopping_gently
from lms_sync.cli.workplace import chosen_sources, full_settings, open_store, operator_name, push_sources
from lms_sync.errors import EXIT_DONE, EXIT_PARTIAL, ConfigError, LmsSyncError, SourceError, StoreBusy

if TYPE_CHECKING:
    from lms_sync.config import Settings, SourceSettings
    from lms_sync.report.interface import Table, Value
    from lms_sync.store.store import Store
    from lms_sync.sync.push import PushOptions, PushSource, PushSummary
    from lms_sync.sync.push_result import Difference

COUNT_TITLES = {
    "sent": "sent",
    "confirmed": "seen there",
    "unchanged": "were there before",
    "postponed": "postponed",
    "uncertain": "answer lost",
    "failed": "refused",
    "waiting": "wait",
}
WHAT_WORDS = {
    "missing": "is not there",
    "differs": "differs",
    "unknown": "is not in the register",
    "doubled": "is there more than once",
    "other_holder": "is shown to another person",
}


def push(
    config: ConfigOption = None,
    source: SourceOption = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", help="Only this target; may be repeated.", metavar="TARGET")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change in the LMS.")] = False,
    retry: Annotated[
        list[str] | None,
        typer.Option(
            "--retry", help="Try this document now, or all that failed or wait; may be repeated.", metavar="UID|all"
        ),
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the issued documents of the register in the LMS.

    What the LMS shows as it should is left alone; nothing is sent twice. --dry-run only looks.
    """
    from lms_sync.sync.push import PushOptions

    settings = full_settings(config)
    sources = configured(settings, chosen_sources(settings, source))
    options = PushOptions(operator_name(), tuple(target) if target else None, tuple(retry or ()))
    with open_store(settings, migrate=not dry_run) as store:
        if dry_run:
            raise typer.Exit(_preview(store, push_sources(sources), options, json=json))
        raise typer.Exit(_push(store, settings, push_sources(sources), options, json=json))


def configured(settings: Settings, sources: Sequence[SourceSettings]) -> list[SourceSettings]:
    """Those of the sources that say where documents go. Raises ConfigError when none does."""
    found = [source for source in sources if source.targets is not None]
    if not found:
        raise ConfigError(
            f"{settings.path} does not say how the LMS shows documents: add a table [sources.NAME.push] "
            'with, for example, targets = ["companion"].'
        )
    return found


# --- pushing ----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one source: a summary, or the error that kept it from being pushed to at all."""

    source: str
    summary: PushSummary | None = None
    error: LmsSyncError | None = None

    @property
    def exit_code(self) -> int:
        """See `lms_sync.errors`."""
        if self.summary is not None:
            return self.summary.exit_code
        return EXIT_PARTIAL if self.error is None else self.error.exit_code


def _push(store: Store, settings: Settings, sources: Sequence[PushSource], options: PushOptions, *, json: bool) -> int:
    results, codes = [], [EXIT_DONE]
    with stopping_gently("batch") as stop:
        options = dataclasses.replace(options, stop=stop)
        for source in sources:
            if options.stopped:
                codes.append(EXIT_PARTIAL)
                break
            results.append(_push_one(store, source, options))
            codes += [results[-1].exit_code, sign_checkpoint(store, settings)]
    if json:
        put_json({"pushes": [result_document(result) for result in results]})
    return max(codes)


def _push_one(store: Store, source: PushSource, options: PushOptions) -> Result:
    from lms_sync.cli.push_progress import BarPushProgress, push_progress_for
    from lms_sync.sync.push import push

    progress = push_progress_for(words_console())
    try:
        summary = push(store, source, options, progress)
    except (SourceError, StoreBusy) as error:
        say(f"{source.name}: {error}")
        return Result(source.name, error=error)
    finally:
        if isinstance(progress, BarPushProgress):
            progress.close()
    _tell(summary)
    return Result(source.name, summary)


def _tell(summary: PushSummary) -> None:
    """The push in words: a line a target, and what went wrong."""
    from lms_sync.report.interface import Column, Table
    from lms_sync.report.table import write_table

    columns = [Column("target", "target")]
    columns += [Column(name, title, numeric=True) for name, title in COUNT_TITLES.items()]
    rows: list[list[Value]] = [
        [target.name, *(target.counts[name] for name in COUNT_TITLES)] for target in summary.targets
    ]
    if any(any(row[1:]) for row in rows):
        write_table(Table(f"{summary.source}: documents", columns, rows).without_blanks(), words_console())
    elif summary.targets and all(target.ended for target in summary.targets):
        say(f"{summary.source}: nothing to tell the LMS; targets: {', '.join(one.name for one in summary.targets)}")
    elif not summary.targets:
        say(f"{summary.source}: no target is configured; all are switched off")
    for target in summary.targets:
        for problem in target.problems:
            say(f"  ! {target.name}: {problem}")
    for problem in summary.problems:
        say(f"  ! {problem}")
    if summary.counts["failed"] or summary.counts["uncertain"]:
        say("  lms-sync documents status tells of each document why, and what to do.")


def result_document(result: Result) -> dict[str, Any]:
    """A result as JSON-ready values."""
    summary = result.summary
    if summary is None:
        return {"source": result.source, "exit_code": result.exit_code, "targets": [], "problems": [str(result.error)]}
    return {
        "source": summary.source,
        "exit_code": summary.exit_code,
        "targets": [
            {
                "target": target.name,
                "ended": target.ended,
                "counts": {name: target.counts[name] for name in COUNT_TITLES},
                "problems": target.problems,
            }
            for target in summary.targets
        ],
        "problems": summary.problems,
    }


# --- looking ----------------------------------------------------------------------------------------------------------


def _preview(store: Store, sources: Sequence[PushSource], options: PushOptions, *, json: bool) -> int:
    from lms_sync.sync.push_preview import preview

    found, code = by_target(sources, options, partial(preview, store))
    put_differences(found, "a push would change", json)
    return code


Compare = Callable[["PushSource", "PushOptions"], "list[Difference]"]


def by_target(
    sources: Sequence[PushSource], options: PushOptions, compare: Compare
) -> tuple[dict[str, list[Difference]], int]:
    """Compares each target by itself, so that one that cannot be read hides no other; gives the worst exit code too."""
    found: dict[str, list[Difference]] = {}
    codes = [EXIT_DONE]
    for source in sources:
        for name in options.targets or source.targets:
            try:
                differences = compare(source, dataclasses.replace(options, targets=(name,)))
            except SourceError as error:
                say(f"{source.name}: {error}")
                codes.append(error.exit_code)
            else:
                found.setdefault(source.name, []).extend(differences)
    return found, max(codes)


def put_differences(found: dict[str, list[Difference]], title: str, json: bool) -> None:
    """The differences of each source as a table, or as JSON."""
    from lms_sync.report.table import write_table

    if json:
        put_json(
            [
                {"source": source, **dataclasses.asdict(one), "fields": _fields_document(one)}
                for source, differences in found.items()
                for one in differences
            ]
        )
        return
    for source, differences in found.items():
        if differences:
            write_table(_table(f"{source}: {title}", differences), data_console())
        else:
            say(f"{source}: the LMS shows what it is to show")


def _fields_document(one: Difference) -> dict[str, dict[str, str]]:
    return {name: {"lms": there, "register": wanted} for name, (there, wanted) in one.fields.items()}


def _table(title: str, differences: Sequence[Difference]) -> Table:
    from lms_sync.report.interface import Column, Table

    titles = {
        "target": "target",
        "document": "document",
        "what": "",
        "field": "field",
        "lms": "LMS has",
        "register": "register wants",
    }
    rows: list[list[Value]] = []
    for one in differences:
        named = ", ".join(one.documents) or one.subject
        first: list[Value] = [one.target, named, WHAT_WORDS[one.what]]
        fields = [(name, there, wanted) for name, (there, wanted) in one.fields.items()] or [("", "", "")]
        rows += [[*(first if place == 0 else ["", "", ""]), *field] for place, field in enumerate(fields)]
    return Table(title, [Column(key, words) for key, words in titles.items()], rows)
