"""Which scopes a run reads and how, and who may run at once."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from lms_sync.connector import Outcome, Scope
from lms_sync.errors import (
    ConfigError,
    SourceUnavailable,
    StoreBusy,
)
from lms_sync.mapping.load import load_mapping
from lms_sync.store.query import runs
from lms_sync.store.rows import ScopeOutcome
from lms_sync.testing import MemoryConnector
from tests.integration.sync.conftest import Academy, add_course, reads

READ_EACH_TIME = [("courses", "site", "full"), ("assessments", "site", "full")]


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
    assert academy.state("grades").outcome == ScopeOutcome.CLOSED
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
