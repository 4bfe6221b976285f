"""The action journal through the companion plugin, read from the sandbox over real HTTP, and compared with its log."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from lms_sync.connector import Event, Mode, Outcome, Page
from lms_sync.sandbox import World, small_world
from lms_sync.sandbox.companion.plugin import SEE_ANONYMOUS
from lms_sync.sandbox.traffic import odd_event, study
from lms_sync.sandbox.truth import LogFacts, log_facts
from tests.contract.moodle.moodle_memory import end_of
from tests.contract.moodle.moodle_site import Site

DAY = 86_400
SETTLES = 600
"""Seconds after which everything that was written has settled."""


@pytest.fixture
def world() -> World:
    return small_world(3, companion=True)


@pytest.fixture
def site(open_site: Any, world: World) -> Site:
    made: Site = open_site(world)
    return made


class Log:
    """What was read from a site's log in all readings together."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.events: dict[tuple[int | str, int], Event] = {}
        self.left_out: Counter[str] = Counter()

    def read(self, mode: Mode = Mode.CHANGES, **options: Any) -> list[Page]:
        connector = self.site.connector(**options)
        [scope] = connector.scopes("actions")
        pages = self.site.memory.read(connector, scope, mode)
        for page in pages:
            assert page.events
            self.events |= {(event.id, event.time): event for event in page.events.rows}
            self.left_out.update(page.events.left_out)
        return pages

    def facts(self) -> list[LogFacts]:
        """What was read in the sandbox's words."""
        return [
            LogFacts(
                id=int(one.id), time=one.time, eventname=one.name, userid=int(one.person or 0),
                relateduserid=none(one.related_person), realuserid=none(one.real_person), courseid=none(one.course),
                cmid=none(one.activity), objecttable=one.object_type, objectid=none(one.object_id), crud=one.crud or "",
                origin=one.origin or "", anonymous=bool(one.anonymous),
            )
            for _, one in sorted(self.events.items())
        ]  # fmt: skip


def none(value: int | str | None) -> int | None:
    return None if value is None else int(value)


def somebodys(facts: list[LogFacts]) -> list[LogFacts]:
    """The facts with ids below one as nobody's, as the connector tells them."""
    return sorted(
        one._replace(
            userid=max(one.userid, 0), relateduserid=one.relateduserid if (one.relateduserid or 0) > 0 else None
        )
        for one in facts
    )


def let_happen(world: World, seed: int, times: int) -> None:
    rng = random.Random(seed)
    for _ in range(times):
        course = rng.choice(sorted(world.truth().courses))
        learner = rng.choice(sorted(user for user, one in world.enrolments[course].items() if "student" in one.roles))
        if rng.random() < 0.4:
            odd_event(world, rng, course, learner)
        else:
            study(world, rng, course, learner)
        world.advance(rng.randint(1, 90))


@pytest.mark.parametrize("page", [10, 37, 10_000])
def test_every_row_of_the_log_arrives_and_is_what_it_is(site: Site, page: int) -> None:
    log = Log(site)
    let_happen(site.world, 1, 30)
    site.world.advance(SETTLES)
    pages = log.read(Mode.FULL, log_page=page)
    assert end_of(pages).outcome is Outcome.COMPLETE
    assert somebodys(log.facts()) == somebodys(site.world.truth().log)
    assert end_of(pages).received == len(log.events)


@pytest.mark.parametrize("seed", range(4))
def test_what_comes_late_and_out_of_order_is_told_once_it_has_settled(site: Site, seed: int) -> None:
    log, world = Log(site), site.world
    log.read(Mode.FULL, log_page=25)
    for turn in range(5):
        let_happen(world, 10 * seed + turn, 12)
        assert end_of(log.read(log_page=25)).outcome is Outcome.CHANGES
    world.advance(DAY)
    log.read()
    assert somebodys(log.facts()) == somebodys(world.truth().log)


