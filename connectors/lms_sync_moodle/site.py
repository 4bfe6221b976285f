"""What one run has already learnt about a Moodle site, so that no stream asks twice.

Owns the memory of a run: who we are, courses and their categories, quizzes, lists of changes. Must not build records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lms_sync.connector import Scope
from lms_sync.errors import SourceGone, SourceRefused
from lms_sync_moodle import wire
from lms_sync_moodle.client import MoodleClient
from lms_sync_moodle.companion import Climbed, Companion, climb
from lms_sync_moodle.refusals import SITE_INFO
from lms_sync_moodle.settings import MoodleOptions

FRONT_PAGE = 1
"""Course 1 is the site's front page, never a course."""

COURSES_A_CALL = 50
"""Courses whose quizzes are asked for at once: some hundred kilobytes an answer."""

UPDATES_SLACK = 3600
"""Seconds: a list of changes that reaches back this much further still serves another stream of the same run."""

T = TypeVar("T")


@dataclass(frozen=True)
class Quizzes:
    """A course's quizzes, and whether Moodle let all of them be seen."""

    quizzes: tuple[wire.Quiz, ...]
    complete: bool = True


class MoodleSite:
    """One site for one run. Everything is asked for when it is first needed, and once."""

    def __init__(self, client: MoodleClient, options: MoodleOptions) -> None:
        self.client = client
        self.options = options
        self.listed: frozenset[int] = frozenset()
        """All courses that Moodle lists, chosen or not, once `courses` was asked."""
        self._info: wire.SiteInfo | None = None
        self._courses: dict[int, wire.Course] | None = None
        self._categories: dict[int, wire.Category] | None = None
        self._quizzes: dict[int, Quizzes] = {}
        self._updates: dict[int, tuple[int, wire.Updates]] = {}
        self._memory: dict[tuple[str, int], object] = {}
        self._climbed: Climbed | None = None

    def info(self) -> wire.SiteInfo:
        """Who the account is and what it may call. Raises SourceDenied when the token opens nothing."""
        if self._info is None:
            self._info = self.client.call(SITE_INFO, answer=wire.SiteInfo)
            self.client.functions = frozenset(function.name for function in self._info.functions)
        return self._info

    def companion(self) -> Companion | None:
        """The companion plugin, if the site has one that can be used. Raises what keeps the core from answering too."""
        return self.climbed().companion

    def climbed(self) -> Climbed:
        """The companion, or why a plugin that is there cannot be used. Asked once a run."""
        if self._climbed is None:
            self.info()
            self._climbed = climb(self.client)
        return self._climbed

    def courses(self) -> dict[int, wire.Course]:
        """The chosen courses by id."""
        if self._courses is None:
            self.info()
            answer = self.client.call("core_course_get_courses_by_field", answer=wire.Courses)
            found = [course for course in answer.courses if course.id != FRONT_PAGE]
            self.listed = frozenset(course.id for course in found)
            self._courses = {course.id: course for course in self._chosen(sorted(found, key=lambda one: one.id))}
        return self._courses

    def course(self, course_id: int) -> wire.Course:
        """A chosen course. Raises SourceGone when there is none of that id."""
        course = self.courses().get(course_id)
        if course is None:
            raise SourceGone(f"Course {course_id} is not among the courses that Moodle lists for this account.")
        return course

    def category_path(self, course: wire.Course) -> list[str]:
        """The names of the course's categories from the root down; only the last one when the tree is refused."""
        tree = self.categories()
        names = [tree[one].name for one in self._ancestry(course.categoryid) if one in tree]
        return names or ([course.categoryname] if course.categoryname else [])

    def categories(self) -> dict[int, wire.Category]:
        """All categories that the account may see; empty when it may see none."""
        if self._categories is None:
            try:
                found = self.client.call("core_course_get_categories", answer=list[wire.Category])
            except SourceRefused:
                found = []
            self._categories = {category.id: category for category in found}
        return self._categories

    def remember_quizzes(self) -> Iterator[tuple[list[wire.Quiz], int]]:
        """Reads the quizzes of all chosen courses, some courses at a time: the quizzes and the courses left out."""
        for ids in self.client.chunks(sorted(self.courses()), at_most=COURSES_A_CALL):
            yield self._ask_quizzes(ids)

    def quizzes(self, course_id: int) -> Quizzes:
        """The quizzes of one course; asking for the first one brings those of many others along."""
        if course_id not in self._quizzes:
            chunks = self.client.chunks(sorted(self.courses()), at_most=COURSES_A_CALL)
            self._ask_quizzes(next((ids for ids in chunks if course_id in ids), [course_id]))
        return self._quizzes[course_id]

    def updates(self, course_id: int, since: int) -> wire.Updates:
        """What changed in a course after `since`; or after a little earlier, if that was already asked for."""
        remembered = self._updates.get(course_id)
        if remembered and since - UPDATES_SLACK <= remembered[0] <= since:
            return remembered[1]
        answer = self.client.call(
            "core_course_get_updates_since", {"courseid": course_id, "since": since}, answer=wire.Updates
        )
        self._updates[course_id] = (since, answer)
        return answer

    def once(self, name: str, course_id: int, make: Callable[[], T]) -> T:
        """What `make` returned for this course when it was first asked in this run."""
        key = (name, course_id)
        if key not in self._memory:
            self._memory[key] = make()
        return self._memory[key]  # type: ignore[return-value]

    def recall(self, name: str, course_id: int) -> object | None:
        """What `once` keeps for this course, if it was asked in this run."""
        return self._memory.get((name, course_id))

    def started(self) -> int:
        """The server's clock at the first answer of the run: no cursor may pass it."""
        if self.client.started is None:
            self.info()
        return self.client.started or self.client.now()

    def _ask_quizzes(self, ids: Sequence[int]) -> tuple[list[wire.Quiz], int]:
        answer = self.client.call("mod_quiz_get_quizzes_by_courses", {"courseids": list(ids)}, answer=wire.Quizzes)
        left_out = {warning.itemid for warning in answer.warnings if warning.itemid in ids}
        for course_id in ids:
            of_course = tuple(quiz for quiz in answer.quizzes if quiz.course == course_id)
            self._quizzes[course_id] = Quizzes(of_course, complete=course_id not in left_out)
        return answer.quizzes, len(answer.warnings)

    def _chosen(self, courses: Sequence[wire.Course]) -> list[wire.Course]:
        options = self.options
        included = self._named_courses(options.include_courses, courses)
        excluded = self._named_courses(options.exclude_courses, courses)
        inside = self._named_categories(options.include_categories)
        outside = self._named_categories(options.exclude_categories)
        return [
            course
            for course in courses
            if (not options.include_courses or course.id in included)
            and course.id not in excluded
            and (not options.include_categories or inside & set(self._ancestry(course.categoryid)))
            and not (outside and outside & set(self._ancestry(course.categoryid)))
        ]

    def _named_courses(self, names: Sequence[int | str], courses: Sequence[wire.Course]) -> set[int]:
        """The ids that a list of the options means. An idnumber that the course list hides is asked for by itself."""
        found: set[int] = set()
        for name in names:
            if isinstance(name, int):
                found.add(name)
                continue
            listed = {course.id for course in courses if name in (course.idnumber, course.shortname)}
            found |= listed or self._courses_by_idnumber(name)
        return found

    def _courses_by_idnumber(self, idnumber: str) -> set[int]:
        params = {"field": "idnumber", "value": idnumber}
        answer = self.client.call("core_course_get_courses_by_field", params, answer=wire.Courses)
        return {course.id for course in answer.courses}

    def _named_categories(self, names: Sequence[int | str]) -> set[int]:
        if not names:
            return set()
        return {
            category.id
            for category in self.categories().values()
            if category.id in names or category.name in names or (category.idnumber and category.idnumber in names)
        }

    def _ancestry(self, category_id: int) -> list[int]:
        """The category's ids from the root down to itself."""
        category = self.categories().get(category_id)
        if category is None:
            return [category_id]
        return [int(part) for part in category.path.split("/") if part.isdigit()] or [category_id]


def course_of(scope: Scope) -> int:
    """The course id in a scope's key, `course/5`."""
    return int(scope.key.removeprefix("course/"))
