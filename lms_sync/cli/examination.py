"""What `lms-sync doctor` looks at: store, settings, mapping and LMS, each with what to mend.

Owns the areas and their findings. Must not know how they are shown. Changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lms_sync.cli.workplace import connector_factory, source_mapping
from lms_sync.config import Settings, SourceSettings
from lms_sync.connector import Finding, Level
from lms_sync.errors import EXIT_CONFIG, EXIT_DONE, EXIT_SOURCE, EXIT_STORE, LmsSyncError
from lms_sync.store.store import Store

_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Area:
    """A part of the whole that is looked at, and the exit code when it is not usable."""

    name: str
    findings: list[Finding]
    exit_code: int

    @property
    def failed(self) -> bool:
        """Whether something in it must be mended first."""
        return any(finding.level is Level.FAILURE for finding in self.findings)


def exit_code_of(areas: Sequence[Area]) -> int:
    """0 when all that is left is advice; otherwise the code of the gravest area that failed."""
    return max((area.exit_code for area in areas if area.failed), default=EXIT_DONE)


def examine(settings: Settings, sources: Sequence[SourceSettings]) -> Iterator[Area]:
    """Every area in turn: what needs nothing else first."""
    good = Finding(Level.OK, "file", f"{settings.path} is valid")
    yield Area("configuration", [good], EXIT_CONFIG)
    yield Area("store", _store_findings(settings), EXIT_STORE)
    for source in sources:
        yield Area(f"{source.name}: settings", [*_setting_findings(source), *_mapping_findings(source)], EXIT_CONFIG)
        yield Area(f"{source.name}: LMS", _source_findings(source), EXIT_SOURCE)


def _store_findings(settings: Settings) -> list[Finding]:
    url = settings.store_url.get_secret_value()
    path = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    if path and not path.exists():
        return [_missing_store(path)]
    try:
        store = Store.open(url, migrate=False)
    except LmsSyncError as error:
        return [Finding(Level.FAILURE, "store", str(error))]
    store.close()
    if path and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        remedy = f"give this account the right to write {path} and its directory"
        return [Finding(Level.FAILURE, "store", f"{path} can be read but not written", remedy)]
    return [Finding(Level.OK, "store", f"{store.place} is there and up to date")]


def _missing_store(path: Path) -> Finding:
    if not path.parent.is_dir():
        return Finding(Level.FAILURE, "store", f"the directory {path.parent} does not exist", f"mkdir {path.parent}")
    if not os.access(path.parent, os.W_OK):
        message = f"this account may not write into {path.parent}"
        return Finding(Level.FAILURE, "store", message, f"give it the right, or set another store.url than {path}")
    return Finding(Level.NOTICE, "store", f"{path} does not exist yet; the first pull makes it")


def _setting_findings(source: SourceSettings) -> Iterator[Finding]:
    address = urlsplit(source.access.url)
    if address.scheme == "http" and address.hostname not in _LOCAL:
        message = "the address is not https: the token and personal data travel readable"
        yield Finding(Level.WARNING, "address", message, f"set sources.{source.name}.url to https://…")
    if not source.access.verify_tls:
        message = "the LMS's certificate is not checked: anybody on the way can pose as it"
        yield Finding(Level.WARNING, "address", message, f"remove sources.{source.name}.verify_tls")
    yield from _schedule_findings(source)


def _schedule_findings(source: SourceSettings) -> Iterator[Finding]:
    connector = connector_factory(source)()
    try:
        streams = [stream.name for stream in connector.streams()]
    finally:
        connector.close()
    if not source.schedule and not source.reconcile:
        remedy = f"add a table [sources.{source.name}.schedule]"
        yield Finding(Level.NOTICE, "schedule", "nothing is scheduled: `lms-sync run` leaves this source alone", remedy)
        return
    for name, timing in source.schedule.items():
        yield Finding(Level.OK, "schedule", f"{name}: {timing}")
    if source.reconcile:
        yield Finding(Level.OK, "schedule", f"everything whole: {source.reconcile}")
        return
    forgotten = [name for name in streams if name not in source.schedule]
    if forgotten:
        remedy = f"add them to [sources.{source.name}.schedule], or a reconcile time"
        yield Finding(Level.WARNING, "schedule", f"never read on schedule: {', '.join(forgotten)}", remedy)


def _mapping_findings(source: SourceSettings) -> list[Finding]:
    try:
        mapping = source_mapping(source)
    except LmsSyncError as error:
        return [Finding(Level.FAILURE, "mapping", str(error))]
    files = ", ".join(path.name for path in source.mapping) or "none"
    return [Finding(Level.OK, "mapping", f"version {mapping.version[:12]}; own files over the shipped one: {files}")]


def _source_findings(source: SourceSettings) -> list[Finding]:
    connector = connector_factory(source)()
    try:
        return list(connector.check())
    except LmsSyncError as error:
        return [Finding(Level.FAILURE, "LMS", str(error))]
    finally:
        connector.close()
