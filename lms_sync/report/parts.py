"""What the reports on studies share: columns by key, the words for a standing, and the levels of a scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lms_sync.collation import sort_key
from lms_sync.records import ResultOutcome
from lms_sync.report.captions import caption as any_caption
from lms_sync.report.captions import short_caption, value_caption
from lms_sync.report.interface import Column, Value
from lms_sync.report.phrases import CREDITED, MARK_WORDS, NOT_CREDITED, UNMARKED, group_words, titled
from lms_sync.report.standing import Standing, Standings
from lms_sync.store.study import Item, Study


def caption(key: str) -> str:
    """The caption of a field in the reports on studies."""
    return any_caption(f"study.{key}")


def text_column(key: str) -> Column:
    """A column of texts or days."""
    return Column(key, caption(key))


def number_column(key: str) -> Column:
    """A column of numbers."""
    return Column(key, caption(key), numeric=True)


def detail_column(key: str, *, numeric: bool = False) -> Column:
    """A column for programs."""
    return Column(key, caption(key), numeric, detail=True)


def item_column(standings: Standings, item: Item, *, with_course: bool) -> Column:
    """The column of an item: its title, with the course's where several courses stand side by side."""
    title = f"{standings.course_title(item.course)}: {item.title}" if with_course else item.title
    return Column(f"item_{item.key}", title, numeric=True)


def mark_cell(standing: Standing) -> Value:
    """The mark in figures, else in words, else the points; an absence in short."""
    if not standing.took_part:
        return short_caption(standing.outcome)
    return standing.mark if standing.mark is not None else standing.mark_text or standing.points


def mark_words(standing: Standing) -> str:
    """The mark as forms write it, «5 (отлично)»; an absence in words; empty where the scale gives none."""
    if not standing.took_part:
        return value_caption(standing.outcome)
    if standing.mark is None or standing.mark_text == str(standing.mark):
        return standing.mark_text
    return f"{standing.mark} ({standing.mark_text})" if standing.mark_text else str(standing.mark)


@dataclass(frozen=True, order=True)
class Level:
    """A level of a scale, best first. `key` names it for programs."""

    order: tuple[object, ...]
    key: str = field(compare=False)
    words: str = field(compare=False)


def level_of(standing: Standing) -> Level:
    """The level that a grade reached; marks in figures are one level whatever their wording."""
    if standing.mark is not None:
        word = MARK_WORDS.get(standing.mark)
        words = f"{standing.mark} ({word})" if word else str(standing.mark)
        return Level((0, -standing.mark), f"level_{standing.mark}", words)
    if standing.mark_text == CREDITED:
        return Level((1, 0), "level_credited", CREDITED)
    if standing.mark_text == NOT_CREDITED:
        return Level((1, 1), "level_not_credited", NOT_CREDITED)
    if standing.mark_text:
        return Level((2, sort_key(standing.mark_text)), f"level_{standing.mark_text}", standing.mark_text)
    return Level((3,), "level_unmarked", UNMARKED)


def levels(standings: Iterable[Standing]) -> Counter[Level]:
    """How many of those who took part reached each level."""
    return Counter(level_of(one) for one in standings if one.took_part)


def absences(standings: Iterable[Standing]) -> Counter[ResultOutcome]:
    """How many did not take part, by what became of them."""
    return Counter(one.outcome for one in standings if not one.took_part)


def scope_title(title: str, study: Study, found: Standings) -> str:
    """A report's title with the course and the group it is of."""
    course = found.course_title(study.scope.course) if study.scope.course is not None else ""
    learner = found.members[0].name if study.scope.learner is not None and found.members else ""
    return titled(title, course, group_words(study.scope.group), learner)


def marks_of(results: Sequence[Standing]) -> list[int]:
    """The marks in figures."""
    return [one.mark for one in results if one.mark is not None]
