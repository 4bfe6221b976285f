"""Lines between reading and writing: kept outside of memory, so that a table of any length needs the same.

They hold personal data: the file has no name, is its owner's alone, and is gone with the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType

import msgspec

from lms_sync.registers.documents.importing.lines import Line

IN_MEMORY = 8 * 1024 * 1024
_LENGTH = 4


class Spool:
    """Lines in the order in which they were added; may be read as often as one likes."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=IN_MEMORY)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Line).decode

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, line: Line) -> None:
        """Adds a line at the end."""
        data = self._encode(line)
        self._file.write(len(data).to_bytes(_LENGTH, "big") + data)

    def __iter__(self) -> Iterator[Line]:
        self._file.seek(0)
        while length := self._file.read(_LENGTH):
            yield self._decode(self._file.read(int.from_bytes(length, "big")))
