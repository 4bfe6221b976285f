"""What a target is to show, and what follows from what it shows: confirm, send, fail or wait. Pure but for one reading.

Everything here is a function of the register, the templates and what was seen: the order of events does not matter.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from sqlalchemy import Connection

from lms_sync.connector import Delivery, Shown, Standing, Target
from lms_sync.mapping.push import TargetTemplates
from lms_sync.records import DocumentPush, PushState
from lms_sync.registers.documents.outbox import OF_REVISIONS, OPEN, UNDER_WAY, Content, is_told, standing_of
from lms_sync.store.documents import DocumentFilter, StoredDocument, documents
from lms_sync.store.pushes import documents_of_learners, pushes, pushes_of_learners
from lms_sync.store.statements import chunks
from lms_sync.sync.push_result import Difference, What

_AT_ONCE = 500

CODES: dict[What, str] = {
    "missing": "not_shown",
    "differs": "differs",
    "doubled": "doubled",
    "other_holder": "otherholder",
    "unknown": "unknown",
}
"""The code of a push that failed because the LMS shows something else than was sent."""


@dataclass(frozen=True)
class Goal:
    """A target of a source with its templates."""

    source: str
    target: Target
    templates: TargetTemplates

    def subject_of(self, uid: str, learner: str) -> str:
        """What a delivery for this document is about."""
        return learner if self.target.per_learner else uid


@dataclass(frozen=True)
class Subject:
    """A document, or a learner with all documents, as a target is to show it. `rows`: how all of it stands."""

    key: str
    learner: str
    documents: tuple[str, ...]
    rows: tuple[DocumentPush, ...]
    values: Mapping[str, str]
    course: str = ""
    standing: Standing = Standing.IN_FORCE
    replaced_by: str = ""

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all that a delivery of it says."""
        said = [self.key, self.learner, self.course, self.standing.value, self.replaced_by, sorted(self.values.items())]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()

    @property
    def last(self) -> DocumentPush | None:
        """The row that knows what was sent last."""
        return max(self.rows, key=lambda row: row.revision, default=None)

    @property
    def revision(self) -> int:
        """The revision of what it is to show: the last one if that was it, else the next."""
        if self.last is None or self.last.content_hash != self.content_hash:
            return 1 if self.last is None else self.last.revision + 1
        return max(self.last.revision, 1)

    @property
    def taking_part(self) -> list[DocumentPush]:
        """The rows that a sending of it stands for: all that are not confirmed."""
        return [row for row in self.rows if row.state is not PushState.CONFIRMED]

    @property
    def is_open(self) -> bool:
        """Whether something is to be done about it."""
        return any(row.state in OPEN for row in self.rows)

    @property
    def was_asked_for(self) -> bool:
        """Whether somebody wants it sent although the LMS has another content under a newer revision."""
        return any(row.state is PushState.PENDING and row.last_error in OF_REVISIONS for row in self.rows)

    def in_doubt(self, now: dt.datetime) -> bool:
        """Whether a request about it may still be running in the LMS."""
        return any(row.state in UNDER_WAY and row.due_at is not None and row.due_at > now for row in self.rows)

    def content(self, source: str, target: str, revision: int) -> Content:
        """What is to be sent as that revision."""
        named = json.dumps([source, target, self.key, revision, self.content_hash], ensure_ascii=False)
        return Content(revision, self.content_hash, hashlib.sha256(named.encode()).hexdigest()[:32])

    def delivery(self, content: Content, external_id: str = "") -> Delivery:
        """It as a connector takes it."""
        known = self.last.external_id if self.last is not None else ""
        return Delivery(
            subject=self.key,
            learner=self.learner,
            values=dict(self.values),
            revision=content.revision,
            key=content.key,
            course=self.course,
            standing=self.standing,
            replaced_by=self.replaced_by,
            external_id=external_id or known,
        )


# --- composing --------------------------------------------------------------------------------------------------------


def compose(connection: Connection, goal: Goal, keys: Iterable[str]) -> list[Subject]:
    """These subjects as the register has them now; those that are not to be told are left out."""
    make = _of_learners if goal.target.per_learner else _of_documents
    return [subject for part in chunks(keys, _AT_ONCE) for subject in make(connection, goal, part)]


def _of_documents(connection: Connection, goal: Goal, uids: Sequence[str]) -> Iterator[Subject]:
    rows = {row.document: row for row in pushes(connection, goal.source, target=goal.target.name, uids=uids)}
    for one in _told(connection, goal, uids):
        record, standing = one.record, standing_of(one.record)
        yield Subject(
            key=record.uid,
            learner=record.learner,
            documents=(record.uid,),
            rows=(rows[record.uid],) if record.uid in rows else (),
            values=goal.templates.of_document(record, standing),
            course=record.course,
            standing=standing,
            replaced_by=record.replaced_by if standing is Standing.REPLACED else "",
        )


