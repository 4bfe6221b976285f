"""A process of its own for tests that kill: `python writer.py pages|journal|lock URL`. Prints a line when at work."""

from __future__ import annotations

import sys
import time
from itertools import count

from lms_sync.records import Rung
from lms_sync.store.journal import JournalState
from lms_sync.store.store import Store
from tests.integration.store import journal_samples, samples

RECORDS = 40
ACTIONS = 300


def write_pages(store: Store) -> None:
    """Pages without end; page number N puts every record with mark N and sets the cursor to N."""
    run = store.begin_run("moodle", "full", "writer", "1")
    start = int(store.cursor("moodle", "grades", "course/5") or 0) + 1
    for number in count(start):
        with store.page(run, "grades", "course/5") as page:
            page.put([(samples.grade(str(item), mark=number), None) for item in range(RECORDS)])
            page.retire("grade_entry", [f"{number % RECORDS}/9"], "gone")
            page.set_cursor(str(number))
        if number == start:
            print("at work", flush=True)


def write_journal(store: Store) -> None:
    """Pages of actions without end, as a log is read: each begins with the last half of the one before, and sets the
    cursor to its last number."""
    run = store.begin_run("moodle", "full", "writer", "1")
    first = int(store.cursor("moodle", "actions", "site") or 0)
    for last in count(first + ACTIONS, ACTIONS):
        with store.page(run, "actions", "site") as page:
            numbers = range(max(1, last - ACTIONS * 3 // 2 + 1), last + 1)
            page.journal.put([journal_samples.action(number) for number in numbers])
            page.journal.keep(JournalState(Rung.LOG, journal_samples.instant(last)))
            page.set_cursor(str(last))
        if last == first + ACTIONS:
            print("at work", flush=True)


def hold_lock(store: Store) -> None:
    """Holds the source's lock without end."""
    with store.lock("moodle"):
        print("at work", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    work = {"pages": write_pages, "journal": write_journal, "lock": hold_lock}[sys.argv[1]]
    with Store.open(sys.argv[2]) as opened:
        work(opened)
