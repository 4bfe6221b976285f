"""Recording one final attestation as the LMS now tells it: results that can freeze, and drift of those that have.

Owns that pass over one grade item. It is idempotent: a second one finds nothing to write. Must not know protocols'
closing.
"""

from __future__ import annotations

from dataclasses import dataclass

from lms_sync.mapping.apply import Mapping
from lms_sync.records import DriftState
from lms_sync.registers.drift import drift_changes
from lms_sync.registers.final import Final, look_at, must_look_at, not_kept
from lms_sync.store.register import RegisterWriter


@dataclass(frozen=True)
class Recorded:
    """What a pass over one grade item did, and how the final stands after it."""

    final: Final
    frozen: int
    drifted: int  # differences that are new or changed; settled ones do not count


def record_item(writer: RegisterWriter, mapping: Mapping, item: str) -> Recorded | None:
    """Records one grade item; None when no protocol is kept of it."""
    final = look_at(writer.connection, writer.source, mapping, item, writer.now)
    if final is None:
        return None
    frozen = writer.freeze(final.unfrozen, final.facts.scope)
    if frozen:
        del final  # there may be thousands of results: not twice in memory
        final = must_look_at(writer.connection, writer.source, mapping, item, writer.now)
    changes = drift_changes(final.facts, final.freezer, final.protocol_of)
    if writer.put(changes, final.facts.scope, ""):
        final = must_look_at(writer.connection, writer.source, mapping, item, writer.now)
    return Recorded(final, frozen, sum(change.state is DriftState.OPEN for change in changes))


def must_record(writer: RegisterWriter, mapping: Mapping, item: str) -> Final:
    """Records one grade item and gives the final after it. Raises RegisterError where `record_item` gives None."""
    recorded = record_item(writer, mapping, item)
    if recorded is None:
        raise not_kept(writer.source, item)
    return recorded.final
