"""A protocol with its proof in one file, for whoever has neither the store nor lms-sync. See `docs/ledger.md`.

Owns what a bundle holds. It is checked by `verify_bundle.py`, which is copied beside it and shares no code with this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from lms_sync.errors import ConfigError, StoreDamaged, StoreError
from lms_sync.records import AttestationResult, Protocol
from lms_sync.store import verify_bundle
from lms_sync.store.canonical import DIGEST_FIELDS, digest_time
from lms_sync.store.checkpoint import (
    Checkpoint,
    checkpoint_bytes,
    first_digest,
    problem_with,
    read_checkpoint,
    size_in,
    stored_checkpoints,
)
from lms_sync.store.ledger import head
from lms_sync.store.signing import DocumentBroken, SigningKey, write_durably
from lms_sync.store.sql_text import stored_text
from lms_sync.store.statements import chunks
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger

FORMAT = "lms-sync-protocol-bundle-1"

_COLUMNS = (*DIGEST_FIELDS, "payload", "salt", "digest")
_OWNER_ONLY = 0o600


def protocol_bundle(
    store: Store, source: str, number: str, *, key: SigningKey, checkpoints: Path | None = None
) -> bytes:
    """The bundle of a protocol, all its versions with it, signed with the key. Holds personal data of its results.

    Each version is led up to the earliest checkpoint of the directory `checkpoints` that covers it; where there is
    none, to one of the ledger's head that is signed here. Raises StoreError for a protocol the store does not know,
    StoreDamaged when what would be exported does not prove itself.
    """
    with store.reading() as connection:
        rows = _versions(connection, source, number)
        if not rows:
            raise StoreError(
                f"the source {source!r} has no protocol {number!r}: lms-sync protocols list names them all"
            )
        choice = _Choice(connection, key, checkpoints, digest_time(store.now()))
        document = {
            "format": FORMAT,
            "store": first_digest(connection),
            "source": source,
            "number": number,
            "time": choice.time,
            "versions": [choice.proven(row) for row in rows],
            "results": _results(connection, source, rows),
        }
    data = key.signed(document)
    broken = verify_bundle.problems(data)
    if broken:
        raise StoreDamaged(f"the protocol {number} cannot be proven ({broken[0]}): run lms-sync verify")
    return data


def save_bundle(data: bytes, directory: Path, source: str, number: str) -> Path:
    """Writes a bundle into the directory, for its owner only, with the program that verifies it; gives its path.

    Raises ConfigError when there is such a file already or it cannot be written.
    """
    safe_number = re.sub(r"[^\w.-]+", "-", number)
    path = directory / f"protocol-{source}-{safe_number}.json"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise ConfigError(f"{path} exists and is left as it is; name another directory or remove it first.")
        write_durably(path, data, _OWNER_ONLY)
        program = Path(verify_bundle.__file__)
        (directory / program.name).write_bytes(program.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
    return path


@dataclass(frozen=True)
class _Choice:
    """Which checkpoint a row is led up to."""

    connection: Connection
    key: SigningKey
    directory: Path | None
    time: str

    def proven(self, row: dict[str, Any]) -> dict[str, Any]:
        """One version: its ledger row, the path from it, and the checkpoint at the path's end."""
        checkpoint = self._stored(row["seq"]) or self._fresh()
        path = _path(self.connection, row["seq"], checkpoint.size)
        return {"row": row, "path": path, "checkpoint": checkpoint.document}

    def _stored(self, seq: int) -> Checkpoint | None:
        for path in stored_checkpoints(self.directory) if self.directory else ():
            if size_in(path.name) < seq:
                continue
            try:
                checkpoint = read_checkpoint(path.read_bytes())
            except (OSError, DocumentBroken):
                continue  # the next one proves as much
            if checkpoint.size >= seq and not problem_with(self.connection, checkpoint):
                return checkpoint
        return None

    def _fresh(self) -> Checkpoint:
        end = head(self.connection)
        return read_checkpoint(checkpoint_bytes(self.key, first_digest(self.connection), end, self.time))


def _versions(connection: Connection, source: str, number: str) -> list[dict[str, Any]]:
    columns = ledger.c
    statement = select(*(stored_text(connection, columns[name]).label(name) for name in _COLUMNS))
    statement = statement.where(columns.key == number, columns.kind == Protocol.kind, columns.source == source)
    return [dict(row._mapping) for row in connection.execute(statement.order_by(columns.version))]


def _path(connection: Connection, after: int, until: int) -> list[list[Any]]:
    """The digested fields of the rows after one and up to another: what links both, and no payload."""
    statement = select(*(stored_text(connection, ledger.c[name]) for name in DIGEST_FIELDS))
    statement = statement.where(ledger.c.seq > after, ledger.c.seq <= until).order_by(ledger.c.seq)
    return [list(row) for row in connection.execute(statement)]


def _results(connection: Connection, source: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every version of a result that a line of any version names, once, by key and version."""
    named = sorted(set(_named(rows)))
    columns = ledger.c
    wanted = ("key", "version", "payload", "salt", "payload_digest")
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for chunk in chunks(sorted({key for key, _ in named})):
        statement = select(*(columns[name] for name in wanted)).where(
            columns.key.in_(chunk), columns.kind == AttestationResult.kind, columns.source == source
        )
        for row in connection.execute(statement):
            found[row.key, row.version] = {**row._mapping, "erased": row.payload is None}
    return [found[one] for one in named if one in found]


def _named(rows: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    for row in rows:
        try:
            for line in json.loads(row["payload"] or "{}")["lines"]:
                yield line["result"], line["version"]
        except (ValueError, KeyError, TypeError):
            continue  # a damaged payload: verifying the bundle names it
