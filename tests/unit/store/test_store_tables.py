"""Tables and records name the same things."""

from __future__ import annotations

import datetime as dt
import types
import typing
from decimal import Decimal
from enum import StrEnum

import pytest
from sqlalchemy import BigInteger, Boolean, Date, Integer, String, Table
from sqlmodel import AutoString

from lms_sync.exact import ExactDecimal, UtcInstant
from lms_sync.records import KINDS, Action, Commission, ProtocolTotals
from lms_sync.store.columns import JsonText
from lms_sync.store.tables import BOOKKEEPING, PROJECTIONS, action

COLUMN_TYPES = {
    str: (String, AutoString),
    bool: Boolean,
    int: BigInteger,
    list: JsonText,
    dict: JsonText,
    Commission: JsonText,
    ProtocolTotals: JsonText,
    Decimal: ExactDecimal,
    dt.datetime: UtcInstant,
    dt.date: Date,
}


def plain_type(annotation: object) -> tuple[type, bool]:
    """A field's own type, and whether it may be None."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [part for part in typing.get_args(annotation) if part is not type(None)]
        assert len(inner) == 1
        return plain_type(inner[0])[0], True
    if typing.get_origin(annotation) is typing.Annotated:
        return plain_type(typing.get_args(annotation)[0])
    origin = typing.get_origin(annotation) or annotation
    assert isinstance(origin, type)
    return (str if issubclass(origin, StrEnum) else origin), False


def test_every_kind_has_its_table() -> None:
    assert {kind: table.name for kind, table in PROJECTIONS.items()} == {kind: kind for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_column_that_keeps_it_exactly(kind: str) -> None:
    table: Table = PROJECTIONS[kind]
    fields = KINDS[kind].model_fields
    assert set(table.columns.keys()) == set(BOOKKEEPING) | set(fields)
    for name, field in fields.items():
        python_type, may_be_none = plain_type(field.annotation)
        column = table.columns[name]
        assert isinstance(column.type, COLUMN_TYPES[python_type]), f"{kind}.{name}"
        assert column.nullable == may_be_none, f"{kind}.{name}"


@pytest.mark.parametrize("table", PROJECTIONS.values(), ids=lambda table: table.name)
def test_a_record_has_one_row_a_source(table: Table) -> None:
    assert {column.name for column in table.primary_key} == {"source", "key"}


def test_every_field_of_an_action_has_a_column_that_keeps_it_exactly() -> None:
    hints = typing.get_type_hints(Action) | {"occurred_at": dt.datetime}
    assert tuple(action.columns.keys())[3:-4] == Action._fields
    for name in Action._fields:
        python_type, _ = plain_type(hints[name])
        kinds = (BigInteger, Integer) if python_type is int else COLUMN_TYPES[python_type]
        assert isinstance(action.columns[name].type, kinds), name
        assert action.columns[name].nullable == (name != "key")  # an erased one keeps nothing else
