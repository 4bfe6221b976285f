"""The register of web-service functions and the cleaning of their parameters.

A module of functions registers each of them with ``function``; importing the module is all it takes to serve
them (``functions/__init__.py`` imports Moodle's own; companion functions can be a further module).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lms_sync.sandbox import php, refusals
from lms_sync.sandbox.model import User
from lms_sync.sandbox.world import World

REQUIRED = object()
ALL_RELEASES = frozenset({"4.1", "4.5", "5.1"})
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")


@dataclass(frozen=True)
class Param:
    """One value: its cleaning (``int``, ``bool``, ``text``, ``alpha`` or ``name``) and default."""

    kind: str
    default: Any = REQUIRED

    def clean(self, value: Any) -> Any:
        """The value as ``clean_param`` lets it through. Raises ``Refusal`` (invalidparameter)."""
        if isinstance(value, dict):
            raise refusals.invalid_parameter()
        if self.kind == "int":
            if not _INTEGER.fullmatch(value):
                raise refusals.invalid_parameter()
            return int(value)
        if self.kind == "bool":
            if value.lower() not in {"0", "1", "true", "false", "yes", "no", ""}:
                raise refusals.invalid_parameter()
            return value.lower() in {"1", "true", "yes"}
        if self.kind == "alpha" and re.search(r"[^A-Za-z_]", value):
            raise refusals.invalid_parameter()
        if self.kind == "name" and re.search(r"[^A-Za-z0-9_-]", value):
            raise refusals.invalid_parameter()
        return value


@dataclass(frozen=True)
class Record:
    """A structure of named parts; a part it does not name is refused."""

    parts: dict[str, Param | Record | Several]
    default: Any = REQUIRED

    def clean(self, value: Any) -> dict[str, Any]:
        """Each part cleaned, defaults filled in. Raises ``Refusal`` for a missing or unknown part."""
        if not isinstance(value, dict) or not value.keys() <= self.parts.keys():
            raise refusals.invalid_parameter()
        cleaned = {}
        for name, part in self.parts.items():
            if name in value:
                cleaned[name] = part.clean(value[name])
            elif part.default is REQUIRED:
                raise refusals.invalid_parameter()
            else:
                cleaned[name] = part.default
        return cleaned


@dataclass(frozen=True)
class Several:
    """A list of like parts."""

    part: Param | Record
    default: Any = REQUIRED

    def clean(self, value: Any) -> list[Any]:
        """The list's entries cleaned, in the order sent; their indexes do not matter."""
        if not isinstance(value, dict):
            raise refusals.invalid_parameter()
        return [self.part.clean(entry) for entry in value.values()]


INT, BOOL, TEXT, ALPHA = Param("int"), Param("bool"), Param("text"), Param("alpha")


def optional(kind: str, default: Any = None) -> Param:
    """A parameter that may be left out, which means ``default``."""
    return Param(kind, default)


@dataclass(frozen=True)
class Call:
    """One call being answered: the world, the cleaned parameters, the settings sent beside them."""

    world: World
    url: str
    params: dict[str, Any]
    raw: bool = False
    language: str = "en"

    def shown(self, text: str) -> str:
        """A name as the web services' own ``format_string`` gives it: whole only with ``moodlewssettingraw``."""
        return text if self.raw else php.format_string(text)

    def course(self, course: int) -> None:
        """Refuse a course that does not exist."""
        if course not in self.world.courses:
            raise refusals.missing_record("course")

    def person(self, user: int) -> User:
        """The account, or the refusal that calls about one person give."""
        if user not in self.world.users:
            raise refusals.missing_record("user")
        if self.world.users[user].deleted:
            raise refusals.user_deleted()
        if user == self.world.guest_id:
            raise refusals.guest_not_allowed()
        return self.world.users[user]


@dataclass(frozen=True)
class Function:
    """A web-service function: its parameters, who answers it, and the releases that have it."""

    name: str
    spec: Record
    handler: Callable[[Call], Any]
    releases: frozenset[str]
    #: Whether an answer is costly enough to be kept until the world changes. Never set it on a write.
    cached: bool = False


@dataclass
class Registry:
    """All functions by name; ``REGISTRY`` is the one that is served."""

    functions: dict[str, Function] = field(default_factory=dict)

    def function(
        self,
        name: str,
        releases: Iterable[str] = ALL_RELEASES,
        cached: bool = False,
        **parts: Param | Record | Several,
    ) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
        """Register the decorated handler as the web-service function ``name`` with these parameters."""

        def register(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
            self.functions[name] = Function(name, Record(parts), handler, frozenset(releases), cached)
            return handler

        return register


REGISTRY = Registry()
function = REGISTRY.function
