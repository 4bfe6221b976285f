"""Files of scans, kept beside the store under their SHA-256. Must not know records or documents.

A file is there whole or not at all: it is written under a temporary name, flushed to the disk, and then renamed. Equal
files are kept once. Only the owner of the store may read them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lms_sync.errors import StoreError

_BLOCK = 1 << 20
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


@dataclass(frozen=True)
class CopiedFile:
    """A file copied in but not in its place yet. `size` in bytes."""

    sha256: str
    size: int
    media_type: str
    draft: Path


class ScanFiles:
    """The directory of scans; made when the first file comes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def place(self, sha256: str) -> Path:
        """Where the file of that digest is, or would be."""
        return self.directory / sha256[:2] / sha256

    @contextmanager
    def copied(self, path: Path) -> Iterator[CopiedFile]:
        """A copy of the file that `keep` puts into its place; without that nothing of it is left.

        Raises StoreError when it cannot be read or written, or is empty.
        """
        draft: Path | None = None
        try:
            with path.open("rb") as stream:
                self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle, name = tempfile.mkstemp(prefix="attaching-", dir=self.directory)  # mode 0600
                draft = Path(name)
                digest, size, start = hashlib.sha256(), 0, b""
                with os.fdopen(handle, "wb") as copy:
                    while block := stream.read(_BLOCK):
                        start = start or block[:16]
                        digest.update(block)
                        size += len(block)
                        copy.write(block)
                    copy.flush()
                    os.fsync(copy.fileno())
            if not size:
                raise StoreError(f"The file {path} is empty: attach the scan itself.")
            yield CopiedFile(digest.hexdigest(), size, _media_type(start), draft)
        except OSError as error:
            raise StoreError(f"The scan {path} cannot be kept in {self.directory}: {error.strerror}.") from None
        finally:
            if draft is not None:
                draft.unlink(missing_ok=True)

    def keep(self, copied: CopiedFile) -> Path:
        """Puts a copied file into its place; gives it. Nothing changes when it is there already. Raises OSError."""
        place = self.place(copied.sha256)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        copied.draft.replace(place)
        for directory in (place.parent, self.directory):
            _flush(directory)
        return place

    def problem(self, sha256: str, size: int | None) -> str:
        """What is wrong with a file that should be there, as the rest of a sentence about it; empty when nothing is."""
        place, digest, found = self.place(sha256), hashlib.sha256(), 0
        try:
            with place.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    found += len(block)
        except FileNotFoundError:
            return f"its file {place} is not there"
        except OSError as error:
            return f"its file {place} cannot be read ({error.strerror})"
        if digest.hexdigest() != sha256 or (size is not None and found != size):
            return f"its file {place} is not the one that was attached"
        return ""

    def remove_all_but(self, named: Collection[str]) -> int:
        """Removes every kept file whose digest is not named; gives how many there were. Raises StoreError."""
        removed = 0
        try:
            for path in self.directory.glob("[0-9a-f][0-9a-f]/*"):
                if path.name not in named:
                    path.unlink()
                    removed += 1
        except OSError as error:
            raise StoreError(f"The scans in {self.directory} cannot be removed: {error.strerror}.") from None
        return removed


def _media_type(start: bytes) -> str:
    return next((kind for signature, kind in _SIGNATURES if start.startswith(signature)), "application/octet-stream")


def _flush(directory: Path) -> None:
    """Makes a rename outlast a power cut, where the system lets a directory be flushed."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
