"""Closing a sitting by hand: what a protocol holds, its number, who is listed, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from lms_sync.records import AttemptState, ProtocolState, ResultOutcome
from lms_sync.store.attestation import result_versions
from tests.integration.registers.conftest import Rules
from tests.integration.registers.world import FIRST, MONDAY, SECOND, SOURCE, World, after

# --- what a protocol holds --------------------------------------------------------------------------------------------


def test_a_protocol_holds_what_was_known_and_who_closed_it(world: World) -> None:
    world.three()
    world.clock.to(days=1, hours=11)
    protocol = world.close("7/А", actor="registrar Примерова").protocol
    assert (protocol.number, protocol.series, protocol.ordinal) == (FIRST, "2026/{number}", 1)
    assert (protocol.course_title, protocol.hours, protocol.title) == ("Охрана труда", 72, "Итоговый тест")
    assert (protocol.group_name, protocol.sitting, protocol.timezone) == ("А", "", "Europe/Moscow")
    assert (protocol.held_from, protocol.held_to) == (dt.date(2026, 3, 2), dt.date(2026, 3, 2))
    assert (protocol.closed_at, protocol.closed_by) == (after(days=1, hours=11), "registrar Примерова")
    assert (protocol.state, protocol.revision, protocol.closing, protocol.rule) == ("closed", 1, "manual", "final")
    assert protocol.mapping_version == world.mapping.version
    assert world.learners(FIRST) == ["1", "3"]
    assert world.is_sound()


def test_each_line_names_its_result_by_version_and_digest(world: World) -> None:
    world.three()
    world.close("7/А")
    [first, second] = world.protocol(FIRST).lines
    assert (first.number, second.number) == (1, 2)
    stored = {one.record.key: one for one in world.final().facts.results}
    for line in (first, second):
        assert (line.version, line.payload_digest) == (1, stored[line.result].payload_digest)
    with world.store.reading() as connection:
        versions = result_versions(connection, SOURCE, [(first.result, 1), (second.result, 2)])
    assert list(versions) == [(first.result, 1)]


def test_days_are_those_of_the_academy_and_not_of_greenwich(world: World) -> None:
    world.person("1")
    world.attempt("1", 7, at=dt.datetime(2026, 12, 31, 21, 30, tzinfo=dt.UTC))
    world.clock.now = dt.datetime(2026, 12, 31, 21, 40, tzinfo=dt.UTC)
    world.pass_over()
    protocol = world.close().protocol
    assert (protocol.held_from, protocol.number) == (dt.date(2027, 1, 1), "2027/001")


def test_namesakes_stand_by_birth_date_then_by_id(world: World) -> None:
    for key, birth_date in (("9", "1990-01-01"), ("10", "1980-01-01"), ("7", "1990-01-01")):
        world.person(key, "Иванов Иван", birth_date=birth_date)
        world.attempt(key, 7)
    world.pass_over()
    world.close()
    assert world.learners(FIRST) == ["10", "7", "9"]


def test_the_document_is_the_protocol_with_its_people(world: World) -> None:
    world.three()
    world.clock.to(days=1)
    world.close("7/Б")
    plain = world.document(FIRST).as_json()
    assert (plain["format"], plain["number"], plain["state"], plain["closed_at"]) == (
        1,
        FIRST,
        "closed",
        "2026-03-03T09:00:00Z",
    )
    [line] = plain["lines"]
    assert (line["full_name"], line["mark"], line["points"], line["percent"]) == ("Примеров2 Пётр Ильич", 3, "7", "70")
    assert (line["finished_at"], line["duration"], line["erased"]) == ("2026-03-02T09:00:00Z", 600, False)
    assert plain["totals"]["marks"] == [{"text": "удовлетворительно", "mark": 3, "count": 1}]


def test_an_open_sitting_is_a_document_of_what_closing_would_give(world: World) -> None:
    world.three()
    world.person("4", groups=["А"])
    world.person("5", groups=["А"])
    world.attempt("5", None)
    world.pass_over()
    document = world.open_document("7/А")
    assert (document.number, document.sitting, document.state) == ("", "7/А", ProtocolState.OPEN)
    assert [line.line.learner for line in document.lines] == ["1", "3"]
    assert [(one.learner, one.state) for one in document.waiting] == [("5", "marking")]
    assert [(one.learner, one.state) for one in document.missing] == [("4", "absent")]


def test_looking_twice_at_the_open_sittings_gives_the_same(world: World) -> None:
    world.three()
    final = world.final()
    assert final.sittings.open() == final.sittings.open()
    assert [len(one.ready) for one in final.sittings.open()] == [2, 1]


def test_an_attempt_without_an_end_stands_in_no_day(world: World) -> None:
    world.person("1")
    world.attempt("1", 7, finished_at=None)
    world.pass_over()
    protocol = world.close().protocol
    assert (protocol.held_from, world.results()["1/attempt-1"].duration) == (None, None)
    assert world.clock.now == MONDAY


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_numbers_count_up_over_groups_and_tests_and_begin_anew_each_year(world: World) -> None:
    world.three()
    world.test("4", "8")
    world.attempt("1", 9, quiz="4")
    world.pass_over()
    assert [world.close(name).protocol.number for name in ("7/Б", "8/А")] == [FIRST, SECOND]
    world.clock.now = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    assert [world.close(name).protocol.number for name in ("7/А",)] == ["2027/001"]
    assert [one.ordinal for one in world.protocols()] == [1, 2, 1]


def test_a_template_names_group_and_course_and_counts_over_both(world: World, rules: Rules) -> None:
    world.mapping = rules('[protocols]\nnumber = "{course}/{group}-{number}"\n')
    world.three()
    assert [world.close(name).protocol.number for name in ("7/А", "7/Б")] == ["ОТ/А-1", "ОТ/Б-2"]
    assert world.is_sound()


def test_other_letters_count_apart_and_more_digits_count_on(world: World, rules: Rules) -> None:
    world.three()
    world.mapping = rules('[protocols]\nnumber = "ПК-{number}"\n')
    assert world.close("7/А").protocol.number == "ПК-1"
    world.mapping = rules('[protocols]\nnumber = "ПК-{number:04}"\n')
    assert world.close("7/Б").protocol.number == "ПК-0002"


def test_a_number_that_another_series_has_given_is_refused(world: World, rules: Rules) -> None:
    world.three()
    world.mapping = rules('[protocols]\nnumber = "{number}-{group}"\n')
    assert world.close("7/А").protocol.number == "1-А"
    world.person("4", groups=["А"])
    world.attempt("4", 7)
    world.mapping = rules('[protocols]\nnumber = "{number}-А"\n')
    message = world.refusal(lambda: world.close("7/А"))
    assert message == "The number 1-А is taken by a protocol of another series: change one of the `number` templates."
    assert "4/attempt-1" not in world.results()  # nor was it frozen on the way


def test_a_group_of_many_counts_where_it_stands_first(world: World) -> None:
    world.person("1", groups=["Б", "А"])
    world.attempt("1", 7)
    world.pass_over()
    assert list(world.sittings()) == ["7/А"]


def test_groups_may_share_one_protocol(world: World, rules: Rules) -> None:
    world.mapping = rules("[protocols]\nper_group = false\n")
    world.three()
    assert world.learners(world.close().protocol.number) == ["1", "2", "3"]


# --- who is listed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closes_at", "absent", "listed"),
    [
        (None, None, ["1", "2"]),
        (None, False, ["1"]),
        (after(days=9), None, ["1"]),  # it is still open
        (after(days=9), True, ["1", "2"]),
        (after(hours=-1), None, ["1", "2"]),
    ],
)
def test_who_has_no_result_is_listed_unless_the_test_is_still_open(
    world: World, closes_at: dt.datetime | None, absent: bool | None, listed: list[str]
) -> None:
    world.test(closes_at=closes_at)
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.pass_over()
    world.close(absent=absent)
    assert world.learners(FIRST) == listed


def test_totals_add_up(world: World) -> None:
    for key in "123456":
        world.person(key)
    world.enrol("5", suspended=True)
    for key, points in (("1", 9), ("2", 5), ("3", 7)):
        world.attempt(key, points)
    world.attempt("4", None, state=AttemptState.ABANDONED)
    world.pass_over()
    totals = world.close().protocol.totals
    assert totals.model_dump(exclude={"marks"}) == {
        "listed": 6,
        "took_part": 3,
        "passed": 2,
        "failed": 1,
        "absent": 1,
        "not_admitted": 1,
        "not_completed": 1,
        "withdrawn": 0,
    }
    assert [(one.mark, one.count) for one in totals.marks] == [(5, 1), (3, 1), (2, 1)]


def test_a_protocol_may_list_nobody_but_absent_ones(world: World) -> None:
    world.person("1")
    world.pass_over()
    protocol = world.close().protocol
    assert [line.outcome for line in protocol.lines] == [ResultOutcome.ABSENT]
    assert (protocol.held_from, protocol.title) == (None, "Итоговый тест")


def test_what_came_after_the_last_pull_is_closed_with_the_rest(world: World) -> None:
    world.person("1")
    world.attempt("1", 7)
    world.pass_over()
    world.person("2")
    world.attempt("2", 8)
    assert world.close().protocol.totals.took_part == 2


def test_what_waits_may_be_left_to_a_later_protocol(world: World) -> None:
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.attempt("2", None)
    world.pass_over()
    world.close(leave_waiting=True)
    assert world.learners(FIRST) == ["1"]
    assert not world.close(leave_waiting=True).created
    world.attempt("2", 8)
    world.close()
    assert world.learners(SECOND) == ["2"]


def test_a_retake_that_counts_stands_in_a_later_protocol_and_one_that_does_not_in_none(world: World) -> None:
    for key in "12":
        world.person(key)
        world.attempt(key, 5)
    world.pass_over()
    world.close()
    world.attempt("1", 8, number=2, at=after(days=1))
    world.attempt("2", 4, number=2, at=after(days=1))
    world.clock.to(days=2)
    world.pass_over()
    world.close()
    assert [line.result for line in world.protocol(SECOND).lines] == ["7/1/attempt-2"]
    assert world.learners(FIRST) == ["1", "2"]


# --- closing again ----------------------------------------------------------------------------------------------------


def test_closing_again_gives_the_same_protocol_and_writes_nothing(world: World) -> None:
    world.three()
    first = world.close("7/А")
    rows = world.ledger_rows()
    again = world.close("7/А")
    assert (first.created, again.created) == (True, False)
    assert (again.protocol, world.ledger_rows()) == (first.protocol, rows)


def test_who_is_listed_as_absent_is_not_listed_again(world: World) -> None:
    world.person("1")
    world.pass_over()
    world.close(absent=True)
    rows = world.ledger_rows()
    assert not world.close(absent=True).created
    assert (world.sittings(), world.ledger_rows()) == ({}, rows)


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_waiting_results_stop_closing(world: World) -> None:
    world.person("1")
    world.person("2")
    world.attempt("1", 7)
    world.attempt("2", None)
    world.pass_over()
    assert world.refusal(world.close) == (
        "1 results of 7 still wait, see `lms-sync protocols show 7`: wait for them, or leave them to a later protocol "
        "with --leave-waiting."
    )


def test_a_sitting_with_nothing_but_waiting_ones_is_refused(world: World) -> None:
    world.test(closes_at=after(days=9))
    world.person("1")
    world.person("2")
    world.attempt("1", None)
    world.pass_over()
    message = world.refusal(lambda: world.close(leave_waiting=True))
    assert message.startswith("The sitting 7 has no result to close yet: 1 wait, 1 have none; `--absent` lists")


@pytest.mark.parametrize("name", ["7/В", "7//2026-03-02", "7/А/2026-03-02"])
def test_a_sitting_that_there_is_not_is_refused(world: World, name: str) -> None:
    world.three()
    message = world.refusal(lambda: world.close(name))
    assert message == f"There is no open sitting {name}: see `lms-sync protocols list --open`."


@pytest.mark.parametrize("item", ["8", "99"])
def test_an_item_of_which_no_protocol_is_kept_is_refused(world: World, item: str) -> None:
    world.column("8", attestation_kind="current")
    message = world.refusal(lambda: world.close(item))
    assert message.startswith(f"No protocol is kept of the grade item {item} of {SOURCE}: see")
