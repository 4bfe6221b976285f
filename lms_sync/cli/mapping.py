"""`lms-sync mapping`: is the mapping sound, and what does it make of the real site?"""

from __future__ import annotations

from typing import Annotated

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
    course: Annotated[str, typer.Option("--course", help="The id of the course in the LMS.", metavar="ID")],
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
    """Show which rule decides what in a course, and why.

    Reads the course from the LMS and stores nothing. Shows personal data.
    """
    from lms_sync.cli.explaining import explain_course, explanation_document, explanation_lines, is_mapped, limited

    chosen = one_source(full_settings(config), source)
    mapping = source_mapping(chosen)
    connector = connector_factory(chosen)()
    try:
        explained = explain_course(connector, mapping, course, kind)
    finally:
        connector.close()
    if not explained:
        raise ConfigError(f"{chosen.name} shows nothing of a course {course}; look up its id in the LMS.")
    shown, left_out = limited(explained, limit)
    if json:
        put_json([explanation_document(one) for one in shown])
    else:
        for one in shown:
            put("\n".join(explanation_lines(one)))
    for name, count in left_out.items():
        say(f"{count} more of {name}; --limit shows more.")
    raise typer.Exit(EXIT_DONE if all(map(is_mapped, explained)) else EXIT_PARTIAL)
