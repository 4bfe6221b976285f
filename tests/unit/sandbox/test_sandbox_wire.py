"""The endpoint's habits: formats, limits, refusals, settings, the log of calls, the clock."""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests

from lms_sync.sandbox import SandboxServer, World, reference_world, small_world
from lms_sync.sandbox.registry import REGISTRY

INVALID_TOKEN_XML = """<?xml version="1.0" encoding="UTF-8" ?>
<EXCEPTION class="core\\exception\\moodle_exception">
<ERRORCODE>invalidtoken</ERRORCODE>
<MESSAGE>Invalid token - token not found</MESSAGE>
</EXCEPTION>
"""


def test_get_and_post_answer_the_same(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())
    fields = {"wstoken": site.world.token, "wsfunction": "core_course_get_courses", "moodlewsrestformat": "json"}
    posted = site.session.post(site.endpoint, data=fields)
    got = site.session.get(site.endpoint, params=fields)
    assert posted.json() == got.json() and len(got.json()) == 6


def test_the_format_may_stand_in_the_address(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())
    fields = {"wstoken": site.world.token, "wsfunction": "core_course_get_courses"}
    assert site.session.post(site.endpoint + "?moodlewsrestformat=json", data=fields).json()[0]["id"] == 1


@pytest.mark.parametrize("asked", [{}, {"moodlewsrestformat": "JSON"}, {"moodlewsrestformat": "xml"}])
def test_without_json_a_refusal_is_xml_with_200(open_site: Callable[..., Any], asked: dict[str, str]) -> None:
    site = open_site(reference_world())
    response = site.session.post(site.endpoint, data={"wstoken": "0" * 32, "wsfunction": "x", **asked})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert response.text == INVALID_TOKEN_XML


def test_an_answer_without_json_is_xml(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())
    form = {"wstoken": site.world.token, "wsfunction": "core_grades_get_gradeitems", "courseid": 4}
    text = site.session.post(site.endpoint, data=form).text
    assert '<KEY name="itemname"><VALUE>Производственное обучение</VALUE>' in text


def many_ids(count: int) -> list[tuple[str, str]]:
    return [(f"values[{n}]", str(n + 3)) for n in range(count)]


def head(world: World) -> list[tuple[str, str]]:
    return [("wstoken", world.token), ("wsfunction", "core_user_get_users_by_field"), ("moodlewsrestformat", "json")]


def test_a_long_form_is_cut_without_a_word(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world(), max_input_vars=10)
    form = [*head(site.world), ("field", "id"), *many_ids(20)]
    told = site.session.post(site.endpoint, data=form).json()
    assert [person["id"] for person in told] == [3, 4, 5, 6, 7, 8]


def test_a_long_form_with_the_token_last_loses_token_and_format(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world(), max_input_vars=10)
    response = site.session.post(site.endpoint, data=[*many_ids(20), *head(site.world)])
    assert response.status_code == 200 and response.text == INVALID_TOKEN_XML


def test_the_limit_is_a_thousand_variables(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())
    filler = [(f"values[{n}]", "999999") for n in range(1000)]
    whole = [*head(site.world), ("field", "id"), *filler[:995], ("values[2000]", "3")]
    assert len(whole) == 1000
    assert [p["id"] for p in site.session.post(site.endpoint, data=whole).json()] == [3]
    over = [*head(site.world), ("field", "id"), *filler[:996], ("values[2000]", "3")]
    assert site.session.post(site.endpoint, data=over).json() == []


@pytest.mark.parametrize(
    ("release", "exception", "code"),
    [("4.5", "dml_missing_record_exception", "invalidrecord"), ("5.1", "dml_missing_record_exception",
     "invalidrecordunknown")],
)  # fmt: skip
def test_an_unknown_function_and_one_out_of_the_service_differ(
    open_site: Callable[..., Any], release: str, exception: str, code: str
) -> None:
    site = open_site(reference_world(release))
    unknown = site.ask("core_course_get_everything")
    assert (unknown["exception"], unknown["errorcode"]) == (exception, code)
    assert site.ask("core_message_send_instant_messages")["errorcode"] == "accessexception"
    site.world.account.functions.remove("core_notes_create_notes")
    assert site.ask("core_notes_create_notes", notes=[])["errorcode"] == "accessexception"


