"""The processes that a simulation starts, and sometimes kills: one pull or push, as the commands do them.

Only the pauses between two tries are shortened, and the store's clock is the sandbox's; everything else is the real
thing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
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
from lms_sync.sync.push import push
from lms_sync.sync.push_result import Difference, PushOptions, PushSource, PushSummary
from lms_sync.sync.reconcile_documents import reconcile

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
    targets: Sequence[str] = ()

    def mapping(self) -> Mapping:
        """The shipped mapping with the academy's own rules over it."""
        return load_mapping("moodle", [self.rules], timezone=TIME_ZONE)

    def open(self, now: Callable[[], int]) -> Store:
        """The store with a clock of its own; `now` gives epoch seconds."""
        return Store.open(self.store_url, clock=lambda: dt.datetime.fromtimestamp(now(), dt.UTC))

    def connector(self) -> HurriedConnector:
        """A connector to the LMS."""
        access = SiteAccess(SOURCE, self.site_url, SecretStr(self.token), timeout=10, retries=3)
        return HurriedConnector(access, MoodleConnector.options())

    def to_push_to(self) -> PushSource:
        """The LMS as a push takes it."""
        return PushSource(SOURCE, self.connector, self.mapping(), self.targets)


def pull_once(academy: Academy, options: PullOptions, now: int) -> RunSummary:
    """One pull of the sandbox into the store, in the instant `now` (epoch seconds)."""
    source = PullSource(SOURCE, academy.connector, academy.mapping())
    with academy.open(lambda: now) as store:
        return pull(store, source, options, Silence())


def push_once(academy: Academy, options: PushOptions, now: int) -> PushSummary:
    """One push of the register into the sandbox, in the instant `now` (epoch seconds)."""
    with academy.open(lambda: now) as store:
        return push(store, academy.to_push_to(), options)


def differences_in_the_lms(academy: Academy, options: PushOptions, now: int) -> list[Difference]:
    """What the sandbox shows otherwise than the register says."""
    with academy.open(lambda: now) as store:
        return reconcile(store, academy.to_push_to(), options)


def main(academy: Academy, options: PullOptions | PushOptions, now: int) -> None:
    """What the started process runs; its exit code is the run's."""
    log.configure("error")
    done = pull_once(academy, options, now) if isinstance(options, PullOptions) else push_once(academy, options, now)
    raise SystemExit(done.exit_code)
