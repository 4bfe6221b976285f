"""`lms-sync pull`: reads the LMS into the store once."""

from __future__ import annotations

import dataclasses
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lms_sync.cli.checkpoints import sign_checkpoint
from lms_sync.cli.console import put_json, say, words_console
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, SourceOption
from lms_sync.cli.workplace import chosen_sources, full_settings, open_store, pull_options, pull_sources
from lms_sync.errors import EXIT_CONFIG, EXIT_DONE, EXIT_PARTIAL, LmsSyncError, SourceError, StoreBusy

if TYPE_CHECKING:
    from lms_sync.report.interface import Value
    from lms_sync.store.store import Store
    from lms_sync.sync.pull import PullOptions, PullSource, RunSummary, Troubled

COUNTS = {name: name for name in ("added", "changed", "restored", "retired", "unchanged", "quarantined")}
COUNTS["braked"] = "kept by brake"


def pull(
    config: ConfigOption = None,
    source: SourceOption = None,
    stream: Annotated[
        list[str] | None, typer.Option("--stream", help="Only this stream; may be repeated.", metavar="STREAM")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything, not only changes.")] = False,
    allow_retire: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-retire",
            help="Let this scope retire records although the brake stopped it; may be repeated.",
            metavar="STREAM:SCOPE",
        ),
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Read the LMS into the record store once."""
    settings = full_settings(config)
    sources = pull_sources(chosen_sources(settings, source))
    with open_store(settings, migrate=True) as store, stopping_gently() as stop:
        options = dataclasses.replace(
            pull_options(settings),
            streams=tuple(stream) if stream else None,
            full=full,
            allow_retire=tuple(allow_retire or ()),
            stop=stop,
        )
        results, exit_code = pull_each(store, sources, options, partial(sign_checkpoint, store, settings))
    if json:
        put_json({"runs": [result_document(result) for result in results]})
    raise typer.Exit(exit_code)


@dataclasses.dataclass(frozen=True)
class Result:
    """What became of one source: a summary, or the error that kept it from being read at all."""

    source: str
    summary: RunSummary | None = None
    error: LmsSyncError | None = None

    @property
    def exit_code(self) -> int:
        """See `lms_sync.errors`."""
        if self.summary:
            return self.summary.exit_code
        return self.error.exit_code if self.error else EXIT_CONFIG


def pull_each(
    store: Store, sources: Sequence[PullSource], options: PullOptions, after_pull: Callable[[], int]
) -> tuple[list[Result], int]:
    """Pulls one source after the other until somebody stops it; gives what became of them and the exit code.

    `after_pull` is called after each and gives an exit code of its own. A source that was not come to is undone work.
    """
    results, exit_codes = [], []
    for source in sources:
        if options.stopped:
            exit_codes.append(EXIT_PARTIAL)
            break
        results.append(pull_one(store, source, options))
        exit_codes += [results[-1].exit_code, after_pull()]
    return results, max(exit_codes, default=EXIT_DONE)


def pull_one(store: Store, source: PullSource, options: PullOptions) -> Result:
    """Pulls a source and tells how it went. Its failure does not keep the others from being pulled."""
    from lms_sync.cli.progress import BarProgress, progress_for
    from lms_sync.sync.pull import pull

    progress = progress_for(words_console())
    try:
        summary = pull(store, source, options, progress)
    except (SourceError, StoreBusy) as error:
        say(f"{source.name}: {error}")
        return Result(source.name, error=error)
    finally:
        if isinstance(progress, BarProgress):
            progress.close()
    tell_summary(summary)
    return Result(source.name, summary=summary)


def tell_summary(summary: RunSummary) -> None:
    """The run in words: a line a stream, and what went wrong."""
    from lms_sync.report.interface import Column, Table
    from lms_sync.report.table import write_table

    columns = [Column("stream", "stream"), Column("scopes", "scopes", numeric=True)]
    columns += [Column("trusted", "read whole", numeric=True), Column("changes", "changes only", numeric=True)]
    columns += [Column(outcome, outcome, numeric=True) for outcome in ("partial", "refused", "braked")]
    columns += [Column(title, title, numeric=True) for title in COUNTS.values()]
    rows: list[list[Value]] = [
        [
            stream.name,
            stream.scopes,
            stream.complete,
            stream.changes,
            stream.partial,
            stream.refused,
            stream.braked,
            *(stream.counts.get(count, 0) for count in COUNTS),
        ]
        for stream in summary.streams
    ]
    write_table(Table(f"{summary.source}: {summary.outcome}", columns, rows).without_blanks(), words_console())
    if told := journal_words(summary):
        say(f"  action journal: {told}")
    if told := attestation_words(summary):
        say(f"  final attestation: {told}")
    for problem in summary.problems:
        say(f"  ! {problem}")


def journal_words(summary: RunSummary) -> str:
    """What became of the action journal, in one line; empty when nothing did."""
    counts = summary.counts
    parts = {
        "actions_added": "told by the LMS",
        "actions_derived": "derived from records",
        "actions_joined": "derived ones found in the log",
        "actions_left_out": "left out (lms-sync's own requests, courses that were not chosen)",
    }
    return ", ".join(f"{counts[count]} {words}" for count, words in parts.items() if counts[count])


def attestation_words(summary: RunSummary) -> str:
    """What became of final attestation, in one line; empty when nothing did."""
    told = summary.registers
    closed = ", ".join(protocol.number for protocol in told.closed)
    parts = [
        f"{told.frozen} results recorded" if told.frozen else "",
        f"{told.waiting} wait" if told.waiting else "",
        f"protocols closed: {closed}" if closed else "",
        f"{told.undecided} differences undecided (lms-sync protocols drift)" if told.undecided else "",
    ]
    return ", ".join(part for part in parts if part)


def result_document(result: Result) -> dict[str, Any]:
    """A result as JSON-ready values."""
    if result.summary is None:
        return {
            "source": result.source,
            "outcome": "failed",
            "exit_code": result.exit_code,
            "problems": [str(result.error)],
        }
    summary = result.summary
    return {
        "source": summary.source,
        "run_id": summary.run_id,
        "outcome": summary.outcome,
        "exit_code": summary.exit_code,
        "counts": dict(summary.counts),
        "streams": [{**vars(stream), "counts": dict(stream.counts)} for stream in summary.streams],
        "problems": summary.problems,
        "troubled": [troubled_document(one) for one in summary.troubled],
        "findings": [dataclasses.asdict(finding) for finding in summary.findings],
    }


def troubled_document(troubled: Troubled) -> dict[str, Any]:
    """A scope whose reading cannot be trusted, as JSON-ready values; `status --json` has the same keys."""
    from lms_sync.cli.status_tables import leave_of

    scope, verdict = troubled.scope, troubled.verdict
    place = {"stream": scope.stream, "scope": scope.key, "label": scope.label}
    return place | dataclasses.asdict(verdict) | {"allow_retire": leave_of(scope.stream, scope.key, verdict.outcome)}


@contextmanager
def stopping_gently(after: str = "page") -> Iterator[threading.Event]:
    """An event that SIGINT or SIGTERM sets; the second signal interrupts as usual. `after`: what is finished first."""
    stop = threading.Event()

    def ask(number: int, _frame: Any) -> None:
        signal.signal(number, previous[signal.Signals(number)])
        # Not from the handler itself: the main thread may hold the event's own lock at this moment.
        threading.Thread(target=stop.set).start()
        say(f"Stopping after the {after} under way; once more to stop at once.")

    previous: dict[signal.Signals, Any] = {}
    for asked in (signal.SIGINT, signal.SIGTERM):
        previous[asked] = signal.signal(asked, ask)
    try:
        yield stop
    finally:
        for asked, handler in previous.items():
            signal.signal(asked, handler)
