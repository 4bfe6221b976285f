"""One push of one source: the register's documents into every target of the LMS that the configuration names.

What a target is to show is a function of the register and the templates. A push brings the outbox up to them, and then
goes through it in batches (`push_batch.py`). Every batch that ends is kept, so a push may be ended or killed at any
moment and the next one goes on. Must not know any LMS, nor how anything is stored.
"""

from __future__ import annotations

from lms_sync.errors import SourceDenied, SourceError
from lms_sync.store.pushes import under_work, waiting_count, write_target
from lms_sync.store.statements import chunks
from lms_sync.store.store import Store
from lms_sync.sync.opening import opened
from lms_sync.sync.push_batch import BATCH, Gate, push_batch
from lms_sync.sync.push_content import Goal
from lms_sync.sync.push_plan import ask_again, bring_up_to_configuration, chosen, goals_of
from lms_sync.sync.push_result import (
    PushOptions,
    PushProgress,
    PushSilence,
    PushSource,
    PushSummary,
    TargetSummary,
)

__all__ = [
    "PushOptions",
    "PushProgress",
    "PushSilence",
    "PushSource",
    "PushSummary",
    "TargetSummary",
    "push",
    "push_lock",
]

_SILENCE = PushSilence()

DEAD_AFTER = 3
"""After so many batches in a row that led to nothing, a push leaves a target alone until the next one."""


def push_lock(source: str) -> str:
    """The name of the lock that a push holds: a pull of the same source may go on beside it."""
    return f"{source}.push"


def push(store: Store, source: PushSource, options: PushOptions, progress: PushProgress = _SILENCE) -> PushSummary:
    """Pushes a source once, alone. Gives a summary, also when the LMS failed.

    Raises StoreBusy when another process pushes the same source, StoreError when the store fails, ConfigError for
    targets that cannot be used as configured, RegisterError for a document to be retried that is not on its way, and
    SourceError for a connector that cannot even be made.
    """
    with store.lock(push_lock(source.name)), opened(source.connector) as connector:
        goals = goals_of(source, connector)
        wanted = chosen(goals, options, source.name)
        bring_up_to_configuration(store, goals, source.name, options.actor)
        summary = PushSummary(source.name)
        summary.problems += ask_again(store, wanted, source.name, options)
        for goal in wanted:
            gate = Gate(store, connector, goal, options.actor)
            target = TargetSummary(goal.target.name)
            summary.targets.append(target)
            failure = _push_target(gate, options, target, progress)
            _record_end(store, goal, target)
            if isinstance(failure, SourceDenied) or options.stopped:
                break
        if options.stopped:
            summary.problems.append("The push was stopped before its end; the next one goes on from here.")
        progress.push_done(summary)
        return summary


def _push_target(
    gate: Gate, options: PushOptions, summary: TargetSummary, progress: PushProgress
) -> SourceError | None:
    """Goes through the outbox of a target; gives what the LMS said where it failed as a whole, if it did."""
    keys = _subjects(gate)
    progress.target_started(gate.goal.source, gate.goal.target.name, len(keys))
    in_vain, failure = 0, None
    for batch in chunks(keys, BATCH):
        if options.stopped:
            return failure
        end = push_batch(gate, batch)
        summary.counts.update(end.counts)
        summary.problems += end.problems
        progress.batch_done(len(batch), end.counts)
        if end.failure is not None:
            _tell(summary, end.failure)
        in_vain = 0 if end.failure is None else in_vain + 1
        failure = failure or end.failure
        if end.fatal or in_vain >= DEAD_AFTER:
            break
    summary.ended = failure is None
    return failure


def _subjects(gate: Gate) -> list[str]:
    goal, store = gate.goal, gate.store
    with store.reading() as connection:
        work = under_work(connection, goal.source, goal.target.name, store.now())
    return list(dict.fromkeys(goal.subject_of(uid, learner) for uid, learner in work))


def _tell(summary: TargetSummary, failure: SourceError) -> None:
    told = str(failure)
    if told not in summary.problems:
        summary.problems.append(told)


def _record_end(store: Store, goal: Goal, summary: TargetSummary) -> None:
    with store.writing() as connection:
        now, name = store.now(), goal.target.name
        summary.counts["waiting"] += waiting_count(connection, goal.source, name, now)
        ended = {"pushed_at": now} if summary.ended else {}
        write_target(connection, goal.source, name, note="; ".join(summary.problems), **ended)
