"""Discovery of plugins: a broken one is listed with its reason, and a clash matters only where the name is used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from lms_sync.errors import ConfigError
from lms_sync.plugins import CONNECTORS, MAPPINGS, Plugins

GOOD = """
from pydantic import BaseModel
from lms_sync.connector import Connector

class Options(BaseModel):
    pass

class Good(Connector):
    title = "Good"
    options = Options
    mapping = "good"
    def __init__(self, access, options): pass
    def streams(self): return []
    def scopes(self, stream): return []
    def read(self, scope, task): return iter(())
    def check(self): return []

class Abstract(Connector):
    title = "Abstract"
    options = Options
    mapping = "abstract"

class Nameless(Good):
    title = None

class WithoutModel(Good):
    options = dict

class Unsure(Good):
    needs_url = "no"

class NotAConnector:
    pass
"""


class Site:
    """A directory of installed distributions, as pip leaves them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def install(self, distribution: str, group: str, **targets: str) -> None:
        info = self.path / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"[{group}]", *(f"{name} = {target}" for name, target in targets.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))

    def module(self, name: str, text: str) -> None:
        (self.path / f"{name}.py").write_text(text)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    made = Site(tmp_path)
    made.module("toy_good", GOOD)
    yield made
    for name in set(sys.modules) - before:
        if name.startswith("toy_"):
            del sys.modules[name]
    importlib.invalidate_caches()


def problem_of(name: str) -> str:
    return next(plugin.problem for plugin in Plugins().listed(CONNECTORS) if plugin.name == name)


def test_what_is_installed_is_found_and_loaded(site: Site) -> None:
    site.install("toy-dist", CONNECTORS, toy="toy_good:Good")
    plugins = Plugins()
    assert plugins.connector("toy").__name__ == "Good"
    toy = plugins.find(CONNECTORS, "toy")
    assert (toy.distribution, toy.version, toy.problem) == ("toy-dist", "1.0", "")


def test_lms_sync_brings_the_moodle_connector_and_its_mapping() -> None:
    plugins = Plugins()
    moodle = plugins.connector("moodle")
    assert plugins.find(MAPPINGS, moodle.mapping).problem == ""


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("toy_absent:Good", "importing toy_absent:Good failed: ModuleNotFoundError"),
        ("toy_good:Missing", "importing toy_good:Missing failed: AttributeError"),
        ("toy_good:NotAConnector", "is not a subclass"),
        ("toy_good:Abstract", "does not define __init__, check, read, scopes, streams"),
        ("toy_good:WithoutModel", "`options` that is not a pydantic model"),
        ("toy_good:Nameless", "title that is not a text"),
        ("toy_good:Unsure", "needs_url that is neither True nor False"),
        ("toy_exits:Good", "SystemExit"),
        ("toy_raises:Good", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_broken_plugin_is_listed_with_its_reason_and_harms_no_other(site: Site, target: str, reason: str) -> None:
    site.module("toy_exits", "raise SystemExit(3)")
    site.module("toy_raises", "1 / 0")
    site.install("broken-dist", CONNECTORS, broken=target)
    site.install("toy-dist", CONNECTORS, toy="toy_good:Good")
    assert reason in problem_of("broken")
    assert Plugins().connector("toy").title == "Good"
    with pytest.raises(ConfigError, match=r"broken of broken-dist 1\.0 cannot be used"):
        Plugins().connector("broken")


def test_two_of_one_name_are_an_error_only_where_it_is_used(site: Site) -> None:
    site.install("first-dist", CONNECTORS, same="toy_good:Good", other="toy_good:Good")
    site.install("second-dist", CONNECTORS, same="toy_good:Good")
    plugins = Plugins()
    assert plugins.connector("other").title == "Good"
    with pytest.raises(ConfigError, match=r"first-dist 1\.0 and second-dist 1\.0"):
        plugins.connector("same")


def test_one_distribution_seen_twice_on_the_path_is_no_clash(site: Site) -> None:
    site.install("toy-dist", CONNECTORS, toy="toy_good:Good")
    seen = list(entry_points(group=CONNECTORS, name="toy"))
    assert Plugins([*seen, *seen]).connector("toy").title == "Good"


def test_an_unknown_name_is_answered_with_the_nearest(site: Site) -> None:
    site.install("toy-dist", CONNECTORS, toyland="toy_good:Good")
    with pytest.raises(ConfigError, match="did you mean toyland"):
        Plugins().connector("toylend")
    with pytest.raises(ConfigError, match="installed are"):
        Plugins().connector("zzz")
    with pytest.raises(ConfigError, match="No connector is installed"):
        Plugins([]).connector("toy")
