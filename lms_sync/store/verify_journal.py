"""Checking the action journal: each page of it holds the rows that its ledger row seals, and each row that is empty was
told to be erased. Must not know how the chain is checked.

The loop handles plain tuples straight from the driver, in the order in which pages are kept: memory stays flat, however
many actions there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, or_, select

from lms_sync.records import Rung
from lms_sync.store.canonical import ENCODED_TYPES
from lms_sync.store.journal_rows import ERASURE_KIND, FIELDS, PAGE_KIND, erased_text, row_digest
from lms_sync.store.journal_tables import action
from lms_sync.store.sql_text import stored_text
from lms_sync.store.tables import ledger

Report = Callable[[str, str], None]
"""Takes where something is broken, and what."""

Row = Sequence[Any]

BATCH = 2000

_PLACE = ("page", "position", "source", "salt", "digest", "erased_by")
_KEY, _ANONYMOUS = FIELDS.index("key"), FIELDS.index("anonymous")
_TRUTH = {0: False, 1: True}  # as SQLite holds them
_NOTHING = [None] * (len(FIELDS) - 1)
_encoded_as_they_are = ENCODED_TYPES.issuperset


def journal_problems(connection: Connection, report: Report) -> int:
    """Reports every page and row that is wrong; gives the number of rows checked."""
    check = _Check(connection, report)
    check.pages()
    check.erasures()
    _report_marks(connection, report)
    return check.checked


class _Payload(msgspec.Struct):
    """What this check needs of a page's or an erasure's payload."""

    rows: int
    digest: str


@dataclass
class _Sealed:
    """What a ledger row says of rows, and what was found of them. `says` is None where the payload is damaged."""

    seq: int
    source: str
    says: _Payload | None
    rows: int = 0
    hasher: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes) -> None:
        self.rows += 1
        self.hasher.update(data)

    @property
    def right(self) -> bool:
        """Whether it is as the ledger says. A damaged payload was told by the chain's check."""
        return self.says is None or (self.rows, self.hasher.hexdigest()) == (self.says.rows, self.says.digest)


class _Check:
    """One pass over all pages and their rows."""

    def __init__(self, connection: Connection, report: Report) -> None:
        self._connection = connection
        self._report = report
        self._erasures = {one.seq: one for one in _sealed(connection, ERASURE_KIND)}
        self.checked = 0

    def pages(self) -> None:
        """Checks all rows, page by page."""
        sealed = _sealed(self._connection, PAGE_KIND)
        page = next(sealed, None)
        for seq, rows in groupby(_rows(self._connection), itemgetter(0)):
            while page is not None and page.seq < seq:
                self._finish(page)
                page = next(sealed, None)
            if page is None or page.seq > seq:
                self._report(_page(seq), f"ledger row {seq}, which should seal it, is none of a page")
                self.checked += sum(1 for _ in rows)
                continue
            self._rows(page, rows)
        while page is not None:
            self._finish(page)
            page = next(sealed, None)

    def erasures(self) -> None:
        """Checks that the rows that were found empty are those that the ledger says were erased."""
        for erasure in self._erasures.values():
            if not erasure.right:
                self._report(
                    f"ledger row {erasure.seq}", "the actions it says were erased are not those that are empty"
                )

    def _rows(self, page: _Sealed, rows: Iterator[Row]) -> None:
        source, add, seen = page.source, page.add, page.rows
        for _, position, of, salt, digest, erased_by, *values in rows:
            seen += 1
            if position != seen:
                self._report(_page(page.seq), f"row {seen} is missing: row {position} is next")
                seen = position
            if of != source:
                self._report(_row(page.seq, position), f"source: not that of ledger row {page.seq}")
            if salt is None or digest is not None or erased_by is not None:
                digest = self._erased(page, position, salt, digest, erased_by, values)
            else:
                digest = self._kept(page, position, salt, values)
            add(digest)
        self.checked += page.rows

    def _kept(self, page: _Sealed, position: int, salt: bytes, values: list[Any]) -> bytes:
        values[_ANONYMOUS] = _TRUTH.get(values[_ANONYMOUS], values[_ANONYMOUS])
        try:
            if _encoded_as_they_are(map(type, values)):
                return row_digest(salt, values)
        except (TypeError, ValueError):
            pass
        self._report(_row(page.seq, position), "it holds a value that lms-sync never writes")
        return b""

    def _erased(self, page: _Sealed, position: int, salt: Any, digest: Any, erased_by: Any, values: list[Any]) -> bytes:
        """The digest that an emptied row had."""
        if salt is not None:
            self._report(_row(page.seq, position), "it is marked as erased, but the salt is still there")
        if values[_KEY + 1 :] != _NOTHING:
            self._report(_row(page.seq, position), "it is marked as erased, but something of it is still there")
        erasure = self._erasures.get(erased_by)
        if erasure is None or not isinstance(digest, bytes):
            self._report(_row(page.seq, position), "it is empty, and no ledger row says that it was erased")
            return b""
        with suppress(TypeError, ValueError):  # a key of a kind that lms-sync never writes: the erasure lacks it
            erasure.add(erased_text(page.seq, position, values[_KEY], digest))
        return digest

    def _finish(self, page: _Sealed) -> None:
        """Tells what is wrong with a page of which all rows were seen."""
        if page.right:
            return
        assert page.says is not None
        missing, by = page.says.rows - page.rows, f"ledger row {page.seq} seals"
        if missing > 0:
            self._report(_page(page.seq), f"{missing} of the {page.says.rows} rows that {by} are missing")
        elif missing < 0:
            self._report(_page(page.seq), f"it has {-missing} rows more than the {page.says.rows} that {by}")
        else:
            self._report(_page(page.seq), f"its rows are not those that {by}: at least one was changed")


