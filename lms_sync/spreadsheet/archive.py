"""Whether the archive of an XLSX file is sound, before anything of it is unpacked or parsed.

Entities, which make XML dangerous, can only be declared in a document type, and that only before a part's first
element, in letters that are ASCII: so a look at the beginning of every part tells.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from lms_sync.errors import ConfigError

LARGEST_SHEET = 1024**3
"""Bytes of a sheet unpacked: it is read as a stream."""
LARGEST_PART = 256 * 1024**2
"""Bytes of any other part unpacked: these are held in memory."""
MOST_PARTS = 10_000

_BEGINNING = 64 * 1024
_XML = (".xml", ".rels")
_SOUND = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml\s+version=["']1\.[01]["'](?:\s+encoding=["'](?:utf-8|us-ascii)["'])?"""
    rb"""(?:\s+standalone=["'](?:yes|no)["'])?\s*\?>)?(?:\s|<!--.*?-->|<\?(?!xml\s).*?\?>)*<[a-z_]""",
    re.IGNORECASE | re.DOTALL,
)


def refuse_unsound(path: Path) -> None:
    """Raises ConfigError for an archive that would unpack to too much, is encrypted, or may declare entities.

    A part cannot unpack to more than the archive's list says: `zipfile` reads no further.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        for part in parts:
            largest = LARGEST_SHEET if part.filename.startswith("xl/worksheets/") else LARGEST_PART
            if len(parts) > MOST_PARTS or part.file_size > largest:
                raise ConfigError(f"{path} would unpack to more than is sound: save the sheet into a file of its own.")
            if part.flag_bits & 1:
                raise ConfigError(f"{path} is protected by a password: save it without one.")
        for part in parts:
            if part.filename.lower().endswith(_XML):
                with archive.open(part) as stream:
                    beginning = stream.read(_BEGINNING)
                if not _SOUND.match(beginning):
                    raise ConfigError(
                        f"{path} holds XML that begins as no spreadsheet writes it, and may be meant to harm: "
                        "do not trust this file."
                    )
