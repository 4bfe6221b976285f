"""A patient reader over HTTP ends in the world's truth, whatever has happened to the world."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from lms_sync.sandbox import Truth, World, academy, reference_world, small_world
from lms_sync.sandbox.truth import AttemptFacts, CourseFacts, EnrolmentFacts, GradeFacts, ItemFacts, LearnerFacts

USERFIELDS = "id,username,firstname,lastname,email,idnumber,customfields,groups,roles"


def decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


class Reader:
    """Reads a whole site the slow way: every course, everybody's report, everybody's attempts."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.truth = Truth()

    def read(self) -> Truth:
        categories = {c["id"]: c for c in self.site.ask("core_course_get_categories")}
        for course in self.site.ask("core_course_get_courses_by_field")["courses"]:
            if course["id"] == 1:
                continue
            self.read_course(course, categories)
        return self.truth

    def read_course(self, course: dict[str, Any], categories: dict[int, Any]) -> None:
        path = categories[course["categoryid"]]["path"].split("/")[1:]
        names = tuple(categories[int(part)]["name"] for part in path)
        people = self.enrolled(course["id"], userfields=USERFIELDS)
        suspended = {person["id"] for person in self.enrolled(course["id"], userfields="id", onlysuspended=1)}
        learners = []
        for person in people:
            roles = tuple(role["shortname"] for role in person["roles"])
            groups = tuple(sorted(group["name"] for group in person.get("groups", [])))
            status = "suspended" if person["id"] in suspended else "active"
            self.truth.enrolments[course["id"], person["id"]] = EnrolmentFacts(status, roles, groups)
            if "student" in roles:
                learners.append(person["id"])
                fields = tuple(sorted((f["shortname"], f["value"]) for f in person.get("customfields", [])))
                self.truth.learners[person["id"]] = LearnerFacts(
                    person["lastname"], person["firstname"], person["email"], person.get("idnumber", ""), fields
                )
        idnumber = self.read_grades(course["id"], learners, suspended)
        self.truth.courses[course["id"]] = CourseFacts(
            course["fullname"], course["shortname"], idnumber, names, bool(course["visible"])
        )
        self.read_attempts(course["id"])

    def enrolled(self, course: int, **options: Any) -> list[dict[str, Any]]:
        listed = [{"name": name, "value": value} for name, value in options.items()]
        return self.site.ask("core_enrol_get_enrolled_users", courseid=course, options=listed)

    def read_grades(self, course: int, learners: list[int], suspended: set[int]) -> str:
        reports = self.site.ask("gradereport_user_get_grade_items", courseid=course)["usergrades"]
        for user in learners:
            if user in suspended:
                report = self.site.ask("gradereport_user_get_grade_items", courseid=course, userid=user)
                reports += report["usergrades"]
        idnumber = ""
        for report in reports:
            idnumber = report["courseidnumber"]
            for line in report["gradeitems"]:
                self.read_line(course, report["userid"], line)
        return idnumber

    def read_line(self, course: int, user: int, line: dict[str, Any]) -> None:
        if line["itemtype"] == "course":  # a graded learner's total has a range of its own
            line["grademax"] = self.site.world.grade_items[line["id"]].grademax
        low, high = decimal(line["grademin"]), decimal(line["grademax"])
        assert low is not None and high is not None
        self.truth.grade_items[course, line["id"]] = ItemFacts(
            line["itemname"], line["itemtype"], line["itemmodule"], low, high
        )
        self.truth.grades[line["id"], user] = GradeFacts(
            decimal(line["graderaw"]), line["gradeisoverridden"], line["gradeishidden"], line["gradeislocked"]
        )

    def read_attempts(self, course: int) -> None:
        feed = self.site.ask("core_course_get_updates_since", courseid=course, since=0)
        for instance in feed["instances"]:
            for update in instance["updates"]:
                if update["name"] == "userattempts":
                    for attempt in update["itemids"]:
                        self.read_attempt(attempt)

    def read_attempt(self, attempt: int) -> None:
        told = self.site.ask("mod_quiz_get_attempt_review", attemptid=attempt)["attempt"]
        gone = self.site.ask("core_user_get_users_by_field", field="id", values=[told["userid"]])[0]
        if not told["preview"] and "@" in gone["email"]:  # a deleted account's address is a digest
            self.truth.attempts[attempt] = AttemptFacts(
                told["quiz"],
                told["userid"],
                told["attempt"],
                told["state"],
                decimal(told["sumgrades"]),
                told["timestart"],
                told["timefinish"],
            )


def assert_same(read: Truth, truth: Truth) -> None:
    for name in ("courses", "learners", "enrolments", "grade_items", "grades", "attempts"):
        assert getattr(read, name) == getattr(truth, name), name


@pytest.mark.parametrize("seed", range(25))
def test_random_changes_are_all_to_be_seen(open_site: Callable[..., Any], seed: int) -> None:
    world, rng = small_world(seed), random.Random(seed)
    site = open_site(world)
    before = world.truth()
    assert_same(Reader(site).read(), before)
    for _ in range(40):
        world.random_change(rng)
    assert world.truth() != before
    assert_same(Reader(site).read(), world.truth())


@pytest.mark.parametrize("release", ["4.1", "4.5", "5.1"])
def test_an_academy_can_be_read_whole(open_site: Callable[..., Any], release: str) -> None:
    world = academy(seed=7, learners=40, courses=3, release=release)
    assert_same(Reader(open_site(world)).read(), world.truth())


def test_the_reference_world_can_be_read_whole(open_site: Callable[..., Any]) -> None:
    world = reference_world()
    assert_same(Reader(open_site(world)).read(), world.truth())


def test_a_world_is_the_same_for_the_same_seed() -> None:
    def lived(seed: int) -> tuple[list[str], World]:
        world, rng = small_world(seed), random.Random(seed)
        return [world.random_change(rng) for _ in range(100)], world

    changes, world = lived(11)
    again, twin = lived(11)
    assert changes == again
    assert world.truth() == twin.truth()
    assert lived(12)[1].truth() != world.truth()


def test_every_kind_of_change_happens() -> None:
    from lms_sync.sandbox import random_changes

    happened: set[str] = set()
    kinds = {change.__name__ for change, _ in random_changes._CHANGES}
    for seed in range(40):
        world, rng = small_world(seed), random.Random(seed)
        for _ in range(60):
            for change, _weight in rng.sample(random_changes._CHANGES, 3):
                if change(world, rng) is not None:
                    happened.add(change.__name__)
    assert happened == kinds


def test_descriptions_name_nobody() -> None:
    world, rng = small_world(5), random.Random(5)
    for _ in range(300):
        told = world.random_change(rng)
        assert not any(
            word in told for user in world.users.values() for word in (user.lastname, user.email) if word.strip()
        )
