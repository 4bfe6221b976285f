"""Whose doing an action was: what counts as somebody's own activity, and what does not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from lms_sync.records import Action, Rung

BY_HAND = frozenset({"web", "ws"})
"""The ways of access of people: the site, and the app or a web service."""


def doer(action: Action) -> str:
    """Who did it with their own hands; empty where nobody is known to have.

    Not counted: what the LMS did, what somebody did under another's name, what a server's script did in the name of a
    person (restoring a course, a nightly task), and what is anonymous.
    """
    if action.anonymous or action.impersonator:
        return ""
    if action.rung == Rung.LOG and action.origin not in BY_HAND:
        return ""
    return action.learner if action.actor is None else action.actor


def done_by(actions: Iterable[Action], people: Set[str] | None) -> Iterator[tuple[str, Action]]:
    """Who did each action, for those of these people (None: whoever), in their order."""
    for action in actions:
        who = doer(action)
        if who and (people is None or who in people):
            yield who, action
