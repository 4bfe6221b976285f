"""What a benchmark gives: one line of the table."""

from __future__ import annotations

from typing import NamedTuple


class Figure(NamedTuple):
    """One line of the table. `ok` is None where there is no target."""

    name: str
    measured: str
    target: str
    ok: bool | None
