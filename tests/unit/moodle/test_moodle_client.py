"""Every kind of answer of Moodle, and what it is taken for."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st
from lms_sync_moodle import wire
from lms_sync_moodle.client import SECRET_FIELD, MoodleClient, flatten
from lms_sync_moodle.refusals import UncleanAnswer, is_deleted
from pydantic import SecretStr

from lms_sync.connector import SiteAccess
from lms_sync.errors import (
    OutcomeUnknown,
    SourceAnswerInvalid,
    SourceDenied,
    SourceError,
    SourceGone,
    SourceRefused,
    SourceUnavailable,
)
from lms_sync.http import Http

TOKEN = "feedfacefeedfacefeedfacefeedface"
URL = "https://lms.example.com/webservice/rest/server.php?moodlewsrestformat=json"
REPORT = "gradereport_user_get_grade_items"


@pytest.fixture
def site() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def client(**changes: Any) -> MoodleClient:
    access = SiteAccess(
        "lms", "https://lms.example.com/", SecretStr(TOKEN), retries=1, maintenance_wait=0.0, concurrency=1
    )
    return MoodleClient(access, http=Http(access, secret_field=SECRET_FIELD, sleep=lambda _: None), **changes)


def refusal(code: str | None, exception: str = "core\\exception\\moodle_exception", **more: str) -> str:
    said = {"exception": exception, "message": "Зоя said «SELECT secret»", **more}
    return json.dumps(said if code is None else {"exception": exception, "errorcode": code, **said})


def call(body: str | bytes = "", *, status: int = 200, site: responses.RequestsMock, **options: Any) -> Any:
    site.post(URL, body=body, status=status, content_type="application/json")
    answer = options.pop("answer", wire.GradeReport)
    return client().call(REPORT, {"courseid": 2}, answer=answer, **options)


REFUSALS: list[tuple[str | None, str, type[SourceError], str]] = [
    ("invalidtoken", "core\\exception\\moodle_exception", SourceDenied, "Manage tokens"),
    ("forcepasswordchangenotice", "core\\exception\\moodle_exception", SourceDenied, "change its password"),
    ("wsaccessusersuspended", "core\\exception\\moodle_exception", SourceDenied, "suspended"),
    ("accessexception", "webservice_access_exception", SourceDenied, "External services"),
    ("nopermissions", "core\\exception\\required_capability_exception", SourceRefused, "moodle/grade:viewall"),
    ("nopermissiontoviewgrades", "core\\exception\\moodle_exception", SourceRefused, "moodle/grade:viewall"),
    ("requireloginerror", "core\\exception\\require_login_exception", SourceRefused, "moodle/course:view"),
    ("errorcoursecontextnotvalid", "core\\exception\\moodle_exception", SourceRefused, "moodle/course:view"),
    ("notingroup", "core\\exception\\moodle_exception", SourceRefused, "accessallgroups"),
    ("dmlreadexception", "dml_read_exception", SourceRefused, "Graded roles"),
    ("invalidparameter", "core\\exception\\invalid_parameter_exception", SourceRefused, "release"),
    ("userdeleted", "core\\exception\\moodle_exception", SourceGone, "deleted"),
    ("invalidrecord", "dml_missing_record_exception", SourceGone, "no such"),
    ("invalidrecordunknown", "dml_missing_record_exception", SourceGone, "no such"),
    ("invalidresponse", "core\\exception\\invalid_response_exception", UncleanAnswer, "clean it"),
    ("sitemaintenance", "core\\exception\\moodle_exception", SourceUnavailable, "maintenance"),
    ("upgraderunning", "core\\exception\\moodle_exception", SourceUnavailable, "upgraded"),
    ("dbconnectionfailed", "dml_connection_exception", SourceUnavailable, "database"),
    (None, "Error", SourceRefused, "Error"),
    ("somethingnew", "core\\exception\\moodle_exception", SourceRefused, "somethingnew"),
]


@pytest.mark.parametrize(("code", "exception", "kind", "says"), REFUSALS)
def test_a_refusal_with_http_200_is_known_by_its_code(
    site: responses.RequestsMock, code: str | None, exception: str, kind: type[SourceError], says: str
) -> None:
    with pytest.raises(kind) as caught:
        call(refusal(code, exception, debuginfo="SELECT * FROM {user}"), site=site)
    assert type(caught.value) is kind
    assert says in str(caught.value)
    assert "SELECT" not in str(caught.value)
    assert "Зоя" not in str(caught.value)


def test_only_userdeleted_means_a_deleted_person(site: responses.RequestsMock) -> None:
    told = []
    for code in ("userdeleted", "invalidrecord", "invalidrecordunknown", "invaliduser"):
        site.post(URL, body=refusal(code))
        with pytest.raises(SourceGone) as caught:
            client().call(REPORT, answer=wire.GradeReport)
        told.append(is_deleted(caught.value))
        site.reset()
    assert told == [True, False, False, False]


def test_a_function_outside_of_the_service_refuses_only_itself(site: responses.RequestsMock) -> None:
    site.post(URL, body=refusal("accessexception", "webservice_access_exception"))
    known = client()
    known.functions = frozenset({"core_course_get_categories"})
    with pytest.raises(SourceRefused, match="not in the token's service"):
        known.call(REPORT, answer=wire.GradeReport)
    with pytest.raises(SourceDenied):
        known.call("core_course_get_categories", answer=list[wire.Category])


def test_web_services_that_are_off_answer_403_without_a_body(site: responses.RequestsMock) -> None:
    with pytest.raises(SourceDenied, match="Manage protocols"):
        call("", status=403, site=site)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, SourceDenied, "firewall"),
        (403, SourceDenied, "firewall"),
        (404, SourceDenied, "no Moodle web service"),
        (413, SourceRefused, "form_limit"),
        (414, SourceRefused, "form_limit"),
        (418, SourceAnswerInvalid, "HTTP 418"),
        (429, SourceUnavailable, "fewer requests"),
        (500, SourceUnavailable, "HTTP 500"),
        (503, SourceUnavailable, "HTTP 503"),
    ],
)
def test_other_http_codes(site: responses.RequestsMock, status: int, kind: type[SourceError], says: str) -> None:
    with pytest.raises(kind, match=says):
        call("<html>Зоя</html>", status=status, site=site)


XML = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<EXCEPTION class="core\\exception\\moodle_exception">\n'
    "<ERRORCODE>invalidtoken</ERRORCODE>\n<MESSAGE>Invalid token - token not found</MESSAGE>\n</EXCEPTION>\n"
)


def test_a_refusal_in_xml_is_known_by_its_code(site: responses.RequestsMock) -> None:
    with pytest.raises(SourceDenied, match="invalidtoken"):
        call(XML, site=site)


BAD_BODIES: list[tuple[bytes, str, int]] = [
    (b"", "empty body", 2),
    (b"  \n", "empty body", 2),
    (b'{"usergrades": [{"courseid": 2, "user', "cut off", 2),
    (b'{"usergrades": []} trailing', "not JSON", 1),
    (b'Notice: undefined {"usergrades": []}', "not JSON", 1),
    (b'{"usergrades": [], "warnings": [{"warningcode": "\xff\xfe"}]}', "not JSON", 1),
    (b"<!DOCTYPE html><html><title>Login</title>", "web page", 1),
    (b"\n <html>", "web page", 1),
    (b"<?xml version='1.0'?><RESPONSE><SINGLE/></RESPONSE>", "XML", 1),
    (b'{"nothing": 1}', r"unknown shape at \$", 1),
    (b'{"usergrades": [{"courseid": 2, "userid": "x", "gradeitems": []}]}', r"\$\.usergrades\[0\]\.userid", 1),
    (b"[]", r"unknown shape at \$", 1),
    (b"null", r"unknown shape at \$", 1),
]


@pytest.mark.parametrize(("body", "says", "requests"), BAD_BODIES)
def test_what_is_no_answer_is_named_and_repeated_only_where_that_may_help(
    site: responses.RequestsMock, body: bytes, says: str, requests: int
) -> None:
    with pytest.raises(SourceAnswerInvalid, match=says):
        call(body, site=site)
    assert len(site.calls) == requests


@pytest.mark.parametrize("body", ["", '{"cut', "<html>", '{"nothing": 1}'])
def test_a_write_whose_answer_is_lost_is_never_repeated(site: responses.RequestsMock, body: str) -> None:
    with pytest.raises(OutcomeUnknown):
        call(body, site=site, safe=False)
    assert len(site.calls) == 1


def test_a_refused_write_is_refused(site: responses.RequestsMock) -> None:
    with pytest.raises(SourceRefused):
        call(refusal("nopermissions"), site=site, safe=False)


def test_grades_keep_every_digit_that_was_sent(site: responses.RequestsMock) -> None:
    item = '{"id": 1, "itemtype": "mod", "graderaw": 66.66666999999999987, "grademax": "100.00000", "grademin": 0}'
    answer = call(f'{{"usergrades": [{{"courseid": 2, "userid": 3, "gradeitems": [{item}]}}]}}', site=site)
    read = answer.usergrades[0].gradeitems[0]
    assert read.graderaw == Decimal("66.66666999999999987")
    assert (read.grademin, read.grademax) == (Decimal(0), Decimal(100))


@pytest.mark.parametrize("value", ['"1,5"', '"-"', '"Error"', "true", "[1]", '""'])
def test_a_grade_that_is_no_number_is_never_taken_for_one(site: responses.RequestsMock, value: str) -> None:
    item = f'{{"id": 1, "itemtype": "mod", "graderaw": {value}}}'
    with pytest.raises(SourceAnswerInvalid, match="graderaw") as caught:
        call(f'{{"usergrades": [{{"courseid": 2, "userid": 3, "gradeitems": [{item}]}}]}}', site=site)
    assert "1,5" not in str(caught.value)


def test_releases_may_send_numbers_as_texts_and_truths_as_numbers(site: responses.RequestsMock) -> None:
    item = '{"id": "7", "itemtype": "mod", "gradeishidden": 1, "gradeneedsupdate": 0, "new_in_6_0": {}}'
    answer = call(f'{{"usergrades": [{{"courseid": "2", "userid": "3", "gradeitems": [{item}]}}]}}', site=site)
    read = answer.usergrades[0].gradeitems[0]
    assert (read.id, read.gradeishidden, read.gradeneedsupdate) == (7, True, False)


def test_warnings_reach_the_caller(site: responses.RequestsMock) -> None:
    body = '{"quizzes": [], "warnings": [{"item": "course", "itemid": 2, "warningcode": "1", "message": "No access"}]}'
    answer = call(body, site=site, answer=wire.Quizzes)
    assert [(warning.itemid, warning.warningcode) for warning in answer.warnings] == [(2, "1")]


def test_an_answer_that_speaks_of_exceptions_is_no_refusal(site: responses.RequestsMock) -> None:
    body = '{"quizzes": [{"id": 1, "course": 2, "coursemodule": 3, "name": "\\"exception\\""}], "warnings": []}'
    assert call(body, site=site, answer=wire.Quizzes).quizzes[0].name == '"exception"'


def test_the_form_has_the_token_the_function_and_the_format_first(site: responses.RequestsMock) -> None:
    call('{"usergrades": []}', site=site)
    fields = parse_qsl(str(site.calls[0].request.body))
    assert fields[:3] == [("wstoken", TOKEN), ("wsfunction", REPORT), ("moodlewsrestformat", "json")]
    assert ("moodlewssettingraw", "1") in fields
    assert fields[-1] == ("courseid", "2")
    assert TOKEN not in str(site.calls[0].request.url)


def test_a_form_over_the_limit_is_not_sent(site: responses.RequestsMock) -> None:
    small = client(form_limit=50)
    with pytest.raises(SourceRefused, match="max_input_vars"):
        small.call("f", {"courseids": list(range(46))}, answer=wire.Quizzes)
    site.post(URL, body='{"quizzes": []}')
    small.call("f", {"courseids": list(range(small.room()))}, answer=wire.Quizzes)
    assert len(parse_qsl(str(site.calls[0].request.body))) == 50


@given(count=st.integers(0, 3000), limit=st.integers(50, 1000), at_most=st.integers(1, 500))
def test_chunks_lose_nothing_and_fit_into_a_form(count: int, limit: int, at_most: int) -> None:
    pieces = list(client(form_limit=limit).chunks(range(count), at_most=at_most))
    assert [one for piece in pieces for one in piece] == list(range(count))
    assert all(0 < len(piece) <= min(at_most, client(form_limit=limit).room()) for piece in pieces)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=12,
)


def unflatten(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """What PHP makes of form fields: nested arrays, keyed by texts."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        names = [key.split("[")[0], *re.findall(r"\[([^\]]*)\]", key)]
        place = tree
        for name in names[:-1]:
            place = place.setdefault(name, {})
        assert names[-1] not in place
        place[names[-1]] = value
    return tree


