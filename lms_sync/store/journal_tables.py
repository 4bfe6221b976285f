"""The tables of the action journal: one row an action, and where each source's journal stands.

Not projections: the rows of `action` are the record itself, kept by the page. The ledger row of kind `action_page`
whose `seq` is a row's `page` holds the digest of all rows of that page (`docs/ledger.md`). No foreign key leads there:
it would be looked up for each of a million rows, and `verify` finds a row without its page all the same.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from lms_sync.store.table_parts import StoreTable, instant, table_of


def _only_where(condition: str) -> dict[str, Any]:
    """What makes an index one of some rows only."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class ActionRow(StoreTable, table=True):
    """See `lms_sync.records.Action`; `occurred_at` is an instant here.

    Once erased, only the columns up to `key` and the last two are left, which are NULL until then.
    """

    __tablename__: ClassVar[Any] = "action"
    __table_args__ = (
        UniqueConstraint("key", "source"),
        Index(None, "learner", "occurred_at", "source"),
        Index(None, "actor", "occurred_at", "source", **_only_where("actor IS NOT NULL")),
        Index(None, "course", "occurred_at", "source"),
        Index(
            "ix_action_derived",
            "learner",
            "action",
            "occurred_at",
            "source",
            **_only_where("rung = 'derived' AND superseded_by IS NULL"),
        ),
        {"sqlite_with_rowid": False},  # kept in the order of the pages, in which they are written and verified
    )

    page: int = Field(sa_type=BigInteger, primary_key=True)  # the `seq` of the page's ledger row
    position: int = Field(primary_key=True)  # 1, 2, 3, … within the page
    source: str
    key: str
    occurred_at: dt.datetime | None = instant()
    utc_offset: int | None
    learner: str | None
    actor: str | None
    impersonator: str | None
    action: str | None
    event: str | None
    course: str | None
    activity: str | None
    object_type: str | None
    object_id: str | None
    crud: str | None
    address: str | None
    origin: str | None
    anonymous: bool | None
    rung: str | None
    superseded_by: str | None  # the key of the log's row that tells this derived one too
    salt: bytes | None = Field(sa_type=LargeBinary)  # 16 bytes
    digest: bytes | None = Field(sa_type=LargeBinary)  # 32 bytes: the digest that the row had
    erased_by: int | None = Field(sa_type=BigInteger)  # the `seq` of the ledger row that tells the erasure


class JournalRow(StoreTable, table=True):
    """Where the journal of a source stands. Kept for the next run only: no part of what is proven."""

    __tablename__: ClassVar[Any] = "journal"

    source: str = Field(primary_key=True)
    rung: str | None  # of the last reading
    told_until: dt.datetime | None = instant()  # every event before it was told by the log
    derived_seq: int = Field(default=0, sa_type=BigInteger)  # ledger rows up to it were looked at for deriving
    joined_seq: int = Field(default=0, sa_type=BigInteger)  # pages up to it were joined with each other …
    joined_rules: str = ""  # … by these rules


action = table_of(ActionRow)
journal = table_of(JournalRow)
