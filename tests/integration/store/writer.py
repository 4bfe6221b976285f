"""A process of its own for tests that kill: `python writer.py pages|lock URL`. Prints one line when it is at work."""

from __future__ import annotations

import sys
import time
from itertools import count

from lms_sync.store.store import Store
from tests.integration.store import samples

RECORDS = 40


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


def hold_lock(store: Store) -> None:
    """Holds the source's lock without end."""
    with store.lock("moodle"):
        print("at work", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    work = {"pages": write_pages, "lock": hold_lock}[sys.argv[1]]
    with Store.open(sys.argv[2]) as opened:
        work(opened)
