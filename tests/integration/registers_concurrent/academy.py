"""A store with several finals for several groups, as a pull would leave it, for processes that close them at once.

All in one course and one series of numbers. Of each group the first learner never came to any final.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.records import (
    Assessment,
    Attempt,
    AttemptState,
    AttestationKind,
    ControlForm,
    Course,
    Enrolment,
    EnrolmentStatus,
    GradeItem,
    Learner,
    ProgrammeKind,
    Record,
)
from lms_sync.registers.after_pull import record_results
from lms_sync.registers.sittings import SittingId
from lms_sync.store.store import Run, Store

SOURCE = "academy"
COURSE, SCOPE = "5", "course/5"
DAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
GROUPS = ("ОТ-1", "ОТ-2", "ОТ-3")
FINALS = {"7": "1", "8": "2", "9": "3"}  # grade item: quiz
GROUP_SIZE = 5
RULES = 'format = 1\n[protocols]\nnumber = "{year}/{number:03}"\nper_group = true\nclosing = "manual"\n'
SITTINGS = [SittingId(item, group) for item in FINALS for group in GROUPS]
LEARNERS = {
    str(100 * (place + 1) + number): group for place, group in enumerate(GROUPS) for number in range(GROUP_SIZE)
}


def mapping_with(rules: Path) -> Mapping:
    """The shipped mapping with the academy's own file over it."""
    return load_mapping("moodle", [rules], timezone="Europe/Moscow")


def fill(store: Store, mapping: Mapping) -> None:
    """Puts everything in, with an attempt of everybody but the first of each group, and records the results."""
    run = store.begin_run(SOURCE, "full", "puller", mapping.version)
    came = [learner for learner in LEARNERS if not learner.endswith("00")]
    put(store, run, _course_and_people())
    put(store, run, [attempt(learner, quiz) for quiz in FINALS.values() for learner in came])
    record_results(store, mapping, run)


def put(store: Store, run: Run, records: list[Record]) -> None:
    """One page of what the LMS says."""
    with store.page(run, "grades", SCOPE) as page:
        page.put([(record, None) for record in records])


def attempt(learner: str, quiz: str, points: int | None = None, number: int = 1) -> Attempt:
    """A finished attempt; its points follow from the learner unless they are given."""
    earned = Decimal(int(learner) % 11 if points is None else points)
    return Attempt(
        external_id=f"{quiz}{learner}{number}",
        course=COURSE,
        assessment=quiz,
        learner=learner,
        number=number,
        state=AttemptState.FINISHED,
        started_at=DAY + dt.timedelta(days=number),
        finished_at=DAY + dt.timedelta(days=number, minutes=20),
        points=earned,
        points_maximum=Decimal(10),
        grade=earned * 10,
        grade_maximum=Decimal(100),
    )


def _course_and_people() -> list[Record]:
    course = Course(
        external_id=COURSE, title="Охрана труда", short_name="ОТ", programme_kind=ProgrammeKind.ADVANCED_TRAINING
    )
    people: list[Record] = []
    for learner, group in LEARNERS.items():
        people.append(Learner(external_id=learner, last_name=f"Фамилия{learner}", first_name="Имя"))
        people.append(
            Enrolment(
                course=COURSE,
                learner=learner,
                status=EnrolmentStatus.ACTIVE,
                roles=["student"],
                is_learner=True,
                groups=[group],
            )
        )
    tests: list[Record] = []
    for item, quiz in FINALS.items():
        title = f"Итоговый тест {quiz}"
        tests.append(
            Assessment(
                external_id=quiz, course=COURSE, title=title, points_maximum=Decimal(10), grade_maximum=Decimal(100)
            )
        )
        tests.append(
            GradeItem(
                external_id=item,
                course=COURSE,
                title=title,
                item_type="mod",
                module="quiz",
                instance=quiz,
                attestation_kind=AttestationKind.FINAL,
                control_form=ControlForm.TEST,
                scale="hundred-point",
                minimum=Decimal(0),
                maximum=Decimal(100),
            )
        )
    return [course, *people, *tests]
