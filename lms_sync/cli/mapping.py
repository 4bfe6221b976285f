"""`lms-sync mapping`: is the mapping sound, and what does it make of the real site?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli.console import put, put_json, say
from lms_sync.cli.options import ConfigOption, DebugOption, JsonOption, OneSourceOption, SourceOption
from lms_sync.cli.workplace import (
    chosen_sources,
    connector_factory,
    full_settings,
    load_mappings,
    one_source,
    source_mapping,
)
from lms_sync.errors import EXIT_DONE, EXIT_PARTIAL, ConfigError

if TYPE_CHECKING:
    from lms_sync.config import SourceSettings

app = typer.Typer(help="Check the mapping, or explain what it makes of the site.", no_args_is_help=True)


@app.command("check")
def check(
    config: ConfigOption = None, source: SourceOption = None, json: JsonOption = False, debug: DebugOption = False
) -> None:
    """List everything wrong with the mapping files, and what is legal but hardly meant."""
    from lms_sync.mapping.lint import lint

    settings = full_settings(config)
    mappings = load_mappings(chosen_sources(settings, source))
    suspicions = {name: lint(mapping) for name, mapping in mappings.items()}
    if json:
        put_json(
            {
                name: {
                    "version": mapping.version,
                    "suspicions": [{"where": one.where, "message": one.message} for one in suspicions[name]],
                }
                for name, mapping in mappings.items()
            }
        )
        return
    for name, mapping in mappings.items():
        put(f"{name}: the mapping is sound (version {mapping.version[:12]})")
        for one in suspicions[name]:
            say(f"  ? {one}")


@app.command("explain")
def explain(
    course: Annotated[
        str | None, typer.Option("--course", help="The id of the course in the LMS.", metavar="ID")
    ] = None,
    stream: Annotated[
        str | None,
        typer.Option("--stream", help="`actions`: what the events of the log become, counted by name.", metavar="NAME"),
    ] = None,
    config: ConfigOption = None,
    source: OneSourceOption = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Only this kind of record, as grade_item; may be repeated.", metavar="KIND"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many of each kind.")] = 20,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show which rule decides what in a course, and why; or with --stream actions about which event of the log.

    Reads from the LMS and stores nothing. What it shows of a course is personal data; of events it shows none.
    """
    if stream is None and course is None:
        raise ConfigError("Say what to explain: --course ID for the records of a course, or --stream actions.")
    if stream not in (None, "actions"):
        raise ConfigError(f"There is nothing to explain of a stream {stream}; write --stream actions, or --course ID.")
    chosen = one_source(full_settings(config), source)
    if stream:
        _explain_events(chosen, course, json=json)
    else:
        assert course is not None
        _explain_course(chosen, course, kind, limit, json=json)


def _explain_course(source: SourceSettings, course: str, kinds: list[str] | None, limit: int, *, json: bool) -> None:
    from lms_sync.cli.explaining import explain_course, explanation_document, explanation_lines, is_mapped, limited

    mapping = source_mapping(source)
    connector = connector_factory(source)()
    try:
        explained = explain_course(connector, mapping, course, kinds)
    finally:
        connector.close()
    if not explained:
        raise ConfigError(f"{source.name} shows nothing of a course {course}; look up its id in the LMS.")
    shown, left_out = limited(explained, limit)
    if json:
        put_json([explanation_document(one) for one in shown])
    else:
        for one in shown:
            put("\n".join(explanation_lines(one)))
    for name, count in left_out.items():
        say(f"{count} more of {name}; --limit shows more.")
    raise typer.Exit(EXIT_DONE if all(map(is_mapped, explained)) else EXIT_PARTIAL)


def _explain_events(source: SourceSettings, course: str | None, *, json: bool) -> None:
    from lms_sync.cli.explaining_events import ENOUGH, explain_events, tallies_document, tally_line

    mapping = source_mapping(source)
    connector = connector_factory(source)()
    try:
        tallies = explain_events(connector, mapping, course)
    finally:
        connector.close()
    if json:
        put_json(tallies_document(tallies))
    else:
        for tally in tallies.tallies:
            put(tally_line(tally))
    if not tallies.tallies:
        say(f"{source.name} tells no events{' of that course' if course else ''}.")
    if not tallies.complete:
        say(f"There are more: reading ended after {ENOUGH:,} events.")
    if tallies.rejected:
        say(f"{tallies.rejected} events have no id or no time, and cannot be kept.")
    raise typer.Exit(EXIT_PARTIAL if tallies.rejected else EXIT_DONE)
