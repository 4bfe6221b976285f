"""What the LMS is to show of issued documents: the shipped texts, an academy's over them, what is wrong in a file."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.connector import Standing
from lms_sync.errors import ConfigError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.lint import lint
from lms_sync.mapping.push import TargetTemplates
from lms_sync.mapping.push_spec import PLACEHOLDERS, PushTable
from lms_sync.records import DocumentBasis, DocumentHolder, DocumentStatus, IssuedDocument, ProgrammeKind
from tests.unit.mapping.samples import Overlay

MANUAL = Path(__file__).parents[3] / "docs" / "mapping.md"


def document(**changes: Any) -> IssuedDocument:
    values: dict[str, Any] = {
        "uid": "d000007",
        "document_kind": "advanced_training",
        "title": "Удостоверение о повышении квалификации",
        "status": DocumentStatus.ISSUED,
        "learner": "5",
        "basis": DocumentBasis.PASSED,
        "protocol": "2026/003",
        "mark_text": "зачтено",
        "programme_title": "Охрана труда",
        "programme_kind": ProgrammeKind.ADVANCED_TRAINING,
        "hours": 72,
        "registration_number": "УПК-2026-0007",
        "blank_series": "ПК",
        "blank_number": "000321",
        "issue_date": dt.date(2026, 3, 5),
        "reason": "не для чужих глаз",
        "handed_how": "почтой",
    }
    return IssuedDocument(**values | changes)


def target(mapping: Mapping, name: str) -> TargetTemplates:
    found = mapping.push.target(name)
    assert found is not None
    return found


def problem(overlay: Overlay, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        overlay(text)
    (only,) = refused.value.problems
    return str(only)


def test_the_shipped_texts_of_the_companion(shipped: Mapping) -> None:
    assert target(shipped, "companion").of_document(document(), Standing.IN_FORCE) == {
        "kind": "advanced_training",
        "title": "Удостоверение о повышении квалификации",
        "blankseries": "ПК",
        "blanknumber": "000321",
        "regnumber": "УПК-2026-0007",
        "issuedate": "2026-03-05",
        "hours": "72",
    }


def test_what_a_document_does_not_have_is_an_empty_text(shipped: Mapping) -> None:
    bare = document(blank_series="", blank_number="", hours=None, issue_date=None)
    texts = target(shipped, "companion").of_document(bare, Standing.IN_FORCE)
    assert [name for name, text in texts.items() if not text] == ["blankseries", "blanknumber", "issuedate", "hours"]


def test_a_note_says_what_became_of_the_document(shipped: Mapping) -> None:
    note = target(shipped, "note")
    assert note.of_document(document(), Standing.IN_FORCE)["text"] == (
        "Удостоверение о повышении квалификации, рег. № УПК-2026-0007 от 05.03.2026: Охрана труда (d000007)"
    )
    assert [note.of_document(document(), one)["text"].rsplit(": ")[-1] for one in list(Standing)[1:]] == [
        "аннулирован (d000007)",
        "заменён дубликатом (d000007)",
    ]


def test_no_text_about_profile_fields_is_shipped(shipped: Mapping) -> None:
    assert shipped.push.names == ["companion", "note"]
    assert shipped.push.target("profile") is None


def test_a_template_can_name_nothing_of_the_holder(overlay: Overlay) -> None:
    assert not PLACEHOLDERS.keys() & (DocumentHolder.model_fields.keys() - {"document"})
    told = problem(overlay, '[push.note.values]\ntext = "{last_name} {uid}"')
    assert "overlay-0.toml:3" in told
    assert "names {last_name}, which is not known; there are uid, kind" in told


@given(st.builds(document, programme_title=st.text(max_size=40), mark_text=st.text(max_size=10)))
def test_every_name_gives_one_line_and_is_filled_once(one: IssuedDocument) -> None:
    table = PushTable(values={name: f"<{{{name}}}>" for name in PLACEHOLDERS})
    for text in TargetTemplates("note", table).of_document(one, Standing.IN_FORCE).values():
        assert re.fullmatch(r"<[^\r\n]*>", text)
    braces = PushTable(values={"text": "{title}"})
    assert TargetTemplates("note", braces).of_document(document(title="{uid}"), Standing.IN_FORCE)["text"] == "{uid}"


# --- all documents of a learner ---------------------------------------------------------------------------------------

PROFILE = '[push.profile.values]\ndocument = "{registration_number}"\nblank = "{blank_number}"\n'


def test_all_documents_stand_by_day_of_issue_with_their_separator(overlay: Overlay) -> None:
    mine = [
        document(uid="d000010", registration_number="Б", issue_date=dt.date(2026, 5, 1), blank_number=""),
        document(uid="d000002", registration_number="В", issue_date=dt.date(2026, 5, 2)),
        document(uid="d000009", registration_number="А", issue_date=dt.date(2026, 5, 1)),
    ]
    assert target(overlay(PROFILE), "profile").of_learner(mine) == {"document": "А; Б; В", "blank": "000321; 000321"}
    dashed = overlay(PROFILE, '[push.profile]\nseparator = " — "')
    assert target(dashed, "profile").of_learner(mine)["document"] == "А — Б — В"


def test_only_the_latest_if_so_asked_and_nothing_without_any(overlay: Overlay) -> None:
    latest = target(overlay('[push.profile]\ndocuments = "latest"\n' + PROFILE), "profile")
    old = document(uid="d000011", registration_number="А", issue_date=dt.date(2025, 5, 1))
    assert latest.of_learner([document(registration_number="Б"), old]) == {"document": "Б", "blank": "000321"}
    assert latest.of_learner([]) == {"document": "", "blank": ""}


# --- an academy's own -------------------------------------------------------------------------------------------------


def test_texts_are_replaced_one_by_one_and_an_empty_one_goes(overlay: Overlay) -> None:
    own = overlay('[push.companion.values]\nurl = "https://academy.example.com/{uid}"\nhours = ""')
    texts = target(own, "companion").of_document(document(), Standing.IN_FORCE)
    assert texts["url"] == "https://academy.example.com/d000007"
    assert texts["title"] == "Удостоверение о повышении квалификации"
    assert "hours" not in texts


def test_a_target_without_texts_has_no_templates(overlay: Overlay) -> None:
    assert overlay('[push.note.values]\ntext = ""').push.target("note") is None


def test_only_what_is_shown_of_a_document_in_force_is_shown_of_another(overlay: Overlay) -> None:
    own = target(overlay('[push.companion.out_of_force]\nurl = "{standing}"\ntitle = "{standing}"'), "companion")
    texts = own.of_document(document(), Standing.REVOKED)
    assert texts["title"] == "аннулирован"
    assert texts.keys() == own.of_document(document(), Standing.IN_FORCE).keys()


def test_the_version_changes_with_the_texts_alone(overlay: Overlay, shipped: Mapping) -> None:
    own = overlay('[push.note.out_of_force]\ntext = "{title} ({uid}) {standing}"')
    assert target(own, "note").version != target(shipped, "note").version
    assert target(own, "companion").version == target(shipped, "companion").version
    assert own.version == shipped.version  # no pull reads anything anew


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[push.note.values]\ntext = "{uid"', "has a brace that belongs to no {name}"),
        ('[push.note.values]\ntext = "{uid}}"', "has a brace that belongs to no {name}"),
        ('[push.note.values]\ntext = "a  {uid}"', "must be one line"),
        ('[push.note]\ndocuments = "some"', "all"),
        ('[push.note]\nseparator = ""', "separator"),
        ("[push.note]\nvalue = {}", "did you mean values?"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(overlay: Overlay, text: str, told: str) -> None:
    said = problem(overlay, text)
    assert "overlay-0.toml:3" in said
    assert told in said


def test_the_manuals_example_loads_and_names_every_word(overlay: Overlay, shipped: Mapping) -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    section = manual[manual.index("## Documents shown in the LMS") : manual.index("## The action journal")]
    [example] = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    own = overlay(example)
    assert lint(own) == lint(shipped)
    assert target(own, "profile").names == ("document",)
    assert set(re.findall(r"`([a-z_]+)`", section)) >= PLACEHOLDERS.keys()
