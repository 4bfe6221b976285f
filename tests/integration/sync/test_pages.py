"""A page is one transaction, a repeat is harmless, and nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lms_sync.connector import Mode, Outcome, Page, ReadTask, Scope, ScopeEnd
from lms_sync.errors import SourceRefused, SourceUnavailable
from lms_sync.store.page import PageWriter
from lms_sync.store.query import runs
from lms_sync.testing import MemoryConnector

GRADES = {"50/501", "50/502", "50/503", "50/504"}


class Killed(BaseException):
    """What no handler of lms-sync may catch."""


@pytest.mark.parametrize("step", ["set_cursor", "end", "retire"])
def test_a_kill_inside_a_page_leaves_nothing_of_it(
    academy_anywhere: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    academy = academy_anywhere
    academy.page_size = 100
    academy.pull()
    rows, cursor, state = academy.ledger_rows(), academy.cursor(), academy.state("grades")
    academy.site.add_grade(50, 501, "91")
    academy.site.remove("grade", "50/502")

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(PageWriter, step, killed)
        with pytest.raises(Killed):
            academy.pull(streams=("grades",))

    assert academy.ledger_rows() == rows
    assert (academy.cursor(), academy.state("grades")) == (cursor, state)
    assert academy.live("grade_entry") == GRADES

    academy.pull(streams=("grades",))
    assert academy.live("grade_entry") == GRADES - {"50/502"}
    assert str(academy.value("grade_entry", "50/501", "raw")) == "91"


def test_a_killed_run_is_called_interrupted_by_the_next_one(academy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(PageWriter, "set_cursor", killed)
        with pytest.raises(Killed):
            academy.pull()
    academy.pull()
    assert [run.outcome for run in runs(academy.store)] == ["done", "interrupted"]


def test_what_was_committed_before_a_failing_page_stays_and_the_rest_follows(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    academy.site.faults.pages["grades", "course/5", 2] = SourceUnavailable("gone away")
    summary = academy.pull()
    assert summary.outcome == "partial"
    assert academy.state("grades").outcome == Outcome.PARTIAL
    assert len(academy.live("grade_entry")) == 2  # the column and two grades were on the first page of three
    assert academy.cursor() is None

    academy.site.faults.clear()
    assert academy.pull().outcome == "done"
    assert academy.live("grade_entry") == GRADES


def test_a_repeat_writes_nothing(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    assert academy.pull().counts["added"] == 19
    rows = academy.ledger_rows()
    counts = academy.pull(full=True).counts
    assert counts == {"unchanged": 19}
    assert academy.ledger_rows() == rows


@pytest.mark.parametrize("full", [False, True])
def test_a_partial_end_leaves_the_cursor(academy: Any, full: bool) -> None:
    academy.pull()
    cursor = academy.cursor()
    academy.site.add_grade(50, 501, "91")
    academy.site.faults.partial["grades", "course/5"] = "half of it"
    assert academy.pull(full=full).outcome == "partial"
    assert academy.cursor() == cursor
    academy.site.faults.clear()
    academy.pull()
    assert academy.cursor() == str(academy.site.revision) != cursor


class AbsentFirst(MemoryConnector):
    """Names what is gone, with a cursor that stands for it, on a page before the last."""

    def read(self, scope: Scope, task: ReadTask) -> Iterator[Page]:
        for page in super().read(scope, task):
            if task.mode is Mode.FULL:
                yield page
                continue
            yield Page(records=page.records, absent=page.absent, cursor=page.cursor)
            if self._site.faults.partial:
                raise SourceUnavailable("gone away")
            yield Page(cursor=page.cursor, end=ScopeEnd(Outcome.CHANGES, len(page.records)))


def test_a_cursor_does_not_pass_what_is_still_to_be_retired(academy: Any) -> None:
    academy.connector = AbsentFirst
    academy.pull()
    academy.site.remove("grade", "50/502")
    academy.site.faults.partial["grades", "course/5"] = "ends between the two pages"
    academy.pull()
    assert academy.live("grade_entry") == GRADES
    academy.site.faults.clear()
    academy.pull()
    assert academy.live("grade_entry") == GRADES - {"50/502"}


# --- quarantine -------------------------------------------------------------------------------------------------------


def test_one_bad_record_never_fails_its_page(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    academy.page_size = 100
    academy.site.add_grade(50, 502, None, graderaw="seven")
    summary = academy.pull()
    assert academy.live("grade_entry") == GRADES - {"50/502"}
    assert list(academy.quarantined()) == [("grade_entry", "50/502")]
    assert (summary.outcome, summary.exit_code, summary.counts["quarantined"]) == ("partial", 1, 1)
    assert academy.state("grades").outcome == Outcome.COMPLETE


def test_what_can_no_longer_be_mapped_keeps_its_last_values(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    academy.pull()
    academy.site.add_grade(50, 502, None, graderaw="seven")
    summary = academy.pull(full=True)
    assert academy.live("grade_entry") == GRADES
    assert str(academy.value("grade_entry", "50/502", "raw")) == "80"
    assert summary.counts["retired"] == 0
    assert list(academy.quarantined()) == [("grade_entry", "50/502")]


def test_a_later_success_releases_from_quarantine(academy: Any) -> None:
    academy.site.add_grade(50, 502, None, graderaw="seven")
    academy.pull()
    academy.site.add_grade(50, 502, "7")
    assert academy.pull().outcome == "done"
    assert academy.quarantined() == {}
    assert str(academy.value("grade_entry", "50/502", "raw")) == "7"


def test_what_is_gone_from_the_lms_leaves_quarantine_only_by_a_whole_reading(academy: Any) -> None:
    academy.site.add_grade(50, 502, None, graderaw="seven")
    academy.site.add_course(6)
    academy.site.add_item(6, 60)
    academy.site.add_grade(60, 502, None, graderaw="seven")
    academy.pull()
    academy.site.remove("grade", "50/502")
    academy.site.faults.partial["grades", "course/5"] = "half of it"
    academy.pull(full=True)
    assert ("grade_entry", "50/502") in academy.quarantined()
    academy.site.faults.clear()
    academy.pull(full=True)
    assert list(academy.quarantined()) == [("grade_entry", "60/502")]


def test_a_doubtful_field_is_quarantined_and_its_record_kept(academy: Any) -> None:
    academy.site.add_person(5, 501, profile={"snils": "112-233-445 96"})
    summary = academy.pull()
    assert "501" in academy.live("learner", "")
    assert list(academy.quarantined()) == [("learner", "501")]
    assert summary.counts["quarantined"] == 1


def test_a_refused_scope_says_so_and_the_others_are_read(academy: Any) -> None:
    academy.site.faults.pages["grades", "course/5", 1] = SourceRefused("no right to see grades", code="nopermissions")
    summary = academy.pull()
    assert summary.exit_code == 1
    assert academy.state("grades").outcome == Outcome.REFUSED
    assert "no right to see grades" in academy.state("grades").note
    assert academy.state("attempts").outcome == Outcome.COMPLETE
