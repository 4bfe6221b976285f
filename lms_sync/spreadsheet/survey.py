"""What a sheet's XML says besides its cells: merged areas and hidden rows. One look at the whole part, as a stream.

A parser would make an object of each of millions of cells for a handful of tags, so tags are looked for as bytes: in
XML no `<` stands for anything else. openpyxl reads the part properly afterwards.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl.utils.cell import range_boundaries

from lms_sync.spreadsheet.sheet import Area

_BLOCK = 1024 * 1024
_MOST_MERGED = 10_000
_HIDDEN = re.compile(rb"""<(?:\w+:)?row\s(?:[^<>]*\s)?hidden=["'](?:1|true)["']""")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s(?:[^<>]*\s)?ref=["']([A-Z0-9:]{2,40})["']""")


@dataclass
class Survey:
    """What was found."""

    merged: list[Area] = field(default_factory=list)
    hidden_rows: int = 0


def survey(path: Path, part: str) -> Survey:
    """Looks through the sheet's part of the archive. Raises what `zipfile` does for a damaged one."""
    found = Survey()
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as stream:
        rest = b""
        while block := stream.read(_BLOCK):
            block = rest + block
            end = max(block.rfind(b"<"), 0)  # a tag that the block's end cuts is looked at with the next one
            _look(block[:end], found)
            rest = block[end:]
        _look(rest, found)
    return found


def _look(block: bytes, found: Survey) -> None:
    found.hidden_rows += sum(1 for _ in _HIDDEN.finditer(block))
    for match in _MERGED.finditer(block):
        if len(found.merged) < _MOST_MERGED:
            left, top, right, bottom = range_boundaries(match[1].decode())
            found.merged.append(Area(top, bottom, left - 1, right - 1))
