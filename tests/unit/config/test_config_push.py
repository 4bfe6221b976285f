"""Where issued documents are pushed to, and when: `[sources.NAME.push]` and `schedule.push`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from lms_sync.config import Settings, load_settings
from lms_sync.connector import Connector, Target
from lms_sync.errors import ConfigError
from tests.unit.config.samples import SOURCE, Toy


class Teller(Toy):
    """Can show documents in two ways."""

    def targets(self) -> Sequence[Target]:
        return [Target("companion", "a table", None), Target("note", "a note", None)]


class Connectors:
    def __init__(self, found: type[Connector] = Teller) -> None:
        self.found = found

    def connector(self, name: str) -> type[Connector]:
        return self.found


def load(folder: Path, text: str, connector: type[Connector] = Teller) -> Settings:
    path = folder / "lms-sync.toml"
    path.write_text(SOURCE + text, encoding="utf-8")
    return load_settings(path, Connectors(connector), {})


def problem(folder: Path, text: str, connector: type[Connector] = Teller) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, connector)
    [found] = caught.value.problems
    return str(found)


def test_targets_and_their_time(folder: Path) -> None:
    text = """
[sources.academy.push]
targets = ["note", "companion", "note"]
[sources.academy.schedule]
push = { every = "15m" }
grades = { every = "1h" }
"""
    settings = load(folder, text)
    source = settings.source("academy")
    assert source.targets == ("note", "companion")
    assert source.push is not None and source.push.every == dt.timedelta(minutes=15)
    assert set(source.schedule) == set(settings.outlines["academy"].schedule) == {"grades"}


def test_none_configured_is_not_the_same_as_none_wanted(folder: Path) -> None:
    assert load(folder, "").source("academy").targets is None
    assert load(folder, "[sources.academy.push]\ntargets = []").source("academy").targets == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'push = { targets = ["nota"] }',
            "line 9, sources.academy.push.targets: no target has this name; did",
        ),
        ('push = { targets = ["sms"] }', "no target has this name; known here are companion, note"),
        ("push = { targets = [5] }", "must be a text in quotes"),
        ('push = { targets = "note" }', "must be a list"),
        ("push = {}", "targets: is missing"),
        ('schedule = { push = { every = "1h" } }', "nothing is pushed; name the targets in [sources.academy.push]"),
        (
            'push = { targets = [] }\nschedule = { push = { every = "x" } }',
            "line 10, sources.academy.schedule.push",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_line(folder: Path, text: str, told: str) -> None:
    assert told in problem(folder, text)


def test_a_connector_that_shows_no_documents_takes_no_target(folder: Path) -> None:
    assert "this connector has no targets" in problem(folder, 'push = { targets = ["note"] }', Toy)
