"""What was known when: the versions of a record, and every record as of an instant. Reads the ledger only by its keys.

"Known" means observed by lms-sync (`observed_at`), not changed in the LMS (`source_at`). Should the machine's clock
have been set back, the row written later stands.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, and_, func, select

from lms_sync.exact import utc_instant
from lms_sync.store.rows import Operation, Version
from lms_sync.store.statements import chunks
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS, ledger

_COLUMNS = tuple(
    ledger.c[name]
    for name in (
        "seq",
        "observed_at",
        "source_at",
        "source",
        "kind",
        "key",
        "scope",
        "version",
        "operation",
        "payload",
        "run_id",
        "actor",
        "reason",
    )
)


def history(store: Store, source: str, kind: str, key: str) -> list[Version]:
    """Every version of one record, oldest first; empty when it is not known."""
    return histories(store, source, kind, [key])[key]


def histories(store: Store, source: str, kind: str, keys: Collection[str]) -> dict[str, list[Version]]:
    """Every version of each of these records of one kind, oldest first, by key; an empty list for an unknown one."""
    found: dict[str, list[Version]] = {key: [] for key in keys}
    columns = ledger.c
    with store.reading() as connection:
        for chunk in chunks(found):
            statement = select(*_COLUMNS).where(columns.key.in_(chunk), columns.kind == kind, columns.source == source)
            for row in connection.execute(statement.order_by(columns.version)):
                found[row.key].append(_version(row))
    return found


def as_of(
    store: Store,
    kind: str,
    instant: dt.datetime,
    *,
    source: str | None = None,
    key: str | None = None,
    course: str | None = None,
    learner: str | None = None,
    grade_item: str | None = None,
    assessment: str | None = None,
    include_retired: bool = False,
) -> list[Version]:
    """The records of a kind as they were known at an instant (aware), by source and key.

    The filters name what a record can never change; one that the kind does not have raises KeyError. Records that were
    gone from the LMS at that instant are left out unless `include_retired`; see `Version.retired`. A version whose
    learner was erased since is given with payload None: that it existed is known, what it said is not.
    """
    filters = {
        "source": source,
        "key": key,
        "course": course,
        "learner": learner,
        "grade_item": grade_item,
        "assessment": assessment,
    }
    statement = _as_of(
        kind, utc_instant(instant), {name: value for name, value in filters.items() if value is not None}
    )
    if not include_retired:
        statement = statement.where(ledger.c.operation.in_([Operation.PUT.value, Operation.RESTORE.value]))
    with store.reading() as connection:
        return [_version(row) for row in connection.execute(statement)]


def _as_of(kind: str, instant: dt.datetime, filters: dict[str, str]) -> Select[Any]:
    # The projection has a row for every record ever seen, with indexes by course and learner; the ledger is then
    # read by record and version, and never scanned.
    table = PROJECTIONS[kind]
    earlier = ledger.alias("earlier")
    version_then = (
        select(func.max(earlier.c.version))
        .where(
            earlier.c.key == table.c.key,
            earlier.c.kind == kind,
            earlier.c.source == table.c.source,
            earlier.c.observed_at <= instant,
        )
        .correlate(table)
        .scalar_subquery()
    )
    then = and_(
        ledger.c.key == table.c.key,
        ledger.c.kind == kind,
        ledger.c.source == table.c.source,
        ledger.c.version == version_then,
    )
    return (
        select(*_COLUMNS)
        .select_from(table.join(ledger, then))
        .where(*(table.c[name] == value for name, value in filters.items()))
        .order_by(table.c.source, table.c.key)
    )


def _version(row: Row[Any]) -> Version:
    values = dict(row._mapping)
    values["operation"] = Operation(values["operation"])
    values["payload"] = None if values["payload"] is None else json.loads(values["payload"])
    return Version(**values)
