"""Finding connector and mapping plugins among the installed distributions.

Owns discovery through the entry-point groups `lms_sync.connectors` and `lms_sync.mappings`. A plugin that cannot be
used is listed with its reason and harms nothing else; two plugins of one name are an error only where that name is
used. Must not know any plugin by name.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType

from pydantic import BaseModel

from lms_sync.connector import Connector
from lms_sync.errors import ConfigError

CONNECTORS = "lms_sync.connectors"
MAPPINGS = "lms_sync.mappings"


@dataclass(frozen=True)
class Plugin:
    """One entry point of an installed distribution. Loading is put off until it is asked for."""

    group: str
    name: str
    target: str
    distribution: str
    version: str
    entry_point: importlib.metadata.EntryPoint = field(repr=False, compare=False)

    @cached_property
    def _loaded(self) -> tuple[object, str]:
        try:
            found = self.entry_point.load()
        # A plugin may do anything at import, even exit; it must not take the others down with it.
        except (Exception, SystemExit) as error:
            return None, f"importing {self.target} failed: {type(error).__name__}: {_first_line(error)}"
        reason = _connector_fault(found) if self.group == CONNECTORS else _mapping_fault(found)
        return (None, f"{self.target} {reason}") if reason else (found, "")

    @property
    def problem(self) -> str:
        """Why the plugin cannot be used; empty when it can."""
        return self._loaded[1]

    @property
    def loaded(self) -> object:
        """What the entry point names. Raises ConfigError when the plugin is broken."""
        found, problem = self._loaded
        if problem:
            raise ConfigError(
                f"The plugin {self.name} of {self.distribution} {self.version} cannot be used: {problem}. "
                "Update or uninstall that distribution."
            )
        return found


class Plugins:
    """The plugins that are installed."""

    def __init__(self, entry_points: Iterable[importlib.metadata.EntryPoint] | None = None) -> None:
        if entry_points is None:
            installed = importlib.metadata.entry_points()
            entry_points = [*installed.select(group=CONNECTORS), *installed.select(group=MAPPINGS)]
        found = {_key(plugin): plugin for plugin in map(_plugin, entry_points)}
        self._plugins = [found[key] for key in sorted(found)]

    def listed(self, group: str) -> Sequence[Plugin]:
        """Every plugin of a group, broken ones too, by name."""
        return [plugin for plugin in self._plugins if plugin.group == group]

    def connector(self, name: str) -> type[Connector]:
        """The connector class of that name. Raises ConfigError: unknown, offered twice, or broken."""
        found = self.find(CONNECTORS, name).loaded
        assert isinstance(found, type) and issubclass(found, Connector)
        return found

    def find(self, group: str, name: str) -> Plugin:
        """The one plugin of that name. Raises ConfigError when there is none or more than one."""
        known = self.listed(group)
        named = [plugin for plugin in known if plugin.name == name]
        if not named:
            raise ConfigError(_unknown(group, name, sorted({plugin.name for plugin in known})))
        if len(named) > 1:
            owners = " and ".join(f"{plugin.distribution} {plugin.version}" for plugin in named)
            raise ConfigError(f"The name {name} is offered twice, by {owners}: uninstall one of them.")
        return named[0]


def _plugin(entry_point: importlib.metadata.EntryPoint) -> Plugin:
    owner = entry_point.dist
    return Plugin(
        group=entry_point.group,
        name=entry_point.name,
        target=entry_point.value,
        distribution=owner.name if owner else "(unknown distribution)",
        version=owner.version if owner else "",
        entry_point=entry_point,
    )


def _key(plugin: Plugin) -> tuple[str, str, str, str]:
    """One distribution may be seen twice on the path (a checkout and its installation): that is not a clash."""
    return plugin.group, plugin.name, plugin.distribution.lower(), plugin.target


def _connector_fault(found: object) -> str:
    if not (inspect.isclass(found) and issubclass(found, Connector)):
        return "is not a subclass of lms_sync.connector.Connector"
    if inspect.isabstract(found):
        return f"does not define {', '.join(sorted(found.__abstractmethods__))}"
    missing = [name for name in ("title", "options", "mapping") if not hasattr(found, name)]
    if missing:
        return f"does not define {', '.join(missing)}"
    if not (inspect.isclass(found.options) and issubclass(found.options, BaseModel)):
        return "defines `options` that is not a pydantic model"
    wrong = [name for name in ("title", "mapping") if not isinstance(getattr(found, name), str)]
    if wrong:
        return f"defines {', '.join(wrong)} that is not a text"
    wrong = [name for name in ("needs_url", "needs_secret") if not isinstance(getattr(found, name), bool)]
    return f"defines {', '.join(wrong)} that is neither True nor False" if wrong else ""


def _mapping_fault(found: object) -> str:
    return "" if isinstance(found, ModuleType) else "is not a package with TOML files"


def _unknown(group: str, name: str, known: Sequence[str]) -> str:
    word = "connector" if group == CONNECTORS else "mapping"
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"No {word} is called {name}; did you mean {near[0]}?"
    if known:
        return f"No {word} is called {name}; installed are {', '.join(known)}."
    return f"No {word} is installed; install one with pip."


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or ["(no reason given)"])[0]
