"""The contract between lms-sync and a connector plugin: what a plugin offers and what it is given.

Owns the words stream, scope, page, cursor and finding, and for the way back target, delivery, receipt and shown. Must
not know any LMS, nor the store behind `Known`.

* A **stream** is one kind of traffic with a schedule of its own (people, grades, …).
* A **scope** is the smallest part of a stream that can be read whole: the site's courses, one course's grades.
* A **page** is what is committed at once: records, keys proven absent, and the cursor that stands for them.
* A **cursor** is the plugin's own text; lms-sync keeps it and gives it back, and never looks inside.

Reading a scope yields pages; the last one carries a `ScopeEnd` that says how far the reading can be trusted. Only a
`complete` end lets lms-sync retire what was not seen.

* A **target** is one way in which the LMS can show issued documents: a table of a plugin, a profile field, a note.
* A **delivery** says what the LMS is to show of one document (or of one learner's documents), as texts.
* A **receipt** is the LMS's answer to one delivery; what it really shows then is read back as **shown**.

A connector only carries: what is to be sent, again or never, and whether what is shown is what was meant, is decided by
lms-sync.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import BaseModel, SecretStr

from lms_sync.records import Rung


class Mode(StrEnum):
    """How a scope is to be read."""

    FULL = "full"  # everything there is
    CHANGES = "changes"  # only what changed since the cursor


class Outcome(StrEnum):
    """How far the reading of a scope can be trusted."""

    COMPLETE = "complete"  # all of it was read: what was not seen is gone
    CHANGES = "changes"  # all changes since the cursor were read
    PARTIAL = "partial"  # some of it is missing: nothing may be retired
    REFUSED = "refused"  # the LMS refuses it to this account


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Stream:
    """What a connector can read: `kinds` are the source kinds of its records, or `EVENT`.

    `incremental` streams understand `Mode.CHANGES`; the others are read whole whenever they are due. A stream whose
    scopes cost a few requests for the whole site says `every_pull` and is read whole each time.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    incremental: bool = False
    every_pull: bool = False


@dataclass(frozen=True)
class Scope:
    """The smallest part of a stream that can be complete. `label` is for people and holds no personal data.

    `incremental`, when it is not None, overrules the stream's: some sites can tell changes that others cannot.
    `append_only` says that what was told once never changes, as in a log: such a scope is read whole once, and again
    only for an operator who names its stream.
    """

    stream: str
    key: str
    label: str = ""
    incremental: bool | None = None
    append_only: bool = False


@dataclass(frozen=True)
class SourceRecord:
    """One object as the LMS gives it: plain values (text, int, bool, Decimal, None, lists and dicts of these).

    `kind` names a section of the mapping, `key` the object's own identity within that kind, `source_time` when the
    LMS says it last changed (UTC).
    """

    kind: str
    key: str
    fields: Mapping[str, Any]
    source_time: dt.datetime | None = None


EVENT = "event"
"""The kind that a stream names whose pages bring `Events`."""


class Event(NamedTuple):
    """One event of the LMS's log, or one concluded from something else: a bare row, since there are millions.

    Identifiers are numbers or texts; 0, None and empty mean none. `other`: what else the LMS says of it, as JSON text.
    """

    id: int | str  # within the source; ids that were used again after a restore differ by their time
    time: int  # epoch seconds
    name: str  # the LMS's own name of it; on the rung `derived` the code of the action itself
    person: int | str | None = None  # who did it
    related_person: int | str | None = None  # whom it is about, if that is somebody else
    real_person: int | str | None = None  # who was logged in as `person`
    course: int | str | None = None
    activity: int | str | None = None  # the course module
    object_type: str | None = None
    object_id: int | str | None = None
    crud: str | None = None
    address: str | None = None
    origin: str | None = None
    anonymous: int | bool = False
    other: str | None = None


@dataclass(frozen=True)
class Events:
    """Events of a page, in any order; a repeat of one that is kept already is harmless.

    `rung` says how they are known; a scope of events tells it in every reading, also where there is nothing new, with
    no rows: as long as the rung is not `LOG`, lms-sync derives what it can from other records. `told_until` (UTC):
    every event before it is told with this page or was before.

    `left_out` counts what the connector kept to itself, by reason: `own_polling`, `other_courses`, `withheld`.
    """

    rows: Sequence[Event]
    rung: Rung
    told_until: dt.datetime | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """Something worth telling the operator: what, how bad, and what to do."""

    level: Level
    subject: str
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class ScopeEnd:
    """The last word on a scope: its outcome, and how many objects were expected and received."""

    outcome: Outcome
    received: int
    expected: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Page:
    """What is committed in one transaction. `absent` lists (record kind, record key) that the LMS no longer has.

    `events` are for the action journal: never retired, since an LMS forgets its log. A `cursor` of None leaves the
    stored one as it is. Exactly the last page of a scope has an `end`.
    """

    records: Sequence[SourceRecord] = ()
    absent: Sequence[tuple[str, str]] = ()
    cursor: str | None = None
    end: ScopeEnd | None = None
    findings: Sequence[Finding] = ()
    events: Events | None = None


class Standing(StrEnum):
    """Whether a document that was issued still is what it says."""

    IN_FORCE = "in_force"
    REVOKED = "revoked"
    REPLACED = "replaced"  # by a duplicate


