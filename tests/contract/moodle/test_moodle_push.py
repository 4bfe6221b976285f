"""Issued documents on their way into a sandbox Moodle, whatever shows them: sent, repeated, changed, refused, lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lms_sync.connector import Answer, Delivery
from lms_sync.errors import OutcomeUnknown, SourceDenied, SourceError, SourceRefused, SourceUnavailable
from lms_sync.sandbox import Faults, small_world
from lms_sync.sandbox.companion.plugin import WRITE_DOCUMENTS
from lms_sync.sandbox.faults import LOST_ANSWERS
from tests.contract.moodle.moodle_documents import (
    ACCEPTED,
    CREATE_NOTES,
    NOBODY,
    UPDATE_USERS,
    UPSERT,
    assert_shown,
    deliveries,
    delivery,
    is_meant,
    learners,
    send,
    shown,
)
from tests.contract.moodle.moodle_site import Site

TARGETS = ("companion", "profile", "note")
WRITES = {"companion": UPSERT, "profile": UPDATE_USERS, "note": CREATE_NOTES}
NEVER_WRITTEN = {"empty-body", "html-page", "error-500", "error-502"}


@pytest.fixture
def site(open_site: Any) -> Site:
    made: Site = open_site(small_world(3, companion=True))
    made.world.add_profile_field("document", "Документ")
    return made


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_sent_is_shown_and_a_repetition_changes_nothing(site: Site, target: str) -> None:
    connector, wanted = site.connector(), deliveries(site, target)
    assert not any(one.values and any(one.values.values()) for one in shown(connector, target, wanted).values())
    for _ in range(2):
        assert set(send(connector, target, wanted).values()) == {ACCEPTED}
        assert_shown(connector, target, wanted)


@pytest.mark.parametrize("release", ["4.1", "4.5"])
@pytest.mark.parametrize("target", TARGETS)
def test_older_releases_show_it_too(open_site: Any, target: str, release: str) -> None:
    site: Site = open_site(small_world(3, release=release, companion=True))
    site.world.add_profile_field("document", "Документ")
    connector, wanted = site.connector(), deliveries(site, target, word='5 < 6 &amp; «Ж» & <b>"к"</b>')
    assert set(send(connector, target, wanted).values()) == {ACCEPTED}
    assert_shown(connector, target, wanted)
    other = [replace(one, values=dict.fromkeys(one.values, "Иное")) for one in wanted]
    assert not any(is_meant(one, other[0]) for one in shown(connector, target, other).values())
    nobody = replace(wanted[0], learner=str(NOBODY))
    assert not shown(connector, target, [nobody]) or target == "companion"


@pytest.mark.parametrize("target", TARGETS)
def test_a_change_is_written_over(site: Site, target: str) -> None:
    connector = site.connector()
    send(connector, target, deliveries(site, target))
    changed = deliveries(site, target, 2, "Второе")
    assert set(send(connector, target, changed).values()) == {ACCEPTED}
    assert_shown(connector, target, changed)
    assert len(site.world.notes) in {0, 3}


@pytest.mark.parametrize("target", TARGETS)
def test_a_refused_one_in_the_middle_holds_up_no_other(site: Site, target: str) -> None:
    connector, wanted = site.connector(), deliveries(site, target)
    gone = learners(site)[3]
    site.world.delete_learner(gone[1])
    refused = [
        delivery(target, 8, NOBODY, wanted_course(wanted)),
        delivery(target, 9, gone[1], wanted_course(wanted)),
        replace(delivery(target, 10, NOBODY, wanted_course(wanted)), learner="Иванов", subject="d000010"),
    ]
    told = send(connector, target, [wanted[0], *refused, *wanted[1:]])
    assert [told[one.subject] for one in wanted] == [ACCEPTED] * 3
    assert [told[one.subject][0] for one in refused] == [Answer.REFUSED] * 3
    nobody = "unknownuser" if target == "companion" else "invaliduserid"
    deleted = "usernotupdateddeleted" if target == "profile" else nobody
    assert [told[one.subject][1] for one in refused] == [nobody, deleted, nobody]
    assert_shown(connector, target, wanted)


def wanted_course(wanted: Sequence[Delivery]) -> int:
    return int(wanted[0].course)


@pytest.mark.parametrize("fault", LOST_ANSWERS)
@pytest.mark.parametrize("target", TARGETS)
def test_after_a_lost_answer_it_is_looked_up_and_may_be_sent_again(site: Site, target: str, fault: str) -> None:
    connector, wanted = site.connector(), deliveries(site, target)
    options = {"seconds": None} if fault == "late" else {}
    site.server.faults = Faults().add(fault, function=WRITES[target], nth=1, **options)
    with pytest.raises(OutcomeUnknown):
        send(connector, target, wanted)
    assert site.server.count(WRITES[target]) == 1  # an unsafe request is never repeated by itself
    site.server.run_late()
    found = shown(connector, target, wanted)
    assert any(is_meant(found[one.subject], one) for one in wanted if one.subject in found) == (
        fault not in NEVER_WRITTEN
    )
    assert set(send(connector, target, wanted).values()) == {ACCEPTED}
    assert_shown(connector, target, wanted)


@pytest.mark.parametrize("fault", ["maintenance", "drop-before", "rate-limit", "database-down"])
@pytest.mark.parametrize("target", TARGETS)
def test_what_keeps_moodle_from_being_reached_is_no_lost_answer(site: Site, target: str, fault: str) -> None:
    wanted = deliveries(site, target)
    site.server.faults = Faults().add(fault, function=WRITES[target])
    expected = OutcomeUnknown if fault == "drop-before" else SourceUnavailable  # a closed connection says nothing
    with pytest.raises(expected):
        send(site.connector(), target, wanted)
    site.server.faults.clear()
    assert not any(is_meant(one, wanted[0]) for one in shown(site.connector(), target, wanted).values())


@pytest.mark.parametrize("target", TARGETS)
def test_a_function_that_is_not_in_the_service_refuses_the_target_with_the_page_that_mends_it(
    site: Site, target: str
) -> None:
    site.world.account.functions = [name for name in site.world.account.functions if name != WRITES[target]]
    page = "Install plugins" if target == "companion" else "External services"
    with pytest.raises(SourceRefused, match=rf"{WRITES[target]}.*{page}"):
        send(site.connector(), target, deliveries(site, target))


@pytest.mark.parametrize("target", TARGETS)
def test_a_right_that_the_account_lacks_refuses_the_target_and_is_named(site: Site, target: str) -> None:
    right = {"companion": WRITE_DOCUMENTS, "profile": "moodle/user:update", "note": "moodle/notes:view"}[target]
    assert site.world.companion is not None
    site.world.companion.capabilities -= {WRITE_DOCUMENTS}
    site.world.may_manage_notes = False
    site.server.faults = Faults().add("no-permission", function=UPDATE_USERS)
    with pytest.raises(SourceRefused, match=rf"nopermissions.*{right}.*Define roles"):
        send(site.connector(), target, deliveries(site, target))


@pytest.mark.parametrize("target", TARGETS)
def test_a_token_that_is_gone_ends_everything(site: Site, target: str) -> None:
    connector, wanted = site.connector(), deliveries(site, target)
    assert shown(connector, target, wanted) is not None
    site.server.faults = Faults().add("token-expired")
    with pytest.raises(SourceDenied):
        send(connector, target, wanted)


@pytest.mark.parametrize("target", TARGETS)
def test_the_survey_shows_everything_once(site: Site, target: str) -> None:
    connector, wanted = site.connector(), deliveries(site, target)
    send(connector, target, wanted)
    known = wanted if target == "profile" else wanted[:1]
    found = {one.subject: one for one in connector.survey(target, known)}
    courses = {one.course for one in known}
    expected = [one for one in wanted if target != "note" or one.course in courses]
    assert {one.subject: is_meant(found[one.subject], one) for one in expected} == dict.fromkeys(found, True)


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_is_raised_or_answered_names_a_person_or_a_value(site: Site, target: str) -> None:
    wanted = [replace(one, values={**one.values, **_secret(target, one)}) for one in deliveries(site, target)]
    told: list[str] = []
    for fault in ("no-permission", "invalid-response", "html-page", "drop-after"):
        site.server.faults = Faults().add(fault, function=WRITES[target])
        try:
            told += map(repr, site.connector().send(target, wanted))
        except SourceError as error:
            told += [str(error), repr(error)]
    assert told and "тайна" not in "".join(told)


def _secret(target: str, one: Delivery) -> dict[str, str]:
    name = {"companion": "title", "profile": "document", "note": "text"}[target]
    return {name: f"тайна {one.values[name]}"}
