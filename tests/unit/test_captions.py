"""The catalogue of Russian words knows every field of every record and every value of every closed list."""

from __future__ import annotations

import pytest

from lms_sync.records import OFFICIAL_KINDS, Commission, IssuedDocument, Learner, ProtocolTotals, ResultOutcome, lists
from lms_sync.report.captions import caption, short_caption, value_caption

LISTS = [one for one in vars(lists).values() if isinstance(one, type) and one.__module__ == lists.__name__]


@pytest.mark.parametrize("words", LISTS, ids=lambda words: words.__name__)
def test_every_value_of_every_closed_list_has_its_own_word(words: type) -> None:
    captions = [value_caption(value) for value in words]  # type: ignore[attr-defined]
    assert all(captions) and len(set(captions)) == len(captions)
    assert not [text for text in captions if text.isascii()]


@pytest.mark.parametrize("record", [*OFFICIAL_KINDS.values(), Commission, ProtocolTotals], ids=lambda one: one.__name__)
def test_every_field_of_an_official_record_has_a_caption(record: type) -> None:
    subject = "document." if record.__module__ == IssuedDocument.__module__ else ""
    assert not [field for field in record.model_fields if caption(subject + field).isascii()]  # type: ignore[attr-defined]


def test_every_field_of_a_learner_has_a_caption_in_the_reports_on_studies() -> None:
    shown = set(Learner.model_fields) - {"external_id", "country"}
    assert not [field for field in shown if caption(f"study.{field}").isascii()]


def test_a_subject_may_have_its_own_caption_of_a_field() -> None:
    assert caption("study.listed") == "По списку"
    assert caption("study.listed") != caption("listed")
    assert caption("study.full_name") == caption("full_name")
    assert caption("study.no_such_field") == "no_such_field"


def test_absences_are_short_and_presence_is_nothing() -> None:
    assert [short_caption(one) for one in ResultOutcome if one is not ResultOutcome.GRADED] == [
        "н/я", "н/а", "н/д", "аннул.",
    ]  # fmt: skip
    assert short_caption(ResultOutcome.GRADED) == ""
