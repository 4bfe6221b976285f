"""Whatever is done in whatever order: numbers have no gaps, no blank is used twice, nothing issued changes its numbers.

A machine acts on the register at will and tells beforehand which acts are refused. A refused act writes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import DocumentStatus
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.store import Store
from tests.integration.registers.conftest import graduates
from tests.integration.registers.papers import Papers
from tests.integration.registers.world import SOURCE, opened
from tests.integration.store import samples

DRAFT, ISSUED, HANDED_OVER = DocumentStatus.DRAFT, DocumentStatus.ISSUED, DocumentStatus.HANDED_OVER
ANNULLED, LOST, REPLACED = DocumentStatus.ANNULLED, DocumentStatus.LOST, DocumentStatus.REPLACED
BLANKS = [f"{number:06}" for number in range(1, 26)]

places = st.integers(0, 30)
blanks = st.one_of(st.none(), st.none(), st.none(), st.sampled_from(BLANKS))


@dataclass
class Known:
    """What the machine knows of a document."""

    uid: str
    learner: str
    status: DocumentStatus = DRAFT
    replaces: str = ""
    replaced_by: str = ""
    number: str = ""
    blank: str = ""


class Register(RuleBasedStateMachine):
    """Two graduates, five blanks and twenty more."""

    new_papers: Callable[[], AbstractContextManager[Papers]]

    @initialize()
    def begin(self) -> None:
        """An empty register."""
        self.held = self.new_papers()
        self.papers = self.held.__enter__()
        self.papers.receive("000006", "000025")
        self.known: list[Known] = []
        self.spoiled: set[str] = set()
        self.erased: set[str] = set()

    def teardown(self) -> None:
        """Everything can be made anew from the ledger."""
        if hasattr(self, "papers"):
            before = samples.projections(self.papers.store)
            rebuild_projections(self.papers.store)
            assert samples.projections(self.papers.store) == before
            assert self.papers.sound()
            self.held.__exit__(None, None, None)

    # --- what is known beforehand -------------------------------------------------------------------------------------

    def pick(self, place: int, *statuses: DocumentStatus) -> Known:
        """One of the documents, mostly one of these statuses, latest first."""
        fitting = [one for one in self.known if one.status in statuses or place % 4 == 0] or self.known
        return fitting[-1 - place % len(fitting)]

    def by_uid(self, uid: str) -> Known:
        """The document of that uid."""
        return next(one for one in self.known if one.uid == uid)

    def free(self) -> list[str]:
        """The blanks that are left."""
        return [number for number in BLANKS if number not in self.spoiled | {one.blank for one in self.known}]

    def replaceable(self, one: Known) -> bool:
        """Whether a duplicate of it may be issued."""
        annulled = one.status is REPLACED and self.by_uid(one.replaced_by).status is ANNULLED
        return one.status in (ISSUED, HANDED_OVER, LOST) or annulled

    def tried(self, allowed: bool, act: Callable[[], object]) -> bool:
        """Does an act that must be refused or not; a refused one writes nothing."""
        rows = self.papers.world.ledger_rows()
        try:
            act()
        except RegisterError as error:
            assert not allowed, error
            assert self.papers.world.ledger_rows() == rows
            return False
        assert allowed
        return True

    # --- acts ---------------------------------------------------------------------------------------------------------

    @rule()
    def draft(self) -> None:
        """Drafts whoever has nothing that counts."""
        # A duplicate stands for the same line as its original.
        counting = {one.learner for one in self.known if one.status is not ANNULLED} | self.erased
        due = [learner for learner in "12" if learner not in counting]
        created = self.papers.draft().created
        assert [self.papers.one(uid).learner for uid in created] == due
        self.known += [Known(uid, learner) for uid, learner in zip(created, due, strict=True)]

    @precondition(lambda self: self.known)
    @rule(place=places, blank=blanks)
    def issue(self, place: int, blank: str | None) -> None:
        """Issues one, on any blank or on that one."""
        self.issue_one(self.pick(place, DRAFT), blank)

    def issue_one(self, one: Known, blank: str | None) -> None:
        """Issues this one."""
        free = self.free()
        allowed = one.status is DRAFT and one.learner not in self.erased
        allowed &= bool(free) if blank is None else blank in free
        allowed &= not one.replaces or self.replaceable(self.by_uid(one.replaces))
        if not self.tried(allowed, lambda: self.papers.issue(one.uid, blank=blank)):
            return
        one.status, one.blank = ISSUED, blank or free[0]
        one.number = f"ПК-2026-{sum(bool(other.number) for other in self.known) + 1:04}"
        if one.replaces:
            original = self.by_uid(one.replaces)
            original.status, original.replaced_by = REPLACED, one.uid

    @precondition(lambda self: any(one.status is DRAFT for one in self.known))
    @rule(place=places)
    def issue_a_draft(self, place: int) -> None:
        """Issues one of those that wait."""
        waiting = [at for at, one in enumerate(self.known) if one.status is DRAFT]
        self.issue_one(self.known[waiting[place % len(waiting)]], None)

    @precondition(lambda self: any(self.replaceable(one) for one in self.known))
    @rule(place=places)
    def duplicate_what_may_be(self, place: int) -> None:
        """Drafts a duplicate of one that may have one."""
        due = [one for one in self.known if self.replaceable(one)]
        self.duplicate_one(due[place % len(due)])

    @precondition(lambda self: self.known)
    @rule(place=places)
    def hand_over(self, place: int) -> None:
        """Hands one over."""
        one = self.pick(place, ISSUED)
        if self.tried(one.status is ISSUED, lambda: self.papers.hand_over(one.uid)):
            one.status = HANDED_OVER

    @precondition(lambda self: self.known)
    @rule(place=places)
    def annul(self, place: int) -> None:
        """Annuls one."""
        one = self.pick(place, ISSUED, HANDED_OVER, LOST)
        if self.tried(one.status not in (ANNULLED, REPLACED), lambda: self.papers.annul(one.uid)):
            one.status = ANNULLED

    @precondition(lambda self: self.known)
    @rule(place=places)
    def lose(self, place: int) -> None:
        """One is lost."""
        one = self.pick(place, ISSUED, HANDED_OVER)
        if self.tried(one.status in (ISSUED, HANDED_OVER), lambda: self.papers.lose(one.uid)):
            one.status = LOST

    @precondition(lambda self: self.known)
    @rule(place=places)
    def duplicate(self, place: int) -> None:
        """Drafts a duplicate of one."""
        self.duplicate_one(self.pick(place, ISSUED, HANDED_OVER, LOST, REPLACED))

    def duplicate_one(self, one: Known) -> None:
        """Drafts a duplicate of this one."""
        uid = f"d{len(self.known) + 1:06}"
        waiting = any(other.replaces == one.uid and other.status is DRAFT for other in self.known)
        allowed = self.replaceable(one) and not waiting and one.learner not in self.erased
        if self.tried(allowed, lambda: self.papers.duplicate(one.uid)):
            self.known.append(Known(uid, one.learner, replaces=one.uid))

    @precondition(lambda self: self.known)
    @rule(place=places, hours=st.integers(16, 500))
    def correct(self, place: int, hours: int) -> None:
        """Corrects what one bears."""
        one = self.pick(place, DRAFT, ISSUED)
        if self.tried(one.status not in (ANNULLED, REPLACED), lambda: self.papers.correct(one.uid, hours=str(hours))):
            assert self.papers.one(one.uid).hours == hours

    @precondition(lambda self: len(self.spoiled) < 5)
    @rule(number=st.sampled_from(BLANKS))
    def spoil(self, number: str) -> None:
        """Writes a blank off."""
        bearer = next((one for one in self.known if one.blank == number), None)
        allowed = number not in self.spoiled and (bearer is None or bearer.status is ANNULLED)
        if self.tried(allowed, lambda: self.papers.spoil(number)):
            self.spoiled.add(number)

    @precondition(lambda self: len(self.known) > 3 and not self.erased)
    @rule(learner=st.sampled_from("12"))
    def erase(self, learner: str) -> None:
        """Somebody's data is erased."""
        self.papers.store.erase_learner(SOURCE, learner, "registrar", "отзыв согласия")
        self.erased.add(learner)

    # --- what always holds --------------------------------------------------------------------------------------------

    @invariant()
    def the_register_is_as_told(self) -> None:
        """Every document with its status, number, blank and links."""
        if not hasattr(self, "papers"):
            return
        stored = self.papers.all()
        assert [
            Known(
                one.record.uid,
                one.record.learner,
                one.record.status,
                one.record.replaces,
                one.record.replaced_by,
                one.record.registration_number,
                one.record.blank_number,
            )
            for one in stored
        ] == self.known
        assert all((one.holder is None) == (one.record.learner in self.erased) for one in stored)
        first, second = self.papers.balance()
        assert first.left + second.left == len(self.free())
        assert (first.next or second.next) == next(iter(self.free()), "")


