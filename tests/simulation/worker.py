"""The process that a simulation starts, and sometimes kills: one pull, as `lms-sync pull` does it.

Only the pauses between two tries are shortened, and the store's clock is the sandbox's; everything else is the real
thing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lms_sync_moodle import MoodleConnector
from lms_sync_moodle.client import SECRET_FIELD, MoodleClient
from lms_sync_moodle.site import MoodleSite
from pydantic import SecretStr

from lms_sync import log
from lms_sync.connector import SiteAccess
from lms_sync.http import Http
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.store.store import Store
from lms_sync.sync.pull import PullOptions, PullSource, RunSummary, Silence, pull

SOURCE = "academy"
TIME_ZONE = "Asia/Irkutsk"


class HurriedConnector(MoodleConnector):
    """The Moodle connector with pauses of milliseconds where the real one waits seconds."""

    def __init__(self, access: SiteAccess, options: Any) -> None:
        super().__init__(access, options)
        http = Http(access, secret_field=SECRET_FIELD, sleep=lambda seconds: time.sleep(min(seconds, 0.002)))
        self._client = MoodleClient(access, form_limit=options.form_limit, http=http)
        self._site = MoodleSite(self._client, options)


@dataclass(frozen=True)
class Academy:
    """What every process of one scenario works with: the store, the LMS, and the academy's own mapping file."""

    store_url: str
    site_url: str
    token: str
    rules: Path

    def mapping(self) -> Mapping:
        """The shipped mapping with the academy's own rules over it."""
        return load_mapping("moodle", [self.rules], timezone=TIME_ZONE)

    def open(self, now: Callable[[], int]) -> Store:
        """The store with a clock of its own; `now` gives epoch seconds."""
        return Store.open(self.store_url, clock=lambda: dt.datetime.fromtimestamp(now(), dt.UTC))


def pull_once(academy: Academy, options: PullOptions, now: int) -> RunSummary:
    """One pull of the sandbox into the store, in the instant `now` (epoch seconds)."""
    access = SiteAccess(SOURCE, academy.site_url, SecretStr(academy.token), timeout=10, retries=3)
    connector_options = MoodleConnector.options()
    source = PullSource(SOURCE, lambda: HurriedConnector(access, connector_options), academy.mapping())
    with academy.open(lambda: now) as store:
        return pull(store, source, options, Silence())


def main(academy: Academy, options: PullOptions, now: int) -> None:
    """What the started process runs; its exit code is the run's."""
    log.configure("error")
    raise SystemExit(pull_once(academy, options, now).exit_code)
