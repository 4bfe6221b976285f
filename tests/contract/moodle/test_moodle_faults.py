"""The connector against a sandbox with faults: what is missing is said, and nothing is called gone for it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from lms_sync_moodle.cursor import parse

from lms_sync.connector import Mode, Outcome, Page
from lms_sync.errors import SourceDenied, SourceError, SourceUnavailable
from lms_sync.sandbox import Faults, academy, fault_names, small_world
from tests.contract.moodle.moodle_memory import Memory, absent_of, end_of, records_of
from tests.contract.moodle.moodle_site import Site, course_with_attempts


def test_a_large_course_behind_an_impatient_proxy_is_read_learner_by_learner(open_site: Any) -> None:
    site = open_site(academy(seed=4, learners=30, courses=2))
    site.server.faults = Faults()
    site.server.faults.add("proxy-timeout", learners=5)
    pages = site.read("grades", min(site.world.truth().courses))
    assert end_of(pages).outcome is Outcome.COMPLETE
    site.server.faults = Faults()
    calm = records_of(site.read("grades", min(site.world.truth().courses)), "grade")
    assert {key: one.fields["graderaw"] for key, one in records_of(pages, "grade").items()} == {
        key: one.fields["graderaw"] for key, one in calm.items()
    }


@pytest.mark.parametrize("fault", ["partial-grades", "empty-grades"])
def test_an_incomplete_report_is_completed_or_called_partial(site: Site, fault: str) -> None:
    course = course_with_attempts(site.world)
    site.server.faults = Faults()
    site.server.faults.add(fault)
    end = end_of(site.read("grades", course))
    if fault == "partial-grades":
        assert (end.outcome, end.received) == (Outcome.COMPLETE, end.expected)
    else:
        assert end.outcome is Outcome.PARTIAL
        assert end.received == 0


def test_learners_owed_from_a_bad_day_are_read_at_the_next_one(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.server.faults = Faults()
    site.server.faults.add("invalid-response", function="gradereport_user_get_grade_items", times=2)
    first = site.read("grades", course)
    assert end_of(first).outcome is Outcome.PARTIAL
    cursor = parse(first[-1].cursor)
    assert cursor is not None
    assert len(cursor.todo) == 1
    site.world.advance(3600)
    second = site.read("grades", course, Mode.CHANGES)
    assert {grade.fields["userid"] for grade in records_of(second, "grade").values()} == set(cursor.todo)
    assert end_of(second).outcome is Outcome.CHANGES
    after = parse(second[-1].cursor)
    assert after is not None
    assert after.todo == ()


def test_a_refused_course_is_refused_and_the_others_go_on(site: Site) -> None:
    course = course_with_attempts(site.world)
    site.server.faults = Faults()
    site.server.faults.add("no-permission", function="gradereport_user_get_grade_items", course=course)
    pages = site.pull()
    end = end_of(pages["grades", f"course/{course}"])
    assert end.outcome is Outcome.REFUSED
    assert "gradereport/user:view" in end.note
    others = {key: end_of(read).outcome for key, read in pages.items() if key != ("grades", f"course/{course}")}
    assert set(others.values()) == {Outcome.COMPLETE}


def test_a_course_that_only_vanished_from_the_list_is_not_called_gone(site: Site) -> None:
    site.read("courses")
    site.server.faults = Faults()
    site.server.faults.add("course-vanished")
    assert end_of(site.read("courses")).outcome is Outcome.PARTIAL


def test_a_deleted_course_is_gone(site: Site) -> None:
    site.read("courses")
    site.world.delete_course(max(site.world.truth().courses))
    assert end_of(site.read("courses")).outcome is Outcome.COMPLETE


def test_suspended_people_that_cannot_be_told_stay_what_they_were(site: Site) -> None:
    course = course_with_attempts(site.world)
    learner = next(user for user, facts in site.world.enrolments[course].items() if "student" in facts.roles)
    site.world.suspend_enrolment(course, learner)
    site.read("people", course)
    site.server.faults = Faults()
    site.server.faults.add("no-permission", function="core_enrol_get_enrolled_users", course=course, times=1)
    pages = site.read("people", course)
    assert records_of(pages, "enrolment")[f"{course}/{learner}"].fields["suspended"] is True
    assert end_of(pages).outcome is Outcome.PARTIAL


LYING = {"course-vanished", "wrong-clock", "no-date", "slow", "proxy-timeout", "partial-grades"}


@pytest.mark.parametrize("fault", sorted(set(fault_names()) - LYING))
def test_no_fault_shows_the_token_or_ends_a_scope_complete_without_its_records(
    open_site: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    site = open_site(small_world(3))
    course = course_with_attempts(site.world)
    healthy = {stream: len(_keys(site.read(stream, course))) for stream in ("people", "grades", "attempts")}
    told: list[str] = []
    for stream in healthy:
        site.memory = Memory()
        site.server.faults = Faults()
        site.server.faults.add(fault, probability=0.3, **({"seconds": 0.0} if fault == "slow" else {}))
        try:
            pages = site.read(stream, course)
            end = end_of(pages)
            told.append(end.note)
            if end.outcome is Outcome.COMPLETE:
                assert len(_keys(pages)) == healthy[stream]
        except SourceError as error:
            link: BaseException | None = error
            while link is not None:
                told += [str(link), repr(link), repr(vars(link))]
                link = link.__cause__ or link.__context__
    shown = capfd.readouterr()
    assert site.world.token not in "".join(told) + caplog.text + shown.out + shown.err


def _keys(pages: list[Page]) -> set[tuple[str, str]]:
    return {(record.kind, record.key) for page in pages for record in page.records} | absent_of(pages)


def test_a_dead_token_stops_everything_with_a_next_step(site: Site) -> None:
    site.server.faults = Faults()
    site.server.faults.add("token-expired")
    with pytest.raises(SourceDenied, match="Manage tokens"):
        site.pull()


def test_maintenance_stops_the_pull_when_there_is_no_time_to_wait(site: Site) -> None:
    site.server.faults = Faults()
    site.server.faults.add("maintenance")
    with pytest.raises(SourceUnavailable) as caught:
        site.pull()
    assert caught.value.maintenance
