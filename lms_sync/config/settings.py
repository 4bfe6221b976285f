"""The operator's one TOML file, read into validated settings; everything wrong with it is said at once.

Owns the search for the file and what its values mean on this machine; its keys are in `tables.py`. Must not know any
LMS: what a connector wants to know is validated by the connector's own model, through the `Connectors` it is given.
Secrets are held as `SecretStr`, registered for redaction, and never part of a message; no value of the file is repeated
in one either.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, SecretStr, ValidationError

from lms_sync.config.checks import (
    Place,
    by_line,
    check_secret,
    check_source_name,
    check_store_url,
    explain,
    unknown_name,
)
from lms_sync.config.tables import (
    PUSH,
    RECONCILE,
    CheckpointSettings,
    FileTable,
    LogSettings,
    Outline,
    SafetySettings,
    SourceTable,
    TimingTable,
)
from lms_sync.connector import Connector, SiteAccess
from lms_sync.errors import ConfigError, Problem
from lms_sync.private import why_not_private
from lms_sync.timing import Timing
from lms_sync.toml_lines import Lines

FILE_VARIABLE = "LMS_SYNC_CONFIG"
STORE_VARIABLE = "LMS_SYNC_STORE_URL"
FILE_NAME = "lms-sync.toml"
SYSTEM_FILE = Path("/etc/lms-sync") / FILE_NAME


class Connectors(Protocol):
    """Where connector classes are found; `lms_sync.plugins.Plugins` is one."""

    def connector(self, name: str) -> type[Connector]:
        """The class of that name. Raises ConfigError."""
        ...


@dataclass(frozen=True)
class SourceSettings:
    """One LMS: how to reach it, what to read when, and which mapping files lie over the shipped one.

    `schedule` is per stream; `reconcile` is when every stream is read whole. A stream's scope whose last complete
    reading is older than `reconcile_after` is read whole whenever it comes up. `targets` are the ways in which the LMS
    shows issued documents, pushed to when `push` says; None: nothing is configured about them.
    """

    name: str
    connector: type[Connector]
    access: SiteAccess
    options: BaseModel
    timezone: str
    mapping: tuple[Path, ...] = ()
    schedule: Mapping[str, Timing] = field(default_factory=dict)
    reconcile: Timing | None = None
    reconcile_after: Mapping[str, dt.timedelta] = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    push: Timing | None = None


@dataclass(frozen=True)
class Settings:
    """All of the file. `sources` is empty when it was loaded for commands that only read the store.

    `scans` is the directory of the files of scans.
    """

    path: Path
    store_url: SecretStr
    scans: Path
    log: LogSettings
    safety: SafetySettings
    checkpoints: CheckpointSettings | None
    outlines: Mapping[str, Outline]
    sources: Mapping[str, SourceSettings] = field(default_factory=dict)

    def source(self, name: str) -> SourceSettings:
        """The source of that name. Raises ConfigError."""
        if name not in self.sources:
            known = ", ".join(self.sources) or "none"
            raise ConfigError(f"{self.path} has no source called {name}; it has {known}.")
        return self.sources[name]


def find_config(explicit: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The file to use: the one named, LMS_SYNC_CONFIG, ./lms-sync.toml, /etc/lms-sync/lms-sync.toml."""
    named = explicit or (Path(environment[FILE_VARIABLE]) if environment.get(FILE_VARIABLE) else None)
    if named:
        return named
    usual = (Path.cwd() / FILE_NAME, SYSTEM_FILE)
    for path in usual:
        if path.is_file():
            return path
    raise ConfigError(
        f"There is no configuration: neither {usual[0]} nor {usual[1]} exists. "
        "Make one with `lms-sync init`, or name it with --config."
    )


