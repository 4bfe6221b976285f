"""The reports on the action journal over a journal of several batches, in both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lms_sync.records import Action, Assessment, Attempt, Course, Enrolment, Learner
from lms_sync.report.actions import BATCH, Captions, action_report
from lms_sync.report.activity import activity
from lms_sync.report.directory import Directory
from lms_sync.report.doers import done_by
from lms_sync.report.effort import EffortRule
from lms_sync.report.interface import Value
from lms_sync.report.study_time import course_efforts, study_time
from lms_sync.store.actions import ActionQuery, actions
from lms_sync.store.journal import journalling
from lms_sync.store.journal_names import learner_places
from lms_sync.store.store import Store
from lms_sync.store.study import StudyScope
from tests.unit.journal_samples import MIDNIGHT, action

SOURCE = "academy"
LEARNERS = 30
RULE = EffortRule(1800, 300)
NO_CAPTIONS = Captions({}, {})


def journal_rows() -> list[Action]:
    """More than two batches of actions: learner k works in courses 1 to 3; every moment of the journal differs."""
    numbers = random.Random(7)
    found = []
    for number in range(2 * BATCH + 500):
        changes = {
            "learner": str(number % LEARNERS + 1),
            "course": str(numbers.randint(1, 3)),
            "object_type": "attempt",
        }
        found.append(action(MIDNIGHT + number * 97, object_id=str(number % 50 + 1), **changes))
    return found


def filled(store: Store, rows: list[Action]) -> None:
    run = store.begin_run(SOURCE, "full", "operator", "1")
    with store.page(run, "people", "site") as page:
        people = [Learner(external_id=str(key), last_name=f"Фамилия{key}", first_name="Имя") for key in range(1, 31)]
        courses = [Course(external_id=str(key), title=f"Курс {key}") for key in range(1, 4)]
        test = Assessment(external_id="1", course="1", title="Тест")
        attempts = [
            Attempt(external_id=str(key), course="1", assessment="1", learner="1", number=key, state="finished")
            for key in range(1, 41)
        ]
        places = [
            Enrolment(course=str(key % 3 + 1), learner=str(key), status="active", is_learner=key != 9, groups=groups)
            for key, groups in ((key, ["А", "Аб"] if key % 2 else ["Аб"]) for key in range(1, 31))
        ]
        page.put([(record, None) for record in (*people, *courses, test, *attempts, *places)])
    for start in range(0, len(rows), 700):
        with journalling(store, SOURCE, "operator", run.id) as journal:
            journal.put(rows[start : start + 700])
    store.finish_run(run, "done", {}, "")


def reported(store: Store) -> tuple[list[dict[str, Value]], list[dict[str, Value]], list[dict[str, Value]]]:
    """The rows of the three reports, over the whole journal."""
    with store.reading() as connection:
        directory, query = Directory(connection, SOURCE), ActionQuery(SOURCE)
        told = action_report(actions(connection, query), directory, NO_CAPTIONS)
        days = activity(done_by(actions(connection, query), None), directory, {}, RULE)
        time = study_time(course_efforts(done_by(actions(connection, query), None), RULE), directory, RULE)
        first, second, third = (
            [dict(zip([column.key for column in one.columns], row, strict=True)) for row in one.rows]
            for one in (told, days, time)
        )
    return first, second, third


def test_every_row_of_every_batch_has_its_names(store: Store) -> None:
    rows = journal_rows()
    filled(store, rows)
    told, _, _ = reported(store)
    assert [row["key"] for row in told] == [one.key for one in rows]
    for row, one in zip(told, rows, strict=True):
        assert row["learner_name"] == f"Фамилия{one.learner} Имя"
        assert row["course_title"] == f"Курс {one.course}"
        known = int(one.object_id) <= 40
        assert row["object_words"] == (f"attempt: № {one.object_id}, Тест" if known else f"attempt {one.object_id}")


def test_the_order_in_which_a_journal_was_kept_changes_nothing(store: Store, tmp_path: Path) -> None:
    rows = journal_rows()
    filled(store, rows)
    with Store.open(f"sqlite:///{tmp_path / 'shuffled.db'}", migrate=True) as other:
        filled(other, random.Random(1).sample(rows, len(rows)))
        assert reported(other) == reported(store)


def test_the_summaries_hold_the_whole_journal(store: Store) -> None:
    rows = journal_rows()
    filled(store, rows)
    _, days, time = reported(store)
    assert sum(int(row["actions"]) for row in days if isinstance(row["actions"], int)) == len(rows)
    assert sum(row["actions"] for row in time if isinstance(row["actions"], int)) == len(rows)
    assert [row["learner_name"] for row in time] == sorted(str(row["learner_name"]) for row in time)


def test_rows_are_given_out_before_the_journal_was_read_to_its_end(store: Store) -> None:
    def cut_off() -> Iterator[Action]:
        yield from journal_rows()[:BATCH]
        raise AssertionError("the first rows wait for the last")

    with store.reading() as connection:
        report = action_report(cut_off(), Directory(connection, SOURCE), NO_CAPTIONS)
        table, complete = report.head(BATCH - 1)
    assert (len(table.rows), complete) == (BATCH - 1, False)


@pytest.mark.parametrize(
    ("scope", "learners"),
    [
        (StudyScope(SOURCE), set(range(1, 31)) - {9}),
        (StudyScope(SOURCE, course="1"), set(range(3, 31, 3)) - {9}),
        (StudyScope(SOURCE, group="А"), set(range(1, 31, 2)) - {9}),
        (StudyScope(SOURCE, course="1", group="А"), set(range(3, 31, 6)) - {9}),
        (StudyScope(SOURCE, learner="7"), {7}),
        (StudyScope(SOURCE, group="а"), set()),
    ],
)
def test_who_learns_where(store: Store, scope: StudyScope, learners: set[int]) -> None:
    filled(store, [])
    with store.reading() as connection:
        places = learner_places(connection, scope)
    assert places == {(str(key), str(key % 3 + 1)) for key in learners}


def test_names_of_those_who_were_erased_or_never_read(store: Store) -> None:
    filled(store, [])
    store.erase_learner(SOURCE, "3", "operator", "заявление")
    with store.reading() as connection:
        directory = Directory(connection, SOURCE)
        directory.learn_people(["3", "4"])
        directory.learn_people(["4", "404"])
        assert [directory.person(key) for key in ("3", "4", "404", "")] == [
            "(персональные данные удалены)", "Фамилия4 Имя", "(код 404)", "",
        ]  # fmt: skip
        assert directory.order("4") < directory.order("3") < directory.order("404")
