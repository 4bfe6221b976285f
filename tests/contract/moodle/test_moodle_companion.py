"""The companion rung on a site with the plugin: what is known after pulls of changes is what a whole reading gives."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms_sync.connector import Mode, Outcome, Scope
from lms_sync.sandbox import World, small_world
from lms_sync.sandbox.companion.feed import Feed
from lms_sync.sandbox.companion.plugin import DAY, READ
from lms_sync.sandbox.companion.streams import ObjectStream
from tests.contract.moodle.companion_store import CompanionStore
from tests.contract.moodle.moodle_site import Site

OpenSite = Callable[..., Site]
NEWLY_KNOWN = {"course": "idnumber", "learner": "middlename", "grade_item": "gradepass", "grade_entry": "usermodified"}
"""What the companion tells and the core does not."""


@pytest.fixture
def fed(open_site: OpenSite) -> Site:
    """A site with the plugin, read once."""
    site = open_site(small_world(3, companion=True))
    site.store = CompanionStore()  # type: ignore[attr-defined]
    store_of(site).pull(site.connector())
    site.server.forget_requests()
    return site


def store_of(site: Site) -> CompanionStore:
    store: CompanionStore = site.store  # type: ignore[attr-defined]
    return store


def settle(world: World) -> None:
    """Lets the clock go on until what happened up to now has settled, with what Moodle does after a regrade."""
    assert world.companion is not None
    world.advance(180)
    mark = world.companion.take_mark()
    while (settled := world.companion.settled()) is None or settled.time < mark.time:
        world.advance(60)


def facts(store: CompanionStore, scopes: set[str]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What can be told of one reading by another: bounds of totals follow from everybody's grades, and only a whole
    reading sees that somebody without a grade came or went."""
    found = {}
    for place, fields in store.facts().items():
        if place[0] not in scopes:
            continue
        if place[1] == "grade_item" and fields["itemtype"] == "course":
            del fields["grademin"], fields["grademax"]
        found[place] = fields
    return found


def read_anew(site: Site) -> CompanionStore:
    store = CompanionStore()
    store.pull(site.connector())
    return store


def scopes_of(store: CompanionStore) -> set[str]:
    return {key for _, key in store.ends}


def without_plugin(world: World) -> list[str]:
    """Takes the plugin's functions out of the token's service; gives what was in it."""
    before = list(world.account.functions)
    world.account.functions = [name for name in before if not name.startswith("local_")]
    return before


# --- what is known ----------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), rounds=st.lists(st.integers(1, 12), min_size=1, max_size=3), data=st.data())
def test_after_any_changes_the_same_is_known_as_after_a_whole_reading(
    open_site: OpenSite, seed: int, rounds: list[int], data: st.DataObject
) -> None:
    rng = random.Random(seed)
    world = small_world(seed, companion=True, finals=seed % 3 == 0)
    assert world.companion is not None
    site = open_site(world)
    store = read_anew(site)
    for changes in rounds:
        for _ in range(changes):
            world.random_change(rng)
        settle(world)
        world.companion.max_rows = data.draw(st.sampled_from([1, 2, 5, 20000]), "rows a page")
        store.pull(site.connector())
        world.companion.max_rows = 20000
        anew = read_anew(site)
        assert facts(store, scopes_of(anew)) == facts(anew, scopes_of(anew))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_both_rungs_tell_the_same_but_for_what_the_core_does_not_know(open_site: OpenSite, seed: int) -> None:
    world = small_world(seed, companion=True)
    for _ in range(10):
        world.random_change(random.Random(seed))
    site = open_site(world)
    on_companion = read_anew(site)
    without_plugin(world)
    on_core = read_anew(site)
    ours, theirs = (facts(store, scopes_of(on_core)) for store in (on_companion, on_core))
    for place in ours.keys() | theirs.keys():
        if place not in theirs:  # a report without a learner shows no column
            assert place[1] == "grade_item"
            assert not world.learners(int(place[0].removeprefix("course/")))
            continue
        newly = NEWLY_KNOWN.get(place[1])
        for fields in (ours[place], theirs[place]):
            fields.pop(newly, None)
        assert ours[place] == theirs[place], place


