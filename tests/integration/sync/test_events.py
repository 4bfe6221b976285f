"""Events reach the action journal once, whatever is repeated, and nothing of them is dropped in silence."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from lms_sync.connector import Event, Mode, Page, Scope
from lms_sync.errors import SourceUnavailable
from lms_sync.records import Action, Rung
from lms_sync.store.actions import ActionQuery, actions
from lms_sync.store.journal import JournalState, read_journal_state
from lms_sync.store.journal_state import keep_journal_state
from lms_sync.store.page import PageWriter
from lms_sync.store.verify import verify
from lms_sync.testing import MemoryConnector
from tests.integration.sync.conftest import NOON, SOURCE, Academy, reads

VIEWED = "\\core\\event\\course_viewed"
SUBMITTED = "\\mod_quiz\\event\\attempt_submitted"
NOBODY_KNOWS = "\\local_canteen\\event\\lunch_served"
T0 = 1_790_000_000


class Killed(BaseException):
    """What no handler of lms-sync may catch."""


def journal(academy: Academy) -> list[Action]:
    assert verify(academy.store).ok
    with academy.store.reading() as connection:
        return list(actions(connection, ActionQuery(source=SOURCE)))


def log_keys(academy: Academy) -> list[str]:
    return [one.key for one in journal(academy) if one.rung == Rung.LOG]


def seven_events(academy: Academy) -> list[str]:
    for number in range(1, 8):
        academy.site.add_event(number, 501, VIEWED, T0 + number, course=5)
    return [f"{number}@{T0 + number}" for number in range(1, 8)]


def test_every_event_is_kept_once_page_by_page(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    keys = seven_events(academy)
    summary = academy.pull()
    assert sorted(log_keys(academy)) == sorted(keys)
    assert summary.counts["actions_added"] == 7 and not summary.problems
    again = academy.pull()
    assert again.counts["actions_added"] == again.counts["actions_repeated"] == 0
    academy.site.add_event(8, 502, VIEWED, T0 + 8)
    assert academy.pull().counts["actions_added"] == 1
    assert len(log_keys(academy)) == 8


def test_a_whole_reading_repeats_nothing(academy: Academy) -> None:
    keys = seven_events(academy)
    academy.pull()
    summary = academy.pull(full=True, streams=("actions",))
    assert (summary.counts["actions_added"], summary.counts["actions_repeated"]) == (0, 7)
    assert sorted(log_keys(academy)) == sorted(keys)


@pytest.mark.parametrize("step", ["set_cursor", "end"])
def test_a_kill_between_pages_loses_and_doubles_nothing(
    academy_anywhere: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    academy = academy_anywhere
    keys = seven_events(academy)
    academy.pull(streams=("courses",))
    calls = 0
    original = getattr(PageWriter, step)

    def killed_later(self: PageWriter, *values: Any, **named: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == (3 if step == "set_cursor" else 1):
            raise Killed
        original(self, *values, **named)

    with monkeypatch.context() as patch:
        patch.setattr(PageWriter, step, killed_later)
        with pytest.raises(Killed):
            academy.pull(streams=("actions",))
    assert len(log_keys(academy)) == 6, "two whole pages of three"
    academy.pull(streams=("actions",))
    assert sorted(log_keys(academy)) == sorted(keys)


def test_a_page_that_fails_leaves_those_before_it(academy: Academy) -> None:
    seven_events(academy)
    academy.site.faults.pages["actions", "site", 3] = SourceUnavailable("it is gone")
    summary = academy.pull()
    assert len(log_keys(academy)) == 6 and summary.outcome == "partial"
    academy.site.faults.clear()
    assert academy.pull().counts["actions_added"] == 7 - 6


def test_a_log_is_read_whole_once_however_old_that_reading_grows(academy: Academy) -> None:
    seven_events(academy)
    academy.pull()
    assert reads(academy, "actions") == [("actions", "site", "full")]
    academy.clock.advance(days=30)
    academy.pull()
    assert reads(academy, "actions") == [("actions", "site", "changes")]
    assert reads(academy, "grades") == [("grades", "course/5", "full")]
    academy.pull(full=True)
    assert reads(academy, "actions") == [("actions", "site", "changes")]


def test_events_without_a_rule_are_kept_under_their_own_names_and_told(academy: Academy) -> None:
    academy.site.add_event(1, 501, NOBODY_KNOWS)
    academy.site.add_event(2, 501, NOBODY_KNOWS)
    summary = academy.pull()
    assert {one.action for one in journal(academy) if one.rung == Rung.LOG} == {NOBODY_KNOWS}
    (told,) = [finding for finding in summary.findings if finding.subject == "action journal"]
    assert f"{NOBODY_KNOWS} (2)" in told.message
    assert not [finding for finding in academy.pull().findings if finding.subject == "action journal"]


def test_an_event_that_cannot_be_kept_is_quarantined_and_the_others_are_not(academy: Academy) -> None:
    academy.site.log = [Event(1, T0, VIEWED, 501), Event(2, 0, VIEWED, 501), Event(3, T0, VIEWED, 501)]
    summary = academy.pull()
    assert len(log_keys(academy)) == 2
    assert summary.outcome == "partial" and summary.counts["quarantined"] == 1
    assert [kind for kind, _ in academy.quarantined()] == ["action"]


def test_a_changed_mapping_does_not_read_the_log_again(academy: Academy, tmp_path: Any) -> None:
    from lms_sync.mapping.load import load_mapping

    seven_events(academy)
    academy.pull()
    own = tmp_path / "own.toml"
    own.write_text('format = 1\n[defaults]\nscales = ["credit"]\n', encoding="utf-8")
    academy.mapping = load_mapping("moodle", [own], timezone="Europe/Moscow")
    academy.pull()
    assert reads(academy, "actions", "grades") == [
        ("grades", "course/5", "full"),
        ("actions", "site", "changes"),
    ]


# --- what the log does not tell ---------------------------------------------------------------------------------------


def derived(academy: Academy) -> list[tuple[str, str]]:
    return sorted((one.action, one.learner) for one in journal(academy) if one.rung == Rung.DERIVED)


ATTEMPTS = [(action, f"50{number}") for action in ("attempt_finished", "attempt_started") for number in (1, 2, 3, 4)]


def test_without_a_log_actions_are_derived_from_records(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    summary = academy.pull()
    assert derived(academy) == ATTEMPTS
    assert summary.counts["actions_derived"] == 8
    assert academy.pull().counts["actions_derived"] == 0
    academy.site.add_grade(50, 501, "90", gradedategraded=T0)
    academy.site.add_person(5, 505)
    academy.site.unenrol(5, 504)
    academy.pull(full=True)
    assert [one for one in derived(academy) if one not in ATTEMPTS] == [
        ("enrolled", "505"),
        ("graded", "501"),
        ("unenrolled", "504"),
    ]


def test_a_kill_while_deriving_is_made_good(academy: Academy, monkeypatch: pytest.MonkeyPatch) -> None:
    from lms_sync.registers import journal as register

    def killed(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(register, "BATCH", 3)
    with monkeypatch.context() as patch:
        patch.setattr(register.Concluding, "actions", killed)
        with pytest.raises(Killed):
            academy.pull()
    academy.pull()
    assert derived(academy) == ATTEMPTS


def test_when_the_log_comes_its_rows_take_the_place_of_what_was_derived(academy_anywhere: Any) -> None:
    academy = academy_anywhere
    academy.pull()
    # The log tells of two attempts: one at the same time, one finished by cron two hours later.
    academy.site.add_event(1, 501, SUBMITTED, T0 + 601, course=5, object_type="quiz_attempts", object_id=501)
    academy.site.add_event(2, 502, SUBMITTED, T0 + 7800, course=5, object_type="quiz_attempts", object_id=502)
    summary = academy.pull()
    assert summary.counts["actions_joined"] == 2
    finished = sorted((one.learner, one.rung) for one in journal(academy) if one.action == "attempt_finished")
    assert finished == [("501", "log"), ("502", "log"), ("503", "derived"), ("504", "derived")]
    assert academy.pull().counts["actions_joined"] == 0


def test_what_a_log_told_before_it_went_away_is_joined_too(academy: Academy, monkeypatch: pytest.MonkeyPatch) -> None:
    from lms_sync.sync import pull as run

    academy.pull()
    academy.site.add_event(1, 501, SUBMITTED, T0 + 601, course=5, object_type="quiz_attempts", object_id=501)

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(run, "keep_journal", killed)
        with pytest.raises(Killed):
            academy.pull()
    academy.site.log = None  # the plugin is gone, and its last reading was never joined
    with academy.store.writing() as connection:
        keep_journal_state(connection, SOURCE, JournalState(Rung.DERIVED))
    academy.pull()
    assert [one.rung for one in journal(academy) if (one.learner, one.action) == ("501", "attempt_finished")] == ["log"]


def test_with_a_log_from_the_start_nothing_is_derived_until_it_goes_away(academy: Academy) -> None:
    academy.site.add_event(1, 501, VIEWED, T0)
    academy.site.told_until = NOON - dt.timedelta(minutes=1)
    academy.pull()
    assert derived(academy) == []
    academy.clock.advance(minutes=10)
    academy.site.told_until = NOON + dt.timedelta(minutes=9)
    academy.pull()
    with academy.store.reading() as connection:
        assert read_journal_state(connection, SOURCE).derived_seq > 0, "what the log has told is passed over"
    academy.clock.advance(minutes=1)
    academy.site.add_attempt(5, 900, 501, "9", timestart=T0 + 900, timefinish=T0 + 960)
    academy.site.rung = Rung.DERIVED
    academy.pull()
    assert derived(academy) == [("attempt_finished", "501"), ("attempt_started", "501")]


# --- a whole reading checks the changes before it ---------------------------------------------------------------------


class Telling(MemoryConnector):
    """An LMS that claims to tell every change of grades."""

    def scopes(self, stream: str) -> list[Scope]:
        told = True if stream == "grades" else None
        return [replace(scope, incremental=told) for scope in super().scopes(stream)]


class Forgetful(Telling):
    """One whose feed of changes forgets everything."""

    def read(self, scope: Scope, task: Any) -> Any:
        for page in super().read(scope, task):
            yield page if task.mode is Mode.FULL else Page(cursor=page.cursor, end=page.end)


@pytest.mark.parametrize(("connector", "differences"), [(Telling, 0), (Forgetful, 1)])
def test_a_whole_reading_tells_what_the_changes_missed(academy: Academy, connector: Any, differences: int) -> None:
    academy.connector = connector
    academy.pull()
    academy.site.add_grade(50, 501, "91")
    academy.clock.advance(days=2)
    summary = academy.pull()
    assert reads(academy, "grades") == [("grades", "course/5", "changes"), ("grades", "course/5", "full")]
    assert str(academy.value("grade_entry", "50/501", "raw")) == "91"
    assert summary.counts["differences"] == differences
    assert len([one for one in summary.findings if one.subject == "grades course/5"]) == differences
