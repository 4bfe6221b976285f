"""The reports on the action journal as an operator calls them, over a store that holds one small academy's."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lms_sync.cli.app import app
from lms_sync.errors import ConfigError
from lms_sync.records import Action, Assessment, Attempt, Course, Enrolment, GradeItem, Learner, Rung
from lms_sync.store.journal import JournalState, journalling
from lms_sync.store.store import Store
from tests.e2e.test_cli_reports import CONFIG
from tests.unit.journal_samples import MIDNIGHT, action

MINUTE, HOUR, DAY = 60, 3600, 86_400
MORNING = MIDNIGHT + 9 * HOUR  # 9:00 in Irkutsk, 5:00 in Moscow, 1:00 UTC

PEOPLE = {
    "3": ("Ёлкина", "Анна", "Ивановна"),
    "4": ("=Абаев", "Пётр", ""),
    "5": ("Белов", "Олег", ""),
    "9": ("Учёнова", "Зоя", "Карловна"),
}
ENROLLED = {("3", "5"): ["А"], ("4", "5"): ["Б"], ("3", "6"): ["А"], ("9", "5"): []}


def attempt_action(time: int, code: str, **changes: Any) -> Action:
    usual: dict[str, Any] = {"event": f"\\mod_quiz\\event\\{code}", "activity": "12", "crud": "c"}
    return action(time, action=code, object_type="attempt", object_id="77", **(usual | changes))


UNKNOWN = "\\local_x\\event\\y"
ACTIONS = [
    action(MORNING, action="logged_in", course="", object_type="person", object_id="3"),
    action(MORNING + MINUTE),
    attempt_action(MORNING + 2 * MINUTE, "attempt_started"),
    attempt_action(MORNING + 22 * MINUTE, "attempt_finished"),
    action(
        MORNING + 3 * HOUR, action="graded", actor="9", object_type="grade_item", object_id="7", event="g", address=""
    ),
    action(MORNING + 4 * HOUR, action="enrolled", actor="", course="6", object_id="6", origin="cli"),
    action(MORNING + 5 * HOUR, impersonator="2"),
    action(MORNING + 6 * HOUR, learner="", actor="", anonymous=True, address=""),
    action(MORNING + 7 * HOUR, action=UNKNOWN, event=UNKNOWN, object_type="x", object_id="1"),
    action(MORNING + DAY, learner="4"),
    action(MORNING + DAY + HOUR, course="6", object_id="6"),
    action(MORNING + DAY + 2 * HOUR, learner="4", course="6", object_id="6"),
    attempt_action(
        MORNING + 2 * DAY, "attempt_started", key="derived/1", rung="derived", event="", origin="", address="", crud=""
    ),
    action(MORNING + 2 * DAY + 1, action="activity_completed", actor="", key="derived/2", rung="derived", origin=""),
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Courses 5 and 6; learners 3 and 4, a teacher 9, and 5 who learns nothing. The journal in no order."""
    path = tmp_path_factory.mktemp("journal")
    (path / "lms-sync.toml").write_text(CONFIG.replace("Europe/Moscow", "Asia/Irkutsk"), encoding="utf-8")
    people = [
        Learner(external_id=key, last_name=last, first_name=first, middle_name=middle, idnumber=f"N{key}")
        for key, (last, first, middle) in PEOPLE.items()
    ]
    enrolments = [
        Enrolment(course=course, learner=key, status="active", is_learner=key != "9", groups=groups)
        for (key, course), groups in ENROLLED.items()
    ]
    records = [
        Course(external_id="5", title="Охрана труда", hours=72),
        Course(external_id="6", title="Электробезопасность"),
        *people,
        *enrolments,
        GradeItem(external_id="7", course="5", title="Итоговый тест", item_type="mod"),
        Assessment(external_id="1", course="5", title="Итоговый тест"),
        Attempt(external_id="77", course="5", assessment="1", learner="3", number=2, state="finished"),
    ]
    with Store.open(f"sqlite:///{path / 'records.db'}") as store:
        run = store.begin_run("academy", "full", "operator", "1")
        with store.page(run, "grades", "course/5") as page:
            page.put([(record, None) for record in records])
        with journalling(store, "academy", "operator", run.id) as journal:
            journal.put(list(reversed(ACTIONS)))
            journal.keep(JournalState(Rung.LOG, None, 0))
        store.finish_run(run, "done", {}, "")
    return path


@pytest.fixture(autouse=True)
def at_the_desk(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(desk)
    monkeypatch.delenv("LMS_SYNC_CONFIG", raising=False)
    yield


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["report", *words])


def data(*words: str) -> dict[str, Any]:
    outcome = run(*words, "--format", "json")
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)  # type: ignore[no-any-return]


def codes(*words: str) -> list[str]:
    return [row["action"] for row in data("actions", *words)["rows"]]


