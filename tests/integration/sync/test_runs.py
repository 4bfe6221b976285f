"""Which scopes a run reads and how, when it ends early, and who may run at once."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from lms_sync.connector import Outcome, Page, ReadTask, Scope
from lms_sync.errors import (
    ConfigError,
    SourceAnswerInvalid,
    SourceDenied,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnavailable,
    StoreBusy,
)
from lms_sync.mapping.load import load_mapping
from lms_sync.store.query import runs
from lms_sync.sync.due import CLOSED
from lms_sync.sync.pull import Silence
from lms_sync.testing import MemoryConnector
from tests.integration.sync.conftest import Academy, add_course

READ_EACH_TIME = [("courses", "site", "full"), ("assessments", "site", "full")]


def reads(academy: Academy, *streams: str) -> list[tuple[str, str, str]]:
    return [read for read in academy.site.reads if read[0] in streams]


# --- what is read -----------------------------------------------------------------------------------------------------


def test_the_second_pull_asks_for_changes_only(academy: Academy) -> None:
    academy.pull()
    assert {mode for _, _, mode in academy.site.reads} == {"full"}
    academy.pull()
    assert academy.site.reads == [
        *READ_EACH_TIME,
        ("grades", "course/5", "changes"),
        ("attempts", "course/5", "changes"),
    ]


def test_a_full_pull_reads_everything_whole(academy: Academy) -> None:
    academy.pull()
    academy.pull(full=True)
    assert {(stream, mode) for stream, _, mode in academy.site.reads} == {
        (stream, "full") for stream in ("courses", "assessments", "people", "grades", "attempts")
    }


def test_a_scope_is_read_whole_again_when_its_last_whole_reading_has_grown_old(academy: Academy) -> None:
    academy.reconcile_after = {"grades": dt.timedelta(hours=2)}
    academy.pull()
    academy.clock.advance(hours=2, seconds=-1)
    academy.pull()
    assert reads(academy, "grades", "people") == [("grades", "course/5", "changes")]
    academy.clock.advance(seconds=1)
    academy.pull()
    assert reads(academy, "grades", "people") == [("grades", "course/5", "full")]
    academy.clock.advance(hours=22)
    academy.pull()
    assert reads(academy, "people") == [("people", "course/5", "full")]  # a day, where nothing is said


def test_a_reading_of_changes_does_not_put_off_the_whole_one(academy: Academy) -> None:
    academy.pull()
    for _ in range(3):
        academy.clock.advance(hours=8)
        academy.pull()
    assert reads(academy, "grades") == [("grades", "course/5", "full")]


def test_only_what_was_asked_for_is_read(academy: Academy) -> None:
    add_course(academy.site, 6, learners=1)
    academy.pull()
    academy.pull(streams=("people",))
    assert academy.site.reads == [("people", "course/5", "full"), ("people", "course/6", "full")]
    academy.pull(streams=("grades",), scopes=("course/6",))
    assert academy.site.reads == [("grades", "course/6", "changes")]


def test_a_stream_that_is_none_is_refused_before_anything_begins(academy: Academy) -> None:
    with pytest.raises(ConfigError, match=r"journal: no such stream; there are courses, assessments, people"):
        academy.pull(streams=("journal",))
    assert runs(academy.store) == []


def test_a_scope_that_was_asked_to_be_read_again_is(academy: Academy) -> None:
    academy.pull()
    academy.store.request_reread("academy", "grades", "course/5")
    academy.pull()
    assert reads(academy, "grades") == [("grades", "course/5", "full")]
    academy.pull()
    assert reads(academy, "grades") == [("grades", "course/5", "changes")]


def test_results_of_somebody_unknown_bring_the_course_s_people_at_once(academy: Academy) -> None:
    academy.pull()
    academy.site.add_person(5, 505)
    academy.site.add_grade(50, 505, "66")
    academy.pull()
    assert reads(academy, "people", "grades") == [("grades", "course/5", "changes"), ("people", "course/5", "full")]
    assert "5/505" in academy.live("enrolment")
    assert "505" in academy.live("learner", "")


class PeopleOfTheSite(MemoryConnector):
    """Keeps everybody in one scope, whatever course they are in."""

    def scopes(self, stream: str) -> Sequence[Scope]:
        return [Scope("people", "site")] if stream == "people" else super().scopes(stream)


def test_people_are_not_looked_for_in_scopes_that_are_not_there(academy: Academy) -> None:
    academy.connector = PeopleOfTheSite
    academy.pull()
    assert reads(academy, "people") == [("people", "site", "full")]


# --- scopes that come and go ------------------------------------------------------------------------------------------


def test_a_scope_that_is_no_longer_listed_keeps_its_records(academy_anywhere: Academy) -> None:
    academy = academy_anywhere
    academy.pull()
    academy.site.faults.unlisted.add("course/5")
    summary = academy.pull(full=True)
    assert academy.state("grades").outcome == CLOSED
    assert len(academy.live("grade_entry")) == len(academy.live("enrolment")) == 4
    assert any(finding.subject == "grades course/5" for finding in summary.findings)
    assert summary.outcome == "done"


def test_a_scope_that_comes_back_is_read_whole(academy: Academy) -> None:
    academy.pull()
    academy.site.faults.unlisted.add("course/5")
    academy.pull()
    academy.pull()
    academy.site.remove("grade", "50/502")
    academy.site.faults.clear()
    academy.pull()
    assert {mode for _, scope, mode in academy.site.reads if scope == "course/5"} == {"full"}
    assert len(reads(academy, "people", "grades", "attempts")) == 3
    assert "50/502" not in academy.live("grade_entry")


def test_a_scope_that_was_not_asked_for_is_not_closed(academy: Academy) -> None:
    add_course(academy.site, 6, learners=1)
    academy.pull()
    academy.site.faults.unlisted.add("course/6")
    academy.pull(scopes=("course/5",))
    assert academy.state("grades", "course/6").outcome == Outcome.COMPLETE


# --- a changed mapping ------------------------------------------------------------------------------------------------


@pytest.fixture
def stricter(academy: Academy, tmp_path: Any) -> Any:
    """The shipped mapping with another scale of a hundred points over it."""
    path = tmp_path / "own.toml"
    path.write_text(
        """
