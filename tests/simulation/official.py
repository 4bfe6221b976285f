"""What must hold of the official records at every moment, read from the ledger itself: sealed, numbered, adding up.

Knows nothing of how records are made: everything here is arithmetic over rows.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from lms_sync.store.store import Store
from lms_sync.store.tables import ledger

RESULT, PROTOCOL, DRIFT = "attestation_result", "protocol", "drift"
NOT_IN_FORCE = "annulled"

Sealed = tuple[str, str, int]
"""Kind, key and version of an official record."""


class Official:
    """The official records as they were last seen. `look` gives what is wrong with them now, in words."""

    def __init__(self) -> None:
        self.payloads: dict[Sealed, Any] = {}
        self._digests: dict[Sealed, str] = {}

    def look(self, store: Store, *, by_a_pull: bool) -> list[str]:
        """Reads them anew. A pull may add results and protocols, but no version of one that was there."""
        before, latest = dict(self._digests), self.latest
        self._read(store)
        return [
            *(f"{sealed} was changed" for sealed, digest in before.items() if self._digests.get(sealed) != digest),
            *(
                f"a pull made version {self.latest[kind, key]} of {kind} {key}"
                for kind, key in latest
                if by_a_pull and kind != DRIFT and self.latest[kind, key] != latest[kind, key]
            ),
            *self._misnumbered(),
            *(problem for protocol in self.protocols for problem in self._wrong_lines(protocol)),
            *(f"result {key} stands in {count} lines in force" for key, count in self._lines_in_force() if count > 1),
        ]

    @property
    def latest(self) -> dict[tuple[str, str], int]:
        """The latest version of each record, by kind and key."""
        versions: dict[tuple[str, str], int] = {}
        for kind, key, version in self.payloads:
            versions[kind, key] = max(version, versions.get((kind, key), 0))
        return versions

    @property
    def protocols(self) -> list[Any]:
        """Every protocol in every version."""
        return [payload for (kind, _, _), payload in self.payloads.items() if kind == PROTOCOL]

    @property
    def in_force(self) -> list[Any]:
        """The protocols in their latest versions, without those that were annulled."""
        return [one for one in self.of_kind(PROTOCOL) if one["state"] != NOT_IN_FORCE]

    def of_kind(self, kind: str) -> list[Any]:
        """The records of a kind in their latest versions."""
        return [self.payloads[found, key, version] for (found, key), version in self.latest.items() if found == kind]

    def _read(self, store: Store) -> None:
        columns = ledger.c
        statement = select(columns.kind, columns.key, columns.version, columns.payload_digest, columns.payload).where(
            columns.kind.in_((RESULT, PROTOCOL, DRIFT))
        )
        with store.reading() as connection:
            rows = connection.execute(statement).all()
        self._digests = {(row.kind, row.key, row.version): row.payload_digest for row in rows}
        self.payloads = {(row.kind, row.key, row.version): json.loads(row.payload) for row in rows}

    def _misnumbered(self) -> Iterator[str]:
        series: dict[str, list[int]] = defaultdict(list)
        numbers = Counter(one["number"] for one in self.of_kind(PROTOCOL))
        for one in self.of_kind(PROTOCOL):
            series[one["series"]].append(one["ordinal"])
        for name, ordinals in series.items():
            if sorted(ordinals) != list(range(1, len(ordinals) + 1)):
                yield f"series {name} has the numbers {sorted(ordinals)}"
        yield from (f"number {number} was given {count} times" for number, count in numbers.items() if count > 1)

    def _wrong_lines(self, protocol: Any) -> Iterator[str]:
        lines, name = protocol["lines"], f"protocol {protocol['number']} revision {protocol['revision']}"
        if not lines or [line["number"] for line in lines] != list(range(1, len(lines) + 1)):
            yield f"{name} has the lines {[line['number'] for line in lines]}"
        for line in lines:
            sealed = RESULT, line["result"], line["version"]
            if self._digests.get(sealed) != line["payload_digest"]:
                yield f"{name} names {sealed} by another digest than the ledger's"
            elif any(line[part] != self.payloads[sealed][part] for part in ("mark_text", "mark", "passed", "outcome")):
                yield f"{name}, line {line['number']} says otherwise than {sealed}"
        yield from _wrong_totals(name, protocol)

    def _lines_in_force(self) -> list[tuple[str, int]]:
        return Counter(line["result"] for one in self.in_force for line in one["lines"]).most_common()


def _wrong_totals(name: str, protocol: Any) -> Iterator[str]:
    totals, lines = protocol["totals"], protocol["lines"]
    outcomes = Counter(line["outcome"] for line in lines)
    graded = [line for line in lines if line["outcome"] == "graded"]
    passed = sum(line["passed"] is True for line in graded)
    expected = {
        "listed": len(lines),
        "took_part": len(graded),
        "passed": passed,
        "failed": len(graded) - passed,
        **{outcome: outcomes[outcome] for outcome in ("absent", "not_admitted", "not_completed", "withdrawn")},
    }
    told = {part: value for part, value in totals.items() if part != "marks"}
    if told != expected:
        yield f"{name} has the totals {told} for {expected}"
    marks = {(one["mark"], one["text"]): 0 for one in totals["marks"]}
    for one in totals["marks"]:
        marks[one["mark"], one["text"]] += one["count"]
    if marks != Counter((line["mark"], line["mark_text"]) for line in graded):
        yield f"{name} counts the marks {marks}"
