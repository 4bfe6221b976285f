"""Real answers of Moodle 4.5 and 5.1, read by the connector: the source records that must come out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
import responses
from lms_sync_moodle import MoodleConnector
from lms_sync_moodle.cursor import parse

from lms_sync.connector import Outcome, Page, Scope
from tests.contract.moodle.moodle_memory import Memory, end_of, records_of
from tests.contract.moodle.moodle_replay import NOW, URL, Replay

SITES = {
    "4.5": ("moodle-4.5",),
    "5.1": ("moodle-5.1",),
    "5.1-raw": ("moodle-5.1-raw", "moodle-5.1"),  # the attempts of single people were recorded once
}


@pytest.fixture(params=SITES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def replay(release: str) -> Iterator[Replay]:
    with responses.RequestsMock() as mock:
        site = Replay(*SITES[release])
        site.install(mock)
        yield site


@pytest.fixture
def connector(replay: Replay, connect) -> MoodleConnector:  # type: ignore[no-untyped-def]
    return connect(URL, "t" * 32)


def read(connector: MoodleConnector, stream: str, key: str) -> list[Page]:
    return Memory().read(connector, Scope(stream, key))


def test_courses(connector: MoodleConnector, release: str) -> None:
    pages = read(connector, "courses", "site")
    courses = records_of(pages, "course")
    assert sorted(courses) == ["2", "3", "4", "5", "6"]
    assert end_of(pages).outcome is Outcome.COMPLETE
    fields = courses["2"].fields
    assert (fields["fullname"], fields["shortname"]) == ("Охрана труда (72 ч)", "OT72")
    assert fields["category_path"] == ["Повышение квалификации"]
    assert courses["6"].fields["visible"] is (False if release == "5.1-raw" else None)
    hidden_title = "Скрытый курс & <архив>" if release == "5.1-raw" else "Скрытый курс &amp; "
    assert courses["6"].fields["fullname"] == hidden_title
    assert [scope.key for scope in connector.scopes("people")] == [f"course/{one}" for one in range(2, 7)]


def test_quizzes(connector: MoodleConnector) -> None:
    pages = read(connector, "assessments", "site")
    quizzes = records_of(pages, "quiz")
    assert sorted(quizzes, key=int) == ["1", "2", "3", "4", "5", "6", "7"]
    final = quizzes["5"].fields
    assert (final["course"], final["name"], final["grade"]) == (3, "Итоговый экзамен", Decimal(5))
    assert final["grademethod"] in (1, 2, 3, 4)
    assert isinstance(final["sumgrades"], Decimal)


def test_people(connector: MoodleConnector) -> None:
    pages = read(connector, "people", "course/2")
    people, enrolments = records_of(pages, "person"), records_of(pages, "enrolment")
    assert len(enrolments) == 24
    assert len(people) == 23
    teacher = enrolments["2/27"].fields
    assert (teacher["is_learner"], teacher["roles"]) == (False, ["editingteacher"])
    assert "27" not in people
    assert [key for key, record in enrolments.items() if record.fields["suspended"]] == ["2/10"]
    assert enrolments["2/3"].fields["groups"] == ["ОТ-1"]
    ivan = people["3"].fields
    assert (ivan["lastname"], ivan["firstname"], ivan["idnumber"]) == ("Иванов", "Иван", "ЛД-1000")
    assert ivan["institution"] == "ООО «Ромашка & Ко»"
    assert (ivan["profile"]["snils"], ivan["profile"]["birthdate"]) == ("112-233-445 95", "1262304000")
    assert end_of(pages).outcome is Outcome.COMPLETE


def test_a_name_is_never_unescaped(connector: MoodleConnector) -> None:
    """The database of this site really holds `&amp;` in a first name."""
    people = records_of(read(connector, "people", "course/2"), "person")
    assert [one.fields["firstname"] for one in people.values() if "&" in one.fields["firstname"]] == ['Ира &amp; "Q"']


def test_grades(connector: MoodleConnector) -> None:
    pages = read(connector, "grades", "course/3")
    items, grades = records_of(pages, "grade_item"), records_of(pages, "grade")
    titles = [item.fields["itemname"] for item in sorted(items.values(), key=lambda item: item.fields["position"])]
    assert titles[:2] == ["Промежуточное тестирование", "Итоговый экзамен"]
    assert titles[-1] is None
    assert {item.fields["course_idnumber"] for item in items.values()} == {"PP-HR-256"}
    exam = grades["7/9"].fields
    assert (exam["graderaw"], exam["grademax"], exam["pass_icon"], exam["word"]) == (
        Decimal("2.8125"),
        Decimal(5),
        False,
        "",
    )
    assert grades["7/9"].source_time == dt.datetime.fromtimestamp(exam["gradedategraded"], dt.UTC)
    assert "7/8" not in grades  # no attempt, no grade
    end = end_of(pages)
    assert (end.outcome, end.received, end.expected) == (Outcome.COMPLETE, 23, 23)
    cursor = parse(pages[-1].cursor)
    assert cursor is not None
    assert cursor.since == NOW


def test_a_scale_and_its_words(connector: MoodleConnector) -> None:
    pages = read(connector, "grades", "course/4")
    scale = records_of(pages, "grade_item")["14"].fields
    assert (scale["is_scale"], scale["scale_lowest"], scale["scale_highest"]) == (True, "не зачтено", "зачтено")
    told = {
        (grade.fields["graderaw"], grade.fields["word"])
        for grade in records_of(pages, "grade").values()
        if grade.fields["itemid"] == 14
    }
    assert told == {(Decimal(1), "не зачтено"), (Decimal(2), "зачтено")}


def test_attempts(connector: MoodleConnector, release: str, replay: Replay) -> None:
    """Leftover ids are a deleted person's attempts and a teacher's preview, which were not recorded: they are looked
    up one by one, and every other one is read."""
    replay.answers.update(
        {
            ("mod_quiz_get_attempt_review", frozenset({("attemptid", str(one))})): {
                "attempt": {"id": one, "quiz": 1, "userid": 26, "attempt": 1, "state": "finished", "preview": 1}
            }
            for one in range(1, 200)
        }
    )
    pages = read(connector, "attempts", "course/3")
    attempts = records_of(pages, "attempt")
    fields = [record.fields for record in attempts.values()]
    end = end_of(pages)
    assert end.outcome is Outcome.COMPLETE
    assert (end.received, end.expected, len(attempts)) == (37, 37, 37)
    assert {one["quiz"] for one in fields} == {4, 5}
    assert {one["course"] for one in fields} == {3}
    unmarked = [one for one in fields if one["state"] == "finished" and one["sumgrades"] is None]
    assert len(unmarked) in range(10)
    assert all(one["quiz_grade"] == (10 if one["quiz"] == 4 else 5) for one in fields)


def test_the_older_function_is_used_where_there_is_no_newer(
    connector: MoodleConnector, release: str, replay: Replay
) -> None:
    list(read(connector, "attempts", "course/4"))
    newer = "mod_quiz_get_user_quiz_attempts" in replay.asked
    older = "mod_quiz_get_user_attempts" in replay.asked
    assert (newer, older) == ((False, True) if release == "4.5" else (True, False))
