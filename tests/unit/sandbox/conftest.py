"""A tiny client for sandbox sites, as bare as can be: it must not hide what the wire says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from lms_sync.sandbox import Faults, SandboxServer, World


class Site:
    """One open sandbox site and a session to it."""

    def __init__(self, world: World, faults: Faults | None = None, **options: Any) -> None:
        self.world = world
        self.server = SandboxServer(world, faults, **options).start()
        self.session = requests.Session()

    @property
    def endpoint(self) -> str:
        return f"{self.server.url}/webservice/rest/server.php"

    def post(self, function: str, *, raw: bool = True, **params: Any) -> requests.Response:
        form = [("wstoken", self.world.token), ("wsfunction", function), ("moodlewsrestformat", "json")]
        if raw:
            form.append(("moodlewssettingraw", "1"))
        for name, value in params.items():
            form += flattened(name, value)
        return self.session.post(self.endpoint, data=form, timeout=10)

    def ask(self, function: str, *, raw: bool = True, **params: Any) -> Any:
        return self.post(function, raw=raw, **params).json()

    def close(self) -> None:
        self.session.close()
        self.server.close()


def flattened(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from flattened(f"{key}[{name}]", part)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from flattened(f"{key}[{place}]", part)
    else:
        yield key, value


@pytest.fixture
def open_site() -> Iterator[Callable[..., Site]]:
    """``open_site(world, faults=None, **server_options)``: closed when the test ends."""
    sites: list[Site] = []

    def opening(world: World, faults: Faults | None = None, **options: Any) -> Site:
        sites.append(Site(world, faults, **options))
        return sites[-1]

    yield opening
    for site in sites:
        site.close()
