"""Finds what is legal in the rules about final attestation and yet hardly meant.

Owns these suspicions. Must not know source records: everything is seen from the rules alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from lms_sync.errors import Problem
from lms_sync.mapping.attestation_checks import (
    disagreements,
    keeping,
    number_of,
    scales_of_points,
)
from lms_sync.mapping.attestation_spec import ProtocolRule
from lms_sync.mapping.layers import Effective, Placed
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.mapping.scales import percent_text
from lms_sync.records import AttestationKind, ClosingPolicy, ProgrammeKind


def attestation_suspicions(effective: Effective) -> Iterator[Problem]:
    """Everything suspicious in `[protocols]`, `[[attestation]]` and `[[commission]]`, with its `file:line`."""
    yield from _unused_commissions(effective)
    yield from _two_writings(effective)
    for placed in effective.attestation:
        for message in _kinds(effective, placed.rule):
            yield Problem(placed.where, message)
    for placed in keeping(effective):
        for message in (*_pass_mark(effective, placed.rule), *_settings(effective, placed)):
            yield Problem(placed.where, message)


def _unused_commissions(effective: Effective) -> Iterator[Problem]:
    used = {effective.protocols.commission, *(placed.rule.commission for placed in effective.attestation)}
    for name, versions in effective.commissions.items():
        if name not in used:
            where = versions[0].where
            yield Problem(
                where, f"no rule and not [protocols] names commission {name}; name it in `commission` or drop it"
            )


def _two_writings(effective: Effective) -> Iterator[Problem]:
    """Templates that count together but give the number another count of digits."""
    first_of: dict[str, tuple[str, ProtocolRule]] = {}
    for placed in keeping(effective):
        if text := number_of(effective, placed.rule):
            other, rule = first_of.setdefault(NumberTemplate.parse(text).form, (text, placed.rule))
            if other != text:
                told = f"rules {rule.name} and {placed.rule.name} count in one series but write it differently"
                yield Problem(placed.where, f"{told}: {other!r} and {text!r}; write one of them in both")


def _kinds(effective: Effective, rule: ProtocolRule) -> Iterator[str]:
    kinds = {AttestationKind.CURRENT, *(placed.rule.attestation_kind for placed in effective.grade_item)}
    if not kinds & set(rule.attestation_kind):
        named = ", ".join(rule.attestation_kind)
        yield f"rule {rule.name} never fits: no [[grade_item]] rule gives attestation_kind {named}"
    programmes = {ProgrammeKind.OTHER, *(placed.rule.programme_kind for placed in effective.programme)}
    if rule.programme_kind is not None and not programmes & set(rule.programme_kind):
        named = ", ".join(rule.programme_kind)
        yield f"rule {rule.name} never fits: no [[course.programme]] rule gives programme_kind {named}"


def _pass_mark(effective: Effective, rule: ProtocolRule) -> Iterator[str]:
    names = scales_of_points(effective, rule)
    if rule.is_scale is True:
        if rule.pass_percent is not None:
            yield f"pass_percent of rule {rule.name} has no effect: it is for points, which the rule never meets"
        return
    silent = [name for name in names if name is None or not _says_all(effective, name)]
    if rule.pass_percent is None:
        for name in silent:
            which = f"scale {name} does not say which marks pass" if name else "no scale judges items in points"
            yield f"{which} and rule {rule.name} has no pass_percent: such results wait; write either"
        return
    denied = [told for name in names for told in disagreements(effective, name, rule.pass_percent)]
    if names and not silent and not denied:
        yield f"pass_percent of rule {rule.name} has no effect: scale {names[0]} itself says which marks pass"
    for told in denied:  # by some scales only: by all of them is an error
        said = f"rule {rule.name}: pass_percent = {percent_text(rule.pass_percent)}, but {told}"
        yield f"{said}: results by this scale would wait; name the rule's own `scales`"


def _says_all(effective: Effective, name: str) -> bool:
    steps = [step for placed in effective.scales[name] for step in placed.version.thresholds]
    return all(step.passed is not None for step in steps)


def _settings(effective: Effective, placed: Placed[ProtocolRule]) -> Iterator[str]:
    rule, common = placed.rule, effective.protocols
    text, closing = number_of(effective, rule), rule.closing or common.closing
    per_group = common.per_group if rule.per_group is None else rule.per_group
    if text and "group" in NumberTemplate.parse(text).fields and per_group is False:
        yield f"rule {rule.name}: {text!r} holds {{group}}, but with per_group = false there is none"
    apart = (rule.module is not None and "quiz" not in rule.module) or (
        rule.item_type is not None and "mod" not in rule.item_type
    )
    if closing is ClosingPolicy.ON_QUIZ_CLOSE and apart:
        yield f"rule {rule.name}: closing = {closing.value!r} never comes, as what fits is no test; write another"
