"""The register of an academy and the LMS that it is told to: acts of the registrar, pushes, and what must be shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lms_sync.connector import Standing
from lms_sync.mapping.apply import Mapping
from lms_sync.records import DocumentPush, DocumentStatus
from lms_sync.store.pushes import pushes
from lms_sync.store.store import Store
from lms_sync.sync.push import PushOptions, PushSource, PushSummary, push
from lms_sync.sync.push_preview import preview
from lms_sync.sync.push_result import Difference
from lms_sync.sync.reconcile_documents import reconcile
from tests.integration.push.lms import Lms
from tests.integration.registers.papers import Papers
from tests.integration.registers.world import SOURCE, World

ALL = ("companion", "profile", "note")
LEARNERS = ("1", "2", "3", "4")
GRADUATES = ("Аксёнов Олег", "Борисова Анна", "Вишня Пётр", "Громов Илья")

RULES = """
[push.companion]
values = { kind = "{kind}", title = "{title}", regnumber = "{registration_number}", hours = "{hours}", \
blankseries = "", blanknumber = "", issuedate = "" }
[push.profile]
separator = ", "
[push.profile.values]
numbers = "{registration_number}"
[push.note.values]
text = "%s {registration_number} {hours} ({uid})"
[push.note.out_of_force]
text = "{registration_number} {standing} ({uid})"
"""
"""With one word of the note left open."""


class Office:
    """An academy with four graduates and enough blanks, and its LMS."""

    lms: Any  # an `Lms`, or what shows itself as one

    def __init__(
        self, world: World, directory: Path, mappings: Sequence[Mapping], learners: Sequence[str] = LEARNERS
    ) -> None:
        self.world = world
        self.papers = Papers(world, directory)
        self.learners = learners
        self.lms = Lms(world.clock, people=set(learners))
        self.mappings = list(mappings)
        self.words = ["Выдан", "Оформлен"]
        self.texts = 0  # which of the mappings is in force
        self.targets: Sequence[str] = ALL
        self.erased: set[str] = set()

    @property
    def store(self) -> Store:
        """The open store."""
        return self.world.store

    def fill(self) -> None:
        """Graduates with drafts."""
        for learner, name in zip(
            self.learners, ("Аксёнов Олег", "Борисова Анна", "Вишня Пётр", "Громов Илья"), strict=True
        ):
            self.world.person(learner, f"{name} Примеровна")
            self.world.attempt(learner, 9)
        self.world.pass_over()
        self.world.close()
        self.world.clock.to(days=3)
        self.papers.receive("000001", "000400")
        self.papers.draft()

    def issued(self, *uids: str) -> list[str]:
        """Issues these drafts, or all there are."""
        drafts = [one.record.uid for one in self.papers.all(statuses=[DocumentStatus.DRAFT])]
        for uid in uids or drafts:
            self.papers.issue(uid)
        return list(uids or drafts)

    # --- pushing ------------------------------------------------------------------------------------------------------

    @property
    def source(self) -> PushSource:
        """The LMS as it is configured now."""
        return PushSource(SOURCE, self.lms.connector, self.mappings[self.texts], self.targets)

    def push(self, *retry: str, targets: Sequence[str] | None = None, **options: Any) -> PushSummary:
        """Pushes once."""
        return push(self.store, self.source, PushOptions("registrar", targets, retry, **options))

    def preview(self, *retry: str, targets: Sequence[str] | None = None) -> list[Difference]:
        """What a push would change."""
        return preview(self.store, self.source, PushOptions("registrar", targets, retry))

    def reconcile(self) -> list[Difference]:
        """How the LMS differs."""
        return reconcile(self.store, self.source, PushOptions("registrar"))

    def later(self, **step: float) -> None:
        """The clock moves on."""
        self.world.clock.now += dt.timedelta(**step)

    def until_quiet(self) -> None:
        """The LMS works again and is pushed to until nothing is left to do."""
        self.lms.calm()
        for _ in range(12):
            self.later(days=1)
            summary = self.push("all")
            if not any(count for name, count in summary.counts.items() if name != "unchanged"):
                return
        raise AssertionError(f"it never ends: {summary}")

    # --- how it stands ------------------------------------------------------------------------------------------------

    def rows(self, target: str = "", uids: Sequence[str] | None = None) -> dict[str, DocumentPush]:
        """The outbox."""
        with self.store.reading() as connection:
            return {row.key: row for row in pushes(connection, SOURCE, target=target or None, uids=uids)}

    def states(self, target: str) -> dict[str, str]:
        """The states in a target, by document."""
        return {row.document: row.state.value for row in self.rows(target).values()}

    def told(self) -> list[Any]:
        """The documents that the LMS is to be told, by this test's own reckoning."""
        return [
            one.record
            for one in self.papers.all()
            if one.record.status is not DocumentStatus.DRAFT
            and one.record.registration_number
            and one.record.learner not in self.erased
        ]

    def check(self) -> None:
        """Fails unless the LMS shows exactly the register's documents, each once."""
        told = self.told()
        table = {uid: row for uid, row in self.lms.table.items() if row.learner not in self.erased}
        assert {
            uid: (row.learner, row.standing, row.replaced_by, row.values["regnumber"], row.values["hours"])
            for uid, row in table.items()
        } == {
            one.uid: (one.learner, _standing(one), _successor(one), one.registration_number, str(one.hours or ""))
            for one in told
        }
        for learner in set(self.learners) - self.erased:
            numbers = [
                one.registration_number
                for one in sorted(told, key=lambda one: (one.issue_date, one.uid))
                if one.learner == learner and _standing(one) is Standing.IN_FORCE
            ]
            assert self.lms.fields.get(learner, {}).get("numbers", "") == ", ".join(numbers)
        notes: dict[str, list[str]] = {}
        for note in self.lms.notes.values():
            if note.learner not in self.erased:
                notes.setdefault(note.subject, []).append(note.values["text"])
        for one in told:
            in_force = f"{self.words[self.texts]} {one.registration_number} {one.hours or ''}".rstrip()
            if _standing(one) is Standing.IN_FORCE:
                assert notes.pop(one.uid) == [f"{in_force} ({one.uid})"]
            else:
                gone = {Standing.REVOKED: "аннулирован", Standing.REPLACED: "заменён дубликатом"}[_standing(one)]
                assert notes.pop(one.uid, []) in ([], [f"{one.registration_number} {gone} ({one.uid})"])
        assert notes == {}


def office_of(world: World, directory: Path, mappings: Sequence[Mapping]) -> Office:
    """The office over a store that was filled before."""
    world.clock.to(days=3)
    return Office(world, directory, mappings)


def _standing(record: Any) -> Standing:
    if record.status is DocumentStatus.ANNULLED:
        return Standing.REVOKED
    return Standing.REPLACED if record.status is DocumentStatus.REPLACED else Standing.IN_FORCE


def _successor(record: Any) -> str:
    return record.replaced_by if record.status is DocumentStatus.REPLACED else ""
