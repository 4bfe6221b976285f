"""What Moodle may answer to a write, and what each answer is taken for. The answers are of Moodle's own making (`user/
externallib.php`, `notes/externallib.php`) or broken in ways that no Moodle should show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from lms_sync_moodle import MoodleOptions
from lms_sync_moodle.client import SECRET_FIELD, MoodleClient
from lms_sync_moodle.push import STRATEGIES, TARGETS
from lms_sync_moodle.site import MoodleSite
from pydantic import SecretStr

from lms_sync.connector import Answer, Delivery, Receipt, SiteAccess
from lms_sync.errors import OutcomeUnknown, SourceAnswerInvalid, SourceRefused
from lms_sync.http import Http

URL = "https://lms.example.com/webservice/rest/server.php?moodlewsrestformat=json"
FUNCTIONS = [
    "local_lmssync_upsert_documents",
    "local_lmssync_get_documents",
    "core_user_update_users",
    "core_user_get_users_by_field",
    "core_notes_create_notes",
    "core_notes_update_notes",
    "core_notes_get_course_notes",
]
US = 28
NOTE = {"id": 7, "courseid": 2, "userid": 5, "content": "Старое (d000001)", "format": 2, "usermodified": US}
NO_NOTES: dict[str, Any] = {"sitenotes": [], "coursenotes": [], "canmanagesystemnotes": True}
ONE_NOTE = {**NO_NOTES, "coursenotes": [NOTE | {"publishstate": "public"}]}

Answers = dict[str, Any]
"""Function -> its answer."""


@pytest.fixture
def site() -> Iterator[Callable[[Answers], MoodleSite]]:
    """A site whose functions answer always the same."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def make(answers: Answers) -> MoodleSite:
            info = {"userid": US, "functions": [{"name": name} for name in FUNCTIONS]}
            for function, answer in ({"core_webservice_get_site_info": info} | answers).items():
                mock.post(URL, body=json.dumps(answer), content_type="application/json", match=[names(function)])
            access = SiteAccess("lms", "https://lms.example.com", SecretStr("0" * 32), retries=0, concurrency=1)
            http = Http(access, secret_field=SECRET_FIELD, sleep=lambda _: None)
            return MoodleSite(MoodleClient(access, http=http), MoodleOptions())

        yield make


def names(function: str) -> Callable[[Any], tuple[bool, str]]:
    """Matches a call of the function, whatever its parameters."""
    return lambda request: (f"wsfunction={function}&" in str(request.body), f"no call of {function}")


def delivery(values: dict[str, str], uid: str = "d000001", learner: str = "5") -> Delivery:
    return Delivery(uid, learner, values, 1, f"{uid}/1", course="2")


def send(site: MoodleSite, target: str, *wanted: Delivery) -> list[Receipt]:
    return list(STRATEGIES[target].send(site, wanted))


PROFILE = delivery({"document": "x"}, uid="5")
NOTE_WANTED = delivery({"text": "Новое (d000001)"})
DOCUMENT = delivery({"kind": "advanced_training", "title": "Удостоверение"})


def warning(code: Any, person: int | None = 5, item: str = "user") -> dict[str, Any]:
    return {"item": item, "itemid": person, "warningcode": code, "message": "Зоя сказала"}


# Profile fields


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("invaliduserid", "invaliduserid"),
        ("usernotupdateddeleted", "usernotupdateddeleted"),
        ("dmlwriteexception", "dmlwriteexception"),
        ("", "notsaved"),
        ("0", "notsaved"),
    ],
)
def test_a_warning_in_a_success_is_a_refusal_of_that_person(site: Any, code: str, told: str) -> None:
    account = [{"id": 6, "customfields": [{"shortname": "document", "value": "x", "type": "text"}]}]
    here = site({"core_user_update_users": {"warnings": [warning(code)]}, "core_user_get_users_by_field": account})
    other = delivery({"document": "x"}, uid="6", learner="6")
    assert send(here, "profile", PROFILE, other) == [
        Receipt("5", Answer.REFUSED, code=told),
        Receipt("6", Answer.ACCEPTED, "6"),
    ]


@pytest.mark.parametrize("person", [None, 6])
def test_a_warning_about_nobody_we_asked_for_leaves_the_outcome_unknown(site: Any, person: int | None) -> None:
    here = site({"core_user_update_users": {"warnings": [warning("invaliduserid", person)]}})
    with pytest.raises(OutcomeUnknown, match="of whom"):
        send(here, "profile", PROFILE)


def test_that_a_field_cannot_be_looked_up_does_not_undo_what_was_written(site: Any) -> None:
    refused = {"exception": "core\\exception\\moodle_exception", "errorcode": "nopermissions", "message": "x"}
    here = site({"core_user_update_users": {"warnings": []}, "core_user_get_users_by_field": refused})
    assert send(here, "profile", PROFILE) == [Receipt("5", Answer.ACCEPTED, "5")]


def test_an_account_that_is_not_told_shows_no_field(site: Any) -> None:
    here = site({"core_user_update_users": {"warnings": []}, "core_user_get_users_by_field": []})
    assert send(here, "profile", PROFILE) == [Receipt("5", Answer.REFUSED, code="fieldnotshown")]
    assert list(STRATEGIES["profile"].look(here, [PROFILE])) == []


