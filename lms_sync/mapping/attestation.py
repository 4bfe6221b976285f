"""Final attestation: of which grade items protocols are kept, how, and what a grade comes to in them.

Owns the use of `[protocols]`, `[[attestation]]` and `[[commission]]`. Must not know results, protocols or the store:
it answers questions about one item, one grade, one day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from lms_sync.mapping.attestation_spec import AS_LMS, CommissionVersion, Member, ProtocolRule, ProtocolSettings
from lms_sync.mapping.judging import Given, Judgement, is_in_words, judged, scale_for
from lms_sync.mapping.layers import Effective
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.mapping.outcome import Decision
from lms_sync.mapping.rules import ItemFacts, ItemRules
from lms_sync.mapping.scales import compiled, percent_text
from lms_sync.records import (
    AttestationKind,
    ClosingPolicy,
    Commission,
    CommissionMember,
    CountingMethod,
    Course,
    GradeItem,
)

__all__ = ["AttestationPlan", "AttestationRules", "Judgement"]

_COUNTING = {
    AS_LMS: None,
    "first": CountingMethod.FIRST,
    "last": CountingMethod.LAST,
    "best": CountingMethod.HIGHEST,
}
_BUILT_IN = ProtocolSettings(
    organisation="", counting="as-lms", closing=ClosingPolicy.MANUAL, number="{number}", per_group=True, commission=""
)
"""What holds where neither a rule nor `[protocols]` says; `number` is asked for when the mapping is loaded."""


@dataclass(frozen=True)
class AttestationPlan:
    """What the rules say about the protocols of one grade item."""

    rule: str
    counting: CountingMethod | None  # None: as the LMS counts (the test's own method)
    closing: ClosingPolicy
    number: NumberTemplate
    per_group: bool
    organisation: str
    commission: str  # name of a [[commission]], "" for none


class AttestationRules:
    """The rules about final attestation. Pure and safe to share between threads, as `Mapping` is."""

    def __init__(self, effective: Effective, zone: ZoneInfo) -> None:
        self._rules = ItemRules(effective.attestation)
        self._settings = merged(_BUILT_IN, effective.protocols)
        self._commissions = {
            name: sorted((placed.version for placed in versions), key=_begins)
            for name, versions in effective.commissions.items()
        }
        self._scales = compiled(effective.scales)
        self._zone = zone

    # --- plans --------------------------------------------------------------------------------------------------------

    def plan(self, item: GradeItem, course: Course | None) -> AttestationPlan | None:
        """How the item's protocols are kept; None when none are: no rule fits, or the rule says so."""
        found = self._rules.first(_facts(item, course))
        return None if found is None or not found[0].protocol else self._plan(found[0])

    def _plan(self, rule: ProtocolRule) -> AttestationPlan:
        says = merged(self._settings, rule)
        assert says.counting and says.closing and says.number and says.per_group is not None
        return AttestationPlan(
            rule=rule.name,
            counting=_COUNTING[says.counting],
            closing=says.closing,
            number=NumberTemplate.parse(says.number),
            per_group=says.per_group,
            organisation=says.organisation or "",
            commission=says.commission or "",
        )

    def explain(self, item: GradeItem, course: Course | None) -> list[Decision]:
        """Which rule decides about the item's protocols and what it says; nothing for an item that is no attestation
        of a kind that any rule asks for.
        """
        found = self._rules.first(_facts(item, course))
        if found is None:
            final = item.attestation_kind is AttestationKind.FINAL
            return [Decision("protocol", "none", "no [[attestation]] rule fits")] if final else []
        rule, why = found
        if not rule.protocol:
            return [Decision("protocol", "none", why)]
        plan = self._plan(rule)
        values: dict[str, str] = {
            "counting": plan.counting.value if plan.counting else AS_LMS,
            "closing": plan.closing.value,
            "number": plan.number.text,
            "per_group": "true" if plan.per_group else "false",
            "commission": plan.commission,
        }
        decided = [
            Decision(name, value, f"rule {rule.name}" if getattr(rule, name) is not None else "[protocols]")
            for name, value in values.items()
        ]
        return [Decision("protocol", "kept", why), *decided, self._explain_pass(item, rule)]

    def _explain_pass(self, item: GradeItem, rule: ProtocolRule) -> Decision:
        scale = scale_for(item, rule, self._scales)
        by_scale = f"scale {scale.name}" if scale else ""
        if rule.pass_percent is None:
            return Decision("passed", by_scale, "the scale's steps say" if scale else "nothing says which grades pass")
        value = f"from {percent_text(rule.pass_percent)} %"
        return Decision("passed", value, f"rule {rule.name}" + (f", with {by_scale}" if scale else ", without a scale"))

    # --- grades -------------------------------------------------------------------------------------------------------

    def judge(
        self,
        item: GradeItem,
        course: Course | None,
        *,
        grade: Decimal | None,
        minimum: Decimal | None,
        maximum: Decimal | None,
        word: str,
        on: dt.datetime | None,
    ) -> Judgement:
        """The mark of a grade in an item, by the version of the scale valid on the day of `on` (the latest without).

        The scale is the first of the rule's `scales` that fits, else the one that the item's own rule chose. Where the
        scale does not say what passes, or there is none, the rule's `pass_percent` decides. A word decides over a
        number that contradicts it; the mapping of the grade itself reports that.
        """
        found = self._rules.first(_facts(item, course))
        day = None if on is None else on.astimezone(self._zone).date()
        return judged(item, found[0] if found else None, self._scales, Given(grade, minimum, maximum, word, day))

    # --- commissions --------------------------------------------------------------------------------------------------

    def commission(self, name: str, day: dt.date) -> Commission | None:
        """The commission as it was composed on a day (site's zone); None without such a name or before its first."""
        begun = [version for version in self._commissions.get(name, []) if _begins(version) <= day]
        if not begun:
            return None
        version = begun[-1]
        return Commission(
            name=version.name,
            order=version.order,
            chair=_member(version.chair),
            members=[_member(one) for one in version.members],
            secretary=_member(version.secretary) if version.secretary else None,
        )


def merged(settings: ProtocolSettings, over: ProtocolSettings) -> ProtocolSettings:
    """The settings with everything replaced that `over` says."""
    said = {name: value for name in ProtocolSettings.model_fields if (value := getattr(over, name)) is not None}
    return settings.model_copy(update=said)


def _facts(item: GradeItem, course: Course | None) -> ItemFacts:
    return ItemFacts(
        item_type=item.item_type,
        module=item.module,
        idnumber=item.idnumber,
        title=item.title,
        course_idnumber=course.idnumber if course else "",
        category_path=tuple(course.category_path) if course else (),
        is_scale=is_in_words(item),
        lowest=item.scale_lowest,
        highest=item.scale_highest,
        id=item.external_id,
        instance=item.instance,
        attestation_kind=item.attestation_kind,
        programme_kind=course.programme_kind if course else None,
    )


def _begins(version: CommissionVersion) -> dt.date:
    return version.valid_from or dt.date.min


def _member(member: Member) -> CommissionMember:
    return CommissionMember(name=member.name, position=member.position)
