"""What the contract looks at: everything a connector says, read scope by scope, and values that are not plain.

Owns the reading; what must hold of it is `contract.py`'s. Must not know pytest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lms_sync.connector import Connector, Event, Finding, Mode, Page, ReadTask, Scope, ScopeEnd, SourceRecord, Stream


class NothingKnown:
    """A `lms_sync.connector.Known` of an empty store."""

    def rows(self, kind: str, scope: str, fields: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """See `Known.rows`."""
        return {}


@dataclass
class Reading:
    """One scope, read until the connector stopped of its own accord."""

    stream: Stream
    scope: Scope
    pages: list[Page] = field(default_factory=list)

    @property
    def where(self) -> str:
        """How a failed check names it."""
        return f"stream {self.scope.stream}, scope {self.scope.key}"

    @property
    def records(self) -> list[SourceRecord]:
        """The records of all pages."""
        return [record for page in self.pages for record in page.records]

    @property
    def events(self) -> list[Event]:
        """The events of all pages."""
        return [event for page in self.pages if page.events is not None for event in page.events.rows]

    @property
    def end(self) -> ScopeEnd:
        """The last page's."""
        end = self.pages[-1].end if self.pages else None
        assert end is not None, f"{self.where}: the last page has no end"
        return end

    @property
    def cursor(self) -> str | None:
        """The last one that a page brought."""
        return next((page.cursor for page in reversed(self.pages) if page.cursor is not None), None)

    @property
    def findings(self) -> list[Finding]:
        """The findings of all pages."""
        return [finding for page in self.pages for finding in page.findings]


def read_scope(
    connector: Connector, stream: Stream, scope: Scope, mode: Mode = Mode.FULL, cursor: str | None = None
) -> Reading:
    """Reads a scope to the connector's last page, whatever the pages say."""
    return Reading(stream, scope, list(connector.read(scope, ReadTask(mode, NothingKnown(), cursor))))


def read_everything(connector: Connector) -> list[Reading]:
    """Every scope of every stream, whole, in the order in which lms-sync reads them."""
    return [
        read_scope(connector, stream, scope)
        for stream in connector.streams()
        for scope in connector.scopes(stream.name)
    ]


def by_identity(records: Sequence[SourceRecord]) -> dict[tuple[str, str], SourceRecord]:
    """The records by (kind, key)."""
    return {(record.kind, record.key): record for record in records}


def event_faults(event: object) -> Iterator[str]:
    """What is wrong with the form of an event; never its contents."""
    if not isinstance(event, Event):
        yield f"a {type(event).__name__} stands for an event"
        return
    if type(event.id) not in (int, str) or not event.id:
        yield "an event has no id"
    if type(event.time) is not int or event.time <= 0:
        yield "an event's time is no epoch second"
    if not event.name:
        yield "an event has no name"
    for name, value in zip(event._fields, event, strict=True):
        if value is not None and type(value) not in (int, str, bool):
            yield f"an event's {name} is a {type(value).__name__}"


def not_plain(value: object, path: str = "") -> Iterator[str]:
    """Where a value is not plain, and its type: text, int, bool, a finite Decimal, None, lists and dicts of these."""
    if value is None or type(value) in (str, int, bool):
        return
    if isinstance(value, Decimal):
        if not value.is_finite():
            yield f"{path} is a Decimal that is no number"
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from not_plain(item, f"{path}[{number}]")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if type(name) is not str:
                yield f"{path} has a {type(name).__name__} for a name"
            yield from not_plain(item, f"{path}.{name}" if path else str(name))
    else:
        yield f"{path} is a {type(value).__name__}"
