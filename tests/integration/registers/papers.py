"""Issued documents over a `World`: every act of the register as a short call, and how the register stands."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from lms_sync.mapping.apply import Mapping
from lms_sync.records import BlankRange, DocumentScan, IssuedDocument, ProgrammeKind, Recognition
from lms_sync.registers.documents import blanks, drafting, duplicates, issuing, lifecycle, recognising, scans
from lms_sync.registers.documents.acts import DocumentAct
from lms_sync.store.documents import DocumentFilter, StoredDocument, documents, recognitions
from lms_sync.store.scan_files import ScanFiles
from lms_sync.store.verify import verify
from tests.integration.registers.world import COURSE, COURSE_RECORD, FIRST, SOURCE, World

KIND = "advanced_training"
THURSDAY = dt.date(2026, 3, 5)


class Papers:
    """The register of a world's academy. Everything is done by `registrar` unless told otherwise."""

    def __init__(self, world: World, directory: Path, mapping: Mapping | None = None) -> None:
        self.world = world
        self.store = world.store
        self.mapping = mapping or world.mapping
        self.files = ScanFiles(directory / "scans")

    # --- acts ---------------------------------------------------------------------------------------------------------

    def receive(self, first: str = "000001", last: str = "000005", **fields: Any) -> BlankRange:
        """Blanks for удостоверения."""
        values = {"document_kinds": [KIND], "series": "ПК", "received_on": THURSDAY} | fields
        received = blanks.Received(first=first, last=last, **values)
        return blanks.receive(self.store, SOURCE, self.mapping, received, "registrar")

    def spoil(self, number: str, **options: Any) -> object:
        """One of them spoiled."""
        act = DocumentAct("registrar", "опечатка")
        return blanks.spoil(self.store, SOURCE, number, options.pop("act", "акт № 1"), act, **options)

    def draft(self, number: str = FIRST, **options: Any) -> drafting.Drafted:
        """Drafts of a protocol."""
        wanted = drafting.DraftOptions("registrar", **options)
        return drafting.draft_protocol(self.store, SOURCE, self.mapping, number, wanted)

    def draft_for(self, learner: str, kind: str, course: str = COURSE, **options: Any) -> drafting.Drafted:
        """A draft that rests on no passed line."""
        wanted = drafting.DraftOptions("registrar", kind=kind, **options)
        return drafting.draft_for_learner(self.store, SOURCE, self.mapping, learner, course, wanted)

    def issue(self, uid: str, **options: Any) -> issuing.Issued:
        """Issues a draft, today unless told otherwise."""
        return issuing.issue(self.store, SOURCE, self.mapping, uid, issuing.IssueOptions("registrar", **options))

    def findings(self, uid: str, **options: Any) -> dict[str, str]:
        """What issuing it would find: severity by code."""
        wanted = issuing.IssueOptions("registrar", **options)
        return {one.code: one.severity.value for one in issuing.findings(self.store, SOURCE, self.mapping, uid, wanted)}

    def hand_over(self, uid: str, day: dt.date = THURSDAY, **options: Any) -> IssuedDocument:
        """Hands it over."""
        return lifecycle.hand_over(self.store, SOURCE, uid, "registrar", day, **options)

    def annul(self, uid: str, reason: str = "выдан ошибочно") -> IssuedDocument:
        """Annuls it."""
        return lifecycle.annul(self.store, SOURCE, uid, DocumentAct("registrar", reason))

    def lose(self, uid: str, **options: Any) -> IssuedDocument:
        """It is lost."""
        return lifecycle.lose(self.store, SOURCE, uid, DocumentAct("registrar", "заявление"), **options)

    def correct(self, uid: str, /, **values: str) -> IssuedDocument:
        """Corrects fields."""
        return lifecycle.correct(self.store, SOURCE, uid, values, DocumentAct("registrar", "сверка"))

    def duplicate(self, uid: str, **options: Any) -> IssuedDocument:
        """Drafts a duplicate."""
        act = DocumentAct("registrar", "утрата")
        return duplicates.draft_duplicate(self.store, SOURCE, self.mapping, uid, act, **options)

    def attach(self, uid: str, path: Path) -> DocumentScan:
        """Attaches a file."""
        return scans.attach(self.store, SOURCE, self.files, uid, path, "registrar")

    def apply(self, learner: str, **fields: Any) -> Recognition:
        """An application to recognise a result."""
        values = {
            "course": COURSE,
            "subject": "Охрана труда",
            "source_organisation": "ГБПОУ «Образец»",
            "source_document": "диплом",
            "date": THURSDAY,
        }
        application = recognising.Application(learner=learner, **(values | fields))
        return recognising.apply(self.store, SOURCE, application, THURSDAY, "registrar")

    def decide(self, *uids: str, recognised: bool = True, number: str = "3", **fields: Any) -> list[Recognition]:
        """What the commission decided on applications."""
        day, reason = fields.get("day", THURSDAY), fields.get("reason", "" if recognised else "другое содержание")
        decision = recognising.Decision(recognised, number, day, reason)
        return recognising.decide(self.store, SOURCE, uids, decision, THURSDAY, "registrar")

    def withdraw(self, uid: str, reason: str = "по просьбе обучающегося") -> Recognition:
        """Annuls an application."""
        return recognising.annul(self.store, SOURCE, uid, reason, "registrar")

    def applications(self, **wanted: str) -> list[Recognition]:
        """The applications."""
        with self.store.reading() as connection:
            return recognitions(connection, SOURCE, **wanted)

    def course(self, kind: ProgrammeKind, hours: int | None) -> None:
        """The course as another programme."""
        self.world.put(COURSE_RECORD.model_copy(update={"programme_kind": kind, "hours": hours}))

    # --- how it stands ------------------------------------------------------------------------------------------------

    def all(self, **wanted: Any) -> list[StoredDocument]:
        """The documents."""
        with self.store.reading() as connection:
            return documents(connection, SOURCE, DocumentFilter(**wanted))

    def one(self, uid: str) -> IssuedDocument:
        """A document."""
        [found] = self.all(uids=[uid])
        return found.record

    def holder(self, uid: str) -> Any:
        """Its holder."""
        [found] = self.all(uids=[uid])
        return found.holder

    def balance(self) -> list[blanks.Balance]:
        """How the blanks stand."""
        with self.store.reading() as connection:
            return blanks.balances(connection, SOURCE)

    def sound(self) -> bool:
        """Whether the store is what was written, files too."""
        return verify(self.store, scans=self.files).problems == []
