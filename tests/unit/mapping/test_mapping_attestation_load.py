"""Rules about final attestation: what is refused with its line, what is suspected, and that the manual's example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lms_sync.errors import ConfigError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.lint import lint
from lms_sync.mapping.load import load_mapping
from tests.unit.mapping.samples import Overlay, course_of, item_of

# ruff: noqa: E501 - the files and messages of the tables below are clearer unbroken

MANUAL = Path(__file__).parents[3] / "docs" / "mapping.md"
SHIPPED = "lms_sync_mappings/moodle.toml"


def problems_of(tmp_path: Path, text: str, *, shipped: str | None = "moodle") -> list[str]:
    path = tmp_path / "academy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_mapping(shipped, [path], timezone="Asia/Irkutsk")
    told = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    return [re.sub(r"moodle\.toml:\d+", "moodle.toml:N", one) for one in told]


RULE = 'format = 1\n[[attestation]]\nname = "x"\n'
CHAIR = 'chair = { name = "А. А. Образцов" }\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'format = 1\n[protocols]\ncounting = "highest"',
            "academy.toml:3: protocols.counting must be 'as-lms', 'first', 'last' or 'best'",
        ),
        (
            'format = 1\n[protocols]\ncounting = "average"',
            "academy.toml:3: protocols.counting: an average can only be the LMS's own method; write as-lms and set it there",
        ),
        (
            'format = 1\n[protocols]\nclosing = "weekly"',
            "academy.toml:3: protocols.closing must be 'per-day', 'on-quiz-close' or 'manual'",
        ),
        (
            'format = 1\n[protocols]\nnumber = "{group}{number}"',
            "academy.toml:3: protocols.number: a text that is no digit, as - or /, must stand beside {number} on the side of {group} or {course}",
        ),
        (
            'format = 1\n[protocols]\ncommision = "main"',
            "academy.toml:3: unknown key protocols.commision; did you mean commission?",
        ),
        (
            'format = 1\n[protocols]\ncommission = "main"\n[[commission]]\nname = "mains"\n' + CHAIR,
            "academy.toml:3: there is no [[commission]] named 'main'; did you mean 'mains'?",
        ),
        (RULE + 'commission = "main"', "academy.toml:4: there is no [[commission]] named 'main'"),
        (
            RULE + 'scales = ["credit", "hundred"]',
            "academy.toml:4: there is no [[scale]] named 'hundred'; did you mean 'hundred-point'?",
        ),
        (
            RULE + 'attestation_kind = "last"',
            "academy.toml:4: attestation[1].attestation_kind[1] must be 'current', 'milestone', 'intermediate', 'final' or 'total'",
        ),
        (RULE + "attestation_kind = []", "academy.toml:4: attestation[1].attestation_kind must not be empty"),
        (
            RULE + 'programme_kind = ["retraning"]',
            "academy.toml:4: attestation[1].programme_kind[1] must be 'advanced_training', 'retraining', 'vocational', 'secondary_vocational', 'general' or 'other'",
        ),
        (
            RULE + "instance = 42",
            "academy.toml:2: attestation[1]: `instance` needs `module`: a quiz and an assignment may have the same id",
        ),
        (RULE + "id = [1.5]", "academy.toml:4: attestation[1].id: ids are whole numbers or texts in quotes"),
        (RULE + "id = []", "academy.toml:4: attestation[1].id must not be empty"),
        (
            RULE + "protocol = false\npass_percent = 60\nclosing = 'manual'",
            "academy.toml:2: attestation[1]: with protocol = false, closing, pass_percent would mean nothing; leave it out",
        ),
        (
            RULE + "pass_percent = 100.5",
            "academy.toml:4: attestation[1].pass_percent: input should be less than or equal to 100",
        ),
        (
            RULE + "remove = true",
            "academy.toml:3: there is no rule 'x' in [[attestation]] to remove",
        ),
        (
            RULE + RULE.removeprefix("format = 1\n"),
            "academy.toml:5: the name 'x' is used twice in [[attestation]]; rename one",
        ),
        ('format = 1\n[[commission]]\nname = "main"', "academy.toml:2: commission[1].chair is missing"),
        (
            'format = 1\n[[commission]]\nname = "main"\n' + CHAIR + 'members = [{ name = "Б" }, { name = "а. а. образцов" }]',
            "academy.toml:2: commission[1]: a person stands twice among the chair and the members; leave them in one place",
        ),
        (
            'format = 1\n[[commission]]\nname = "main"\n' + CHAIR + '[[commission]]\nname = "main"\n' + CHAIR,
            "academy.toml:6: commission 'main' has the same valid_from as another version of it; change one",
        ),
        (
            RULE + "pass_percent = 70\nscales = 'hundred-point'",
            f"academy.toml:3: rule x: pass_percent = 70, but scale hundred-point example-1 ({SHIPPED}:N) passes from 60 %; "
            "write the same in both, leave pass_percent out, or name another scale in the rule",
        ),
        (
            RULE + 'number = "{course}/{number}"',
            f"{SHIPPED}:N: rules x (academy.toml:3) and final could give one number twice: '{{course}}/{{number}}' and "
            "'{year}/{number:03}'; write one template in both, or letters",
        ),
    ],
)  # fmt: skip
def test_every_problem_names_its_line_and_what_to_write(tmp_path: Path, text: str, problem: str) -> None:
    assert problems_of(tmp_path, text) == [problem]


def test_a_pass_mark_that_every_scale_of_the_items_denies_is_refused(tmp_path: Path) -> None:
    assert [one.partition(" (")[0] for one in problems_of(tmp_path, RULE + "pass_percent = 70")] == [
        "academy.toml:3: rule x: pass_percent = 70, but scale hundred-point example-1",
        "academy.toml:3: rule x: pass_percent = 70, but scale credit-threshold example-1",
    ]


VERSION = '[[scale]]\nname = "mine"\nversion = "{}"\n{}\nsource = "order"\nthresholds = [{}]\n'
STEPS = '{{ from_percent = 0, text = "нет", passed = false }}, {{ from_percent = {}, text = "да", passed = true }}'


def test_each_version_of_a_scale_is_held_against_the_pass_mark(tmp_path: Path) -> None:
    text = (
        RULE
        + 'scales = "mine"\npass_percent = 50.5\n'
        + VERSION.format("1", "", STEPS.format("50.50"))
        + VERSION.format("2", "valid_from = 2026-01-01", STEPS.format("60"))
    )
    (problem,) = problems_of(tmp_path, text)
    assert "pass_percent = 50.5, but scale mine 2 (academy.toml:13) passes from 60 %" in problem


@pytest.mark.parametrize(
    ("steps", "pass_percent", "agree"),
    [
        (STEPS.format(60), "60", True),
        (STEPS.format(60), "59.99999", False),
        (STEPS.format(60), "60.00001", False),
        ('{ from_percent = 0, text = "a" }, { from_percent = 60, text = "b" }', "33", True),
        ('{ from_percent = 0, text = "a", passed = false }, { from_percent = 60, text = "b" }', "70", True),
        ('{ from_percent = 0, text = "a", passed = false }, { from_percent = 60, text = "b" }', "50", False),
        ('{ from_percent = 0, text = "a" }, { from_percent = 60, text = "b", passed = true }', "50", True),
        ('{ from_percent = 0, text = "a" }, { from_percent = 60, text = "b", passed = true }', "70", False),
        ('{ from_percent = 0, text = "a", passed = false }', "100", False),
        ('{ from_percent = 0, text = "a", passed = true }', "0", True),
    ],
)
def test_a_pass_mark_agrees_with_a_scale_that_never_says_otherwise(
    overlay: Overlay, steps: str, pass_percent: str, agree: bool
) -> None:
    text = RULE.removeprefix("format = 1\n") + f'scales = "mine"\npass_percent = {pass_percent}\n'
    text += VERSION.format("1", "", steps)
    if agree:
        overlay(text)
    else:
        with pytest.raises(ConfigError, match="but scale mine 1"):
            overlay(text)


def test_a_rule_that_keeps_protocols_needs_numbers(tmp_path: Path) -> None:
    names = '[learner.fields]\nlast_name = { from = "lastname" }\nfirst_name = { from = "firstname" }\n'
    assert problems_of(tmp_path, RULE + names, shipped=None) == [
        "academy.toml:3: rule x keeps protocols, but nothing says how they are numbered; "
        'write number = "{year}/{number:03}" here or in [protocols]'
    ]


def test_rules_that_keep_no_protocols_clash_with_nothing(overlay: Overlay) -> None:
    number = '[[attestation]]\nname = "x"\nnumber = "{course}/{number}"\n'
    removed = '[[attestation]]\nname = "final"\nprotocol = false\n'
    with pytest.raises(ConfigError, match=r"rules x .* and final could give one number twice"):
        overlay(number)
    mapping = overlay(number + removed)
    plan = mapping.attestation.plan(item_of(mapping, itemname="Итоговый тест"), course_of(mapping))
    assert plan is not None
    assert plan.number.text == "{course}/{number}"


def test_problems_of_attestation_come_with_all_others(tmp_path: Path) -> None:
    text = RULE + 'commission = "main"\nnumber = "{course}/{number}"\n[defaults]\nscales = "none"\n'
    assert [one.partition(": ")[0] for one in problems_of(tmp_path, text)] == [
        "academy.toml:7",
        "academy.toml:4",
        f"{SHIPPED}:N",
    ]


def test_the_version_follows_the_tables_of_attestation(overlay: Overlay, shipped: Mapping) -> None:
    commission = '[[commission]]\nname = "main"\norder = "{}"\nchair = {{ name = "А" }}\n'
    versions = [
        shipped.version,
        overlay('[protocols]\ncounting = "last"').version,
        overlay('[protocols]\norganisation = "А"').version,
        overlay('[[attestation]]\nname = "x"').version,
        overlay('[[attestation]]\nname = "x"\nid = 5').version,
        overlay('[[attestation]]\nname = "x"\nprotocol = false').version,
        overlay(commission.format("1")).version,
        overlay(commission.format("2")).version,
    ]
    assert len(set(versions)) == len(versions)


# --- the manual -------------------------------------------------------------------------------------------------------


def test_the_manuals_examples_load_and_are_above_suspicion(overlay: Overlay) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    section = text[text.index("## Final attestation") : text.index("## Documents shown in the LMS")]
    academy, knowledge_check = (
        block.replace("format = 1\n", "") for block in re.findall(r"```toml\n(.*?)```", section, re.S)
    )
    mapping = overlay(academy, knowledge_check)
    assert lint(mapping) == []

    def rule(**course: object) -> str:
        plan = mapping.attestation.plan(item_of(mapping, itemname="Итоговый тест"), course_of(mapping, **course))
        return plan.rule if plan else ""

    assert (rule(idnumber="PO-1"), rule(idnumber="DEMO-1"), rule(idnumber="PK-1")) == ("vocational", "", "final")
    item = item_of(mapping, itemname="Тест", idnumber="FINAL-OT-1")
    plan = mapping.attestation.plan(item, course_of(mapping))
    assert plan and (plan.rule, plan.organisation, plan.commission) == ("knowledge-check", "АНО ДПО «Пример»", "main")


# --- suspicions -------------------------------------------------------------------------------------------------------


def suspicions(mapping: Mapping) -> list[str]:
    return [problem.message for problem in lint(mapping)]


def rules(*bodies: str) -> str:
    return "".join(f'[[attestation]]\nname = "r{number}"\n{body}\n' for number, body in enumerate(bodies))


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("module = 'quiz'\ninstance = [7, 8]", "module = 'quiz'\ninstance = 8"),
        ("id = [1, 2]", "id = 2"),
        ("programme_kind = ['vocational', 'retraining']", "programme_kind = 'retraining'\ntitle = 'экзамен'"),
        ("attestation_kind = ['final', 'milestone']\ntitle = 'экзамен'", "title = 'экзамен'"),
    ],
)
def test_an_attestation_rule_behind_a_wider_one_never_decides(overlay: Overlay, earlier: str, later: str) -> None:
    (found,) = suspicions(overlay(rules(earlier, later)))
    assert found.startswith("rule r1 never decides: r0 (")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("id = 1", "id = [1, 2]"),
        ("module = 'quiz'\ninstance = 7", "module = 'quiz'"),
        ("programme_kind = 'vocational'", "title = 'экзамен'"),
        ("title = 'экзамен'", "title = 'экзамен'\nattestation_kind = ['final', 'intermediate']"),
    ],
)
def test_an_attestation_rule_that_can_decide_is_not_suspected(overlay: Overlay, earlier: str, later: str) -> None:
    assert suspicions(overlay(rules(earlier, later))) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[[commission]]\nname = "main"\nchair = { name = "А" }',
            "no rule and not [protocols] names commission main; name it in `commission` or drop it",
        ),
        (
            rules("title = 'экзамен'\nnumber = '{year}/{number}'"),
            "rules r0 and final count in one series but write it differently: '{year}/{number}' and '{year}/{number:03}'; "
            "write one of them in both",
        ),
        (
            rules("title = 'экзамен'\npass_percent = 60"),
            "pass_percent of rule r0 has no effect: scale hundred-point itself says which marks pass",
        ),
        (
            rules("is_scale = true\npass_percent = 70"),
            "pass_percent of rule r0 has no effect: it is for points, which the rule never meets",
        ),
        (
            rules("title = 'экзамен'\nscales = []"),
            "no scale judges items in points and rule r0 has no pass_percent: such results wait; write either",
        ),
        (
            rules("title = 'экзамен'\nscales = 'mine'")
            + VERSION.format("1", "", '{ from_percent = 0, text = "нет" }'),
            "scale mine does not say which marks pass and rule r0 has no pass_percent: such results wait; write either",
        ),
        (
            rules("title = 'экзамен'\nscales = ['hundred-point', 'credit-threshold']"),
            "scales of rule r0: hundred-point takes every item in points, credit-threshold none",
        ),
        (
            rules("title = 'экзамен'\nnumber = '{group}-{number}'\nper_group = false"),
            "rule r0: '{group}-{number}' holds {group}, but with per_group = false there is none",
        ),
        (
            rules("module = 'assign'\nclosing = 'on-quiz-close'"),
            "rule r0: closing = 'on-quiz-close' never comes, as what fits is no test; write another",
        ),
        (
            rules("item_type = 'manual'\nclosing = 'on-quiz-close'"),
            "rule r0: closing = 'on-quiz-close' never comes, as what fits is no test; write another",
        ),
        (
            rules("item_type = 'manual'\nmodule = 'quiz'"),
            "rule r0 never fits: only items of item_type mod have a module",
        ),
        (
            '[[grade_item]]\nname = "milestone"\nremove = true\n' + rules("attestation_kind = 'milestone'"),
            "rule r0 never fits: no [[grade_item]] rule gives attestation_kind milestone",
        ),
        (
            '[[course.programme]]\nname = "category-general"\nremove = true\n' + rules("programme_kind = 'general'"),
            "rule r0 never fits: no [[course.programme]] rule gives programme_kind general",
        ),
    ],
)  # fmt: skip
def test_what_is_legal_and_hardly_meant(overlay: Overlay, text: str, words: str) -> None:
    assert suspicions(overlay(text)) == [words]


def test_a_pass_mark_that_only_some_scales_deny_is_suspected(overlay: Overlay) -> None:
    steps = STEPS.format(50)
    scale = VERSION.format("2", "", steps).replace('"mine"', '"credit-threshold"')
    (found,) = suspicions(overlay(scale + rules("title = 'зачёт'\npass_percent = 50")))
    assert found.startswith("rule r0: pass_percent = 50, but scale hundred-point example-1 (")
    assert found.endswith("passes from 60 %: results by this scale would wait; name the rule's own `scales`")


def test_a_scale_or_commission_that_only_an_attestation_rule_names_is_used(overlay: Overlay) -> None:
    steps = '{ from_percent = 0, text = "нет", passed = false }, { from_percent = 10, text = "да", passed = true }'
    commission = '[[commission]]\nname = "main"\nchair = { name = "А" }\n'
    text = rules('title = "экзамен"\nscales = "mine"\ncommission = "main"')
    assert suspicions(overlay(text + commission + VERSION.format("1", "", steps))) == []
