"""The same years as in `test_push_property`, against a sandbox Moodle over HTTP: all three ways, with its faults."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from lms_sync_moodle import MoodleConnector
from pydantic import SecretStr

from lms_sync.connector import Delivery, SiteAccess, Standing
from lms_sync.mapping.apply import Mapping
from lms_sync.sandbox import Faults, SandboxServer, small_world
from lms_sync.sandbox.faults import LOST_ANSWERS
from tests.integration.push.lms import Killed
from tests.integration.push.office import Office
from tests.integration.push.test_push_property import Year, live_through
from tests.integration.registers.world import opened

WRITES = {
    "companion": ("local_lmssync_upsert_documents",),
    "profile": ("core_user_update_users",),
    "note": ("core_notes_create_notes", "core_notes_update_notes"),
}
LOOKS = ("local_lmssync_get_documents", "core_user_get_users_by_field", "core_notes_get_course_notes")
STATUSES = {"issued": Standing.IN_FORCE, "revoked": Standing.REVOKED, "replaced": Standing.REPLACED}
FAILURES = ("maintenance", "error-500", "html-page", "truncated", "drop-before", "database-down", "access-denied")


class SandboxLms:
    """What a sandbox shows, in the words of the LMS in memory."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.world = server.world

    def connector(self) -> MoodleConnector:
        """A connector to it for one run."""
        access = SiteAccess(
            "academy", self.server.url, SecretStr(self.server.token), timeout=10, retries=0, maintenance_wait=0
        )
        return MoodleConnector(access, MoodleConnector.options.model_validate({"note_visibility": "site"}))

    def calm(self) -> None:
        """Everything works again, and what was late is done."""
        self.server.faults.clear()
        self.server.run_late()

    @property
    def sent(self) -> list[tuple[str, Delivery]]:
        """A line for every write that the site was asked for; whose it was is not known here."""
        asked = [request.function for request in self.server.requests]
        nobody = Delivery("", "", {}, 0, "")
        return [(target, nobody) for target, names in WRITES.items() for name in asked if name in names]

    @property
    def table(self) -> dict[str, Delivery]:
        """What the companion plugin keeps."""
        assert self.world.companion is not None
        return {
            uid: Delivery(
                uid,
                str(one["userid"]),
                {"regnumber": one["regnumber"], "hours": str(one["hours"] or "")},
                one["revision"],
                "",
                standing=STATUSES[one["status"]],
                replaced_by=one["replacedby"] or "",
            )
            for uid, one in self.world.companion.documents.kept.items()
        }

    @property
    def fields(self) -> dict[str, dict[str, str]]:
        """The profile fields of everybody."""
        return {str(user.id): dict(user.customfields) for user in self.world.users.values()}

    @property
    def notes(self) -> dict[int, Delivery]:
        """The notes, by the uid that each bears."""
        return {
            note.id: Delivery(note.text.rpartition("(")[2].rstrip(")"), str(note.user), {"text": note.text}, 0, "")
            for note in self.world.notes.values()
        }


class SandboxYear(Year):
    """A year with a site that fails in its own ways. What is late comes within the time that lms-sync waits for it."""

    def __init__(self, office: Office, seed: int) -> None:
        super().__init__(office, seed)
        self.late_since = office.world.clock.now

    def push(self) -> None:
        """A push into a site that fails as it likes, in a process that may be killed."""
        faults: Faults = self.office.lms.server.faults
        writes = [name for names in WRITES.values() for name in names]
        for _ in range(self.random.choice((0, 1, 3))):
            fault = self.random.choice((*LOST_ANSWERS, "late", "late", *FAILURES))
            function = self.random.choice((*writes, *writes, *LOOKS))
            options: dict[str, object] = {"seconds": None} if fault == "late" else {}
            if fault == "maintenance":
                options = {"retry_after": 0}
            faults.add(fault, function=function, nth=self.random.randint(1, 3), **options)
        kill = self.random.choice((0, 0, 0.05))
        retry = self.random.choice(((), ("all",)))
        with suppress(Killed), self._killed_in_the_store(kill):
            self.office.push(*retry)
        faults.clear()

    def wait(self) -> None:
        """Time goes by, and what is late comes before too much of it has."""
        step = dt.timedelta(minutes=self.random.choice((1, 1, 3, 11, 60)))
        clock = self.office.world.clock
        if clock.now + step - self.late_since > dt.timedelta(minutes=9) or self.random.random() < 0.3:
            self.office.lms.server.run_late()
            self.late_since = clock.now
        clock.now += step


@contextmanager
def site_office(url: str, directory: Path, texts: list[Mapping], seed: int) -> Iterator[Office]:
    """An office whose graduates have accounts in a sandbox."""
    site = small_world(seed, companion=True)
    site.add_profile_field("numbers", "Номера документов")
    students = sorted({user for course, user in site.truth().enrolments if "student" in _roles(site, course, user)})
    learners = [str(user) for user in random.Random(seed).sample(students, 4)]
    with SandboxServer(site, faults=Faults()) as server, opened(url, texts[0]) as world:
        office = Office(world, directory, texts, learners)
        office.lms = SandboxLms(server)
        office.fill()
        yield office


def _roles(site: object, course: int, user: int) -> tuple[str, ...]:
    roles: tuple[str, ...] = site.enrolments[course][user].roles  # type: ignore[attr-defined]
    return roles


@pytest.mark.parametrize("seed", range(3))
def test_a_moodle_ends_with_exactly_the_documents_of_the_register(
    seed: int, new_sqlite: str, tmp_path: Path, texts: list[Mapping]
) -> None:
    with site_office(new_sqlite, tmp_path, texts, seed) as office:
        live_through(SandboxYear(office, seed), steps=50)
