"""Signed checkpoints: what the ledger's head was at an instant, in a file to keep elsewhere. See `docs/ledger.md`.

Owns the directory of checkpoints and what a checkpoint proves of a store. Must not know the configuration.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select

from lms_sync.errors import StoreError
from lms_sync.store.canonical import digest_time
from lms_sync.store.ledger import Head, head
from lms_sync.store.signing import (
    PUBLIC_KEY,
    DocumentBroken,
    SigningKey,
    check_signature,
    read_document,
    signing_key,
    write_durably,
)
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger

FORMAT = "lms-sync-checkpoint-1"

_FILE_NAME = re.compile(r"checkpoint-(\d{12,})-\d{8}T\d{12}Z\.json")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_READABLE = 0o644


@dataclass(frozen=True)
class Checkpoint:
    """What was signed: that the store whose first row has digest `store` had `size` rows, the last with `digest`.

    `time` is the UTC instant as digests have it; `document` the whole, as a bundle takes it.
    """

    store: str
    size: int
    digest: str
    time: str
    public_key: str
    document: dict[str, Any]


def sign_checkpoint(store: Store, directory: Path, key_file: Path, keep: int | None = None) -> Path | None:
    """Writes a checkpoint of the ledger's head into the directory and gives its path.

    None: the ledger is empty, or its head is that of the directory's last checkpoint. With `keep` only so many of the
    latest stay. Raises ConfigError for the key file (see `signing_key`); StoreError when the directory cannot be
    written, or when the store does not extend its last checkpoint: that one is never covered by a newer one.
    """
    with store.reading() as connection:
        end, first = head(connection), first_digest(connection)
        last = _last_of(directory)
        problem = problem_with(connection, last) if last else ""
    if problem:
        raise StoreError(
            f"the store does not extend the last checkpoint in {directory}: {problem}; run lms-sync verify --checkpoint"
            " with it, and after restoring a backup move the checkpoints elsewhere"
        )
    if not end.seq or (last and last.size == end.seq):
        return None
    time = digest_time(store.now())
    name = f"checkpoint-{end.seq:012}-{re.sub('[-:.]', '', time)}.json"
    data = checkpoint_bytes(signing_key(key_file), first, end, time)
    _write_new(directory, name, data)
    if keep:
        _remove_older(directory, keep)
    return directory / name


def checkpoint_bytes(key: SigningKey, store: str, end: Head, time: str) -> bytes:
    """A checkpoint as the bytes of a file. `store` is the digest of ledger row 1, `time` as digests have it."""
    return key.signed({"format": FORMAT, "store": store, "size": end.seq, "digest": end.digest, "time": time})


def read_checkpoint(data: bytes) -> Checkpoint:
    """The checkpoint in a file. Raises DocumentBroken when any byte of it is not as it was signed."""
    document = read_document(data)
    _check_form(document)
    check_signature(document)
    values = {name: document[name] for name in ("store", "size", "digest", "time", "public_key")}
    return Checkpoint(**values, document=document)


def stored_checkpoints(directory: Path) -> list[Path]:
    """The directory's checkpoints by size and time; none when it does not exist. Raises StoreError."""
    try:
        found = [path for path in directory.iterdir() if _FILE_NAME.fullmatch(path.name)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"the checkpoints in {directory} cannot be listed: {error.strerror}") from None
    return sorted(found, key=lambda path: (size_in(path.name), path.name))


def size_in(name: str) -> int:
    """The size that a checkpoint's file name tells."""
    found = _FILE_NAME.fullmatch(name)
    return int(found[1]) if found else 0


def checkpoint_problems(connection: Connection, path: Path, trusted: str | None) -> list[str]:
    """What is wrong with a checkpoint's file, or with the store in its light; empty when the store extends it.

    `trusted` is the public key it must be signed with; None takes the one it names. Whether the chain up to its row
    is whole is for `verify_chain` to say. Raises StoreError when the file cannot be read.
    """
    try:
        checkpoint = read_checkpoint(path.read_bytes())
    except OSError as error:
        raise StoreError(f"the checkpoint {path} cannot be read: {error.strerror}") from None
    except DocumentBroken as broken:
        return [str(broken)]
    problems = []
    if trusted is not None and checkpoint.public_key != trusted:
        problems.append(f"it is signed with another key than the trusted one: {checkpoint.public_key}")
    problem = problem_with(connection, checkpoint)
    return [*problems, problem] if problem else problems


def problem_with(connection: Connection, checkpoint: Checkpoint) -> str:
    """Why the ledger does not extend a checkpoint; empty when it does."""
    digest = connection.execute(select(ledger.c.digest).where(ledger.c.seq == checkpoint.size)).scalar_one_or_none()
    if first_digest(connection) != checkpoint.store:
        return "it was made of another store: the first ledger row has another digest"
    if digest is None:
        return f"ledger row {checkpoint.size}, which it signs, is missing"
    if digest != checkpoint.digest:
        return f"ledger row {checkpoint.size}, which it signs, has another digest"
    return ""


def first_digest(connection: Connection) -> str:
    """The store's identity: the digest of ledger row 1; empty while there is none."""
    found: str | None = connection.execute(select(ledger.c.digest).where(ledger.c.seq == 1)).scalar_one_or_none()
    return found or ""


def _check_form(document: dict[str, Any]) -> None:
    names = {"format", "store", "size", "digest", "time", "public_key", "signature"}
    if document.get("format") != FORMAT:
        raise DocumentBroken(f"it does not say that it is a {FORMAT}")
    if document.keys() != names:
        raise DocumentBroken(f"these fields are missing or too many: {', '.join(sorted(document.keys() ^ names))}")
    shapes = {"store": _DIGEST, "digest": _DIGEST, "time": _TIME, "public_key": PUBLIC_KEY}
    for name, shape in shapes.items():
        if not (isinstance(document[name], str) and shape.fullmatch(document[name])):
            raise DocumentBroken(f"its {name} is none: the file was changed")
    if type(document["size"]) is not int or document["size"] < 1:
        raise DocumentBroken("its size is none: the file was changed")


def _last_of(directory: Path) -> Checkpoint | None:
    for path in reversed(stored_checkpoints(directory)):
        try:
            return read_checkpoint(path.read_bytes())
        except FileNotFoundError:
            continue  # another process keeps fewer, or the operator has just moved it
        except OSError as error:
            raise StoreError(f"the checkpoint {path} cannot be read: {error.strerror}") from None
        except DocumentBroken as broken:
            raise StoreError(f"the checkpoint {path} is damaged ({broken}): move it elsewhere") from None
    return None


def _write_new(directory: Path, name: str, data: bytes) -> None:
    """The file appears whole, under its own name, and survives a power cut from then on."""
    fresh = directory / f".{name}.{uuid4().hex}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        try:
            write_durably(fresh, data, _READABLE)
            # A name holds size and instant: what stands there already says the same.
            if not (directory / name).exists():
                fresh.rename(directory / name)
        finally:
            fresh.unlink(missing_ok=True)
        _flush(directory)
    except OSError as error:
        raise StoreError(f"the checkpoint {directory / name} cannot be written: {error.strerror}") from None


def _flush(directory: Path) -> None:
    with suppress(OSError):  # some network file systems know no flush of a directory
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_older(directory: Path, keep: int) -> None:
    for path in stored_checkpoints(directory)[:-keep]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"the old checkpoint {path} cannot be removed: {error.strerror}") from None
