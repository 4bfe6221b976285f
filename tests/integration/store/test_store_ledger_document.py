"""`docs/ledger.md` is enough for a stranger: its verifier and its query run as printed."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from lms_sync.store.store import Store
from lms_sync.store.tables import ledger
from lms_sync.store.verify import verify
from tests.integration.store import journal_samples, samples

DOCUMENT = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text(encoding="utf-8")


def printed(language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    return str(block)


@pytest.fixture
def written(sqlite_url: str) -> Store:
    """A store with every operation in it."""
    store = Store.open(sqlite_url)
    samples.put(store, *samples.every_kind(), samples.learner("10"))
    samples.retire(store, "grade_entry", ["7/9"])
    samples.put(store, samples.grade(mark_text='"отлично"\n\\'))
    awkward = journal_samples.action(4, event='\\core"\n', address="ё\t\x7f", actor=None)
    journal_samples.put(
        store, journal_samples.action(1), journal_samples.derived(2), journal_samples.action(3, learner="10")
    )
    journal_samples.put(
        store, awkward, journal_samples.action(5, anonymous=True), journal_samples.action(6, actor="10")
    )
    store.erase_learner("moodle", "10", "registrar", "отзыв согласия")
    return store


def run_verifier(tmp_path: Path) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "verifier.py"
    program.write_text(printed("python"), encoding="utf-8")
    # -I -S: no environment, no site-packages: the standard library only.
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(program), str(tmp_path / "records.db")]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_the_printed_verifier_agrees(written: Store, tmp_path: Path) -> None:
    head = verify(written).head
    answer = run_verifier(tmp_path)
    told = f"{head.seq} rows, head {head.digest}\n6 actions\nunbroken\n"
    assert (answer.stdout, answer.returncode) == (told, 0)
    written.close()


def test_the_printed_verifier_finds_a_change(written: Store, tmp_path: Path) -> None:
    with samples.tampering(written) as connection:
        connection.execute(update(ledger).where(ledger.c.seq == 3).values(reason="иначе"))
        connection.execute(update(ledger).where(ledger.c.seq == 4).values(payload="{}"))
        connection.execute(update(ledger).where(ledger.c.seq == 5).values(payload=None, salt=None))
        connection.execute(text("DELETE FROM ledger WHERE seq = 6"))
    written.close()
    answer = run_verifier(tmp_path)
    assert answer.returncode == 1
    for line in ("row 3 was changed", "the payload of row 4 was changed", "row 6 is missing", "row 5: payload"):
        assert line in answer.stdout


@pytest.mark.parametrize(
    ("change", "sealed_by"),
    [
        ("UPDATE action SET course = '6' WHERE salt IS NOT NULL", ["first page", "second page"]),
        ("UPDATE action SET anonymous = 1", ["first page", "second page"]),
        ("UPDATE action SET salt = NULL", ["first page", "second page"]),
        ("UPDATE action SET key = key || '0' WHERE salt IS NULL", ["erasure"]),
        ("UPDATE action SET erased_by = NULL", ["erasure"]),
        ("DELETE FROM action WHERE position = 3", ["first page", "second page", "erasure"]),
        ("DELETE FROM action WHERE page = (SELECT MIN(page) FROM action)", ["first page", "erasure"]),
    ],
)
def test_the_printed_verifier_finds_a_change_of_the_journal(
    written: Store, tmp_path: Path, change: str, sealed_by: list[str]
) -> None:
    sealing = select(ledger.c.seq).where(ledger.c.kind.like("action_%")).order_by(ledger.c.seq)
    with samples.tampering(written) as connection:
        rows = dict(zip(("first page", "second page", "erasure"), connection.execute(sealing).scalars(), strict=True))
        connection.execute(text(change))
    written.close()
    answer = run_verifier(tmp_path)
    assert answer.returncode == 1
    told = re.findall(r"the actions that row (\d+) seals were changed", answer.stdout)
    assert sorted(map(int, told)) == [rows[name] for name in sealed_by]


def test_the_printed_query_gives_what_was_known(written: Store, tmp_path: Path) -> None:
    written.close()
    with sqlite3.connect(tmp_path / "records.db") as connection:
        statement = printed("sql")
        assert connection.execute(statement).fetchall() == []
        later = statement.replace("2026-06-30", "9999-12-31")
        assert [row[:3] for row in connection.execute(later)] == [("7/9", 3, "restore")]
    connection.close()