def test_the_companion_tells_what_the_core_does_not(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    course = min(c for c in world.courses if c != 1 and world.learners(c))
    item = next(i for i in world.items_of[course] if i.module == "quiz")
    learner = world.learners(course)[0].user
    world.set_pass_mark(item.id, item.grademax / 2)
    world.override(item.id, learner, item.grademax)
    world.users[learner].middlename = "Примеровна"
    world.rename_learner(learner, "Примерова")
    settle(world)
    store.pull(fed.connector())
    told = store.facts()
    scope = f"course/{course}"
    assert told["site", "course", str(course)]["idnumber"] == world.courses[course].idnumber != ""
    assert told[scope, "learner", str(learner)]["middlename"] == "Примеровна"
    assert told[scope, "grade_item", str(item.id)]["gradepass"] == item.grademax / 2
    grade = world.grades[item.id][learner]
    assert told[scope, "grade_entry", f"{item.id}/{learner}"]["usermodified"] == grade.grader
    assert grade.grader not in (None, learner)


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_an_unchanged_site_costs_the_same_however_many_courses_it_has(fed: Site) -> None:
    def cost() -> Counter[str]:
        settle(fed.world)
        fed.server.forget_requests()
        store_of(fed).pull(fed.connector())
        assert store_of(fed).changed == []
        return Counter(request.function for request in fed.server.requests)

    few = cost()
    for number in range(12):
        course = fed.world.add_course(2, f"Ещё одна программа {number}", f"X{number}", f"PK-X-{number}")
        fed.world.enrol(course.id, min(fed.world.staff_ids()), ("student",))
    settle(fed.world)
    store_of(fed).pull(fed.connector())
    assert cost() == few
    assert sum(few.values()) == 11
    assert few["local_lmssync_changes"] == 5


def test_one_change_brings_its_own_records_only(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    course = min(c for c in world.courses if c != 1 and len(world.learners(c)) > 1)
    learner = next(e.user for e in world.learners(course) if not e.suspended)
    world.suspend_enrolment(course, learner)
    settle(world)
    store.pull(fed.connector())
    assert store.changed == [(f"course/{course}", "enrolment", f"{course}/{learner}")]
    assert store.live[store.changed[0]].fields["suspended"] is True


def test_attempts_that_go_and_people_who_go(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    quiz, first, second = next(
        (one.quiz, one, other)
        for one in world.attempts.values()
        for other in world.attempts.values()
        if one.quiz == other.quiz and one.user != other.user and not one.preview and not other.preview
    )
    scope = f"course/{world.quizzes[quiz].course}"
    world.delete_attempt(first.id)
    world.delete_learner(second.user)
    settle(world)
    store.pull(fed.connector())
    attempts = {key for where, kind, key in store.live if kind == "attempt"}
    enrolled = {record.fields["userid"] for (_, kind, _), record in store.live.items() if kind == "enrolment"}
    assert {str(first.id), str(second.id)} & attempts == set()
    assert second.user not in enrolled
    assert store.ends["attempts", scope].outcome is Outcome.CHANGES


def test_what_the_clock_changes_is_noticed_without_an_event(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    course = min(c for c in world.courses if c != 1)
    newcomer = world.add_random_learner(random.Random(1)).id
    world.enrol(course, newcomer, timestart=world.now + 3 * DAY)
    settle(world)
    store.pull(fed.connector())
    place = (f"course/{course}", "enrolment", f"{course}/{newcomer}")
    assert store.live[place].fields["suspended"] is True
    world.advance(3 * DAY)
    store.pull(fed.connector())
    assert store.live[place].fields["suspended"] is False


def test_who_ceases_to_learn_takes_the_grades_along_and_brings_them_back(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    plugin = world.companion
    assert plugin is not None
    course, item, learner = next(
        (row.course, item, user)
        for item, grades in world.grades.items()
        for user, grade in grades.items()
        if (row := world.grade_items[item]).itemtype != "course" and grade.final is not None
        and user in {enrolment.user for enrolment in world.learners(row.course)}
    )  # fmt: skip
    place = (f"course/{course}", "grade_entry", f"{item}/{learner}")
    known = store.live[place]
    for roles, is_there in ((["editingteacher"], False), (["student"], True)):
        world.enrolments[course][learner].roles = roles
        plugin.point("enrolments", 0, 0, course, learner)
        settle(world)
        store.pull(fed.connector())
        assert (place in store.live) is is_there
    assert store.live[place].fields == known.fields


def test_a_grade_that_holds_nothing_any_more_is_let_go_of(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    assert world.companion is not None
    scope, key = next(
        (scope, key)
        for (scope, kind, key), record in store.live.items()
        if kind == "grade_entry" and record.fields["graderaw"] is not None and not record.fields["hidden"]
        and not record.fields["locked"] and not record.fields["overridden"]
        and record.fields["item"]["itemtype"] != "course"
    )  # fmt: skip
    item, learner = map(int, key.split("/"))
    grade = world.grades[item][learner]
    grade.final, grade.feedback = None, ""
    world.companion.point("grades", grade.id, item, world.grade_items[item].course, learner)
    settle(world)
    store.pull(fed.connector())
    assert (scope, "grade_entry", key) not in store.live


def test_a_new_learner_has_an_empty_grade_in_a_hidden_column(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    course = min(c for c in world.courses if c != 1)
    item = next(i for i in world.items_of[course] if i.itemtype != "course")
    world.hide_item(item.id)
    settle(world)
    store.pull(fed.connector())
    newcomer = world.add_random_learner(random.Random(1)).id
    world.enrol(course, newcomer)
    settle(world)
    store.pull(fed.connector())
    told = store.live[f"course/{course}", "grade_entry", f"{item.id}/{newcomer}"].fields
    assert (told["graderaw"], told["hidden"]) == (None, True)


def test_a_total_grows_with_its_widest_grade(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    course = min(c for c in world.courses if c != 1)
    total = next(i for i in world.items_of[course] if i.itemtype == "course")
    place = (f"course/{course}", "grade_item", str(total.id))
    before = store.live[place].fields["grademax"]
    widest = next(world.grades[total.id][e.user] for e in world.learners(course) if e.user in world.grades[total.id])
    widest.grademax = before + 5
    world.companion.point("grades", widest.id, total.id, course, widest.user)  # type: ignore[union-attr]
    settle(world)
    store.pull(fed.connector())
    anew = read_anew(fed)
    assert store.ends["grades", place[0]].outcome is Outcome.CHANGES
    assert store.live[place].fields["grademax"] == anew.live[place].fields["grademax"] != before


def test_a_reset_course_is_read_whole_and_no_other(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    course = min(c for c in world.courses if c != 1)
    world.reset_course(course)
    settle(world)
    store.pull(fed.connector())
    whole = {
        key for (stream, key), end in store.ends.items() if stream == "attempts" and end.outcome is Outcome.COMPLETE
    }
    assert whole == {f"course/{course}"}
    anew = read_anew(fed)
    assert facts(store, scopes_of(anew)) == facts(anew, scopes_of(anew))


def test_a_row_that_is_kept_from_us_is_missed(fed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is listed and not told may be there: nothing is let go of, and the course is called partial."""
    named = Feed.named
    monkeypatch.setattr(Feed, "named", lambda feed, stream, ids: named(feed, stream, ids[1:]))
    known = store_of(fed).facts()
    store_of(fed).pull(fed.connector(), Mode.FULL)
    assert {end.outcome for (stream, _), end in store_of(fed).ends.items() if stream == "people"} == {Outcome.PARTIAL}
    assert store_of(fed).facts().keys() == known.keys()


def test_who_leaves_while_the_course_is_read_is_not_missed(fed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    world, store, named = fed.world, store_of(fed), Feed.named
    course = min(c for c in world.courses if c != 1)
    leaver = world.learners(course)[0].user

    def leaving(feed: Feed, stream: ObjectStream, ids: list[Any]) -> str:
        if stream.name == "enrolments" and leaver in world.enrolments[course]:
            world.unenrol(course, leaver)
        return named(feed, stream, ids)

    monkeypatch.setattr(Feed, "named", leaving)
    store.pull(fed.connector(), Mode.FULL)
    assert store.ends["people", f"course/{course}"].outcome is Outcome.COMPLETE
    assert (f"course/{course}", "enrolment", f"{course}/{leaver}") not in store.live


# --- cursors that lead nowhere ----------------------------------------------------------------------------------------


def test_a_restored_backup_is_told_once_and_read_whole(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    backup = world.back_up()
    settle(world)
    for _ in range(5):
        world.random_change(random.Random(4))
    settle(world)
    store.pull(fed.connector())
    world.restore(backup)
    settle(world)
    store.pull(fed.connector())
    assert Counter("backup" in told for told in store.findings)[True] == len({"people", "grades", "attempts"})
    anew = read_anew(fed)
    assert facts(store, scopes_of(anew)) == facts(anew, scopes_of(anew))


def test_a_cursor_older_than_the_notes_is_told_and_read_whole(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    assert world.companion is not None
    world.advance(world.companion.retention + DAY)
    settle(world)
    store.pull(fed.connector())
    assert any("older than the changes" in told for told in store.findings)
    assert {end.outcome for (stream, _), end in store.ends.items() if stream == "grades"} == {Outcome.COMPLETE}
    store.pull(fed.connector())
    assert {end.outcome for (stream, _), end in store.ends.items() if stream == "grades"} == {Outcome.CHANGES}


def test_a_cursor_that_the_plugin_does_not_take_is_told_and_read_whole(fed: Site) -> None:
    store = store_of(fed)
    store.cursors = {place: text.replace('"grades":"W', '"grades":"V') for place, text in store.cursors.items()}
    store.pull(fed.connector())
    assert any("does not know where the last reading ended" in told for told in store.findings)
    assert {end.outcome for (stream, _), end in store.ends.items() if stream == "grades"} == {Outcome.COMPLETE}
    assert store.changed == []


# --- the choice of the rung -------------------------------------------------------------------------------------------


def test_falling_and_climbing_make_no_new_versions(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    for enrolment in world.learners(min(c for c in world.courses if c != 1)):
        world.users[enrolment.user].middlename = "Примеровна"
        world.rename_learner(enrolment.user, f"Примерова-{enrolment.user}")
    settle(world)
    store.pull(fed.connector(), Mode.FULL)
    functions = without_plugin(world)
    for mode in (Mode.CHANGES, Mode.FULL, Mode.CHANGES):
        store.pull(fed.connector(), mode)
        assert store.changed == []
    world.account.functions = functions
    for mode in (Mode.CHANGES, Mode.FULL):
        store.pull(fed.connector(), mode)
        assert store.changed == []


def test_changes_made_while_the_plugin_was_away_are_found_when_it_is_back(fed: Site) -> None:
    world, store = fed.world, store_of(fed)
    functions = without_plugin(world)
    for seed in range(10):
        world.random_change(random.Random(seed))
    store.pull(fed.connector())
    world.account.functions = functions
    settle(world)
    store.pull(fed.connector())
    anew = read_anew(fed)
    assert facts(store, scopes_of(anew)) == facts(anew, scopes_of(anew))


def test_without_the_right_the_core_is_read_and_the_finding_says_so(fed: Site) -> None:
    assert fed.world.companion is not None
    fed.world.companion.capabilities.discard(READ)
    connector = fed.connector()
    scopes = connector.scopes("people")
    assert {scope.incremental for scope in scopes} == {None}
    store_of(fed).pull(connector)
    assert {end.outcome for end in store_of(fed).ends.values()} == {Outcome.COMPLETE}
    said = [finding for finding in fed.connector().check() if finding.subject == "companion"]
    assert len(said) == 1
    assert "local/lmssync:read" in said[0].message + said[0].remedy


def test_a_plugin_that_speaks_another_form_is_left_alone(fed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lms_sync.sandbox.functions.companion.API", 2)
    connector = fed.connector()
    assert {scope.incremental for scope in connector.scopes("people")} == {None}
    said = [finding for finding in fed.connector().check() if finding.subject == "companion"]
    assert ["form 2" in finding.message for finding in said] == [True]


def test_a_service_with_half_of_the_functions_is_told(fed: Site) -> None:
    fed.world.account.functions = [name for name in fed.world.account.functions if name != "local_lmssync_keys"]
    said = [finding for finding in fed.connector().check() if finding.subject == "companion"]
    assert ["local_lmssync_keys" in finding.message for finding in said] == [True]


def test_where_nothing_has_settled_yet_everything_is_read_whole_again(open_site: OpenSite) -> None:
    world = small_world(3)
    site = open_site(world)
    world.install_companion()
    store = read_anew(site)
    assert store.cursors == {}
    assert {end.outcome for end in store.ends.values()} == {Outcome.COMPLETE}
    settle(world)
    store.pull(site.connector())
    assert store.cursors.keys() >= {("grades", key) for stream, key in store.ends if stream == "grades"}


def test_the_site_is_what_the_companion_says_scope_by_scope(fed: Site) -> None:
    """A course that is not chosen is not read, whatever the site-wide feed tells of it."""
    world = fed.world
    chosen, other = sorted(c for c in world.courses if c != 1)[:2]
    store = CompanionStore()
    store.pull(fed.connector(include_courses=[chosen]))
    world.suspend_enrolment(other, next(e.user for e in world.learners(other) if not e.suspended))
    settle(world)
    store.pull(fed.connector(include_courses=[chosen]))
    assert store.changed == []
    assert Scope("people", f"course/{other}").key not in scopes_of(store)
