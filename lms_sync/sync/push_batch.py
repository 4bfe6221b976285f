"""One batch of a target: look, mark as sent, send, look again, record. Each step can be the last one before a kill.

Whatever is sent was marked as sent before, in a transaction of its own; whatever was marked is looked up before it is
sent again. One document that is refused holds up no other. Must not know which documents are due, nor any LMS.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from lms_sync.connector import Answer, Connector, Delivery, Receipt, Shown
from lms_sync.errors import (
    SourceDenied,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnavailable,
)
from lms_sync.records import DocumentPush
from lms_sync.registers.documents import outbox
from lms_sync.store.pushes import pushes
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.store import Store
from lms_sync.sync.push_content import CODES, Decision, Do, Goal, Subject, by_subject, compose, decide, difference
from lms_sync.sync.scope import connector_faults

BATCH = 50
"""So many subjects are looked at, sent and recorded together."""

_REFUSALS_IN_A_ROW = 10

Step = Callable[[DocumentPush], DocumentPush]


@dataclass(frozen=True)
class Gate:
    """What a batch works with: the register, the LMS, and in whose name."""

    store: Store
    connector: Connector
    goal: Goal
    actor: str

    def registering(self) -> AbstractContextManager[RegisterWriter]:
        """A transaction for steps."""
        return registering(self.store, self.goal.source, self.actor)

    def look(self, subjects: Sequence[Subject], external_ids: Mapping[str, str] | None = None) -> dict[str, Shown]:
        """What the target shows of them, by subject. Raises SourceError."""
        known = external_ids or {}
        deliveries = [self._delivery(subject, known.get(subject.key, "")) for subject in subjects]
        if not deliveries:
            return {}
        with connector_faults(self.goal.target.name):
            found = by_subject(self.connector.look(self.goal.target.name, deliveries))
        return {key: one for key, one in found.items() if key in {subject.key for subject in subjects}}

    def _delivery(self, subject: Subject, external_id: str) -> Delivery:
        name = self.goal.target.name
        return subject.delivery(subject.content(self.goal.source, name, subject.revision), external_id)


@dataclass
class BatchEnd:
    """What became of a batch: documents by `push_result.COUNTS`, and what went wrong.

    `failure` is what the LMS said to the batch as a whole; `fatal`: another batch would fare no better.
    """

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    failure: SourceError | None = None
    fatal: bool = False

    def fail(self, failure: SourceError, *, fatal: bool) -> None:
        """Keeps the first failure."""
        self.failure = self.failure or failure
        self.fatal = self.fatal or fatal


def push_batch(gate: Gate, keys: Sequence[str]) -> BatchEnd:
    """Pushes these subjects as far as it goes. Raises StoreError only."""
    end = BatchEnd()
    with gate.store.reading() as connection:
        subjects = [one for one in compose(connection, gate.goal, keys) if one.is_open]
    looked = _look_at_each(gate, subjects, end)
    if looked is None:
        return end
    sent = _mark(gate, looked, end)
    if sent:
        _send(gate, sent, end)
    return end


# --- looking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Looked:
    """A subject and what the LMS shows of it, or the code with which it refuses to tell."""

    subject: Subject
    shown: Shown | None
    refusal: str = ""


def _look_at_each(gate: Gate, subjects: Sequence[Subject], end: BatchEnd) -> list[_Looked] | None:
    """Looks at all together, and where that is refused at each alone. None: nothing can be seen; `end` says why."""
    try:
        shown = gate.look(subjects)
        return [_Looked(subject, shown.get(subject.key)) for subject in subjects]
    except (SourceUnavailable, SourceDenied) as error:
        end.fail(error, fatal=not isinstance(error, SourceTimeout))
        return None
    except SourceError as error:
        whole = error
    looked: list[_Looked] = []
    answered = False
    for subject in subjects:
        try:
            looked.append(_Looked(subject, gate.look([subject]).get(subject.key)))
            answered = True
        except (SourceUnavailable, SourceDenied) as error:
            end.fail(error, fatal=True)
            return None
        except SourceError as error:
            looked.append(_Looked(subject, None, _code_of(error)))
        if not answered and len(looked) >= _REFUSALS_IN_A_ROW:
            break
    if not answered:  # most likely the target as a whole: nobody is marked as failed for that
        end.fail(whole, fatal=False)
        return None
    return looked


# --- marking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sent:
    subject: Subject
    decision: Decision
    rows: tuple[DocumentPush, ...]  # as they were marked


def _mark(gate: Gate, looked: Sequence[_Looked], end: BatchEnd) -> list[_Sent]:
    """Records what needs no sending, and marks what does. What has changed since the look waits for the next push."""
    sent: list[_Sent] = []
    with gate.registering() as writer:
        now = {one.key: one for one in compose(writer.connection, gate.goal, [one.subject.key for one in looked])}
        rows: list[DocumentPush] = []
        for one in looked:
            subject = one.subject
            if now.get(subject.key) != subject:
                end.counts["waiting"] += len(subject.taking_part)
                continue
            decision = _decided(gate.goal, one, writer.now, end)
            steps = [_marked(row, decision, writer.now) for row in subject.taking_part]
            end.counts[_COUNTED[decision.do]] += len(steps)
            rows += steps
            if decision.do is Do.SEND:
                sent.append(_Sent(subject, decision, tuple(steps)))
        outbox.put_pushes(writer, rows)
    return sent


def _decided(goal: Goal, looked: _Looked, now: dt.datetime, end: BatchEnd) -> Decision:
    subject = looked.subject
    if not looked.refusal:
        return decide(goal, subject, looked.shown, now)
    content = subject.content(goal.source, goal.target.name, subject.revision)
    if subject.in_doubt(now):
        end.problems.append(f"{subject.key}: what the LMS shows of it cannot be read ({looked.refusal}).")
        return Decision(Do.WAIT, content)
    return Decision(Do.FAIL, content, code=looked.refusal)


_COUNTED = {Do.CONFIRM: "unchanged", Do.SEND: "sent", Do.FAIL: "failed", Do.WAIT: "waiting"}


def _marked(row: DocumentPush, decision: Decision, now: dt.datetime) -> DocumentPush:
    if decision.do is Do.CONFIRM:
        return outbox.confirmed(row, decision.content, decision.external_id)
    if decision.do is Do.SEND:
        return outbox.sending(row, decision.content, decision.external_id, now)
    return outbox.failed(row, decision.code) if decision.do is Do.FAIL else row


# --- sending ----------------------------------------------------------------------------------------------------------


@dataclass
class _Answers:
    """What the LMS said to what was sent: the receipts that came, and how it failed, if it did."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    failure: SourceError | None = None
    shown: dict[str, Shown] | None = None  # what it shows afterwards; None: that cannot be seen now

    def never_arrived(self, subject: str) -> bool:
        """Whether it was not written for sure. After a failure that says nothing of it nobody knows."""
        return subject not in self.receipts and self.failure is not None and _reached_nobody(self.failure)

    def may_be_there(self, subject: str) -> bool:
        """Whether it is to be looked for."""
        receipt = self.receipts.get(subject)
        return not self.never_arrived(subject) if receipt is None else receipt.answer is Answer.ACCEPTED


