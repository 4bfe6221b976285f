"""The list of people, page by page, from a site that misbehaves in every way in which Moodle does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lms_sync_moodle import MoodleConnector
from lms_sync_moodle.enrolled import EnrolledList
from lms_sync_moodle.refusals import UncleanAnswer

from lms_sync.connector import Outcome, Page, Scope
from tests.contract.moodle.moodle_memory import Memory, end_of, records_of
from tests.contract.moodle.moodle_replay import ENDPOINT, URL
from tests.contract.moodle.moodle_site import Connect

UNCLEAN = {"exception": "core\\exception\\invalid_response_exception", "errorcode": "invalidresponse", "message": "x"}
COURSES = {"courses": [{"id": 5, "shortname": "OT", "visible": 1, "categoryid": 1}], "warnings": []}
INFO = {"release": "5.1", "functions": [{"name": "core_enrol_get_enrolled_users"}], "userid": 1}


class Participants:
    """One course's list as Moodle serves it: offsets, a limit, and then what the account may not see is dropped."""

    def __init__(self, ids: list[int]) -> None:
        self.ids = ids
        self.bad_profile: set[int] = set()
        self.bad_name: set[int] = set()
        self.hidden: set[int] = set()
        self.suspended: set[int] = set()
        self.teachers: set[int] = set()
        self.before_page: Callable[[int], None] = lambda number: None
        self.requests = 0

    def answer(self, request: requests.PreparedRequest) -> tuple[int, Mapping[str, str], str]:
        form = dict(parse_qsl(str(request.body)))
        match form["wsfunction"]:
            case "core_webservice_get_site_info":
                return 200, {}, json.dumps(INFO)
            case "core_course_get_courses_by_field":
                return 200, {}, json.dumps(COURSES)
            case "core_course_get_categories":
                return 200, {}, "[]"
        return 200, {}, json.dumps(self._list(form))

    def _list(self, form: dict[str, str]) -> Any:
        names = {name[8:-7]: value for name, value in form.items() if name.endswith("][name]")}
        options = {name: form[f"options[{index}][value]"] for index, name in names.items()}
        if "onlysuspended" in options:
            return [{"id": one} for one in sorted(self.suspended)][int(options["limitfrom"]) :]
        self.requests += 1
        self.before_page(self.requests)
        start, count = int(options["limitfrom"]), int(options["limitnumber"])
        page = [one for one in self.ids[start : start + count] if one not in self.hidden]
        if self.bad_name & set(page) or ("firstname" in options["userfields"] and self.bad_profile & set(page)):
            return UNCLEAN
        return [self._person(one) for one in page]

    def _person(self, one: int) -> dict[str, Any]:
        role = "editingteacher" if one in self.teachers else "student"
        return {
            "id": one,
            "firstname": "Анна",
            "lastname": f"Нг {one}",
            "roles": [{"shortname": role}],
            "groups": [{"name": "А &amp; Б"}],
        }


@pytest.fixture
def serve(connect: Connect) -> Iterator[Callable[..., MoodleConnector]]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def start(course: Participants, **options: Any) -> MoodleConnector:
            mock.reset()
            mock.add_callback(responses.POST, ENDPOINT, course.answer, content_type="application/json")
            return connect(URL, "t" * 32, **options)

        yield start


