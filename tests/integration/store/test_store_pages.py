"""Pages: what is kept, what is left alone, and that a page is all or nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from lms_sync.records import KINDS
from lms_sync.store.history import history
from lms_sync.store.query import counts, quarantine, runs
from lms_sync.store.rows import Operation, PutCounts, QuarantineEntry
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS, ledger
from lms_sync.store.verify import verify
from tests.integration.store import samples


def ledger_rows(store: Store) -> int:
    with store.reading() as connection:
        return connection.execute(select(func.count()).select_from(ledger)).scalar_one()


def test_every_kind_comes_back_exactly_as_it_was_put(store: Store) -> None:
    records = samples.every_kind()
    assert {record.kind for record in records} == set(KINDS)
    samples.put(store, *records)
    with store.reading() as connection:
        for record in records:
            table = PROJECTIONS[record.kind]
            row = connection.execute(select(table)).one()
            fields = {name: getattr(row, name) for name in type(record).model_fields}
            assert type(record)(**fields) == record
            for name, value in fields.items():
                if isinstance(value, Decimal):
                    assert str(value) == str(getattr(record, name))
                if isinstance(value, dt.datetime):
                    assert value.utcoffset() == dt.timedelta(0)


def test_a_repeated_page_writes_nothing(store: Store) -> None:
    assert samples.put(store, *samples.every_kind()) == PutCounts(added=len(KINDS))
    before = ledger_rows(store), samples.projections(store)
    assert samples.put(store, *samples.every_kind()) == PutCounts(unchanged=len(KINDS))
    assert (ledger_rows(store), samples.projections(store)) == before


def test_a_change_is_a_new_version_and_keeps_when_it_was_first_seen(store_url: str) -> None:
    clock = samples.Clock()
    with Store.open(store_url, clock=clock) as store:
        first_seen = clock.now
        samples.put(store, samples.grade(raw="84.5"))
        changed = clock.tick()
        assert samples.put(store, samples.grade(raw="84.50001")) == PutCounts(changed=1)
        with store.reading() as connection:
            row = connection.execute(select(PROJECTIONS["grade_entry"])).one()
        assert (row.version, row.first_seen_at, row.changed_at) == (2, first_seen, changed)
        assert [version.payload["raw"] for version in history(store, "moodle", "grade_entry", "7/9")] == [
            "84.5",
            "84.50001",
        ]


def test_of_two_records_with_one_key_the_last_is_kept(store: Store) -> None:
    assert samples.put(store, samples.grade(mark=3), samples.grade(mark=5)) == PutCounts(added=1)
    assert [version.payload["mark"] for version in history(store, "moodle", "grade_entry", "7/9")] == [5]


def test_retired_records_keep_their_values_and_come_back(store_url: str) -> None:
    clock = samples.Clock()
    with Store.open(store_url, clock=clock) as store:
        samples.put(store, samples.grade("7"), samples.grade("8"))
        gone_at = clock.tick()
        assert samples.retire(store, "grade_entry", ["7/9", "7/9", "99/9"]) == 1
        assert samples.retire(store, "grade_entry", ["7/9"]) == 0
        with store.reading() as connection:
            table = PROJECTIONS["grade_entry"]
            row = connection.execute(select(table).where(table.c.key == "7/9")).one()
        assert (row.retired_at, row.raw) == (gone_at, Decimal("84.5"))
        assert store.live_keys("moodle", "grade_entry", "course/5") == {"8/9"}
        assert samples.put(store, samples.grade("7")) == PutCounts(restored=1)
        assert store.live_keys("moodle", "grade_entry", "course/5") == {"7/9", "8/9"}
        assert [version.operation for version in history(store, "moodle", "grade_entry", "7/9")] == [
            Operation.PUT,
            Operation.RETIRE,
            Operation.RESTORE,
        ]


def test_a_record_follows_the_scope_it_is_read_with(store: Store) -> None:
    samples.put(store, samples.course(), scope="site")
    assert samples.put(store, samples.course(), scope="category/2") == PutCounts(changed=1)
    assert store.live_keys("moodle", "course", "category/2") == {"5"}
    assert store.live_keys("moodle", "course", "site") == set()


def test_a_learner_is_one_record_whatever_course_they_are_read_with(store: Store) -> None:
    samples.put(store, samples.learner(), samples.enrolment(), scope="course/5")
    assert samples.put(store, samples.learner(), scope="course/6") == PutCounts(unchanged=1)
    assert store.live_keys("moodle", "learner", "") == {"9"}
    assert store.live_keys("moodle", "learner", "course/5") == set()


def test_two_sources_do_not_share_keys(store: Store) -> None:
    samples.put(store, samples.grade(mark=4), source="moodle")
    assert samples.put(store, samples.grade(mark=5), source="branch") == PutCounts(added=1)
    samples.retire(store, "grade_entry", ["7/9"], source="branch")
    assert store.live_keys("moodle", "grade_entry", "course/5") == {"7/9"}
    assert [(count.source, count.live, count.retired) for count in counts(store)] == [
        ("branch", 0, 1),
        ("moodle", 1, 0),
    ]


def test_a_page_larger_than_a_statement_may_carry(store: Store) -> None:
    grades = [samples.grade(str(item), str(person)) for item in range(25) for person in range(100)]
    assert samples.put(store, *grades) == PutCounts(added=2500)
    assert samples.put(store, *grades, samples.grade("99", "1")) == PutCounts(added=1, unchanged=2500)
    assert samples.retire(store, "grade_entry", [record.key for record in grades]) == 2500
    assert verify(store).ok


def test_a_text_that_no_database_can_hold_does_not_fail_its_page(store: Store) -> None:
    damaged = samples.learner(last_name="Ёл\x00кина", city="Тв\ud800ерь", department="склад\\u0000")
    samples.put(store, damaged, samples.learner("10"))
    assert samples.put(store, damaged) == PutCounts(unchanged=1)
    names = store.known("moodle").rows("learner", "", ["last_name", "city", "department"])
    assert names["9"] == ("Ёл\N{REPLACEMENT CHARACTER}кина", "Тв\N{REPLACEMENT CHARACTER}ерь", "склад\\u0000")
    assert verify(store).ok


def test_a_page_whose_block_raises_leaves_nothing(store: Store) -> None:
    samples.put(store, samples.grade("1"))
    before = ledger_rows(store), samples.projections(store)
    run = store.begin_run("moodle", "full", "operator", "1")
    with pytest.raises(LookupError), store.page(run, "grades", "course/5") as page:
        page.put([(samples.grade("2"), None)])
        page.retire("grade_entry", ["1/9"], "gone")
        page.quarantine([QuarantineEntry("grade", "3/9", "raw", "not-a-number", "not a number")])
        page.set_cursor("far")
        page.end("complete", 1, 1, "")
        raise LookupError
    assert (ledger_rows(store), samples.projections(store)) == before
    assert (store.cursor("moodle", "grades", "course/5"), store.scope_states(), quarantine(store)) == (None, [], [])


def test_a_cursor_belongs_to_its_scope(store: Store) -> None:
    run = store.begin_run("moodle", "full", "operator", "1")
    for scope, position in (("course/5", "a"), ("course/6", "б"), ("course/5", "c")):
        with store.page(run, "grades", scope) as page:
            page.set_cursor(position)
    assert store.cursor("moodle", "grades", "course/5") == "c"
    assert store.cursor("moodle", "grades", "course/6") == "б"
    assert store.cursor("moodle", "attempts", "course/5") is None


def test_only_a_complete_reading_moves_when_a_scope_was_complete(store_url: str) -> None:
    clock = samples.Clock()
    with Store.open(store_url, clock=clock) as store:
        run = store.begin_run("moodle", "full", "operator", "1")

        def end(outcome: str, expected: int | None, received: int) -> None:
            with store.page(run, "grades", "course/5", "Охрана труда") as page:
                page.end(outcome, expected, received, outcome)

        end("partial", 10, 4)
        assert store.scope_states("moodle")[0].complete_at is None
        complete_at = clock.tick()
        end("complete", 10, 10)
        read_at = clock.tick()
        end("changes", None, 2)
        (state,) = store.scope_states()
        assert (state.label, state.outcome, state.expected, state.received) == ("Охрана труда", "changes", None, 2)
        assert (state.read_at, state.complete_at, state.note) == (read_at, complete_at, "changes")
        assert store.scope_states("another") == []


def test_a_request_to_read_again_stands_until_a_complete_reading(store: Store) -> None:
    store.request_reread("moodle", "grades", "course/5")
    store.request_reread("moodle", "grades", "course/6")
    run = store.begin_run("moodle", "full", "operator", "1")
    seen = []
    for outcome in ("partial", "changes", "complete"):
        with store.page(run, "grades", "course/5") as page:
            page.end(outcome, 1, 1, "")
        seen.append([state.reread for state in store.scope_states("moodle")])
    assert seen == [[True, True], [True, True], [False, True]]


def test_a_braked_reading_is_a_request_to_read_again(store: Store) -> None:
    run = store.begin_run("moodle", "full", "operator", "1")
    seen = []
    for outcome in ("complete", "braked", "partial", "complete"):
        with store.page(run, "grades", "course/5") as page:
            page.end(outcome, 1, 1, "")
        seen += [state.reread for state in store.scope_states("moodle")]
    assert seen == [False, True, True, False]


def test_quarantine_keeps_the_first_time_and_is_released_by_success(store_url: str) -> None:
    clock = samples.Clock()
    with Store.open(store_url, clock=clock) as store:
        run = store.begin_run("moodle", "full", "operator", "1")
        first = clock.now
        entries = [QuarantineEntry("grade", key, "raw", "old", "before") for key in ("1/9", "2/9")]
        with store.page(run, "grades", "course/5") as page:
            page.quarantine(entries)
        last = clock.tick()
        repeated = QuarantineEntry("grade", "1/9", "maximum", "new", "now")
        with store.page(run, "grades", "course/5") as page:
            page.quarantine([entries[0], repeated])
            assert page.release([("grade", "2/9"), ("grade", "3/9"), ("quiz", "1/9")]) == 1
        (state,) = quarantine(store, "moodle")
        assert (state.entry, state.first_seen_at, state.last_seen_at) == (repeated, first, last)
        assert (state.stream, state.scope, state.run_id) == ("grades", "course/5", run.id)


def test_a_run_left_unfinished_is_interrupted_when_its_source_runs_again(store: Store) -> None:
    killed = store.begin_run("moodle", "full", "schedule", "1")
    other = store.begin_run("branch", "full", "schedule", "1")
    done = store.begin_run("moodle", "changes", "оператор", "2")
    store.finish_run(done, "partial", {"added": 3}, "курс 5 закрыт")
    outcomes = {run.id: run.outcome for run in runs(store)}
    assert outcomes == {killed.id: "interrupted", other.id: "", done.id: "partial"}
    (latest,) = runs(store, "moodle", limit=1)
    assert (latest.id, latest.actor, latest.counts, latest.note) == (done.id, "оператор", {"added": 3}, "курс 5 закрыт")
    assert latest.finished_at is not None


def test_the_ledger_names_run_actor_times_and_reason(store_url: str) -> None:
    clock = samples.Clock()
    with Store.open(store_url, clock=clock) as store:
        run = store.begin_run("moodle", "full", "расписание", "1")
        with store.page(run, "grades", "course/5") as page:
            page.put([(samples.grade(), samples.SOME_TIME)])
            page.retire("grade_entry", ["7/9"], "курс удалён")
        kept, gone = history(store, "moodle", "grade_entry", "7/9")
        assert (kept.run_id, kept.actor, kept.observed_at, kept.source_at) == (
            run.id,
            "расписание",
            clock.now,
            samples.SOME_TIME,
        )
        assert (gone.source_at, gone.reason, gone.payload) == (None, "курс удалён", kept.payload)
        assert kept.record() == samples.grade()


def test_known_gives_live_records_of_a_scope(store: Store) -> None:
    samples.put(store, samples.learner("9"), samples.enrolment("9"), samples.grade("7", "9"), samples.grade("8", "9"))
    samples.put(store, samples.learner("10"), samples.enrolment("10", course="6"), scope="course/6")
    samples.retire(store, "grade_entry", ["8/9"])
    known = store.known("moodle")
    assert known.rows("grade_entry", "course/5", ["learner", "raw"]) == {"7/9": ("9", Decimal("84.5"))}
    assert known.rows("learner", "course/6", ["external_id"]) == {"10": ("10",)}
    assert set(known.rows("learner", "", [])) == {"9", "10"}
    assert store.known("branch").rows("grade_entry", "course/5", []) == {}
