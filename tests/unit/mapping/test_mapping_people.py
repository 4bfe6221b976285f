"""Persons and enrolments."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.records import Enrolment, EnrolmentStatus, Learner
from tests.unit.mapping.samples import enrolment, learner_of, mapped, person, rejected, warning_codes


def test_every_field_of_a_learner(shipped: Mapping) -> None:
    birth = str(int(dt.datetime(1990, 1, 2, tzinfo=dt.UTC).timestamp()))
    profile = {"SNILS": "11223344595", "birthdate": birth, "citizenship": "россия", "otchestvo": "Иванович"}
    assert mapped(shipped, person(profile=profile)).record == Learner(
        external_id="3",
        last_name="Иванов",
        first_name="Иван",
        middle_name="Иванович",
        email="ivan@example.com",
        idnumber="ЛД-1000",
        snils="112-233-445 95",
        birth_date=dt.date(1990, 1, 2),
        citizenship="643",
        organisation="ООО «Ромашка & Ко»",
        department="Группа 1",
        city="Иркутск",
        country="RU",
    )


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"profile": {"snils": "112-233-445 94"}}, "snils", "snils_check"),
        ({"profile": {"birthdate": "-9999999999"}}, "birth_date", "date_range"),
        ({"email": "d41d8cd98f00b204e9800998ecf8427e"}, "email", "email_invalid"),
        ({"city": ["Иркутск"]}, "city", "not_text"),
    ],
)
def test_an_unfit_field_stays_empty_and_the_learner_is_kept(
    shipped: Mapping, changes: dict[str, Any], field: str, code: str
) -> None:
    outcome = mapped(shipped, person(**changes))
    (warning,) = outcome.warnings
    assert (warning.kind, warning.key, warning.field, warning.code) == ("learner", "3", field, code)
    assert isinstance(outcome.record, Learner)
    assert not getattr(outcome.record, field)
    assert outcome.record.last_name == "Иванов"
    value = next(iter(changes["profile"].values())) if "profile" in changes else str(changes[field])
    assert value not in warning.message


def test_a_profile_field_that_is_blank_gives_way_to_the_next_source(shipped: Mapping) -> None:
    assert learner_of(shipped, institution="\u00a0", profile={"employer": "ООО «Лютик»"}).organisation == "ООО «Лютик»"


def test_a_name_is_kept_as_the_database_has_it(shipped: Mapping) -> None:
    learner = learner_of(shipped, firstname='Ира &amp;\u00a0 "Q"', lastname="Д'Арк 😀")
    assert (learner.first_name, learner.last_name) == ('Ира &amp; "Q"', "Д'Арк 😀")


@pytest.mark.parametrize(
    ("changes", "first_name", "middle_name", "rule"),
    [
        ({"middlename": " Ильич "}, "Иван", "Ильич", "own-field"),
        ({"firstname": "Иван Ильич", "middlename": "Ильич"}, "Иван", "Ильич", "own-field"),
        ({"firstname": "Анна", "middlename": "—", "profile": {"otchestvo": "Олеговна"}}, "Анна", "", "own-field"),
        ({"middlename": "Ильич", "profile": {"otchestvo": "Олегович"}}, "Иван", "Ильич", "own-field"),
        ({"middlename": " ", "profile": {"otchestvo": "Олегович"}}, "Иван", "Олегович", "profile-field"),
        ({"firstname": "Анна Мария"}, "Анна Мария", "", "nowhere"),
        ({"firstname": "Иван Иванович"}, "Иван", "Иванович", "first-name-by-ending"),
        ({"profile": {"middlename": "Гасан оглы"}}, "Иван", "Гасан оглы", "profile-field"),
        ({"firstname": "Иван Петрович", "profile": {"patronymic": "Петрович"}}, "Иван", "Петрович", "profile-field"),
        ({"firstname": "Жан Милич", "profile": {"patronymic": "-"}}, "Жан Милич", "", "profile-field"),
        ({"fullname": "Иванов Иван Ильич"}, "Иван", "", "nowhere"),
    ],
)
def test_the_shipped_ways_to_a_patronymic(
    shipped: Mapping, changes: dict[str, Any], first_name: str, middle_name: str, rule: str
) -> None:
    outcome = mapped(shipped, person(**changes))
    assert isinstance(outcome.record, Learner)
    assert (outcome.record.first_name, outcome.record.middle_name, outcome.rule) == (first_name, middle_name, rule)


def test_a_person_without_an_id_or_any_name_is_refused(shipped: Mapping) -> None:
    assert rejected(shipped, person(id=0)).code == "no_id"
    nameless = rejected(shipped, person(firstname=" ", lastname="\u200b"))
    assert (nameless.kind, nameless.key, nameless.field, nameless.code) == ("learner", "3", "last_name", "no_name")
    assert learner_of(shipped, lastname="").first_name == "Иван"


def test_a_record_is_refused_when_its_ids_are_not_its_key(shipped: Mapping) -> None:
    assert rejected(shipped, person(id=4)).code == "key_differs"
    assert rejected(shipped, enrolment(userid=4)).code == "key_differs"


def test_an_enrolment(shipped: Mapping) -> None:
    source = enrolment(suspended=True, roles=["student", "auditor", "student"], groups=["ОТ-2", "ОТ-1", ""])
    assert mapped(shipped, source).record == Enrolment(
        course="2",
        learner="3",
        status=EnrolmentStatus.SUSPENDED,
        is_learner=True,
        roles=["auditor", "student"],
        groups=["ОТ-1", "ОТ-2"],
    )


def test_groups_that_are_no_list_are_said(shipped: Mapping) -> None:
    assert warning_codes(shipped, enrolment(groups="ОТ-1")) == [("groups", "not_list")]
