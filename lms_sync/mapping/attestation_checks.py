"""What only all tables together can show to be wrong with the rules about final attestation.

Owns these errors and the question which scales of points may judge what a rule fits. Must not know how a rule is
applied. A contradiction is an error where it is certain; `attestation_lint` tells of those that are only possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from lms_sync.errors import Problem
from lms_sync.mapping.attestation_spec import ProtocolRule
from lms_sync.mapping.layers import Effective, Placed, PlacedScale
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.mapping.scales import percent_text
from lms_sync.mapping.spec import ScaleVersion


def attestation_problems(effective: Effective) -> list[Problem]:
    """Every contradiction between the tables, each with the `file:line` where it is written."""
    return [*_numberless(effective), *_clashing_numbers(effective), *_contradicted_pass_marks(effective)]


def number_of(effective: Effective, rule: ProtocolRule) -> str | None:
    """The text of the template that a rule's protocols are numbered by."""
    return rule.number or effective.protocols.number


def keeping(effective: Effective) -> list[Placed[ProtocolRule]]:
    """The rules that keep protocols."""
    return [placed for placed in effective.attestation if placed.rule.protocol]


def _numberless(effective: Effective) -> Iterator[Problem]:
    for placed in keeping(effective):
        if number_of(effective, placed.rule) is None:
            told = f"rule {placed.rule.name} keeps protocols, but nothing says how they are numbered"
            yield Problem(placed.where, f'{told}; write number = "{{year}}/{{number:03}}" here or in [protocols]')


def _clashing_numbers(effective: Effective) -> Iterator[Problem]:
    first_of: dict[str, tuple[NumberTemplate, Placed[ProtocolRule]]] = {}
    for placed in keeping(effective):
        if text := number_of(effective, placed.rule):
            template = NumberTemplate.parse(text)
            first_of.setdefault(template.form, (template, placed))
    for (one, earlier), (other, later) in combinations(first_of.values(), 2):
        if one.may_render_like(other):
            told = f"rules {earlier.rule.name} ({earlier.where}) and {later.rule.name} could give one number twice"
            yield Problem(
                later.where, f"{told}: {one.text!r} and {other.text!r}; write one template in both, or letters"
            )


def _contradicted_pass_marks(effective: Effective) -> Iterator[Problem]:
    for placed in keeping(effective):
        rule = placed.rule
        if rule.pass_percent is None or rule.is_scale is True:
            continue
        told = [list(disagreements(effective, name, rule.pass_percent)) for name in scales_of_points(effective, rule)]
        if told and all(told):  # where another scale may judge too, only the grade can show which
            said = f"rule {rule.name}: pass_percent = {percent_text(rule.pass_percent)}, but"
            remedy = "write the same in both, leave pass_percent out, or name another scale in the rule"
            yield from (Problem(placed.where, f"{said} {one}; {remedy}") for many in told for one in many)


def scales_of_points(effective: Effective, rule: ProtocolRule) -> list[str | None]:
    """The scales that may judge items in points which fit the rule; None stands for no scale.

    A scale of thresholds takes every item in points, so that of each list only the first such scale can ever judge.
    """
    if rule.scales == []:
        return [None]
    if (own := _first_of_points(effective, rule.scales or [])) is not None:
        return [own]
    lists = [
        effective.default_scales if placed.rule.scales is None else placed.rule.scales
        for placed in effective.grade_item
        if placed.rule.attestation_kind in rule.attestation_kind
    ]
    return list(dict.fromkeys(_first_of_points(effective, names) for names in lists))


def _first_of_points(effective: Effective, names: Sequence[str]) -> str | None:
    return next((name for name in names if _of_points(effective.scales.get(name, []))), None)


def _of_points(versions: Sequence[PlacedScale]) -> bool:
    return any(placed.version.thresholds for placed in versions)


def disagreements(effective: Effective, name: str | None, pass_percent: Decimal) -> Iterator[str]:
    """Each version of a scale that says of some grade what the pass mark denies, in words."""
    for placed in effective.scales.get(name or "", []):
        if not _agrees(placed.version, pass_percent):
            yield f"scale {name} {placed.version.version} ({placed.where}) {_passes(placed.version)}"


def _agrees(version: ScaleVersion, pass_percent: Decimal) -> bool:
    ends = [*(step.from_percent for step in version.thresholds[1:]), None]
    for step, end in zip(version.thresholds, ends, strict=True):
        if step.passed is True and step.from_percent < pass_percent:
            return False
        if step.passed is False and (end is None or end > pass_percent):
            return False
    return True


def _passes(version: ScaleVersion) -> str:
    passing = [step.from_percent for step in version.thresholds if step.passed]
    return f"passes from {percent_text(min(passing))} %" if passing else "lets nobody pass there"
