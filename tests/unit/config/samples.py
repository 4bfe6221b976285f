"""A configuration with one source, connectors that it may name, and how it is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from lms_sync.config import Settings, load_settings
from lms_sync.connector import Connector, Finding, Page, ReadTask, Scope, SiteAccess, Stream
from lms_sync.errors import ConfigError

TOKEN = "0123456789abcdef0123456789abcdef"
SOURCE = """
[store]
url = "sqlite:///records.db"

[sources.academy]
connector = "toy"
url = "https://lms.example.com/"
token_file = "academy.token"
"""


class ToyOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    page_size: int = Field(default=100, ge=1)


class Toy(Connector):
    title = "Toy"
    options = ToyOptions
    mapping = "toy"

    def __init__(self, access: SiteAccess, options: Any) -> None:
        self.access = access

    def streams(self) -> Sequence[Stream]:
        return [Stream("grades", "Grades", ("grade",), incremental=True), Stream("people", "People", ("person",))]

    def scopes(self, stream: str) -> Sequence[Scope]:
        return []

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        yield Page()

    def check(self) -> Iterable[Finding]:
        return []


class Homely(Toy):
    """Reads something that has no address and asks for no token."""

    needs_url = False
    needs_secret = False


class Toys:
    def connector(self, name: str) -> type[Connector]:
        if name not in ("toy", "homely"):
            raise ConfigError(f"No connector is called {name}.")
        return Homely if name == "homely" else Toy


def load(folder: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    path = folder / "lms-sync.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, Toys(), environment or {})


def problems(folder: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environment)
    return [str(problem) for problem in caught.value.problems]
