"""Actions with every field filled, and small helpers to write and read a journal."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select

from lms_sync.records import Action, Rung
from lms_sync.store.actions import ActionQuery, actions
from lms_sync.store.journal import ActionCounts, journalling
from lms_sync.store.store import Store
from lms_sync.store.tables import action as table
from tests.integration.store.samples import SOURCE

NOON = 1_772_366_400  # 2026-03-01T12:00:00Z


def action(number: int = 1, **fields: Any) -> Action:
    """An action of the log; each number is another one, a second later."""
    values = {
        "key": f"{number}@{NOON + number}",
        "occurred_at": NOON + number,
        "utc_offset": 180,
        "learner": "9",
        "actor": "77",
        "impersonator": "78",
        "action": "graded",
        "event": "\\core\\event\\user_graded",
        "course": "5",
        "activity": "31",
        "object_type": "grade_item",
        "object_id": "7",
        "crud": "u",
        "address": "192.0.2.17",
        "origin": "web",
        "anonymous": False,
        "rung": Rung.LOG,
    }
    return Action(**(values | fields))


def derived(number: int = 1, **fields: Any) -> Action:
    """The same action as it is derived."""
    told = {"key": f"derived/{number}", "event": "", "address": "", "origin": "", "rung": Rung.DERIVED}
    return action(number, **(told | {"actor": None, "impersonator": "", "activity": ""} | fields))


def put(store: Store, *kept: Action, source: str = SOURCE) -> ActionCounts:
    """Puts the actions as one page, in a transaction of its own."""
    with journalling(store, source, "operator") as journal:
        return journal.put(kept)


def put_pages(store: Store, pages: Iterable[list[Action]], source: str = SOURCE) -> None:
    """Puts each list as a page, all in one transaction."""
    with journalling(store, source, "operator") as journal:
        for page in pages:
            journal.put(page)


def found(store: Store, query: ActionQuery | None = None, **options: Any) -> list[Action]:
    """What a query gives; without one, all of the source."""
    with store.reading() as connection:
        return list(actions(connection, query or ActionQuery(SOURCE), **options))


def keys(store: Store, query: ActionQuery | None = None, **options: Any) -> list[str]:
    """The keys of what a query gives."""
    return [one.key for one in found(store, query, **options)]


def rows(store: Store) -> list[dict[str, Any]]:
    """Every row of the table, whatever became of it, in the order of the pages."""
    with store.reading() as connection:
        statement = select(table).order_by(table.c.page, table.c.position)
        return [dict(row) for row in connection.execute(statement).mappings()]


def instant(number: int) -> dt.datetime:
    """When the action of a number took place."""
    return dt.datetime.fromtimestamp(NOON + number, dt.UTC)


def put_many(store: Store, count: int, start: int = 1) -> None:
    """Puts as many actions of many learners in many courses, numbered from `start`, in pages of 5,000."""
    with journalling(store, SOURCE, "operator") as journal:
        for first in range(start, start + count, 5000):
            numbers = range(first, min(first + 5000, start + count))
            journal.put([action(number, learner=f"{number % 997}", course=f"{number % 89}") for number in numbers])


def memory_of(work: Callable[[], object]) -> int:
    """The bytes that Python holds at most while it works."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
