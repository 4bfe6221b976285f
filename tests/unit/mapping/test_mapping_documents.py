"""Kinds of documents: what is shipped, how an academy's file lies over it, and what is wrong with its line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lms_sync.errors import ConfigError, RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.lint import lint
from lms_sync.mapping.load import load_mapping
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.records import DocumentBasis, ProgrammeKind


def laid(tmp_path: Path, *texts: str) -> Mapping:
    """The shipped mapping with these files over it."""
    paths = []
    for place, text in enumerate(texts, 1):
        paths.append(tmp_path / f"{place}.toml")
        paths[-1].write_text(f"format = 1\n{text}", encoding="utf-8")
    return load_mapping("moodle", paths, timezone="Europe/Moscow")


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        laid(tmp_path, text)
    return [str(one).removeprefix(f"{tmp_path}/") for one in refused.value.problems]


def test_the_usual_kinds_are_shipped() -> None:
    kinds = load_mapping("moodle", [], timezone="Europe/Moscow").documents
    assert {kind.code: kind.title for kind in kinds} == {
        "advanced_training": "Удостоверение о повышении квалификации",
        "retraining": "Диплом о профессиональной переподготовке",
        "worker": "Свидетельство о профессии рабочего",
        "employee": "Свидетельство о должности служащего",
        "general": "Свидетельство о дополнительном образовании",
        "certificate": "Сертификат",
        "study": "Справка об обучении",
        "study_period": "Справка о периоде обучения",
    }
    assert [(kind.code, kind.minimum_hours) for kind in kinds if kind.minimum_hours] == [
        ("advanced_training", 16),
        ("retraining", 250),
    ]
    numbers = {kind.number.render(1, dt.date(2026, 3, 1)) for kind in kinds}
    assert len(numbers) == 8


@pytest.mark.parametrize(
    ("programme", "basis", "code"),
    [
        (ProgrammeKind.ADVANCED_TRAINING, DocumentBasis.PASSED, "advanced_training"),
        (ProgrammeKind.RETRAINING, DocumentBasis.PASSED, "retraining"),
        (ProgrammeKind.GENERAL, DocumentBasis.PASSED, "general"),
        (ProgrammeKind.OTHER, DocumentBasis.PASSED, "certificate"),
        (ProgrammeKind.VOCATIONAL, DocumentBasis.NOT_PASSED, "study"),
    ],
)
def test_what_follows_from_a_programme(programme: ProgrammeKind, basis: DocumentBasis, code: str) -> None:
    kinds = load_mapping("moodle", [], timezone="Europe/Moscow").documents
    assert kinds.following(programme, basis).code == code


def test_where_none_or_several_follow_one_must_be_chosen() -> None:
    kinds = load_mapping("moodle", [], timezone="Europe/Moscow").documents
    with pytest.raises(RegisterError, match=r"several kinds of document \(worker, employee\)"):
        kinds.following(ProgrammeKind.VOCATIONAL, DocumentBasis.PASSED)
    with pytest.raises(RegisterError, match="no kind of document may follow"):
        kinds.following(ProgrammeKind.SECONDARY_VOCATIONAL, DocumentBasis.PASSED)
    with pytest.raises(RegisterError, match="did you mean retraining"):
        kinds.kind("retrainings")


def test_a_later_file_says_only_what_differs(tmp_path: Path) -> None:
    own = '[[document]]\nname = "retraining"\nnumber = "Д-{year}/{number}"\n[documents]\nissue_place = "Тверь"\n'
    kinds = laid(tmp_path, own, '[[document]]\nname = "retraining"\nminimum_hours = 256\n').documents
    kind = kinds.kind("retraining")
    assert (kind.title, kind.number.text, kind.minimum_hours) == (
        "Диплом о профессиональной переподготовке",
        "Д-{year}/{number}",
        256,
    )
    assert (kind.qualification, kind.blank, kind.issue_place) == (True, True, "Тверь")
    assert kinds.codes[:3] == ["advanced_training", "retraining", "worker"]


def test_an_academy_adds_a_kind_and_takes_one_out(tmp_path: Path) -> None:
    added = '[[document]]\nname = "badge"\ntitle = "Значок"\nnumber = "З-{number}"\nprogramme_kinds = "general"\n'
    kinds = laid(tmp_path, f'{added}basis = "passed"\n[[document]]\nname = "general"\nremove = true\n').documents
    assert "general" not in kinds.codes
    assert kinds.following(ProgrammeKind.GENERAL, DocumentBasis.PASSED).code == "badge"


def test_common_settings_stand_on_every_kind_unless_its_own_say_otherwise(tmp_path: Path) -> None:
    text = """
