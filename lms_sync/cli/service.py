"""`lms-sync run`: pulls and pushes on schedule until told to stop."""

from __future__ import annotations

from functools import partial

from lms_sync.cli.checkpoints import write_checkpoint
from lms_sync.cli.options import ConfigOption, DebugOption, SourceOption
from lms_sync.cli.workplace import (
    chosen_sources,
    full_settings,
    open_store,
    pull_options,
    pull_sources,
    push_sources,
)
from lms_sync.errors import ConfigError


def run(config: ConfigOption = None, source: SourceOption = None, debug: DebugOption = False) -> None:
    """Pull and push on schedule until stopped.

    SIGTERM or SIGINT ends it after the page or batch under way.
    """
    settings = full_settings(config)
    sources = [one for one in chosen_sources(settings, source) if one.schedule or one.reconcile or one.push]
    if not sources:
        raise ConfigError(
            f"{settings.path} schedules nothing: add a table [sources.NAME.schedule], "
            'as in grades = { every = "15m" }.'
        )
    from lms_sync.cli.progress import LogProgress
    from lms_sync.cli.push_progress import LogPushProgress
    from lms_sync.schedule import Plan, Service

    plans = [Plan(*of) for of in zip(sources, pull_sources(sources), push_sources(sources), strict=True)]
    with open_store(settings, migrate=True) as store:
        after_pull = partial(write_checkpoint, store, settings)
        Service(store, plans, pull_options(settings), LogProgress, after_pull, LogPushProgress).run()
