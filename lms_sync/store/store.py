"""The store as the rest of lms-sync uses it: open, lock, run, page, and what is known.

Owns connections and transactions: every one begins in `Store.reading` or `Store.writing`, where every database error
becomes a StoreError. Must not know any LMS. Reports read through `query.py` and `history.py`, auditors prove through
`verify.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType

from sqlalchemy import URL, Connection, Engine

from lms_sync.errors import StoreError
from lms_sync.exact import utc_now
from lms_sync.store import bookkeeping, erase, known, migrate
from lms_sync.store.bookkeeping import Place
from lms_sync.store.canonical import storable_text
from lms_sync.store.engine import (
    WRITER,
    create_sqlite_file,
    empty_write_ahead_log,
    open_engine,
    parse_url,
    place_of,
    set_write_ahead_log,
    sqlite_path,
)
from lms_sync.store.failures import translated
from lms_sync.store.ledger import Signature
from lms_sync.store.locks import file_lock, lock_ledger, session_lock
from lms_sync.store.page import PageWriter
from lms_sync.store.rows import PutCounts, QuarantineEntry, Run, ScopeState

__all__ = ["PageWriter", "PutCounts", "QuarantineEntry", "Run", "ScopeState", "Store"]

BUSY_SECONDS = 60.0
"""How long a writer waits for another process's transaction."""


class Store:
    """An open store. Safe to share between threads; not between processes. Obtained from `Store.open`."""

    def __init__(self, url: URL, engine: Engine, clock: Callable[[], dt.datetime]) -> None:
        self._url = url
        self._clock = clock
        self.engine = engine
        self.place = place_of(url)

    @classmethod
    def open(
        cls,
        url: str,
        migrate: bool = True,
        *,
        clock: Callable[[], dt.datetime] = utc_now,
        busy_seconds: float = BUSY_SECONDS,
    ) -> Store:
        """Opens the store at `sqlite:///path` or `postgresql://…`.

        With `migrate` a missing store is made and an older one upgraded; without, both are refused and nothing is
        written. Raises StoreError, StoreTooNew (nothing was touched) or StoreDamaged.
        """
        parsed = parse_url(url)
        _check_file(parsed, create=migrate)
        store = cls(parsed, open_engine(parsed, busy_seconds), clock)
        try:
            store._prepare(upgrade=migrate)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store and writes nothing."""
        options = {} if sqlite_path(self._url) else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with translated(self.place), self.engine.connect() as connection:
            connection = connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The one transaction that may write; others wait. Committed at the end, rolled back by any exception."""
        with translated(self.place), self.engine.connect() as connection:
            connection = connection.execution_options(**{WRITER: True})
            with connection.begin():
                lock_ledger(connection)
                yield connection

    def now(self) -> dt.datetime:
        """The instant by the store's clock (UTC)."""
        return self._clock()

    def lock(self, source: str) -> AbstractContextManager[None]:
        """Holds the source against every other process; freed when this one dies. Raises StoreBusy at once."""
        path = sqlite_path(self._url)
        if path is not None:
            return file_lock(path, source)
        return session_lock(self.engine, self.place, source)

    def begin_run(self, source: str, mode: str, actor: str, mapping_version: str) -> Run:
        """Records a new run; one of this source left unfinished is marked `interrupted`. Hold `lock` for all of it."""
        with self.writing() as connection:
            return bookkeeping.begin_run(connection, source, mode, actor, mapping_version, self.now())

    def finish_run(self, run: Run, outcome: str, counts: Mapping[str, int], note: str = "") -> None:
        """Records how a run ended."""
        with self.writing() as connection:
            bookkeeping.finish_run(connection, run.id, str(outcome), counts, note, self.now())

    @contextmanager
    def page(self, run: Run, stream: str, scope: str, label: str = "") -> Iterator[PageWriter]:
        """One transaction: all of its block or, if it raises, nothing. `label` names the scope for people."""
        with self.writing() as connection:
            place = Place(run.source, stream, scope, run.id)
            signature = Signature(run.source, self.now(), run.id, run.actor)
            yield PageWriter(connection, place, signature, label)

    def known(self, source: str) -> known.StoreKnown:
        """What a connector may ask about this source: see `lms_sync.connector.Known`."""
        return known.StoreKnown(self, source)

    def live_keys(self, source: str, kind: str, scope: str) -> set[str]:
        """The keys of live records kept under exactly this scope. Learners are kept under the empty scope."""
        with self.reading() as connection:
            return known.live_keys(connection, source, kind, scope)

    def cursor(self, source: str, stream: str, scope: str) -> str | None:
        """How far the scope was read; None: never."""
        with self.reading() as connection:
            return bookkeeping.read_cursor(connection, source, stream, scope)

    def scope_states(self, source: str | None = None) -> list[ScopeState]:
        """How each scope stands, by source, stream and scope."""
        with self.reading() as connection:
            return bookkeeping.scope_states(connection, source)

    def request_reread(self, source: str, stream: str, scope: str) -> None:
        """Marks the scope as due for a full reading, until one is complete."""
        with self.writing() as connection:
            bookkeeping.request_reread(connection, source, stream, scope, self.now())

    def erase_learner(self, source: str, key: str, actor: str, reason: str) -> bool:
        """Removes a learner's personal data for good, from every kind of record: see `erase.erase_learner`.

        False: nothing was left to erase. Raises StoreError for a learner the store does not know.
        """
        with self.writing() as connection:
            signature = Signature(source, self.now(), None, storable_text(actor))
            erased = erase.erase_learner(connection, signature, key, reason)
        with translated(self.place):
            empty_write_ahead_log(self.engine)
        return erased

    def erase_holder(self, source: str, uid: str, actor: str, reason: str) -> bool:
        """Removes for good who holds a document, where the LMS does not know the person: see `erase.erase_holder`.

        False: nothing was left to erase. Raises StoreError for a document that is unknown or has a learner.
        """
        with self.writing() as connection:
            signature = Signature(source, self.now(), None, storable_text(actor))
            erased = erase.erase_holder(connection, signature, uid, reason)
        with translated(self.place):
            empty_write_ahead_log(self.engine)
        return erased

    def _prepare(self, *, upgrade: bool) -> None:
        # First a look that writes nothing: a store that is too new or not ours must stay as it is.
        with self.reading() as connection:
            current = migrate.check_revision(connection, self.place)
        if current:
            return
        if not upgrade:
            raise StoreError(
                f"{self.place} is missing or was made by an older lms-sync: run lms-sync pull to bring it up"
            )
        with translated(self.place):
            set_write_ahead_log(self.engine)
        with self.writing() as connection:
            # Another process may have upgraded it meanwhile; alembic finds nothing to do then.
            migrate.check_revision(connection, self.place)
            migrate.upgrade(connection)


def _check_file(url: URL, *, create: bool) -> None:
    path = sqlite_path(url)
    if path is None or path.is_file():
        return
    if path.exists():
        raise StoreError(f"the store {path} is not a file: give the path of a file")
    if not create:
        raise StoreError(f"there is no store at {path}: check the path, or run lms-sync pull to make it")
    if not path.parent.is_dir():
        raise StoreError(f"the store {path} cannot be made because its directory does not exist: make {path.parent}")
    try:
        create_sqlite_file(path)
    except OSError as error:
        raise StoreError(
            f"the store {path} cannot be made ({error.strerror}): check this user's rights on the directory"
        ) from None
