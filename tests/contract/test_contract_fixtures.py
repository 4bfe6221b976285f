"""Who inherits the connector contract is told in one sentence what is still to be defined."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = {
    "connect": "test_streams_are_well_formed",
    "connect_nowhere": "test_check_tells_what_is_wrong_and_the_remedy",
    "change_something": "test_absent_names_kinds_of_records",
    "secret": "test_its_secret_is_nowhere",
}
"""One test that needs it, for each fixture that the inheriting class defines."""


def inheriting(left_out: str) -> str:
    """A module of tests whose class defines all fixtures but one."""
    lines = ["import pytest", "from lms_sync.testing import ConnectorContract", "class TestMine(ConnectorContract):"]
    for name in TESTS.keys() - {left_out}:
        lines += ["    @pytest.fixture", f"    def {name}(self): return None"]
    return "\n".join(lines)


@pytest.mark.parametrize("left_out", TESTS)
def test_a_fixture_that_is_left_out_is_told_without_a_traceback(left_out: str, tmp_path: Path) -> None:
    module = tmp_path / "test_mine.py"
    module.write_text(inheriting(left_out), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"{module}::TestMine::{TESTS[left_out]}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"TestMine must define the fixture `{left_out}`: " in done.stdout
    assert "See docs/writing-a-connector.md." in done.stdout
    assert "contract.py" not in done.stdout