def _reached_nobody(failure: SourceError) -> bool:
    unavailable = isinstance(failure, SourceUnavailable) and not isinstance(failure, SourceTimeout)
    return unavailable or isinstance(failure, (SourceRefused, SourceDenied))


def _send(gate: Gate, sent: Sequence[_Sent], end: BatchEnd) -> None:
    answers = _answers(gate, sent)
    if answers.failure is not None:
        end.fail(answers.failure, fatal=_reached_nobody(answers.failure))
    external_ids = {key: receipt.external_id for key, receipt in answers.receipts.items()}
    try:
        to_see = [one.subject for one in sent if answers.may_be_there(one.subject.key)]
        answers.shown = gate.look(to_see, external_ids)
    except SourceError as error:
        end.fail(error, fatal=isinstance(error, (SourceUnavailable, SourceDenied)))
    with gate.registering() as writer:
        _record(writer, gate.goal, sent, answers, end)


def _answers(gate: Gate, sent: Sequence[_Sent]) -> _Answers:
    deliveries = [one.subject.delivery(one.decision.content, one.decision.external_id) for one in sent]
    expected = {one.subject for one in deliveries}
    answers = _Answers()
    try:
        with connector_faults(gate.goal.target.name):
            for receipt in gate.connector.send(gate.goal.target.name, deliveries):
                if not isinstance(receipt, Receipt):
                    raise TypeError("not a Receipt")
                if receipt.subject in expected:
                    answers.receipts[receipt.subject] = receipt
    except SourceError as error:
        answers.failure = error
    return answers


def _record(writer: RegisterWriter, goal: Goal, sent: Sequence[_Sent], answers: _Answers, end: BatchEnd) -> None:
    """Records the outcomes. A document that changed meanwhile is due again."""
    uids = [row.document for one in sent for row in one.rows]
    now = {row.key: row for row in pushes(writer.connection, goal.source, target=goal.target.name, uids=uids)}
    rows: list[DocumentPush] = []
    for one in sent:
        step, counted = _outcome(goal, one, answers, writer.now)
        for row in one.rows:
            if row.key in now:
                overtaken = now[row.key] != row and counted != "uncertain"
                rows.append(outbox.caught_up(now[row.key], row, step(row)))
                end.counts["waiting" if overtaken else counted] += 1
        if counted == "postponed":
            end.counts["sent"] -= len(one.rows)
    outbox.put_pushes(writer, rows)


def _outcome(goal: Goal, sent: _Sent, answers: _Answers, now: dt.datetime) -> tuple[Step, str]:
    """What becomes of the rows of one subject, and as what they are counted."""
    subject, content = sent.subject, sent.decision.content
    receipt = answers.receipts.get(subject.key)
    if receipt is not None and receipt.answer is Answer.REFUSED:
        return lambda row: outbox.failed(row, receipt.code), "failed"
    if receipt is not None and receipt.answer is Answer.LATER:
        return lambda row: outbox.postponed(row, receipt.code or "later", now), "postponed"
    if answers.never_arrived(subject.key):
        assert answers.failure is not None
        code = _code_of(answers.failure)
        return lambda row: outbox.postponed(row, code, now), "postponed"
    if answers.shown is None:
        return (outbox.uncertain if receipt is None else outbox.not_read_back), "uncertain"
    seen = answers.shown.get(subject.key)
    found = difference(goal, subject, seen)
    if found is None:
        external_id = seen.external_id if seen is not None else ""
        return lambda row: outbox.confirmed(row, content, external_id), "confirmed"
    if receipt is None:
        return outbox.uncertain, "uncertain"
    code = CODES[found.what]
    return lambda row: outbox.failed(row, code), "failed"


def _code_of(error: SourceError) -> str:
    if isinstance(error, SourceUnavailable):
        return "unavailable"
    return getattr(error, "code", "") or ("denied" if isinstance(error, SourceDenied) else "refused")
