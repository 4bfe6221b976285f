"""What counts in the reports on studies: who is listed, which record stands, what is owed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from lms_sync.records import AttestationKind, ResultOutcome
from lms_sync.report.standing import EVERY_KIND, standings
from lms_sync.store.study import StudyScope
from tests.unit.study_samples import (
    NOON,
    a_study,
    grade,
    item,
    missing,
    person,
    place,
    programme,
    protocol,
    result,
    select,
)

DAY = dt.timedelta(days=1)


class TestWhoIsListed:
    def test_everybody_in_russian_order_with_a_grade_or_without(self) -> None:
        people = [person("1", "Ёлкина"), person("2", "Елкина"), person("3", "Абаева")]
        study = a_study(("1", "2", "3"), people=people, grades=[grade("1", "7")])
        assert [member.person.last_name for member in standings(study, select()).members] == [
            "Абаева", "Елкина", "Ёлкина",
        ]  # fmt: skip

    def test_who_left_only_when_asked_for(self) -> None:
        study = a_study(places=[place("1"), place("2", retired_at=NOON)])
        assert [member.key for member in standings(study, select()).members] == ["1"]
        found = standings(study, select(with_gone=True))
        assert [(member.key, member.state) for member in found.members] == [("1", "обучается"), ("2", "снят с курса")]

    def test_who_left_with_a_frozen_result_stays_with_all_grades(self) -> None:
        study = a_study(
            items=[item("6"), item("7", "final")],
            places=[place("1"), place("2", retired_at=NOON)],
            grades=[grade("2", "6", retired_at=NOON)],
            results=[result("2", "7")],
        )
        found = standings(study, select())
        assert [member.key for member in found.members] == ["1", "2"]
        assert set(found.of) == {("2", "6"), ("2", "7")}

    def test_a_learner_in_several_courses_and_groups_is_one_member(self) -> None:
        study = a_study(
            ("1",),
            places=[place("1", groups=("Б", "А")), place("1", "6", groups=("А",), status="suspended")],
            scope=StudyScope("academy", group="А"),
        )
        (member,) = standings(study, select()).members
        assert (member.groups, member.state) == ("А, Б", "обучается")

    def test_a_person_who_was_never_read_is_listed_last(self) -> None:
        study = a_study(("1", "2"), people=[person("2", "Яшина")])
        assert [member.name for member in standings(study, select()).members] == [
            "Яшина Анна", "(имя не прочитано)",
        ]  # fmt: skip

    def test_a_frozen_result_of_somebody_whom_the_course_never_showed(self) -> None:
        study = a_study(
            ("1",), items=[item("7", "final")], people=[person("1"), person("9")], results=[result("9", "7")]
        )
        found = standings(study, select())
        assert [(member.key, member.state) for member in found.members] == [("1", "обучается"), ("9", "снят с курса")]
        assert found.of["9", "7"].mark == 4


class TestWhichItems:
    def test_only_the_chosen_kinds_and_never_a_total(self) -> None:
        items = [item("1", "current"), item("2", "milestone"), item("3"), item("4", "final"), item("5", "total")]
        study = a_study(items=items, grades=[grade("1", one.key) for one in items])
        assert [one.key for one in standings(study, select()).items] == ["2", "3", "4"]
        every = standings(study, select(*EVERY_KIND, AttestationKind.TOTAL))
        assert [one.key for one in every.items] == ["1", "2", "3", "4"]
        assert ("1", "5") not in every.of

    def test_by_course_title_and_then_by_position(self) -> None:
        items = [item("1", course="5", position=2), item("2", course="5", position=1), item("3", course="6")]
        study = a_study(items=items, courses=[programme("5", "Яхтинг"), programme("6", "Ёлки")])
        assert [one.key for one in standings(study, select()).items] == ["3", "2", "1"]

    def test_a_deleted_item_only_when_asked_for_or_with_results(self) -> None:
        items = [item("1", retired_at=NOON), item("2", "final", retired_at=NOON)]
        study = a_study(items=items, results=[result("1", "2")])
        assert [one.key for one in standings(study, select()).items] == ["2"]
        assert [one.key for one in standings(study, select(with_gone=True)).items] == ["1", "2"]

    def test_a_course_that_was_deleted_still_reports(self) -> None:
        study = a_study(courses=[programme(retired_at=NOON)], grades=[grade("1", "7")])
        assert set(standings(study, select()).of) == {("1", "7")}


class TestWhichGradeStands:
    @pytest.mark.parametrize(("counting", "points"), [("highest", 80), ("first", 60), ("last", 40), ("average", 40)])
    def test_of_several_results_the_one_that_counts(self, counting: str, points: int) -> None:
        results = [result("1", "7", number, mark, counting=counting) for number, mark in ((1, 3), (2, 4), (3, 2))]
        found = standings(a_study(items=[item("7", "final")], results=results), select())
        assert found.of["1", "7"].points == points

    def test_a_frozen_result_stands_before_the_gradebook(self) -> None:
        study = a_study(items=[item("7", "final")], grades=[grade("1", "7", 5)], results=[result("1", "7", mark=3)])
        assert standings(study, select()).of["1", "7"].mark == 3

    def test_the_gradebook_does_not_fill_a_period_in_which_the_frozen_result_is_not(self) -> None:
        later = NOON + 60 * DAY
        study = a_study(
            items=[item("7", "final")],
            grades=[grade("1", "7", 5, graded_at=later)],
            results=[result("1", "7", mark=3)],
        )
        assert standings(study, select(first=later.date())).of == {}

    def test_a_result_names_the_protocol_in_force(self) -> None:
        one, other = result("1", "7"), result("2", "7")
        study = a_study(
            items=[item("7", "final")],
            results=[one, other],
            protocols=[
                protocol("П-1", one, other, state="annulled"),
                protocol("П-2", one, sitting=dt.date(2026, 3, 9)),
            ],
        )
        found = standings(study, select())
        reference = found.of["1", "7"].protocol
        assert reference is not None
        assert (reference.number, reference.day) == ("П-2", dt.date(2026, 3, 9))
        assert found.of["2", "7"].protocol is None

    def test_the_day_of_a_protocol_without_a_sitting_is_the_day_it_was_closed_there(self) -> None:
        one = result("1", "7")
        closed = dt.datetime(2026, 3, 12, 22, tzinfo=dt.UTC)
        study = a_study(items=[item("7", "final")], results=[one], protocols=[protocol("П-1", one, closed_at=closed)])
        reference = standings(study, select()).of["1", "7"].protocol
        assert reference is not None
        assert reference.day == dt.date(2026, 3, 13)  # in Moscow

    def test_an_absence_of_a_closing_stands_as_long_as_its_protocol(self) -> None:
        absent = missing("1", "7", "П-1")
        study = a_study(items=[item("7", "final")], results=[absent], protocols=[protocol("П-1", absent)])
        assert standings(study, select()).of["1", "7"].outcome is ResultOutcome.ABSENT
        annulled = dataclasses.replace(study, protocols=[protocol("П-1", absent, state="annulled")])
        assert standings(annulled, select()).of == {}

    def test_a_result_stands_before_an_absence(self) -> None:
        absent, passed = missing("1", "7", "П-1"), result("1", "7")
        protocols = [protocol("П-1", absent), protocol("П-2", passed)]
        study = a_study(items=[item("7", "final")], results=[absent, passed], protocols=protocols)
        assert standings(study, select()).of["1", "7"].mark == 4

    def test_of_an_erased_learner_the_protocol_still_tells(self) -> None:
        one = result("1", "7", mark=5)
        people = [dataclasses.replace(person("1", ""), last_name="", first_name="", erased=True), person("2")]
        study = a_study(items=[item("7", "final")], people=people, protocols=[protocol("П-1", one)])
        found = standings(study, select())
        assert (found.of["1", "7"].mark, found.of["1", "7"].passed) == (5, True)
        assert found.members[-1].name == "(персональные данные удалены)"

    @pytest.mark.parametrize(
        ("word", "outcome"), [("не явился", ResultOutcome.ABSENT), ("не допущен", ResultOutcome.NOT_ADMITTED)]
    )
    def test_a_word_of_absence_in_the_gradebook_is_no_mark(self, word: str, outcome: ResultOutcome) -> None:
        one = grade("1", "7", None, raw=1, word="н/я", mark_text=word, passed=False)
        standing = standings(a_study(grades=[one]), select()).of["1", "7"]
        assert (standing.outcome, standing.took_part, standing.points, standing.percent) == (outcome, False, None, None)

    def test_the_place_in_a_scale_of_words_is_no_score(self) -> None:
        one = grade("1", "7", 4, raw=3, minimum=1, maximum=4, word="хорошо")
        standing = standings(a_study(grades=[one]), select()).of["1", "7"]
        assert (standing.points, standing.percent, standing.mark) == (None, None, 4)

    def test_a_cell_without_a_value_is_no_grade_and_zero_is_one(self) -> None:
        study = a_study(grades=[grade("1", "7", None), grade("2", "7", 2, raw=0)])
        found = standings(study, select())
        assert list(found.of) == [("2", "7")]
        assert found.of["2", "7"].percent == Decimal(0)

    def test_a_grade_that_was_withdrawn_does_not_count(self) -> None:
        study = a_study(grades=[grade("1", "7", retired_at=NOON)])
        assert standings(study, select()).of == {}
        assert set(standings(study, select(with_gone=True)).of) == {("1", "7")}

    def test_a_grade_of_nobody_listed_does_not_count(self) -> None:
        assert standings(a_study(grades=[grade("staff", "7")]), select()).of == {}


class TestPeriod:
    def test_both_ends_are_days_of_the_site(self) -> None:
        late = dt.datetime(2026, 3, 9, 21, 30, tzinfo=dt.UTC)  # 00:30 on the 10th in Moscow
        study = a_study(grades=[grade("1", "7", graded_at=late)])
        ninth, tenth = dt.date(2026, 3, 9), dt.date(2026, 3, 10)
        assert standings(study, select(first=tenth, last=tenth)).of
        assert not standings(study, select(first=ninth, last=ninth)).of

    def test_only_items_with_a_result_in_it_are_left(self) -> None:
        study = a_study(items=[item("1"), item("2")], grades=[grade("1", "2")])
        assert [one.key for one in standings(study, select(last=NOON.date())).items] == ["2"]
        assert [one.key for one in standings(study, select()).items] == ["1", "2"]

    def test_a_grade_without_a_day_is_in_no_period(self) -> None:
        study = a_study(grades=[grade("1", "7", graded_at=None)])
        assert standings(study, select()).of
        assert not standings(study, select(last=dt.date(2030, 1, 1))).of


class TestDebts:
    def test_not_passed_and_not_graded_are_owed_and_no_verdict_is_not(self) -> None:
        items = [item(key) for key in "1234"]
        grades = [grade("1", "1", 5), grade("1", "2", 2), grade("1", "3", None, raw=50, passed=None)]
        found = standings(a_study(items=items, grades=grades), select())
        assert [found.debts(member) for member in found.members] == [2, 4]

    def test_what_was_passed_before_the_period_is_not_owed(self) -> None:
        before = NOON - 60 * DAY
        grades = [grade("1", "7", graded_at=before), grade("2", "7", 2)]
        found = standings(a_study(grades=grades), select(first=NOON.date()))
        assert [found.debts(member) for member in found.members] == [0, 1]

    def test_what_is_passed_after_the_period_is_owed_at_its_end(self) -> None:
        grades = [grade("1", "7", graded_at=NOON + 60 * DAY), grade("2", "7", 2)]
        found = standings(a_study(grades=grades), select(last=NOON.date()))
        assert [found.debts(member) for member in found.members] == [1, 1]

    def test_an_item_of_a_course_of_others_is_not_owed(self) -> None:
        study = a_study(
            items=[item("1"), item("2", course="6")],
            places=[place("1"), place("2"), place("2", "6")],
            scope=StudyScope("academy", group="А"),
        )
        found = standings(study, select())
        assert [found.debts(member) for member in found.members] == [1, 2]
        assert [[member.key for member in found.listed(one)] for one in found.items] == [["2"], ["1", "2"]]
