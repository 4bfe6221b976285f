"""Processes that act on the register of issued documents at once. Started by `processes.at_once`."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.registers.closing import ClosingOptions, close
from lms_sync.registers.documents.acts import DocumentAct
from lms_sync.registers.documents.blanks import Received, receive, spoil
from lms_sync.registers.documents.drafting import DraftOptions, draft_protocol
from lms_sync.registers.documents.duplicates import draft_duplicate
from lms_sync.registers.documents.issuing import IssueOptions, issue
from lms_sync.registers.documents.lifecycle import annul, hand_over
from lms_sync.registers.documents.scans import attach
from lms_sync.store.scan_files import ScanFiles
from lms_sync.store.store import Store
from tests.integration.registers_concurrent.academy import FINALS, LEARNERS, SITTINGS, SOURCE, attempt, put
from tests.integration.registers_concurrent.processes import SECONDS

KIND = "advanced_training"
BLANKS = 80
TRIES = 2000
"""How often a meddler tries: what it waits for is done by the others meanwhile."""
DAY = dt.date(2027, 1, 11)
RULES = (
    '\n[[document]]\nname = "advanced_training"\nminimum_hours = 0\nfrdo = false\nappendix_title = "Приложение"\n'
    + ('appendix_number = "П-{year}-{number}"\nnumber = "ПК-{number:03}"\n')
)
"""One series of numbers for whatever year it is."""


def protocols(store: Store, mapping: Mapping) -> list[str]:
    """Everybody who came passes, every sitting is closed, blanks are in stock; gives the protocols' numbers."""
    run = store.begin_run(SOURCE, "changes", "puller", mapping.version)
    came = [learner for learner in LEARNERS if not learner.endswith("00")]
    put(store, run, [attempt(learner, quiz, points=9, number=2) for quiz in FINALS.values() for learner in came])
    options = ClosingOptions("closer", absent=True)
    numbers = [close(store, SOURCE, mapping, sitting, options).protocol.number for sitting in SITTINGS]
    blanks = Received([KIND], "ПК", "0001", f"{BLANKS:04}", dt.date(2026, 1, 1))
    receive(store, SOURCE, mapping, blanks, "clerk")
    return numbers


def draft_all(
    store: Store, mapping: Mapping, tell: Callable[[Any], None], barrier: Any, numbers: Sequence[str], seed: int
) -> None:
    """Drafts every protocol, in an order of its own; tells the uids it made."""
    order = random.Random(seed).sample(list(numbers), len(numbers))
    barrier.wait(SECONDS)
    options = DraftOptions(f"clerk {seed}")
    tell([uid for number in order for uid in draft_protocol(store, SOURCE, mapping, number, options).created])


def issue_all(
    store: Store, mapping: Mapping, tell: Callable[[Any], None], barrier: Any, uids: Sequence[str], seed: int
) -> None:
    """Issues every draft, in an order of its own, while others do; tells uid, number and blank of those it issued."""
    order = random.Random(seed).sample(list(uids), len(uids))
    barrier.wait(SECONDS)
    issued = []
    for uid in order:
        try:
            done = issue(store, SOURCE, mapping, uid, IssueOptions(f"clerk {seed}")).document
        except RegisterError:
            continue  # another was first
        issued.append((uid, done.registration_number, done.blank_number))
    tell(issued)


def issue_and_tell(
    store: Store, mapping: Mapping, tell: Callable[[Any], None], barrier: Any, uids: Sequence[str], seed: int
) -> None:
    """The same, telling of each as soon as it was issued, and «done» at the end."""
    barrier.wait(SECONDS)
    for uid in random.Random(seed).sample(list(uids), len(uids)):
        try:
            done = issue(store, SOURCE, mapping, uid, IssueOptions(f"clerk {seed}")).document
        except RegisterError:
            continue  # another was first
        tell((uid, done.registration_number, done.blank_number))
    tell("done")


def meddle(
    store: Store, mapping: Mapping, tell: Callable[[Any], None], barrier: Any, uids: Sequence[str], seed: int
) -> None:
    """Spoils blanks, annuls, hands over and duplicates what it meets, each thrice; tells how often it did."""
    chance, act = random.Random(seed), DocumentAct(f"meddler {seed}", "проверка")
    late = dt.date(2100, 1, 1)

    def duplicate(uid: str) -> None:
        draft = draft_duplicate(store, SOURCE, mapping, uid, act)
        issue(store, SOURCE, mapping, draft.uid, IssueOptions("meddler"))

    acts: dict[str, Callable[[str], Any]] = {
        "spoil": lambda uid: spoil(store, SOURCE, f"{chance.randrange(1, BLANKS):04}", "акт", act),
        "annul": lambda uid: annul(store, SOURCE, uid, act),
        "hand over": lambda uid: hand_over(store, SOURCE, uid, "meddler", late),
        "duplicate": duplicate,
    }
    done = dict.fromkeys(acts, 0)
    barrier.wait(SECONDS)
    for _ in range(TRIES):
        left = [name for name, count in done.items() if count < 3]
        if not left:
            break
        name = chance.choice(left)
        try:
            acts[name](chance.choice(list(uids)))
        except RegisterError:
            continue
        done[name] += 1
    tell(done)


def issue_in_order(store: Store, mapping: Mapping, tell: Callable[[Any], None], uids: Sequence[str]) -> None:
    """Issues the drafts in this order; tells each number as soon as it was given."""
    for uid in uids:
        try:
            tell(issue(store, SOURCE, mapping, uid, IssueOptions("clerk")).document.registration_number)
        except RegisterError:
            continue  # issued before this process was started
    tell("done")


def attach_many(
    store: Store, mapping: Mapping, tell: Callable[[Any], None], uids: Sequence[str], directory: Path
) -> None:
    """Attaches a large file to each document; tells of each before it is done and after."""
    files = ScanFiles(directory / "scans")
    for uid in uids:
        path = directory / f"{uid}.pdf"
        path.write_bytes(b"%PDF-" + uid.encode() * 200_000)
        tell(uid)
        attach(store, SOURCE, files, uid, path, "clerk")
    tell("done")
