"""Scales: from points or words to a mark, by the version that was valid when the grade was given.

Owns fitting and applying a scale. Must not know grade items' rules or records. All arithmetic is exact: 59.99999 per
cent is below 60.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from lms_sync.exact import PLACES, exact_decimal
from lms_sync.mapping.layers import PlacedScale
from lms_sync.mapping.spec import ScaleVersion, WordStep
from lms_sync.mapping.text import fold

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
"""Wide enough for any product of two grades (20 digits each); never the caller's context, which may be narrower."""

_KEPT_VERDICTS = 4096


@dataclass(frozen=True)
class Verdict:
    """What a scale says about a grade; `code` and `problem` are set when it cannot say, or says with a doubt."""

    mark: int | None = None
    text: str = ""
    passed: bool | None = None
    why: str = ""
    code: str = ""
    problem: str = ""


class WordScale:
    """A version of a scale whose marks are words."""

    def __init__(self, spec: ScaleVersion) -> None:
        self.spec = spec
        self._index = {fold(word): index for index, step in enumerate(spec.words) for word in step.words}

    def knows(self, lowest: str, highest: str) -> bool:
        """Whether both ends of a scale of the LMS are words of this one."""
        return fold(lowest) in self._index and fold(highest) in self._index

    def step(self, word: str) -> WordStep | None:
        """The step that a word of the LMS means."""
        index = self._index.get(fold(word))
        return None if index is None else self.spec.words[index]

    def judge(self, word: str, position: int | None, count: int | None, ends: tuple[str, str]) -> Verdict:
        """The mark of a word. `position` of `count` is the number that the LMS gives with it, from 1."""
        if not word:
            return Verdict(code="word_missing", problem="the LMS gives a number on a scale of words but no word")
        step = self.step(word)
        if step is None:
            return Verdict(
                code="word_unknown",
                problem=f"scale {self.spec.name} does not know this word; add it to the scale's words in the mapping",
            )
        verdict = Verdict(step.mark, step.text, step.passed, "by the word")
        if position is None or count is None or self._agrees(word, position, count, ends):
            return verdict
        problem = "the number beside the word belongs to another word of the scale; compare the grade with the LMS"
        return Verdict(step.mark, step.text, step.passed, "by the word", "word_and_number_differ", problem)

    def _agrees(self, word: str, position: int, count: int, ends: tuple[str, str]) -> bool:
        index, lowest, highest = (self._index.get(fold(text)) for text in (word, *ends))
        if lowest is None or highest is None:
            return 1 <= position <= count
        if abs(highest - lowest) + 1 == count:  # the LMS's scale has exactly our steps between its ends
            return index == lowest + (position - 1 if highest >= lowest else 1 - position)
        at_ends = (position == 1) == (index == lowest) and (position == count) == (index == highest)
        return at_ends and 1 <= position <= count


class PercentScale:
    """A version of a scale whose marks are given for a share of the points."""

    def __init__(self, spec: ScaleVersion) -> None:
        self.spec = spec
        # Kept for a while: the same few grades come by the thousand.
        self._verdict = lru_cache(maxsize=_KEPT_VERDICTS)(self._verdict_on)

    def judge(self, raw: Decimal, minimum: Decimal | None, maximum: Decimal | None) -> Verdict:
        """The mark of a number of points between a minimum and a maximum; outside them it is the nearest step's."""
        return self._verdict(raw, minimum, maximum)

    def _verdict_on(self, raw: Decimal, minimum: Decimal | None, maximum: Decimal | None) -> Verdict:
        if minimum is None or maximum is None or maximum <= minimum:
            return Verdict(code="range_missing", problem="the item has no range of points to take a percentage of")
        reached = self.spec.thresholds[0]
        for step in self.spec.thresholds:
            if reaches(raw, minimum, maximum, step.from_percent):
                reached = step
        return Verdict(
            reached.mark, reached.text, reached.passed, f"from {percent_text(reached.from_percent)} % of the points"
        )


def percent_text(percent: Decimal) -> str:
    """The number as people write it: 60, not 6E+1."""
    return format(percent.normalize(), "f")


def reaches(raw: Decimal, minimum: Decimal, maximum: Decimal, percent: Decimal) -> bool:
    """Whether the points are at least so many per cent of the range. Exact: nothing is rounded."""
    hundredfold = EXACT.multiply(EXACT.subtract(raw, minimum), Decimal(100))
    return hundredfold >= EXACT.multiply(percent, EXACT.subtract(maximum, minimum))


def percent_of(raw: Decimal, minimum: Decimal | None, maximum: Decimal | None) -> Decimal | None:
    """The share of the range in per cent, to five places, half up. None without a range, or if it is huge."""
    if minimum is None or maximum is None or maximum <= minimum:
        return None
    hundredfold = EXACT.multiply(EXACT.subtract(raw, minimum), Decimal(100))
    try:
        quotient = EXACT.divide(hundredfold, EXACT.subtract(maximum, minimum))
        return exact_decimal(quotient.quantize(PLACES, context=EXACT))
    except (ValueError, ArithmeticError):
        return None


class Scale:
    """A scale with all its versions."""

    def __init__(self, name: str, versions: Sequence[ScaleVersion]) -> None:
        self.name = name
        ordered = sorted(versions, key=lambda version: version.valid_from or dt.date.min)
        self.versions = [WordScale(spec) if spec.words else PercentScale(spec) for spec in ordered]

    def version_on(self, day: dt.date | None) -> WordScale | PercentScale | None:
        """The version valid on a day: the latest one that had begun. Without a day, the latest version of all."""
        if day is None:
            return self.versions[-1]
        begun = [version for version in self.versions if (version.spec.valid_from or dt.date.min) <= day]
        return begun[-1] if begun else None

    def fits(self, *, is_scale: bool, lowest: str, highest: str) -> bool:
        """Whether the scale can judge an item: one in points, or one in words whose two ends it knows."""
        if not is_scale:
            return any(isinstance(version, PercentScale) for version in self.versions)
        return any(isinstance(version, WordScale) and version.knows(lowest, highest) for version in self.versions)


def scale_position(raw: Decimal | None) -> int | None:
    """The number of a word on the LMS's scale: an average is rounded half up, as the LMS does to choose the word."""
    return None if raw is None else int(raw.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=EXACT))


def compiled(scales: Mapping[str, Sequence[PlacedScale]]) -> dict[str, Scale]:
    """The scales of a mapping, ready for use, by name."""
    return {name: Scale(name, [placed.version for placed in versions]) for name, versions in scales.items()}