def _sealed(connection: Connection, kind: str) -> Iterator[_Sealed]:
    """The ledger rows of a kind, in their order."""
    columns = ledger.c
    statement = select(columns.seq, columns.source, columns.payload).where(columns.kind == kind).order_by(columns.seq)
    for seq, source, payload in connection.execute(statement.execution_options(yield_per=BATCH)):
        yield _Sealed(seq, source, _payload(payload))


def _payload(text: Any) -> _Payload | None:
    try:
        return msgspec.json.decode(text, type=_Payload)
    except (TypeError, ValueError):
        return None


def _rows(connection: Connection) -> Iterator[Row]:
    """All rows in the order of their pages: `_PLACE`, and then `FIELDS` as texts, whole numbers and truths."""
    columns = action.c
    fields = [stored_text(connection, columns[name]) for name in (*_PLACE, *FIELDS)]
    statement = select(*fields).order_by(columns.page, columns.position)
    text = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        yield from driver.execute(text)
        return
    with driver.cursor(name="lms_sync_actions") as cursor:
        cursor.itersize = BATCH
        cursor.execute(text)
        yield from cursor


def _report_marks(connection: Connection, report: Report) -> None:
    """A mark is no part of a row's digest: at least it names a row of the log that tells the same action."""
    told = action.alias("told")
    same = and_(told.c.key == action.c.superseded_by, told.c.source == action.c.source)
    wrong = or_(
        action.c.rung.is_distinct_from(Rung.DERIVED.value),
        told.c.rung.is_distinct_from(Rung.LOG.value),
        # That somebody was in a course may be told by whatever they did there.
        and_(
            told.c.action.is_distinct_from(action.c.action),
            or_(action.c.object_type.is_distinct_from("course"), told.c.course.is_distinct_from(action.c.course)),
        ),
        told.c.learner.is_distinct_from(action.c.learner),
    )
    statement = (
        select(action.c.page, action.c.position)
        .select_from(action.outerjoin(told, same))
        .where(action.c.superseded_by.is_not(None), wrong)
        .order_by(action.c.page, action.c.position)
    )
    for page, position in connection.execute(statement.execution_options(yield_per=BATCH)):
        report(_row(page, position), "superseded_by: no row of the log that tells the same action of the same learner")


def _page(seq: int) -> str:
    return f"table action, page {seq}"


def _row(page: int, position: int) -> str:
    return f"table action, page {page}, row {position}"