@pytest.mark.parametrize("release", ["4.1", "4.5"])
def test_the_newer_attempts_function_is_unknown_to_older_releases(open_site: Callable[..., Any], release: str) -> None:
    site = open_site(small_world(1, release=release))
    told = site.ask("mod_quiz_get_user_quiz_attempts", quizid=1, userid=3)
    assert told["errorcode"] == "invalidrecord"


def test_exceptions_have_no_namespace_before_4_5(open_site: Callable[..., Any]) -> None:
    told = open_site(small_world(1, release="4.1")).ask("gradereport_user_get_grade_items", courseid="x")
    assert told["exception"] == "invalid_parameter_exception"


@pytest.mark.parametrize(
    "params",
    [{"courseid": "2x"}, {}, {"courseid": 2, "surplus": 1}, {"courseid": ""}, {"courseid": [2]}],
)
def test_bad_parameters_are_refused(open_site: Callable[..., Any], params: dict[str, Any]) -> None:
    told = open_site(reference_world()).ask("gradereport_user_get_grade_items", **params)
    assert told["errorcode"] == "invalidparameter"


def test_a_refusal_may_come_without_an_error_code(open_site: Callable[..., Any]) -> None:
    told = open_site(reference_world()).ask("core_course_get_courses_by_field", field="ids", value="2,999")
    assert set(told) == {"exception", "message"}


def test_raw_brings_names_whole_but_not_all_of_them(open_site: Callable[..., Any]) -> None:
    world = reference_world()
    world.rename_group(1, "ОТ & <первая>")
    world.rename_course(2, shortname="OT & <72>")
    site = open_site(world)

    def hidden_name(raw: bool) -> str:
        courses = site.ask("core_course_get_courses", raw=raw)
        return next(str(course["fullname"]) for course in courses if course["id"] == 6)

    assert hidden_name(raw=True) == "Скрытый курс & <архив>"
    assert hidden_name(raw=False) == "Скрытый курс &amp; "
    for raw in (True, False):
        person = site.ask("core_enrol_get_enrolled_users", raw=raw, courseid=2)[0]
        assert person["groups"][0]["name"] == "ОТ &amp; "
        assert person["enrolledcourses"][0]["shortname"] == "OT &amp; "
    for raw, name in ((True, "OT & <72>"), (False, "OT &amp; ")):
        assert (
            site.ask("core_course_get_courses_by_field", raw=raw, field="id", value=2)["courses"][0]["shortname"]
            == name
        )
        listed = site.ask("core_course_get_courses", raw=raw, options={"ids": [2]})
        assert listed[0]["shortname"] == name


def test_a_hidden_course_is_among_its_teachers_courses_only(open_site: Callable[..., Any]) -> None:
    people = open_site(reference_world()).ask("core_enrol_get_enrolled_users", courseid=6)
    courses = {person["id"]: [course["id"] for course in person["enrolledcourses"]] for person in people}
    assert courses[3] == [2, 3, 4]
    assert courses[27] == [2, 3, 4, 6]


def test_one_unclean_name_fails_the_whole_list(open_site: Callable[..., Any]) -> None:
    world = reference_world()
    world.rename_learner(5, firstname="Пётр <архив>")
    site = open_site(world)
    for function in ("core_enrol_get_enrolled_users", "gradereport_user_get_grade_items"):
        assert site.ask(function, courseid=2)["errorcode"] == "invalidresponse"
    assert (
        len(site.ask("core_enrol_get_enrolled_users", courseid=6, options=[{"name": "limitnumber", "value": 2}])) == 2
    )