def as_php(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {key: as_php(one) for key, one in value.items()}
    elif isinstance(value, list):
        inner = {str(index): as_php(one) for index, one in enumerate(value)}
    else:
        return None if value is None else str(int(value)) if isinstance(value, bool) else str(value)
    return {key: one for key, one in inner.items() if one is not None} or None


@given(params=st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), VALUES, max_size=4))
def test_php_rebuilds_what_was_flattened(params: dict[str, Any]) -> None:
    assert unflatten(flatten(params)) == (as_php(params) or {})


def test_the_clock_is_the_servers(site: responses.RequestsMock) -> None:
    moodle = client()
    for date in ("Sun, 22 Nov 2026 05:00:00 GMT", "Sun, 22 Nov 2026 06:00:00 GMT"):
        site.post(URL, body='{"usergrades": []}', headers={"Date": date})
        moodle.call(REPORT, answer=wire.GradeReport)
    assert moodle.started == 1795323600
    assert abs(moodle.now() - (1795323600 + 3600)) <= 5


@pytest.mark.parametrize(
    "body",
    ["", "<html>" + TOKEN, '{"cut' + TOKEN, refusal(TOKEN), refusal("x", TOKEN), f'{{"usergrades": "{TOKEN}"}}', XML]
    + [refusal(code) for code, *_ in REFUSALS],
)
def test_a_site_that_sends_the_token_back_cannot_make_us_show_it(
    site: responses.RequestsMock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], body: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SourceError) as caught:
        call(body, site=site)
    link: BaseException | None = caught.value
    while link is not None:
        assert TOKEN not in str(link) + repr(link) + repr(vars(link))
        link = link.__cause__ or link.__context__
    shown = capfd.readouterr()
    assert TOKEN not in caplog.text + shown.out + shown.err
