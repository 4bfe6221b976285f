"""Writing the action journal, a page at a time. Its format is `docs/ledger.md`.

Owns that every action is kept once and that every page is sealed in the ledger. Bulk: no record type and no mapper
between an action and its row. Must not know where actions come from nor what they mean; must not open transactions but
in `journalling`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from lms_sync.records import Action
from lms_sync.store import journal_join
from lms_sync.store.canonical import storable_text
from lms_sync.store.journal_insert import insert_page
from lms_sync.store.journal_join import JoinRule
from lms_sync.store.journal_rows import PAGE_KIND, seal, storable_actions
from lms_sync.store.journal_state import JournalState, journal_states, keep_journal_state, read_journal_state
from lms_sync.store.journal_tables import action
from lms_sync.store.ledger import Entry, Signature, append
from lms_sync.store.rows import Operation
from lms_sync.store.statements import among

if TYPE_CHECKING:
    from lms_sync.store.store import Store

__all__ = [
    "ActionCounts",
    "JoinRule",
    "JournalState",
    "JournalWriter",
    "journal_states",
    "journalling",
    "read_journal_state",
]


@dataclass(frozen=True)
class ActionCounts:
    """What became of the actions of one `put`. `repeated` were known, or were erased."""

    added: int = 0
    repeated: int = 0

    def __add__(self, other: ActionCounts) -> ActionCounts:
        return ActionCounts(self.added + other.added, self.repeated + other.repeated)


class JournalWriter:
    """Writes the journal of one source while a writing transaction lasts."""

    def __init__(self, connection: Connection, signature: Signature, scope: str = "") -> None:
        self.connection = connection
        self._signature = signature
        self._scope = scope

    def put(self, actions: Sequence[Action]) -> ActionCounts:
        """Keeps each action whose key the source does not have, all of them as one page; of two with one key the first.

        Call it with pages of some thousand: a page is sealed, and held in memory, as a whole.
        """
        fresh = self._fresh(storable_actions(actions))
        if fresh:
            page = seal(fresh)
            entry = Entry(PAGE_KIND, fresh[0].key, self._scope, 1, Operation.PUT, page.payload)
            (seq,) = append(self.connection, [entry], self._signature)
            insert_page(self.connection, seq, self._signature.source, page)
        return ActionCounts(len(fresh), len(actions) - len(fresh))

    def supersede(self, rules: Sequence[JoinRule]) -> int:
        """Marks live derived actions that the log tells too: see `journal_join.supersede`. Gives how many."""
        return journal_join.supersede(self.connection, self._signature.source, rules)

    def state(self) -> JournalState:
        """How far the source's journal has come."""
        return read_journal_state(self.connection, self._signature.source)

    def keep(self, state: JournalState) -> None:
        """Remembers how far the source's journal has come."""
        keep_journal_state(self.connection, self._signature.source, state)

    def _fresh(self, actions: Sequence[Action]) -> list[Action]:
        """The actions that the source does not have yet, in their order."""
        by_key: dict[str, Action] = {}
        for one in actions:
            by_key.setdefault(one.key, one)
        known = select(action.c.key).where(
            among(self.connection, action.c.key, by_key), action.c.source == self._signature.source
        )
        for key in self.connection.execute(known).scalars():
            del by_key[key]
        return list(by_key.values())


@contextmanager
def journalling(store: Store, source: str, actor: str, run_id: int | None = None) -> Iterator[JournalWriter]:
    """A transaction for the journal of a source: all of its block or, if it raises, nothing."""
    with store.writing() as connection:
        yield JournalWriter(connection, Signature(source, store.now(), run_id, storable_text(actor)))