def _of_learners(connection: Connection, goal: Goal, learners: Sequence[str]) -> Iterator[Subject]:
    rows = pushes_of_learners(connection, goal.source, goal.target.name, learners)
    told = _told(connection, goal, documents_of_learners(connection, goal.source, learners))
    for learner in learners:
        own = [one.record for one in told if one.record.learner == learner]
        if own:
            in_force = [record for record in own if standing_of(record) is Standing.IN_FORCE]
            yield Subject(
                key=learner,
                learner=learner,
                documents=tuple(record.uid for record in own),
                rows=tuple(row for row in rows if row.learner == learner),
                values=goal.templates.of_learner(in_force),
            )


def _told(connection: Connection, goal: Goal, uids: Sequence[str]) -> list[StoredDocument]:
    return [one for one in documents(connection, goal.source, DocumentFilter(uids=uids)) if is_told(one)]


# --- comparing --------------------------------------------------------------------------------------------------------


def difference(goal: Goal, subject: Subject, shown: Shown | None) -> Difference | None:
    """How what is shown differs from what is meant; None where it does not."""

    def told(what: What, fields: Mapping[str, tuple[str, str]]) -> Difference:
        return Difference(goal.target.name, subject.key, subject.documents, what, fields)

    if shown is None:
        return None if _nothing_to_show(goal.target, subject) else told("missing", _fields(goal.target, subject, None))
    fields = _fields(goal.target, subject, shown)
    if shown.copies > 1:
        return told("doubled", fields)
    if shown.learner != subject.learner:
        return told("other_holder", fields)
    return told("differs", fields) if fields else None


def _nothing_to_show(target: Target, subject: Subject) -> bool:
    if target.per_learner:
        return not any(subject.values.values())
    return not target.keeps_revoked and subject.standing is not Standing.IN_FORCE


def _fields(target: Target, subject: Subject, shown: Shown | None) -> dict[str, tuple[str, str]]:
    """What differs: (in the LMS, in the register) by name. Names are not given for what identifies the person."""
    there = dict(shown.values) if shown is not None else {}
    # What the target shows of its own accord and takes from nobody is not ours to compare.
    names = [*subject.values, *(name for name in target.values or () if name not in subject.values)]
    pairs = {name: (there.get(name, ""), subject.values.get(name, "")) for name in names}
    if shown is not None and shown.standing is not None:
        pairs["standing"] = (shown.standing.value, subject.standing.value)
    if shown is not None and shown.replaced_by is not None:
        pairs["replaced_by"] = (shown.replaced_by, subject.replaced_by)
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def by_subject(shown: Iterable[Shown]) -> dict[str, Shown]:
    """What was shown, by subject; one that was told more than once is there so often."""
    found: dict[str, Shown] = {}
    for one in shown:
        if not isinstance(one, Shown):
            raise TypeError("not a Shown")
        before = found.get(one.subject)
        found[one.subject] = one if before is None else replace(before, copies=before.copies + one.copies)
    return found


# --- deciding ---------------------------------------------------------------------------------------------------------


class Do(StrEnum):
    """What is to be done about a subject that was looked at."""

    CONFIRM = "confirm"
    SEND = "send"
    FAIL = "fail"
    WAIT = "wait"


@dataclass(frozen=True)
class Decision:
    """What is to be done, with what; `code` says why it failed."""

    do: Do
    content: Content
    external_id: str = ""
    code: str = field(default="")


def decide(goal: Goal, subject: Subject, shown: Shown | None, now: dt.datetime) -> Decision:
    """What to do about a subject of which the target shows this.

    While a request may still be running in the LMS nothing is sent, and nothing is believed but that this very request
    has come through: it might yet overwrite what is shown.
    """
    known = shown.revision or 0 if shown is not None else 0
    external_id = shown.external_id if shown is not None else ""
    revision = subject.revision

    def decision(do: Do, revision: int, code: str = "") -> Decision:
        return Decision(do, subject.content(goal.source, goal.target.name, revision), external_id, code)

    found = difference(goal, subject, shown)
    in_doubt = subject.in_doubt(now)
    if found is None:
        was_sent = subject.last is not None and subject.last.content_hash == subject.content_hash
        return decision(Do.WAIT if in_doubt and not was_sent else Do.CONFIRM, max(revision, known))
    if in_doubt:
        return decision(Do.WAIT, revision)
    if found.what == "other_holder" or (found.what == "doubled" and not found.fields):
        return decision(Do.FAIL, revision, CODES[found.what])
    if known >= revision and not subject.was_asked_for:
        return decision(Do.FAIL, revision, "stale" if known > revision else "differs")
    return decision(Do.SEND, max(revision, known + 1) if known >= revision else revision)
