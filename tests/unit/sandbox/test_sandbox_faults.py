"""Each fault really produces what it says, over HTTP."""

from __future__ import annotations

import contextlib
import email.utils
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from lms_sync.sandbox import Faults, SandboxServer, fault_names, reference_world
from lms_sync.sandbox.faults import LOST_ANSWERS, TRANSIENT

REPORT = "gradereport_user_get_grade_items"
NOTE = {"userid": 3, "publishstate": "site", "courseid": 2, "text": "x", "format": 1}


@pytest.fixture
def struck(open_site: Callable[..., Any]) -> Callable[..., Any]:
    """A reference site with one fault always on."""

    def opening(name: str, **options: Any) -> Any:
        return open_site(reference_world(), Faults().add(name, **options))

    return opening


@pytest.mark.parametrize(
    ("name", "status"),
    [("maintenance", 503), ("rate-limit", 429), ("error-500", 500), ("error-502", 502), ("error-504", 504),
     ("html-page", 200)],
)  # fmt: skip
def test_pages_instead_of_answers(struck: Callable[..., Any], name: str, status: int) -> None:
    response = struck(name).post("core_webservice_get_site_info")
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(("name", "seconds"), [("maintenance", "300"), ("rate-limit", "1")])
def test_some_pages_say_when_to_come_back(struck: Callable[..., Any], name: str, seconds: str) -> None:
    assert struck(name).post("core_webservice_get_site_info").headers["Retry-After"] == seconds


@pytest.mark.parametrize(
    ("name", "code"),
    [("maintenance-json", "sitemaintenance"), ("upgrade", "upgraderunning"),
     ("database-down", "dbconnectionfailed"), ("invalid-response", "invalidresponse"),
     ("access-denied", "accessexception"), ("no-permission", "nopermissions"),
     ("force-password", "forcepasswordchangenotice")],
)  # fmt: skip
def test_refusals_with_200(struck: Callable[..., Any], name: str, code: str) -> None:
    response = struck(name).post("core_webservice_get_site_info")
    assert response.status_code == 200 and response.json()["errorcode"] == code


def test_switched_off_services_answer_403_with_nothing(struck: Callable[..., Any]) -> None:
    response = struck("services-off").post("core_webservice_get_site_info")
    assert (response.status_code, response.content) == (403, b"")


def test_an_empty_body(struck: Callable[..., Any]) -> None:
    response = struck("empty-body").post("core_webservice_get_site_info")
    assert (response.status_code, response.content) == (200, b"")


def test_truncated_json_looks_whole_to_http(struck: Callable[..., Any]) -> None:
    response = struck("truncated").post("core_course_get_courses")
    assert response.status_code == 200 and response.text.startswith('[{"id":1')
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_an_xml_refusal_to_a_json_request(struck: Callable[..., Any]) -> None:
    response = struck("xml-refusal").post("core_course_get_courses")
    assert response.status_code == 200 and response.text.startswith("<?xml")


@pytest.mark.parametrize("name", ["drop-before", "drop-after", "drop-headers", "reset"])
def test_connections_that_end(struck: Callable[..., Any], name: str) -> None:
    site = struck(name)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        site.post(REPORT, courseid=2)
    site.server.faults.clear()
    assert len(site.ask(REPORT, courseid=2)["usergrades"]) == 22


@pytest.mark.parametrize(("name", "written"), [("drop-before", 0), ("drop-after", 1), ("reset", 1)])
def test_a_lost_answer_may_have_been_a_write(struck: Callable[..., Any], name: str, written: int) -> None:
    site = struck(name)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        site.post("core_notes_create_notes", notes=[NOTE])
    assert len(site.world.notes) == written


@pytest.mark.parametrize(("name", "status"), [("error-500-after", 500), ("error-504-after", 504)])
def test_a_page_in_place_of_an_answer_after_a_write(struck: Callable[..., Any], name: str, status: int) -> None:
    site = struck(name)
    response = site.post("core_notes_create_notes", notes=[NOTE])
    assert (response.status_code, len(site.world.notes)) == (status, 1)
    assert response.text.startswith("<!DOCTYPE html>")


