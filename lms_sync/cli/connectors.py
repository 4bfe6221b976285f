"""`lms-sync connectors`: the plugins that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lms_sync.cli.console import data_console, put_json
from lms_sync.cli.options import DebugOption, JsonOption

if TYPE_CHECKING:
    from lms_sync.plugins import Plugin, Plugins


def connectors(json: JsonOption = False, debug: DebugOption = False) -> None:
    """List the installed plugins, broken ones with their reason."""
    from lms_sync.plugins import CONNECTORS, MAPPINGS, Plugins

    plugins = Plugins()
    listed = [_document(plugins, plugin) for group in (CONNECTORS, MAPPINGS) for plugin in plugins.listed(group)]
    if json:
        put_json(listed)
        return
    from lms_sync.report.interface import Column, Table
    from lms_sync.report.table import write_table

    columns = [Column(key, key) for key in ("kind", "name", "title", "distribution", "version", "state")]
    rows = [[document[column.key] for column in columns] for document in listed]
    write_table(Table("Plugins", columns, rows), data_console())


def _document(plugins: Plugins, plugin: Plugin) -> dict[str, Any]:
    from lms_sync.plugins import CONNECTORS

    same = [other for other in plugins.listed(plugin.group) if other.name == plugin.name]
    clash = f"name also offered by {' and '.join(o.distribution for o in same if o is not plugin)}"
    return {
        "kind": "connector" if plugin.group == CONNECTORS else "mapping",
        "name": plugin.name,
        "title": "" if plugin.problem else str(getattr(plugin.loaded, "title", "")),
        "distribution": plugin.distribution,
        "version": plugin.version,
        "target": plugin.target,
        "state": plugin.problem or (clash if len(same) > 1 else "ok"),
    }