def people_of(connector: MoodleConnector, memory: Memory | None = None) -> list[Page]:
    return (memory or Memory()).read(connector, Scope("people", "course/5"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(0, 40),
    size=st.integers(1, 12),
    bad=st.sets(st.integers(0, 39), max_size=4),
    worse=st.sets(st.integers(0, 39), max_size=3),
)
def test_no_unclean_person_takes_anybody_else_along(
    serve: Callable[..., MoodleConnector], count: int, size: int, bad: set[int], worse: set[int]
) -> None:
    course = Participants([100 + number for number in range(count)])
    course.bad_profile = {100 + number for number in bad - worse if number < count}
    course.bad_name = {100 + number for number in worse if number < count}
    pages = people_of(serve(course, page_size=size))
    clean = set(course.ids) - course.bad_profile - course.bad_name
    assert {int(key) for key in records_of(pages, "person")} == clean
    assert {int(key.split("/")[1]) for key in records_of(pages, "enrolment")} == clean | course.bad_profile
    end = end_of(pages)
    assert end.outcome is (Outcome.PARTIAL if course.bad_profile | course.bad_name else Outcome.COMPLETE)
    assert (end.expected, end.received) == (count, count - len(course.bad_name))
    for position in sorted(course.ids.index(one) + 1 for one in course.bad_name):
        assert str(position) in end.note
    assert all(str(one) in end.note for one in course.bad_profile)


def test_a_list_in_which_nothing_can_be_read_ends_soon(serve: Callable[..., MoodleConnector]) -> None:
    course = Participants(list(range(1000)))
    course.bad_name = set(course.ids)
    with pytest.raises(UncleanAnswer):
        people_of(serve(course))
    assert course.requests < 60


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(2, 40),
    size=st.integers(1, 9),
    leaving=st.dictionaries(st.integers(2, 6), st.sets(st.integers(0, 39), max_size=4), max_size=2),
)
def test_people_who_leave_between_pages_take_nobody_along(
    serve: Callable[..., MoodleConnector], count: int, size: int, leaving: dict[int, set[int]]
) -> None:
    course = Participants([100 + number for number in range(count)])
    stay = set(course.ids) - {100 + one for gone in leaving.values() for one in gone}

    def leave(number: int) -> None:
        course.ids = [one for one in course.ids if one - 100 not in leaving.get(number, set())]

    course.before_page = leave
    pages = people_of(serve(course, page_size=size))
    assert stay <= {int(key) for key in records_of(pages, "person")}
    assert end_of(pages).outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    ("count", "size", "leaving"),
    [
        (4, 3, {0, 1}),  # the second page would begin behind the end
        (11, 1, {0, 1, 2, 3}),  # more leave than a page holds
        (9, 2, {1, 2, 3, 4, 5, 6}),
    ],
)
def test_many_who_leave_at_once_take_nobody_along(
    serve: Callable[..., MoodleConnector], count: int, size: int, leaving: set[int]
) -> None:
    course = Participants([100 + number for number in range(count)])
    last = -(-count // size)  # the number of the request for the last page
    stay = {100 + number for number in range(count)} - {100 + number for number in leaving}

    def leave(number: int) -> None:
        course.ids = sorted(stay) if number >= last else course.ids

    course.before_page = leave
    pages = people_of(serve(course, page_size=size))
    assert stay <= {int(key) for key in records_of(pages, "person")}
    assert end_of(pages).outcome is Outcome.COMPLETE


def test_people_who_come_between_pages_are_not_read_twice(serve: Callable[..., MoodleConnector]) -> None:
    course = Participants([100 + 2 * number for number in range(20)])
    course.before_page = lambda number: course.ids.insert(0, 50 - number) if number == 2 else None
    pages = people_of(serve(course, page_size=5))
    keys = [record.key for page in pages for record in page.records]
    assert len(keys) == len(set(keys))
    assert {str(one) for one in course.ids if one >= 100} <= set(records_of(pages, "person"))


def test_hidden_people_make_the_list_partial_once_more_were_known(serve: Callable[..., MoodleConnector]) -> None:
    course = Participants(list(range(100, 120)))
    memory = Memory()
    assert end_of(people_of(serve(course, page_size=5), memory)).outcome is Outcome.COMPLETE
    course.hidden = {102, 103, 111}
    end = end_of(people_of(serve(course, page_size=5), memory))
    assert end.outcome is Outcome.PARTIAL
    assert "moodle/user:viewdetails" in end.note
    assert end.received == 17


def test_a_list_without_the_learners_known_before_is_partial(serve: Callable[..., MoodleConnector]) -> None:
    course = Participants(list(range(100, 110)))
    course.teachers = {109}
    memory = Memory()
    people_of(serve(course), memory)
    course.hidden = set(range(100, 109))  # as without moodle/user:viewdetails: only the course contact is left
    assert end_of(people_of(serve(course), memory)).outcome is Outcome.PARTIAL


def test_staff_have_an_enrolment_and_no_person(serve: Callable[..., MoodleConnector]) -> None:
    course = Participants([1, 2])
    course.teachers = {2}
    course.suspended = {1}
    pages = people_of(serve(course))
    assert set(records_of(pages, "person")) == {"1"}
    enrolments = records_of(pages, "enrolment")
    assert enrolments["5/2"].fields["is_learner"] is False
    assert enrolments["5/1"].fields["suspended"] is True
    assert enrolments["5/1"].fields["groups"] == ["А & Б"]  # names of groups are escaped, names of people never are


def test_other_roles_may_learn_too(serve: Callable[..., MoodleConnector]) -> None:
    course = Participants([1, 2])
    course.teachers = {2}
    pages = people_of(serve(course, learner_roles=["editingteacher"]))
    assert set(records_of(pages, "person")) == {"2"}


def test_an_ordinary_course_costs_one_request(serve: Callable[..., MoodleConnector]) -> None:
    course = Participants(list(range(100)))
    people_of(serve(course))
    assert course.requests == 1


def test_the_steps_back_are_bounded(serve: Callable[..., MoodleConnector]) -> None:
    """A list that shifts before every page ends partial, not never."""
    course = Participants(list(range(1000)))
    course.before_page = lambda number: course.ids.__delitem__(slice(0, 3))
    connector = serve(course, page_size=10)
    connector._site.info()
    listing = EnrolledList(connector._site, 5, "id,firstname,roles")
    assert sum(len(page) for page in listing.pages()) > 0
    assert course.requests < 400
