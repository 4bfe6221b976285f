"""Who may import whom. The layers are those of `lms_sync/__init__.py`, made exact."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A module imports only strictly lower numbers, or its own package.
LAYERS = {
    "collation": 0.0,
    "errors": 0.0,
    "exact": 0.0,
    "log": 0.0,
    "private": 0.0,
    "timing": 0.0,
    "toml_lines": 0.0,
    "records": 0.5,
    "connector": 1.0,
    "config": 2.0,
    "http": 2.0,
    "mapping": 2.0,
    "plugins": 2.0,
    "spreadsheet": 2.0,
    "store": 2.0,
    "sync": 3.0,
    "registers": 2.5,
    "report": 4.0,
    "schedule": 4.0,
    "cli": 5.0,
    "testing": 5.0,  # what a third party's connector is tested with; nothing of the application imports it
    "__main__": 6.0,
}
APART = {
    "sandbox": {"errors"},  # an LMS of its own: it must not share a line with what it tests
}
CONNECTOR_MAY = {"records", "errors", "connector", "http", "exact"}
ONLY_FROM_CLI = {"sandbox"}


def imports_of(source: str) -> Iterator[tuple[str, int]]:
    """(absolute module or `.relative`, line) of each import anywhere in a module, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield f".{node.module or ''}", node.lineno
            elif node.module == "lms_sync":
                yield from ((f"lms_sync.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module or "", node.lineno
        elif isinstance(node, ast.Call) and _is_import_call(node.func):
            first = node.args[0] if node.args else None
            yield (first.value if isinstance(first, ast.Constant) else "<computed>"), node.lineno


def _is_import_call(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"__import__", "import_module"}


def violations(room: str, source: str) -> list[str]:
    """What a module of a room (`store`, `cli`, …, `connector:NAME`) imports against the rules."""
    return [f"line {line}: {told}" for name, line in imports_of(source) if (told := _fault(room, name))]


def _fault(room: str, name: str) -> str:
    if name.startswith("."):
        return f"relative import of {name}"
    top, _, rest = name.partition(".")
    target = rest.partition(".")[0]
    if room.startswith("connector:"):
        own = room.removeprefix("connector:")
        if top == "lms_sync" and target not in CONNECTOR_MAY:
            return f"a connector imports {name}"
        return (
            f"a connector imports another package of the shelf, {name}"
            if top.startswith("lms_sync_") and top != own
            else ""
        )
    if top.startswith("lms_sync_"):
        return f"the application imports a plugin, {name}"
    if top != "lms_sync" or target == room or target == "__version__":
        return ""
    if room in APART:
        return "" if target in APART[room] else f"{room} imports {name}"
    if target in ONLY_FROM_CLI:
        return "" if room == "cli" else f"{room} imports {name}"
    if target not in LAYERS:
        return f"{name} is in no layer"
    return "" if LAYERS[target] < LAYERS.get(room, -1) else f"{room} imports {name}, which is not below it"


def room_of(path: Path) -> str:
    """The first part of a module's path within lms_sync."""
    return path.relative_to(ROOT / "lms_sync").parts[0].removesuffix(".py")


MODULES = sorted((ROOT / "lms_sync").rglob("*.py"))
SHELF = sorted((ROOT / "connectors").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_the_application_imports_only_from_below(path: Path) -> None:
    assert violations(room_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SHELF, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_connector_imports_only_the_contract(path: Path) -> None:
    package = path.relative_to(ROOT / "connectors").parts[0]
    assert violations(f"connector:{package}", path.read_text(encoding="utf-8")) == []


def test_every_room_has_a_layer() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__"}
    assert rooms <= LAYERS.keys() | APART.keys()


@pytest.mark.parametrize(
    ("room", "planted"),
    [
        ("store", "from lms_sync.sync.pull import pull"),
        ("store", "import lms_sync.mapping.apply"),
        ("store", "def f():\n    from lms_sync.mapping import apply"),
        ("store", "if TYPE_CHECKING:\n    from lms_sync.cli import main"),
        ("store", "from ..sync import pull"),
        ("store", "from . import tables"),
        ("store", "from lms_sync import sync"),
        ("store", "import importlib\nimportlib.import_module('lms_sync.sync')"),
        ("store", "__import__('lms_sync.sync')"),
        ("records", "from lms_sync.connector import Page"),
        ("errors", "from lms_sync.records import Record"),
        ("schedule", "from lms_sync.report.interface import Table"),
        ("cli", "import lms_sync_moodle"),
        ("sync", "from lms_sync.sandbox import World"),
        ("sandbox", "from lms_sync.records import Course"),
        ("cli", "from lms_sync.testing.contract import ConnectorContract"),
        ("connector:lms_sync_moodle", "from lms_sync.store.store import Store"),
        ("connector:lms_sync_moodle", "from lms_sync_other import x"),
        ("connector:lms_sync_moodle", "from .client import Client"),
    ],
)
def test_the_rules_catch_what_is_planted(room: str, planted: str) -> None:
    assert len(violations(room, planted)) == 1


@pytest.mark.parametrize(
    ("room", "allowed"),
    [
        ("store", "from lms_sync.store.tables import metadata\nfrom lms_sync.records import Record\nimport sqlalchemy"),
        ("cli", "from lms_sync import __version__\nfrom lms_sync.sandbox.command import serve"),
        ("connector:lms_sync_moodle", "from lms_sync_moodle.client import Client\nfrom lms_sync.http import Session"),
        ("__main__", "from lms_sync.cli import main"),
    ],
)
def test_the_rules_let_pass_what_is_meant(room: str, allowed: str) -> None:
    assert violations(room, allowed) == []