def test_a_quiet_pull_costs_three_requests_for_the_whole_site(site: Site) -> None:
    log = Log(site)
    site.world.advance(SETTLES)
    log.read(Mode.FULL)
    site.world.advance(SETTLES)
    site.server.forget_requests()
    log.read()
    assert [request.function for request in site.server.requests] == [
        "core_webservice_get_site_info",
        "local_lmssync_handshake",
        "local_lmssync_changes",
    ]


def test_our_own_polling_is_left_out_and_counted(site: Site) -> None:
    log = Log(site)
    site.world.advance(SETTLES)
    log.read(Mode.FULL)
    before = len(log.events)
    for _ in range(3):
        site.world.advance(SETTLES)
        log.read()
    assert len(log.events) == before
    assert log.left_out["own_polling"] == 3 * 3


def test_anonymous_rows_come_only_where_the_account_may_see_them(site: Site) -> None:
    world = site.world
    let_happen(world, 5, 60)
    world.advance(SETTLES)
    anonymous = sum(bool(row.anonymous) for row in world.log.rows(world.now))
    assert anonymous
    log = Log(site)
    log.read(Mode.FULL)
    assert log.left_out["withheld"] == anonymous
    assert world.companion
    world.companion.capabilities.add(SEE_ANONYMOUS)
    seeing = Log(site)
    seeing.read(Mode.FULL)
    assert sum(bool(event.anonymous) for event in seeing.events.values()) == anonymous


def test_after_a_restore_everything_that_the_site_now_has_is_there(site: Site) -> None:
    log, world = Log(site), site.world
    world.advance(SETTLES)
    backup = world.back_up()
    let_happen(world, 6, 20)
    world.advance(SETTLES)
    log.read(Mode.FULL)
    world.restore(backup)
    let_happen(world, 7, 20)
    world.advance(SETTLES)
    pages = log.read()
    assert [one for page in pages for one in page.findings if "restored from a backup" in one.message]
    assert set(somebodys(world.truth().log)) <= set(somebodys(log.facts()))
    assert set(somebodys(log.facts())) <= set(somebodys(world.truth().log)) | set(somebodys(forgotten(world)))


def forgotten(world: World) -> list[LogFacts]:
    """The rows that a restored backup has undone."""
    return [log_facts(row) for row in world.log.forgotten]


def test_what_moodle_deletes_from_its_log_stays(site: Site) -> None:
    log, world = Log(site), site.world
    world.advance(SETTLES)
    log.read(Mode.FULL)
    before = dict(log.events)
    world.log.lifetime_days = 30
    world.advance(20 * DAY)
    assert world.purge_log()
    pages = log.read()
    assert end_of(pages).outcome is Outcome.CHANGES
    assert [one for page in pages for one in page.findings if "forgets its log" in one.message]
    assert before.items() <= log.events.items()


def test_the_rung_follows_the_plugin(site: Site) -> None:
    assert [scope.key for scope in site.connector().scopes("actions")] == ["site"]
    site.world.remove_companion()
    courses = [f"course/{one}" for one in sorted(site.world.truth().courses)]
    assert [scope.key for scope in site.connector().scopes("actions")] == courses
    site.world.install_companion()
    site.world.log.enabled = False
    assert [scope.key for scope in site.connector().scopes("actions")] == ["site", *courses]


def test_a_plugin_that_was_installed_anew_knows_no_cursor_of_the_one_before(site: Site) -> None:
    log, world = Log(site), site.world
    world.advance(SETTLES)
    log.read(Mode.FULL)
    world.remove_companion()
    let_happen(world, 8, 10)
    world.install_companion()
    for _ in range(2):
        world.advance(SETTLES)
        log.read()
    assert somebodys(log.facts()) == somebodys(world.truth().log)


def test_only_the_chosen_courses_rows_are_kept_and_all_that_is_outside_of_courses(site: Site) -> None:
    world = site.world
    first, *others = sorted(world.truth().courses)
    let_happen(world, 9, 30)
    world.advance(SETTLES)
    log = Log(site)
    log.read(Mode.FULL, include_courses=[first])
    truth = world.truth().log
    assert somebodys(log.facts()) == somebodys([one for one in truth if one.courseid not in others])
    assert log.left_out["other_courses"] == sum(one.courseid in others for one in truth)
