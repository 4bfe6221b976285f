"""Random histories of a site, its faults and its pulls, against a model of what must be live: a few lines of sets."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms_sync.connector import Mode, Outcome, Page, ReadTask, Scope
from lms_sync.errors import SourceError, SourceRefused, SourceUnavailable
from lms_sync.mapping.apply import RECORD_KINDS, Mapped, Mapping
from lms_sync.store.rows import ScopeOutcome
from lms_sync.store.store import Store
from lms_sync.testing import MemorySite
from tests.integration.sync.conftest import SOURCE, Academy, Clock, add_course

STREAMS = {"people": {"enrolment"}, "grades": {"grade_item", "grade_entry"}, "attempts": {"attempt"}}
COURSES = (5, 6)

person = st.integers(1, 6)
course = st.sampled_from(COURSES)
stream = st.sampled_from(sorted(STREAMS))
world_step = st.one_of(
    st.tuples(st.just("grade"), course, person, st.sampled_from(["10", "20", "broken"])),
    st.tuples(st.just("ungrade"), course, person),
    st.tuples(st.just("attempt"), course, person, st.sampled_from(["1", "2"])),
    st.tuples(st.just("unattempt"), course, person),
    st.tuples(st.just("enrol"), course, person),
    st.tuples(st.just("unenrol"), course, person),
    st.tuples(st.just("hide"), course, person),
)
fault = st.one_of(
    st.none(),
    st.tuples(st.just("page"), stream, course, st.integers(1, 3)),
    st.tuples(st.just("refused"), stream, course, st.integers(1, 3)),
    st.tuples(st.just("partial"), stream, course),
    st.tuples(st.just("unlisted"), course),
)
history = st.lists(st.tuples(st.lists(world_step, max_size=5), fault, st.booleans()), min_size=2, max_size=6)


def change(site: MemorySite, step: tuple[Any, ...]) -> None:
    what, home, number, *value = step
    who, item = home * 100 + number, home * 10
    grade, attempt, enrolment = ("grade", f"{item}/{who}"), ("attempt", f"{who}"), ("enrolment", f"{home}/{who}")
    if what == "grade":
        raw = {"graderaw": "seven"} if value == ["broken"] else {}
        site.add_grade(item, who, None if raw else value[0], **raw)
    elif what == "attempt":
        site.add_attempt(home, who, who, value[0])
    elif what == "enrol":
        site.add_person(home, who)
    elif what == "unenrol" and enrolment in site.objects:
        site.unenrol(home, who)
    elif what == "ungrade" and grade in site.objects:
        site.remove(*grade)
    elif what == "unattempt" and attempt in site.objects:
        site.remove(*attempt)
    elif what == "hide":
        site.faults.hidden.add(grade)


def strike(site: MemorySite, struck: tuple[Any, ...] | None) -> None:
    match struck:
        case ("page", name, home, number):
            site.faults.pages[name, f"course/{home}", number] = SourceUnavailable("gone away")
        case ("refused", name, home, number):
            site.faults.pages[name, f"course/{home}", number] = SourceRefused("no right")
        case ("partial", name, home):
            site.faults.partial[name, f"course/{home}"] = "half of it"
        case ("unlisted", home):
            site.faults.unlisted.add(f"course/{home}")


class Model:
    """What must be live in each scope of each stream, and from which cursor changes are read."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.live: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        self.cursors: dict[tuple[str, str], str | None] = defaultdict(lambda: None)

    def read(self, academy: Academy, name: str, key: str, mode: Mode) -> None:
        """One reading by another connector of its own, understood by the words of the contract alone."""
        place = (name, key)
        live, seen, absent = self.live[place], set(), set()
        for page in pages(academy, Scope(name, key), ReadTask(mode, academy.store.known(SOURCE), self.cursors[place])):
            for record in page.records:
                identity = (RECORD_KINDS[record.kind], record.key)
                seen.add(identity)
                if isinstance(self.mapping.apply(record), Mapped):
                    live.add(identity)
            absent |= set(page.absent)
            if page.end and page.end.outcome is Outcome.COMPLETE:
                live &= seen
            if page.end and page.end.outcome is Outcome.CHANGES:
                live -= absent - seen
            if page.end and page.end.outcome is not Outcome.PARTIAL:
                self.cursors[place] = page.cursor


def pages(academy: Academy, scope: Scope, task: ReadTask) -> list[Page]:
    found = []
    try:
        for page in academy.connect().read(scope, task):
            found.append(page)
    except SourceError:
        pass
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=history, page_size=st.integers(2, 5))
def test_what_is_live_is_what_the_readings_prove(
    history: list[Any], page_size: int, empty_store: Path, mapping: Mapping
) -> None:
    site = MemorySite()
    for number in COURSES:
        add_course(site, number, learners=3)
    with tempfile.TemporaryDirectory() as directory:
        path = shutil.copy(empty_store, directory)
        with Store.open(f"sqlite:///{path}", clock=(clock := Clock())) as store:
            academy = Academy(site, store, mapping, clock)
            academy.page_size = page_size
            model = Model(mapping)
            for steps, struck, full in history:
                for step in steps:
                    change(site, step)
                strike(site, struck)
                pull_and_compare(academy, model, full=full)
                site.faults.clear()
            change(site, ("grade", 5, 1, "20"))
            pull_and_compare(academy, model, full=True)
            assert_all_is_known(academy)


def pull_and_compare(academy: Academy, model: Model, *, full: bool) -> None:
    academy.pull(full=full, allow_retire=("*",))
    for name, key, mode in list(academy.site.reads):
        if name in STREAMS:
            model.read(academy, name, key, Mode(mode))
    for number in COURSES:
        for name, kinds in STREAMS.items():
            key = f"course/{number}"
            live = {(kind, one) for kind in kinds for one in academy.live(kind, key)}
            assert live == {one for one in model.live[name, key] if one[0] in kinds}, f"{name} {key}"
            states = {(state.stream, state.scope): state for state in academy.store.scope_states(SOURCE)}
            if (name, key) in states and states[name, key].outcome != ScopeOutcome.CLOSED:
                assert academy.cursor(name, key) == model.cursors[name, key]


def assert_all_is_known(academy: Academy) -> None:
    """After a whole reading without a fault the store holds the site, but for what cannot be mapped."""
    broken = {key for _, key in academy.quarantined()}
    for number in COURSES:
        for name, kinds in STREAMS.items():
            kept = {one for kind in kinds for one in academy.live(kind, f"course/{number}")}
            there = {
                key
                for (kind, key), change in academy.site.changes.items()
                if change.present and change.place == (name, f"course/{number}") and kind != "person"
            }
            assert there - broken <= kept <= there, name
    academy.ledger_rows()