def test_a_write_may_run_when_its_caller_is_gone(struck: Callable[..., Any]) -> None:
    site = struck("late", nth=1, seconds=None)
    with pytest.raises(requests.ConnectionError):
        site.post("core_notes_create_notes", notes=[NOTE])
    assert not site.world.notes
    assert (site.server.run_late(), len(site.world.notes)) == (1, 1)
    assert (site.server.run_late(), len(site.world.notes)) == (0, 1)


def test_a_late_write_runs_by_itself(struck: Callable[..., Any]) -> None:
    site = struck("late", nth=1, seconds=0.01)
    with pytest.raises(requests.ConnectionError):
        site.post("core_notes_create_notes", notes=[NOTE])
    deadline = time.monotonic() + 10
    while not site.world.notes and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (site.server.run_late(), len(site.world.notes)) == (0, 1)


def test_every_lost_answer_of_a_write_was_written_or_never_ran(struck: Callable[..., Any]) -> None:
    never = {"empty-body", "html-page", "error-500", "error-502"}
    for name in LOST_ANSWERS:
        site = struck(name, **({"seconds": None} if name == "late" else {}))
        with contextlib.suppress(requests.RequestException):
            site.post("core_notes_create_notes", notes=[NOTE])
        site.server.run_late()
        assert len(site.world.notes) == (name not in never), name


def test_a_slow_answer_is_late(struck: Callable[..., Any]) -> None:
    site = struck("slow", nth=1, seconds=60)
    with pytest.raises(requests.ReadTimeout):
        requests.get(site.endpoint, timeout=0.1)
    assert requests.get(site.endpoint, timeout=10).ok


def test_an_expired_token_is_gone_for_ever(struck: Callable[..., Any]) -> None:
    site = struck("token-expired", nth=3)
    codes = [site.ask("core_webservice_get_site_info").get("errorcode") for _ in range(5)]
    assert codes == [None, None, "accessexception", "invalidtoken", "invalidtoken"]
    site.server.faults.clear()
    assert "errorcode" not in site.ask("core_webservice_get_site_info")


def test_permission_is_missing_for_one_course(struck: Callable[..., Any]) -> None:
    site = struck("no-permission", course=3)
    assert site.ask(REPORT, courseid=3)["errorcode"] == "nopermissions"
    assert len(site.ask(REPORT, courseid=2)["usergrades"]) == 22


def test_a_course_vanishes_for_one_run(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())
    for function in ("core_course_get_courses", "core_course_get_courses_by_field"):
        site.server.faults.add("course-vanished", function=function, times=1)

        def listed(function: str = function) -> int:
            told = site.ask(function)
            return len(told["courses"] if isinstance(told, dict) else told)

        assert [listed(), listed()] == [5, 6]


def test_a_chosen_course_vanishes(struck: Callable[..., Any]) -> None:
    listed = struck("course-vanished", course=3).ask("core_course_get_courses")
    assert [course["id"] for course in listed] == [1, 2, 5, 4, 6]


def test_an_empty_gradebook_with_200(struck: Callable[..., Any]) -> None:
    assert struck("empty-grades").ask(REPORT, courseid=2) == {"usergrades": [], "warnings": []}


def test_a_report_with_learners_missing(struck: Callable[..., Any]) -> None:
    site = struck("partial-grades", share=0.4)
    told = len(site.ask(REPORT, courseid=2)["usergrades"])
    assert 0 < told < 22
    assert len(site.ask(REPORT, courseid=2, userid=3)["usergrades"]) == 1


def test_a_spoilt_report_is_not_kept(struck: Callable[..., Any]) -> None:
    site = struck("empty-grades", nth=2)
    assert [len(site.ask(REPORT, courseid=2)["usergrades"]) for _ in range(3)] == [22, 0, 22]


