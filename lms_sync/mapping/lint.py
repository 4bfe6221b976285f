"""Finds what is legal in a mapping and yet hardly meant: rules that never decide, scales that nobody uses.

Owns these suspicions. Must not know source records: everything is seen from the rules alone, so a rule is called
unreachable only when that is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from lms_sync.errors import Problem
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.attestation_lint import attestation_suspicions
from lms_sync.mapping.attestation_spec import ProtocolRule
from lms_sync.mapping.document_checks import document_suspicions
from lms_sync.mapping.event_lint import event_suspicions
from lms_sync.mapping.layers import Effective, Placed, PlacedScale, RuleT
from lms_sync.mapping.spec import AttestationRule, HoursRule, PercentStep, ProgrammeRule, ScaleVersion, WordStep
from lms_sync.mapping.spec_parts import ItemRule
from lms_sync.mapping.text import Matcher, code_matcher, fold, phrase_matcher

_CODES = ("idnumber", "short_name", "course_idnumber")
_PHRASES = ("title", "category")
_LISTS = ("item_type", "module", "scale_words")
_EXACT = ("id", "instance")
_KINDS = ("attestation_kind", "programme_kind")  # conditions of an [[attestation]] rule; other rules decide them


def lint(mapping: Mapping) -> list[Problem]:
    """Everything suspicious in a loaded mapping, each with the `file:line` where it is written."""
    effective = mapping.effective
    return [
        *_unreachable(effective.grade_item),
        *_unreachable(effective.control_form),
        *_unreachable(effective.attestation),
        *_unreachable(_programme_order(effective.programme)),
        *_unreachable_hours(effective.hours),
        *_unreachable_patronymic(effective),
        *_contradictions(effective.grade_item),
        *_contradictions(effective.control_form),
        *_contradictions(effective.attestation),
        *_unused_scales(effective),
        *_idle_candidates(effective),
        *attestation_suspicions(effective),
        *document_suspicions(effective),
        *(problem for versions in effective.scales.values() for problem in _scale_problems(versions)),
        *_unused_lookups(effective),
        *event_suspicions(effective, mapping.events),
    ]


# --- rules that never decide ------------------------------------------------------------------------------------------


def _unreachable(order: Sequence[Placed[RuleT]]) -> Iterator[Problem]:
    for index, later in enumerate(order):
        for condition in _conditions(later) or [""]:
            coverers = [_coverer(part, order[:index]) for part in _parts(later, condition)]
            if coverers and all(coverers):
                named = " and ".join(dict.fromkeys(f"{one.rule.name} ({one.where})" for one in coverers if one))
                yield _never(later, f"{named} fits first")
                break


def _never(placed: Placed[RuleT], because: str) -> Problem:
    return Problem(placed.where, f"rule {placed.rule.name} never decides: {because}; move or narrow one of them")


def _programme_order(order: Sequence[Placed[ProgrammeRule]]) -> list[Placed[ProgrammeRule]]:
    return sorted(order, key=lambda placed: (-placed.layer, placed.rule.category is not None))


def _unreachable_hours(order: Sequence[Placed[HoursRule]]) -> Iterator[Problem]:
    for index, later in enumerate(order):
        certain = [placed for placed in order[:index] if placed.rule.hours is not None]
        yield from (one for one in _unreachable([*certain, later]) if one.where == later.where)


def _unreachable_patronymic(effective: Effective) -> Iterator[Problem]:
    earlier: dict[str | None, str] = {}
    for placed in effective.patronymic:
        how, name = placed.rule.how, placed.rule.name
        splits = how in ("firstname", "firstname_by_ending")
        if ended_by := earlier.get("none") or (earlier.get("firstname") if splits else None):
            yield _never(placed, f"{ended_by} goes first and leaves it nothing")
        earlier.setdefault(how, name)


def _conditions(placed: Placed[RuleT]) -> list[str]:
    rule = placed.rule
    names = (*_CODES, *_PHRASES, *_LISTS, *_EXACT, "is_scale", *(_KINDS if isinstance(rule, ProtocolRule) else ()))
    return [name for name in names if getattr(rule, name, None) is not None]


def _parts(placed: Placed[RuleT], condition: str) -> list[RuleT]:
    """The rule, once for each single pattern of one of its conditions."""
    patterns = getattr(placed.rule, condition) if condition else None
    if not isinstance(patterns, list):
        return [placed.rule]
    return [placed.rule.model_copy(update={condition: [pattern]}) for pattern in patterns]


def _coverer(rule: RuleT, earlier: Sequence[Placed[RuleT]]) -> Placed[RuleT] | None:
    return next((placed for placed in earlier if _covers(placed, rule)), None)


def _covers(placed: Placed[RuleT], rule: RuleT) -> bool:
    """Whether whatever fits `rule` certainly fits the placed one."""
    for name in _conditions(placed):
        wide, narrow = getattr(placed.rule, name), getattr(rule, name)
        if narrow is None:
            return False
        if name == "is_scale" and wide != narrow:
            return False
        if name in _LISTS and not {fold(word) for word in narrow} <= {fold(word) for word in wide}:
            return False
        if name in (*_EXACT, *_KINDS) and not set(narrow) <= set(wide):
            return False
        if name in _CODES and not all(_one_covers(code_matcher, wide, _codes(one)) for one in narrow):
            return False
        if name in _PHRASES and not all(_one_covers(phrase_matcher, wide, _phrases(one)) for one in narrow):
            return False
    return True


def _one_covers(matcher: Callable[[list[str]], Matcher], patterns: list[str], texts: list[str]) -> bool:
    return any(all(map(matcher([pattern]), texts)) for pattern in patterns)


# Stand-ins for what a wildcard may be: a letter and a sign that no pattern spells, and several letters.
_LETTER, _SIGN, _SEVERAL = "\u10df", "\u241f", "\u10df\u10df\u10df"


def _codes(pattern: str) -> list[str]:
    """Texts that fit a pattern, so different that another pattern fitting them all fits whatever this one does."""
    singles = [pattern.replace("?", _LETTER), pattern.replace("?", _SIGN)]
    return [single.replace("*", run) for single in singles for run in ("", _LETTER, _SIGN, _SEVERAL)]


def _phrases(pattern: str) -> list[str]:
    if "*" in pattern or "?" in pattern:
        return _codes(pattern)
    return [pattern, f"{_SEVERAL} {pattern}", f"{_SIGN}{pattern}", f"{pattern}{_SEVERAL}", f"{pattern} {_SEVERAL}"]


# --- conditions that cannot hold together -----------------------------------------------------------------------------


def _contradictions(order: Sequence[Placed[RuleT]]) -> Iterator[Problem]:
    for placed in order:
        rule = placed.rule
        assert isinstance(rule, ItemRule)
        if rule.is_scale is False and rule.scale_words:
            yield Problem(placed.where, f"rule {rule.name} never fits: an item that is no scale has no scale_words")
        if rule.module is not None and rule.item_type is not None and "mod" not in rule.item_type:
            yield Problem(placed.where, f"rule {rule.name} never fits: only items of item_type mod have a module")


# --- scales and lookup tables -----------------------------------------------------------------------------------------


def _unused_scales(effective: Effective) -> Iterator[Problem]:
    used = {*effective.default_scales, *(name for rule, _ in _choosing(effective) for name in rule.scales or [])}
    for name, versions in effective.scales.items():
        if name not in used:
            yield Problem(
                versions[0].where, f"no rule and no default uses scale {name}; name it in `scales` or drop it"
            )


def _choosing(effective: Effective) -> Iterator[tuple[AttestationRule | ProtocolRule, str]]:
    """The rules that may name scales, each with its place."""
    yield from ((placed.rule, placed.where) for placed in effective.grade_item)
    yield from ((placed.rule, placed.where) for placed in effective.attestation)


def _idle_candidates(effective: Effective) -> Iterator[Problem]:
    for rule, where in _choosing(effective):
        names, label = rule.scales or [], f"scales of rule {rule.name}"
        for_words = [name for name in names if effective.scales[name][0].version.words]
        for_points = [name for name in names if name not in for_words]
        if len(for_points) > 1:
            yield Problem(where, f"{label}: {for_points[0]} takes every item in points, {for_points[1]} none")
        if rule.is_scale is True and for_points:
            yield Problem(where, f"{label}: {for_points[0]} is for points, which the rule never meets")
        if rule.is_scale is False and for_words:
            yield Problem(where, f"{label}: {for_words[0]} is for words, which the rule never meets")


def _scale_problems(versions: Sequence[PlacedScale]) -> Iterator[Problem]:
    for placed in versions:
        yield from (Problem(placed.where, message) for message in _order_problems(placed.version))
    begins = [placed.version.valid_from for placed in versions]
    if None not in begins:
        first = min(begin for begin in begins if begin is not None)
        name = versions[0].version.name
        yield Problem(versions[0].where, f"scale {name} begins on {first}: grades given before get no mark from it")


def _order_problems(version: ScaleVersion) -> Iterator[str]:
    steps: list[WordStep | PercentStep] = [*version.words, *version.thresholds]
    label = f"scale {version.name} {version.version}"
    marks = [step.mark for step in steps if step.mark is not None]
    if any(better <= worse for worse, better in pairwise(marks)):
        yield f"{label}: marks do not rise from step to step; write the steps from worst to best"
    passes = [step.passed for step in steps if step.passed is not None]
    if any(worse and not better for worse, better in pairwise(passes)):
        yield f"{label}: a better step fails where a worse one passes"


def _unused_lookups(effective: Effective) -> Iterator[Problem]:
    used = {field.table for field in effective.fields.values()}
    for name in effective.lookups:
        if name not in used:
            yield Problem("", f"no learner field uses the table [lookup.{name}]; name it in `table` or drop it")
