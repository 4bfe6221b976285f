"""Real answers of the companion plugin on Moodle 5.1: what must be made of them, and the same as of Moodle's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
import responses

from lms_sync.connector import Outcome
from tests.contract.moodle.companion_store import CompanionStore
from tests.contract.moodle.moodle_replay import URL, Replay
from tests.contract.moodle.moodle_site import Connect

WHOLE, CHANGES, CORE = "moodle-5.1-feed/whole", "moodle-5.1-feed/changes", "moodle-5.1-raw"
COURSE = 4
"""The course that was read; of all others the feeds tell too."""

NEWLY_KNOWN = {"course": "idnumber", "learner": "middlename", "grade_item": "gradepass", "grade_entry": "usermodified"}

Pull = Callable[..., Replay]


@pytest.fixture
def pull(connect: Connect) -> Iterator[Pull]:
    """Pulls from recorded folders into a store."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def make(store: CompanionStore, *folders: str) -> Replay:
            mock.reset()
            replay = Replay(*folders)
            replay.install(mock)
            store.pull(connect(URL, "t" * 32, include_courses=[COURSE]))
            return replay

        yield make


def test_the_plugin_and_the_core_tell_the_same_but_for_what_the_core_does_not_know(pull: Pull) -> None:
    ours, theirs = CompanionStore(), CompanionStore()
    pull(ours, WHOLE, CORE)
    pull(theirs, CORE)
    told, known = ours.facts(), theirs.facts()
    # Asked for one course, the recorded core tells all quizzes.
    known = {place: one for place, one in known.items() if place[1] != "assessment" or one["course"] == COURSE}
    assert {kind for _, kind, _ in told} == {
        "course", "assessment", "learner", "enrolment", "grade_item", "grade_entry", "attempt",
    }  # fmt: skip
    assert told.keys() == known.keys()
    news: Counter[str] = Counter()
    for place in told:
        newly = NEWLY_KNOWN.get(place[1], "")
        news[place[1]] += told[place].pop(newly, None) != known[place].pop(newly, None)
        assert told[place] == known[place], place
    assert +news == {"course": 1, "learner": 9, "grade_item": 1, "grade_entry": 20}


def test_a_whole_reading_in_few_requests(pull: Pull) -> None:
    store = CompanionStore()
    replay = pull(store, WHOLE, CORE)
    assert len(replay.asked) == 15
    assert {end.outcome for end in store.ends.values()} == {Outcome.COMPLETE}
    assert {end.received - (end.expected or 0) for end in store.ends.values()} == {0}


def test_changes_bring_themselves_and_what_follows_from_them(pull: Pull) -> None:
    """A new attempt (9), a suspension (5), an unenrolment (7), an override (3), a deleted attempt (11's), and somebody
    from another course who was renamed."""
    store = CompanionStore()
    pull(store, WHOLE, CORE)
    replay = pull(store, CHANGES, CORE)
    assert sorted(store.changed) == sorted(
        (f"course/{COURSE}", kind, key)
        for kind, key in (
            ("enrolment", "4/5"),
            ("enrolment", "4/7"),
            ("attempt", "139"),
            ("attempt", "60"),
            ("grade_entry", "9/9"),
            *(("grade_entry", f"{item}/{learner}") for item in (8, 9) for learner in (3, 7, 11)),
            ("grade_entry", "14/7"),
        )
    )
    assert len(replay.asked) == 14
    scope = f"course/{COURSE}"
    gone = {place[1:] for place in store.changed if place not in store.live}
    assert gone == {("enrolment", "4/7"), ("attempt", "60"), *(("grade_entry", f"{item}/7") for item in (8, 9, 14))}
    assert store.live[scope, "enrolment", "4/5"].fields["suspended"] is True
    overridden = store.live[scope, "grade_entry", "9/3"].fields
    assert (overridden["graderaw"], overridden["overridden"], overridden["usermodified"]) == (Decimal(55), True, 2)
    attempt = store.live[scope, "attempt", "139"].fields
    assert (attempt["userid"], attempt["state"], attempt["sumgrades"]) == (9, "finished", 1)


def test_without_its_cursor_everything_is_read_again(pull: Pull) -> None:
    store = CompanionStore()
    pull(store, WHOLE, CORE)
    known = store.facts()
    store.cursors = dict.fromkeys(store.cursors, "unreadable")
    pull(store, WHOLE, CORE)
    assert store.changed == []
    assert store.facts() == known
