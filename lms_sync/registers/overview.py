"""Every open sitting of a source: what stands open, and what could be closed now. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from lms_sync.mapping.apply import Mapping
from lms_sync.registers.document import ProtocolDocument, sitting_document
from lms_sync.registers.final import Final, final_items, must_look_at
from lms_sync.registers.sittings import Sitting
from lms_sync.store.store import Store


def open_documents(store: Store, source: str, mapping: Mapping) -> list[ProtocolDocument]:
    """The open sittings in which anything has happened, each as it would be closed now."""
    return [
        sitting_document(final, sitting, str(mapping.zone))
        for final, sitting in _open_sittings(store, source, mapping)
        if final.is_worth_telling(sitting)
    ]


def ready_sittings(store: Store, source: str, mapping: Mapping) -> list[Sitting]:
    """The sittings that can be closed as they are. Where nobody has a result, only when the test is over."""
    return [
        sitting
        for final, sitting in _open_sittings(store, source, mapping)
        if sitting.is_ready and (sitting.ready or final.sittings.is_over)
    ]


def _open_sittings(store: Store, source: str, mapping: Mapping) -> Iterator[tuple[Final, Sitting]]:
    with store.reading() as connection:
        for item in final_items(connection, source, mapping):
            final = must_look_at(connection, source, mapping, item, store.now())
            yield from ((final, sitting) for sitting in final.sittings.open())