[protocols]
organisation = "АНО ДПО «Пример»"
[documents]
signatories = [{ name = "Яшин Ё. Ж.", position = "директор" }]
[[document]]
name = "certificate"
signatories = []
"""
    kinds = laid(tmp_path, text).documents
    assert [one.name for one in kinds.kind("worker").signatories] == ["Яшин Ё. Ж."]
    assert kinds.kind("certificate").signatories == ()
    assert kinds.kind("worker").organisation == "АНО ДПО «Пример»"


def test_the_version_of_the_kinds_is_their_own(tmp_path: Path) -> None:
    before = load_mapping("moodle", [], timezone="Europe/Moscow")
    after = laid(tmp_path, '[documents]\nissue_place = "Тверь"\n')
    assert after.version == before.version  # nothing of the LMS is to be read anew
    assert after.documents.version != before.documents.version


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[document]]\nname = "badge"\n', "1.toml:3: document badge has no title and no number; write it"),
        ('[[document]]\nname = "Badge"\n', "1.toml:3: document[1].name must be a code of small Latin letters"),
        (
            '[[document]]\nname = "worker"\ntitel = "X"\n',
            "1.toml:4: unknown key document[1].titel; did you mean title?",
        ),
        ('[[document]]\nname = "worker"\nnumber = "{year}"\n', "1.toml:4: document[1].number: must hold {number} once"),
        (
            '[[document]]\nname = "worker"\nnumber = "{number}/{group}"\n',
            "1.toml:4: document[1].number: a document's number cannot hold {group}; leave it out",
        ),
        ('[[document]]\nname = "worker"\nbasis = "maybe"\n', "1.toml:4: document[1].basis must be"),
        (
            '[[document]]\nname = "worker"\nnumber = "ПК-{year}-0{number}"\n',
            "documents advanced_training (lms_sync_mappings/moodle.toml:",
        ),
        ('[[document]]\nname = "x"\nremove = true\n', "there is no rule 'x' in [[document]] to remove"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    [problem] = problems(tmp_path, text)
    assert told in problem
    assert problem.startswith("1.toml:")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[document]]\nname = "worker"\nnumber = "ПР-{number}"\n', "never begin anew"),
        ('[[document]]\nname = "study"\nminimum_hours = 16\n', "hardly meant"),
        ('[[document]]\nname = "study_period"\nfrdo = true\n', "names no programme_kinds"),
        ('[[document]]\nname = "employee"\nnumber = "ПР-{year}-{number}"\n', "write it differently"),
    ],
)
def test_what_is_hardly_meant_is_told_by_lint(tmp_path: Path, text: str, told: str) -> None:
    [problem] = lint(laid(tmp_path, text))
    assert told in problem.message
    assert problem.where.startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("number", "ordinal"),
    [
        ("ПК-2026-0017", 17),
        ("ПК-2026-17", 17),
        ("ПК-2025-0017", None),
        ("ПК-2026-0000", None),
        ("ПК-2026-", None),
        ("пк-2026-1", None),
        ("ПК-2026-1 ", None),
    ],
)
def test_a_number_is_read_back_into_its_place(number: str, ordinal: int | None) -> None:
    assert NumberTemplate.parse("ПК-{year}-{number:04}").ordinal(number, dt.date(2026, 5, 1)) == ordinal
