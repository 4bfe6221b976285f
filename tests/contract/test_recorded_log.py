"""Rows of real Moodle logs, as the companion plugin tells them, through the connector's rows and the shipped mapping.

`tests/recordings/moodle-log.json` holds one or two rows of each event that happened on two sites of an invented academy
(134 different ones on 5.1, 58 on 4.5); session numbers and addresses are replaced. The golden files say what must come
of each row. `python -m tests.contract.test_recorded_log` writes them anew beside the old ones, to be looked at line by
line. The tests below them hold the actions against the rows themselves.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from lms_sync_moodle.companion_wire import FeedPage
from lms_sync_moodle.log_rows import CourseChoice, LogRows

from lms_sync.connector import Events
from lms_sync.mapping.apply import MappedActions
from lms_sync.records import Action, ActionCode, Rung
from tests.contract.replay import GOLDEN, RECORDINGS, shipped_mapping

LOG: dict[str, Any] = json.loads((RECORDINGS / "moodle-log.json").read_text(encoding="utf-8"))
SITES = tuple(LOG)
NOBODY = 10**6  # the id of no account: no row is left out as our own polling


def rows_of(site: str) -> list[dict[str, Any]]:
    return [dict(zip(LOG[site]["columns"], row, strict=True)) for row in LOG[site]["rows"]]


def mapped(site: str) -> MappedActions:
    page = FeedPage(stream="log", columns=LOG[site]["columns"], rows=LOG[site]["rows"])
    events, left_out = LogRows(NOBODY, CourseChoice()).events(page)
    assert not left_out
    return shipped_mapping().actions(Events(events, Rung.LOG))


def golden_text(site: str) -> str:
    found = mapped(site)
    unknown = json.dumps(dict(sorted(found.unknown.items())))
    lines = ",\n".join(json.dumps(list(action), ensure_ascii=False) for action in found.actions)
    return f'{{"fields": {json.dumps(Action._fields)},\n"unknown": {unknown},\n"actions": [\n{lines}\n]}}\n'


@pytest.mark.parametrize("site", SITES)
def test_gives_exactly_the_golden_actions(site: str) -> None:
    golden = json.loads((GOLDEN / "moodle-log" / f"{site}.json").read_text(encoding="utf-8"))
    found = mapped(site)
    assert golden["fields"] == list(Action._fields)
    assert golden["actions"] == [list(action) for action in found.actions]
    assert golden["unknown"] == found.unknown
    assert not found.rejections


# --- held against the rows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", SITES)
def test_every_row_is_told_once_and_as_itself(site: str) -> None:
    pairs = list(zip(rows_of(site), mapped(site).actions, strict=True))
    for row, action in pairs:
        assert (action.key, action.occurred_at) == (f"{row['id']}@{row['timecreated']}", row["timecreated"])
        assert (action.event, action.crud, action.origin) == (row["eventname"], row["crud"], row["origin"] or "")
        assert action.utc_offset == 480
        assert (action.rung, action.course) == ("log", str(row["courseid"] or ""))
    assert len({action.key for _, action in pairs}) == len(pairs)


@pytest.mark.parametrize("site", SITES)
def test_who_is_concerned_and_who_did_it(site: str) -> None:
    for row, action in zip(rows_of(site), mapped(site).actions, strict=True):
        who, whom = max(row["userid"], 0), row["relateduserid"]
        if row["anonymous"]:
            assert (action.learner, action.actor, action.impersonator, action.address) == ("", "", "", "")
        else:
            assert action.learner == str(whom or who or "")
            assert action.actor == (None if who and who == (whom or who) else str(who or ""))


@pytest.mark.parametrize("site", SITES)
def test_an_activity_is_the_course_module_of_its_context(site: str) -> None:
    for row, action in zip(rows_of(site), mapped(site).actions, strict=True):
        assert action.activity == (str(row["contextinstanceid"]) if row["contextlevel"] == 70 else "")


def test_events_that_tell_what_is_also_derived_have_its_codes_and_objects() -> None:
    """The two halves of the journal are joined by these: code, kind of object, and where Moodle keeps its id."""
    told = {
        "\\mod_quiz\\event\\attempt_started": (ActionCode.ATTEMPT_STARTED, "attempt", "objectid"),
        "\\mod_quiz\\event\\attempt_submitted": (ActionCode.ATTEMPT_FINISHED, "attempt", "objectid"),
        "\\mod_assign\\event\\assessable_submitted": (ActionCode.SUBMITTED, "submission", "objectid"),
        "\\core\\event\\user_graded": (ActionCode.GRADED, "grade_item", "itemid"),
        "\\core\\event\\user_enrolment_created": (ActionCode.ENROLLED, "course", "courseid"),
        "\\core\\event\\user_enrolment_deleted": (ActionCode.UNENROLLED, "course", "courseid"),
        "\\core\\event\\course_viewed": (ActionCode.COURSE_VIEWED, "course", "courseid"),
    }
    seen = set()
    for row, action in zip(rows_of("moodle-5.1"), mapped("moodle-5.1").actions, strict=True):
        if row["eventname"] in told:
            code, object_type, place = told[row["eventname"]]
            found = row[place] if place in row else json.loads(row["other"])[place]
            assert (action.action, action.object_type, action.object_id) == (code, object_type, str(found))
            seen.add(row["eventname"])
        elif action.action in set(ActionCode):
            assert row["eventname"] == "\\core\\event\\course_module_completion_updated"
    assert seen == set(told)


@pytest.mark.parametrize("site", SITES)
def test_only_a_completed_state_is_a_completion(site: str) -> None:
    states = set()
    for row, action in zip(rows_of(site), mapped(site).actions, strict=True):
        if row["eventname"] == "\\core\\event\\course_module_completion_updated":
            state = int(json.loads(row["other"])["completionstate"])
            assert action.action == ("activity_completed" if state else "activity_uncompleted")
            assert (action.object_type, action.object_id) == ("activity", str(row["contextinstanceid"]))
            states.add(state)
    assert states - {0}


def test_what_learners_do_is_known() -> None:
    """Events that no rule knows are an administrator's work, or bookkeeping of the site."""
    unknown = {name for site in SITES for name in mapped(site).unknown}
    of_learners = {
        row["eventname"]
        for site in SITES
        for row in rows_of(site)
        if row["edulevel"] == 2 and row["eventname"].startswith(("\\core\\", "\\mod_"))  # LEVEL_PARTICIPATING
    }
    assert unknown & of_learners == set()


if __name__ == "__main__":
    for one in SITES:
        (GOLDEN / "moodle-log" / f"{one}.json.new").write_text(golden_text(one), encoding="utf-8")
