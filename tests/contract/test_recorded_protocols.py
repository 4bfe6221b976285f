"""Protocols of final attestation from recorded answers of real Moodle sites: every line is what that Moodle says.

The golden documents are compared in `test_recorded_moodle.py`. Here they are held against the recordings, read without
the program, and against what the script that filled the sites did: learner number k (from 0) is user k + 3, and k
decides about attempts and points. The three finals count the highest attempt, the only one, and the first.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.contract.replay import RECORDINGS, SITES, pulled

Document = dict[str, Any]

LEARNERS = range(23)  # the 24th was deleted
DELETED, TEACHER, SUSPENDED = "26", "27", "10"
FINAL_TEST, ESSAY_EXAM, QUALIFYING_EXAM = "4", "7", "9"
QUIZZES = {FINAL_TEST: 3, ESSAY_EXAM: 5, QUALIFYING_EXAM: 6}
COURSES = {FINAL_TEST: 2, ESSAY_EXAM: 3, QUALIFYING_EXAM: 4}
QUESTIONS = {FINAL_TEST: 10, ESSAY_EXAM: 8, QUALIFYING_EXAM: 5}
GRADES = {FINAL_TEST: 100, ESSAY_EXAM: 5, QUALIFYING_EXAM: 100}


class Expected(NamedTuple):
    """What a line must say of somebody who took part."""

    attempt: int
    points: Decimal


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def held(site: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Document]]:
    return pulled(site, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def closed(held: dict[str, list[Document]]) -> list[Document]:
    return [one for one in held["protocol_documents"] if one["state"] == "closed"]


@pytest.fixture(scope="module")
def left_open(held: dict[str, list[Document]]) -> list[Document]:
    return [one for one in held["protocol_documents"] if one["state"] == "open"]


def user(number: int) -> str:
    return str(number + 3)


def lines(documents: list[Document], item: str, outcome: str = "graded") -> dict[str, Document]:
    found = [line for one in documents if one["grade_item"] == item for line in one["lines"]]
    assert len({line["learner"] for line in found}) == len(found)
    return {line["learner"]: line for line in found if line["outcome"] == outcome}


def answers(site: str, pattern: str) -> Iterator[Any]:
    for path in sorted((RECORDINGS / site).glob(f"{pattern}.json")):
        recording = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        if "exception" not in recording["body"]:
            yield recording["body"]


def recorded_attempts(site: str, item: str) -> dict[str, dict[int, Any]]:
    """By learner and number, what Moodle told of each attempt at a final."""
    found: dict[str, dict[int, Any]] = {}
    for body in answers(site, "mod_quiz_get_user_*attempts--*"):
        for attempt in body["attempts"]:
            if attempt["quiz"] == QUIZZES[item]:
                found.setdefault(str(attempt["userid"]), {})[attempt["attempt"]] = attempt
    return found


def expected(item: str) -> dict[str, Expected]:
    """Who takes part with what, by the script that filled the sites."""
    return {user(k): result for k in LEARNERS if (result := _expected(item, k))}


def _expected(item: str, k: int) -> Expected | None:
    match item:
        case "4" if k in (3, 4, 5, 6):
            return None  # in progress, abandoned, overdue, never there
        case "4" if k % 4 == 1:
            return Expected(2, Decimal(8))  # of 4 and 8 points the highest
        case "4":
            return Expected(1, Decimal(5 if k % 4 == 2 else 6 + k % 5))
        case "7":
            essay = Decimal(k % 3) / 4 + Decimal("0.5")
            return Expected(1, 3 + k % 5 + essay) if k < 16 and k % 2 == 0 else None
        case _:
            return Expected(1, Decimal(k % 6)) if k % 2 == 0 else None  # the first, also of who had a better second


def mark(percent: Decimal) -> tuple[int, str, bool]:
    """By the shipped scale: 60, 75, 90."""
    for least, figure, word in ((90, 5, "отлично"), (75, 4, "хорошо"), (60, 3, "удовлетворительно")):
        if percent >= least:
            return figure, word, True
    return 2, "неудовлетворительно", False


# --- every line -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", QUIZZES)
def test_every_line_is_what_the_site_was_filled_with(closed: list[Document], item: str) -> None:
    taken = lines(closed, item)
    assert taken.keys() == expected(item).keys()
    for learner, (attempt, points) in expected(item).items():
        line, percent = taken[learner], points * 100 / QUESTIONS[item]
        assert (line["attempt_number"], Decimal(line["points"])) == (attempt, points)
        assert (line["points_maximum"], line["grade_maximum"]) == (str(QUESTIONS[item]), str(GRADES[item]))
        assert Decimal(line["grade"]) == percent * GRADES[item] / 100
        assert Decimal(line["percent"]) == percent
        assert (line["mark"], line["mark_text"], line["passed"]) == mark(percent)


@pytest.mark.parametrize("item", QUIZZES)
def test_every_line_is_a_recorded_attempt(site: str, closed: list[Document], item: str) -> None:
    attempts = recorded_attempts(site, item)
    for learner, line in lines(closed, item).items():
        attempt = attempts[learner][line["attempt_number"]]
        assert (attempt["state"], attempt["preview"], attempt["sumgrades"]) == ("finished", 0, Decimal(line["points"]))
        started, finished = attempt["timestart"], attempt["timefinish"]
        assert dt.datetime.fromisoformat(line["started_at"]).timestamp() == started
        assert dt.datetime.fromisoformat(line["finished_at"]).timestamp() == finished
        assert line["duration"] == finished - started


@pytest.mark.parametrize("item", [FINAL_TEST, ESSAY_EXAM, QUALIFYING_EXAM])
def test_every_grade_is_the_one_in_the_gradebook(site: str, closed: list[Document], item: str) -> None:
    reports = [
        report
        for body in answers(site, f"gradereport_user_get_grade_items--course{COURSES[item]}*")
        for report in body["usergrades"]
    ]
    told = {
        str(report["userid"]): entry["graderaw"]
        for report in reports
        for entry in report["gradeitems"]
        if str(entry["id"]) == item and entry["graderaw"] is not None
    }
    standing = {learner: Decimal(line["grade"]) for learner, line in lines(closed, item).items()}
    # The older site's report of the whole course leaves out the suspended learner.
    assert {learner: grade for learner, grade in standing.items() if told.get(learner) != grade}.keys() <= {SUSPENDED}
    assert len(told) > 7


def test_every_line_bears_the_name_that_moodle_tells(site: str, closed: list[Document]) -> None:
    people = {
        str(person["id"]): person
        for body in answers(site, "core_enrol_get_enrolled_users--course?")
        for person in body
        if "firstname" in person
    }
    for line in (line for one in closed for line in one["lines"]):
        person = people[line["learner"]]
        assert (line["last_name"], line["first_name"]) == (person["lastname"], person["firstname"].strip())
        assert line["idnumber"] == person.get("idnumber", "")


# --- who is in no line, and why ---------------------------------------------------------------------------------------


def test_somebody_who_never_began_is_absent_and_who_gave_up_is_not_attested(closed: list[Document]) -> None:
    absent = lines(closed, FINAL_TEST, "absent")
    given_up = lines(closed, FINAL_TEST, "not_completed")
    assert {key: (line["mark"], line["mark_text"], line["passed"]) for key, line in absent.items()} == {
        user(6): (None, "не явился", False)
    }
    assert {key: (line["mark"], line["mark_text"], line["passed"]) for key, line in given_up.items()} == {
        user(4): (None, "не аттестован", False)
    }
    assert {line["grade"] for line in (*absent.values(), *given_up.values())} == {None}
    assert lines(closed, ESSAY_EXAM, "absent").keys() == {user(k) for k in range(16, 23)}


def test_a_suspended_learner_who_finished_has_a_result(closed: list[Document]) -> None:
    assert lines(closed, FINAL_TEST)[SUSPENDED]["points"] == "8"
    assert not lines(closed, FINAL_TEST, "not_admitted")


def test_an_attempt_under_way_and_an_overdue_one_wait_for_the_learner(left_open: list[Document]) -> None:
    [sitting] = [one for one in left_open if one["grade_item"] == FINAL_TEST]
    assert sitting["sitting"] == f"{FINAL_TEST}/ОТ-2"
    waiting = {(one["learner"], one["full_name"], one["attempt_number"], one["state"]) for one in sitting["waiting"]}
    assert waiting == {(user(3), "Кузнецова Мария", 1, "learner"), (user(5), "Ёлкина Юлия", 1, "learner")}


def test_the_unmarked_half_of_the_essays_waits_for_marking(left_open: list[Document]) -> None:
    [sitting] = [one for one in left_open if one["grade_item"] == ESSAY_EXAM]
    waiting = {(one["learner"], one["state"]) for one in sitting["waiting"]}
    assert waiting == {(user(k), "marking") for k in range(1, 16, 2)}
    assert (sitting["lines"], sitting["missing"]) == ([], [])


def test_neither_the_deleted_person_nor_the_previewing_teacher_is_anywhere(held: dict[str, list[Document]]) -> None:
    documents = held["protocol_documents"]
    named = {one["learner"] for document in documents for one in document["lines"] + document["waiting"]}
    assert not named & {DELETED, TEACHER}
    assert not {record["learner"] for record in held["attestation_result"]} & {DELETED, TEACHER}


def test_a_result_that_does_not_count_is_recorded_and_in_no_protocol(
    held: dict[str, list[Document]], closed: list[Document]
) -> None:
    recorded = {f"{one['grade_item']}/{one['learner']}/{one['occasion']}" for one in held["attestation_result"]}
    standing = {line["result"] for one in closed for line in one["lines"] if "protocol" not in line["result"]}
    lower_first = {f"{FINAL_TEST}/{user(k)}/attempt-1" for k in LEARNERS if k % 4 == 1 and k != 5}
    later_second = {f"{QUALIFYING_EXAM}/{user(k)}/attempt-2" for k in LEARNERS if k % 8 == 0}
    assert recorded - standing == lower_first | later_second
    assert standing < recorded


# --- the protocol as a whole ------------------------------------------------------------------------------------------


def test_lines_stand_in_the_order_of_the_russian_alphabet(closed: list[Document]) -> None:
    surnames = [", ".join(line["last_name"] for line in one["lines"]) for one in closed]
    without_group, first_group, second_group, essays, workers = surnames
    assert without_group == "Д'Арк 😀, Иванов, Учётный"
    assert first_group == ("Васильев, Иванов, Козлов, Мамедов оглы, Морозов, О'Нил, Сидоров, Смирнов, Соколов, Щукина")
    assert second_group == "Волкова, Лебедева, Новикова, Петрова, Попова, Тен-Ли, Хабибуллина, Цой"
    assert essays == (
        "Васильев, Д'Арк 😀, Иванов, Иванов, Козлов, Мамедов оглы, Морозов, О'Нил, Сидоров, Смирнов, Соколов, Тен-Ли, "
        "Учётный, Хабибуллина, Щукина"
    )
    assert workers == (
        "Васильев, Д'Арк 😀, Иванов, Козлов, Мамедов оглы, Морозов, О'Нил, Сидоров, Смирнов, Соколов, Учётный, Щукина"
    )
    assert all([line["number"] for line in one["lines"]] == list(range(1, len(one["lines"]) + 1)) for one in closed)


def test_namesakes_keep_the_same_order(closed: list[Document]) -> None:
    [essay] = [one for one in closed if one["grade_item"] == ESSAY_EXAM]
    namesakes = [line["learner"] for line in essay["lines"] if line["full_name"] == "Иванов Иван"]
    assert namesakes == [user(21), user(0)]  # the one without a birth date first


def test_groups_have_protocols_of_their_own(closed: list[Document]) -> None:
    told = [(one["number"], one["grade_item"], one["group"], one["course_title"], one["hours"]) for one in closed]
    assert told == [
        ("2027/001", FINAL_TEST, "", "Охрана труда (72 ч)", 72),
        ("2027/002", FINAL_TEST, "ОТ-1", "Охрана труда (72 ч)", 72),
        ("2027/003", FINAL_TEST, "ОТ-2", "Охрана труда (72 ч)", 72),
        ("2027/004", ESSAY_EXAM, "", "Управление персоналом (256 ч)", 256),
        ("2027/005", QUALIFYING_EXAM, "", "Электромонтёр, 3 разряд (160 ч)", 160),
    ]
    assert all(line["groups"] == ([one["group"]] if one["group"] else []) for one in closed for line in one["lines"])


def test_totals_are_those_of_the_lines(closed: list[Document]) -> None:
    for one in closed:
        totals, by_outcome = one["totals"], [line["outcome"] for line in one["lines"]]
        taken = [line for line in one["lines"] if line["outcome"] == "graded"]
        assert totals["listed"] == len(one["lines"])
        assert totals["took_part"] == totals["passed"] + totals["failed"] == len(taken)
        assert totals["passed"] == sum(line["passed"] for line in taken)
        assert totals["absent"] == by_outcome.count("absent")
        assert totals["not_completed"] == by_outcome.count("not_completed")
        assert {one["mark"]: one["count"] for one in totals["marks"]} == {
            figure: sum(line["mark"] == figure for line in taken) for figure in {line["mark"] for line in taken}
        }


def test_each_final_counts_as_its_quiz_says(closed: list[Document]) -> None:
    counting = {one["grade_item"]: {line["counting"] for line in one["lines"]} for one in closed}
    assert counting == {FINAL_TEST: {"highest"}, ESSAY_EXAM: {"highest"}, QUALIFYING_EXAM: {"first"}}


def test_days_are_those_of_the_academy(site: str, closed: list[Document]) -> None:
    zone = dt.timezone(dt.timedelta(hours=8))  # Irkutsk
    for one in closed:
        attempts = recorded_attempts(site, one["grade_item"])
        finished = [
            dt.datetime.fromtimestamp(attempts[line["learner"]][line["attempt_number"]]["timefinish"], zone).date()
            for line in one["lines"]
            if line["attempt_number"]
        ]
        assert (one["held_from"], one["held_to"]) == (min(finished).isoformat(), max(finished).isoformat())


def test_nothing_differs_from_the_site_that_was_just_read(held: dict[str, list[Document]]) -> None:
    assert held["drift"] == []
    assert not [one for one in held["protocol_documents"] if one["drifts"] or len(one["history"]) > 1]


def test_a_golden_document_is_a_line_for_each_line(site: str) -> None:
    path = Path(__file__).parent / "golden" / site / "protocol_documents.json"
    rows = path.read_text(encoding="utf-8").splitlines()
    documents = json.loads("\n".join(rows))
    assert sum(row.startswith('{"number":') for row in rows) == sum(len(one["lines"]) for one in documents)
