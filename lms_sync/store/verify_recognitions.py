"""Checking the applications to recognise a result against themselves: uids, what may follow what, one result an item.

Must not know how rows are digested: that the payloads read here are what was written is for `verify_chain.py` to say.
Of an erased person's applications nothing is left to check but their uids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, func, select

from lms_sync.records import Recognition, RecognitionState
from lms_sync.records.documents import KEPT_SINCE_APPLICATION, NEXT_RECOGNITION_STATES, recognition_uid
from lms_sync.store.tables import ledger, recognition

Report = Callable[[str, str], None]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def recognition_problems(connection: Connection, report: Report) -> None:
    """Checks every version of every application, and that no result stands for an item twice."""
    for (source, uid), versions in groupby(_versions(connection), key=lambda row: (row.source, row.key)):
        _history_problems(f"recognition {uid}, source {source}", versions, report)
    _uid_problems(connection, report)
    _double_problems(connection, report)


def _versions(connection: Connection) -> Iterator[Row[str, str, int, str | None]]:
    columns = ledger.c
    versions = and_(
        columns.key == recognition.c.key, columns.kind == Recognition.kind, columns.source == recognition.c.source
    )
    statement = (
        select(columns.source, columns.key, columns.version, columns.payload)
        .select_from(recognition.join(ledger, versions))
        .where(columns.payload.is_not(None))
        .order_by(columns.source, columns.key, columns.version)
    )
    yield from connection.execute(statement)


def _history_problems(where: str, versions: Iterable[Row[str, str, int, str | None]], report: Report) -> None:
    before: dict[str, Any] | None = None
    for row in versions:
        here = f"{where}, version {row.version}"
        try:
            now = _decode(row.payload or "")
            state = RecognitionState(now["state"])
        except (ValueError, KeyError, msgspec.DecodeError):
            report(here, "its payload is not that of an application")
            return
        if now.get("uid") != row.key:
            report(here, "its uid is not its key")
        decided = state in (RecognitionState.RECOGNISED, RecognitionState.REFUSED)
        if decided and not (now.get("minutes_number") and now.get("minutes_date")):
            report(here, f"it is {state.value} by no minutes")
        if before is not None:
            _step_problems(here, before, now, report)
        before = now


def _step_problems(where: str, before: dict[str, Any], now: dict[str, Any], report: Report) -> None:
    earlier, state = RecognitionState(before["state"]), RecognitionState(now["state"])
    if state not in NEXT_RECOGNITION_STATES[earlier]:
        report(where, f"it became {state.value}, which one that is {earlier.value} cannot")
    if changed := [name for name in KEPT_SINCE_APPLICATION if before.get(name) != now.get(name)]:
        report(where, f"{', '.join(changed)}: changed after it was registered")


def _uid_problems(connection: Connection, report: Report) -> None:
    """The applications of a source are z0001, z0002, … without gaps."""
    columns = recognition.c
    statement = select(columns.source, columns.key).order_by(columns.source, func.length(columns.key), columns.key)
    for source, rows in groupby(connection.execute(statement), key=lambda row: row.source):
        for place, row in enumerate(rows, 1):
            if row.key != recognition_uid(place):
                report(f"table recognition, source {source}", f"{row.key} stands where {recognition_uid(place)} should")
                break


def _double_problems(connection: Connection, report: Report) -> None:
    """No two recognised results of a learner stand for one item; one of a whole course stands for all its items."""
    columns = recognition.c
    statement = (
        select(columns.source, columns.learner, columns.course, columns.grade_item, columns.key)
        .where(columns.state == RecognitionState.RECOGNISED.value, columns.retired_at.is_(None))
        .order_by(columns.source, func.length(columns.key), columns.key)
    )
    items: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in connection.execute(statement):
        others = items[row.source, row.learner, row.course]
        if row.grade_item in others or (others and "" in (row.grade_item, *others)):
            told = "its learner has another recognised result for the same item or course"
            report(f"recognition {row.key}, source {row.source}", told)
        others.append(row.grade_item)
