"""What a push begins with: which targets it goes to, and an outbox that stands as register and configuration say.

Must not send anything. Every transaction is short and may be the last before a kill: the next push begins the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

from lms_sync.config.checks import unknown_name
from lms_sync.connector import Connector, Target
from lms_sync.errors import ConfigError, Problem, RegisterError
from lms_sync.mapping.push import TargetTemplates
from lms_sync.records import PushState
from lms_sync.registers.documents import outbox
from lms_sync.store import pushes
from lms_sync.store.register import registering
from lms_sync.store.statements import chunks
from lms_sync.store.store import Store
from lms_sync.sync.push_content import Goal
from lms_sync.sync.push_result import EVERYTHING, PushOptions, PushSource
from lms_sync.sync.scope import connector_faults

_TOLD_ONE_BY_ONE = 10

AT_ONCE = 500
"""So many documents are queued in one transaction."""


def goals_of(source: PushSource, connector: Connector) -> list[Goal]:
    """The configured targets with their templates. Raises ConfigError with all that keeps them from being used."""
    with connector_faults():
        offered = {target.name: target for target in connector.targets()}
    problems: list[Problem] = []
    goals: list[Goal] = []
    for name in dict.fromkeys(source.targets):
        target, templates = offered.get(name), source.mapping.push.target(name)
        if target is None:
            problems.append(Problem(name, unknown_name("target", name, list(offered))))
        elif templates is None:
            problems.append(Problem(name, f"the mapping has no texts for it; write them into [push.{name}.values]"))
        elif found := _misfits(target, templates):
            problems += found
        else:
            goals.append(Goal(source.name, target, templates))
    if problems:
        raise ConfigError(f"Documents of source {source.name} cannot be pushed:", problems)
    return goals


def _known(names: Sequence[str]) -> str:
    return f"known here are {', '.join(names)}"


def _misfits(target: Target, templates: TargetTemplates) -> list[Problem]:
    if target.values is None:
        return []
    where = f"push.{target.name}.values"
    unknown = [name for name in templates.names if name not in target.values]
    missing = [name for name, needed in target.values.items() if needed and name not in templates.names]
    told = [Problem(f"{where}.{name}", f"the target has no such value; {_known([*target.values])}") for name in unknown]
    return told + [Problem(where, f"the target needs the value {name}; write a text for it") for name in missing]


def chosen(goals: Sequence[Goal], options: PushOptions, source: str) -> list[Goal]:
    """Those of the targets that this push is for. Raises ConfigError for one that is not configured."""
    configured = [goal.target.name for goal in goals]
    if options.targets is None:
        return list(goals)
    problems = [
        Problem(name, f"it is not among the targets of [sources.{source}.push]; {_known(configured)}")
        for name in options.targets
        if name not in configured
    ]
    if problems:
        raise ConfigError(f"Source {source} cannot be pushed to this:", problems)
    return [goal for goal in goals if goal.target.name in options.targets]


# --- the outbox -------------------------------------------------------------------------------------------------------


def bring_up_to_configuration(store: Store, goals: Sequence[Goal], source: str, actor: str) -> None:
    """Switches targets on and off as configured, and queues what is missing from their outboxes.

    A target is switched on first, so that whatever is written from then on gets into its outbox. That its whole outbox
    was made with the new texts is recorded last.
    """
    with store.reading() as connection:
        known = pushes.target_states(connection, source)
    configured = {goal.target.name for goal in goals}
    switched_off = [name for name, state in known.items() if state.enabled and name not in configured]
    switched_on = [name for name in configured if name not in known or not known[name].enabled]
    if switched_off or switched_on:
        with store.writing() as connection:
            for name in switched_off:
                pushes.write_target(connection, source, name, enabled=False)
            for name in switched_on:
                # Without a version the outbox is gone through again, also after a kill on the way.
                pushes.write_target(connection, source, name, enabled=True, templates_version="")
    for goal in goals:
        name, version = goal.target.name, goal.templates.version
        anew = name in switched_on or known[name].templates_version != version
        _fill_outbox(store, goal, actor, anew=anew)
        if anew:
            with store.writing() as connection:
                pushes.write_target(connection, source, name, templates_version=version)


def to_be_queued(store: Store, goal: Goal, *, anew: bool) -> list[str]:
    """The documents of which the outbox of a target does not know that they are to be told as they are now."""
    with store.reading() as connection:
        if anew:
            return pushes.told_documents(connection, goal.source)
        return pushes.not_in_outbox(connection, goal.source, goal.target.name)


def _fill_outbox(store: Store, goal: Goal, actor: str, *, anew: bool) -> None:
    for uids in chunks(to_be_queued(store, goal, anew=anew), AT_ONCE):
        with registering(store, goal.source, actor) as writer:
            outbox.queue_documents(writer, uids, [goal.target.name], anew=anew)


# --- asked for again --------------------------------------------------------------------------------------------------


def ask_again(store: Store, goals: Sequence[Goal], source: str, options: PushOptions) -> list[str]:
    """Makes what failed or waits due now; of named documents also what was confirmed, since the LMS may have changed.

    Gives a sentence for each that is not to be hurried. Raises RegisterError for a document that is not on its way into
    any of these targets; then nothing is written.
    """
    told: list[str] = []
    if not options.retry:
        return told
    everything = EVERYTHING in options.retry
    if not everything:
        _refuse_unknown(store, goals, source, options.retry)
    for goal in goals:
        with registering(store, source, options.actor) as writer:
            rows = pushes.pushes(
                writer.connection,
                source,
                target=goal.target.name,
                uids=None if everything else options.retry,
                states=[state for state in PushState if state is not PushState.CONFIRMED or not everything],
            )
            erased = pushes.erased_holders(writer.connection, source, [row.document for row in rows])
            rows = [row for row in rows if row.document not in erased]
            outbox.put_pushes(writer, [outbox.asked_again(row) for row in rows], "asked for again")
            for row in rows:
                if row.state in outbox.UNDER_WAY and row.due_at is not None and row.due_at > writer.now:
                    told.append(
                        f"{row.document} in {goal.target.name}: its answer was lost and it may still be under way; "
                        f"it is sent again at {row.due_at:%Y-%m-%dT%H:%M:%SZ} at the earliest, if the LMS does not "
                        "show it by then."
                    )
    more = len(told) - _TOLD_ONE_BY_ONE
    return told if more <= 0 else [*told[:-more], f"… and {more} more: see `lms-sync documents status`."]


def _refuse_unknown(store: Store, goals: Sequence[Goal], source: str, uids: Sequence[str]) -> None:
    targets = {goal.target.name for goal in goals}
    with store.reading() as connection:
        found = {row.document for row in pushes.pushes(connection, source, uids=uids) if row.target in targets}
    if unknown := [uid for uid in uids if uid not in found]:
        raise RegisterError(
            f"Nothing is on its way into the LMS of {', '.join(unknown)}: only issued documents of learners of the LMS "
            "are told, see `lms-sync documents status`."
        )
