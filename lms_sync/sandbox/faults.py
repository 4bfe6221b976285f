"""Everything that can go wrong between a client and a Moodle site, switchable one by one.

A fault is a rule: which kind, for which function or course, and when (always, on the n-th matching request,
with a probability, at most so many times). ``FAULTS`` describes every kind.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

#: Kind -> what it does. The names are what ``add`` and the command line take.
FAULTS: dict[str, str] = {
    "maintenance": "503 with an HTML page and Retry-After",
    "maintenance-json": "sitemaintenance in a 200",
    "upgrade": "upgraderunning in a 200",
    "database-down": "dbconnectionfailed in a 200",
    "rate-limit": "429 with Retry-After",
    "error-500": "500 with an HTML page",
    "error-502": "502 with an HTML page",
    "error-504": "504 with an HTML page",
    "error-500-after": "500 with an HTML page after the function ran: what was to be written is written",
    "error-504-after": "504 with an HTML page after the function ran, as when a proxy gave up waiting",
    "services-off": "403 with an empty body, as when web services are switched off",
    "html-page": "an HTML page with 200",
    "empty-body": "an empty body with 200",
    "truncated": "JSON cut in the middle, whole by its Content-Length",
    "xml-refusal": "an XML refusal although JSON was asked for",
    "invalid-response": "invalidresponse: one bad value failed the whole list",
    "drop-before": "the connection closes before the function runs",
    "drop-after": "the connection closes after the function ran, before any answer",
    "drop-headers": "the connection closes after the headers",
    "late": "the connection closes at once, and the function runs so many seconds later (option seconds; None: when "
    "SandboxServer.run_late is called)",
    "reset": "the connection is reset in the middle of the body",
    "slow": "the answer comes late (option seconds)",
    "token-expired": "accessexception once, then invalidtoken until clear()",
    "access-denied": "accessexception, as when a function left the service",
    "no-permission": "nopermissions for one course (option course) or all",
    "course-vanished": "one course (option course) or a random one is missing from the lists of courses",
    "empty-grades": "an empty usergrades with 200",
    "partial-grades": "some learners are missing from a whole-course report (option share)",
    "no-date": "an answer without a Date header",
    "wrong-clock": "a Date header that is off (option seconds)",
    "force-password": "forcepasswordchangenotice, as when the account must change its password",
    "proxy-timeout": "504 for a whole-course report of more than so many learners (option learners)",
}

#: Faults that pass: a client that tries again, or leaves a scope partial, ends in the right records.
TRANSIENT = (
    "maintenance",
    "maintenance-json",
    "upgrade",
    "database-down",
    "rate-limit",
    "error-500",
    "error-502",
    "error-504",
    "html-page",
    "empty-body",
    "truncated",
    "drop-before",
    "drop-after",
    "drop-headers",
    "reset",
    "slow",
    "no-date",
    "invalid-response",
    "course-vanished",
    "empty-grades",
    "partial-grades",
)

#: Faults after which whoever wrote something cannot know whether it was written; it was, but for the last four.
LOST_ANSWERS = (
    "drop-after",
    "drop-headers",
    "reset",
    "truncated",
    "error-500-after",
    "error-504-after",
    "late",
    "empty-body",
    "html-page",
    "error-500",
    "error-502",
)

#: Faults whose answers say how soon to come back: the default is short enough for tests.
DEFAULTS: dict[str, dict[str, Any]] = {
    "maintenance": {"retry_after": 300},
    "rate-limit": {"retry_after": 1},
    "slow": {"seconds": 1.0},
    "late": {"seconds": 0.2},
    "partial-grades": {"share": 0.5},
    "wrong-clock": {"seconds": -3600},
    "proxy-timeout": {"learners": 100},
}


def fault_names() -> list[str]:
    """Names of all kinds of faults."""
    return list(FAULTS)


@dataclass
class Rule:
    """One switched-on fault."""

    name: str
    function: str | None = None
    course: int | None = None
    nth: int | None = None
    probability: float | None = None
    times: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    matched: int = 0
    fired: int = 0

    def fires(self, function: str, course: int | None, rng: random.Random) -> bool:
        """Count a request and say whether it is struck."""
        if self.function not in {None, function} or (self.course is not None and self.course != course):
            return False
        self.matched += 1
        if self.times is not None and self.fired >= self.times:
            return False
        if self.nth is not None and self.matched != self.nth:
            return False
        if self.probability is not None and rng.random() >= self.probability:
            return False
        self.fired += 1
        return True


class Faults:
    """The faults of one server; safe to change while it runs.

    ``per_call`` and ``per_learner`` are a latency model in seconds, added to every answer.
    """

    def __init__(self, seed: int = 0, *, per_call: float = 0.0, per_learner: float = 0.0) -> None:
        self.rules: list[Rule] = []
        self.per_call, self.per_learner = per_call, per_learner
        self.rng = random.Random(seed)
        self.token_gone = False
        self._lock = threading.Lock()

    def add(
        self,
        name: str,
        *,
        function: str | None = None,
        course: int | None = None,
        nth: int | None = None,
        probability: float | None = None,
        times: int | None = None,
        **options: Any,
    ) -> Faults:
        """Switch a fault on: always, unless ``nth`` (1 is the first match), ``probability`` or ``times`` limit it."""
        if name not in FAULTS:
            raise ValueError(f"No fault is called {name!r}; there are: {', '.join(FAULTS)}.")
        options = DEFAULTS.get(name, {}) | options
        if name == "course-vanished":  # the course to lose, not a course that requests must name
            options, course = options | {"course": course}, None
        rule = Rule(name, function, course, nth, probability, times, options)
        with self._lock:
            self.rules.append(rule)
        return self

    def remove(self, name: str) -> None:
        """Switch off every rule of this name; other faults go on."""
        with self._lock:
            self.rules = [rule for rule in self.rules if rule.name != name]

    def clear(self) -> None:
        """Switch everything off and accept the token again. The latency stays."""
        with self._lock:
            self.rules = []
            self.token_gone = False

    def strike(self, function: str, course: int | None) -> dict[str, dict[str, Any]]:
        """The faults that strike this request: name -> options."""
        with self._lock:
            return {rule.name: rule.options for rule in self.rules if rule.fires(function, course, self.rng)}

    def fired(self, name: str | None = None) -> int:
        """How often a fault (or any) has struck since it was added."""
        with self._lock:
            return sum(rule.fired for rule in self.rules if name in {None, rule.name})

    @classmethod
    def random(cls, rng: random.Random, intensity: float = 0.2, names: Sequence[str] = TRANSIENT) -> Faults:
        """A random plan of some of these faults; ``intensity`` is about the share of struck requests (0 to 1)."""
        faults = cls(rng.randrange(2**32))
        chosen = rng.sample(names, min(rng.randint(1, 5), len(names))) if intensity > 0 else []
        for name in chosen:
            options: dict[str, Any] = {"retry_after": 0} if name in {"maintenance", "rate-limit"} else {}
            if name == "slow":
                options = {"seconds": 0.02}
            if rng.random() < 0.3:
                faults.add(name, nth=rng.randint(1, 30), **options)
            else:
                faults.add(name, probability=intensity / len(chosen), times=rng.randint(1, 12), **options)
        return faults

    def __repr__(self) -> str:
        parts = [f"{r.name}(nth={r.nth}, p={r.probability}, times={r.times})" for r in self.rules]
        return f"Faults({', '.join(parts)})"
