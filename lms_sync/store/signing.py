"""Signed documents, as `docs/ledger.md` publishes them: canonical JSON with an Ed25519 signature, and its key.

Owns the key file and the form that checkpoints and bundles share. Must not know what a document says, nor the store.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from lms_sync.errors import ConfigError
from lms_sync.private import why_not_private

PUBLIC_KEY = re.compile(r"[0-9a-f]{64}")
SIGNATURE = re.compile(r"[0-9a-f]{128}")

_PRIVATE = 0o600


class DocumentBroken(ValueError):
    """A signed document is not as it was signed; the message is what is said of it, without its name."""


class SigningKey:
    """The private key. `public` is what documents name: the 32 bytes of the public key as lowercase hexadecimals."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def signed(self, document: dict[str, Any]) -> bytes:
        """The document with this public key and the signature, as the bytes of a file."""
        whole = document | {"public_key": self.public}
        signature = self._key.sign(canonical_text(whole).encode()).hex()
        return file_bytes(whole | {"signature": signature})


def canonical_text(document: dict[str, Any]) -> str:
    """The one JSON text of a document: names sorted, no spaces, nothing escaped that need not be."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def file_bytes(document: dict[str, Any]) -> bytes:
    """A document as the bytes of a file: its canonical text in UTF-8 and a line feed."""
    return canonical_text(document).encode() + b"\n"


def read_document(data: bytes) -> dict[str, Any]:
    """The JSON object of a file. Raises DocumentBroken when the bytes are not exactly the canonical ones."""
    try:
        document = json.loads(data.decode("utf-8"))
        expected = file_bytes(document) if isinstance(document, dict) else b""
    except (ValueError, RecursionError):
        raise DocumentBroken("it is no JSON text in UTF-8: the file was changed or cut") from None
    if data != expected:
        raise DocumentBroken(f"it is not in canonical form from byte {_first_difference(data, expected)} on")
    whole: dict[str, Any] = document
    return whole


def _first_difference(data: bytes, expected: bytes) -> int:
    """The number of the first byte (from 1) that is not the same."""
    same = (one == other for one, other in zip(data, expected, strict=False))
    return next((place for place, equal in enumerate(same, 1) if not equal), min(len(data), len(expected)) + 1)


def check_signature(document: dict[str, Any]) -> None:
    """Raises DocumentBroken unless the document's signature is that of its public key over all the rest."""
    public, signature = document.get("public_key"), document.get("signature")
    if not (isinstance(public, str) and PUBLIC_KEY.fullmatch(public)):
        raise DocumentBroken("its public key is none: the file was changed")
    if not (isinstance(signature, str) and SIGNATURE.fullmatch(signature)):
        raise DocumentBroken("its signature is none: the file was changed")
    rest = {name: value for name, value in document.items() if name != "signature"}
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), canonical_text(rest).encode())
    except (InvalidSignature, ValueError):
        raise DocumentBroken("its signature does not match its contents: the file was changed") from None


def signing_key(path: Path) -> SigningKey:
    """The key in a file; made on first use, mode 0600, with its public half in `PATH.pub` beside it.

    Raises ConfigError for a file that others may read, that holds no Ed25519 key, or that cannot be read or made.
    """
    try:
        if not path.exists():
            _make_key(path)
        if why := why_not_private(path):
            raise ConfigError(f"the key file {path} {why}")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigError(f"the key file {path} cannot be read or made: {error.strerror}") from None
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"the key file {path} holds no unencrypted private key in PEM: restore it") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"the key file {path} holds a key of another kind: checkpoints are signed with Ed25519")
    return SigningKey(key)


def public_file(path: Path) -> Path:
    """Where the public half of a key file stands."""
    return path.with_name(f"{path.name}.pub")


def read_public_key(path: Path) -> str:
    """The public key in a `.pub` file: 64 hexadecimal digits. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"the public key {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    if not PUBLIC_KEY.fullmatch(text):
        raise ConfigError(f"{path} holds no public key: it must be 64 lowercase hexadecimal digits")
    return text


def _make_key(path: Path) -> None:
    """Writes a new key under its name at once and whole; of two processes that do so, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    fresh = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        write_durably(fresh, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), _PRIVATE)
        with suppress(FileExistsError):
            os.link(fresh, path)
            write_durably(public_file(path), SigningKey(key).public.encode() + b"\n", 0o644)
    finally:
        fresh.unlink(missing_ok=True)


def write_durably(path: Path, data: bytes, mode: int) -> None:
    """Writes a file through to the disk, with its mode from the first instant. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
