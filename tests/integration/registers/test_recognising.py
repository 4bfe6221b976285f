"""Results of other organisations: applications, what the commission decides, and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from lms_sync.errors import RegisterError
from lms_sync.records import AttestationKind, RecognitionState
from lms_sync.registers.documents.recognising import Application, Decision
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.study import StudyScope, study
from lms_sync.store.verify import verify
from tests.integration.registers.papers import THURSDAY, Papers
from tests.integration.store import samples

DAY = dt.timedelta(days=1)
APPLIED, RECOGNISED = RecognitionState.APPLIED, RecognitionState.RECOGNISED
REFUSED, ANNULLED = RecognitionState.REFUSED, RecognitionState.ANNULLED


def columns(papers: Papers) -> None:
    """Column 20 is an intermediate examination, 21 coursework, 22 the total, 7 the final test."""
    papers.world.column("20", title="Экзамен", attestation_kind=AttestationKind.INTERMEDIATE)
    papers.world.column("21", title="Курсовая", attestation_kind=AttestationKind.INTERMEDIATE)
    papers.world.column("22", title="Итог", attestation_kind=AttestationKind.TOTAL, item_type="course")


@pytest.fixture
def office(papers: Papers) -> Papers:
    """Three learners and those columns, in each database."""
    columns(papers)
    return papers


@pytest.fixture
def lite_office(lite_papers: Papers) -> Papers:
    """The same in SQLite only."""
    columns(lite_papers)
    return lite_papers


def states(papers: Papers) -> list[tuple[str, RecognitionState]]:
    return [(one.uid, one.state) for one in papers.applications()]


def test_from_an_application_to_its_annulment(office: Papers) -> None:
    applied = office.apply("3", grade_item="20", hours=36, mark_text="зачтено")
    assert (applied.uid, applied.state, applied.minutes_number) == ("z0001", APPLIED, "")
    [decided] = office.decide("z0001", number="5")
    assert (decided.state, decided.minutes_number, decided.minutes_date) == (RECOGNISED, "5", THURSDAY)
    annulled = office.withdraw("z0001", "отменено комиссией")
    assert (annulled.state, annulled.minutes_number, annulled.reason) == (ANNULLED, "5", "отменено комиссией")
    assert office.applications(learner="3") == [annulled]
    kept = [one.reason if one else None for one in office.world.versions("recognition", "z0001")]  # type: ignore[attr-defined]
    assert kept == ["", "", "отменено комиссией"]
    assert office.sound()


def test_one_meeting_decides_on_all_or_on_none(office: Papers) -> None:
    for learner in "123":
        office.apply(learner, grade_item="20")
    office.withdraw("z0002")
    assert "Application z0002 was decided before" in office.world.refusal(
        lambda: office.decide("z0001", "z0002", "z0003")
    )
    assert states(office) == [("z0001", APPLIED), ("z0002", ANNULLED), ("z0003", APPLIED)]
    office.decide("z0001", "z0003", "z0001")
    assert states(office) == [("z0001", RECOGNISED), ("z0002", ANNULLED), ("z0003", RECOGNISED)]


def test_an_application_is_decided_once_and_annulled_once(lite_office: Papers) -> None:
    lite_office.apply("3", grade_item="20")
    lite_office.decide("z0001", recognised=False)
    assert states(lite_office) == [("z0001", REFUSED)]
    assert "it is refused" in lite_office.world.refusal(lambda: lite_office.decide("z0001"))
    lite_office.withdraw("z0001")
    assert "cannot become annulled" in lite_office.world.refusal(lambda: lite_office.withdraw("z0001"))
    assert "no application z0009" in lite_office.world.refusal(lambda: lite_office.decide("z0009"))


@pytest.mark.parametrize(
    ("first", "second"), [("20", "20"), ("", "20"), ("20", ""), ("", "")], ids=["item", "in whole", "whole", "wholes"]
)
def test_nothing_is_recognised_twice(lite_office: Papers, first: str, second: str) -> None:
    lite_office.apply("3", grade_item=first)
    lite_office.apply("3", grade_item=second)
    lite_office.decide("z0001")
    for act in (lambda: lite_office.apply("3", grade_item=second), lambda: lite_office.decide("z0002")):
        assert "application z0001 was recognised before" in lite_office.world.refusal(act)
    lite_office.decide("z0002", recognised=False)
    lite_office.withdraw("z0001")
    lite_office.apply("3", grade_item=second)
    lite_office.decide("z0003")
    assert states(lite_office) == [("z0001", ANNULLED), ("z0002", REFUSED), ("z0003", RECOGNISED)]
    assert lite_office.sound()


def test_one_meeting_does_not_recognise_twice_either(lite_office: Papers) -> None:
    lite_office.apply("3", grade_item="20")
    lite_office.apply("3", grade_item="20")
    assert "z0001 was recognised before" in lite_office.world.refusal(lambda: lite_office.decide("z0001", "z0002"))
    assert states(lite_office) == [("z0001", APPLIED), ("z0002", APPLIED)]


def test_another_item_and_another_learner_are_another_result(lite_office: Papers) -> None:
    for learner, item in (("3", "20"), ("3", "21"), ("2", "20")):
        lite_office.apply(learner, grade_item=item)
    lite_office.decide("z0001", "z0002", "z0003")
    assert lite_office.sound()


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"grade_item": "7"}, "is a final attestation, which everybody sits here"),
    ({"grade_item": "22"}, "is a total of others"),
    ({"grade_item": "99"}, "Course 5 has no grade item 99"),
    ({"grade_item": "30"}, "Course 5 has no grade item 30"),
    ({"course": "99"}, "has no course 99"),
    ({"learner": "99"}, "has no learner 99"),
    ({"learner": "4"}, "never was a learner of course 5"),
    ({"learner": "5"}, "never was a learner of course 5"),
    ({"date": THURSDAY + DAY}, "the application, 2026-03-06, is still to come"),
    ({"source_date": THURSDAY + DAY}, "the application of 2026-03-05 would be before the other organisation's"),
]


def test_what_cannot_be_applied_for(lite_office: Papers) -> None:
    world = lite_office.world
    world.column("30", course="6", attestation_kind=AttestationKind.INTERMEDIATE)
    world.rename("4", "Чужой Пётр")
    world.rename("5", "Учитель Пётр")
    world.enrol("5", learner=False)
    for fields, told in IMPOSSIBLE:
        assert told in world.refusal(partial(lite_office.apply, **({"learner": "3"} | fields)))


def test_an_item_that_became_a_final_is_not_recognised_any_more(lite_office: Papers) -> None:
    lite_office.apply("3", grade_item="20")
    lite_office.world.column("20", title="Экзамен", attestation_kind=AttestationKind.FINAL)
    assert "is a final attestation" in lite_office.world.refusal(lambda: lite_office.decide("z0001"))
    lite_office.decide("z0001", recognised=False)


def test_minutes_follow_the_application_and_are_not_of_tomorrow(lite_office: Papers) -> None:
    lite_office.apply("3", date=THURSDAY - DAY)
    for day, told in (
        (THURSDAY - 2 * DAY, "the minutes of 2026-03-03 would be before the application of 2026-03-04"),
        (THURSDAY + DAY, "the minutes, 2026-03-06, is still to come"),
    ):
        for recognised in (True, False):
            assert told in lite_office.world.refusal(
                partial(lite_office.decide, "z0001", recognised=recognised, day=day)
            )
    lite_office.decide("z0001", day=THURSDAY - DAY)


def test_names_minutes_and_reasons_are_not_left_empty(lite_office: Papers) -> None:
    with pytest.raises(RegisterError, match="refusal needs a reason"):
        Decision(False, "3", THURSDAY, " ")
    with pytest.raises(RegisterError, match="--minutes-number"):
        Decision(True, " ", THURSDAY)
    for name in ("subject", "source_organisation", "source_document"):
        values = {"subject": "а", "source_organisation": "б", "source_document": "в"} | {name: " "}
        with pytest.raises(RegisterError, match=f"give --{name.removeprefix('source_')}"):
            Application("3", "5", date=THURSDAY, **values)
    lite_office.apply("3")
    assert "for a reason" in lite_office.world.refusal(lambda: lite_office.withdraw("z0001", " "))


def test_of_the_erased_only_the_number_stays(office: Papers) -> None:
    office.apply("3")
    office.apply("2")
    office.store.erase_learner("academy", "3", "registrar", "отзыв согласия")
    assert "was erased" in office.world.refusal(lambda: office.apply("3"))
    for act in (lambda: office.decide("z0001"), lambda: office.withdraw("z0001")):
        assert "The personal data of application z0001 was erased" in office.world.refusal(act)
    assert office.apply("1").uid == "z0003"
    assert [one.uid for one in office.applications()] == ["z0002", "z0003"]
    assert office.sound()


def test_everything_can_be_made_anew_from_the_ledger(office: Papers) -> None:
    for learner in "123":
        office.apply(learner, grade_item="20", source_date=THURSDAY - 900 * DAY, hours=12)
    office.decide("z0001", "z0002")
    office.withdraw("z0002")
    before = samples.projections(office.store)
    rebuild_projections(office.store)
    assert samples.projections(office.store) == before


# --- what verify finds ------------------------------------------------------------------------------------------------


def put(papers: Papers, uid: str, **values: object) -> None:
    """A version that no register would write, with everything that proves it."""
    from lms_sync.store.register import registering

    [record] = papers.applications(uid=uid)
    with registering(papers.store, "academy", "forger") as writer:
        writer.put([record.model_copy(update=values)], "", "подлог")


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (lambda papers: put(papers, "z0001", state=APPLIED), "became applied, which one that is recognised cannot"),
        (lambda papers: put(papers, "z0001", mark_text="отлично"), "became recognised, which one that is recognised"),
        (lambda papers: put(papers, "z0002", subject="Другой"), "subject: changed after it was registered"),
        (lambda papers: put(papers, "z0002", state=REFUSED), "it is refused by no minutes"),
        (
            lambda papers: put(papers, "z0002", state=RECOGNISED, minutes_number="9", minutes_date=THURSDAY),
            "another recognised result",
        ),
    ],
)
def test_verify_finds_what_no_register_writes(lite_office: Papers, forge: Callable[[Papers], None], told: str) -> None:
    lite_office.apply("3", grade_item="20")
    lite_office.apply("3")
    lite_office.decide("z0001")
    assert lite_office.sound()
    forge(lite_office)
    assert [told in problem.what for problem in verify(lite_office.store).problems].count(True) == 1


def test_verify_finds_a_missing_application(lite_office: Papers) -> None:
    for learner in "12":
        lite_office.apply(learner)
    with lite_office.store.writing() as connection:
        connection.execute(text("DELETE FROM recognition WHERE key = 'z0001'"))
    found = [str(problem) for problem in verify(lite_office.store).problems]
    assert "table recognition, source academy: z0002 stands where z0001 should" in found


# --- what the reports on studies read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "uids"),
    [
        ({"course": "5"}, ["z0001", "z0002"]),
        ({"learner": "2"}, ["z0002"]),
        ({"group": "А"}, ["z0001"]),
        ({"course": "6"}, []),
    ],
)
def test_a_study_has_what_was_recognised_and_nothing_else(
    lite_office: Papers, scope: dict[str, str], uids: list[str]
) -> None:
    lite_office.world.enrol("1", groups=["А"])
    for learner, item in (("1", "20"), ("2", "20"), ("1", "21"), ("2", "21"), ("3", "20"), ("3", "21")):
        lite_office.apply(learner, grade_item=item, hours=12)
    lite_office.decide("z0001", "z0002", "z0003", "z0005")
    lite_office.decide("z0004", recognised=False)
    lite_office.withdraw("z0003")
    lite_office.store.erase_learner("academy", "3", "registrar", "отзыв согласия")
    found = study(lite_office.store, StudyScope("academy", **scope)).recognised
    assert [one.uid for one in found] == uids
    assert {(one.minutes_date, one.hours) for one in found} <= {(THURSDAY, 12)}
