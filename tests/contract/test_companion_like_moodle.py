"""The companion of the sandbox's reference world answers as the real plugin did on the real site of the same contents.

Rows of objects are equal, column by column, but for what is accidental:

* ids of grades, which follow the order in which rows were made, and who last touched a grade of an assignment;
* one grade that was excluded past Moodle's own functions (see ``lms_sync.sandbox.reference``);
* alternate names, which the sandbox has not, and when accounts, columns and enrolments were made, where the site's
  filling wrote other moments than the sandbox's.

Of the log only the shape of each kind of event is compared: the site was filled by scripts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lms_sync.sandbox import SandboxServer, reference_world
from lms_sync.sandbox.happenings import KINDS

RECORDINGS = Path(__file__).parent.parent / "recordings"
COMPANION = RECORDINGS / "moodle-5.1-companion"
STREAMS = ("courses", "people", "enrolments", "assessments", "attempts", "grade_items", "grades")
KEY = {"enrolments": ("courseid", "userid"), "grades": ("itemid", "userid")}
ACCIDENTAL = {
    "people": {"middlename", "alternatename", "timecreated", "timemodified"},
    "enrolments": {"methods"},
    "grade_items": {"itemnumber", "timemodified"},
    "grades": {"id", "usermodified", "excluded", "timecreated"},
}


@pytest.fixture(scope="module")
def site() -> Iterator[SandboxServer]:
    times = json.loads((RECORDINGS / "moodle-5.1-raw.times.json").read_text(encoding="utf-8"))
    world = reference_world("5.1", times)
    world.install_companion()
    world.advance(300)
    with SandboxServer(world) as server:
        yield server


def recorded(name: str) -> Any:
    return json.loads((COMPANION / f"{name}.json").read_text(encoding="utf-8"))


def ask(site: SandboxServer, recording: dict[str, Any]) -> Any:
    form = {"wstoken": site.token, "wsfunction": recording["function"], "moodlewsrestformat": "json"}
    address = f"{site.url}/webservice/rest/server.php"
    body = requests.post(address, data=form | recording["params"], timeout=20).json()
    return json.loads(body["json"]) if "json" in body else body


def table(answer: Any, name: str) -> dict[Any, dict[str, Any]]:
    """Rows by their key, with the names of their columns."""
    rows = [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
    return {tuple(row[column] for column in KEY.get(name, ("id",))): row for row in rows}


@pytest.mark.parametrize("name", STREAMS)
def test_objects_are_told_as_recorded(site: SandboxServer, name: str) -> None:
    recording = recorded(f"local_lmssync_changes--{name}")
    theirs, ours = recording["answer"], ask(site, recording)
    assert list(ours) == list(theirs)
    assert ours["columns"] == theirs["columns"]
    cut = ACCIDENTAL.get(name, set())
    told, expected = table(ours, name), table(theirs, name)
    for key, row in expected.items():
        assert {c: v for c, v in told[key].items() if c not in cut} == {c: v for c, v in row.items() if c not in cut}
    assert told.keys() == expected.keys()


@pytest.mark.parametrize("path", sorted(COMPANION.glob("*.json")), ids=lambda path: path.stem)
def test_every_answer_has_the_shape_that_was_recorded(site: SandboxServer, path: Path) -> None:
    recording = recorded(path.stem)
    told = ask(site, recording)
    if "body" in recording:
        assert told == recording["body"]
    else:
        assert_same_shape(told, recording["answer"], path.stem)


def assert_same_shape(ours: Any, theirs: Any, where: str) -> None:
    """The same keys in the same order, the same columns, and values of the same types."""
    if isinstance(theirs, dict):
        assert isinstance(ours, dict) and list(ours) == list(theirs), where
        columns = theirs.get("columns")
        for name in theirs:
            if name == "rows" and columns:
                assert_same_columns(ours["rows"], theirs["rows"], columns, where)
            elif name not in {"profile", "core"}:
                assert_same_shape(ours[name], theirs[name], f"{where} {name}")
    elif isinstance(theirs, list) and theirs and isinstance(theirs[0], dict):
        assert len(ours) == len(theirs), where
        for one, other in zip(ours, theirs, strict=True):
            assert_same_shape(one, other, where)
    elif where.endswith(("columns", "name")):
        assert ours == theirs, where
    elif theirs is not None and ours is not None:
        assert type(ours) is type(theirs), where


def assert_same_columns(ours: list[Any], theirs: list[Any], columns: list[str], where: str) -> None:
    """The types that a column has in our rows are among those that it had in theirs."""
    for place, column in enumerate(columns):
        told, known = ({type(row[place]) for row in rows} for rows in (ours, theirs))
        assert not ours or not theirs or told <= known | {type(None)}, f"{where}: {column} is {told}, was {known}"


def test_events_are_logged_as_moodle_logs_them() -> None:
    """Component, action, target, table, crud, level and teaching level of each kind that the real log has too."""
    answer = recorded("local_lmssync_changes--log")["answer"]
    known = {}
    for row in table(answer, "log").values():
        known[row["eventname"]] = row
    shared = known.keys() & KINDS.keys()
    assert len(shared) > 20
    for name in shared:
        row, kind = known[name], KINDS[name]
        _, component, _, words = name.split("\\")
        target, _, action = words.rpartition("_")
        assert (row["component"], row["target"], row["action"]) == (component, target, action)
        told = (kind.table, kind.crud, kind.edulevel, kind.level)
        assert told == (row["objecttable"], row["crud"], row["edulevel"], row["contextlevel"]), name
