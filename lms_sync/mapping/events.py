"""Events of the LMS's log: from bare rows to actions of the journal.

Owns which rule decides about an event, and the making of actions by the hundred thousand. Must not know other kinds of
record. A decision is the same for every event of one name unless a rule asks what else the LMS says, so it is kept by
the name; what is left for each row is plain tuple work.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from lms_sync.connector import Event, Events
from lms_sync.mapping.convert import END_OF_INSTANTS, FIRST_INSTANT, Unfit, identifier, instant, plain_text
from lms_sync.mapping.event_spec import OTHER, EventRule, word
from lms_sync.mapping.layers import Effective, PlacedEvent
from lms_sync.mapping.outcome import Rejection
from lms_sync.records import Action, Rung

KIND = "action"

_KEPT_NAMES = 4096
_KEPT_OFFSETS = 65_536
_OFFSET_STEP = 900  # seconds; the clocks of no zone were ever put forward or back off a quarter of an hour
_USUAL_NUMBERS = 10**18
_COLUMNS = {"object": "object_id", "activity": "activity", "course": "course"}
_NAMES_NOBODY = ("course", "activity")  # the places of an anonymous event whose object may be told
_decode = msgspec.json.Decoder().decode


@dataclass
class MappedActions:
    """The actions of a page of events, in their order.

    `unknown` counts, by name, the events that no rule knows: they are kept under their own name. `rejections` are the
    rows that cannot be kept; together with the actions they are as many as there were events.
    """

    actions: list[Action] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True)
class Ruling:
    """What a rule says about events of one name, and where it is written; both empty where no rule knows the name."""

    action: str
    object_type: str | None = None  # None: the LMS's own object
    column: int = Event._fields.index("object_id")  # of the row, where the object's id stands
    member: str = ""  # or the name under which it stands in `other`
    names_nobody: bool = False  # whether its object may be told of an anonymous event
    when: tuple[tuple[str, frozenset[str]], ...] = ()
    pattern: str = ""
    where: str = ""

    def fits(self, told: Mapping[str, Any]) -> bool:
        """Whether what else the LMS tells has every value that the rule asks for."""
        return all(name in told and word(told[name]) in values for name, values in self.when)


class EventMapper:
    """Maps events. Pure but for what it keeps of its own decisions; safe to share between threads."""

    def __init__(self, effective: Effective, zone: ZoneInfo) -> None:
        self._events = [(placed, compiled(placed.pattern)) for placed in effective.events]
        self._zone = zone
        self._rulings: dict[str, tuple[Ruling, ...]] = {}
        self._settled: dict[str, Ruling] = {}  # names whose ruling is the same for every row
        self._offsets: dict[int, int] = {}

    # --- decisions ----------------------------------------------------------------------------------------------------

    def ruling(self, name: str, other: str | None) -> Ruling:
        """The rule that decides about an event of this name, of which the LMS also says `other`, as JSON text."""
        kept = self._settled.get(name)
        if kept is not None:
            return kept
        rulings = self._rulings.get(name)
        if rulings is None:
            if len(self._rulings) >= _KEPT_NAMES:
                self._rulings.clear()
                self._settled.clear()
            rulings = self._rulings[name] = tuple(self._asked(name))
            if not rulings[0].when:
                self._settled[name] = rulings[0]
        told = members(other)
        for ruling in rulings:
            if ruling.fits(told):
                return ruling
        raise AssertionError("the last ruling of an event always fits")

    def _asked(self, name: str) -> list[Ruling]:
        """The rules that may decide, in order, up to the first that surely does; the last always fits."""
        asked = list[Ruling]()
        for placed, pattern in self._events:
            for rule in placed.rules if pattern.fullmatch(name) else ():
                asked.append(_ruling(rule, placed))
                if not rule.when:
                    return asked
        return [*asked, Ruling(name)]

    # --- rows ---------------------------------------------------------------------------------------------------------

    def actions(self, events: Events) -> MappedActions:
        """What the events mean. Never raises for data."""
        mapped = MappedActions()
        logged = events.rung != Rung.DERIVED
        for row in events.rows:
            event_id, time, name = _id(row.id), row.time, _text(row.name)
            if not (event_id and name and type(time) is int and FIRST_INSTANT <= time < END_OF_INSTANTS and time):
                mapped.rejections.append(_rejection(event_id, time))
            elif logged:
                ruling = self._settled.get(name) or self.ruling(name, row.other)
                if not ruling.pattern:
                    mapped.unknown[name] += 1
                key = f"{event_id}@{time}"
                mapped.actions.append(_action(row, key, self._utc_offset(time), ruling, name, "log"))
            else:  # concluded from something else: the name is the code of the action, and there was no event
                key = f"derived/{event_id}"
                mapped.actions.append(_action(row, key, self._utc_offset(time), Ruling(name), "", "derived"))
        return mapped

    def _utc_offset(self, time: int) -> int:
        """Minutes by which the site's local time is ahead of UTC at a moment."""
        offset = self._offsets.get(time // _OFFSET_STEP)
        if offset is None:
            if len(self._offsets) >= _KEPT_OFFSETS:
                self._offsets.clear()
            offset = self._offsets[time // _OFFSET_STEP] = utc_offset(time, self._zone)
        return offset


def utc_offset(time: int, zone: ZoneInfo) -> int:
    """Minutes by which a zone's time is ahead of UTC at a moment (epoch seconds)."""
    ahead = dt.datetime.fromtimestamp(time, zone).utcoffset()
    assert ahead is not None  # a time with a zone has one
    return ahead // dt.timedelta(minutes=1)


def compiled(pattern: str) -> re.Pattern[str]:
    """The names that a pattern fits: `*` stands for anything, everything else for itself."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _ruling(rule: EventRule, placed: PlacedEvent) -> Ruling:
    source = rule.source or "object"
    when = tuple((name, frozenset(values)) for name, values in rule.when.items())
    if source.startswith(OTHER):
        member, column = source[len(OTHER) :], 0
    else:
        member, column = "", Event._fields.index(_COLUMNS[source])
    return Ruling(
        action=rule.action,
        object_type=rule.object,
        column=column,
        member=member,
        names_nobody=source in _NAMES_NOBODY,
        when=when,
        pattern=placed.pattern,
        where=placed.where,
    )


def _action(row: Event, key: str, utc_offset: int, ruling: Ruling, event: str, rung: str) -> Action:
    (
        _, time, _, person, related_person, real_person, course, activity, object_type, object_id, crud, address,
        origin, anonymous, other,
    ) = row  # fmt: skip
    if ruling.object_type is not None:
        object_type = ruling.object_type
        object_id = members(other).get(ruling.member) if ruling.member else row[ruling.column]
    who = _id(person)
    learner = who if related_person is None else _id(related_person) or who
    actor = None if who and who == learner else who
    impersonator, address = "" if real_person is None else _id(real_person), _text(address)
    if anonymous:
        learner = actor = impersonator = address = ""
        object_id = object_id if ruling.names_nobody else None
    fields = (
        key, time, utc_offset, learner, actor, impersonator, ruling.action, event, _id(course), _id(activity),
        _text(object_type), _id(object_id), _text(crud), address, _text(origin), bool(anonymous), rung,
    )  # fmt: skip
    return tuple.__new__(Action, fields)  # what Action(*fields) does, in half the time


def members(other: object) -> Mapping[str, Any]:
    """What else the LMS says of an event, by name; nothing where it is no JSON object."""
    if not isinstance(other, str) or not other:
        return {}
    try:
        told = _decode(other)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


# --- values -----------------------------------------------------------------------------------------------------------


def _rejection(event_id: str, time: object) -> Rejection:
    """Why an event cannot be kept: without an id, a time and a name nothing can be told of it."""
    if not event_id:
        return Rejection(KIND, "", "key", "no_id", "id: the event has no id, so a repeat of it could not be known")
    try:
        if instant(time) is None:
            return Rejection(KIND, event_id, "occurred_at", "no_time", "time: the event has none")
    except Unfit as unfit:
        return Rejection(KIND, event_id, "occurred_at", unfit.code, f"time: {unfit}")
    return Rejection(KIND, event_id, "action", "no_name", "name: the event has no name")


def _id(value: object) -> str:
    """An id as text; empty for none, and for what no person, course or object has, such as the LMS's own -10."""
    if type(value) is int and 0 < value < _USUAL_NUMBERS:
        return str(value)
    if value is None:
        return ""
    try:
        return identifier(value)
    except Unfit:
        return ""


def _text(value: object) -> str:
    if type(value) is str and value.isprintable():
        return value
    try:
        return plain_text(value)
    except Unfit:
        return ""
