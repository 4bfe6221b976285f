"""See `lms_sync.collation`."""

from __future__ import annotations

from lms_sync.collation import name_key, sort_key

__all__ = ["name_key", "sort_key"]
