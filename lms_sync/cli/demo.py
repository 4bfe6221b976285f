"""`lms-sync demo`: an invented academy, a first pull, a second one, one course's gradebook; no LMS is needed.

Everything is made anew in one directory, and stays there to be looked at: nothing else is touched.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lms_sync.cli.checkpoints import write_checkpoint
from lms_sync.cli.console import data_console, say, words_console
from lms_sync.cli.init import write_new
from lms_sync.cli.options import DebugOption
from lms_sync.cli.workplace import full_settings, open_store, pull_options, pull_sources
from lms_sync.errors import ConfigError

if TYPE_CHECKING:
    from lms_sync.config import Settings
    from lms_sync.sandbox import SandboxServer, World
    from lms_sync.store.store import Store

SOURCE = "academy"
_CONFIG = """# Made by `lms-sync demo`. The academy it names is gone when the demo ends; the store stays.
[store]
url = "sqlite:///store.db"

[checkpoints]
directory = "checkpoints"
key_file = "checkpoint.key"

[log]
level = "error"
format = "console"

[sources.academy]
connector = "moodle"
url = "{url}"
token_file = "academy.token"
timezone = "Europe/Moscow"
"""
_OURS = ("lms-sync.toml", "academy.token", "store.db", "store.db-wal", "store.db-shm")
_OUR_PATTERNS = ("store.db*.lock", "checkpoints/checkpoint-*.json")
_CHANGES = 25
_LINES = 12
_ITEMS = 5
_QUERY = "SELECT seq, kind, key, operation FROM ledger LIMIT 5"


def demo(
    directory: Annotated[Path, typer.Option("--directory", help="Where everything is put.")] = Path("demo"),
    learners: Annotated[int, typer.Option(min=20, max=20000, help="How many learners the academy has.")] = 300,
    seed: Annotated[int, typer.Option(help="Another number makes another academy.")] = 1,
    companion: Annotated[bool, typer.Option(help="Whether its site has the companion plugin.")] = True,
    debug: DebugOption = False,
) -> None:
    """Show it all on an invented academy; needs no LMS.

    Two pulls, what was kept out and why, and a gradebook.
    """
    from lms_sync.sandbox import SandboxServer, academy

    say(f"An invented academy with {learners} learners, answering like a Moodle, in this process:")
    world = academy(seed=seed, learners=learners, now=int(time.time()), companion=companion)
    world.follow_real_time()
    with SandboxServer(world) as server:
        config = _prepare(directory, server.url, world.token)
        settings = full_settings(config)
        _doctor(settings)
        with open_store(settings, migrate=True) as store:
            say("\nThe first pull reads everything:")
            _pull(settings, store, server)
            _tell_quarantine(store)
            _change(world, seed)
            say(f"\n{_CHANGES} things changed at the academy. The second pull reads only what it must:")
            _pull(settings, store, server)
            _show_gradebook(store)
    _tell_next(config)


def _prepare(directory: Path, url: str, token: str) -> Path:
    """A directory with a configuration and a token; what an earlier demo left is removed."""
    try:
        patterns = (path for pattern in _OUR_PATTERNS for path in directory.glob(pattern))
        for path in [*(directory / name for name in _OURS), *patterns]:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{directory} cannot be used for the demo: {error.strerror}.") from None
    write_new(directory / "academy.token", f"{token}\n", mode=0o600)
    config = directory / "lms-sync.toml"
    write_new(config, _CONFIG.format(url=url), mode=0o644)
    return config


def _doctor(settings: Settings) -> None:
    from lms_sync.cli.examination import examine
    from lms_sync.cli.progress import finding_text
    from lms_sync.connector import Level

    areas = list(examine(settings, list(settings.sources.values())))
    findings = [finding for area in areas for finding in area.findings]
    levels = Counter(finding.level for finding in findings)
    say(f"\nlms-sync doctor looked at {len(findings)} things: {levels[Level.OK]} are in order.")
    for finding in findings:
        if finding.level in (Level.WARNING, Level.FAILURE):
            say(f"  {finding_text(finding)}")
    if levels[Level.FAILURE]:
        raise ConfigError("The demo cannot go on: what is marked ✗ must be mended first.")


def _pull(settings: Settings, store: Store, server: SandboxServer) -> None:
    from lms_sync.cli.pull import pull_one

    before = server.count()
    (source,) = pull_sources(list(settings.sources.values()))
    result = pull_one(store, source, pull_options(settings))
    write_checkpoint(store, settings)
    if result.error:
        raise result.error
    say(f"  {server.count() - before} requests to the LMS.")


def _change(world: World, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same academy for the same seed
    for _ in range(_CHANGES):
        world.random_change(rng)


def _tell_quarantine(store: Store) -> None:
    from lms_sync.report.interface import Column, Table, Value
    from lms_sync.report.status import quarantine_counts
    from lms_sync.report.table import write_table
    from lms_sync.store.query import quarantine

    counts = quarantine_counts(quarantine(store))
    if not counts:
        say("  Nothing was kept out.")
        return
    columns = [Column("count", "objects", numeric=True)]
    columns += [Column(key, key) for key in ("kind", "field", "reason")]
    rows: list[list[Value]] = [[one.count, one.kind, one.field, one.message] for one in counts]
    write_table(Table("Kept out or kept in part, and why (lms-sync status):", columns, rows), words_console())


def _show_gradebook(store: Store) -> None:
    from zoneinfo import ZoneInfo

    from lms_sync.report.grades import Choice, pivot
    from lms_sync.report.interface import Table
    from lms_sync.report.table import write_table
    from lms_sync.store.query import courses, gradebook

    books = [gradebook(store, SOURCE, course.key) for course in courses(store, SOURCE)]
    book = max(books, key=lambda book: len(book.cells))
    table = pivot(book, Choice(ZoneInfo("Europe/Moscow")))
    filled = Counter(item for _, item in book.cells)
    items = [f"item_{item}" for item, _ in filled.most_common(_ITEMS)]
    left_out = f"… {max(0, len(table.rows) - _LINES)} more learners, {max(0, len(filled) - _ITEMS)} more columns"
    shown = Table(table.title, table.columns, table.rows[:_LINES], [left_out]).only(["full_name", "groups", *items])
    say(f"\nlms-sync report grades --course {book.course.key if book.course else ''}:")
    write_table(shown, data_console())


def _tell_next(config: Path) -> None:
    say(
        f"""
Everything is in {config.parent}. Look around:
  lms-sync status --config {config}
  lms-sync protocols list --config {config}
  lms-sync protocols close --ready --config {config}
  lms-sync verify --config {config}
  sqlite3 {config.parent / "store.db"} '{_QUERY}'

With your own Moodle:
  lms-sync init        writes lms-sync.toml; set the address and the token file in it
  lms-sync doctor      says what is still wrong, and where in Moodle to mend it
  lms-sync pull
The README's "Ten minutes to your own Moodle" has every step, the role's capabilities too."""
    )
