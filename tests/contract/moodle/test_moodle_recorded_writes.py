"""What the connector makes of the answers that a real Moodle 5.1 gave to writes, element by element.

The recorded calls hold many elements at once, to see what Moodle says of each; the connector sends notes one by one, so
it is given their answers one by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
from lms_sync_moodle import MoodleConnector, MoodleOptions
from pydantic import SecretStr

from lms_sync.connector import Answer, Delivery, SiteAccess, Standing
from lms_sync.errors import SourceRefused

SESSION = Path(__file__).parents[2] / "recordings" / "moodle-5.1-writes"
URL = "https://lms.example.com/webservice/rest/server.php?moodlewsrestformat=json"
US = 28

Play = Callable[..., MoodleConnector]


@pytest.fixture
def play() -> Iterator[Play]:
    """(bodies, in the order in which they are asked for) -> a connector to a Moodle that answers so."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def make(*bodies: Any) -> MoodleConnector:
            functions = {path.stem.split("-")[1] for path in SESSION.glob("*.json")}
            mock.post(URL, json={"userid": US, "functions": [{"name": name} for name in sorted(functions)]})
            for body in bodies:
                mock.post(URL, json=body)
            access = SiteAccess("lms", "https://lms.example.com", SecretStr("0" * 32), retries=0, concurrency=1)
            return MoodleConnector(access, MoodleOptions())

        yield make


def recorded(label: str) -> dict[str, Any]:
    [path] = SESSION.glob(f"{label}.json")
    recording: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return recording


def body(label: str) -> Any:
    return recorded(label)["body"]


def note(user: int, text: str, uid: str = "d000001") -> Delivery:
    return Delivery(uid, str(user), {"text": text}, 1, "key", course="2")


NO_NOTES: dict[str, Any] = {"sitenotes": [], "coursenotes": []}
REFUSED, ACCEPTED = Answer.REFUSED, Answer.ACCEPTED


def test_accounts_that_are_not_written(play: Play) -> None:
    people = [user["id"] for user in recorded("04-*")["params"]["users"]]
    wanted = [Delivery(str(one), str(one), {"no_such" if one == 5 else "doc_number": "x"}, 1, "key") for one in people]
    connector = play(body("04-*"), body("05-*"))
    told = {receipt.subject: (receipt.answer, receipt.code) for receipt in connector.send("profile", wanted)}
    assert told == {
        "4": (ACCEPTED, ""),
        "999999": (REFUSED, "invaliduserid"),
        "26": (REFUSED, "usernotupdateddeleted"),
        "1": (REFUSED, "usernotupdatedguest"),
        "2": (REFUSED, "usernotupdatedadmin"),
        "25": (ACCEPTED, ""),
        "5": (REFUSED, "fieldnotshown"),
        "6": (ACCEPTED, ""),
    }


@pytest.mark.parametrize(
    ("label", "name", "meant", "value"),
    [
        ("02-*", "doc_number", "«ПК» № 12 & <b>\"х\"</b>", "«ПК» № 12 & <b>\"х\"</b>"),
        ("07-*", "doc_number", "x", ""),
        ("09-*", "birthdate", "2014-05-06", "2014-05-06"),
        ("09-*", "birthdate", "2014-05-07", "2014-05-06"),
        ("11-*", "birthdate", "", ""),
    ],
)  # fmt: skip
def test_fields_that_are_read_back(play: Play, label: str, name: str, meant: str, value: str) -> None:
    [shown] = play(body(label)).look("profile", [Delivery("3", "3", {name: meant}, 1, "key")])
    assert (shown.learner, shown.values) == ("3", {name: value})


@pytest.mark.parametrize(
    ("place", "told"),
    [(0, "2"), (1, "invalidcourseid"), (2, "invaliduserid"), (3, "invaliduserid"), (4, "invaliduserid")],
)
def test_notes_that_are_not_written(play: Play, place: int, told: str) -> None:
    recording = recorded("16-*")
    wanted = note(recording["params"]["notes"][place]["userid"], "Иное (d000001)")
    [receipt] = play(NO_NOTES, [recording["body"][place]]).send("note", [wanted])
    assert (receipt.code or receipt.external_id) == told


