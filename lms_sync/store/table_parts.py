"""What every table of the store is made of: the naming of constraints, the kinds of column, and `Projection`.

Must not know any single table.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, MetaData, Table, Text
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.store.columns import JsonText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def instant(**options: Any) -> Any:
    """A column for an instant in UTC."""
    return Field(sa_type=UtcInstant, **options)


def decimal() -> Any:
    """A column for an exact decimal, or nothing."""
    return Field(default=None, sa_type=ExactDecimal)


def json_text(**options: Any) -> Any:
    """A column for a list or mapping as JSON text."""
    return Field(sa_type=JsonText, **options)


def text(**options: Any) -> Any:
    """A column for a text of any length."""
    return Field(sa_type=Text, **options)


def text_added_later() -> Any:
    """A column for a text that older stores got with a revision: empty in the rows they had."""
    return Field(default="", sa_column_kwargs={"server_default": sql("''")})


class StoreTable(SQLModel):
    """A table of the store."""

    metadata = metadata


class Projection(StoreTable):
    """What every projection row says about itself."""

    key: str = Field(primary_key=True)  # the natural key within source and kind
    source: str = Field(primary_key=True)  # the name of the source in the configuration
    scope: str  # the part of the LMS it was last read with, as `course/5`; empty for learners
    ledger_seq: int = Field(sa_type=BigInteger, foreign_key="ledger.seq")  # the ledger row it was made from
    version: int  # 1 when first seen; every put, retire, restore and erase adds one
    first_seen_at: dt.datetime = instant()
    changed_at: dt.datetime = instant()  # observed time of `ledger_seq`
    retired_at: dt.datetime | None = instant(default=None)  # gone from the LMS (or erased) since


def table_of(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table of a model."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
