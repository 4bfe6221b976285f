"""Column types that only the store needs. Must not know any table."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator


class JsonText(TypeDecorator[Any]):
    """A list or mapping as readable JSON text, the same in both databases; Cyrillic stays Cyrillic."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """See `TypeDecorator`."""
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """See `TypeDecorator`."""
        return None if value is None else json.loads(value)
