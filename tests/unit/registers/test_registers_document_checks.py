"""What is looked at before a document is issued: each rule by itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from lms_sync.mapping.documents import DocumentKind
from lms_sync.mapping.load import load_mapping
from lms_sync.records import DocumentBasis, DocumentStatus, ProgrammeKind, Signatory
from lms_sync.registers.documents.checks import IssueFacts, check, name_problem, stops
from tests.integration.store import document_samples

DAY = dt.date(2026, 3, 5)
KINDS = load_mapping("moodle", [], timezone="Europe/Moscow").documents


def kind(code: str = "study_period", **fields: Any) -> DocumentKind:
    return dataclasses.replace(KINDS.kind(code), **fields)


def found(of: DocumentKind | None = None, **facts: Any) -> dict[str, str]:
    """Severity by code, of a document without fault but for what is said."""
    of = of or kind()
    document = {"status": DocumentStatus.DRAFT, "basis": of.basis, "document_kind": of.code} | facts.pop("document", {})
    holder = document_samples.holder(**facts.pop("holder", {}))
    values = {"issue_date": DAY, "today": DAY} | facts
    drafted = document_samples.document(**document)
    return {
        one.code: one.severity.value for one in check(IssueFacts(document=drafted, holder=holder, kind=of, **values))
    }


def test_a_document_without_fault() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("snils", "code"),
    [
        ("112-233-445 95", None),
        ("11223344595", None),
        ("001-001-998 00", None),  # before there were check digits
        ("112-233-445 96", "snils_wrong"),
        ("1122334459", "snils_wrong"),
        ("нет", "snils_wrong"),
    ],
)
def test_snils(snils: str, code: str | None) -> None:
    assert found(holder={"snils": snils}) == ({code: "stop"} if code else {})


def test_a_missing_snils_or_birth_date_warns_where_the_federal_register_asks() -> None:
    nothing = {"snils": "", "birth_date": None}
    assert found(holder=nothing) == {}
    assert found(kind(frdo=True), holder=nothing) == {"snils_missing": "warn", "birth_date_missing": "warn"}


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("Ёлкина", True),
        ("Римская-Корсакова", True),
        ("О'Нил", True),
        ("Гасан оглы", True),
        ("Иванова (Петрова)", True),
        ("Т.", True),
        ("Smith", False),
        ("Иванов2", False),
        (" Иванов", False),
        ("Иванов-", False),
        ("Иванов  Пётр", False),
        ("Иванов--Петров", False),
        ("Иванов—Петров", False),
        ("Иванов\u00a0Пётр", False),
        ("И" * 50, True),
        ("И" * 51, False),
    ],
)
def test_names_as_the_federal_register_wants_them(name: str, fits: bool) -> None:
    assert (name_problem(name) == "") == fits
    expected = {} if fits else {"last_name_wrong": "stop"}
    assert found(kind(frdo=True), holder={"last_name": name}) == expected
    assert found(holder={"last_name": name}) == dict.fromkeys(expected, "warn")


def test_surname_and_given_name_are_needed_and_a_patronymic_missed() -> None:
    assert found(holder={"last_name": "", "middle_name": ""}) == {
        "last_name_missing": "stop",
        "patronymic_missing": "warn",
    }


def test_nobody_is_named() -> None:
    facts = IssueFacts(
        document=document_samples.document(status=DocumentStatus.DRAFT, basis=DocumentBasis.NONE),
        holder=document_samples.holder(last_name="Elkina", snils="112-233-445 96"),
        kind=kind(),
        issue_date=DAY,
        today=DAY,
    )
    told = " ".join(one.message for one in check(facts))
    assert told
    assert not [part for part in ("Elkina", "Дарья", "112-233") if part in told]


@pytest.mark.parametrize(
    ("code", "hours", "expected"),
    [
        ("advanced_training", 16, set()),
        ("advanced_training", 15, {"hours_too_few"}),
        ("retraining", 250, set()),
        ("retraining", 249, {"hours_too_few"}),
        ("retraining", None, {"hours_missing"}),
        ("general", None, set()),
        ("general", 1, set()),
    ],
)
def test_hours_against_the_kind(code: str, hours: int | None, expected: set[str]) -> None:
    of = kind(code, basis=DocumentBasis.NONE)
    [programme] = of.programme_kinds
    assert set(found(of, document={"hours": hours, "programme_kind": programme})) == expected


def test_the_programme_fits_the_kind() -> None:
    of = kind("general", basis=DocumentBasis.NONE)
    assert found(of, document={"programme_kind": ProgrammeKind.RETRAINING}) == {"programme_kind": "stop"}


@pytest.mark.parametrize("name", ["qualification", "profession"])
def test_what_a_kind_must_name(name: str) -> None:
    assert found(kind(**{name: True}), document={name: " "}) == {f"{name}_missing": "stop"}
    assert found(kind(**{name: True})) == {}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"studied_from": dt.date(2026, 3, 2), "studied_to": dt.date(2026, 3, 1)}, "period_wrong"),
        ({"studied_to": dt.date(2026, 3, 6)}, "period_not_over"),
        ({"programme_title": " "}, "programme_missing"),
    ],
)
def test_what_a_document_bears(document: dict[str, Any], code: str) -> None:
    assert found(document=document) == {code: "stop"}


def test_dates_numbers_and_blanks() -> None:
    assert found(issue_date=DAY + dt.timedelta(days=1)) == {"date_ahead": "warn"}
    assert found(bearer="d000009", registration_number="7") == {"number_taken": "stop"}
    assert found(blank_problem="No blank is left.") == {"blank": "stop"}
    assert found(holder={"birth_date": DAY}) == {"birth_date_wrong": "stop"}
    assert found(document={"signatories": []}) == {"signatories_missing": "warn"}
    assert found(document={"signatories": [Signatory(name="Яшин Ё. Ж.")]}) == {}


def test_a_kind_whose_basis_was_changed_in_the_mapping_stops_old_drafts() -> None:
    assert found(kind(), document={"basis": DocumentBasis.NOT_PASSED}) == {"basis_changed": "stop"}


def test_what_stops_comes_first() -> None:
    facts = IssueFacts(
        document=document_samples.document(status=DocumentStatus.DRAFT, basis=DocumentBasis.NONE, signatories=[]),
        holder=document_samples.holder(middle_name=""),
        kind=kind(),
        issue_date=DAY,
        today=DAY,
        bearer="d000009",
    )
    codes = [one.code for one in check(facts)]
    assert codes == ["number_taken", "patronymic_missing", "signatories_missing"]
    assert [one.code for one in stops(check(facts))] == ["number_taken"]
