"""Every error lms-sync raises on purpose, grouped by what the operator can do about it.

Owns the hierarchy, the exit codes and the one-sentence form of a message. Must not know of any LMS, table or file
format. A message names the thing, the cause and the next step; it never carries a record's body or a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EXIT_DONE = 0
EXIT_PARTIAL = 1
EXIT_CONFIG = 2
EXIT_SOURCE = 3
EXIT_STORE = 4


class LmsSyncError(Exception):
    """Something went wrong in a way that lms-sync understands; `exit_code` says whose turn it is."""

    exit_code = EXIT_PARTIAL


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file: `where` is a dotted key or `file:line`, `message` says what and what to write."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class ConfigError(LmsSyncError):
    """The configuration, a mapping or the command line is wrong; `problems` lists everything found at once."""

    exit_code = EXIT_CONFIG

    def __init__(self, subject: str, problems: Iterable[Problem] = ()) -> None:
        self.subject = subject
        self.problems = tuple(problems)
        super().__init__("\n".join([subject, *(f"  - {problem}" for problem in self.problems)]))


class RegisterError(LmsSyncError):
    """Something asked of the official records cannot be done as they stand; nothing was written."""

    exit_code = EXIT_CONFIG


class SourceError(LmsSyncError):
    """The LMS did not give what was asked for."""

    exit_code = EXIT_SOURCE


class SourceUnavailable(SourceError):
    """The LMS cannot be reached or is busy; the same call may succeed later.

    `retry_after` is the number of seconds the LMS asked for, or None. `maintenance` marks a planned pause.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, maintenance: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.maintenance = maintenance


class SourceTimeout(SourceUnavailable):
    """The LMS or a proxy before it took too long over one answer; asking for less may succeed."""


class SourceAnswerInvalid(SourceError):
    """The LMS answered with something that is not an answer: cut, empty, HTML, or of an unknown shape.

    `transient` is true when the same call may well succeed (a cut or empty body), false when it will not.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class SourceRefused(SourceError):
    """The LMS refuses this call to this account; other calls may go on. `code` is the LMS's own error code."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class SourceGone(SourceRefused):
    """The object asked for does not exist in the LMS (any more)."""


class SourceDenied(SourceError):
    """The LMS refuses the account itself (token, service, forced password change): nothing more can be read."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class OutcomeUnknown(SourceError):
    """A write was sent and its answer was lost: look at the LMS before sending it again."""


class StoreError(LmsSyncError):
    """The record store cannot be opened, read or written."""

    exit_code = EXIT_STORE


class StoreBusy(StoreError):
    """Another lms-sync process holds what this one needs."""


class StoreTooNew(StoreError):
    """The store was written by a newer lms-sync; nothing was touched."""


class StoreDamaged(StoreError):
    """The ledger or a projection is not what was written."""