format = 1
[[scale]]
name = "hundred-point"
version = "2"
source = "an invented local act"
thresholds = [
    { from_percent = 0, mark = 2, text = "неудовлетворительно", passed = false },
    { from_percent = 95, mark = 5, text = "отлично", passed = true },
]
""",
        encoding="utf-8",
    )
    return load_mapping("moodle", [path], timezone="Europe/Moscow")


def test_a_changed_mapping_reaches_every_record(academy: Academy, stricter: Any) -> None:
    academy.pull()
    assert academy.value("grade_entry", "50/501", "mark") == 4
    academy.mapping = stricter
    academy.pull()
    assert {mode for _, _, mode in academy.site.reads} == {"full"}
    assert len(reads(academy, "people", "grades", "attempts")) == 3
    assert academy.value("grade_entry", "50/501", "mark") == 2
    academy.pull()
    assert reads(academy, "people", "grades") == [("grades", "course/5", "changes")]


def test_a_changed_mapping_is_not_forgotten_by_a_run_that_fails(academy: Academy, stricter: Any) -> None:
    academy.pull()
    academy.mapping = stricter
    academy.site.faults.pages["grades", "course/5", 2] = SourceUnavailable("gone away")
    academy.pull()
    academy.site.faults.clear()
    academy.pull()
    assert reads(academy, "people", "grades", "attempts") == [
        ("grades", "course/5", "full"),
        ("attempts", "course/5", "changes"),
    ]
    assert academy.value("grade_entry", "50/504", "mark") == 2


def test_a_kill_right_after_the_mapping_changed_is_not_forgotten(
    academy: Academy, stricter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    academy.pull()
    academy.mapping = stricter
    for step in ("begin_run", "request_reread"):
        with monkeypatch.context() as patch:

            def killed(*_: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(type(academy.store), step, killed)
            with pytest.raises(KeyboardInterrupt):
                academy.pull()
    academy.pull()
    assert academy.value("grade_entry", "50/501", "mark") == 2


# --- faults -----------------------------------------------------------------------------------------------------------


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
                case "configuration":
                    raise ConfigError("Фамилиев501")


@pytest.mark.parametrize(
    "how", ["before the first page", "between pages", "without an end", "no pages", "no records", "configuration"]
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


def several_courses(academy: Academy) -> None:
    for course in (6, 7, 8, 9):
        add_course(academy.site, course, learners=1)


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


# --- stopping ---------------------------------------------------------------------------------------------------------


class StopAfter(Silence):
    """Sets the event when so many pages of a stream were committed."""

    def __init__(self, stream: str, pages: int) -> None:
        self.stop = threading.Event()
        self._stream, self._left = stream, pages

    def page(self, stream: str, counts: object) -> None:
        self._left -= stream == self._stream
        if not self._left:
            self.stop.set()


def test_a_stop_ends_the_run_after_the_page_under_way(academy: Academy) -> None:
    academy.page_size = 2
    academy.progress = progress = StopAfter("grades", 1)
    summary = academy.pull(stop=progress.stop)
    assert (summary.outcome, summary.exit_code) == ("partial", 1)
    assert len(academy.live("grade_entry")) == 1
    assert reads(academy, "attempts") == []
    academy.progress = Silence()
    assert academy.pull().outcome == "done"
    assert len(academy.live("grade_entry")) == 4


def test_a_stop_between_two_scopes_ends_the_run_there(academy: Academy) -> None:
    several_courses(academy)
    academy.page_size = 100
    academy.progress = progress = StopAfter("people", 2)
    assert academy.pull(stop=progress.stop).outcome == "partial"
    assert [scope for _, scope, _ in reads(academy, "people", "grades")] == ["course/5", "course/6"]


def test_a_stop_at_the_very_end_loses_nothing_and_says_nothing(academy: Academy) -> None:
    academy.progress = progress = StopAfter("attempts", 2)
    assert academy.pull(stop=progress.stop).outcome == "done"


# --- one at a time ----------------------------------------------------------------------------------------------------

HOLDER = """
import sys
from lms_sync.store.store import Store
with Store.open(sys.argv[1]) as store, store.lock("academy"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_to_wait_and_a_killed_one_leaves_the_source_free(
    academy_anywhere: Academy, store_url: str
) -> None:
    academy = academy_anywhere
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, store_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy, match="academy"):
            academy.pull()
        assert runs(academy.store) == []
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert pulled_soon(academy) == "done"


def pulled_soon(academy: Academy) -> str:
    """A database server notices a killed client a moment later."""
    waiting = threading.Event()
    for _ in range(100):
        try:
            return academy.pull().outcome
        except StoreBusy:
            waiting.wait(0.05)
    return "still busy"