def test_answers_without_a_date_and_with_a_wrong_one(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world(), Faults().add("no-date", nth=1).add("wrong-clock", nth=2, seconds=-7200))
    assert "Date" not in site.post("core_webservice_get_site_info").headers
    date = site.post("core_webservice_get_site_info").headers["Date"]
    assert email.utils.parsedate_to_datetime(date).timestamp() == site.world.now - 7200


def test_a_proxy_cuts_big_reports_only(struck: Callable[..., Any]) -> None:
    site = struck("proxy-timeout", learners=20)
    assert site.post(REPORT, courseid=2).status_code == 504
    assert site.post(REPORT, courseid=4).status_code == 200
    assert site.post(REPORT, courseid=2, userid=3).status_code == 200
    assert site.post(REPORT, courseid=2, groupid=1).status_code == 200
    site.server.faults.clear()
    site.server.faults.add("proxy-timeout", learners=0)
    assert site.post(REPORT, courseid=4).status_code == 504
    assert site.post(REPORT, courseid=2, userid=3).status_code == 200


def test_latency_grows_with_learners(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world(), Faults(per_learner=3.0))
    form = {"wstoken": site.world.token, "wsfunction": REPORT, "moodlewsrestformat": "json"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(site.endpoint, data=form | {"courseid": 2}, timeout=0.5)
    assert requests.post(site.endpoint, data=form | {"courseid": 5}, timeout=10).json()["usergrades"] == []


def test_rules_count_matches_and_stop(open_site: Callable[..., Any]) -> None:
    faults = Faults().add("error-500", function="core_course_get_courses", nth=2)
    faults.add("error-502", function="core_webservice_get_site_info", times=2)
    site = open_site(reference_world(), faults)
    assert [site.post("core_course_get_courses").status_code for _ in range(3)] == [200, 500, 200]
    assert [site.post("core_webservice_get_site_info").status_code for _ in range(3)] == [502, 502, 200]
    assert (faults.fired(), faults.fired("error-500")) == (3, 1)
    faults.remove("error-500")
    assert faults.fired("error-500") == 0


def test_probabilities_follow_the_seed() -> None:
    def pattern(seed: int) -> list[bool]:
        faults = Faults(seed).add("error-500", probability=0.5)
        return [bool(faults.strike("x", None)) for _ in range(64)]

    assert pattern(1) == pattern(1) != pattern(2)
    assert 10 < sum(pattern(1)) < 54


def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(ValueError, match="No fault is called 'earthquake'"):
        Faults().add("earthquake")


def test_random_plans_are_transient_and_end() -> None:
    for seed in range(200):
        plan = Faults.random(random.Random(seed), 0.5)
        assert plan.rules and {rule.name for rule in plan.rules} <= set(TRANSIENT) <= set(fault_names())
        assert all(rule.nth is not None or rule.times is not None for rule in plan.rules)
    assert Faults.random(random.Random(1), 0.0).rules == []


def test_a_random_plan_may_be_made_of_chosen_faults() -> None:
    names = {rule.name for seed in range(50) for rule in Faults.random(random.Random(seed), 0.5, LOST_ANSWERS).rules}
    assert names == set(LOST_ANSWERS)


def test_a_retrying_client_survives_a_random_plan() -> None:
    """Asked often enough, every call comes through once the plan has spent itself."""
    for seed in range(10):
        world = reference_world()
        with SandboxServer(world, Faults.random(random.Random(seed), 0.5)) as server, requests.Session() as session:
            form = {"wstoken": world.token, "wsfunction": "core_course_get_courses", "moodlewsrestformat": "json"}
            whole = 0
            for _ in range(90):
                try:
                    told = session.post(f"{server.url}/webservice/rest/server.php", data=form, timeout=5).json()
                except requests.RequestException:
                    continue
                whole += isinstance(told, list) and len(told) == 6
            assert whole >= 20, server.faults
