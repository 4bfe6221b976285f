"""What holds in every report on studies, whoever has whatever: totals add up, everybody stands once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lms_sync.report.dynamics import dynamics
from lms_sync.report.period import Step
from lms_sync.report.quality import quality
from lms_sync.report.ranking import ranking
from lms_sync.report.sheet import sheet
from lms_sync.report.standing import EVERY_KIND, Selection
from lms_sync.report.summary import summary
from lms_sync.store.study import AttemptCount, Study
from tests.unit.study_samples import NOON, a_study, grade, item, missing, place, protocol, result, rows, select

LEARNERS = [str(number) for number in range(1, 7)]
ITEMS = [item("1", "current"), item("2", "milestone"), item("3", assessment="30"), item("4", "final", assessment="40")]
DAYS = st.integers(0, 200).map(lambda days: NOON + dt.timedelta(days=days))
PERIOD = st.tuples(DAYS, DAYS) | st.just(None)

words = st.sampled_from([("зачтено", True), ("не зачтено", False), ("не явился", False), ("освоил", None)])


@st.composite
def grades(draw: Any, learner: str, key: str) -> Any:
    when = {"graded_at": draw(DAYS | st.none()), "retired_at": draw(st.sampled_from([None, None, None, NOON]))}
    if draw(st.booleans()):
        return grade(learner, key, draw(st.integers(2, 5) | st.none()), **when)
    text, passed = draw(words)
    return grade(learner, key, None, raw=1, mark_text=text, passed=passed, **when)


@st.composite
def finals(draw: Any, learner: str, number: int) -> Any:
    if draw(st.booleans()):
        return missing(learner, "4", "П-1", draw(st.sampled_from(["absent", "not_admitted", "not_completed"])))
    return result(learner, "4", number, draw(st.integers(2, 5)), finished_at=draw(DAYS))


@st.composite
def studies(draw: Any) -> Study:
    some = st.lists(st.sampled_from(LEARNERS), unique=True)
    frozen = [draw(finals(learner, number)) for learner in draw(some) for number in range(1, draw(st.integers(1, 3)))]
    frozen = list({one.key: one for one in frozen}.values())
    places = [
        place(
            learner,
            status=draw(st.sampled_from(["active", "suspended"])),
            retired_at=draw(st.sampled_from([None, None, NOON])),
        )
        for learner in draw(some)
    ]
    states = st.sampled_from(["finished", "abandoned", "inprogress"])
    return a_study(
        LEARNERS,
        places=places,
        items=ITEMS,
        grades=[draw(grades(learner, one.key)) for one in ITEMS for learner in draw(some)],
        results=frozen,
        protocols=[protocol("П-1", *frozen, state=draw(st.sampled_from(["closed", "annulled"])))] if frozen else [],
        attempts=[AttemptCount("5", learner, "30", draw(states), False, 1) for learner in draw(some)],
    )


def selection(period: Any, *, with_gone: bool, **more: Any) -> Selection:
    first, last = sorted(one.date() for one in period) if period else (None, None)
    return select(*EVERY_KIND, first=first, last=last, with_gone=with_gone, **more)


@given(studies(), st.sampled_from([one.key for one in ITEMS]), st.booleans())
def test_a_sheet_has_a_mark_or_an_absence_for_everybody(study: Study, key: str, with_gone: bool) -> None:
    table = sheet(study, select(item=key, with_gone=with_gone))
    found = rows(table)
    assert len({row["learner"] for row in found}) == len(found)
    graded = [row for row in found if not row["absence"]]
    assert all(row["points"] is not None for row in graded)
    counts = [int(note.rpartition(": ")[2]) for note in table.notes[_listed(table.notes) + 1 :] if "балл" not in note]
    assert sum(counts) == len(found)


def _listed(notes: Any) -> int:
    return next(place for place, note in enumerate(notes) if note.startswith("По списку"))


@given(studies(), PERIOD, st.booleans())
def test_quality_adds_up(study: Study, period: Any, with_gone: bool) -> None:
    by_item: dict[Any, list[dict[str, Any]]] = {}
    for row in rows(quality(study, selection(period, with_gone=with_gone))):
        by_item.setdefault(row["grade_item"], []).append(row)
    for lines in by_item.values():
        values = {line["indicator"]: line["value"] for line in lines}
        levels = [value for key, value in values.items() if key.startswith("level_")]
        assert sum(levels) == values["took_part"] <= values["listed"]
        assert values["passed"] == values["absolute_rate"] <= values["took_part"]
        assert (values["quality_rate"] or 0) == values.get("level_5", 0) + values.get("level_4", 0)
        for line in lines:
            assert line["percent"] is None or Decimal(0) <= line["percent"] <= Decimal(100)
            assert (line["percent"] is None) == (not line["whole"] or line["value"] is None)


@given(studies(), PERIOD, st.booleans())
def test_a_ranking_is_a_permutation_in_order(study: Study, period: Any, with_gone: bool) -> None:
    chosen = selection(period, with_gone=with_gone)
    ranks = rows(ranking(study, chosen))
    members = [row["learner"] for row in rows(summary(study, chosen)) if row["learner"]]
    assert sorted(row["learner"] for row in ranks) == sorted(members)
    placed = [row["place"] for row in ranks if row["place"]]
    assert [row["place"] for row in ranks] == [*placed, *[None] * (len(ranks) - len(placed))]
    assert all(place == placed.index(place) + 1 for place in placed)
    assert all(row["debts"] + row["results"] >= row["expected"] for row in ranks if not period)


@given(studies(), PERIOD, st.booleans())
def test_the_totals_of_a_summary_are_those_of_its_lines(study: Study, period: Any, with_gone: bool) -> None:
    table = summary(study, selection(period, with_gone=with_gone))
    if not table.rows:
        return
    lines, (mean, passed, debts) = rows(table)[:-3], rows(table)[-3:]
    assert debts["debts"] == sum(line["debts"] for line in lines)
    for key in [column.key for column in table.columns if column.key.startswith("item_")]:
        assert passed[key] <= sum(line[key] not in (None, "н/я", "н/д", "н/а") for line in lines)
        assert (mean[key] is None) == (not any(isinstance(line[key], int) for line in lines))
        assert period or passed[key] + debts[key] <= len(lines)


@given(studies(), PERIOD, st.sampled_from(Step), st.booleans())
def test_dynamics_counts_every_dated_grade_once(study: Study, period: Any, step: Step, with_gone: bool) -> None:
    chosen = selection(period, with_gone=with_gone)
    table = dynamics(study, chosen, step)
    took_part = sum(row["value"] for row in rows(quality(study, chosen)) if row["indicator"] == "took_part")
    undated = [int(note.rpartition(": ")[2]) for note in table.notes if note.startswith("Оценок без даты")]
    assert sum(row["results"] for row in rows(table)) + sum(undated) == took_part
    for kind in {row["attestation_kind"] for row in rows(table)}:
        own = [row for row in rows(table) if row["attestation_kind"] == kind]
        assert own[-1]["total_results"] == sum(row["results"] for row in own)
        assert own == sorted(own, key=lambda row: row["first_day"])
