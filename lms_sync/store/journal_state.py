"""Where the journal of a source stands: how its log was last read, and how far the rest was looked at.

Owns the table `journal`, which is remembered between runs and proves nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from lms_sync.records import Rung
from lms_sync.store.journal_tables import journal
from lms_sync.store.statements import insert_or_update


@dataclass(frozen=True)
class JournalState:
    """How far a source's journal has come. One that was never read has the defaults."""

    rung: Rung | None = None  # of the last reading
    told_until: dt.datetime | None = None  # UTC; every event before it was told by the log
    derived_seq: int = 0  # ledger rows up to it were looked at for deriving


@dataclass(frozen=True)
class JoinState:
    """Up to which ledger row the pages of a source were joined with each other, and by which rules."""

    seq: int = 0
    rules: str = ""


def read_journal_state(connection: Connection, source: str) -> JournalState:
    """How far the source's journal has come."""
    row = connection.execute(select(journal).where(journal.c.source == source)).first()
    return JournalState() if row is None else _state(row)


def journal_states(connection: Connection) -> dict[str, JournalState]:
    """The same for every source that has a journal, by its name."""
    return {row.source: _state(row) for row in connection.execute(select(journal).order_by(journal.c.source))}


def keep_journal_state(connection: Connection, source: str, state: JournalState) -> None:
    """Remembers how far the source's journal has come."""
    rung = None if state.rung is None else state.rung.value
    _keep(connection, source, rung=rung, told_until=state.told_until, derived_seq=state.derived_seq)


def read_join_state(connection: Connection, source: str) -> JoinState:
    """How far the source's pages were joined."""
    columns = journal.c
    row = connection.execute(select(columns.joined_seq, columns.joined_rules).where(columns.source == source)).first()
    return JoinState() if row is None else JoinState(*row)


def keep_join_state(connection: Connection, source: str, state: JoinState) -> None:
    """Remembers how far the source's pages were joined."""
    _keep(connection, source, joined_seq=state.seq, joined_rules=state.rules)


def _keep(connection: Connection, source: str, **values: object) -> None:
    fresh = {"derived_seq": 0, "joined_seq": 0, "joined_rules": ""}
    statement = insert_or_update(connection, journal).values({**fresh, **values, "source": source})
    connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))


def _state(row: Row[tuple[object, ...]]) -> JournalState:
    rung = None if row.rung is None else Rung(row.rung)
    return JournalState(rung, row.told_until, row.derived_seq)
