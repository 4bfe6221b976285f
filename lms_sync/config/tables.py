"""The tables of the configuration file, as written: which keys there are, and what each may hold.

Must not know where the file is, nor anything beyond it: what a table names on the machine is checked in `settings`.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from lms_sync.config.checks import check_url
from lms_sync.timing import Timing, parse_duration

RECONCILE = "reconcile"
"""The key of `[sources.NAME.schedule]` that is no stream: when every stream is read whole."""

PUSH = "push"
"""Another that is no stream: when issued documents are pushed into the LMS."""


@dataclass(frozen=True)
class Outline:
    """What reports need to know of a source; known without its plugin and its secret."""

    timezone: str
    schedule: Mapping[str, Timing]
    connector: str = ""
    mapping: Sequence[str] = ()  # the academy's own mapping files, as written


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _decimal(value: object) -> object:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _timezone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("unknown time zone; write an IANA name like Europe/Moscow") from None
    return name


Duration = Annotated[dt.timedelta, BeforeValidator(_duration)]
Share = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0, le=1)]
Rate = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=1000)]


def _path(value: object) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a path in quotes")
    return Path(value)


PathText = Annotated[Path, BeforeValidator(_path)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StoreSettings(_Table):
    """`[store]`: where the record store is. `LMS_SYNC_STORE_URL` overrides the file.

    `scans` is the directory of the files of scans, beside the database and never in it.
    """

    url: SecretStr
    scans: PathText = Path("scans")


class LogSettings(_Table):
    """`[log]`: `format` is json, console, or auto (console on a terminal, else json)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class SafetySettings(_Table):
    """`[safety]`: when a pull stops before retiring records: more than this share of a scope and this many."""

    brake_share: Share = Decimal("0.2")
    brake_floor: Annotated[int, Field(ge=0)] = 10


class CheckpointSettings(_Table):
    """`[checkpoints]`: where signed checkpoints go and with which key; `keep` is how many, None for all."""

    directory: PathText
    key_file: PathText
    keep: Annotated[int, Field(ge=1)] | None = None

    def beside(self, folder: Path) -> CheckpointSettings:
        """The same with its paths counted from `folder`."""
        paths = {"directory": folder / self.directory, "key_file": folder / self.key_file}
        return self.model_copy(update=paths)


class TimingTable(_Table):
    """One key of `[sources.NAME.schedule]`: when a stream is read, `{ every = "15m" }` or `{ cron = "0 3 * * *" }`."""

    every: Duration | None = None
    cron: str | None = None

    def timing(self) -> Timing:
        """The timing. Raises ValueError where neither or both are written, and for what is no cron line."""
        return Timing(every=self.every, cron=self.cron or "")

    def is_sound(self) -> bool:
        """Whether `timing` gives one."""
        try:
            self.timing()
        except ValueError:
            return False
        return True


class PushTable(_Table):
    """`[sources.NAME.push]`: the ways in which the LMS shows issued documents. A push switches all others off."""

    targets: list[str]


class SourceTable(_Table):
    """`[sources.NAME]` as written; what the connector needs, and the rest of the machine, is checked after."""

    connector: str
    url: Annotated[str, AfterValidator(check_url)] = ""
    token_env: str | None = None
    token_file: str | None = None
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    timeout: Annotated[int, Field(ge=1, le=3600)] = 55
    concurrency: Annotated[int, Field(ge=1, le=16)] = 2
    requests_per_second: Rate = Decimal(0)
    retries: Annotated[int, Field(ge=0, le=20)] = 5
    maintenance_wait: Duration = dt.timedelta(minutes=15)
    verify_tls: bool = True
    mapping: list[str] = []
    options: dict[str, Any] = {}
    schedule: dict[str, TimingTable] = {}
    reconcile_after: dict[str, Duration] = {}
    push: PushTable | None = None

    def outline(self) -> Outline:
        """What reports need to know of it. Left out: timings that are not sound, and those of no stream."""
        timings = {stream: table.timing() for stream, table in self.schedule.items() if table.is_sound()}
        pulled = {stream: timing for stream, timing in timings.items() if stream not in (RECONCILE, PUSH)}
        return Outline(self.timezone, pulled, self.connector, self.mapping)


class FileTable(_Table):
    """The whole file, table by table. Only `[store]` is required."""

    store: StoreSettings
    log: LogSettings = LogSettings()
    safety: SafetySettings = SafetySettings()
    checkpoints: CheckpointSettings | None = None
    sources: dict[str, SourceTable] = {}
