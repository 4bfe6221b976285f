"""The connector of docs/writing-a-connector.md: taken from the page, built, installed aside, proved and pulled with."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "writing-a-connector.md"
FILE = re.compile(r"^### `(?P<path>[^`]+)`$(?P<words>.*?)^```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TRY_IT = re.compile(r"^and in the configuration of lms-sync:\n\n```toml\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

PULL = """
import sys, threading
sys.path.insert(0, "tests")
from test_contract import Gradebook, KEY, gradebook
from pathlib import Path
from lms_sync.cli import main
server = Gradebook(gradebook())
threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
configuration = Path("lms-sync.toml").read_text(encoding="utf-8")
Path("lms-sync.toml").write_text(configuration.replace("http://gradebook.example.com", server.url), encoding="utf-8")
key = Path("gradebook.key")
key.touch(mode=0o600)
key.write_text(KEY)
sys.argv = ["lms-sync", *sys.argv[1:]]
main()
"""


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page in a directory of their own, and what pip makes of them in `installed` beside."""
    directory = tmp_path_factory.mktemp("gradebook")
    for found in FILE.finditer(PAGE.read_text(encoding="utf-8")):
        path = directory / found["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"], encoding="utf-8")
    command = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", "installed", "."]
    run(directory, "-m", "pip", "--disable-pip-version-check", *command)
    return directory


def run(directory: Path, *arguments: str) -> str:
    """Runs Python there, with what was installed on its path; gives what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(directory / "installed"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=directory, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_holds_a_whole_distribution(distribution: Path) -> None:
    files = {str(path.relative_to(distribution)) for path in distribution.rglob("*.*") if path.is_file()}
    assert {"pyproject.toml", "lms_sync_gradebook/connector.py", "lms_sync_gradebook/gradebook.toml"} <= files


def test_the_example_keeps_the_contract(distribution: Path) -> None:
    printed = run(distribution, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert re.search(r"^2\d passed", printed, re.MULTILINE), printed


def test_the_example_is_found_and_pulled_with(distribution: Path) -> None:
    source = TRY_IT.search(PAGE.read_text(encoding="utf-8"))
    assert source
    (distribution / "lms-sync.toml").write_text(
        f'[store]\nurl = "sqlite:///records.db"\n{source["text"]}', encoding="utf-8"
    )
    assert "gradebook" in run(distribution, "-m", "lms_sync", "connectors")
    run(distribution, "-c", PULL, "pull")
    printed = run(distribution, "-m", "lms_sync", "report", "grades", "--course", "1", "--format", "csv")
    assert "Петрова Анна Ивановна" in printed
    assert "87.5" in printed
    with closing(sqlite3.connect(distribution / "records.db")) as store:
        marks = store.execute("SELECT key, mark_text FROM grade_entry ORDER BY key").fetchall()
    assert marks == [("3/7", "хорошо"), ("3/8", "неудовлетворительно")]
