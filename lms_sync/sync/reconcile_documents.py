"""What the LMS shows of issued documents against the register. Differences are told and never repaired from here."""

from __future__ import annotations

from collections.abc import Sequence

from lms_sync.connector import Connector, Shown
from lms_sync.store.pushes import learners_of, told_documents
from lms_sync.store.statements import chunks
from lms_sync.store.store import Store
from lms_sync.sync.opening import opened
from lms_sync.sync.push_content import Goal, Subject, by_subject, compose, difference
from lms_sync.sync.push_plan import chosen, goals_of
from lms_sync.sync.push_result import Difference, PushOptions, PushSource
from lms_sync.sync.scope import connector_faults

_AT_ONCE = 500


def reconcile(store: Store, source: PushSource, options: PushOptions) -> list[Difference]:
    """Where what the targets show is not what the register says, by target; documents that were not pushed yet too.

    Raises as `push` does, and SourceError when the LMS cannot be read.
    """
    with opened(source.connector) as connector:
        goals = chosen(goals_of(source, connector), options, source.name)
        return [found for goal in goals for found in _differences(store, connector, goal)]


def _differences(store: Store, connector: Connector, goal: Goal) -> list[Difference]:
    subjects = _all_subjects(store, goal)
    shown = _surveyed(connector, goal, subjects)
    found = [one for subject in subjects if (one := difference(goal, subject, shown.get(subject.key)))]
    known = {subject.key for subject in subjects}
    return found + [_unknown(goal, one) for key, one in shown.items() if key not in known]


def _all_subjects(store: Store, goal: Goal) -> list[Subject]:
    with store.reading() as connection:
        uids = told_documents(connection, goal.source)
        learners = learners_of(connection, goal.source, uids) if goal.target.per_learner else {}
        keys = list(dict.fromkeys(goal.subject_of(uid, learners.get(uid, "")) for uid in uids))
        return [one for part in chunks(keys, _AT_ONCE) for one in compose(connection, goal, part)]


def _surveyed(connector: Connector, goal: Goal, subjects: Sequence[Subject]) -> dict[str, Shown]:
    name = goal.target.name
    deliveries = [one.delivery(one.content(goal.source, name, one.revision)) for one in subjects]
    with connector_faults(name):
        return by_subject(connector.survey(name, deliveries))


def _unknown(goal: Goal, shown: Shown) -> Difference:
    """Something that the register does not have, or no longer tells of because the holder was erased."""
    return Difference(goal.target.name, shown.subject, (), "unknown")
