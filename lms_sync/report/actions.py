"""Журнал действий (form F8): what was done, when, by whom, to what, and how that is known. Row by row.

Owns the rows. Must not know what the actions were chosen by. Shows personal data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from lms_sync.exact import utc_text
from lms_sync.records import Action, Rung
from lms_sync.report.captions import caption, value_caption
from lms_sync.report.captions_journal import ACTIONS, BY_ITSELF, NOBODY_NAMED, ORIGINS, under_the_name
from lms_sync.report.directory import Directory
from lms_sync.report.interface import Column, Stream, Value
from lms_sync.report.phrases import titled

BATCH = 1000
"""Actions whose names are looked up together."""

COLUMNS = (
    "local_time", "occurred_at", "learner_name", "learner", "actor_name", "actor", "impersonator", "action_title",
    "action", "event", "object_words", "object_type", "object", "course_title", "course", "activity", "crud", "address",
    "origin_words", "origin", "rung_words", "rung", "anonymous", "key",
)  # fmt: skip
_FOR_PEOPLE = {
    "local_time", "learner_name", "actor_name", "action_title", "object_words", "course_title", "activity", "address",
    "origin_words", "rung_words",
}  # fmt: skip


@dataclass(frozen=True)
class Captions:
    """How codes of actions and of kinds of objects are called."""

    actions: Mapping[str, str]
    objects: Mapping[str, str]


def action_report(
    actions: Iterable[Action], directory: Directory, captions: Captions, *, about: str = "", notes: Iterable[str] = ()
) -> Stream:
    """The actions in their order, a row each. `about`: whose they are, for the title."""
    columns = [Column(key, caption(f"journal.{key}"), detail=key not in _FOR_PEOPLE) for key in COLUMNS]
    return Stream(titled(ACTIONS, about), columns, _rows(actions, directory, captions), list(notes))


def _rows(actions: Iterable[Action], directory: Directory, captions: Captions) -> Iterator[list[Value]]:
    rest = iter(actions)
    while batch := list(islice(rest, BATCH)):
        directory.learn(batch)
        for action in batch:
            yield _row(action, directory, captions)


def _row(action: Action, directory: Directory, captions: Captions) -> list[Value]:
    return [
        local_time(action).strftime("%Y-%m-%d %H:%M:%S"),
        utc_text(dt.datetime.fromtimestamp(action.occurred_at, dt.UTC)),
        NOBODY_NAMED if action.anonymous else directory.person(action.learner),
        action.learner,
        _actor_words(action, directory),
        action.learner if action.actor is None else action.actor,
        action.impersonator,
        captions.actions.get(action.action, action.action),
        action.action,
        action.event,
        _object_words(action, directory, captions),
        action.object_type,
        action.object_id,
        directory.course(action.course),
        action.course,
        action.activity,
        action.crud,
        action.address,
        ORIGINS.get(action.origin, action.origin),
        action.origin,
        value_caption(Rung(action.rung)),
        action.rung,
        action.anonymous,
        action.key,
    ]


def local_time(action: Action) -> dt.datetime:
    """The moment by the clocks of the site, as they stood then."""
    zone = dt.timezone(dt.timedelta(minutes=action.utc_offset))
    return dt.datetime.fromtimestamp(action.occurred_at, zone)


def _actor_words(action: Action, directory: Directory) -> str:
    """Who did it, if that is not the learner. What was concluded does not tell that nobody did it."""
    if action.anonymous:
        return ""
    who = directory.person(action.actor or "")
    if action.impersonator:
        return under_the_name(directory.person(action.impersonator), who or directory.person(action.learner))
    by_itself = action.actor == "" and action.rung == Rung.LOG
    return BY_ITSELF if by_itself else who


def _object_words(action: Action, directory: Directory, captions: Captions) -> str:
    if not action.object_type:
        return ""
    kind = captions.objects.get(action.object_type, action.object_type)
    if (action.object_type, action.object_id) in (("course", action.course), ("person", action.learner)):
        return kind  # the row's own course, or the learner
    title = directory.title(action.object_type, action.object_id)
    if title:
        return f"{kind}: {title}"
    return f"{kind} {action.object_id}".strip()
