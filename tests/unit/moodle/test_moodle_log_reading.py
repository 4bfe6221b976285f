"""Reading the log through the companion: where it begins and ends, what is found wrong, and what choices change."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from lms_sync_moodle.actions import read_actions, scopes_of_actions
from lms_sync_moodle.log_cursor import LogCursor, parse

from lms_sync.connector import Mode, Outcome, Page, ReadTask
from lms_sync.errors import SourceAnswerInvalid, SourceUnavailable
from lms_sync.records import Rung
from tests.unit.moodle.log_model import ACCOUNT, Journal, ModelClient, ModelLog, Nothing, findings, left_out

DAY = 86_400


def site_with(rows: int, **fields: Any) -> ModelLog:
    log = ModelLog(**fields)
    for _ in range(rows):
        log.now += 1
        log.add()
    log.settle()
    return log


def outcome(pages: list[Page]) -> Outcome:
    assert [page for page in pages if page.end] == [pages[-1]]
    assert pages[-1].end
    return pages[-1].end.outcome


def test_the_first_reading_is_complete_and_the_next_brings_only_what_is_new() -> None:
    log = site_with(25)
    journal = Journal(log, log_page=10)
    assert outcome(journal.pull(Mode.FULL)) is Outcome.COMPLETE
    assert journal.events.keys() == log.settled_keys()
    log.add()
    log.settle()
    pages = journal.pull()
    assert outcome(pages) is Outcome.CHANGES
    assert [event.id for page in pages if page.events for event in page.events.rows] == [26]
    assert outcome(journal.pull()) is Outcome.CHANGES


def test_every_page_has_its_cursor_and_tells_the_rung() -> None:
    pages = Journal(site_with(25), log_page=10).pull(Mode.FULL)
    assert len(pages) == 3
    assert len({page.cursor for page in pages}) == 3
    assert {page.events.rung for page in pages if page.events} == {Rung.LOG}
    [page] = Journal(site_with(0)).pull(Mode.FULL)
    assert page.events
    assert (page.events.rung, list(page.events.rows)) == (Rung.LOG, [])


def test_only_the_last_page_says_until_when_everything_is_told() -> None:
    log = site_with(25)
    pages = Journal(log, log_page=10).pull(Mode.FULL)
    told = [page.events.told_until for page in pages if page.events]
    assert told == [None, None, dt.datetime.fromtimestamp(log.now, dt.UTC)]


def test_a_reading_that_broke_off_goes_on_where_it_was_even_if_everything_is_asked_for() -> None:
    log = site_with(45)
    journal = Journal(log, log_page=10)
    reading = journal.reading(Mode.FULL)
    next(reading), next(reading)
    reading.close()
    log.asked.clear()
    assert outcome(journal.pull(Mode.FULL)) is Outcome.COMPLETE
    assert log.asked[0].startswith("20/")
    assert journal.events.keys() == log.settled_keys()


def test_a_full_reading_after_a_finished_one_begins_anew_and_may_break_off_too() -> None:
    log = site_with(45)
    journal = Journal(log, log_page=10)
    journal.pull(Mode.FULL)
    log.asked.clear()
    reading = journal.reading(Mode.FULL)
    next(reading)
    reading.close()
    assert log.asked[0] == ""
    pages = journal.pull(Mode.CHANGES)
    assert outcome(pages) is Outcome.COMPLETE
    assert sum(len(page.events.rows) for page in pages if page.events) == 35


def test_an_error_ends_the_reading_behind_the_last_stored_page() -> None:
    log = site_with(45)
    journal = Journal(log, log_page=10)
    client = ModelClient(log)

    def fail(cursor: str) -> None:
        if cursor.startswith("20/"):
            raise SourceUnavailable("The LMS is away.")

    client.before_page = fail
    with pytest.raises(SourceUnavailable):
        list(journal.reading(Mode.FULL, client))
    assert sorted(int(one) for one, _ in journal.events) == list(range(1, 21))
    assert outcome(journal.pull(Mode.FULL)) is Outcome.COMPLETE
    assert journal.events.keys() == log.settled_keys()


def test_as_long_as_nothing_has_settled_no_cursor_is_kept() -> None:
    log = ModelLog(settled=None)
    log.add()
    journal = Journal(log)
    pages = journal.pull(Mode.FULL)
    assert outcome(pages) is Outcome.CHANGES
    assert pages[-1].events
    assert (pages[-1].cursor, pages[-1].events.told_until) == (None, None)
    log.settle()
    assert outcome(journal.pull(Mode.FULL)) is Outcome.COMPLETE
    assert journal.events.keys() == log.settled_keys()


def test_a_restored_backup_is_told_and_ids_that_are_used_again_are_other_actions() -> None:
    log = site_with(10)
    log.save()
    journal = Journal(log)
    for _ in range(5):
        log.add()
    log.settle()
    journal.pull(Mode.FULL)
    log.restore()
    log.now += 100
    log.add(userid=8)
    log.settle()
    pages = journal.pull()
    assert outcome(pages) is Outcome.COMPLETE
    assert [text for text in findings(pages) if "restored from a backup" in text]
    assert {event.person for (one, _), event in journal.events.items() if one == 11} == {7, 8}
    assert len(journal.events) == 16
    assert not findings(journal.pull())


def test_an_expired_cursor_begins_anew_and_says_what_may_be_lost() -> None:
    log = site_with(10, log={"enabled": True, "lifetime_days": 30})
    journal = Journal(log)
    journal.pull(Mode.FULL)
    log.expire()
    log.add()
    log.settle()
    pages = journal.pull()
    assert [text for text in findings(pages) if "longer ago than Moodle remembers" in text and "is lost" in text]
    assert journal.events.keys() == log.settled_keys()


def test_a_cursor_that_the_plugin_refuses_begins_anew() -> None:
    log = site_with(10)
    journal = Journal(log)
    journal.pull(Mode.FULL)
    stored = parse(journal.cursor)
    assert stored
    journal.cursor = LogCursor("damaged", stored.courses, whole=True, read_at=stored.read_at).text()
    pages = journal.pull()
    assert [text for text in findings(pages) if "its own cursor" in text]
    assert journal.events.keys() == log.settled_keys()


@pytest.mark.parametrize(
    "text", ["", "{", '{"v":1,"since":5}', '{"v":2,"log":"","courses":"","whole":true,"read_at":1}']
)
def test_any_other_cursor_means_from_the_beginning(text: str) -> None:
    log = site_with(3)
    journal = Journal(log)
    journal.cursor = text
    assert outcome(journal.pull()) is Outcome.COMPLETE
    assert journal.events.keys() == log.settled_keys()


def test_a_cursor_survives_being_stored() -> None:
    cursor = LogCursor("WzEs", "0123456789abcdef", whole=True, read_at=1_790_000_000)
    assert parse(cursor.text()) == cursor


def test_a_log_that_is_switched_off_is_read_said_and_not_relied_on() -> None:
    log = site_with(3, log={"enabled": False, "lifetime_days": 0})
    journal = Journal(log)
    pages = journal.pull(Mode.FULL)
    assert [text for text in findings(pages) if "switched off" in text]
    assert [page.events.told_until for page in pages if page.events] == [None]
    assert journal.events.keys() == log.settled_keys()
    scopes = [scope.key for scope in scopes_of_actions(journal.site(), "lms")]
    assert scopes == ["site", "course/5", "course/6"]


def test_with_the_log_there_is_one_scope_and_the_courses_are_not_asked_for() -> None:
    journal = Journal(site_with(3))
    client = ModelClient(journal.log)
    site = journal.site(client)
    [scope] = scopes_of_actions(site, "lms")
    assert (scope.key, scope.incremental, scope.append_only) == ("site", True, True)
    client.core_course_get_courses_by_field = None  # type: ignore[assignment,method-assign]
    assert list(read_actions(site, scope, ReadTask(Mode.FULL, Nothing())))


@pytest.mark.parametrize(("days", "unread", "said"), [(7, 4, True), (7, 3, False), (0, 400, False)])
def test_a_log_that_is_forgotten_sooner_than_it_is_read_twice_is_told(days: int, unread: int, said: bool) -> None:
    log = site_with(3, log={"enabled": True, "lifetime_days": days})
    journal = Journal(log)
    journal.pull(Mode.FULL)
    log.now += unread * DAY
    assert bool([text for text in findings(journal.pull()) if "forgets its log" in text]) is said


def test_the_options_courses_leave_rows_out_and_another_choice_reads_anew() -> None:
    log = site_with(0)
    for course in (5, 6, 0, 1, 99):
        log.add(courseid=course)
    log.settle()
    journal = Journal(log, include_courses=["OT72"])
    pages = journal.pull(Mode.FULL)
    assert {event.course for event in journal.events.values()} == {5, 0, 1}
    assert left_out(pages) == {"other_courses": 2}
    assert not findings(journal.pull())
    journal.options = {"exclude_courses": ["OT72"]}
    pages = journal.pull()
    assert [text for text in findings(pages) if "choose other courses" in text]
    assert {event.course for event in journal.events.values()} == {5, 0, 1, 6, 99}
    assert left_out(pages) == {"other_courses": 1}


def test_a_deleted_course_that_is_named_by_its_id_is_kept_or_left_out() -> None:
    log = site_with(0)
    for course in (5, 99):
        log.add(courseid=course)
    log.settle()
    included, excluded = Journal(log, include_courses=[99]), Journal(log, exclude_courses=[99])
    included.pull(Mode.FULL), excluded.pull(Mode.FULL)
    assert {event.course for event in included.events.values()} == {99}
    assert {event.course for event in excluded.events.values()} == {5}


def test_anonymous_and_own_rows_are_counted_and_the_page_is_as_large_as_both_sides_allow() -> None:
    log = site_with(0, limits=15)
    for number in range(30):
        log.add(anonymous=int(number % 10 == 0), userid=ACCOUNT if number % 3 == 1 else 7, origin="ws")
    log.settle()
    pages = Journal(log).pull(Mode.FULL)
    assert len(pages) == 3
    assert left_out(pages) == {"withheld": 3, "own_polling": 9}
    assert sum(page.end.received for page in pages if page.end) == 18


def test_without_the_companion_the_scope_of_the_site_is_refused() -> None:
    journal = Journal(site_with(3))
    client = ModelClient(journal.log)
    client.core_webservice_get_site_info = lambda: {"userid": ACCOUNT, "functions": [{"name": "x"}]}  # type: ignore[method-assign]
    pages = list(journal.reading(Mode.FULL, client))
    assert outcome(pages) is Outcome.REFUSED


def test_a_plugin_that_takes_back_every_cursor_does_not_keep_us_for_ever() -> None:
    log = site_with(45)
    client = ModelClient(log)
    client.before_page = lambda cursor: log.expire() if cursor else None
    with pytest.raises(SourceAnswerInvalid, match="again and again"):
        list(Journal(log, log_page=10).reading(Mode.FULL, client))
