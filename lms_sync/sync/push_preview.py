"""What a push would change: the LMS is looked at, nothing is sent and nothing is written.

Only what a push would look at is shown. Everything that the LMS shows is compared by `reconcile_documents.py`.
"""

from __future__ import annotations

from lms_sync.connector import Connector
from lms_sync.records import PushState
from lms_sync.registers.documents.outbox import OPEN
from lms_sync.store import pushes
from lms_sync.store.statements import chunks
from lms_sync.store.store import Store
from lms_sync.sync.opening import opened
from lms_sync.sync.push_batch import BATCH, Gate
from lms_sync.sync.push_content import Goal, compose, difference
from lms_sync.sync.push_plan import chosen, goals_of, to_be_queued
from lms_sync.sync.push_result import EVERYTHING, Difference, PushOptions, PushSource


def preview(store: Store, source: PushSource, options: PushOptions) -> list[Difference]:
    """How the LMS differs from what a push with these options would make it show, by target.

    What waits or may be under way is shown too. Raises as `push` does, and SourceError when the LMS cannot be read.
    """
    with opened(source.connector) as connector:
        goals = chosen(goals_of(source, connector), options, source.name)
        return [found for goal in goals for found in _differences(store, connector, goal, options)]


def _differences(store: Store, connector: Connector, goal: Goal, options: PushOptions) -> list[Difference]:
    gate = Gate(store, connector, goal, options.actor)
    found: list[Difference] = []
    for keys in chunks(_subjects(store, goal, options), BATCH):
        with store.reading() as connection:
            subjects = compose(connection, goal, keys)
        shown = gate.look(subjects)
        found += [one for subject in subjects if (one := difference(goal, subject, shown.get(subject.key)))]
    return found


def _subjects(store: Store, goal: Goal, options: PushOptions) -> list[str]:
    """What a push would look at, in the order of the register."""
    name = goal.target.name
    with store.reading() as connection:
        state = pushes.target_states(connection, goal.source).get(name)
        anew = state is None or not state.enabled or state.templates_version != goal.templates.version
        states = [*OPEN, PushState.FAILED] if EVERYTHING in options.retry else OPEN
        due = [row.document for row in pushes.pushes(connection, goal.source, target=name, states=states)]
        due += [row.document for row in pushes.pushes(connection, goal.source, target=name, uids=options.retry)]
    uids = sorted({*due, *to_be_queued(store, goal, anew=anew)}, key=lambda uid: (len(uid), uid))
    with store.reading() as connection:
        learners = pushes.learners_of(connection, goal.source, uids) if goal.target.per_learner else {}
    return list(dict.fromkeys(goal.subject_of(uid, learners.get(uid, "")) for uid in uids))
