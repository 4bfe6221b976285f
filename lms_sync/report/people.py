"""How people stand in reports: their names, their order, their groups and whether they still study."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol

from lms_sync.collation import name_key, sort_key
from lms_sync.records import EnrolmentStatus
from lms_sync.report.captions import ERASED, LEFT, NO_NAME, value_caption


class Named(Protocol):
    """Whoever has a name. The parts are empty for a person who was never read, or `erased`."""

    @property
    def key(self) -> str: ...
    @property
    def last_name(self) -> str: ...
    @property
    def first_name(self) -> str: ...
    @property
    def middle_name(self) -> str: ...
    @property
    def erased(self) -> bool: ...


def shown_name(person: Named) -> str:
    """Фамилия Имя Отчество, or why there is none."""
    if person.erased:
        return ERASED
    return " ".join(filter(None, (person.last_name, person.first_name, person.middle_name))) or NO_NAME


def order_of(person: Named) -> tuple[object, ...]:
    """The key by which people stand in a Russian list; the nameless stand last."""
    return not person.last_name, name_key(person.last_name, person.first_name, person.middle_name), person.key


def shown_groups(groups: Iterable[str]) -> str:
    """Groups in Russian order, each once."""
    return ", ".join(sorted(set(groups), key=sort_key))


def enrolment_state(status: str, retired_at: dt.datetime | None) -> str:
    """Whether somebody studies in a course, in words."""
    return LEFT if retired_at else value_caption(EnrolmentStatus(status))
