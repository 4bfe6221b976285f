"""`python -m benchmarks`: pulls from an invented LMS, and prints each figure beside its target. Takes minutes.

Targets are ratios to a floor measured in the same run, so that they mean the same on any machine; exit code 1 when one
is missed. `--quick` makes everything ten times smaller, to see that it works.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure
from benchmarks.floor import floor_seconds
from benchmarks.journal import of_a_log
from benchmarks.lms import Lms, running_lms
from benchmarks.measured import pulled, verified

LEARNERS = 1_000
MANY_LEARNERS = 5_000
LEARNER_SECONDS = 0.035  # what a Moodle takes over one learner's grades
SITE_COURSES = 20
LOG_ROWS = 1_000_000
HANDFUL = 12


def main() -> int:
    """Measures everything; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ten times smaller")
    scale = 10 if parser.parse_args().quick else 1
    console = Console(width=120)
    table = Table("figure", "measured", "target", "")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="lms-sync-bench-") as directory:
        for figure in figures(Path(directory), scale):
            missed += figure.ok is False
            table.add_row(
                figure.name, figure.measured, figure.target, {None: "", True: "ok", False: "MISSED"}[figure.ok]
            )
            Console(stderr=True).print(f"{figure.name}: {figure.measured}")
    console.print(table)
    return 1 if missed else 0


def figures(directory: Path, scale: int) -> Iterator[Figure]:
    """Every figure, as soon as it is measured."""
    yield from of_a_large_course(directory, LEARNERS // scale)
    yield of_an_unchanged_site(directory, max(SITE_COURSES // scale, 2))
    yield of_an_unchanged_site_that_tells(directory, max(SITE_COURSES // scale, 2))
    yield from of_a_log(directory, LOG_ROWS // scale)
    yield from of_a_very_large_course(directory, MANY_LEARNERS // scale)


def of_a_large_course(directory: Path, learners: int) -> Iterator[Figure]:
    """First pulls of one course, against the floor; and the pull of a slow LMS."""
    store = directory / "large.db"
    with running_lms(learners) as lms:
        scope = f"course/{lms.site.course}"
        people = pulled(lms.site, store, ("courses", "assessments", "people"))
        yield Figure("people, courses, tests: first pull", f"{people.seconds:.1f} s", "", None)
        for stream in ("grades", "attempts"):
            lms.requests()
            first = pulled(lms.site, store, (stream,), scope)
            asked = lms.requests()
            floor = floor_seconds(lms.site, asked, directory / f"{stream}.floor.db")
            share = floor / first.seconds
            yield Figure(
                f"{stream}: floor / first pull ({lms.site.learners} learners, {first.records:,} records)",
                f"{share:.2f}  ({floor:.1f} s / {first.seconds:.1f} s, {first.records / first.seconds:,.0f} records/s, "
                f"{len(asked):,} requests)",
                "≥ 0.5",
                share >= 0.5,
            )
        yield Figure(
            f"peak memory of the last pull ({lms.site.learners} learners)",
            f"{first.mebibytes:.0f} MiB",
            "< 150 MiB",
            first.mebibytes < 150,
        )
        yield of_a_slow_lms(lms, directory, scope)


def of_a_slow_lms(lms: Lms, directory: Path, scope: str) -> Figure:
    """The first pull of grades when the LMS itself takes most of the time."""
    store = directory / "slow.db"
    pulled(lms.site, store, ("courses", "assessments", "people"))
    lms.requests()
    lms.latency(LEARNER_SECONDS)
    slow = pulled(lms.site, store, ("grades",), scope)
    own = floor_seconds(lms.site, lms.requests(), directory / "slow.floor.db")
    ratio = slow.seconds / own
    return Figure(
        f"grades of a slow LMS ({LEARNER_SECONDS * 1000:.0f} ms a learner): first pull / its own time",
        f"{ratio:.2f}  ({slow.seconds:.1f} s / {own:.1f} s)",
        "≤ 1.1",
        ratio <= 1.1,
    )


def of_an_unchanged_site(directory: Path, courses: int) -> Figure:
    """Requests of a pull when nothing changed."""
    with running_lms(60, courses) as lms:
        store = directory / "unchanged.db"
        pulled(lms.site, store)
        lms.requests()
        again = pulled(lms.site, store)
        asked = len(lms.requests())
    each = asked / lms.site.courses
    return Figure(
        f"unchanged site: requests a course ({lms.site.courses} courses)",
        f"{each:.2f}  ({asked} requests, {again.seconds:.1f} s)",
        "≤ 1 and a handful for the site",
        asked <= lms.site.courses + 6,
    )


def of_an_unchanged_site_that_tells(directory: Path, courses: int) -> Figure:
    """Requests of a pull when nothing changed and the companion is installed."""
    with running_lms(60, courses, companion=True) as lms:
        store = directory / "unchanged-companion.db"
        pulled(lms.site, store)
        lms.requests()
        again = pulled(lms.site, store)
        asked = len(lms.requests())
    return Figure(
        f"unchanged site with the companion: requests in all ({lms.site.courses} courses)",
        f"{asked}  ({again.seconds:.1f} s)",
        f"≤ {HANDFUL}",
        asked <= HANDFUL,
    )


def of_a_very_large_course(directory: Path, learners: int) -> Iterator[Figure]:
    """Peak memory of the first pull of everything, and the proof: of a large store, as it grows with the years."""
    store = directory / "many.db"
    with running_lms(learners) as lms:
        whole = pulled(lms.site, store)
    yield Figure(
        f"peak memory, first pull of everything ({learners:,} learners, {whole.records:,} records)",
        f"{whole.mebibytes:.0f} MiB  ({whole.seconds:.0f} s)",
        "< 150 MiB",
        whole.mebibytes < 150,
    )
    proof = verified(store)
    rate = (proof.rows + proof.actions) / proof.seconds
    name = f"verify ({proof.rows:,} ledger rows, {proof.actions:,} of the journal)"
    yield Figure(name, f"{rate:,.0f} rows/s", "≥ 200,000 rows/s", rate >= 200_000)


if __name__ == "__main__":
    sys.exit(main())
