"""A sandbox that a connector reads over real HTTP, with a memory of what was read, and questions to both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lms_sync_moodle import MoodleConnector

from lms_sync.connector import Mode, Page, Scope
from lms_sync.sandbox import SandboxServer, World
from lms_sync.sandbox.truth import AttemptFacts
from tests.contract.moodle.moodle_memory import Memory, records_of

Connect = Callable[..., MoodleConnector]
"""(url, token, access, **options) -> a new connector; the fixture `connect` of `conftest.py`."""

Pages = dict[tuple[str, str], list[Page]]


class Site:
    """A sandbox, a memory of what was read from it, and a new connector for every pull."""

    def __init__(self, world: World, connect: Connect, **options: Any) -> None:
        self.world, self.memory, self.options = world, Memory(), options
        self.server = SandboxServer(world)
        self._connect = connect

    def connector(self, **options: Any) -> MoodleConnector:
        return self._connect(self.server.url, self.world.token, **{**self.options, **options})

    def pull(self, mode: Mode = Mode.FULL, **options: Any) -> Pages:
        """A whole pull by one connector; incremental streams in the given mode."""
        connector = self.connector(**options)
        return {
            (scope.stream, scope.key): self.memory.read(connector, scope, mode if stream.incremental else Mode.FULL)
            for stream in connector.streams()
            for scope in connector.scopes(stream.name)
        }

    def read(self, stream: str, course: int | None = None, mode: Mode = Mode.FULL, **options: Any) -> list[Page]:
        key = "site" if course is None else f"course/{course}"
        return self.memory.read(self.connector(**options), Scope(stream, key), mode)


def course_with_attempts(world: World) -> int:
    return min(course_of(world, fact) for fact in world.truth().attempts.values())


def course_of(world: World, fact: AttemptFacts) -> int:
    return world.quizzes[fact.quiz].course


def everything(pages: Pages, kind: str) -> dict[str, Any]:
    return {key: record for read in pages.values() for key, record in records_of(read, kind).items()}
