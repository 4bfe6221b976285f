"""Deliveries for a sandbox Moodle, and questions to what it shows of them."""

from __future__ import annotations

from collections.abc import Sequence

from lms_sync_moodle import MoodleConnector

from lms_sync.connector import Answer, Delivery, Shown
from tests.contract.moodle.moodle_site import Site

UPSERT, UPDATE_USERS = "local_lmssync_upsert_documents", "core_user_update_users"
CREATE_NOTES, UPDATE_NOTES, GET_NOTES = (
    "core_notes_create_notes", "core_notes_update_notes", "core_notes_get_course_notes"
)  # fmt: skip
NOBODY = 999_999
ACCEPTED = (Answer.ACCEPTED, "")


def learners(site: Site) -> list[tuple[int, int]]:
    """Course and person, each person once."""
    found: dict[int, int] = {}
    for course, user in sorted(site.world.truth().enrolments):
        if "student" in site.world.enrolments[course][user].roles:
            found.setdefault(user, course)
    return [(course, user) for user, course in found.items()]


def deliveries(site: Site, target: str, revision: int = 1, word: str = "«Первое» & <b>") -> list[Delivery]:
    """One for each of three learners."""
    return [
        delivery(target, number, user, course, revision, word)
        for number, (course, user) in enumerate(learners(site)[:3], start=1)
    ]


def delivery(target: str, number: int, user: int, course: int, revision: int = 1, word: str = "Первое") -> Delivery:
    uid = f"d{number:06}"
    values = {
        "companion": {"kind": "advanced_training", "title": word, "regnumber": f"{number}/2026", "hours": "72"},
        "profile": {"document": f"{word} № {number}"},
        "note": {"text": f"{word} № {number} ({uid})"},
    }[target]
    subject = str(user) if target == "profile" else uid
    return Delivery(subject, str(user), values, revision, f"{uid}/{revision}", course=str(course))


def send(connector: MoodleConnector, target: str, wanted: Sequence[Delivery]) -> dict[str, tuple[Answer, str]]:
    receipts = list(connector.send(target, wanted))
    assert len({receipt.subject for receipt in receipts}) == len(receipts) == len(wanted)
    return {receipt.subject: (receipt.answer, receipt.code) for receipt in receipts}


def shown(connector: MoodleConnector, target: str, wanted: Sequence[Delivery]) -> dict[str, Shown]:
    return {one.subject: one for one in connector.look(target, wanted)}


def is_meant(one: Shown, wanted: Delivery) -> bool:
    values = {name: one.values[name] for name in wanted.values}
    return (values, one.learner, one.copies) == (dict(wanted.values), wanted.learner, 1)


def assert_shown(connector: MoodleConnector, target: str, wanted: Sequence[Delivery]) -> None:
    found = shown(connector, target, wanted)
    assert {one.subject: is_meant(found[one.subject], one) for one in wanted} == {one.subject: True for one in wanted}
