"""The invented LMS of the benchmarks, in a process of its own so that it takes no time from what is measured.

Owns the world and the commands that the measuring process sends. Must not know lms-sync beyond its sandbox.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from lms_sync.sandbox import Faults, SandboxServer, World, academy

COLUMNS = 12
GRADE_REPORT = "gradereport_user_get_grade_items"
DAY = 86_400


class Site(NamedTuple):
    """Where the LMS is, and the largest of its courses."""

    url: str
    token: str
    course: int
    learners: int
    courses: int


class Request(NamedTuple):
    """One request that the LMS answered."""

    function: str
    params: dict[str, Any]


class Lms:
    """The LMS as the measuring process sees it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.site: Site = pipe.recv()

    def requests(self) -> list[Request]:
        """What was asked since the last call."""
        self._pipe.send(("requests",))
        answer: list[Request] = self._pipe.recv()
        return answer

    def latency(self, seconds: float) -> None:
        """From now on one learner's grade report takes so many seconds."""
        self._pipe.send(("latency", seconds))
        self._pipe.recv()


@contextmanager
def running_lms(learners: int, courses: int = 1, *, companion: bool = False, log_rows: int = 0) -> Iterator[Lms]:
    """An LMS with one course of all the learners, twelve columns wide, and `courses` - 1 smaller ones.

    With `companion` it has the plugin. `log_rows` more rows stand in its log, of learners' traffic within a year.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, learners, courses, companion, log_rows), daemon=True)
    process.start()
    there.close()
    try:
        yield Lms(here)
    finally:
        here.close()
        process.join()


def _serve(pipe: Connection, learners: int, courses: int, companion: bool, log_rows: int) -> None:
    world = academy(1, learners, courses)
    course = max(world.enrolments, key=lambda one: len(world.enrolments[one]))
    _widen(world, course)
    if log_rows:
        world.add_bulk_log(log_rows)
    if companion:
        world.install_companion()
    world.advance(30 * DAY)  # nothing is recent any more, as nothing is on a site at rest
    with SandboxServer(world) as server:
        pipe.send(Site(server.url, world.token, course, len(world.enrolments[course]), len(world.courses)))
        while True:
            try:
                command, *arguments = pipe.recv()
            except EOFError:
                return
            if command == "latency":
                server.faults = Faults().add("slow", function=GRADE_REPORT, seconds=arguments[0])
                pipe.send(None)
            else:
                pipe.send([Request(one.function, dict(one.params)) for one in server.requests])
                server.forget_requests()


def _widen(world: World, course: int) -> None:
    for number in range(COLUMNS - len(world.items_of[course])):
        item = world.add_manual_item(course, f"Занятие {number + 1}")
        for place, learner in enumerate(world.enrolments[course]):
            world.set_grade(item.id, learner, Decimal(place * 7919 % 10_000) / 100)
