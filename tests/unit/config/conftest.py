"""The directory that a configuration stands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.samples import TOKEN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the file that holds the token of `samples.SOURCE`."""
    secret = tmp_path / "academy.token"
    secret.write_text(f"{TOKEN}\n", encoding="utf-8")
    secret.chmod(0o600)
    return tmp_path