def refusal(*words: str) -> str:
    outcome = run(*words)
    assert isinstance(outcome.exception, ConfigError), outcome.output
    return str(outcome.exception)


# --- actions ----------------------------------------------------------------------------------------------------------


def test_a_row_says_when_who_what_where_and_how_it_is_known() -> None:
    report = data("actions", "--learner", "3", "--action", "attempt_finished")
    assert report["title"] == "Журнал действий обучающихся: Ёлкина Анна Ивановна"
    (row,) = report["rows"]
    assert row == {
        "local_time": "2026-09-23 09:22:00", "occurred_at": "2026-09-23T01:22:00Z",
        "learner_name": "Ёлкина Анна Ивановна", "learner": "3", "actor_name": "", "actor": "3", "impersonator": "",
        "action_title": "Завершена попытка теста", "action": "attempt_finished",
        "event": "\\mod_quiz\\event\\attempt_finished", "object_words": "попытка теста: № 2, Итоговый тест",
        "object_type": "attempt", "object": "77", "course_title": "Охрана труда", "course": "5", "activity": "12",
        "crud": "c", "address": "192.0.2.7", "origin_words": "сайт", "origin": "web", "rung_words": "журнал СДО",
        "rung": "log", "anonymous": False, "key": f"{MORNING + 22 * MINUTE}@{MORNING + 22 * MINUTE}",
    }  # fmt: skip


def test_everything_comes_in_the_order_of_time() -> None:
    rows = data("actions")["rows"]
    assert [row["action"] for row in rows] == [one.action for one in ACTIONS]
    assert [row["occurred_at"] for row in rows] == sorted(row["occurred_at"] for row in rows)


@pytest.mark.parametrize(
    ("code", "learner", "actor", "object_words"),
    [
        ("graded", "Ёлкина Анна Ивановна", "Учёнова Зоя Карловна", "оцениваемый элемент: Итоговый тест"),
        ("enrolled", "Ёлкина Анна Ивановна", "СДО, автоматически", "курс"),
        ("logged_in", "Ёлкина Анна Ивановна", "", "пользователь"),
        ("\\local_x\\event\\y", "Ёлкина Анна Ивановна", "", "x 1"),
    ],
)
def test_who_did_it_to_what(code: str, learner: str, actor: str, object_words: str) -> None:
    (row,) = data("actions", "--action", code)["rows"]
    assert (row["learner_name"], row["actor_name"], row["object_words"]) == (learner, actor, object_words)


def test_an_anonymous_action_names_nobody_and_a_foreign_hand_is_named() -> None:
    rows = data("actions", "--action", "course_viewed", "--course", "5")["rows"]
    anonymous = next(row for row in rows if row["anonymous"])
    assert (anonymous["learner_name"], anonymous["learner"], anonymous["actor"], anonymous["actor_name"]) == (
        "(анонимно)", "", "", "",
    )  # fmt: skip
    foreign = next(row for row in rows if row["impersonator"])
    assert foreign["actor_name"] == "(код 2) (под именем: Ёлкина Анна Ивановна)"


def test_what_was_concluded_says_so_and_not_that_nobody_did_it() -> None:
    rows = data("actions", "--from", "2026-09-25")["rows"]
    assert [(row["action"], row["actor"]) for row in rows] == [("attempt_started", "3"), ("activity_completed", "")]
    assert {(row["rung_words"], row["actor_name"]) for row in rows} == {("выведено из записей", "")}


def test_whose_journal_and_which_days_can_be_chosen() -> None:
    assert codes("--learner", "N4") == ["course_viewed", "course_viewed"]
    assert codes("--group", "Б") == ["course_viewed", "course_viewed"]
    assert len(codes("--group", "А")) == 11
    assert codes("--course", "6") == ["enrolled", "course_viewed", "course_viewed"]
    assert codes("--learner", "9") == ["graded"], "what a teacher did to others is theirs too"
    assert codes("--from", "2026-09-24", "--to", "2026-09-24") == ["course_viewed"] * 3
    assert codes("--action", "graded", "--action", "enrolled") == ["graded", "enrolled"]
    assert "no learner 2" in refusal("actions", "--learner", "2"), "who acts under another's name has no journal"


def test_the_csv_is_for_spreadsheets_and_holds_no_formula() -> None:
    outcome = run("actions", "-f", "csv", "--delimiter", ";", "--bom", "-o", "journal.csv")
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert f"Wrote {len(ACTIONS)} lines" in outcome.stderr
    text = Path("journal.csv").read_bytes().decode("utf-8-sig")
    head, *lines = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert head[:3] == ["Дата и время", "Время по UTC", "Обучающийся"]
    assert [line[2] for line in lines if line[3] == "4"] == ["'=Абаев Пётр"] * 2


def test_a_table_is_for_people() -> None:
    text = run("actions", "--learner", "4").stdout
    assert all(word in text for word in ("2026-09-24", "09:00:00", "Просмотр", "курса"))
    assert "course_viewed" not in text


