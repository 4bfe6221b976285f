"""Recorded answers of real Moodle sites through the whole pipeline: connector, engine, mapping, SQLite store.

The golden files say what every record must be. So that they are not only what the program once said, the tests below
them hold the same records against the recordings themselves, read without the program, and against what the script
that filled the sites did: learner number k (from 0) is user k + 3, and k decides about points, words and attempts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from lms_sync.store.store import Store
from lms_sync.sync.pull import PullOptions
from tests.contract.replay import PULLED_KINDS, RECORDINGS, SITES, TOKEN, ReplayServer, golden, main, pull_once, pulled

Records = dict[str, list[dict[str, Any]]]

LEARNERS = 23  # the 24th was deleted
DELETED = "26"
TEACHER = "27"
SUSPENDED = "10"
ENTRY_TEST, MODULE_TEST, FINAL_TEST, PRACTICAL_WORK, ESSAY_EXAM, TRAINING = "2", "3", "4", "12", "7", "14"


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def held(site: str, tmp_path_factory: pytest.TempPathFactory) -> Records:
    return pulled(site, tmp_path_factory.mktemp("store"))


def user(number: int) -> str:
    return str(number + 3)


def one(records: list[dict[str, Any]], **fields: str) -> dict[str, Any]:
    [found] = [record for record in records if all(record[name] == value for name, value in fields.items())]
    return found


def recordings(site: str, function: str) -> Iterator[Any]:
    for path in sorted((RECORDINGS / site).glob(f"{function}--*.json")):
        recording = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        if "exception" not in recording["body"]:
            yield recording


def exactly(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


# --- golden files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PULLED_KINDS, "quarantine", "scopes", "protocol_documents"])
def test_gives_exactly_the_golden_records(site: str, held: Records, name: str) -> None:
    assert held[name] == golden(site)[name]


def test_golden_files_name_every_kind_and_nothing_else(site: str, held: Records) -> None:
    assert set(golden(site)) == set(held)


def test_releases_and_settings_differ_in_moments_and_in_escaped_titles_only() -> None:
    moment = re.compile(r'"\d{4}-\d\d-\d\dT[\d:]+Z"')

    def timeless(name: str) -> str:
        return moment.sub('"-"', json.dumps(golden(name), ensure_ascii=False))

    assert timeless("moodle-4.5") == timeless("moodle-5.1")
    assert timeless("moodle-5.1").replace("Скрытый курс &amp;", "Скрытый курс & <архив>") == timeless("moodle-5.1-raw")


def test_golden_files_are_not_replaced_unasked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.contract.replay.GOLDEN", tmp_path)
    monkeypatch.setattr("tests.contract.replay.SITES", ("moodle-5.1",))
    assert main(["--write"]) == 0
    changed = tmp_path / "moodle-5.1" / "course.json"
    changed.write_text("[]\n", encoding="utf-8")
    assert main(["--write"]) == 1
    assert "moodle-5.1/course.json" in capsys.readouterr().err
    assert changed.read_text(encoding="utf-8") == "[]\n"
    assert main(["--write", "--force"]) == 0
    assert len(json.loads(changed.read_text(encoding="utf-8"))) == 5


# --- repeating a pull -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
def test_a_second_pull_changes_nothing(site: str, tmp_path: Path, full: bool) -> None:
    with ReplayServer(site) as server, Store.open(f"sqlite:///{tmp_path}/records.db") as store:
        first = pull_once(store, server.url)
        server.calls.clear()
        second = pull_once(store, server.url, PullOptions(full=full))
        assert (first.counts["added"], first.outcome, second.outcome) == (455, "done", "done")
        assert (first.counts["results_recorded"], first.counts["drift_found"]) == (47, 0)
        touched = {name: count for name, count in second.counts.items() if count and name != "unchanged"}
        # Two attempts under way and eight unmarked essays still wait.
        assert touched == {"results_waiting": 10, **({"quarantined": first.counts["quarantined"]} if full else {})}
        if not full:
            assert server.calls == {
                "core_webservice_get_site_info": 1,
                "core_course_get_courses_by_field": 1,
                "core_course_get_categories": 1,
                "mod_quiz_get_quizzes_by_courses": 1,
                "core_course_get_updates_since": 5,
            }
        assert not server.unexpected


# --- against the recordings, read by themselves -----------------------------------------------------------------------


def test_every_recorded_grade_is_kept_to_the_last_digit(site: str, held: Records) -> None:
    entries = {(entry["grade_item"], entry["learner"]): entry for entry in held["grade_entry"]}
    kept = 0
    for recording in recordings(site, "gradereport_user_get_grade_items"):
        for report in recording["body"]["usergrades"]:
            for item in report["gradeitems"]:
                entry = entries.get((str(item["id"]), str(report["userid"])))
                if entry is None:
                    assert item["graderaw"] is None
                    continue
                kept += "userid" not in recording["params"]
                flags = (item["gradeishidden"], item["gradeislocked"], item["gradeisoverridden"])
                assert exactly(entry["raw"]) == item["graderaw"]
                assert (entry["hidden"], entry["locked"], entry["overridden"]) == tuple(map(bool, flags))
                assert exactly(entry["maximum"]) == item["grademax"]
    # The suspended learner's five are not in the whole-course report.
    assert kept == len(entries) - 5
    assert sum(learner == SUSPENDED and entry["course"] == "2" for (_, learner), entry in entries.items()) == 5


def test_every_recorded_attempt_is_kept(site: str, held: Records) -> None:
    kept = {attempt["external_id"]: attempt for attempt in held["attempt"]}
    seen = set()
    functions = ("mod_quiz_get_user_attempts", "mod_quiz_get_user_quiz_attempts")
    for recording in (one for function in functions for one in recordings(site, function)):
        for attempt in recording["body"]["attempts"]:
            record = kept[str(attempt["id"])]
            seen.add(record["external_id"])
            assert record["learner"] == str(attempt["userid"])
            assert record["assessment"] == str(attempt["quiz"])
            assert (record["number"], record["state"]) == (attempt["attempt"], attempt["state"])
            assert exactly(record["points"]) == attempt["sumgrades"]
    assert seen == kept.keys()


def test_names_are_whole(site: str, held: Records) -> None:
    kept = {learner["external_id"]: learner for learner in held["learner"]}
    for recording in recordings(site, "core_enrol_get_enrolled_users"):
        for person in recording["body"]:
            if "firstname" in person and str(person["id"]) != TEACHER:
                record = kept[str(person["id"])]
                assert (record["last_name"], record["first_name"]) == (person["lastname"], person["firstname"].strip())
    assert len(kept) == LEARNERS
    assert one(held["learner"], external_id="23")["first_name"] == 'Ира &amp; "Q"'
    assert one(held["learner"], external_id="23")["last_name"] == "Д'Арк 😀"


# --- against what filled the sites ------------------------------------------------------------------------------------


def test_only_the_suspended_enrolment_is_suspended(held: Records) -> None:
    suspended = [(e["course"], e["learner"]) for e in held["enrolment"] if e["status"] == "suspended"]
    assert suspended == [("2", SUSPENDED)]


def test_staff_are_enrolments_without_a_learner(held: Records) -> None:
    staff = [(e["course"], e["learner"], e["roles"]) for e in held["enrolment"] if not e["is_learner"]]
    assert staff == [(course, TEACHER, ["editingteacher"]) for course in ("2", "3", "4", "6")]
    assert TEACHER not in {learner["external_id"] for learner in held["learner"]}


def test_groups_alternate(held: Records) -> None:
    groups = [one(held["enrolment"], course="2", learner=user(k))["groups"] for k in range(LEARNERS)]
    assert groups == [["ОТ-2"] if k % 2 else ["ОТ-1"] for k in range(20)] + [[], [], []]


def test_the_deleted_person_and_the_preview_are_nowhere(held: Records) -> None:
    assert all(record.get("learner") != DELETED for records in held.values() for record in records)
    assert DELETED not in {learner["external_id"] for learner in held["learner"]}
    assert not {"135", "136", "137", "138"} & {attempt["external_id"] for attempt in held["attempt"]}
    assert len(held["attempt"]) == 137 - 3


def test_points_become_the_quiz_grade(held: Records) -> None:
    for k in range(LEARNERS):
        attempt = one(held["attempt"], assessment="1", learner=user(k))
        grade = (Decimal(k % 4) * 100 / 3).quantize(Decimal("0.00001"), rounding=ROUND_HALF_UP)
        entry = one(held["grade_entry"], grade_item=ENTRY_TEST, learner=user(k))
        assert exactly(attempt["points"]) == k % 4
        assert exactly(attempt["grade"]) == exactly(entry["raw"]) == grade


def test_states_of_attempts(held: Records) -> None:
    unfinished = {a["learner"]: (a["state"], a["points"]) for a in held["attempt"] if a["state"] != "finished"}
    assert unfinished == {
        user(3): ("inprogress", None),
        user(4): ("abandoned", None),
        user(5): ("overdue", None),
    }
    assert not [a for a in held["attempt"] if a["assessment"] == "3" and a["learner"] == user(6)]


def test_an_unmarked_essay_has_no_points_and_no_grade(held: Records) -> None:
    # Every second of the sixteen attempts was marked: 3 + k % 5 right answers, and 0.5 to 1 for the essay.
    for k in range(16):
        attempt = one(held["attempt"], assessment="5", learner=user(k))
        entries = [e for e in held["grade_entry"] if e["grade_item"] == ESSAY_EXAM and e["learner"] == user(k)]
        if k % 2:
            assert (attempt["state"], attempt["points"], attempt["grade"], entries) == ("finished", None, None, [])
        else:
            points = 3 + k % 5 + Decimal(k % 3) / 4 + Decimal("0.5")
            assert exactly(attempt["points"]) == points
            assert exactly(attempt["grade"]) == exactly(entries[0]["raw"]) == points * 5 / 8


def test_words_of_scales_become_marks(held: Records) -> None:
    words = ["неудовлетворительно", "удовлетворительно", "хорошо", "отлично"]
    told = {e["learner"]: (e["word"], e["mark"]) for e in held["grade_entry"] if e["grade_item"] == PRACTICAL_WORK}
    assert told == {user(k): (words[k % 4], 2 + k % 4) for k in range(LEARNERS) if k % 7 != 6}
    credit = {e["learner"]: (e["word"], e["passed"]) for e in held["grade_entry"] if e["grade_item"] == TRAINING}
    assert credit == {
        user(k): ("зачтено", True) if k % 4 else ("не зачтено", False) for k in range(0, LEARNERS, 2) if k % 6
    }


def test_overridden_hidden_and_locked_grades(held: Records) -> None:
    def learners(item: str, flag: str) -> list[str]:
        return [e["learner"] for e in held["grade_entry"] if e["grade_item"] == item and e[flag]]

    assert one(held["grade_entry"], grade_item=MODULE_TEST, learner=user(2))["raw"] == "91.5"
    assert learners(MODULE_TEST, "overridden") == [user(2)]
    assert learners(MODULE_TEST, "hidden") == [user(8)]
    assert learners(MODULE_TEST, "locked") == [user(11)]
    assert learners(ENTRY_TEST, "hidden") == [user(k) for k in range(LEARNERS)]  # the column is hidden
    assert not learners(FINAL_TEST, "hidden")


def test_the_total_adds_up(held: Records) -> None:
    of_learner = {e["grade_item"]: Decimal(e["raw"]) for e in held["grade_entry"] if e["learner"] == user(2)}
    assert of_learner["1"] == sum(of_learner[item] for item in ("2", "3", "4", "12")) == Decimal("211.16667")


def test_only_the_valid_snils_is_kept(held: Records) -> None:
    kept = {learner["external_id"]: learner["snils"] for learner in held["learner"]}
    assert kept == {user(k): "112-233-445 95" if k < 20 and k % 3 == 0 else "" for k in range(LEARNERS)}
    rejected = {entry["key"] for entry in held["quarantine"] if entry["code"] == "snils_check"}
    assert rejected == {user(k) for k in range(20) if k % 3}


def test_pass_marks_that_disagree_are_told(held: Records) -> None:
    # The coursework's pass mark is 50 in Moodle and 60 in the shipped scale: two grades lie between.
    differing = [entry for entry in held["quarantine"] if entry["code"] == "pass_differs"]
    between = [
        f"{e['grade_item']}/{e['learner']}"
        for e in held["grade_entry"]
        if e["grade_item"] == "13" and 50 <= Decimal(e["raw"]) < 60
    ]
    assert sorted(entry["key"] for entry in differing) == sorted(between)
    assert len(between) == 2


def test_courses(site: str, held: Records) -> None:
    hidden = "Скрытый курс & <архив>" if site == "moodle-5.1-raw" else "Скрытый курс &amp;"
    told = [(c["external_id"], c["title"], c["programme_kind"], c["hours"], c["visible"]) for c in held["course"]]
    assert told == [
        ("2", "Охрана труда (72 ч)", "advanced_training", 72, True),
        ("3", "Управление персоналом (256 ч)", "retraining", 256, True),
        ("4", "Электромонтёр, 3 разряд (160 ч)", "vocational", 160, True),
        ("5", "Пустой курс", "advanced_training", None, True),
        ("6", hidden, "advanced_training", None, False),
    ]


def test_every_scope_is_complete(held: Records) -> None:
    assert {(scope["outcome"], scope["note"]) for scope in held["scopes"]} == {("complete", "")}
    assert len(held["scopes"]) == 2 + 4 * 5


# --- the replay itself ------------------------------------------------------------------------------------------------


def test_a_call_that_was_not_recorded_is_refused_and_remembered(site: str) -> None:
    form = {"wstoken": TOKEN, "wsfunction": "core_course_get_updates_since", "courseid": "2", "since": "1"}
    with ReplayServer(site) as server:
        answer = requests.post(server.url, data=form, timeout=10)
        assert (answer.status_code, answer.json()["errorcode"]) == (200, "notrecorded")
        assert len(server.unexpected) == 1


def test_the_derived_report_of_the_suspended_learner_fits_the_site(site: str, held: Records) -> None:
    for assessment, item in (("1", ENTRY_TEST), ("2", MODULE_TEST), ("3", FINAL_TEST)):
        attempt = one(held["attempt"], assessment=assessment, learner=SUSPENDED)
        entry = one(held["grade_entry"], grade_item=item, learner=SUSPENDED)
        assert (entry["raw"], entry["submitted_at"]) == (attempt["grade"], attempt["finished_at"])


def test_the_successor_function_answers_as_the_older_one() -> None:
    [newer] = recordings("moodle-5.1", "mod_quiz_get_user_quiz_attempts")
    quiz, person = newer["params"]["quizid"], newer["params"]["userid"]
    older = [
        recording["body"]
        for recording in recordings("moodle-5.1", "mod_quiz_get_user_attempts")
        if (recording["params"]["quizid"], recording["params"]["userid"]) == (quiz, person)
    ]
    assert older == [newer["body"]]
