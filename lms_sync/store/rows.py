"""Plain values that the store takes and gives. Owns their names; must not know SQL or where they are kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lms_sync.connector import Outcome
from lms_sync.records import KINDS, Record


class Operation(StrEnum):
    """What a ledger row does to its record."""

    PUT = "put"  # first seen, or changed
    RETIRE = "retire"  # gone from the LMS; the last values are kept
    RESTORE = "restore"  # seen again after it was gone
    ERASE = "erase"  # personal data removed from every earlier row


class ScopeOutcome(StrEnum):
    """How the last reading of a scope ended: in the connector's own words, or in lms-sync's."""

    COMPLETE = Outcome.COMPLETE.value
    CHANGES = Outcome.CHANGES.value
    PARTIAL = Outcome.PARTIAL.value
    REFUSED = Outcome.REFUSED.value
    BRAKED = "braked"  # read well, but too much vanished at once to be believed: nothing was retired
    CLOSED = "closed"  # the LMS no longer lists it: its records stay as they were last seen

    @property
    def trusted(self) -> bool:
        """Whether all that was asked for was read, and believed."""
        return self in (ScopeOutcome.COMPLETE, ScopeOutcome.CHANGES)


class RunOutcome(StrEnum):
    """How a run ended."""

    UNDER_WAY = ""
    DONE = "done"  # every scope asked for was read and every object became a record
    PARTIAL = "partial"  # all of it was asked for, and something is missing
    STOPPED = "stopped"  # somebody asked it to end before everything was asked for
    FAILED = "failed"  # the LMS could not be read at all or refused the account
    INTERRUPTED = "interrupted"  # killed


@dataclass(frozen=True)
class Run:
    """One run of one source, as `Store.begin_run` began it."""

    id: int
    source: str
    started_at: dt.datetime
    actor: str


@dataclass(frozen=True)
class PutCounts:
    """What became of the records of one `put`. `erased` were refused: their learner's data was erased for good."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    restored: int = 0
    erased: int = 0

    def __add__(self, other: PutCounts) -> PutCounts:
        return PutCounts(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.restored + other.restored,
            self.erased + other.erased,
        )


@dataclass(frozen=True)
class QuarantineEntry:
    """Why an object of the LMS could not become a record. `message` never holds the value itself."""

    kind: str
    key: str
    field: str
    code: str
    message: str


@dataclass(frozen=True)
class QuarantineState:
    """A quarantine entry as it stands, with where and how long it has been there (UTC)."""

    source: str
    stream: str
    scope: str
    entry: QuarantineEntry
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    run_id: int


@dataclass(frozen=True)
class ScopeState:
    """How the last reading of a scope ended, and when it was last complete (UTC; None: never)."""

    source: str
    stream: str
    scope: str
    label: str
    outcome: str  # a `ScopeOutcome`; empty: never read to its end
    expected: int | None
    received: int | None
    read_at: dt.datetime | None
    complete_at: dt.datetime | None
    note: str
    reread: bool  # a full reading was asked for and has not been complete since


@dataclass(frozen=True)
class RunState:
    """A run as recorded. `outcome` is a `RunOutcome`.

    `mode` is `full` when everything was to be read whole, `selected` when only some streams or scopes were, and
    `changes` otherwise.
    """

    id: int
    source: str
    mode: str
    actor: str
    mapping_version: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    outcome: str
    counts: dict[str, int] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Version:
    """One version of one record, as the ledger has it. `payload` is None once the learner's data was erased."""

    seq: int
    observed_at: dt.datetime
    source_at: dt.datetime | None
    source: str
    kind: str
    key: str
    scope: str
    version: int
    operation: Operation
    payload: dict[str, Any] | None
    run_id: int | None
    actor: str
    reason: str

    @property
    def retired(self) -> bool:
        """Whether the record was gone from the LMS as of this version."""
        return self.operation in (Operation.RETIRE, Operation.ERASE)

    def record(self) -> Record | None:
        """The record as validated type; None when erased."""
        return None if self.payload is None else KINDS[self.kind].model_validate(self.payload)


@dataclass(frozen=True)
class Broken:
    """One thing that verification found: where, by table and key or ledger row, and what is wrong there."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"