def test_a_refusal_of_the_whole_call_is_the_targets(site: Any) -> None:
    refused = {"exception": "core\\exception\\required_capability_exception", "errorcode": "nopermissions"}
    with pytest.raises(SourceRefused, match="moodle/user:update"):
        send(site({"core_user_update_users": refused}), "profile", PROFILE)


# Notes


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        ({"noteid": 12}, Receipt("d000001", Answer.ACCEPTED, "12")),
        ({"noteid": -1, "errormessage": "Kein Nutzer 5"}, Receipt("d000001", Answer.REFUSED, "", "invaliduserid")),
        ({"noteid": -1, "errormessage": "Kein Kurs"}, Receipt("d000001", Answer.REFUSED, "", "invalidcourseid")),
        ({"noteid": -1}, Receipt("d000001", Answer.REFUSED, "", "refused")),
        ({"noteid": 0}, Receipt("d000001", Answer.REFUSED, "", "refused")),
    ],
)
def test_what_became_of_a_new_note(site: Any, answer: Any, receipt: Receipt) -> None:
    here = site({"core_notes_get_course_notes": NO_NOTES, "core_notes_create_notes": [answer]})
    assert send(here, "note", NOTE_WANTED) == [receipt]


@pytest.mark.parametrize("answer", [[], [{"noteid": 1}, {"noteid": 2}]])
def test_an_answer_for_another_number_of_notes_leaves_the_outcome_unknown(site: Any, answer: Any) -> None:
    here = site({"core_notes_get_course_notes": NO_NOTES, "core_notes_create_notes": answer})
    with pytest.raises(OutcomeUnknown):
        send(here, "note", NOTE_WANTED)


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        ([], Receipt("d000001", Answer.ACCEPTED, "7")),
        ([warning("badid", 7, "note")], Receipt("d000001", Answer.LATER, "", "badid")),
        ([warning("savedfailed", 7, "note")], Receipt("d000001", Answer.REFUSED, "", "savedfailed")),
        ([warning("", 7, "note")], Receipt("d000001", Answer.REFUSED, "", "refused")),
    ],
)
def test_what_became_of_a_note_that_stood_there(site: Any, answer: Any, receipt: Receipt) -> None:
    here = site({"core_notes_get_course_notes": ONE_NOTE, "core_notes_update_notes": answer})
    assert send(here, "note", NOTE_WANTED) == [receipt]


# The companion plugin


def outcomes(*told: dict[str, Any]) -> dict[str, str]:
    return {"json": json.dumps({"api": 1, "server_time": 1, "documents": list(told)})}


@pytest.mark.parametrize("outcome", ["created", "updated", "unchanged"])
def test_outcomes_that_mean_it_is_there(site: Any, outcome: str) -> None:
    answer = outcomes({"uid": "d000001", "outcome": outcome, "reason": None})
    here = site({"local_lmssync_upsert_documents": answer})
    assert send(here, "companion", DOCUMENT) == [Receipt("d000001", Answer.ACCEPTED)]


@pytest.mark.parametrize(
    ("outcome", "reason", "code"), [("stale", None, "stale"), ("refused", "badurl", "badurl"), ("new", None, "new")]
)
def test_outcomes_that_mean_it_is_not(site: Any, outcome: str, reason: str | None, code: str) -> None:
    answer = outcomes({"uid": "d000001", "outcome": outcome, "reason": reason})
    here = site({"local_lmssync_upsert_documents": answer})
    assert send(here, "companion", DOCUMENT) == [Receipt("d000001", Answer.REFUSED, code=code)]


@pytest.mark.parametrize("text", ["", "{", '{"documents": []}', '{"documents": [{"uid": "d000001"}]}', "[]"])
def test_an_answer_that_leaves_a_document_out_leaves_the_outcome_unknown(site: Any, text: str) -> None:
    here = site({"local_lmssync_upsert_documents": {"json": text}})
    with pytest.raises(OutcomeUnknown):
        send(here, "companion", DOCUMENT)


@pytest.mark.parametrize("code", ["nopermissions", "invalidparameter", "invalidrecord"])
def test_a_refusal_before_the_first_document_is_the_targets(site: Any, code: str) -> None:
    refused = {"exception": "core\\exception\\moodle_exception", "errorcode": code, "message": "x"}
    with pytest.raises(SourceRefused):
        send(site({"local_lmssync_upsert_documents": refused}), "companion", DOCUMENT)


def test_a_survey_that_does_not_move_on_is_broken_off(site: Any) -> None:
    columns = (
        "id uid userid kind title blankseries blanknumber regnumber issuedate hours url status replacedby revision"
    )
    page = {"api": 1, "columns": columns.split(), "rows": [], "more": True}
    here = site({"local_lmssync_get_documents": {"json": json.dumps(page)}})
    with pytest.raises(SourceAnswerInvalid):
        list(STRATEGIES["companion"].survey(here, []))


# All of them


@pytest.mark.parametrize("target", [one.name for one in TARGETS])
def test_nothing_to_send_asks_for_no_write(site: Any, target: str) -> None:
    assert send(site({}), target) == []
    assert list(STRATEGIES[target].look(site({}), [])) == []
