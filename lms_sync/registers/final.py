"""One final attestation as the registers see it: its facts, the rules for it, and what follows from both.

Owns the putting together, so that the pull and every command look at it in the same way. Reads within the caller's
transaction and writes nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.attestation import AttestationPlan
from lms_sync.records import AttestationResult, Protocol
from lms_sync.registers.freezing import Freezer, Waiting
from lms_sync.registers.sittings import Sitting, SittingId, Sittings
from lms_sync.store.attestation import FinalFacts, all_items, final_facts


@dataclass(frozen=True)
class Final:
    """A final attestation at one instant. `unfrozen` are results that the next pull will freeze."""

    facts: FinalFacts
    plan: AttestationPlan
    freezer: Freezer
    unfrozen: list[AttestationResult]
    waiting: list[Waiting]
    sittings: Sittings
    mapping_version: str

    @property
    def protocol_of(self) -> dict[str, str]:
        """The number of the protocol in force in which each result stands, by the result's key."""
        return {line.result: one.number for one in self.facts.protocols if one.in_force for line in one.lines}

    def is_worth_telling(self, sitting: Sitting) -> bool:
        """Whether anything has happened in a sitting: somebody tried, or the test is over and somebody did not."""
        return bool(sitting.ready or sitting.waiting or (sitting.missing and self.sittings.is_over))

    def sitting(self, wanted: SittingId) -> Sitting | None:
        """The open sitting of that identity."""
        return next((one for one in self.sittings.open() if one.id == wanted), None)

    def protocols_of(self, wanted: SittingId) -> list[Protocol]:
        """The protocols in force that this sitting has already become."""
        return [
            one
            for one in self.facts.protocols
            if one.in_force
            and (one.grade_item, one.group_name, one.sitting) == (wanted.grade_item, wanted.group, wanted.day)
        ]


def final_items(connection: Connection, source: str, mapping: Mapping) -> list[str]:
    """The keys of the grade items of which protocols are kept, in their order, gone ones too."""
    return [
        item.external_id
        for item, course in all_items(connection, source)
        if mapping.attestation.plan(item, course) is not None
    ]


def look_at(connection: Connection, source: str, mapping: Mapping, item: str, now: dt.datetime) -> Final | None:
    """The final attestation of a grade item; None for an item that is unknown or of which no protocol is kept."""
    facts = final_facts(connection, source, item)
    if facts is None:
        return None
    plan = mapping.attestation.plan(facts.item, facts.course)
    if plan is None:
        return None
    freezer = Freezer(facts, plan, mapping.attestation, mapping.version)
    unfrozen, waiting = freezer.new_results()
    sittings = Sittings(facts, plan, waiting, mapping.zone, now)
    return Final(facts, plan, freezer, unfrozen, waiting, sittings, mapping.version)


def must_look_at(connection: Connection, source: str, mapping: Mapping, item: str, now: dt.datetime) -> Final:
    """The same. Raises RegisterError where `look_at` gives None."""
    found = look_at(connection, source, mapping, item, now)
    if found is None:
        raise not_kept(source, item)
    return found


def not_kept(source: str, item: str) -> RegisterError:
    """What to raise where a final attestation is asked for and no protocol is kept of the grade item."""
    return RegisterError(
        f"No protocol is kept of the grade item {item} of {source}: "
        "see `lms-sync protocols list` for those there are, and the [[attestation]] rules of the mapping."
    )