def load_settings(
    path: Path, connectors: Connectors | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """The settings of a file. Raises ConfigError with every problem found, each with its line.

    Without `connectors` only the shape of the file is checked and `sources` stays empty: that is enough to read the
    store, and needs neither the plugins nor their secrets.
    """
    text = _read(path)
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from None
    place = Place(path.absolute(), Lines(text))
    problems: list[Problem] = []
    store_url = _store_url(document, place, environment, problems)
    parsed: FileTable | None = None
    try:
        parsed = FileTable.model_validate(document)
    except ValidationError as error:
        problems += explain(error, FileTable, place)
    sources: dict[str, SourceSettings] = {}
    if connectors is not None:
        if parsed and parsed.checkpoints:
            _check_key_file(parsed.checkpoints.beside(place.path.parent).key_file, place, problems)
        for name, table in _source_tables(document):
            source = _SourceReader(name, table, place, connectors, environment, problems).read()
            sources |= {name: source} if source else {}
        if parsed and not parsed.sources:
            problems.append(place.problem(("sources",), "no source is configured; add a table [sources.NAME]"))
    if problems or parsed is None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigError(f"{path} has {count}:", sorted(problems, key=by_line))
    return Settings(
        path=place.path,
        store_url=store_url,
        scans=place.path.parent / parsed.store.scans,
        log=parsed.log,
        safety=parsed.safety,
        checkpoints=parsed.checkpoints.beside(place.path.parent) if parsed.checkpoints else None,
        outlines={name: table.outline() for name, table in parsed.sources.items()},
        sources=sources,
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"The configuration file {path} does not exist. Make one with `lms-sync init`.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"The configuration file {path} is not UTF-8; save it in that encoding.") from None
    except OSError as error:
        raise ConfigError(f"The configuration file {path} cannot be read: {error.strerror}.") from None


def _source_tables(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = document.get("sources")
    if isinstance(tables, dict):
        yield from ((name, table) for name, table in tables.items() if isinstance(table, dict))


def _store_url(
    document: dict[str, Any], place: Place, environment: Mapping[str, str], problems: list[Problem]
) -> SecretStr:
    """The store's URL, from the environment before the file. A wrong shape is left to the model to tell."""
    override = environment.get(STORE_VARIABLE)
    table = document.setdefault("store", {})
    if override and isinstance(table, dict):
        table["url"] = override
    written = table.get("url") if isinstance(table, dict) else None
    if not isinstance(written, str):
        return SecretStr("")
    folder = Path.cwd() if override else place.path.parent
    shown = not override and os.name == "posix" and bool(place.path.stat().st_mode & 0o077)
    try:
        return SecretStr(check_store_url(written, folder, shown=shown))
    except ValueError as error:
        told = Problem(STORE_VARIABLE, str(error)) if override else place.problem(("store", "url"), str(error))
        problems.append(told)
        return SecretStr("")


def _check_key_file(path: Path, place: Place, problems: list[Problem]) -> None:
    """A key that is yet to be made is none to complain of."""
    try:
        why = why_not_private(path) if path.exists() else ""
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    if why:
        problems.append(place.problem(("checkpoints", "key_file"), f"the key file {path} {why}"))


@dataclass
class _SourceReader:
    """Checks of one source that reach beyond the file. Each runs although others failed, on the keys it needs."""

    name: str
    table: dict[str, Any]
    place: Place
    connectors: Connectors
    environment: Mapping[str, str]
    problems: list[Problem]

    def read(self) -> SourceSettings | None:
        """The source, or None when something is wrong with it: then `problems` or the file's model tells what."""
        before = len(self.problems)
        self._checked("", lambda: check_source_name(self.name))
        connector = self._connector()
        self._check_url(connector)
        secret = self._secret(connector)
        overlays = self._overlays()
        timings = self._timings()
        options = self._options(connector) if connector else None
        if connector and options:
            self._check_names(connector, options)
        if PUSH in self._subtable("schedule") and "push" not in self.table:
            self._tell(f"schedule.{PUSH}", f"nothing is pushed; name the targets in [sources.{self.name}.push]")
        try:
            written = SourceTable.model_validate(self.table)
        except ValidationError:
            return None
        if not connector or not options or secret is None or len(self.problems) > before:
            return None
        return SourceSettings(
            name=self.name,
            connector=connector,
            access=_access(self.name, written, secret),
            options=options,
            timezone=written.timezone,
            mapping=overlays,
            schedule={stream: timing for stream, timing in timings.items() if stream not in (RECONCILE, PUSH)},
            reconcile=timings.get(RECONCILE),
            reconcile_after=dict(written.reconcile_after),
            targets=tuple(dict.fromkeys(written.push.targets)) if written.push else None,
            push=timings.get(PUSH),
        )

    @property
    def _folder(self) -> Path:
        return self.place.path.parent

    def _tell(self, key: str, message: str) -> None:
        path = ("sources", self.name, *(part for part in key.split(".") if part))
        self.problems.append(self.place.problem(path, message))

    def _checked(self, key: str, check: Callable[[], str]) -> str | None:
        try:
            return check()
        except ValueError as error:
            self._tell(key, str(error))
            return None

    def _check_url(self, connector: type[Connector] | None) -> None:
        """A connector that cannot be found is taken for one that needs what most need."""
        if "url" not in self.table and (connector is None or connector.needs_url):
            self._tell("url", "is missing")

    def _secret(self, connector: type[Connector] | None) -> str | None:
        """The secret, empty where none is needed or named; None when something is wrong with it."""
        key = next((name for name in ("token_env", "token_file") if name in self.table), "")
        if not key and connector is not None and not connector.needs_secret:
            return ""
        return self._checked(key, lambda: check_secret(self.table, self._folder, self.environment))

    def _overlays(self) -> tuple[Path, ...]:
        written = self.table.get("mapping")
        names = [name for name in written if isinstance(name, str)] if isinstance(written, list) else []
        paths = tuple(self._folder / name for name in names)
        for path in paths:
            if not path.is_file():
                self._tell("mapping", f"the mapping file {path} does not exist")
        return paths

    def _timings(self) -> dict[str, Timing]:
        timings = {}
        for stream, table in self._subtable("schedule").items():
            try:
                timings[stream] = TimingTable.model_validate(table).timing()
            except ValidationError:
                continue  # the file's model tells
            except ValueError as error:
                self._tell(f"schedule.{stream}", str(error))
        return timings

    def _connector(self) -> type[Connector] | None:
        if not isinstance(self.table.get("connector"), str):
            return None
        try:
            return self.connectors.connector(self.table["connector"])
        except ConfigError as error:
            self._tell("connector", str(error))
            return None

    def _options(self, connector: type[Connector]) -> BaseModel | None:
        try:
            return connector.options.model_validate(self._subtable("options"))
        except ValidationError as error:
            self.problems += explain(error, connector.options, self.place, ("sources", self.name, "options"))
            return None

    def _check_names(self, connector: type[Connector], options: BaseModel) -> None:
        made = connector(SiteAccess(name=self.name, url="", secret=SecretStr("")), options)
        try:
            known = [stream.name for stream in made.streams()]
            self._check_targets([target.name for target in made.targets()])
        finally:
            made.close()
        for key, names in (("schedule", [*known, RECONCILE, PUSH]), ("reconcile_after", known)):
            for stream in self._subtable(key):
                if stream not in names:
                    self._tell(f"{key}.{stream}", f"no stream has this name; known here are {', '.join(names)}")

    def _check_targets(self, known: list[str]) -> None:
        written = self._subtable("push").get("targets")
        for name in written if isinstance(written, list) else []:
            if isinstance(name, str) and name not in known:
                self._tell("push.targets", unknown_name("target", name, known))

    def _subtable(self, key: str) -> dict[str, Any]:
        table = self.table.get(key)
        return table if isinstance(table, dict) else {}


def _access(name: str, written: SourceTable, secret: str) -> SiteAccess:
    return SiteAccess(
        name=name,
        url=written.url,
        secret=SecretStr(secret),
        timeout=float(written.timeout),
        concurrency=written.concurrency,
        requests_per_second=float(written.requests_per_second),
        retries=written.retries,
        maintenance_wait=written.maintenance_wait.total_seconds(),
        verify_tls=written.verify_tls,
    )
