"""What most commands begin with: the settings, the store, the plugins and the mappings, put together.

Must not know any single command. Everything here raises `LmsSyncError` for what an operator can cause.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lms_sync.errors import ConfigError, Problem

if TYPE_CHECKING:
    from lms_sync.config import Settings, SourceSettings
    from lms_sync.connector import Connector
    from lms_sync.mapping.apply import Mapping
    from lms_sync.store.store import Store
    from lms_sync.sync.pull import PullOptions, PullSource
    from lms_sync.sync.push import PushSource


def full_settings(config: Path | None) -> Settings:
    """The settings with their sources and secrets, and logging set up as they say."""
    from lms_sync import log
    from lms_sync.config import find_config, load_settings
    from lms_sync.plugins import Plugins

    settings = load_settings(find_config(config), Plugins())
    log.configure(settings.log.level, settings.log.format)
    return settings


def store_settings(config: Path | None) -> Settings:
    """The settings for commands that only read the store: no secret and no plugin is needed."""
    from lms_sync import log
    from lms_sync.config import find_config, load_settings

    settings = load_settings(find_config(config))
    log.configure(settings.log.level, settings.log.format)
    return settings


@contextmanager
def open_store(settings: Settings, *, migrate: bool = False) -> Iterator[Store]:
    """The store, closed at the end. With `migrate` a missing one is made and an old one brought up to date."""
    from lms_sync.store.store import Store

    store = Store.open(settings.store_url.get_secret_value(), migrate=migrate)
    try:
        yield store
    finally:
        store.close()


def chosen_sources(settings: Settings, names: Sequence[str] | None) -> list[SourceSettings]:
    """The named sources in the order of the file; all of them when none is named."""
    wanted = {settings.source(name).name for name in names} if names else set(settings.sources)
    return [source for name, source in settings.sources.items() if name in wanted]


def one_source(settings: Settings, name: str | None) -> SourceSettings:
    """The named source, or the only one there is."""
    if name:
        return settings.source(name)
    if len(settings.sources) != 1:
        raise ConfigError(f"Several sources are configured; choose one with --source: {', '.join(settings.sources)}.")
    return next(iter(settings.sources.values()))


def load_mappings(sources: Sequence[SourceSettings]) -> dict[str, Mapping]:
    """The mapping of each source, by its name. Raises ConfigError with the problems of all their files."""
    mappings, failures = {}, []
    for source in sources:
        try:
            mappings[source.name] = source_mapping(source)
        except ConfigError as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        problems = (problem for failure in failures for problem in failure.problems or [Problem("", failure.subject)])
        raise ConfigError("The mappings have problems:", dict.fromkeys(problems))
    return mappings


def source_mapping(source: SourceSettings) -> Mapping:
    """The mapping shipped for the source's connector with the academy's own files over it."""
    from lms_sync.mapping.load import load_mapping

    return load_mapping(source.connector.mapping, source.mapping, timezone=source.timezone)


def kept_mapping(settings: Settings, source: str) -> Mapping:
    """The mapping of a source for commands that only work on the store: the plugin is asked which one it ships with,
    and no secret is needed. Raises ConfigError.
    """
    from lms_sync.mapping.load import load_mapping
    from lms_sync.plugins import Plugins

    outline = settings.outlines.get(source)
    if outline is None:
        raise ConfigError(f"{settings.path} has no source called {source}, so there is no mapping for its records.")
    shipped = Plugins().connector(outline.connector).mapping
    own = [settings.path.parent / name for name in outline.mapping]
    return load_mapping(shipped, own, timezone=outline.timezone)


def connector_factory(source: SourceSettings) -> Callable[[], Connector]:
    """Makes a connector for one run."""
    return lambda: source.connector(source.access, source.options)


def pull_sources(sources: Sequence[SourceSettings]) -> list[PullSource]:
    """The sources as the sync engine takes them."""
    from lms_sync.sync.pull import PullSource

    mappings = load_mappings(sources)
    return [
        PullSource(
            name=source.name,
            connector=connector_factory(source),
            mapping=mappings[source.name],
            reconcile_after=source.reconcile_after,
        )
        for source in sources
    ]


def push_sources(sources: Sequence[SourceSettings]) -> list[PushSource]:
    """The sources as documents are pushed to them; one that says nothing about documents has no target."""
    from lms_sync.sync.push import PushSource

    mappings = load_mappings(sources)
    return [
        PushSource(source.name, connector_factory(source), mappings[source.name], source.targets or ())
        for source in sources
    ]


def pull_options(settings: Settings) -> PullOptions:
    """The options of every pull: the brake as configured, and who asked for it."""
    from lms_sync.sync.pull import PullOptions

    return PullOptions(
        actor=operator_name(), brake_share=settings.safety.brake_share, brake_floor=settings.safety.brake_floor
    )


def operator_name() -> str:
    """The account of the machine that runs the command, for the ledger's "who"."""
    try:
        return f"operator {getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "operator"
