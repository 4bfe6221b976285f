"""Whether a file with a secret in it is its owner's alone. Must not know what the secret is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def why_not_private(path: Path) -> str:
    """What is wrong with a secret's file, as the rest of a sentence about it; empty when nothing is. Raises OSError."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        return "is not a file"
    if os.name == "posix" and mode & _OPEN_TO_OTHERS:
        return f"can be read by others (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}"
    return ""
