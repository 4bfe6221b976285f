"""What looking at protocols asks of the store: no more for each further protocol, nothing for what is no final."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import event

from lms_sync.registers.document import protocol_documents
from lms_sync.registers.overview import open_documents
from tests.integration.registers.world import SOURCE, World


def statements(world: World, act: Callable[[], object]) -> int:
    """How many statements an act runs."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(world.store.engine, "before_cursor_execute", note)
    act()
    event.remove(world.store.engine, "before_cursor_execute", note)
    return len(found)


def test_documents_of_many_protocols_take_no_more_statements_than_of_one(lite: World) -> None:
    lite.three()
    lite.close("7/А")
    few = statements(lite, lambda: protocol_documents(lite.store, SOURCE))
    lite.close("7/Б")
    assert len(protocol_documents(lite.store, SOURCE)) == 2
    assert statements(lite, lambda: protocol_documents(lite.store, SOURCE)) == few


def test_columns_of_which_no_protocol_is_kept_are_not_read(lite: World) -> None:
    lite.three()
    few = statements(lite, lambda: open_documents(lite.store, SOURCE, lite.mapping))
    for item in ("8", "9"):
        lite.column(item, attestation_kind="current")
        lite.entry("1", 70, item)
    assert len(open_documents(lite.store, SOURCE, lite.mapping)) == 2
    assert statements(lite, lambda: open_documents(lite.store, SOURCE, lite.mapping)) == few
