"""What the Moodle contract tests share: a quick connector for any address, and sandboxes to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lms_sync_moodle import MoodleConnector, MoodleOptions
from lms_sync_moodle import connector as connector_module
from lms_sync_moodle.client import SECRET_FIELD, MoodleClient
from pydantic import SecretStr

from lms_sync.connector import SiteAccess
from lms_sync.http import Http
from lms_sync.sandbox import World, small_world
from tests.contract.moodle.moodle_site import Connect, Site


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Makes connectors that never really sleep, and closes them afterwards."""
    made: list[MoodleConnector] = []

    def quick_client(access: SiteAccess, *, form_limit: int) -> MoodleClient:
        http = Http(access, secret_field=SECRET_FIELD, sleep=lambda _: None)
        return MoodleClient(access, form_limit=form_limit, http=http)

    def make(url: str, token: str, *, access: dict[str, Any] | None = None, **options: Any) -> MoodleConnector:
        settings = {"retries": 2, "maintenance_wait": 0.0, "concurrency": 2, "timeout": 10.0, **(access or {})}
        reached = SiteAccess("lms", url, SecretStr(token), **settings)
        made.append(MoodleConnector(reached, MoodleOptions(**options)))
        return made[-1]

    monkeypatch.setattr(connector_module, "MoodleClient", quick_client)
    yield make
    for connector in made:
        connector.close()


@pytest.fixture
def open_site(connect: Connect) -> Iterator[Any]:
    """Serves a world until the test is over: (world, **connector options) -> `Site`."""
    opened: list[Site] = []

    def make(world: World, **options: Any) -> Site:
        opened.append(Site(world, connect, **options))
        opened[-1].server.start()
        return opened[-1]

    yield make
    for site in opened:
        site.server.close()


@pytest.fixture
def site(open_site: Any) -> Site:
    made: Site = open_site(small_world(3))
    return made