@dataclass(frozen=True)
class Target:
    """One way in which a connector can show issued documents in the LMS.

    `values` are the names of the texts that it takes, and whether each is needed; None: the academy names them, as the
    fields of a profile are. A target `per_learner` shows all documents of a learner together: one delivery stands for
    them. One that does not `keep_revoked` has nothing to show of a document that it did not show before.
    """

    name: str
    title: str
    values: Mapping[str, bool] | None
    per_learner: bool = False
    keeps_revoked: bool = True


@dataclass(frozen=True)
class Delivery:
    """What a target is to show of one subject: a document's uid or, for a target `per_learner`, a learner's identifier.

    `values` are plain texts, empty for nothing; a target that shows marked-up text has to escape them. `revision`
    counts the contents of the subject in this target, from 1. `key` is one and the same in every repetition of this
    revision and in no other. `external_id` is what the last receipt said or the last look found; empty: not known.
    """

    subject: str
    learner: str
    values: Mapping[str, str]
    revision: int
    key: str
    course: str = ""
    standing: Standing = Standing.IN_FORCE
    replaced_by: str = ""  # uid of the duplicate
    external_id: str = ""


class Answer(StrEnum):
    """What the LMS says to a delivery."""

    ACCEPTED = "accepted"  # written, or it stood so already
    REFUSED = "refused"  # it will never be taken as it is
    LATER = "later"  # not now: nothing was written


@dataclass(frozen=True)
class Receipt:
    """The answer to one delivery. `code` is the LMS's own word for a refusal; never a text with a person's data."""

    subject: str
    answer: Answer
    external_id: str = ""
    code: str = ""


@dataclass(frozen=True)
class Shown:
    """What the LMS shows of one subject, in the names and the plain texts of a delivery.

    `standing` and `replaced_by` are None where a target has no such field, `revision` where it keeps none. `copies` is
    how often the subject is there: more than once is a fault to be told.
    """

    subject: str
    learner: str
    values: Mapping[str, str]
    external_id: str = ""
    revision: int | None = None
    standing: Standing | None = None
    replaced_by: str | None = None
    copies: int = 1


class Known(Protocol):
    """What the record store already holds, for a connector that can save requests by knowing it."""

    def rows(self, kind: str, scope: str, fields: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """The live records of a record kind in a scope: key -> the named fields."""
        ...


@dataclass(frozen=True)
class ReadTask:
    """How to read one scope: the mode, the cursor kept from last time (None: never read), and what is known."""

    mode: Mode
    known: Known
    cursor: str | None = None


@dataclass(frozen=True)
class SiteAccess:
    """Where the LMS is and how to speak to it politely. Times in seconds.

    `url` and `secret` are empty where the connector's class says that it needs none and the operator gave none.
    """

    name: str
    url: str
    secret: SecretStr = field(repr=False)
    timeout: float = 55.0
    concurrency: int = 2
    requests_per_second: float = 0.0  # 0: unpaced
    retries: int = 5
    maintenance_wait: float = 900.0
    verify_tls: bool = True


class Connector(ABC):
    """One LMS, read for the length of one run. A plugin subclasses this and names the class in an entry point.

    A connector may keep what it read for the rest of its run; lms-sync makes a new one for each run and closes it.
    Every method raises `lms_sync.errors.SourceError` (and its kinds) and nothing else for what the LMS does wrong.
    """

    title: ClassVar[str]
    """What the operator reads in `lms-sync connectors`."""

    options: ClassVar[type[BaseModel]]
    """The model of the table `[sources.NAME.options]`."""

    mapping: ClassVar[str]
    """The entry-point name (group `lms_sync.mappings`) of the mapping shipped for this connector."""

    needs_url: ClassVar[bool] = True
    """Whether the operator must write the LMS's address; False for what is reached otherwise, such as a file."""

    needs_secret: ClassVar[bool] = True
    """Whether the operator must name a token, with `token_file` or `token_env`."""

    @abstractmethod
    def __init__(self, access: SiteAccess, options: Any) -> None:
        """Keeps what it is given; makes no request. `options` is an instance of the class's `options`."""

    @abstractmethod
    def streams(self) -> Sequence[Stream]:
        """The streams, in the order in which a full pull reads them. Makes no request."""

    @abstractmethod
    def scopes(self, stream: str) -> Sequence[Scope]:
        """The scopes that the LMS has now for a stream."""

    @abstractmethod
    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        """Reads a scope page by page. See the module's docstring for what the pages must say."""

    @abstractmethod
    def check(self) -> Iterable[Finding]:
        """What `lms-sync doctor` shows: from the URL to every needed right, each with its remedy."""

    def targets(self) -> Sequence[Target]:
        """The ways in which this LMS can show issued documents; none unless a plugin offers them. Makes no request."""
        return ()

    def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
        """Writes deliveries to a target, each once, and gives a receipt for each: a refused one holds up no other.

        Raises OutcomeUnknown when an answer was lost: then any of those without a receipt may have been written. Raises
        SourceRefused or SourceDenied when the target or the account as a whole is refused, SourceUnavailable when the
        LMS was not reached: then none of those without a receipt was written.
        """
        raise NotImplementedError(f"{type(self).__name__} offers no target {target}")

    def look(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        """What the target shows now of the subjects of these deliveries; a subject that is not there is left out."""
        raise NotImplementedError(f"{type(self).__name__} offers no target {target}")

    def survey(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        """Everything of lms-sync's that the target shows, also subjects of no delivery.

        The deliveries are all that it should show; they tell in which courses and profiles to look.
        """
        raise NotImplementedError(f"{type(self).__name__} offers no target {target}")

    def close(self) -> None:  # noqa: B027 - most connectors have nothing to close
        """Releases connections."""
