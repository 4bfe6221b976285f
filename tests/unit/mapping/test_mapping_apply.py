"""The mapping as a whole: it never raises, never repeats a value in a message, and can explain itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms_sync.connector import SourceRecord
from lms_sync.mapping.apply import RECORD_KINDS, Mapped, Mapping
from lms_sync.records import KINDS
from tests.unit.mapping.samples import FIELDS_OF, SAMPLES, course, grade, grade_item, mapped, person, rejected

_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**13), 10**13),
    st.floats(),
    st.decimals(),
    st.text(alphabet=st.characters(exclude_categories=())),
    st.sampled_from(
        ["", "0", "finished", "отлично", "Итоговый зачёт (72 ч)", "PK-1", "112-233-445 95", "31.12.1999", 10**4000]
    ),
)
_plain = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@st.composite
def damaged(draw: st.DrawFn) -> SourceRecord:
    """A sound source record with some of its fields replaced by anything, or gone."""
    sample = draw(st.sampled_from(SAMPLES))
    fields: dict[str, Any] = dict(sample.fields)
    for name in draw(st.lists(st.sampled_from(FIELDS_OF[sample.kind]), max_size=4)):
        if draw(st.booleans()):
            fields[name] = draw(_plain)
        else:
            fields.pop(name, None)
    if "item" in fields and draw(st.booleans()):
        fields["item"] = {**grade_item().fields, draw(st.sampled_from(FIELDS_OF["grade_item"])): draw(_plain)}
    if "profile" in fields and draw(st.booleans()):
        fields["profile"] = {draw(st.sampled_from(["snils", "birthdate", "citizenship", "otchestvo"])): draw(_plain)}
    return SourceRecord(sample.kind, sample.key, fields)


@settings(max_examples=600)
@given(source=damaged())
def test_no_plain_value_makes_it_raise(shipped: Mapping, source: SourceRecord) -> None:
    outcome = shipped.apply(source)
    if isinstance(outcome, Mapped):
        type(outcome.record).model_validate(outcome.record.model_dump())
        assert outcome.record.key == source.key
        assert outcome.record.kind == RECORD_KINDS[source.kind]
        str(outcome.record.payload()).encode("utf-8")
        assert all((one.kind, one.key) == (outcome.record.kind, source.key) for one in outcome.warnings)
        assert all(one.field in type(outcome.record).model_fields for one in outcome.warnings)
    else:
        assert outcome.code != "invalid_record", "the mapping itself must find what is wrong"
        assert outcome.field in {"", *KINDS[outcome.kind].model_fields}
    explanation = shipped.explain(source)
    assert explanation.outcome == outcome


@given(kind=st.text(), key=st.text(), fields=st.dictionaries(st.text(), _plain))
def test_nor_does_any_kind(shipped: Mapping, kind: str, key: str, fields: dict[str, Any]) -> None:
    outcome = shipped.apply(SourceRecord(kind, key, fields))
    assert not isinstance(outcome, Mapped)


@pytest.mark.parametrize("source", SAMPLES, ids=lambda source: source.kind)
def test_every_sample_is_sound_and_becomes_its_kind(shipped: Mapping, source: SourceRecord) -> None:
    outcome = mapped(shipped, source)
    assert outcome.warnings == ()
    assert type(outcome.record) is KINDS[RECORD_KINDS[source.kind]]


def test_records_are_validated_when_made() -> None:
    """The mapping leans on this: a record checks its own values."""
    record = mapped_entry_fields()
    with pytest.raises(ValueError, match="floating-point"):
        KINDS["grade_entry"](**(record | {"raw": 1.5}))


def mapped_entry_fields() -> dict[str, Any]:
    return {"course": "2", "grade_item": "4", "learner": "3", "raw": Decimal(1)}


def test_an_unknown_kind_is_a_rejection(shipped: Mapping) -> None:
    assert rejected(shipped, SourceRecord("badge", "1", {"id": 1})).code == "unknown_kind"


_secret = "s3cr3t"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda source: source.kind)
def test_no_message_repeats_a_value(shipped: Mapping, sample: SourceRecord) -> None:
    for name in FIELDS_OF[sample.kind]:
        changed = SourceRecord(sample.kind, sample.key, {**sample.fields, name: _secret})
        outcome = shipped.apply(changed)
        told = [*outcome.warnings] if isinstance(outcome, Mapped) else [outcome]
        assert not any(_secret in one.message for one in told)


# --- explaining -------------------------------------------------------------------------------------------------------


def test_a_grade_items_explanation_names_the_rules_with_their_places(shipped: Mapping) -> None:
    explanation = shipped.explain(grade_item(itemname="Итоговый экзамен"))
    assert (explanation.kind, explanation.key, explanation.rule) == ("grade_item", "4", "final")
    decided = {
        what: (value, why.partition(" (")[0], why.partition("): ")[2]) for what, value, why in explanation.decided
    }
    assert decided["attestation_kind"] == ("final", "rule final", "by title")
    assert decided["control_form"] == ("exam", "rule exam", "by title")
    assert explanation.decided[2] == (
        "scale",
        "hundred-point",
        "the first of five-point, credit, hundred-point that fits",
    )
    assert "lms_sync_mappings/moodle.toml:" in explanation.decided[0].why


def test_a_grades_explanation_names_the_scale_and_its_step(shipped: Mapping) -> None:
    decided = {one.what: one for one in shipped.explain(grade(graderaw=Decimal(80))).decided}
    assert decided["mark"][1:] == ("хорошо", "scale hundred-point example-1: from 75 % of the points")
    assert decided["passed"][1:] == (True, "by the scale's step")
    assert decided["attestation_kind"].value == "current"


def test_a_learners_explanation_names_sources_and_what_is_unfit(shipped: Mapping) -> None:
    explanation = shipped.explain(person(firstname="Иван Ильич", profile={"snils": "1"}))
    decided = {one.what: one for one in explanation.decided}
    assert decided["email"].why == "email, as email"
    assert decided["snils"].why.startswith("profile.snils: a СНИЛС has eleven digits")
    assert decided["birth_date"].why.startswith("nothing in profile.birthdate")
    assert decided["first_name"].value == "Иван"
    assert decided["middle_name"].value == "Ильич" and "rule first-name-by-ending" in decided["middle_name"].why


def test_a_courses_explanation_names_the_category_that_decided(shipped: Mapping) -> None:
    decided = {
        one.what: one for one in shipped.explain(course(category_path=["ДПО", "Повышение квалификации"])).decided
    }
    assert decided["programme_kind"].why.endswith("by category (Повышение квалификации)")
    assert decided["hours"][1:] == (None, "no [[course.hours]] rule finds any")


def test_a_refusal_is_explained_too(shipped: Mapping) -> None:
    explanation = shipped.explain(person(id=None))
    assert (explanation.kind, explanation.rule, explanation.outcome) == ("learner", "", shipped.apply(person(id=None)))
