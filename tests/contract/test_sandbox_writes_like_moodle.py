"""The sandbox writes profile fields, notes and documents, and tells them again, as a real Moodle 5.1 did.

The recordings of `moodle-5.1-writes` are one session: the calls are made in their order, and every answer must be equal
over real HTTP. Left out, because it is accidental: addresses, the digest that stands for the e-mail of a deleted
account, and when something was written. Notes are compared in the order of their ids: Moodle sorts by the second of the
last change only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lms_sync.sandbox import SandboxServer, reference_world
from tests.contract.test_sandbox_like_moodle import flattened

RECORDINGS = Path(__file__).parent.parent / "recordings"
SESSION = sorted((RECORDINGS / "moodle-5.1-writes").glob("*.json"))
WRITTEN_AT = {"created", "lastmodified", "profileimageurl", "profileimageurlsmall"}
DOCUMENT_WRITTEN_AT = {"timecreated", "timemodified"}


@pytest.fixture(scope="module")
def answers() -> dict[str, requests.Response]:
    """File name -> what the sandbox answered when the whole session was played to it."""
    times = json.loads((RECORDINGS / "moodle-5.1-raw.times.json").read_text(encoding="utf-8"))
    world = reference_world("5.1", times)
    world.install_companion()
    world.account.functions += ["core_notes_update_notes", "core_notes_create_notes", "core_user_update_users"]
    told = {}
    with SandboxServer(world) as server:
        for path in SESSION:
            recording = recorded(path)
            world.notes_enabled = not path.stem.endswith("ERR-disabled")
            form = [("wstoken", server.token), ("wsfunction", recording["function"]), ("moodlewsrestformat", "json")]
            form += [("moodlewssettingraw", "1"), ("moodlewssettinglang", "en")]
            form += [pair for key, value in recording["params"].items() for pair in flattened(key, value)]
            told[path.stem] = requests.post(f"{server.url}/webservice/rest/server.php", data=form, timeout=20)
    return told


def recorded(path: Path) -> dict[str, Any]:
    recording: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return recording


def comparable(body: Any) -> Any:
    if isinstance(body, dict) and set(body) == {"json"}:
        return documents(json.loads(body["json"]))
    if isinstance(body, dict):
        return {key: comparable(value) for key, value in body.items() if key not in WRITTEN_AT and not is_digest(value)}
    if isinstance(body, list):
        listed = [comparable(value) for value in body]
        return sorted(listed, key=lambda one: int(one["id"])) if listed and is_note(listed[0]) else listed
    return body


def is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{32}", value) is not None


def is_note(value: Any) -> bool:
    return isinstance(value, dict) and "publishstate" in value


def documents(answer: dict[str, Any]) -> dict[str, Any]:
    answer.pop("server_time", None)
    if "rows" in answer:
        answer["rows"] = [list(kept(answer["columns"], row)) for row in answer["rows"]]
    return answer


def kept(columns: list[str], row: list[Any]) -> Iterator[Any]:
    yield from (value for column, value in zip(columns, row, strict=True) if column not in DOCUMENT_WRITTEN_AT)


@pytest.mark.parametrize("path", SESSION, ids=lambda path: path.stem)
def test_answers_as_recorded(answers: dict[str, requests.Response], path: Path) -> None:
    recording, told = recorded(path), answers[path.stem]
    assert (told.status_code, told.headers["Content-Type"]) == (recording["status"], recording["content_type"])
    assert comparable(told.json()) == comparable(recording["body"])
