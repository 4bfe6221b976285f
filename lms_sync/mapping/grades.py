"""Grade items and grades: from what the LMS says to `GradeItem` and `GradeEntry`.

Owns which rule decides about an item and how its scale turns a grade into a mark. Must not know other kinds of record.
A decision about an item is the same for each of its grades, so it is kept for as long as the item stays the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lms_sync.mapping.convert import Unfit, exact_number, plain_text
from lms_sync.mapping.layers import Effective
from lms_sync.mapping.outcome import Decision, Refusal, Workbench
from lms_sync.mapping.rules import ItemFacts, ItemRules
from lms_sync.mapping.scales import PercentScale, Scale, Verdict, compiled, scale_position
from lms_sync.mapping.spec_parts import ItemRule
from lms_sync.records import AttestationKind, ControlForm, GradeEntry, GradeItem

_UNTITLED = {"course": "Итог по курсу", "category": "Итог по категории"}
_KEPT_DECISIONS = 4096
_DECIDING = (
    "itemtype", "itemmodule", "idnumber", "itemname", "course_idnumber", "is_scale", "scale_lowest", "scale_highest",
)  # fmt: skip

_IDS = ("id", "iteminstance")  # decide only if a rule asks: without them one decision serves all items of one name


@dataclass(frozen=True)
class ItemDecision:
    """What the rules say about a grade item."""

    facts: ItemFacts
    attestation_kind: AttestationKind
    control_form: ControlForm
    rule: str
    scale: Scale | None
    decisions: tuple[Decision, ...]


class GradeMapper:
    """Maps grade items and grades."""

    def __init__(self, effective: Effective, zone: ZoneInfo) -> None:
        self._attestation = ItemRules(effective.grade_item)
        self._form = ItemRules(effective.control_form)
        rules: list[ItemRule] = [placed.rule for placed in effective.grade_item]
        rules += [placed.rule for placed in effective.control_form]
        self._deciding = _DECIDING + (_IDS if any(rule.id or rule.instance for rule in rules) else ())
        self._scales = compiled(effective.scales)
        self._default_scales = effective.default_scales
        self._zone = zone
        self._kept: dict[tuple[Any, ...], ItemDecision] = {}

    # --- items --------------------------------------------------------------------------------------------------------

    def item(self, bench: Workbench) -> tuple[GradeItem, str]:
        """A grade item and the name of its rule. Raises `Refusal`."""
        external_id = bench.own_key(bench.required_id("id", "external_id"))
        course = bench.required_id("courseid", "course")
        decision = self._decide(bench.fields)
        bench.decide_all(decision.decisions)
        facts = decision.facts
        if facts.is_scale and decision.scale is None:
            message = "no scale of the mapping knows this item's words: its grades get no mark until one does"
            bench.warn("scale", "scale_unknown", message)
        record = GradeItem(
            external_id=external_id,
            course=course,
            title=bench.text("itemname", "title") or _UNTITLED.get(facts.item_type, "Без названия"),
            item_type=bench.text("itemtype", "item_type"),
            module=bench.text("itemmodule", "module"),
            instance=bench.text("iteminstance", "instance"),
            idnumber=bench.text("idnumber"),
            position=bench.whole("position", "position") or 0,
            minimum=bench.exact("grademin", "minimum"),
            maximum=bench.exact("grademax", "maximum"),
            pass_mark=None if bench.exact("gradepass", "pass_mark") is None else _pass_mark(bench.fields),
            scale_lowest=bench.text("scale_lowest"),
            scale_highest=bench.text("scale_highest"),
            attestation_kind=decision.attestation_kind,
            control_form=decision.control_form,
            scale=decision.scale.name if decision.scale else "",
            rule=decision.rule,
        )
        return record, decision.rule

    def _decide(self, item: Mapping[str, Any]) -> ItemDecision:
        path = item.get("course_category_path")
        key = (*map(item.get, self._deciding), *(path if isinstance(path, (list, tuple)) else ()))
        try:
            kept = self._kept.get(key)
        except TypeError:  # a list where a text belongs: decided afresh each time, and reported with the item
            return self._decide_on(_facts(item, self._deciding))
        if kept is None:
            if len(self._kept) >= _KEPT_DECISIONS:
                self._kept.clear()
            kept = self._kept[key] = self._decide_on(_facts(item, self._deciding))
        return kept

    def _decide_on(self, facts: ItemFacts) -> ItemDecision:
        attestation, rule, scales, form, why = AttestationKind.CURRENT, "", self._default_scales, None, "no rule fits"
        if found := self._attestation.first(facts):
            decided, why = found
            attestation = decided.attestation_kind or attestation
            rule, form = decided.name, decided.control_form
            scales = self._default_scales if decided.scales is None else decided.scales
        form_why = why
        if form is None:
            form, form_why = ControlForm.OTHER, "no [[control_form]] rule fits"
            if by_form := self._form.first(facts):
                form, form_why = by_form[0].control_form or form, by_form[1]
        scale, scale_why = self._fitting(facts, scales)
        decisions = (
            Decision("attestation_kind", attestation.value, why),
            Decision("control_form", form.value, form_why),
            Decision("scale", scale.name if scale else "", scale_why),
        )
        return ItemDecision(facts, attestation, form, rule, scale, decisions)

    def _fitting(self, facts: ItemFacts, names: list[str]) -> tuple[Scale | None, str]:
        for name in names:
            scale = self._scales[name]
            if scale.fits(is_scale=facts.is_scale, lowest=facts.lowest, highest=facts.highest):
                return scale, f"the first of {', '.join(names)} that fits"
        return None, f"none of {', '.join(names)} fits" if names else "the rule wants none"

    # --- grades -------------------------------------------------------------------------------------------------------

    def grade(self, bench: Workbench) -> tuple[GradeEntry, str]:
        """A learner's grade and the name of its item's rule. Raises `Refusal`."""
        item_id, learner = bench.required_id("itemid", "grade_item"), bench.required_id("userid", "learner")
        bench.own_key(f"{item_id}/{learner}")
        item = bench.fields.get("item")
        item = item if isinstance(item, Mapping) else {}
        decision = self._decide(item)
        bench.decide_all(decision.decisions)
        raw = _raw(bench)
        minimum, maximum = bench.exact("grademin", "minimum"), bench.exact("grademax", "maximum")
        word = bench.text("word")
        graded_at = bench.instant("gradedategraded", "graded_at")
        submitted_at = bench.instant("gradedatesubmitted", "submitted_at")
        verdict, version = self._judge(bench, decision, raw, minimum, maximum, word, graded_at or submitted_at)
        record = GradeEntry(
            course=bench.required_id("courseid", "course"),
            grade_item=item_id,
            learner=learner,
            raw=raw,
            minimum=minimum,
            maximum=maximum,
            word=word,
            mark=verdict.mark,
            mark_text=verdict.text,
            passed=_passed(bench, verdict, _passed_in_lms(bench, item, raw, word)),
            scale=decision.scale.name if decision.scale and version else "",
            scale_version=version,
            status=bench.text("status"),
            hidden=bench.flag("hidden"),
            locked=bench.flag("locked"),
            overridden=bench.flag("overridden"),
            graded_by=bench.maybe_id("usermodified", "graded_by"),
            submitted_at=submitted_at,
            graded_at=graded_at,
        )
        return record, decision.rule

    def _judge(
        self,
        bench: Workbench,
        decision: ItemDecision,
        raw: Decimal | None,
        minimum: Decimal | None,
        maximum: Decimal | None,
        word: str,
        given_at: dt.datetime | None,
    ) -> tuple[Verdict, str]:
        """The verdict, and the version of the scale that gave it ("" when none applies)."""
        if decision.scale is None or (raw is None and not word):
            bench.decide("mark", None, "no value" if decision.scale else decision.decisions[-1].why)
            return Verdict(), ""
        version = decision.scale.version_on(None if given_at is None else given_at.astimezone(self._zone).date())
        if version is None:
            bench.warn("mark", "no_version", f"scale {decision.scale.name} has no version for the day of the grade")
            return Verdict(), ""
        facts = decision.facts
        if isinstance(version, PercentScale):
            verdict = version.judge(raw, minimum, maximum) if raw is not None else Verdict()
        else:
            count = scale_position(maximum)
            verdict = version.judge(word, scale_position(raw), count, (facts.lowest, facts.highest))
        if verdict.code:
            bench.warn("raw" if verdict.code == "word_and_number_differ" else "mark", verdict.code, verdict.problem)
        if bench.explaining:
            why = f"scale {decision.scale.name} {version.spec.version}: {verdict.why or verdict.problem}"
            bench.decide("mark", verdict.text, why)
        return verdict, version.spec.version


def _facts(item: Mapping[str, Any], deciding: Container[str]) -> ItemFacts:
    """What rules may ask about the item. A field that does not decide stays empty: facts are kept with the decision."""
    path = item.get("course_category_path")
    return ItemFacts(
        item_type=_lenient(item.get("itemtype")),
        module=_lenient(item.get("itemmodule")),
        idnumber=_lenient(item.get("idnumber")),
        title=_lenient(item.get("itemname")),
        course_idnumber=_lenient(item.get("course_idnumber")),
        category_path=tuple(_lenient(name) for name in path) if isinstance(path, (list, tuple)) else (),
        is_scale=item.get("is_scale") is True,
        lowest=_lenient(item.get("scale_lowest")),
        highest=_lenient(item.get("scale_highest")),
        id=_lenient(item.get("id")) if "id" in deciding else "",
        instance=_lenient(item.get("iteminstance")) if "iteminstance" in deciding else "",
    )


def _lenient(value: object) -> str:
    """A text to match rules with; what is no text is reported where the item itself is mapped."""
    try:
        return plain_text(value)
    except Unfit:
        return ""


def _raw(bench: Workbench) -> Decimal | None:
    """The grade itself. One that cannot be read refuses the record: an empty grade would pass for a withdrawn one."""
    try:
        return exact_number(bench.fields.get("graderaw"))
    except Unfit as unfit:
        raise Refusal("raw", unfit.code, f"graderaw: {unfit}") from None


def _pass_mark(item: Mapping[str, Any]) -> Decimal | None:
    """The item's pass mark; None where the LMS tells none, or one that sets no bar.

    Moodle: `grade_grade::is_passed`, to which a pass mark at the lowest grade, or of 0 on a scale, is none.
    """
    try:
        mark, minimum = exact_number(item.get("gradepass")), exact_number(item.get("grademin"))
    except Unfit:  # reported where the item itself is mapped
        return None
    return None if mark == minimum or (mark == 0 and item.get("is_scale") is True) else mark


def _passed_in_lms(bench: Workbench, item: Mapping[str, Any], raw: Decimal | None, word: str) -> bool | None:
    """Whether the LMS takes the grade for a pass: by its pass mark where it tells that, else by what it shows."""
    if raw is None and not word:
        return None
    if item.get("gradepass") is None:
        return bench.maybe_flag("pass_icon")
    mark = _pass_mark(item)
    return None if mark is None or raw is None else raw >= mark


def _passed(bench: Workbench, verdict: Verdict, in_lms: bool | None) -> bool | None:
    """The scale's word on passing, else the LMS's own; a contradiction between the two is reported."""
    if verdict.passed is None:
        bench.decide("passed", in_lms, "neither the scale nor the LMS says" if in_lms is None else "as the LMS says")
        return in_lms
    if in_lms is not None and in_lms != verdict.passed:
        message = "the scale and the LMS's own pass mark disagree; bring the scale's thresholds and the LMS into line"
        bench.warn("passed", "pass_differs", message)
    bench.decide("passed", verdict.passed, "by the scale's step")
    return verdict.passed
