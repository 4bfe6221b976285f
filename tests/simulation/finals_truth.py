"""What the world's finals come to, worked out from the world alone, and how the official records differ from it.

An oracle: it shares no code with `lms_sync.registers`. Results are read as the ledger's plain values.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import select

from lms_sync.sandbox import Truth, World
from lms_sync.sandbox.finals import final_items
from lms_sync.sandbox.model import ATTEMPT_FIRST, GRADE_AVERAGE, GRADE_HIGHEST, GradeItem, Quiz
from lms_sync.sandbox.truth import AttemptFacts
from lms_sync.store.store import Store
from lms_sync.store.tables import learner
from tests.simulation.official import DRIFT, RESULT, Official

GONE, NOT_MARKED = "нет в СДО", "не проверено"
STANDING = ("open", "kept")

Said = str | tuple[Decimal, ...]
"""What a drift says of the LMS: a text, or where there are numbers in it, these."""


@dataclass(frozen=True)
class Finals:
    """The world's finals, the official records about them, and who is known to the store."""

    world: World
    truth: Truth
    official: Official
    known: set[str]
    counting: str  # of the academy's rules: as-lms, first, last or best

    @classmethod
    def of(cls, world: World, official: Official, store: Store, counting: str) -> Finals:
        """As they stand now."""
        with store.reading() as connection:
            known = set(connection.execute(select(learner.c.key)).scalars())
        return cls(world, world.truth(), official, known, counting)

    def problems(self) -> list[str]:
        """What the official records lack or say untruly, in words. Right only after a complete pull."""
        return [problem for item in self._items() for problem in (*self._lacking(item), *self._drift_problems(item))]

    def forgotten(self) -> list[str]:
        """Who stands in no protocol in force although nothing of theirs waits. Right after everything was closed."""
        listed = {(one["grade_item"], line["learner"]) for one in self.official.in_force for line in one["lines"]}
        standing = self._standing()
        by_person: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for result in self.official.of_kind(RESULT):
            by_person[result["grade_item"], result["learner"]].append(result)
        problems = []
        for (item, _), own in by_person.items():
            if int(item) not in self.world.grade_items:
                continue  # how its attempts were counted is gone with it
            counting = self._counting(own, self._quiz(item))
            if counting and _key(counting) not in standing:
                problems.append(f"result {_key(counting)} counts and stands in no protocol")
        for item in self._items():
            for enrolment in self.world.learners(item.course):
                if (str(item.id), str(enrolment.user)) not in listed and not self._waits(item, enrolment.user):
                    problems.append(f"learner {enrolment.user} stands in no protocol of item {item.id}")
        return problems

    # --- results ------------------------------------------------------------------------------------------------------

    def _items(self) -> list[GradeItem]:
        """The finals that a reader can see: only a learner's report tells of a course's grade items."""
        return [item for item in final_items(self.world) if (item.course, item.id) in self.truth.grade_items]

    def _standing(self) -> set[str]:
        return {line["result"] for one in self.official.in_force for line in one["lines"]}

    def _quiz(self, item: str) -> Quiz | None:
        found = self.world.grade_items.get(int(item))
        return self.world.quizzes.get(found.instance) if found and found.module == "quiz" and found.instance else None

    def _results(self, item: GradeItem) -> list[Any]:
        return [one for one in self.official.of_kind(RESULT) if one["grade_item"] == str(item.id)]

    def _attempts(self, quiz: Quiz | None, user: int | None = None) -> dict[int, AttemptFacts]:
        return {
            key: one
            for key, one in self.truth.attempts.items()
            if quiz and one.quiz == quiz.id and user in (None, one.user)
        }

    def _lacking(self, item: GradeItem) -> Iterator[str]:
        quiz, results = self._quiz(str(item.id)), self._results(item)
        made_of = {one["attempt"] for one in results if one["outcome"] != "withdrawn"}
        for key, attempt in self._attempts(quiz).items():
            marked = quiz is not None and self._grade_of(quiz, attempt) is not None
            if marked and str(attempt.user) in self.known and str(key) not in made_of:
                yield f"attempt {key} of learner {attempt.user}, item {item.id}, is marked and has no result"
        graded = {one["learner"] for one in results if _is_grade(one) and one["outcome"] != "withdrawn"}
        for (found, user), facts in self.truth.grades.items():
            alone = quiz is None or (facts.overridden and not self._attempts(quiz, user))
            if found == item.id and facts.grade is not None and alone and str(user) not in graded:
                yield f"the grade of learner {user} for item {item.id} has no result"

    def _grade_of(self, quiz: Quiz, attempt: AttemptFacts) -> Decimal | None:
        """The grade that counts as of an attempt, on the test's scale; None while it is not settled."""
        if attempt.state != "finished" or attempt.sumgrades is None:
            return None
        if not self._averages(quiz):
            return _rescaled(attempt.sumgrades, quiz)
        own = self._attempts(quiz, attempt.user).values()
        points = [one.sumgrades for one in own if one.state == "finished" and one.number <= attempt.number]
        marked = [one for one in points if one is not None]
        return _rescaled(sum(marked, Decimal(0)) / len(marked), quiz) if len(marked) == len(points) else None

    def _averages(self, quiz: Quiz) -> bool:
        return self.counting == "as-lms" and quiz.grademethod == GRADE_AVERAGE

    def _counting(self, own: list[Any], quiz: Quiz | None) -> Any:
        """Which of somebody's results counts; None when none can."""
        able = [one for one in own if not _made_at_closing(one) and one["outcome"] != "withdrawn"]
        able.sort(key=lambda one: (one["attempt_number"] or 0, one["occasion"]))
        if not able:
            return None
        method = self.counting if quiz else "last"
        if method == "as-lms" and quiz:
            method = {GRADE_HIGHEST: "best", ATTEMPT_FIRST: "first"}.get(quiz.grademethod, "last")
        if method == "best":
            return max(able, key=lambda one: Decimal(one["percent"] or -1))
        return able[0] if method == "first" else able[-1]

    def _waits(self, item: GradeItem, user: int) -> bool:
        quiz = self._quiz(str(item.id))
        return any(
            one.state in ("inprogress", "overdue") or (quiz and one.state == "finished")
            for one in self._attempts(quiz, user).values()
            if quiz and self._grade_of(quiz, one) is None and one.state != "abandoned"
        )

    # --- drift --------------------------------------------------------------------------------------------------------

    def _drift_problems(self, item: GradeItem) -> Iterator[str]:
        expected = {
            (_key(result), field): said
            for result in self._results(item)
            for field, said in (*self._of_person(result), *self._of_grade(item, result))
        }
        told = {
            (one["result"], one["field"]): one["current"]
            for one in self.official.of_kind(DRIFT)
            if one["grade_item"] == str(item.id) and one["state"] in STANDING
        }
        for key in expected.keys() | told.keys():
            if key not in told:
                yield f"{key}: the LMS says {expected[key]} and no drift tells so"
            elif key not in expected:
                yield f"{key}: drift says {told[key]!r}, but nothing differs"
            elif told[key] != expected[key] and _numbers(told[key]) != expected[key]:
                yield f"{key}: drift says {told[key]!r}, the LMS {expected[key]}"

    def _of_person(self, result: Any) -> Iterator[tuple[str, Said]]:
        person = self.truth.learners.get(int(result["learner"]))
        if person is None or (_made_at_closing(result) and _key(result) not in self._standing()):
            return
        names = [result[part] for part in ("last_name", "first_name", "middle_name") if result[part]]
        if " ".join(names) != f"{person.lastname} {person.firstname}":
            yield "name", f"{person.lastname} {person.firstname}"
        if result["idnumber"] != person.idnumber:
            yield "idnumber", person.idnumber

    def _of_grade(self, item: GradeItem, result: Any) -> Iterator[tuple[str, Said]]:
        if result["outcome"] == "withdrawn":
            return
        quiz = self._quiz(str(item.id))
        if result["attempt"] and quiz:
            yield from self._of_attempt(quiz, result)
            own = [one for one in self._results(item) if one["learner"] == result["learner"]]
            if _key(self._counting(own, quiz)) == _key(result):
                yield from self._written_over(item, result)
        elif _is_grade(result):
            yield from self._of_entry(item, result)

    def _of_attempt(self, quiz: Quiz, result: Any) -> Iterator[tuple[str, Said]]:
        attempt = self.truth.attempts.get(int(result["attempt"]))
        if attempt is None:
            yield "attempt", GONE
            return
        grade = self._grade_of(quiz, attempt)
        if grade is None:
            yield "grade", NOT_MARKED
            return
        assert attempt.sumgrades is not None
        now, frozen = [attempt.sumgrades, quiz.sumgrades], [result["points"], result["points_maximum"]]
        if result["grade_source"] == "attempt":
            now, frozen = [*now, grade, quiz.grade], [*frozen, result["grade"], result["grade_maximum"]]
        if now != [Decimal(one) for one in frozen]:
            yield "grade", tuple(now)

    def _written_over(self, item: GradeItem, result: Any) -> Iterator[tuple[str, Said]]:
        facts = self.truth.grades.get((item.id, int(result["learner"])))
        if facts is None or (not facts.overridden and result["grade_source"] == "attempt"):
            return
        if (facts.grade, item.grademax) != (_number(result["grade"]), _number(result["grade_maximum"])):
            yield "gradebook", tuple(one for one in (facts.grade, item.grademax) if one is not None)

    def _of_entry(self, item: GradeItem, result: Any) -> Iterator[tuple[str, Said]]:
        facts = self.truth.grades.get((item.id, int(result["learner"])))
        if facts is None:
            return  # who has left has no entry in the gradebook; their grade did not change
        if facts.grade is None:
            yield "attempt", GONE
        elif item.scale is not None:
            word = self.world.scales[item.scale].words[int(facts.grade) - 1]
            if word != result["word"]:
                yield "grade", word
        elif (facts.grade, item.grademax) != (_number(result["grade"]), _number(result["grade_maximum"])):
            yield "grade", (facts.grade, item.grademax)


def _key(result: Any) -> str:
    return "" if result is None else f"{result['grade_item']}/{result['learner']}/{result['occasion']}"


def _is_grade(result: Any) -> bool:
    """Whether it was made of a grade and not of an attempt, nor of there being none."""
    return not result["attempt"] and not _made_at_closing(result)


def _made_at_closing(result: Any) -> bool:
    return bool(result["occasion"].startswith("protocol "))


def _rescaled(points: Decimal, quiz: Quiz) -> Decimal:
    """As Moodle keeps it: rescaled, then rounded once to five places."""
    return (points * quiz.grade / quiz.sumgrades).quantize(Decimal("0.00001"), ROUND_HALF_UP)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _numbers(text: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, re.findall(r"-?\d+(?:\.\d+)?", text)))
