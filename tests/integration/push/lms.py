"""An LMS in memory that shows documents in three ways, and fails in every way that matters.

Honest, and naive on purpose: `companion` keeps revisions and refuses older ones; `profile` has fields of a person;
`note` writes a second note for whoever sends without naming the first. Nothing here prevents a double but the one who
sends.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, SecretStr

from lms_sync.connector import (
    Answer,
    Connector,
    Delivery,
    Finding,
    Page,
    ReadTask,
    Receipt,
    Scope,
    Shown,
    SiteAccess,
    Stream,
    Target,
)
from lms_sync.errors import OutcomeUnknown, SourceDenied, SourceGone, SourceRefused, SourceUnavailable

COMPANION = Target("companion", "a table", {"kind": True, "title": True, "regnumber": False, "hours": False})
PROFILE = Target("profile", "fields of the account", None, per_learner=True, keeps_revoked=False)
NOTE = Target("note", "a note", {"text": True}, keeps_revoked=False)
TARGETS = (COMPANION, PROFILE, NOTE)

LATE = dt.timedelta(minutes=9)
"""How long a request whose answer was lost may take to be carried out: less than lms-sync waits."""


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Late:
    """A request that the LMS carries out later."""

    at: dt.datetime
    target: str
    delivery: Delivery


@dataclass
class Lms:
    """What the LMS holds, and how it misbehaves. `trouble` is asked before every request: see `Troubles`."""

    clock: Callable[[], dt.datetime]
    table: dict[str, Delivery] = field(default_factory=dict)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: dict[int, Delivery] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    late: list[Late] = field(default_factory=list)
    sent: list[tuple[str, Delivery]] = field(default_factory=list)
    looks: int = 0
    trouble: Callable[[str, str], str] = lambda act, subject: ""
    pause: Callable[[str], None] = lambda where: None
    numbers: int = 0
    random: random.Random = field(default_factory=lambda: random.Random(1))

    def connector(self) -> Memory:
        """A connector to it for one run."""
        return Memory(SiteAccess(name="academy", url="", secret=SecretStr("")), NoOptions(), lms=self)

    def calm(self) -> None:
        """It works again."""
        self.trouble, self.pause = (lambda act, subject: ""), (lambda where: None)

    def settle(self) -> None:
        """Carries out what was late."""
        due = [one for one in self.late if one.at <= self.clock()]
        self.late = [one for one in self.late if one.at > self.clock()]
        for one in due:
            self.write(one.target, one.delivery)

    def write(self, target: str, delivery: Delivery) -> Receipt:
        """Carries a request out."""
        if delivery.learner not in self.people:
            return Receipt(delivery.subject, Answer.REFUSED, code="unknownuser")
        if target == "companion":
            return self._write_row(delivery)
        if target == "profile":
            self.fields.setdefault(delivery.learner, {}).update(delivery.values)
            return Receipt(delivery.subject, Answer.ACCEPTED)
        number = int(delivery.external_id or 0)
        if number not in self.notes:
            self.numbers += 1
            number = self.numbers
        self.notes[number] = delivery
        return Receipt(delivery.subject, Answer.ACCEPTED, str(number))

    def _write_row(self, delivery: Delivery) -> Receipt:
        kept = self.table.get(delivery.subject)
        if kept is not None and kept.learner != delivery.learner:
            return Receipt(delivery.subject, Answer.REFUSED, code="otherholder")
        if kept is not None and delivery.revision < kept.revision:
            return Receipt(delivery.subject, Answer.REFUSED, code="stale")
        if kept is not None and delivery.revision == kept.revision and _content(delivery) != _content(kept):
            return Receipt(delivery.subject, Answer.REFUSED, code="revisionconflict")
        self.table[delivery.subject] = delivery
        return Receipt(delivery.subject, Answer.ACCEPTED)

    def shown(self, target: str, subject: str, names: Iterable[str] = ()) -> Shown | None:
        """What it shows of a subject."""
        if target == "companion":
            row = self.table.get(subject)
            return row and Shown(subject, row.learner, row.values, "", row.revision, row.standing, row.replaced_by)
        if target == "profile":
            if subject not in self.people:
                return None
            return Shown(subject, subject, {name: self.fields.get(subject, {}).get(name, "") for name in names})
        found = [(number, note) for number, note in self.notes.items() if note.subject == subject]
        if not found:
            return None
        number, note = found[0]
        return Shown(subject, note.learner, note.values, str(number), copies=len(found))


def _content(delivery: Delivery) -> Any:
    return replace(delivery, external_id="", key="")


class NoOptions(BaseModel):
    """It has none."""


class Memory(Connector):
    """Carries between lms-sync and an `Lms`."""

    title = "Memory"
    options = NoOptions
    mapping = "moodle"
    needs_url = False
    needs_secret = False

    def __init__(self, access: SiteAccess, options: Any, lms: Lms | None = None) -> None:
        assert lms is not None
        self.lms = lms

    def streams(self) -> Sequence[Stream]:
        """None."""
        return ()

    def scopes(self, stream: str) -> Sequence[Scope]:
        """None."""
        return ()

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        """Nothing."""
        yield from ()

    def check(self) -> Iterable[Finding]:
        """Nothing."""
        return ()

    def targets(self) -> Sequence[Target]:
        """The three."""
        return TARGETS

    def send(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Receipt]:
        """One after the other, as a site without transactions does."""
        self.lms.settle()
        for delivery in deliveries:
            trouble = self.lms.trouble("send", delivery.subject)
            self._fail_before(trouble)
            if trouble == "lost before":
                raise OutcomeUnknown("The request was sent and its answer was lost.")
            if trouble == "late":
                at = self.lms.clock() + LATE * self.lms.random.random()
                self.lms.late.append(Late(at, target, delivery))
                raise OutcomeUnknown("The request was sent and its answer was lost.")
            if trouble == "no receipt":
                continue
            self.lms.pause("before writing")
            self.lms.sent.append((target, delivery))
            receipt = self.lms.write(target, delivery)
            self.lms.pause("after writing")
            if trouble == "lost after":
                raise OutcomeUnknown("The request was sent and its answer was lost.")
            yield receipt

    def _fail_before(self, trouble: str) -> None:
        if trouble == "unavailable":
            raise SourceUnavailable("The LMS does not answer.")
        if trouble == "denied":
            raise SourceDenied("The token is refused.", code="invalidtoken")
        if trouble == "refused":
            raise SourceRefused("The target is refused.", code="nopermissions")
        if trouble == "fault":
            raise ZeroDivisionError

    def look(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        """What is there."""
        self.lms.settle()
        self.lms.looks += 1
        self.lms.pause("before looking")
        for delivery in deliveries:
            trouble = self.lms.trouble("look", delivery.subject)
            self._fail_before(trouble)
            if trouble == "gone":
                raise SourceGone("The course is gone.", code="invalidrecord")
        found = (self.lms.shown(target, one.subject, one.values) for one in deliveries)
        yield from (one for one in found if one is not None)
        self.lms.pause("after looking")

    def survey(self, target: str, deliveries: Sequence[Delivery]) -> Iterable[Shown]:
        """Everything there is."""
        names = {delivery.subject: delivery.values for delivery in deliveries}
        subjects = {
            "companion": self.lms.table,
            "profile": self.lms.people & names.keys(),
            "note": {note.subject: note for note in self.lms.notes.values()},
        }[target]
        found = (self.lms.shown(target, subject, names.get(subject, ())) for subject in sorted(subjects))
        yield from (one for one in found if one is not None)


def strike(lms: Lms, trouble: str, act: str = "send", *subjects: str, times: int = 10_000) -> None:
    """The LMS fails in this way, for these subjects or for all, so many times."""
    left = [times]

    def asked(asked_act: str, subject: str) -> str:
        if asked_act != act or (subjects and subject not in subjects) or not left[0]:
            return ""
        left[0] -= 1
        return trouble

    lms.trouble = asked


def copies(lms: Lms) -> Counter[str]:
    """How many notes there are of each document."""
    return Counter(note.subject for note in lms.notes.values())


__all__ = ["NOTE", "PROFILE", "TARGETS", "Killed", "Late", "Lms", "Memory", "copies", "strike"]
