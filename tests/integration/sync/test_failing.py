"""What goes wrong in the LMS or in the connector harms no more than it must, and is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from lms_sync.connector import Outcome, Page, ReadTask, Scope, ScopeEnd
from lms_sync.errors import (
    ConfigError,
    SourceAnswerInvalid,
    SourceDenied,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnavailable,
)
from lms_sync.store.query import runs
from lms_sync.testing import MemoryConnector
from tests.integration.sync.conftest import Academy, add_course, reads, several_courses


class Failing(MemoryConnector):
    """Breaks the contract in the grades of course 5, in the way that `how` names."""

    how = ""

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        if (scope.stream, scope.key) != ("grades", "course/5"):
            return super().read(scope, task)
        if self.how == "before the first page":
            raise KeyError("Фамилиев501")
        return self._spoiled(super().read(scope, task))

    def _spoiled(self, pages: Iterator[Page]) -> Iterator[Any]:
        for page in pages:
            match self.how:
                case "between pages":
                    yield page
                    raise KeyError("Фамилиев501")
                case "without an end":
                    yield Page(records=page.records)
                    return
                case "no pages":
                    yield page.records
                case "no records":
                    yield Page(records=[dict(one.fields) for one in page.records])  # type: ignore[misc]
                case "an end of its own":
                    yield replace(page, end=ScopeEnd("braked", 1))  # type: ignore[arg-type]
                case "no end":
                    yield replace(page, end=Outcome.COMPLETE)  # type: ignore[arg-type]
                case "configuration":
                    raise ConfigError("Фамилиев501")


@pytest.mark.parametrize(
    "how",
    [
        "before the first page",
        "between pages",
        "without an end",
        "no pages",
        "no records",
        "an end of its own",
        "no end",
        "configuration",
    ],
)
def test_a_fault_of_the_connector_harms_only_its_scope(academy: Academy, how: str) -> None:
    add_course(academy.site, 6, learners=2)
    academy.connector = type("FailingSo", (Failing,), {"how": how})
    summary = academy.pull()
    assert (summary.outcome, summary.exit_code) == ("partial", 1)
    assert academy.state("grades").outcome == Outcome.PARTIAL
    assert "Фамилиев501" not in " ".join(summary.problems)
    assert academy.live("grade_entry", "course/6") == {"60/601", "60/602"}
    assert len(academy.live("attempt")) == 4
    assert runs(academy.store)[0].outcome == "partial"


class FailingToList(MemoryConnector):
    def scopes(self, stream: str) -> Sequence[Scope]:
        if stream == "people":
            raise KeyError("Фамилиев501")
        return super().scopes(stream)

    def close(self) -> None:
        raise KeyError("Фамилиев501")


def test_a_fault_in_listing_scopes_or_closing_leaves_a_finished_run(academy: Academy) -> None:
    academy.connector = FailingToList
    summary = academy.pull()
    assert summary.outcome == "partial"
    assert [run.outcome for run in runs(academy.store)] == ["partial"]
    assert "Фамилиев501" not in " ".join(summary.problems)


class FailingToBegin(MemoryConnector):
    def __init__(self, *_: Any) -> None:
        raise KeyError("Фамилиев501")


def test_a_connector_that_cannot_be_made_is_a_source_error(academy: Academy) -> None:
    plain = academy.connect
    academy.connect = lambda: FailingToBegin(plain)  # type: ignore[method-assign]
    with pytest.raises(SourceError, match="report this to its author"):
        academy.pull()


@pytest.mark.parametrize("where", ["listing", "reading"])
def test_an_account_that_is_denied_ends_the_run(academy: Academy, where: str) -> None:
    denied = SourceDenied("the token has expired", code="invalidtoken")
    if where == "listing":
        academy.site.faults.scopes["people"] = denied
    else:
        academy.site.faults.pages["people", "course/5", 1] = denied
    summary = academy.pull()
    assert (summary.outcome, summary.exit_code) == ("failed", 3)
    assert summary.problems == ["the token has expired"]
    assert reads(academy, "grades", "attempts") == []
    assert runs(academy.store)[0].outcome == "failed"


def test_an_lms_that_does_not_answer_at_all_fails_the_run(academy: Academy) -> None:
    academy.pull()
    academy.site.faults.down = SourceUnavailable("nobody answers")
    summary = academy.pull()
    assert (summary.outcome, summary.exit_code) == ("failed", 3)
    assert len(academy.live("grade_entry")) == 4


def test_three_silent_scopes_in_a_row_end_the_run(academy: Academy) -> None:
    several_courses(academy)
    for course in (5, 6, 7):
        academy.site.faults.pages["people", f"course/{course}", 1] = SourceUnavailable("nobody answers")
    summary = academy.pull()
    assert (summary.outcome, summary.exit_code) == ("failed", 3)
    assert [scope for _, scope, _ in reads(academy, "people")] == ["course/5", "course/6", "course/7"]
    assert reads(academy, "grades") == []


def test_a_run_without_a_single_answer_has_failed(academy: Academy) -> None:
    academy.site.faults.pages["courses", "site", 1] = SourceUnavailable("nobody answers")
    summary = academy.pull(streams=("courses",))
    assert (summary.outcome, summary.exit_code) == ("failed", 3)


@pytest.mark.parametrize("third", [None, SourceTimeout("too long"), SourceRefused("no"), SourceAnswerInvalid("cut")])
def test_any_answer_between_silent_scopes_lets_the_run_go_on(academy: Academy, third: SourceError | None) -> None:
    several_courses(academy)
    for course in (5, 6, 8, 9):
        academy.site.faults.pages["people", f"course/{course}", 1] = SourceUnavailable("nobody answers")
    if third:
        academy.site.faults.pages["people", "course/7", 1] = third
    assert academy.pull().outcome == "partial"
    assert len(reads(academy, "people")) == len(reads(academy, "attempts")) == 5
