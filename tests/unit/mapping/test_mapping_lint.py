"""What lint suspects, and that it never suspects a rule that can decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.lint import lint
from lms_sync.mapping.load import load_mapping
from tests.unit.mapping.samples import Overlay, item_of


def suspicions(mapping: Mapping) -> list[tuple[str, str]]:
    """The line in the last overlay (or the shipped file's name) and the message."""
    return [(problem.where.rpartition("/")[2], problem.message) for problem in lint(mapping)]


def test_the_shipped_mapping_is_above_suspicion(shipped: Mapping) -> None:
    assert lint(shipped) == []


RULE = '[[grade_item]]\nname = "{}"\nattestation_kind = "final"\n{}\n'


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ('title = "экзамен"', 'title = "экзамен"'),
        ('title = "Экзамен"', 'title = ["итоговый экзамен", "экзаменационный тест"]'),
        ('title = "экзамен"', 'title = "экзамен"\nmodule = "quiz"'),
        ('title = ["а", "*б*"]', 'title = ["*аб"]\nis_scale = true'),
        ('idnumber = "FINAL*"', 'idnumber = ["FINAL-*", "final", "FINAL-?"]'),
        ('module = ["quiz", "assign"]', 'module = "quiz"'),
        ('category = "дпо"', 'category = "дпо: курсы"'),
        ("is_scale = true", 'is_scale = true\nscale_words = "зачтено"'),
        ('scale_words = ["Зачтено", "сдано"]', 'scale_words = "зачтено"'),
        ('course_idnumber = "P*"', 'course_idnumber = "PK-*"'),
        ('item_type = ["mod", "manual"]', 'item_type = "mod"\nmodule = "quiz"'),
    ],
)
def test_a_rule_behind_a_wider_one_never_decides(overlay: Overlay, earlier: str, later: str) -> None:
    text = RULE.format("wide", earlier) + RULE.format("narrow", later)
    (found,) = [message for where, message in suspicions(overlay(text)) if "rule narrow " in message]
    assert found.startswith("rule narrow never decides: wide (") and found.endswith(
        "fits first; move or narrow one of them"
    )
    assert not any("rule narrow " in message for _, message in suspicions(overlay(RULE.format("narrow", later))))


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ('title = "итоговый экзамен"', 'title = "экзамен"'),
        ('title = "экзамен*"', 'title = "экзамен"'),
        ('title = "экзамен"', 'title = "*экзамен*"'),
        ('title = "экзамен"\nmodule = "quiz"', 'title = "экзамен"'),
        ('idnumber = "FINAL-?"', 'idnumber = "FINAL-*"'),
        ('idnumber = "FINAL"', 'idnumber = ["FINAL", "ИА"]'),
        ("is_scale = true", "is_scale = false"),
        ('title = "зачёт"', 'title = "перезачёт"'),
    ],
)
def test_a_rule_that_can_decide_is_not_suspected(overlay: Overlay, earlier: str, later: str) -> None:
    text = RULE.format("wide", earlier) + RULE.format("narrow", later)
    assert not any("rule narrow " in message for _, message in suspicions(overlay(text)))


def test_several_earlier_rules_can_hide_one_together(overlay: Overlay) -> None:
    text = (
        RULE.format("a", 'title = "экзамен"')
        + RULE.format("b", 'title = "тест"')
        + RULE.format("c", 'title = ["экзамен", "тест"]')
    )
    found = [(where, message) for where, message in suspicions(overlay(text)) if "rule c " in message]
    assert [where for where, _ in found] == ["overlay-0.toml:11"]
    assert "a (" in found[0][1] and "b (" in found[0][1]


def test_a_rule_without_conditions_hides_all_behind_it(overlay: Overlay, shipped: Mapping) -> None:
    found = suspicions(overlay(RULE.format("all", "")))
    assert len([message for _, message in found if "all (" in message]) == len(shipped.effective.grade_item)


def test_programme_rules_are_seen_in_the_order_in_which_they_are_tried(overlay: Overlay) -> None:
    by_category = '[[course.programme]]\nname = "c"\ncategory = "дпо"\nidnumber = "X-1"\nprogramme_kind = "general"\n'
    by_number = '[[course.programme]]\nname = "n"\nidnumber = "X-*"\nprogramme_kind = "general"\n'
    (found,) = suspicions(overlay(by_category + by_number))
    assert found[0] == "overlay-0.toml:3" and "rule c never decides: n (" in found[1]


