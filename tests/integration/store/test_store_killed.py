"""Real processes, really killed: a lock is freed, and a store verifies whenever its writer dies."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from lms_sync.errors import StoreBusy
from lms_sync.store.journal import read_journal_state
from lms_sync.store.query import runs
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS
from lms_sync.store.verify import verify
from tests.integration.store import journal_samples
from tests.integration.store.writer import RECORDS

ROOT = Path(__file__).parents[3]
KILLS = 4


@contextmanager
def writer(work: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """The writer at work; killed at the end if it still is."""
    command = [sys.executable, "-m", "tests.integration.store.writer", work, url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "at work\n"
            yield process
        finally:
            process.kill()


def test_a_killed_writer_leaves_whole_pages(store_url: str) -> None:
    moments = random.Random(7)
    with Store.open(store_url) as store:
        reached = 0
        for _ in range(KILLS):
            with writer("pages", store_url):
                time.sleep(moments.uniform(0.05, 0.4))
            report = verify(store)
            assert report.problems == []
            cursor = int(store.cursor("moodle", "grades", "course/5") or 0)
            assert cursor > reached
            with store.reading() as connection:
                table = PROJECTIONS["grade_entry"]
                rows = connection.execute(select(table.c.mark, table.c.retired_at, table.c.grade_item)).all()
            assert [row.mark for row in rows] == [cursor] * RECORDS
            assert [row.grade_item for row in rows if row.retired_at] == [str(cursor % RECORDS)]
            reached = cursor
        assert [run.outcome for run in runs(store)] == ["", *["interrupted"] * (KILLS - 1)]


def test_a_killed_writer_of_the_journal_loses_nothing_and_doubles_nothing(store_url: str) -> None:
    moments = random.Random(11)
    with Store.open(store_url) as store:
        reached = 0
        for _ in range(KILLS):
            with writer("journal", store_url):
                time.sleep(moments.uniform(0.05, 0.4))
            report = verify(store)
            assert report.problems == []
            cursor = int(store.cursor("moodle", "actions", "site") or 0)
            assert cursor > reached
            kept = journal_samples.found(store)
            assert kept == [journal_samples.action(number) for number in range(1, cursor + 1)]
            assert report.actions == cursor
            with store.reading() as connection:
                assert read_journal_state(connection, "moodle").told_until == journal_samples.instant(cursor)
            reached = cursor


def test_a_lock_is_freed_when_its_holder_is_killed(store: Store, store_url: str) -> None:
    with writer("lock", store_url) as holder:
        with pytest.raises(StoreBusy, match="working on the source 'moodle'"), store.lock("moodle"):
            pass
        with store.lock("branch"):
            pass
        holder.kill()
        holder.wait()
        take_within(store, seconds=20)


def take_within(store: Store, seconds: float) -> None:
    """PostgreSQL frees the lock when its server process sees that the connection is gone: soon, not at once."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with store.lock("moodle"):
                return
        except StoreBusy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_a_lock_is_freed_at_the_end_of_its_block(store: Store) -> None:
    for _ in range(2):
        with pytest.raises(LookupError), store.lock("мудл/2"):
            with pytest.raises(StoreBusy), store.lock("мудл/2"):
                pass
            raise LookupError
