"""Whatever is done and whatever fails, in whatever order: in the end the LMS shows exactly the register's documents.

Each seed is a year of an office: documents are issued, corrected, annulled, replaced and erased between pushes to an
LMS that loses answers, works late, refuses and vanishes, while texts change, targets are switched on and off, and the
process is killed between any two steps.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lms_sync.connector import Delivery
from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import DocumentStatus
from lms_sync.store.rebuild import rebuild_projections
from tests.integration.push.lms import Killed
from tests.integration.push.office import ALL, Office
from tests.integration.registers.world import SOURCE, opened
from tests.integration.store import samples

TROUBLES = {
    "send": (
        "late",
        "late",
        "late",
        "lost after",
        "lost before",
        "unavailable",
        "denied",
        "refused",
        "fault",
        "no receipt",
    ),
    "look": ("unavailable", "denied", "refused", "gone", "fault"),
}


class Year:
    """What happens in one office, by a seed."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office = office
        self.random = random.Random(seed)
        self.told_after_erasure: list[Delivery] = []

    def steps(self, count: int) -> None:
        """So many things happen."""
        for _ in range(count):
            act = self.random.choices(
                (self.act, self.push, self.wait, self.configure, self.erase), weights=(50, 40, 20, 6, 1)
            )[0]
            act()

    def act(self) -> None:
        """The registrar does something; what is refused is none."""
        papers, uids = self.office.papers, [one.record.uid for one in self.office.papers.all()]
        uid = self.random.choice(uids)
        acts: tuple[Callable[[], object], ...] = (
            lambda: papers.issue(uid),
            lambda: papers.issue(self.random.choice(uids)),
            lambda: papers.hand_over(uid, self.office.world.clock.now.date()),
            lambda: papers.annul(uid),
            lambda: papers.lose(uid),
            lambda: papers.correct(uid, hours=str(self.random.randint(16, 99))),
            lambda: papers.correct(uid, hours=str(self.random.randint(16, 99))),
            self._duplicate,
            self._duplicate,
            papers.draft,
        )
        with suppress(RegisterError):
            self.random.choice(acts)()

    def _duplicate(self) -> None:
        papers = self.office.papers
        one = self.random.choice(papers.all(statuses=[DocumentStatus.ISSUED, DocumentStatus.LOST]) or papers.all())
        papers.issue(papers.duplicate(one.record.uid).uid)

    def push(self) -> None:
        """A push into an LMS that fails as it likes, in a process that may be killed."""
        lms, rate = self.office.lms, self.random.choice((0, 0.1, 0.4))
        kill = self.random.choice((0, 0, 0.05))
        sent = len(lms.sent)

        def trouble(act: str, subject: str) -> str:
            return self.random.choice(TROUBLES[act]) if self.random.random() < rate else ""

        def pause(where: str) -> None:
            if self.random.random() < kill:
                raise Killed
            if where == "before writing" and self.random.random() < 0.3:
                self.act()  # somebody works on while the push is under way

        lms.trouble, lms.pause = trouble, pause
        retry = self.random.choice(((), (), ("all",)))
        targets = self.random.choice((None, None, [*self.office.targets][:1]))
        with suppress(Killed), self._killed_in_the_store(kill):
            self.office.push(*retry, targets=targets)
        lms.calm()
        self.told_after_erasure += [one for _, one in lms.sent[sent:] if one.learner in self.office.erased]

    @contextmanager
    def _killed_in_the_store(self, rate: float) -> Iterator[None]:
        """Some transactions never come to their commit, as when the process dies within them."""
        store = self.office.store
        writing = store.writing

        @contextmanager
        def dying() -> Iterator[object]:
            with writing() as connection:
                yield connection
                if self.random.random() < rate:
                    raise Killed

        store.writing = dying  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            store.writing = writing  # type: ignore[method-assign]

    def wait(self) -> None:
        """Time goes by."""
        self.office.later(minutes=self.random.choice((1, 1, 3, 5, 11, 60, 1440)))

    def configure(self) -> None:
        """Other texts, or other targets."""
        if self.random.random() < 0.5:
            self.office.texts = 1 - self.office.texts
        else:
            self.office.targets = self.random.sample(ALL, self.random.choice((1, 2, 3, 3)))

    def erase(self) -> None:
        """Somebody's data is erased; what the LMS shows of it from then on is not lms-sync's to say."""
        if len(self.office.erased) < 2:
            learner = self.random.choice(self.office.learners)
            self.office.store.erase_learner(SOURCE, learner, "registrar", "отзыв согласия")
            self.office.erased.add(learner)


def live_through(year: Year, steps: int = 70) -> None:
    """A year, and its end."""
    office = year.office
    year.steps(steps)
    office.targets = ALL
    office.until_quiet()
    office.check()
    assert year.told_after_erasure == []
    sent, rows = len(office.lms.sent), office.world.ledger_rows()
    assert office.push().exit_code == 0
    assert (len(office.lms.sent), office.world.ledger_rows()) == (sent, rows)
    assert [one for one in office.reconcile() if one.what != "unknown"] == []
    assert office.preview() == []
    before = samples.projections(office.store)
    rebuild_projections(office.store)
    assert samples.projections(office.store) == before
    assert office.papers.sound()


@pytest.mark.parametrize("seed", range(5))
def test_the_lms_ends_with_exactly_the_documents_of_the_register(seed: int, lite: Office) -> None:
    live_through(Year(lite, seed))


@pytest.mark.parametrize("seed", [1001])
def test_so_it_does_in_postgresql(seed: int, new_postgresql: str, tmp_path: Path, texts: list[Mapping]) -> None:
    with opened(new_postgresql, texts[0]) as world:
        office = Office(world, tmp_path, texts)
        office.fill()
        live_through(Year(office, seed))
