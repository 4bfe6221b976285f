"""The academy is believable, odd where real sites are odd, and the same for the same seed."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

from lms_sync.sandbox import academy, people_names
from lms_sync.sandbox.command import serve


def test_the_same_seed_makes_the_same_academy() -> None:
    one, two, other = academy(seed=3, learners=60), academy(seed=3, learners=60), academy(seed=4, learners=60)
    assert one.truth() == two.truth()
    assert one.token == two.token != other.token
    assert one.truth() != other.truth()


def test_it_has_as_many_learners_and_courses_as_asked_for() -> None:
    world = academy(learners=50, courses=10)
    assert len(world.courses) == 1 + 10 + 2
    assert len({e.user for c in world.courses if c != 1 for e in world.learners(c)}) >= 45


def test_every_odd_case_is_in_it() -> None:
    world = academy()
    truth = world.truth()
    names = Counter((facts.lastname, facts.firstname) for facts in truth.learners.values())
    assert max(names.values()) > 1, "twins"
    states = {(facts.state, facts.sumgrades is None) for facts in truth.attempts.values()}
    assert {("inprogress", True), ("overdue", True), ("abandoned", True), ("finished", True)} < states
    assert any(a.preview for a in world.attempts.values())
    assert any(world.users[a.user].deleted for a in world.attempts.values())
    assert any(facts.status == "suspended" for facts in truth.enrolments.values())
    assert any(user.suspended for user in world.users.values())
    for flag in ("overridden", "hidden", "locked"):
        assert any(getattr(facts, flag) for facts in truth.grades.values()), flag
    assert any(row.excluded for rows in world.grades.values() for row in rows.values())
    assert {len(scale.words) for scale in world.scales.values()} == {2, 4}
    assert {course for course in world.courses if not world.enrolments[course]} - {1}, "an empty course"
    hidden = [facts.fullname for facts in truth.courses.values() if not facts.visible]
    assert hidden == ["Скрытый курс & <архив>"]
    assert any(len(facts.categories) == 2 for facts in truth.courses.values())
    families = " ".join(facts.lastname for facts in truth.learners.values())
    assert "😀" in families and "-" in families and "'" in families
    assert any("оглы" in facts.firstname for facts in truth.learners.values())


def test_patronymics_stand_in_different_places() -> None:
    world = academy(learners=100)
    learners = [user for user in world.users.values() if user.username.startswith("student")]
    assert any(user.firstname.endswith(("вич", "вна")) for user in learners)
    assert any("patronymic" in user.customfields for user in learners)
    assert any(user.middlename for user in learners)


def check_digits_hold(snils: str) -> bool:
    digits = re.sub(r"\D", "", snils)
    weighted = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(9, 0, -1), strict=False))
    while weighted > 101:  # the rule as the Pension Fund words it
        weighted %= 101
    return len(digits) == 11 and (0 if weighted in (100, 101) else weighted) == int(digits[9:])


def test_insurance_numbers_check_out_but_for_a_few() -> None:
    numbers = [user.customfields["snils"] for user in academy().users.values() if "snils" in user.customfields]
    wrong = [number for number in numbers if not check_digits_hold(number)]
    assert len(numbers) > 250 and 1 <= len(wrong) <= 4


def test_the_known_insurance_number() -> None:
    assert people_names.format_snils("112233445", people_names.snils_check("112233445")) == "112-233-445 95"
    assert all(check_digits_hold(people_names.snils(random.Random(seed))) for seed in range(500))


@pytest.mark.parametrize("release", ["4.1", "4.5", "5.1"])
def test_every_course_answers_in_every_release(open_site: Callable[..., Any], release: str) -> None:
    world = academy(learners=30, release=release)
    site = open_site(world)
    for course in world.courses:
        for function in ("core_course_get_contents", "core_enrol_get_enrolled_users", "core_grades_get_gradeitems"):
            assert "errorcode" not in str(site.ask(function, courseid=course))[:200]
        assert "usergrades" in site.ask("gradereport_user_get_grade_items", courseid=course)
    quizzes = site.ask("mod_quiz_get_quizzes_by_courses", courseids=sorted(world.courses))["quizzes"]
    assert {quiz["id"] for quiz in quizzes} == set(world.quizzes)


SERVE = """
from lms_sync.sandbox.command import serve
serve(0, 2, 20, "4.5", ["wrong-clock"], lambda line: print(line, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("URL: ").strip()
        token = process.stdout.readline().removeprefix("Token: ").strip()
        process.stdout.readline()
        form = {"wstoken": token, "wsfunction": "core_webservice_get_site_info", "moodlewsrestformat": "json"}
        told = requests.post(f"{url}/webservice/rest/server.php", data=form, timeout=10).json()
        process.send_signal(number)
        rest = process.stdout.read()
    assert told["release"].startswith("4.5")
    assert (rest, process.returncode) == ("stopped\n", 0)


def test_the_command_names_an_unknown_fault() -> None:
    with pytest.raises(ValueError, match="earthquake"):
        serve(0, 1, 5, "5.1", ["earthquake"], lambda line: None)