def test_a_note_that_is_read_back_is_plain_text(play: Play) -> None:
    text = recorded("15-*")["params"]["notes"][0]["text"]
    [shown] = play(body("17-*")).look("note", [note(3, text)])
    assert (shown.subject, shown.learner, shown.values, shown.external_id, shown.copies) == (
        "d000001", "3", {"text": text}, "1", 1,
    )  # fmt: skip


def test_the_notes_of_a_course_are_surveyed(play: Play) -> None:
    found = list(play(body("19-*")).survey("note", [note(3, "x")]))
    assert [(one.subject, one.learner) for one in found] == [
        ("d000006", "5"), ("d000007", "5"), ("d000001", "3"), ("d000002", "4"), ("d000003", "4"), ("d000004", "25"),
        ("d000008", "10"),
    ]  # fmt: skip


@pytest.mark.parametrize("label", ["25-*", "26-*", "27-*"])
def test_no_course_no_person_and_a_deleted_one_have_no_notes(play: Play, label: str) -> None:
    assert list(play(body(label), body(label)).look("note", [note(26, "x")])) == []


@pytest.mark.parametrize(("place", "code"), [(0, "badid"), (1, "badparam"), (2, "savedfailed")])
def test_notes_that_are_not_changed(play: Play, place: int, code: str) -> None:
    wanted = note(3, "Иное (d000001)")
    [receipt] = play(body("17-*"), [body("28-*")[place]]).send("note", [wanted])
    assert (receipt.answer, receipt.code) == (Answer.LATER if code == "badid" else REFUSED, code)


def test_notes_that_are_switched_off(play: Play) -> None:
    with pytest.raises(SourceRefused, match="Advanced features"):
        list(play(body("47-*")).look("note", [note(3, "x")]))


def test_documents_that_are_not_written(play: Play) -> None:
    values = {"kind": "advanced_training", "title": "Удостоверение"}
    wanted = [Delivery(f"d{number:06}", "3", values, 1, "key") for number in range(1, 9)]
    told = [(one.answer, one.code) for one in play(body("37-*")).send("companion", wanted)]
    assert told == [
        (ACCEPTED, ""), (ACCEPTED, ""), (REFUSED, "unknownuser"), (REFUSED, "unknownuser"), (REFUSED, "missingkind"),
        (REFUSED, "badissuedate"), (ACCEPTED, ""), (REFUSED, "notanobject"),
    ]  # fmt: skip


def test_documents_that_are_newer_or_anothers(play: Play) -> None:
    values = {"kind": "advanced_training", "title": "Удостоверение"}
    wanted = [Delivery(uid, "3", values, 1, "key") for uid in ("d000002", "d000001", "d000001")]
    told = [(one.answer, one.code) for one in play(body("39-*")).send("companion", wanted)]
    assert told == [(REFUSED, "stale"), (REFUSED, "revisionconflict"), (REFUSED, "otherholder")]


def test_documents_that_are_read_back(play: Play) -> None:
    found = list(play(body("42-*")).survey("companion", []))
    assert [(one.subject, one.learner, one.revision, one.standing, one.replaced_by) for one in found] == [
        ("d000001", "3", 2, Standing.REVOKED, ""),
        ("d000002", "4", 3, Standing.REPLACED, "d000009"),
        ("d000007", "25", 1, Standing.IN_FORCE, ""),
        ("d000008", "5", 1, Standing.REVOKED, ""),
    ]
    assert found[0].values == {
        "kind": "advanced_training", "title": "Удостоверение о повышении квалификации", "blankseries": "АБ",
        "blanknumber": "001234", "regnumber": "12/2026", "issuedate": "2026-11-20", "hours": "72", "url": "",
    }  # fmt: skip
