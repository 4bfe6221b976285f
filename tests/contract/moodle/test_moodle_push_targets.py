"""Issued documents in a sandbox Moodle: what is peculiar to the companion plugin, to profile fields and to notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lms_sync_moodle import MoodleConnector

from lms_sync.connector import Answer, Standing
from lms_sync.errors import SourceAnswerInvalid, SourceRefused
from lms_sync.sandbox import Faults, refusals, small_world
from tests.contract.moodle.moodle_documents import (
    ACCEPTED,
    CREATE_NOTES,
    GET_NOTES,
    NOBODY,
    UPDATE_NOTES,
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


@pytest.fixture
def site(open_site: Any) -> Site:
    made: Site = open_site(small_world(3, companion=True))
    made.world.add_profile_field("document", "Документ")
    return made


# The companion plugin


def test_the_companion_tells_standing_revision_and_newer_ones(site: Site) -> None:
    connector, (first, second, third) = site.connector(), deliveries(site, "companion")
    send(connector, "companion", [first, second])
    revoked = replace(first, revision=2, standing=Standing.REVOKED)
    replaced = replace(second, revision=3, standing=Standing.REPLACED, replaced_by="d000009")
    never_shown = replace(third, standing=Standing.REVOKED)
    assert set(send(connector, "companion", [revoked, replaced, never_shown]).values()) == {ACCEPTED}
    found = shown(connector, "companion", [first, second, third])
    assert [(found[one.subject].revision, found[one.subject].standing, found[one.subject].replaced_by) for one in (
        first, second, third)] == [(2, Standing.REVOKED, ""), (3, Standing.REPLACED, "d000009"),
        (1, Standing.REVOKED, "")]  # fmt: skip
    told = [
        send(connector, "companion", [one])[one.subject]
        for one in (
            first,
            replace(first, revision=2),
            replace(first, learner=second.learner, revision=4),
            replace(first, revision=4, values={**first.values, "hours": "семь"}),
            replace(first, revision=4, values={**first.values, "kind": ""}),
        )
    ]
    assert told == [
        (Answer.REFUSED, code) for code in ("stale", "revisionconflict", "otherholder", "badhours", "missingkind")
    ]


def test_a_document_over_which_the_plugin_stumbles_is_found_by_sending_them_alone(site: Site) -> None:
    wanted = deliveries(site, "companion")
    stumbles = wanted[1].subject
    assert site.world.companion is not None
    upsert = site.world.companion.documents.upsert

    def stumbling(given: Any) -> Any:
        if given["uid"] == stumbles:
            raise refusals.Refusal("dml_write_exception", "dmlwriteexception", "Error writing to database")
        return upsert(given)

    site.world.companion.documents.upsert = stumbling  # type: ignore[method-assign]
    told = send(site.connector(), "companion", wanted)
    assert told == {one.subject: ACCEPTED for one in wanted} | {stumbles: (Answer.REFUSED, "dmlwriteexception")}


def test_many_documents_go_in_few_calls_and_are_surveyed_page_by_page(site: Site) -> None:
    course, user = learners(site)[0]
    wanted = [delivery("companion", number, user, course) for number in range(1, 551)]
    connector = site.connector()
    assert set(send(connector, "companion", wanted).values()) == {ACCEPTED}
    assert site.server.count(UPSERT) == 6
    assert {one.subject for one in connector.survey("companion", [])} == {one.subject for one in wanted}


# Profile fields


def test_a_field_that_the_site_does_not_have_is_refused_and_not_passed_over(site: Site) -> None:
    course, user = learners(site)[0]
    wanted = delivery("profile", 1, user, course)
    missing = replace(wanted, values={**wanted.values, "nosuch": "x"})
    assert send(site.connector(), "profile", [missing]) == {wanted.subject: (Answer.REFUSED, "fieldnotshown")}
    assert "nosuch" not in site.world.users[user].customfields
    emptied = replace(missing, values={**wanted.values, "nosuch": ""})
    assert send(site.connector(), "profile", [emptied]) == {wanted.subject: ACCEPTED}


def test_a_name_that_no_field_can_have_refuses_the_target(site: Site) -> None:
    wanted = replace(deliveries(site, "profile")[0], values={"номер": "x"})
    with pytest.raises(SourceRefused, match="short name"):
        send(site.connector(), "profile", [wanted])
    assert site.server.count(UPDATE_USERS) == 0


def test_only_the_fields_of_an_account_are_written(site: Site) -> None:
    wanted = deliveries(site, "profile")
    before = {one.learner: vars_of(site, int(one.learner)) for one in wanted}
    site.world.advance(60)
    send(site.connector(), "profile", wanted)
    for one in wanted:
        after = vars_of(site, int(one.learner))
        differing = {name for name, value in before[one.learner].items() if after[name] != value}
        assert differing == {"customfields", "timemodified"}
        fields = before[one.learner]["customfields"] | {"document": one.values["document"]}
        assert after["customfields"] == fields


def vars_of(site: Site, user: int) -> dict[str, Any]:
    person = site.world.users[user]
    return {name: getattr(person, name) for name in person.__slots__} | {"customfields": dict(person.customfields)}


def test_a_date_is_read_back_as_the_day_that_was_meant_in_any_time_zone(site: Site) -> None:
    site.world.add_profile_field("issued", "Выдан", "datetime")
    wanted = replace(deliveries(site, "profile")[0], values={"issued": "2026-11-20"})
    for zone in ("Pacific/Kiritimati", "Asia/Irkutsk", "UTC", "America/Adak"):
        site.world.timezone = zone
        assert send(site.connector(), "profile", [wanted]) == {wanted.subject: ACCEPTED}
        assert_shown(site.connector(), "profile", [wanted])
    other = replace(wanted, values={"issued": "2026-11-19"})
    assert shown(site.connector(), "profile", [other])[other.subject].values == {"issued": "2026-11-20"}
    emptied = replace(wanted, values={"issued": ""})
    assert send(site.connector(), "profile", [emptied]) == {wanted.subject: ACCEPTED}
    assert_shown(site.connector(), "profile", [emptied])


def test_accounts_go_in_forms_that_arrive_whole(open_site: Any) -> None:
    site: Site = open_site(small_world(3, companion=True))
    site.server.max_input_vars = 60
    site.world.add_profile_field("document", "Документ")
    wanted = [delivery("profile", n, user, course) for n, (course, user) in enumerate(learners(site), start=1)]
    wanted = [replace(one, values={**one.values, "snils": "112-233-445 95"}) for one in wanted]
    connector = site.connector(form_limit=50)
    assert set(send(connector, "profile", wanted).values()) == {ACCEPTED}
    assert_shown(connector, "profile", wanted)


def test_an_account_that_cannot_be_told_is_no_account_without_a_field(site: Site) -> None:
    """What cannot be seen is not called missing, and keeps nobody else from being surveyed."""
    wanted = deliveries(site, "profile")
    send(site.connector(), "profile", wanted)
    site.world.rename_learner(int(wanted[1].learner), lastname="<b>Иванов</b>")
    with pytest.raises(SourceAnswerInvalid):
        shown(site.connector(), "profile", wanted)
    assert_shown(site.connector(), "profile", [wanted[0]])
    found = {one.subject for one in site.connector().survey("profile", wanted)}
    assert found == {wanted[0].subject, wanted[2].subject}
    assert send(site.connector(), "profile", wanted) == {one.subject: ACCEPTED for one in wanted}


# Notes


def test_a_note_stands_once_in_its_course_as_plain_text(site: Site) -> None:
    wanted = deliveries(site, "note")
    send(site.connector(), "note", wanted)
    kept = [(one.course, one.user, one.text, one.format, one.publishstate) for one in site.world.notes.values()]
    assert kept == [(int(one.course), int(one.learner), one.values["text"], 2, "public") for one in wanted]


def test_a_note_that_reads_as_meant_is_not_written_again(site: Site) -> None:
    connector, wanted = site.connector(), deliveries(site, "note")
    send(connector, "note", wanted)
    send(connector, "note", wanted)
    assert (site.server.count(CREATE_NOTES), site.server.count(UPDATE_NOTES)) == (3, 0)


def test_a_revoked_document_changes_the_words_of_its_note(site: Site) -> None:
    connector, (first, *_) = site.connector(), deliveries(site, "note")
    send(connector, "note", [first])
    revoked = replace(first, revision=2, standing=Standing.REVOKED, values={"text": "Аннулирован (d000001)"})
    assert send(connector, "note", [revoked]) == {first.subject: ACCEPTED}
    [note] = site.world.notes.values()
    assert note.text == "Аннулирован (d000001)"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"values": {"text": "без ключа"}}, "uidnotintext"),
        ({"values": {"text": "чужой ключ d0000010"}}, "uidnotintext"),
        ({"values": {"text": " "}}, "emptytext"),
        ({"course": ""}, "nocourse"),
        ({"course": "999"}, "invalidcourseid"),
        ({"learner": str(NOBODY)}, "invaliduserid"),
    ],
)
def test_a_note_that_moodle_would_lose_or_nobody_would_find_is_refused(
    site: Site, change: dict[str, Any], code: str
) -> None:
    wanted = replace(deliveries(site, "note")[0], **change)
    assert send(site.connector(), "note", [wanted]) == {wanted.subject: (Answer.REFUSED, code)}
    assert not site.world.notes


def test_a_note_for_the_site_needs_no_course_and_stays_there(site: Site) -> None:
    first, second, third = deliveries(site, "note")
    whole, course = site.connector(note_visibility="site"), site.connector()
    send(course, "note", [third])
    wanted = [replace(first, course="999"), replace(second, course=""), replace(third, values={"text": "x (d000003)"})]
    assert set(send(whole, "note", wanted).values()) == {ACCEPTED}
    assert_shown(whole, "note", wanted)
    changed = [replace(one, values={"text": f"Иное ({one.subject})"}) for one in wanted]
    assert set(send(course, "note", changed).values()) == {ACCEPTED}
    states = [(one.publishstate, one.course) for _, one in sorted(site.world.notes.items())]
    assert states == [("public", int(third.course)), ("site", 1), ("site", 1)]
    for connector in (whole, course):  # wherever they stand, they are found
        found = {one.subject: one for one in connector.survey("note", changed)}
        assert {one.subject: is_meant(found[one.subject], one) for one in changed} == dict.fromkeys(found, True)


def test_a_note_edited_by_hand_is_put_right_where_its_id_is_known_and_left_alone_where_the_key_is_gone(
    site: Site,
) -> None:
    connector, (first, *_) = site.connector(), deliveries(site, "note")
    [receipt] = connector.send("note", [first])
    note, teacher = int(receipt.external_id), site.world.teacher_of(int(first.course))
    known = replace(first, external_id=receipt.external_id)
    site.world.change_note(note, "Дописано\r\nрукой (d000001)", author=teacher)
    assert shown(connector, "note", [known])[first.subject].values == {"text": "Дописано\nрукой (d000001)"}
    assert not shown(connector, "note", [first])  # who does not know the id takes it for a teacher's own
    assert send(connector, "note", [known]) == {first.subject: ACCEPTED}
    assert_shown(connector, "note", [first])
    site.world.change_note(note, "Мои слова", author=teacher)
    assert not shown(connector, "note", [known])
    assert send(connector, "note", [known]) == {first.subject: ACCEPTED}
    assert [one.text for one in site.world.notes.values()] == ["Мои слова", first.values["text"]]


def test_a_teacher_who_mentions_a_document_has_not_made_its_note(site: Site) -> None:
    connector, (first, *_) = site.connector(), deliveries(site, "note")
    course, user = int(first.course), int(first.learner)
    teacher = site.world.teacher_of(course)
    site.world.add_note(course, user, "см. d000001", publishstate="public", author=teacher)
    send(connector, "note", [first])
    assert_shown(connector, "note", [first])
    assert len(site.world.notes) == 2


def test_a_doubled_note_is_counted_and_no_copy_keeps_telling_what_is_no_longer_so(site: Site) -> None:
    connector, (first, *_) = site.connector(), deliveries(site, "note")
    for _ in range(2):
        site.world.add_note(int(first.course), int(first.learner), "Старое (d000001)", publishstate="public")
    assert shown(connector, "note", [first])[first.subject].copies == 2
    assert send(connector, "note", [first]) == {first.subject: ACCEPTED}
    assert {one.text for one in site.world.notes.values()} == {first.values["text"]}
    assert [one.copies for one in connector.survey("note", [first])] == [2]


def test_a_note_written_through_html_is_read_as_plain_text(site: Site) -> None:
    (first, *_) = deliveries(site, "note")
    text = "<p>Ж &amp; &lt;к&gt; (d000001)</p>"
    site.world.add_note(int(first.course), int(first.learner), text, publishstate="public", textformat=1)
    assert shown(site.connector(), "note", [first])[first.subject].values == {"text": "Ж & <к> (d000001)"}


def test_a_course_that_refuses_notes_holds_up_no_other(site: Site) -> None:
    enrolments = [pair for pair, facts in sorted(site.world.truth().enrolments.items()) if "student" in facts.roles]
    course, user = enrolments[0]
    other = enrolments[-1][0]
    assert other != course
    wanted = [delivery("note", 1, user, course), delivery("note", 2, user, other)]
    site.server.faults = Faults().add("no-permission", function=GET_NOTES, course=course)
    connector = site.connector()
    assert send(connector, "note", wanted) == {"d000001": (Answer.REFUSED, "nopermissions"), "d000002": ACCEPTED}
    with pytest.raises(SourceRefused):  # what cannot be seen is not called missing
        shown(connector, "note", wanted)
    assert_shown(connector, "note", wanted[1:])
    assert {one.subject for one in connector.survey("note", wanted)} == {"d000002"}


def test_notes_that_are_switched_off_refuse_the_target(site: Site) -> None:
    site.world.notes_enabled = False
    for call in (MoodleConnector.send, MoodleConnector.look, MoodleConnector.survey):
        with pytest.raises(SourceRefused, match="Advanced features"):
            list(call(site.connector(), "note", deliveries(site, "note")))


def test_notes_of_a_person_or_course_that_is_gone_are_not_shown(site: Site) -> None:
    connector, wanted = site.connector(), deliveries(site, "note")
    send(connector, "note", wanted)
    site.world.delete_learner(int(wanted[0].learner))
    assert set(shown(connector, "note", wanted)) == {wanted[1].subject, wanted[2].subject}
    assert send(connector, "note", wanted[:1]) == {wanted[0].subject: (Answer.REFUSED, "invaliduserid")}
    site.world.delete_course(int(wanted[1].course))
    assert int(wanted[1].course) not in {one.course for one in site.world.notes.values()}  # as a real Moodle does
    assert wanted[1].subject not in shown(connector, "note", wanted)
    assert send(connector, "note", wanted[1:2]) == {wanted[1].subject: (Answer.REFUSED, "invalidcourseid")}


def test_the_survey_finds_notes_of_documents_that_are_not_asked_about(site: Site) -> None:
    connector, (first, *_) = site.connector(), deliveries(site, "note")
    course, user = int(first.course), int(first.learner)
    site.world.add_note(course, user, "Забытый (d000077)", publishstate="public")
    site.world.add_note(course, user, "d000078", publishstate="public", author=site.world.teacher_of(course))
    found = list(connector.survey("note", [first]))
    assert [(one.subject, one.learner) for one in found] == [("d000077", first.learner)]
