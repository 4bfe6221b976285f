"""The sandbox of the reference world answers every recorded call as the real Moodle sites did.

Equality is deep (keys, types, values, refusals) over real HTTP. What is left out, because it is accidental:

* scheme and host of addresses;
* ``userprivateaccesskey``, a random secret (blanked in the recordings);
* the order of ``itemids`` in ``core_course_get_updates_since``, which Moodle takes from the database unsorted;
* ``questions[].html`` in attempt reviews, the rendered questions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lms_sync.sandbox import SandboxServer, reference_world
from lms_sync.sandbox.registry import REGISTRY

RECORDINGS = Path(__file__).parent.parent / "recordings"
SITES = {"moodle-4.5": "4.5", "moodle-5.1": "5.1", "moodle-5.1-raw": "5.1"}
#: Recorded, but not imitated: nothing in the project calls them.
NOT_SERVED = {"core_completion_get_course_completion_status"}
WRITES = {"core_notes_create_notes", "core_notes_delete_notes", "core_user_update_users"}
NOTES = ["core_notes_create_notes--create", "core_notes_get_course_notes--read-back", "core_notes_delete_notes--delete"]


def open_site(name: str) -> SandboxServer:
    times = RECORDINGS / f"{name}.times.json"
    world = reference_world(SITES[name], json.loads(times.read_text(encoding="utf-8")) if times.exists() else None)
    return SandboxServer(world)


@pytest.fixture(scope="module")
def sites() -> Iterator[dict[str, SandboxServer]]:
    servers = {name: open_site(name).start() for name in SITES}
    yield servers
    for server in servers.values():
        server.close()


def flattened(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from flattened(f"{key}[{name}]", part)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from flattened(f"{key}[{place}]", part)
    else:
        yield key, value


def ask(server: SandboxServer, name: str, recording: dict[str, Any], *, invalid_token: bool = False) -> Any:
    form = [("wstoken", "0" * 32 if invalid_token else server.token), ("wsfunction", recording["function"])]
    form.append(("moodlewsrestformat", "json"))
    if name.endswith("-raw"):
        form += [("moodlewssettingraw", "1"), ("moodlewssettinglang", "en")]
    for key, value in recording["params"].items():
        form += flattened(key, value)
    return requests.post(f"{server.url}/webservice/rest/server.php", data=form, timeout=20)


def without_volatile(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: without_volatile(v, k) for k, v in value.items() if k not in {"userprivateaccesskey", "html"}}
    if isinstance(value, list):
        return sorted(value) if key == "itemids" else [without_volatile(part) for part in value]
    if isinstance(value, str) and value.startswith("http://127.0.0.1:"):
        return "/".join(value.split("/")[3:])
    return value


def recorded_calls() -> list[Any]:
    found = []
    for name in SITES:
        for path in sorted((RECORDINGS / name).glob("*.json")):
            if path.stem not in NOTES and path.name.split("--")[0] not in NOT_SERVED:
                found.append(pytest.param(name, path, id=f"{name}/{path.stem}"))
    return found


@pytest.mark.parametrize(("name", "path"), recorded_calls())
def test_answers_as_recorded(sites: dict[str, SandboxServer], name: str, path: Path) -> None:
    recording = json.loads(path.read_text(encoding="utf-8"))
    invalid_token = path.stem.endswith("ERR-invalidtoken")
    if recording["function"] in WRITES:
        with open_site(name) as server:
            response = ask(server, name, recording)
    else:
        response = ask(sites[name], name, recording, invalid_token=invalid_token)
    assert response.status_code == recording["status"]
    assert response.headers["Content-Type"] == recording["content_type"]
    assert without_volatile(response.json()) == without_volatile(recording["body"])


@pytest.mark.parametrize("name", ["moodle-4.5", "moodle-5.1"])
def test_a_note_is_written_read_back_and_deleted_as_recorded(name: str) -> None:
    with open_site(name) as server:
        for stem in NOTES:
            recording = json.loads((RECORDINGS / name / f"{stem}.json").read_text(encoding="utf-8"))
            assert ask(server, name, recording).json() == recording["body"], stem


def test_every_recorded_function_is_served_or_named_here() -> None:
    recorded = {path.name.split("--")[0] for name in SITES for path in (RECORDINGS / name).glob("*--[!E]*.json")}
    assert recorded - set(REGISTRY.functions) == NOT_SERVED


def test_keys_come_in_moodles_order(sites: dict[str, SandboxServer]) -> None:
    """Readers must not care, but an answer that is cut in the middle loses the same keys as Moodle's."""
    path = RECORDINGS / "moodle-5.1" / "gradereport_user_get_grade_items--course2.json"
    recording = json.loads(path.read_text(encoding="utf-8"))
    told = ask(sites["moodle-5.1"], "moodle-5.1", recording).json()
    for ours, theirs in zip(told["usergrades"], recording["body"]["usergrades"], strict=True):
        for our_item, their_item in zip(ours["gradeitems"], theirs["gradeitems"], strict=True):
            assert list(our_item) == list(their_item)


def test_numbers_are_written_as_php_writes_them(sites: dict[str, SandboxServer]) -> None:
    """``33.33333`` and ``60``, never ``60.0`` or a float's tail."""
    recording = {"function": "gradereport_user_get_grade_items", "params": {"courseid": 2, "userid": 5}}
    text = ask(sites["moodle-5.1"], "moodle-5.1", recording).text
    assert '"graderaw":66.66667,' in text
    assert '"graderaw":50,' in text
    assert '"graderaw":211.16667,' in text