def filled(url: str, directory: Path, mapping: Mapping) -> None:
    """Makes a store with graduates there."""
    Store.open(url).close()
    with opened(url, mapping) as world:
        graduates(world, directory)


def run_machine(examples: int, new_papers: Callable[[], AbstractContextManager[Papers]]) -> None:
    """Runs the machine over a new register for each example."""
    Register.new_papers = staticmethod(new_papers)  # type: ignore[assignment]
    run_state_machine_as_test(
        Register,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


@contextmanager
def papers_of(url: str, directory: Path, mapping: Mapping) -> Iterator[Papers]:
    """The register in a copy of that store; now it is Thursday."""
    with opened(url, mapping) as world:
        world.clock.to(days=3)
        yield Papers(world, directory)


def test_the_register_of_documents_in_sqlite(tmp_path: Path, shipped: Mapping) -> None:
    numbers, template = count(), tmp_path / "template.db"
    filled(f"sqlite:///{template}", tmp_path, shipped)

    @contextmanager
    def new_papers() -> Iterator[Papers]:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copy(template, path)
        with papers_of(f"sqlite:///{path}", tmp_path, shipped) as papers:
            yield papers
        path.unlink()

    run_machine(16, new_papers)


def test_the_register_of_documents_in_postgresql(tmp_path: Path, shipped: Mapping, postgresql_server: Any) -> None:
    template = postgresql_server.new_database()
    filled(template, tmp_path, shipped)

    @contextmanager
    def new_papers() -> Iterator[Papers]:
        url = postgresql_server.new_database(template)
        try:
            with papers_of(url, tmp_path, shipped) as papers:
                yield papers
        finally:
            postgresql_server.drop_database(url)

    run_machine(6, new_papers)
