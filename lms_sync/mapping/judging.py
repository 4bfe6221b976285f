"""What a grade comes to in a protocol: by a scale, by a pass mark, or by both where they agree.

Owns the order in which scales are asked and the refusal to judge where the answer would be a guess. Must not know how
a rule is found, nor results or protocols.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from lms_sync.mapping.attestation_spec import ProtocolRule
from lms_sync.mapping.scales import PercentScale, Scale, Verdict, WordScale, percent_of, reaches, scale_position
from lms_sync.records import GradeItem

PASSED, NOT_PASSED = "зачтено", "не зачтено"
"""The mark of a grade that only a pass mark judges."""


@dataclass(frozen=True)
class Judgement:
    """What a grade comes to. With a `problem` (one sentence) it cannot be made official; what is known is given still.

    `percent` is of the range from minimum to maximum, to five places, half up; None without a range and for words,
    whose number is a place on a scale and no share of anything. Whether it passes is found before any rounding.
    """

    mark: int | None = None
    mark_text: str = ""
    passed: bool | None = None
    percent: Decimal | None = None
    scale: str = ""
    scale_version: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Given:
    """A grade as the LMS gives it: the number, its range, the word beside it; and the day (site's zone) it is from."""

    raw: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    word: str
    day: dt.date | None

    def reaches(self, percent: Decimal) -> bool | None:
        """Whether so many per cent of the range are reached; None without points or a range."""
        if self.raw is None or self.minimum is None or self.maximum is None or self.maximum <= self.minimum:
            return None
        return reaches(self.raw, self.minimum, self.maximum, percent)


def scale_for(item: GradeItem, rule: ProtocolRule | None, scales: Mapping[str, Scale]) -> Scale | None:
    """The first of the rule's scales that fits the item, else the one that the item's own rule chose.

    None: the rule wants none (`scales = []`), or none fits.
    """
    named = rule.scales if rule else None
    if named == []:
        return None
    for name in [*(named or []), item.scale]:
        scale = scales.get(name)
        if scale and scale.fits(is_scale=is_in_words(item), lowest=item.scale_lowest, highest=item.scale_highest):
            return scale
    return None


def judged(item: GradeItem, rule: ProtocolRule | None, scales: Mapping[str, Scale], given: Given) -> Judgement:
    """What the grade comes to in the item, by the scale for it and the rule's pass mark."""
    if given.raw is None and not given.word:
        return Judgement(problem="there is no grade to judge")
    in_words = is_in_words(item)
    percent = None if given.raw is None or in_words else percent_of(given.raw, given.minimum, given.maximum)
    by_mark = None if in_words or rule is None or rule.pass_percent is None else given.reaches(rule.pass_percent)
    scale = scale_for(item, rule, scales)
    if scale is None:
        return _without_scale(percent, by_mark, _why_without(item, rule, scales))
    version = scale.version_on(given.day)
    if version is None:
        return Judgement(percent=percent, problem=f"scale {scale.name} has no version for the day of this grade")
    verdict = _verdict(version, item, given)
    passed = by_mark if verdict.passed is None else verdict.passed
    problem = verdict.problem if not verdict.text else _doubt(version, rule, passed, by_mark)
    return Judgement(verdict.mark, verdict.text, passed, percent, scale.name, version.spec.version, problem)


def is_in_words(item: GradeItem) -> bool:
    """Whether the LMS grades the item by the words of a scale."""
    return bool(item.scale_highest)


def _verdict(version: PercentScale | WordScale, item: GradeItem, given: Given) -> Verdict:
    if isinstance(version, WordScale):
        ends = (item.scale_lowest, item.scale_highest)
        return version.judge(given.word, scale_position(given.raw), scale_position(given.maximum), ends)
    if given.raw is None:
        return Verdict(problem="the LMS gives a word for an item in points")
    return version.judge(given.raw, given.minimum, given.maximum)


def _doubt(
    version: PercentScale | WordScale, rule: ProtocolRule | None, passed: bool | None, by_mark: bool | None
) -> str:
    label = f"scale {version.spec.name} {version.spec.version}"
    if passed is None:
        return f"{label} does not say whether this mark passes; write `passed` into its steps"
    if rule is not None and by_mark is not None and by_mark != passed:
        return f"{label} and pass_percent of rule {rule.name} disagree about this grade; bring them into line"
    return ""


def _without_scale(percent: Decimal | None, by_mark: bool | None, why: str) -> Judgement:
    if by_mark is None or why:
        return Judgement(percent=percent, problem=why or "the item has no range of points to take a percentage of")
    return Judgement(mark_text=PASSED if by_mark else NOT_PASSED, passed=by_mark, percent=percent)


def _why_without(item: GradeItem, rule: ProtocolRule | None, scales: Mapping[str, Scale]) -> str:
    """Why nothing can judge the item without a scale; "" when a pass mark can."""
    wants_none = rule is not None and rule.scales == []
    if item.scale and item.scale not in scales and not wants_none:
        return f"the mapping no longer has the scale {item.scale} of this item; pull the course again"
    if is_in_words(item):
        return "no scale of the mapping knows this item's words; add one with them"
    if rule is None or rule.pass_percent is None:
        return "the item has no scale and its [[attestation]] rule no pass_percent; write either into the mapping"
    return ""
