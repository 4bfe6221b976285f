"""Checking official records against each other: what a protocol's lines say of its results, its totals, its number.

Must not know how rows are digested: that the payloads read here are what was written is for `verify_chain.py` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, select

from lms_sync.records import AttestationResult, Protocol
from lms_sync.store.statements import chunks
from lms_sync.store.tables import ledger, protocol
from lms_sync.store.verify_bundle import totals_agree

Report = Callable[[str, str], None]

BATCH = 200

_REPEATED = ("learner", "outcome", "mark", "mark_text", "passed")
"""What a line repeats of its result."""

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True)
class ProtocolVersion:
    """One version of a protocol as the ledger has it; `payload` is empty when it cannot be read."""

    source: str
    number: str
    version: int
    payload: dict[str, Any]

    @property
    def where(self) -> str:
        return f"protocol {self.number}, source {self.source}, version {self.version}"


def all_protocol_problems(connection: Connection, report: Report) -> int:
    """Checks every version of every protocol and the numbers of each series; gives how many protocols there are."""
    protocols = 0
    for batch in chunks(_versions(connection, ledger.c.kind == Protocol.kind), BATCH):
        protocols += sum(1 for version in batch if version.version == 1)
        protocol_problems(connection, batch, report)
    _report_ordinals(connection, report)
    return protocols


def protocol_problems(connection: Connection, versions: Sequence[ProtocolVersion], report: Report) -> None:
    """Reports every line, total or number of these versions that is not what it should be."""
    for source in {version.source for version in versions}:
        of_source = [version for version in versions if version.source == source]
        results = _results(connection, source, results_named_by(of_source))
        for version in of_source:
            try:
                _check(version, results, report)
            except (KeyError, TypeError, AttributeError):
                report(version.where, "its payload is not that of a protocol")


def versions_of(connection: Connection, source: str, number: str) -> list[ProtocolVersion]:
    """All versions of one protocol, oldest first; empty when the store does not know it."""
    columns = ledger.c
    return list(_versions(connection, columns.key == number, columns.kind == Protocol.kind, columns.source == source))


def sources_with(connection: Connection, number: str) -> list[str]:
    """The sources that have a protocol of this number."""
    statement = select(protocol.c.source).where(protocol.c.key == number).order_by(protocol.c.source)
    return list(connection.execute(statement).scalars())


def results_named_by(versions: Iterable[ProtocolVersion]) -> list[str]:
    """The keys of all results that lines of these versions name."""
    return sorted({key for version in versions for key, _ in _named(version)})


def _named(version: ProtocolVersion) -> Iterator[tuple[str, int]]:
    lines = version.payload.get("lines")
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, dict) and isinstance(line.get("result"), str):
            yield line["result"], line.get("version", 0)


def _check(version: ProtocolVersion, results: dict[tuple[str, int], Row[Any]], report: Report) -> None:
    payload, where = version.payload, version.where
    lines = payload["lines"]
    if payload["number"] != version.number:
        report(where, "its number is not its key")
    if [line["number"] for line in lines] != list(range(1, len(lines) + 1)):
        report(where, "its lines are not numbered 1, 2, 3, …")
    for line in lines:
        told = _line_problem(line, results.get((line["result"], line["version"])))
        if told:
            report(where, f"line {line['number']}: {told}")
    if not totals_agree(payload["totals"], lines):
        report(where, "its totals are not those of its lines")


def _line_problem(line: dict[str, Any], result: Row[Any] | None) -> str:
    name = f"version {line['version']} of result {line['result']}"
    if result is None:
        return f"the ledger does not know {name}"
    if result.payload_digest != line["payload_digest"]:
        return f"{name} has another digest (ledger row {result.seq})"
    known = _payload(result.payload)
    wrong = [field for field in _REPEATED if known and known.get(field) != line[field]]
    return f"{', '.join(wrong)}: not what {name} says" if wrong else ""


def _results(connection: Connection, source: str, keys: Sequence[str]) -> dict[tuple[str, int], Row[Any]]:
    columns = ledger.c
    found: dict[tuple[str, int], Row[Any]] = {}
    for chunk in chunks(keys):
        statement = select(columns.key, columns.version, columns.seq, columns.payload_digest, columns.payload).where(
            columns.key.in_(chunk), columns.kind == AttestationResult.kind, columns.source == source
        )
        found |= {(row.key, row.version): row for row in connection.execute(statement)}
    return found


def _versions(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[ProtocolVersion]:
    columns = ledger.c
    # All at once, and only the numbers: other statements are executed while this one is read.
    numbers = connection.execute(select(columns.seq).where(*conditions).order_by(columns.seq)).scalars().all()
    wanted = (columns.source, columns.key, columns.version, columns.payload)
    for chunk in chunks(numbers, BATCH):
        rows = connection.execute(select(*wanted).where(columns.seq.in_(chunk)).order_by(columns.seq)).all()
        for source, number, version, payload in rows:
            yield ProtocolVersion(source, number, version, _payload(payload))


def _payload(text: Any) -> dict[str, Any]:
    try:
        decoded = _decode(text) if text else {}
    except (ValueError, TypeError):
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _report_ordinals(connection: Connection, report: Report) -> None:
    """The protocols of a series are numbered 1, 2, 3, … without gaps and doubles, annulled ones too."""
    columns = protocol.c
    statement = select(columns.source, columns.series, columns.ordinal).order_by(
        columns.source, columns.series, columns.ordinal
    )
    for (source, series), rows in groupby(connection.execute(statement), key=lambda row: (row.source, row.series)):
        wrong = next(((place, row.ordinal) for place, row in enumerate(rows, 1) if row.ordinal != place), None)
        if wrong:
            report(
                f"table protocol, source {source}, series {series}",
                f"its numbers have gaps or doubles: {wrong[1]} stands where {wrong[0]} should",
            )
