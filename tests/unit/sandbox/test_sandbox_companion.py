"""The companion of a sandbox site: its feed, its marks, its refusals, as docs/companion.md describes the plugin."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from lms_sync.sandbox import World, small_world
from lms_sync.sandbox.companion.plugin import DAY, READ, SEE_ANONYMOUS
from tests.unit.sandbox.conftest import Site
from tests.unit.sandbox.feed_reader import OBJECTS, FeedReader, ask

OpenSite = Callable[..., Site]
COLUMN = {"id": 0, "eventname": 1, "anonymous": 15, "other": 16, "timecreated": 17, "userdeleted": 21}


@pytest.fixture
def world() -> World:
    """A small world with the plugin, an hour after it was installed."""
    return small_world(4, companion=True)


@pytest.fixture
def site(world: World, open_site: OpenSite) -> Site:
    return open_site(world)


def settled(world: World) -> None:
    """Let everything settle, and whatever waits for its scheduled task happen and settle."""
    world.advance(3600)


def test_a_site_without_the_plugin_does_not_know_its_functions(open_site: OpenSite) -> None:
    site = open_site(small_world(4))
    assert ask(site, "handshake")["errorcode"] == "invalidrecordunknown"
    site.world.install_companion()
    assert ask(site, "handshake")["api"] == 1
    listed = site.ask("core_webservice_get_site_info")["functions"]
    assert {"name": "local_lmssync_changes", "version": "2026112203"} in listed
    site.world.remove_companion()
    assert ask(site, "handshake")["errorcode"] == "invalidrecordunknown"


def test_the_handshake_names_every_stream_with_the_columns_of_its_rows(world: World, site: Site) -> None:
    streams = {one["name"]: one for one in ask(site, "handshake")["streams"]}
    assert set(streams) == {*OBJECTS, "log", "grade_history"}
    for name, stream in streams.items():
        page = ask(site, "changes", stream=name)
        assert page["columns"] == stream["columns"]
        assert page["rows"] and {len(row) for row in page["rows"]} == {len(stream["columns"])}
        if stream["form"] == "objects":
            assert ask(site, "keys", stream=name)["columns"] == stream["key_columns"]


def test_a_stream_read_in_small_pages_is_the_stream_read_at_once(site: Site) -> None:
    for stream in (*OBJECTS, "log", "grade_history"):
        whole, piecemeal = FeedReader(site, stream), FeedReader(site, stream, limit=7)
        whole.read()
        piecemeal.read()
        own = {"local_lmssync_changes", "local_lmssync_handshake"}
        kept = {key: row for key, row in piecemeal.held.items() if key in whole.held or not own & {str(row[16:17])}}
        assert {key: kept[key] for key in whole.held} == whole.held


@pytest.mark.parametrize("seed", range(8))
def test_who_only_follows_changes_holds_what_a_fresh_reading_gives(seed: int, open_site: OpenSite) -> None:
    rng = random.Random(seed)
    site = open_site(small_world(seed, companion=True))
    settled(site.world)
    readers = [FeedReader(site, stream, limit=rng.choice([0, 0, 50])) for stream in OBJECTS]
    for _ in range(6):
        for reader in readers:
            reader.read()
        story = [site.world.random_change(rng) for _ in range(12)]
        if rng.random() < 0.3:
            site.world.advance(rng.randint(1, 200))
    settled(site.world)
    for reader in readers:
        reader.read()
        fresh = FeedReader(site, reader.stream)
        fresh.read()
        assert without_times(reader) == without_times(fresh), (reader.stream, story)


def without_times(reader: FeedReader) -> dict[Any, Any]:
    """What a reader holds, without what Moodle changes leaving no trace."""
    cut = {"grades": 16, "grade_items": 20}.get(reader.stream)  # how a grade counts in its total; places of columns
    return {key: row[:cut] for key, row in reader.held.items()}


def test_nothing_is_told_before_it_has_settled(world: World, site: Site) -> None:
    reader = FeedReader(site, "people")
    reader.read()
    person = world.add_user("new", "Анна", "Белова").id
    reader.read()
    assert (person,) not in reader.held
    world.advance(world.companion.lag if world.companion else 0)
    world.advance(60)
    reader.read()
    assert (person,) in reader.held


def test_a_new_installation_tells_nothing_in_its_first_minute(open_site: OpenSite) -> None:
    site = open_site(small_world(4))
    site.world.install_companion()
    page = ask(site, "changes", stream="people")
    assert (page["rows"], page["cursor"], page["settled_until"]) == ([], "", None)
    assert all(stream["cursor"] is None for stream in ask(site, "handshake")["streams"])


def test_the_handshakes_cursor_stands_where_the_settled_changes_end(world: World, site: Site) -> None:
    reader = FeedReader(site, "people")
    reader.cursor = next(one["cursor"] for one in ask(site, "handshake")["streams"] if one["name"] == "people")
    user = max(world.users)
    world.rename_learner(user, lastname="Новая")
    settled(world)
    reader.read()
    assert [row[0] for row in reader.told] == [user]


def test_a_row_committed_behind_higher_ones_is_never_missed(world: World, site: Site) -> None:
    course, user = next((c, u) for c, people in world.enrolments.items() for u in people)
    reader = FeedReader(site, "log")
    reader.read()
    world.visit(course, user, commits_in=600)
    hidden = world.log.newest_id(world.now) + 1
    world.visit(course, user)
    world.advance(300)
    reader.read()
    assert (hidden,) not in reader.held and (hidden + 1,) not in reader.held
    world.advance(400)
    reader.read()
    assert (hidden,) in reader.held and (hidden + 1,) in reader.held


def test_a_restored_backup_is_told_and_its_ids_are_used_again(world: World, site: Site) -> None:
    course, user = next((c, u) for c, people in world.enrolments.items() for u in people)
    backup = world.back_up()
    world.visit(course, user)
    lost = world.log.newest_id(world.now)
    settled(world)
    reader = FeedReader(site, "log")
    reader.read()
    undone = reader.held[(lost,)]
    world.restore(backup)
    world.advance(60)
    world.rename_course(course, "Другое")
    settled(world)
    reader.read()
    assert reader.lost == ["rewound"]
    assert reader.held[(lost,)] != undone
    assert any(row.id == lost and row.timecreated == undone[COLUMN["timecreated"]] for row in world.log.forgotten)


def test_a_plugin_that_was_installed_anew_does_not_know_old_cursors(world: World, site: Site) -> None:
    reader = FeedReader(site, "people")
    reader.read()
    world.remove_companion()
    world.install_companion()
    settled(world)
    reader.read()
    assert reader.lost == ["rewound"]


def test_a_cursor_older_than_what_is_kept_has_expired(world: World, site: Site) -> None:
    people, log = FeedReader(site, "people"), FeedReader(site, "log")
    people.read()
    log.read()
    world.advance(91 * DAY)
    people.read()
    log.read()
    assert (people.lost, log.lost) == (["expired"], ["expired"])
    log.read()
    world.log.lifetime_days = 30
    world.advance(31 * DAY)
    world.purge_log()
    log.read()
    assert log.lost == ["expired", "expired"]


def test_anonymous_events_are_withheld_and_counted(world: World, site: Site) -> None:
    assert world.companion is not None
    activity, user = next(iter(world.activities.values())), max(world.users)
    name = r"\mod_feedback\event\response_submitted"
    world.happen(name, activity=activity, about=1, user=user, anonymous=True)
    settled(world)
    reader = FeedReader(site, "log")
    reader.read()
    assert reader.withheld == 1 and not any(row[COLUMN["anonymous"]] for row in reader.told)
    world.companion.capabilities.add(SEE_ANONYMOUS)
    entitled = FeedReader(site, "log")
    entitled.read()
    assert entitled.withheld == 0 and any(row[COLUMN["anonymous"]] for row in entitled.told)


def test_the_log_can_be_read_from_a_time_on(world: World, site: Site) -> None:
    since = world.now - 10 * DAY
    world.visit(2, max(world.users))
    settled(world)
    page = ask(site, "changes", stream="log", since=since)
    told = [row[COLUMN["timecreated"]] for row in page["rows"]]
    assert told and min(told) >= since


def test_bulk_rows_are_told_as_written_rows_are_and_once_each(world: World, site: Site) -> None:
    before = world.log.newest_id(world.now)
    world.add_bulk_log(1000)
    world.visit(2, max(world.users))
    settled(world)
    reader = FeedReader(site, "log", limit=300)
    reader.read()
    ids = [row[0] for row in reader.told]
    assert ids == sorted(set(ids))
    assert set(range(before + 1, before + 1001)) <= set(ids)
    bulk = [row for row in reader.told if before < row[0] <= before + 1000]
    assert {len(row) for row in bulk} == {22}
    times = [row[COLUMN["timecreated"]] for row in bulk]
    assert times == sorted(times) and times[0] < times[-1] <= world.now


@pytest.mark.parametrize(
    "params",
    [
        {"stream": "teachers"},
        {"stream": "people", "limit": -1},
        {"stream": "people", "since": 5},
        {"stream": "log", "cursor": "a b"},
    ],
)
def test_what_cannot_be_meant_is_refused(params: dict[str, Any], site: Site) -> None:
    assert ask(site, "changes", **params)["errorcode"] == "invalidparameter"


def test_a_damaged_cursor_and_one_of_another_stream_are_refused(site: Site) -> None:
    cursor = ask(site, "changes", stream="people")["cursor"]
    assert ask(site, "changes", stream="grades", cursor=cursor)["errorcode"] == "invalidcursor"
    assert ask(site, "changes", stream="people", cursor=cursor[:-8])["errorcode"] == "invalidcursor"


def test_an_account_without_the_right_is_refused(world: World, site: Site) -> None:
    assert world.companion is not None
    world.companion.capabilities.discard(READ)
    for function, params in (("handshake", {}), ("changes", {"stream": "log"}), ("get_documents", {})):
        assert ask(site, function, **params)["errorcode"] == "nopermissions"


def test_keys_and_rows_tell_what_is_there(world: World, site: Site) -> None:
    course = min(course for course in world.courses if course > 1)
    keys = ask(site, "keys", stream="grades", courseid=course, limit=5)
    assert keys["more"] and keys["cursor"] == keys["rows"][-1][0]
    ids = [key[0] for key in keys["rows"]]
    rows = ask(site, "rows", stream="grades", ids=str([*ids, 10**6]))["rows"]
    assert [row[0] for row in rows] == ids
    user = world.learners(course)[0].user
    (row,) = ask(site, "rows", stream="enrolments", ids=f"[[{course},{user}],[{course},99999]]")["rows"]
    assert row[:2] == [course, user]
    assert ask(site, "rows", stream="log", ids="[1]")["errorcode"] == "invalidparameter"


def test_of_a_deleted_person_nothing_but_that_is_told(world: World, site: Site) -> None:
    user = next(one.user for course in world.courses for one in world.learners(course))
    world.delete_learner(user)
    settled(world)
    reader = FeedReader(site, "people")
    reader.read()
    row = reader.held[(user,)]
    assert row[1] == 1 and row[3:15] == [None] * 12


def test_a_grade_tells_its_grader_and_a_column_its_pass_mark(world: World, site: Site) -> None:
    item = next(item for item in world.grade_items.values() if item.itemtype == "manual")
    user = world.learners(item.course)[0].user
    world.set_pass_mark(item.id, Decimal(1))
    world.set_grade(item.id, user, Decimal(2))
    settled(world)
    grades, items = FeedReader(site, "grades"), FeedReader(site, "grade_items")
    grades.read()
    items.read()
    assert grades.held[item.id, user][13] == world.teacher_of(item.course)
    assert items.held[(item.id,)][11] == "1.00000"
