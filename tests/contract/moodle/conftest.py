"""What the Moodle contract tests share: a quick connector for any address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lms_sync_moodle import MoodleConnector, MoodleOptions
from lms_sync_moodle import connector as connector_module
from lms_sync_moodle.client import SECRET_FIELD, MoodleClient
from pydantic import SecretStr

from lms_sync.connector import SiteAccess
from lms_sync.http import Http

Connect = Callable[..., MoodleConnector]


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