def test_hours_are_only_hidden_by_a_number(overlay: Overlay) -> None:
    number = '[[course.hours]]\nname = "number"\nhours = 72\n'
    title = '[[course.hours]]\nname = "mine"\nfrom = "fullname"\nas = "hours_in_title"\n'
    assert [
        message
        for _, message in suspicions(overlay(title + '[[course.hours]]\nname = "x"\nhours = 8\nidnumber = "X"\n'))
    ] == []
    (found,) = suspicions(overlay(number))
    assert found[0].startswith("moodle.toml:") and "rule title never decides: number (" in found[1]


def test_patronymic_rules_behind_the_last_word(overlay: Overlay) -> None:
    rule = '[[learner.patronymic]]\nname = "{}"\nhow = "{}"\n'
    none_first = suspicions(overlay(rule.format("stop", "none")))
    assert len(none_first) == 4 and all("stop goes first" in message for _, message in none_first)
    all_words_first = suspicions(overlay(rule.format("all", "firstname")))
    assert [message.split(":")[0] for _, message in all_words_first] == ["rule first-name-by-ending never decides"]


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ('is_scale = false\nscale_words = "зачтено"', "never fits: an item that is no scale has no scale_words"),
        ('item_type = "manual"\nmodule = "quiz"', "never fits: only items of item_type mod have a module"),
        ('title = "x"\nscales = ["credit-threshold", "hundred-point"]', "credit-threshold takes every item in points"),
        ('is_scale = true\nscales = ["hundred-point"]', "hundred-point is for points, which the rule never meets"),
        ('is_scale = false\nscales = ["credit"]', "credit is for words, which the rule never meets"),
    ],
)
def test_conditions_and_scales_that_do_not_go_together(overlay: Overlay, conditions: str, words: str) -> None:
    found = suspicions(overlay(RULE.format("mine", conditions)))
    assert [where for where, message in found if words in message] == ["overlay-0.toml:3"]


SCALE = '[[scale]]\nname = "{}"\nversion = "1"\nsource = "order"\n{}\n'


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (
            SCALE.format("mine", 'thresholds = [{ from_percent = 0, text = "a" }]'),
            "no rule and no default uses scale mine; name it in `scales` or drop it",
        ),
        (
            SCALE.format(
                "credit",
                'words = [{ words = "5", text = "отлично", mark = 5 }, { words = "4", text = "хорошо", mark = 4 }]',
            ),
            "scale credit 1: marks do not rise from step to step; write the steps from worst to best",
        ),
        (
            SCALE.format(
                "hundred-point",
                'thresholds = [{ from_percent = 0, text = "a", passed = true }, '
                '{ from_percent = 50, text = "b", passed = false }]',
            ),
            "scale hundred-point 1: a better step fails where a worse one passes",
        ),
        (
            SCALE.format("credit", 'valid_from = 2026-01-01\nwords = [{ words = "5", text = "отлично" }]'),
            "scale credit begins on 2026-01-01: grades given before get no mark from it",
        ),
        (
            '[lookup.unused]\nvalues = { a = "b" }',
            "no learner field uses the table [lookup.unused]; name it in `table` or drop it",
        ),
    ],
)
def test_scales_and_tables(overlay: Overlay, scale: str, words: str) -> None:
    assert [message for _, message in suspicions(overlay(scale))] == [words]


_patterns = st.lists(
    st.sampled_from(["экзамен", "итоговый экзамен", "*экзамен", "тест", "т?ст", "тест*", "*", "зачёт", "перезачёт"]),
    min_size=1,
    max_size=2,
)
_titles = st.sampled_from(
    [
        "Экзамен",
        "Итоговый экзамен",
        "Тест",
        "Тест 1",
        "Мой тест",
        "Зачет",
        "Перезачёт",
        "Предэкзамен",
        "Экзамен и тест",
        "Тост",
        "",
    ]
)


@given(rules=st.lists(_patterns, min_size=2, max_size=4), titles=st.lists(_titles, min_size=1))
def test_no_rule_that_decides_about_a_title_is_called_unreachable(
    tmp_path_factory: pytest.TempPathFactory, rules: list[list[str]], titles: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lint") / "mine.toml"
    names = '[learner.fields]\nlast_name = { from = "lastname" }\nfirst_name = { from = "firstname" }\n'
    body = "".join(RULE.format(f"r{number}", f"title = {patterns!r}") for number, patterns in enumerate(rules))
    path.write_text("format = 1\n" + names + body, encoding="utf-8")
    mapping = load_mapping(None, [path], timezone="UTC")
    dead = {problem.message.split()[1] for problem in lint(mapping) if "never decides" in problem.message}
    assert not dead & {item_of(mapping, itemname=title).rule for title in titles}
