"""Packs the Moodle-side plugin into the zip that Moodle installs. Needs nothing but Python.

Owns the form of the zip. The same sources make the same bytes on every machine and day: entries are sorted, times and
modes are fixed, and nothing is compressed, because versions of zlib differ. Must not know what the plugin does.
"""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

SOURCE = Path(__file__).parent / "lms_sync_moodle" / "companion" / "local_lmssync"
FOLDER = "lmssync"
"""The folder of `local/` into which Moodle unpacks it: the plugin's name without its kind."""

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold."""


def release(source: Path = SOURCE) -> str:
    """The plugin's release as `version.php` says it. Raises ValueError when it says none."""
    found = re.search(r"^\$plugin->release = '([0-9A-Za-z.-]+)';", (source / "version.php").read_text("utf-8"), re.M)
    if not found:
        raise ValueError(f"{source / 'version.php'} names no release; write $plugin->release = '1.2.3';")
    return found[1]


def build(folder: Path, source: Path = SOURCE) -> Path:
    """Writes the zip into a folder and returns its path. Raises ValueError and OSError."""
    target = folder / f"local_lmssync-{release(source)}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in source.rglob("*") if path.is_file() and not _is_hidden(path, source)):
            entry = zipfile.ZipInfo(f"{FOLDER}/{path.relative_to(source).as_posix()}", EARLIEST)
            entry.create_system = 3  # Unix, whatever this machine is
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target


def _is_hidden(path: Path, source: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(source).parts)


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path(sys.argv[1]))}\n")
