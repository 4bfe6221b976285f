"""The registrar of a simulated academy: drafts, issues, hands over, annuls and duplicates documents, by chance."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import DocumentStatus, IssuedDocument
from lms_sync.registers.documents import blanks, drafting, duplicates, issuing, lifecycle
from lms_sync.registers.documents.acts import DocumentAct
from lms_sync.store.attestation import protocols
from lms_sync.store.documents import DocumentFilter, documents
from lms_sync.store.store import Store
from tests.simulation.worker import SOURCE

WHO = "registrar"
KIND = "paper"
FIELD = "document"
"""The short name of the profile field that shows a learner's documents."""

_RULES = """
[[document]]
name = "paper"
title = "Удостоверение <образец> & приложение"
basis = "passed"
blank = {blank}
number = "{number}"
[push.profile.values]
document = "№ {{registration_number}} от {{issue_day}}"
"""
_BLANKS = 400


def write_document_rules(rng: random.Random, path: Path) -> None:
    """Adds to the academy's mapping file which documents it issues, and what the LMS is to show of them."""
    rules = _RULES.format(
        blank=rng.choice(["true", "false"]),
        number=rng.choice(["У-{year}-{number:04}", "{number}/{month}-{year}", "У{number}"]),
    )
    with path.open("a", encoding="utf-8") as file:
        file.write(rules)


class Registrar:
    """Somebody who acts on the register of issued documents. Acts are counted by name, those refused too."""

    def __init__(self, mapping: Mapping, rng: random.Random, tell: Callable[[str], None], done: Counter[str]) -> None:
        self.mapping = mapping
        self.rng = rng
        self.done = done
        self._tell = tell
        self._has_blanks = False

    def work(self, store: Store) -> None:
        """A few acts at random."""
        self._receive_blanks(store)
        acts = [self._draft, self._issue, self._hand_over, self._annul, self._lose, self._duplicate]
        for _ in range(self.rng.randint(2, 12)):
            self.rng.choices(acts, [5, 10, 3, 3, 1, 2])[0](store)

    def issue_everything(self, store: Store) -> None:
        """Drafts what is due and issues what may be."""
        self._receive_blanks(store)
        for protocol in self._in_force(store):
            self._attempt("draft", partial(self._drafted, store, protocol))
        for one in self._of(store, DocumentStatus.DRAFT):
            self._attempt("issue", partial(self._issued, store, one))

    def _receive_blanks(self, store: Store) -> None:
        if self._has_blanks:
            return
        received = blanks.Received([KIND], "У", "0001", f"{_BLANKS:04}", store.now().date())
        self._attempt("receive", lambda: blanks.receive(store, SOURCE, self.mapping, received, WHO).uid)
        self._has_blanks = True

    def _draft(self, store: Store) -> None:
        if found := self._in_force(store):
            self._attempt("draft", partial(self._drafted, store, self.rng.choice(found)))

    def _drafted(self, store: Store, protocol: str) -> str:
        options = drafting.DraftOptions(WHO, kind=KIND, hours=72)
        return ", ".join(drafting.draft_protocol(store, SOURCE, self.mapping, protocol, options).created)

    def _issue(self, store: Store) -> None:
        self._with_one("issue", store, self._issued, DocumentStatus.DRAFT)

    def _issued(self, store: Store, one: IssuedDocument) -> str:
        issued = issuing.issue(store, SOURCE, self.mapping, one.uid, issuing.IssueOptions(WHO)).document
        return f"{issued.uid} as {issued.registration_number}"

    def _hand_over(self, store: Store) -> None:
        self._with_one("hand over", store, self._handed, DocumentStatus.ISSUED)

    def _handed(self, store: Store, one: IssuedDocument) -> str:
        day = store.now().date() + dt.timedelta(days=1)
        return lifecycle.hand_over(store, SOURCE, one.uid, WHO, day).uid

    def _annul(self, store: Store) -> None:
        self._with_one("annul", store, self._annulled)

    def _annulled(self, store: Store, one: IssuedDocument) -> str:
        return lifecycle.annul(store, SOURCE, one.uid, DocumentAct(WHO, "a mistake")).uid

    def _lose(self, store: Store) -> None:
        self._with_one("lose", store, self._lost, DocumentStatus.HANDED_OVER, DocumentStatus.ISSUED)

    def _lost(self, store: Store, one: IssuedDocument) -> str:
        return lifecycle.lose(store, SOURCE, one.uid, DocumentAct(WHO, "lost on the way")).uid

    def _duplicate(self, store: Store) -> None:
        statuses = DocumentStatus.LOST, DocumentStatus.HANDED_OVER, DocumentStatus.REPLACED
        self._with_one("duplicate", store, self._duplicated, *statuses)

    def _duplicated(self, store: Store, one: IssuedDocument) -> str:
        drafted = duplicates.draft_duplicate(store, SOURCE, self.mapping, one.uid, DocumentAct(WHO, "lost"))
        return f"{self._issued(store, drafted)} for {one.uid}"

    def _with_one(
        self, name: str, store: Store, act: Callable[[Store, IssuedDocument], str], *statuses: DocumentStatus
    ) -> None:
        if found := self._of(store, *statuses):
            self._attempt(name, partial(act, store, self.rng.choice(found)))

    def _attempt(self, name: str, act: Callable[[], str]) -> None:
        try:
            led_to = act()
        except RegisterError as error:
            self.done[f"{name} refused"] += 1
            self._tell(f"{name} refused: {error}")
        else:
            self.done[name] += 1
            self._tell(f"{name}: {led_to}")

    @staticmethod
    def _in_force(store: Store) -> list[str]:
        with store.reading() as connection:
            return [one.number for one in protocols(connection, SOURCE) if one.in_force]

    @staticmethod
    def _of(store: Store, *statuses: DocumentStatus) -> Sequence[IssuedDocument]:
        with store.reading() as connection:
            return [one.record for one in documents(connection, SOURCE, DocumentFilter(statuses=statuses))]
