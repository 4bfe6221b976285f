"""Final attestation: which rule keeps the protocols of an item, how, and who signs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.attestation import AttestationPlan
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.records import ClosingPolicy, Commission, CommissionMember, CountingMethod, Course, GradeItem
from tests.unit.mapping.samples import Overlay, course_of, entry_of, grade, grade_item, item_of, scale_item

FINAL = {"itemname": "Итоговый тест"}
FIVE = scale_item("неудовлетворительно", "отлично", 4, itemname="Итоговый экзамен")


def final_of(mapping: Mapping, **changes: Any) -> GradeItem:
    return item_of(mapping, **(FINAL | changes))


def plan_of(mapping: Mapping, course: Course | None = None, **changes: Any) -> AttestationPlan | None:
    return mapping.attestation.plan(final_of(mapping, **changes), course or course_of(mapping))


def rule_of(mapping: Mapping, course: Course | None = None, **changes: Any) -> str:
    plan = plan_of(mapping, course, **changes)
    return plan.rule if plan else ""


# --- plans ------------------------------------------------------------------------------------------------------------


def test_the_shipped_rule_keeps_protocols_of_final_attestations_only(shipped: Mapping) -> None:
    assert plan_of(shipped) == AttestationPlan(
        rule="final",
        counting=None,
        closing=ClosingPolicy.MANUAL,
        number=NumberTemplate.parse("{year}/{number:03}"),
        per_group=True,
        organisation="",
        commission="",
    )
    for title in ("Экзамен", "Рубежный контроль", "Тест 1"):
        assert plan_of(shipped, itemname=title) is None
    assert plan_of(shipped, itemtype="course", itemname=None, itemmodule=None) is None


def test_a_final_without_a_test_has_protocols_too(shipped: Mapping) -> None:
    assert rule_of(shipped, itemname="Защита ВКР", itemmodule="assign") == "final"
    assert rule_of(shipped, itemtype="manual", itemmodule=None, iteminstance=None) == "final"


MINE = '[[attestation]]\nname = "mine"\n'


@pytest.mark.parametrize(
    ("condition", "fitting", "other"),
    [
        ('item_type = "manual"', {"itemtype": "manual"}, {"itemtype": "mod"}),
        ('module = "assign"', {"itemmodule": "assign"}, {"itemmodule": "quiz"}),
        ('idnumber = "X-*"', {"idnumber": "x-1"}, {"idnumber": "y-1"}),
        ('title = "итоговый"', {}, {"itemname": "ВКР"}),
        ("is_scale = false", {}, dict(FIVE.fields)),
        ('scale_words = "отлично"', dict(FIVE.fields), {}),
        ('module = "quiz"\ninstance = 7', {}, {"iteminstance": 8}),
        ('module = "quiz"\ninstance = 7', {}, {"itemmodule": "assign"}),
        ('attestation_kind = ["final", "milestone"]', {"itemname": "Рубежный контроль"}, {"itemname": "Экзамен"}),
    ],
)
def test_each_condition_of_the_item(
    overlay: Overlay, condition: str, fitting: dict[str, Any], other: dict[str, Any]
) -> None:
    mapping = overlay(MINE + condition)
    assert rule_of(mapping, **fitting) == "mine"
    assert rule_of(mapping, **other) != "mine"


def test_an_item_by_its_own_id(overlay: Overlay) -> None:
    for written in ("[4, 5]", "4", '"4"'):
        mapping = overlay(MINE + f"id = {written}")
        item = final_of(mapping)
        plans = [mapping.attestation.plan(one, None) for one in (item, item.model_copy(update={"external_id": "6"}))]
        assert [plan and plan.rule for plan in plans] == ["mine", "final"]


@pytest.mark.parametrize(
    ("condition", "fitting", "other"),
    [
        ('course_idnumber = "PP-*"', {"idnumber": "PP-1"}, {"idnumber": "PK-1"}),
        ('category = "архив"', {"category_path": ["ДПО", "Архив"]}, {"category_path": ["ДПО"]}),
        ('programme_kind = ["retraining", "vocational"]', {"idnumber": "PP-1"}, {"idnumber": "PK-1"}),
    ],
)
def test_each_condition_of_the_course(
    overlay: Overlay, condition: str, fitting: dict[str, Any], other: dict[str, Any]
) -> None:
    mapping = overlay(MINE + condition)
    assert rule_of(mapping, course_of(mapping, **fitting)) == "mine"
    assert rule_of(mapping, course_of(mapping, **other)) == "final"
    plan = mapping.attestation.plan(final_of(mapping), None)
    assert plan and plan.rule == "final", "nothing is known of the course"


PROTOCOLS = """
[protocols]
organisation = "АНО ДПО «Пример»"
counting = "last"
closing = "per-day"
number = "ИА-{number}"
per_group = false
commission = "main"
[[commission]]
name = "main"
chair = { name = "Образцов П. И." }
"""


def test_a_rule_takes_from_the_table_what_it_leaves_out(overlay: Overlay) -> None:
    mapping = overlay(PROTOCOLS + MINE + 'title = "итоговый"\ncounting = "best"\ncommission = ""\nper_group = true')
    common = AttestationPlan(
        rule="final",
        counting=CountingMethod.LAST,
        closing=ClosingPolicy.PER_DAY,
        number=NumberTemplate.parse("ИА-{number}"),
        per_group=False,
        organisation="АНО ДПО «Пример»",
        commission="main",
    )
    assert plan_of(mapping, itemname="ВКР") == common
    mine = plan_of(mapping)
    assert mine and (mine.rule, mine.counting, mine.commission) == ("mine", CountingMethod.HIGHEST, "")
    assert (mine.per_group, mine.closing, mine.number, mine.organisation) == (
        True,
        common.closing,
        common.number,
        common.organisation,
    )


def test_each_key_of_the_table_is_replaced_by_a_later_file(overlay: Overlay) -> None:
    plan = plan_of(overlay(PROTOCOLS, '[protocols]\ncounting = "as-lms"\ncommission = ""'))
    assert plan and (plan.counting, plan.commission, plan.per_group) == (None, "", False)


def test_the_first_rule_that_fits_decides_even_that_there_is_none(overlay: Overlay) -> None:
    nothing = '[[attestation]]\nname = "nothing"\ntitle = "итоговый тест"\nprotocol = false\n'
    assert plan_of(overlay(nothing + MINE)) is None
    assert rule_of(overlay(MINE + nothing)) == "mine"
    assert rule_of(overlay(nothing + MINE), itemname="ВКР") == "mine"


def test_rules_are_laid_over_one_another_as_all_rules_are(overlay: Overlay) -> None:
    assert plan_of(overlay('[[attestation]]\nname = "final"\nremove = true')) is None
    replaced = overlay('[[attestation]]\nname = "final"\nclosing = "on-quiz-close"')
    plan = plan_of(replaced)
    assert plan and plan.closing is ClosingPolicy.ON_QUIZ_CLOSE
    assert len(replaced.effective.attestation) == 1


# --- ids in [[grade_item]] rules --------------------------------------------------------------------------------------


def test_this_very_test_is_the_final_one(overlay: Overlay) -> None:
    mapping = overlay('[[grade_item]]\nname = "it"\nmodule = "quiz"\ninstance = [7, 9]\nattestation_kind = "final"')
    items = [item_of(mapping, itemname="Тест", iteminstance=number) for number in (7, 8, 9)]
    assert [item.rule for item in items] == ["it", "current", "it"], "items of one name are not taken for one another"
    assert item_of(mapping, itemname="Тест", iteminstance=7, itemmodule="assign").rule == "current"
    assert entry_of(mapping, grade(grade_item(itemname="Тест"), graderaw=Decimal(1))).scale == "hundred-point"


def test_this_very_column_is_the_final_one(overlay: Overlay) -> None:
    rule = '[[grade_item]]\nname = "it"\nid = {}\nattestation_kind = "final"'
    assert item_of(overlay(rule.format(4))).rule == "it"
    assert item_of(overlay(rule.format("[5]"))).rule == "current"


def test_decisions_serve_all_items_of_one_name_while_no_rule_asks_for_ids(overlay: Overlay, shipped: Mapping) -> None:
    def decided(mapping: Mapping) -> int:
        mapper = mapping._mappers["grade_item"].__self__  # type: ignore[attr-defined]
        mapper._kept.clear()
        for number in range(5):
            item_of(mapping, iteminstance=number)
        return len(mapper._kept)

    assert decided(shipped) == 1
    assert decided(overlay('[[control_form]]\nname = "it"\nid = 4\ncontrol_form = "exam"')) == 5


# --- commissions ------------------------------------------------------------------------------------------------------

COMMISSIONS = """
[[commission]]
name = "main"
valid_from = 2026-09-01
order = "приказ № 40"
chair = { name = "Образцов П. И.", position = "директор" }
members = [{ name = "Примерова А. С." }, { name = "Тестов О. П.", position = "методист" }]
secretary = { name = "Примерова А. С." }
[[commission]]
name = "main"
valid_from = 2026-01-10
order = "приказ № 12"
chair = { name = "Мастеров И. П." }
"""


def test_the_commission_of_the_day(overlay: Overlay) -> None:
    rules = overlay(COMMISSIONS).attestation
    assert rules.commission("main", dt.date(2026, 1, 9)) is None
    assert rules.commission("main", dt.date(2026, 8, 31)) == Commission(
        name="main", order="приказ № 12", chair=CommissionMember(name="Мастеров И. П.")
    )
    assert rules.commission("main", dt.date(2026, 9, 1)) == Commission(
        name="main",
        order="приказ № 40",
        chair=CommissionMember(name="Образцов П. И.", position="директор"),
        members=[CommissionMember(name="Примерова А. С."), CommissionMember(name="Тестов О. П.", position="методист")],
        secretary=CommissionMember(name="Примерова А. С."),
    )
    assert rules.commission("other", dt.date(2026, 9, 1)) is None


def test_a_commission_is_replaced_with_all_its_versions(overlay: Overlay) -> None:
    later = '[[commission]]\nname = "main"\nchair = { name = "Условная М. И." }'
    commission = overlay(COMMISSIONS, later).attestation.commission("main", dt.date(2026, 12, 1))
    assert commission == Commission(name="main", chair=CommissionMember(name="Условная М. И."))


# --- explaining -------------------------------------------------------------------------------------------------------


def explained(mapping: Mapping, **changes: Any) -> dict[str, tuple[object, str]]:
    decisions = mapping.attestation.explain(final_of(mapping, **changes), course_of(mapping))
    return {one.what: (one.value, one.why) for one in decisions}


def test_an_explanation_names_what_decided_each_setting(overlay: Overlay) -> None:
    found = explained(overlay(PROTOCOLS + MINE + 'title = "итоговый"\ncounting = "as-lms"'))
    value, why = found["protocol"]
    assert value == "kept" and why.startswith("rule mine (") and why.endswith("): by attestation_kind, title")
    assert found["counting"] == ("as-lms", "rule mine")
    assert found["closing"] == ("per-day", "[protocols]")
    assert found["number"] == ("ИА-{number}", "[protocols]")
    assert found["per_group"] == ("false", "[protocols]")
    assert found["commission"] == ("main", "[protocols]")
    assert found["passed"] == ("scale hundred-point", "the scale's steps say")


def test_an_explanation_tells_of_the_pass_mark(overlay: Overlay) -> None:
    assert explained(overlay(MINE + "scales = []\npass_percent = 70"))["passed"] == (
        "from 70 %",
        "rule mine, without a scale",
    )
    assert explained(overlay(MINE + "pass_percent = 60"))["passed"] == (
        "from 60 %",
        "rule mine, with scale hundred-point",
    )
    assert explained(overlay(MINE + "scales = []"))["passed"] == ("", "nothing says which grades pass")


def test_an_explanation_tells_that_no_protocol_is_kept(overlay: Overlay, shipped: Mapping) -> None:
    nothing = overlay(MINE + "protocol = false")
    assert list(explained(nothing)) == ["protocol"] and explained(nothing)["protocol"][0] == "none"
    removed = overlay('[[attestation]]\nname = "final"\nremove = true')
    assert explained(removed) == {"protocol": ("none", "no [[attestation]] rule fits")}
    assert explained(shipped, itemname="Тест 1") == {}
