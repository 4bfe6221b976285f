"""The conditions of rules, compiled: does this course, does this grade item fit?

Owns what each condition means. Must not know what a rule decides, nor records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

from lms_sync.mapping.attestation_spec import ProtocolRule
from lms_sync.mapping.layers import Placed, RuleT
from lms_sync.mapping.spec import HoursRule, ProgrammeRule
from lms_sync.mapping.spec_parts import ItemRule
from lms_sync.mapping.text import code_matcher, fold, phrase_matcher
from lms_sync.records import AttestationKind, ProgrammeKind


@dataclass(frozen=True)
class CourseFacts:
    """What a rule may ask about a course. Categories are names from the root down."""

    idnumber: str
    short_name: str
    category_path: tuple[str, ...]


@dataclass(frozen=True)
class ItemFacts:
    """What a rule may ask about a grade item; the two kinds are known only after the item and its course are mapped."""

    item_type: str
    module: str
    idnumber: str
    title: str
    course_idnumber: str
    category_path: tuple[str, ...]
    is_scale: bool
    lowest: str
    highest: str
    id: str = ""
    instance: str = ""
    attestation_kind: AttestationKind | None = None
    programme_kind: ProgrammeKind | None = None


ItemTest = tuple[str, Callable[[ItemFacts], bool]]


class CourseRules(Generic[RuleT]):
    """Rules about courses, in order."""

    def __init__(self, placed: Sequence[Placed[RuleT]]) -> None:
        self._rules = [_CompiledCourseRule(one) for one in placed]

    def fitting(self, facts: CourseFacts) -> list[tuple[RuleT, str]]:
        """Every rule that fits, in order, with the reason."""
        return [(one.rule, one.why) for one in self._rules if one.fits(facts, facts.category_path)]

    def first_from_root(self, facts: CourseFacts) -> tuple[RuleT, str] | None:
        """The first rule of the topmost file that fits: by the course itself, then by each category from the root down.

        The root decides before the leaf: «Профессиональное обучение / Повышение квалификации рабочих» is vocational.
        """
        for layer in sorted({one.layer for one in self._rules}, reverse=True):
            own = [one for one in self._rules if one.layer == layer]
            for categories in ((), *((name,) for name in facts.category_path)):
                for one in own:
                    if one.asks_category == bool(categories) and one.fits(facts, categories):
                        return one.rule, one.why + (f" ({categories[0]})" if categories else "")
        return None


class _CompiledCourseRule(Generic[RuleT]):
    def __init__(self, placed: Placed[RuleT]) -> None:
        self.rule, self.layer = placed.rule, placed.layer
        conditions = placed.rule
        assert isinstance(conditions, (ProgrammeRule, HoursRule))
        self._idnumber = code_matcher(conditions.idnumber) if conditions.idnumber else None
        self._short_name = code_matcher(conditions.short_name) if conditions.short_name else None
        self._category = phrase_matcher(conditions.category) if conditions.category else None
        self.asks_category = self._category is not None
        asked = [name for name in ("idnumber", "short_name", "category") if getattr(conditions, name)]
        self.why = _why(placed, asked)

    def fits(self, facts: CourseFacts, categories: Sequence[str]) -> bool:
        return (
            (self._idnumber is None or self._idnumber(facts.idnumber))
            and (self._short_name is None or self._short_name(facts.short_name))
            and (self._category is None or any(map(self._category, categories)))
        )


class ItemRules(Generic[RuleT]):
    """Rules about grade items, in order: the first that fits decides."""

    def __init__(self, placed: Sequence[Placed[RuleT]]) -> None:
        self._rules = [(one.rule, _item_tests(one.rule), one) for one in placed]

    def first(self, facts: ItemFacts) -> tuple[RuleT, str] | None:
        """The first rule whose every condition holds, with the reason."""
        for rule, tests, placed in self._rules:
            if all(test(facts) for _, test in tests):
                return rule, _why(placed, [name for name, _ in tests])
        return None


def _item_tests(rule: object) -> list[ItemTest]:
    assert isinstance(rule, ItemRule)
    tests: list[ItemTest] = list(_kind_tests(rule)) if isinstance(rule, ProtocolRule) else []
    if rule.item_type is not None:
        types = frozenset[str](rule.item_type)
        tests.append(("item_type", lambda facts: facts.item_type in types))
    if rule.module is not None:
        modules = frozenset(fold(module) for module in rule.module)
        tests.append(("module", lambda facts: fold(facts.module) in modules))
    if rule.is_scale is not None:
        wanted = rule.is_scale
        tests.append(("is_scale", lambda facts: facts.is_scale == wanted))
    if rule.idnumber is not None:
        idnumber = code_matcher(rule.idnumber)
        tests.append(("idnumber", lambda facts: idnumber(facts.idnumber)))
    if rule.course_idnumber is not None:
        course_idnumber = code_matcher(rule.course_idnumber)
        tests.append(("course_idnumber", lambda facts: course_idnumber(facts.course_idnumber)))
    if rule.title is not None:
        title = phrase_matcher(rule.title)
        tests.append(("title", lambda facts: title(facts.title)))
    if rule.category is not None:
        category = phrase_matcher(rule.category)
        tests.append(("category", lambda facts: any(map(category, facts.category_path))))
    if rule.scale_words is not None:
        words = frozenset(fold(word) for word in rule.scale_words)
        tests.append(("scale_words", lambda facts: fold(facts.lowest) in words or fold(facts.highest) in words))
    if rule.id is not None:
        ids = frozenset(rule.id)
        tests.append(("id", lambda facts: facts.id in ids))
    if rule.instance is not None:
        instances = frozenset(rule.instance)
        tests.append(("instance", lambda facts: facts.instance in instances))
    return tests


def _kind_tests(rule: ProtocolRule) -> Iterator[ItemTest]:
    kinds = frozenset(rule.attestation_kind)
    yield "attestation_kind", lambda facts: facts.attestation_kind in kinds
    if rule.programme_kind is not None:
        programmes = frozenset(rule.programme_kind)
        yield "programme_kind", lambda facts: facts.programme_kind in programmes


def _why(placed: Placed[RuleT], conditions: Sequence[str]) -> str:
    fitting = f"by {', '.join(conditions)}" if conditions else "it asks nothing"
    return f"rule {placed.rule.name} ({placed.where}): {fitting}"
