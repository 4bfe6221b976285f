"""The process that a simulation starts, and sometimes kills: one pull, as `lms-sync pull` does it.

Only the pauses between two tries are shortened; everything else is the real thing.
"""

from __future__ import annotations

import time
from typing import Any

from lms_sync_moodle import MoodleConnector
from lms_sync_moodle.client import SECRET_FIELD, MoodleClient
from lms_sync_moodle.site import MoodleSite
from pydantic import SecretStr

from lms_sync import log
from lms_sync.connector import SiteAccess
from lms_sync.http import Http
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


def pull_once(store_url: str, site_url: str, token: str, options: PullOptions) -> RunSummary:
    """One pull of the sandbox at `site_url` into the store."""
    access = SiteAccess(SOURCE, site_url, SecretStr(token), timeout=10, retries=3)
    connector_options = MoodleConnector.options()
    source = PullSource(
        SOURCE,
        lambda: HurriedConnector(access, connector_options),
        load_mapping("moodle", [], timezone=TIME_ZONE),
    )
    with Store.open(store_url) as store:
        return pull(store, source, options, Silence())


def main(store_url: str, site_url: str, token: str, options: PullOptions) -> None:
    """What the started process runs; its exit code is the run's."""
    log.configure("error")
    raise SystemExit(pull_once(store_url, site_url, token, options).exit_code)