def test_marks_are_worded_in_the_language_asked_for(open_site: Callable[..., Any]) -> None:
    world = reference_world()
    world.languages = {"en", "ru"}
    site = open_site(world)

    def formatted(**settings: str) -> str:
        report = site.ask("gradereport_user_get_grade_items", courseid=2, userid=4, **settings)
        return str(report["usergrades"][0]["gradeitems"][0]["gradeformatted"])

    assert formatted() == "33.33"
    assert formatted(moodlewssettinglang="ru") == "33,33"
    assert formatted(moodlewssettinglang="de", moodlewssettingtimezone="Europe/Moscow") == "33.33"


def test_an_answer_is_never_older_than_the_world(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())

    def total() -> Any:
        report = site.ask("gradereport_user_get_grade_items", courseid=2)["usergrades"]
        return next(person for person in report if person["userid"] == 3)["gradeitems"][0]["graderaw"]

    assert total() == 0
    site.world.set_grade(2, 3, Decimal("12.5"))
    assert total() == 12.5


def test_the_date_header_is_the_worlds_clock(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())
    site.world.now = 1_800_000_000
    site.world.advance(5)
    date = site.post("core_webservice_get_site_info").headers["Date"]
    assert email.utils.parsedate_to_datetime(date).timestamp() == 1_800_000_005


def test_calls_are_logged_in_order_without_the_token(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())
    site.ask("core_course_get_updates_since", courseid=2, since=5)
    site.ask("no_such_function")
    site.ask("core_course_get_updates_since", courseid=3, since=5)
    log = site.server.requests
    assert log[0].function == "core_course_get_updates_since"
    assert log[0].params == {"courseid": "2", "since": "5"}
    assert [r.order for r in log] == sorted(r.order for r in log)
    assert (site.server.count(), site.server.count("core_course_get_updates_since")) == (3, 2)
    assert site.world.token not in repr(log)


def test_writes_reach_the_world_once_each(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())
    note = {"userid": 3, "publishstate": "site", "courseid": 2, "text": "Удостоверение", "format": 1}
    made = [site.ask("core_notes_create_notes", notes=[note])[0]["noteid"] for _ in range(2)]
    assert len(set(made)) == 2 and len(site.world.notes) == 2  # nothing prevents a double
    site.ask("core_user_update_users", users=[{"id": 3, "customfields": [{"type": "doc_number", "value": "ПК-1"}]}])
    assert site.world.truth().learners[3].customfields[-1] == ("snils", "112-233-445 95")
    assert dict(site.world.truth().learners[3].customfields)["doc_number"] == "ПК-1"


def test_pages_of_enrolled_people_make_the_whole_list(open_site: Callable[..., Any]) -> None:
    site = open_site(reference_world())

    def page(begin: int, count: int) -> list[int]:
        options = {"userfields": "id", "limitfrom": begin, "limitnumber": count, "sortby": "id"}
        listed = [{"name": name, "value": value} for name, value in options.items()]
        return [p["id"] for p in site.ask("core_enrol_get_enrolled_users", courseid=2, options=listed)]

    whole = page(0, 0)
    assert [user for begin in range(0, 30, 7) for user in page(begin, 7)] == whole
    assert len(whole) == 24 and page(24, 7) == []


def test_a_closed_site_stops_answering_on_open_connections() -> None:
    world = reference_world()
    form = {"wstoken": world.token, "wsfunction": "core_webservice_get_site_info", "moodlewsrestformat": "json"}
    with requests.Session() as session:
        with SandboxServer(world) as server:
            address = f"{server.url}/webservice/rest/server.php"
            assert session.post(address, data=form).ok
        with pytest.raises(requests.ConnectionError):
            session.post(address, data=form)


def test_every_function_offered_by_the_service_is_served() -> None:
    world = small_world(1, companion=True)
    assert set(world.account.functions) == set(REGISTRY.functions)