def test_a_long_table_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lms_sync.cli.reporting.MOST_LINES", 2)
    outcome = run("actions")
    assert "There are more than these 2 lines" in outcome.stderr
    assert outcome.stdout.count("2026-09-2") == 2
    assert "There are more" not in run("actions", "--action", "graded").stderr


def test_who_reads_only_the_first_row_does_no_harm() -> None:
    command = f"'{sys.executable}' -m lms_sync report actions -f csv | head -n 1"
    environment = {name: value for name, value in os.environ.items() if name != "LMS_SYNC_CONFIG"}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.startswith("Дата и время,")
    assert "Traceback" not in done.stderr and "failed" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--learner", "77"], "no learner 77"),
        (["--group", "Г"], "nobody of a group Г"),
        (["--course", "8"], "nothing of a course 8"),
        (["--action", "course_viewd"], "no action course_viewd: its codes stand under [action]; did you mean cour"),
        (["--from", "2026-09-25", "--to", "2026-09-24"], "no day lies between"),
        (["--source", "other"], "no source other"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_said(words: list[str], said: str) -> None:
    assert said in refusal("actions", *words)


def test_without_a_mapping_codes_stand_there(desk: Path) -> None:
    (desk / "bad.toml").write_text("format = 1\nx = 1\n", encoding="utf-8")
    config = (desk / "lms-sync.toml").read_text(encoding="utf-8")
    (desk / "other.toml").write_text(config + 'mapping = ["bad.toml"]\n', encoding="utf-8")
    outcome = run("actions", "--config", "other.toml", "--learner", "4", "-f", "json")
    assert json.loads(outcome.stdout)["rows"][0]["action_title"] == "course_viewed"
    assert "Actions stand under their codes" in outcome.stderr


# --- summaries --------------------------------------------------------------------------------------------------------


def test_a_day_of_a_learner() -> None:
    report = data("activity", "--learner", "3", "--to", "2026-09-23")
    assert report["title"] == "Активность обучающихся по дням: Ёлкина Анна Ивановна"
    (row,) = report["rows"]
    # 22 minutes and 5 for the last; hours later once more, after the foreign hand: 5.
    assert row == {
        "day": "2026-09-23", "learner_name": "Ёлкина Анна Ивановна", "learner": "3", "actions": 5, "derived": 0,
        "first_time": "09:00:00", "last_time": "16:00:00", "minutes": 32, "seconds": 1920,
        "kinds": "\\local_x\\event\\y — 1; Завершена попытка теста — 1; Начата попытка теста — 1; Просмотр курса — 1; "
        "Вход в систему — 1",
        "kind_codes": "\\local_x\\event\\y:1 attempt_finished:1 attempt_started:1 course_viewed:1 logged_in:1",
    }  # fmt: skip
    assert any("не более 30 мин" in note and "считается за 5 мин" in note for note in report["notes"])


def test_days_of_everybody_who_learns_in_the_order_of_days_and_names() -> None:
    rows = data("activity")["rows"]
    assert [(row["day"], row["learner"], row["actions"], row["derived"], row["seconds"]) for row in rows] == [
        ("2026-09-23", "3", 5, 0, 1920),
        ("2026-09-24", "4", 2, 0, 600),
        ("2026-09-24", "3", 1, 0, 300),
        ("2026-09-25", "3", 1, 1, None),
    ]


def test_a_teachers_day_is_shown_when_asked_for() -> None:
    (row,) = data("activity", "--learner", "9")["rows"]
    assert (row["learner_name"], row["actions"], row["kind_codes"]) == ("Учёнова Зоя Карловна", 1, "graded:1")


def test_time_in_each_course_where_somebody_learns() -> None:
    report = data("study-time")
    shown = ("learner", "course", "seconds", "sessions", "duration")
    assert [tuple(row[key] for key in shown) for row in report["rows"]] == [
        ("4", "5", 300, 1, "0 ч 05 мин"),
        ("3", "5", 21 * MINUTE + 2 * 300, 2, "0 ч 31 мин"),
        ("3", "6", 300, 1, "0 ч 05 мин"),
    ]  # fmt: skip
    assert report["rows"][1]["hours"] == 72
    assert any("в том же курсе" in note for note in report["notes"])


def test_the_rule_is_the_operators() -> None:
    rows = data("study-time", "--learner", "3", "--course", "5", "--pause", "10", "--last", "1")["rows"]
    assert [(row["seconds"], row["sessions"], row["actions"], row["days"]) for row in rows] == [
        (MINUTE + 60 + 60 + 60, 3, 4, 1)
    ]
    assert "--last may not be longer than --pause" in refusal("study-time", "--pause", "3")


def test_a_group_and_a_period_bound_the_estimate() -> None:
    rows = data("study-time", "--group", "А", "--from", "2026-09-24")["rows"]
    assert [(row["learner"], row["course"]) for row in rows] == [("3", "6")]
