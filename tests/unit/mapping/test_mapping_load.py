"""Loading: every problem with its line, all at once; how files are laid over one another; the version."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.errors import ConfigError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from tests.unit.mapping.samples import (
    Overlay,
    course_of,
    entry_of,
    grade,
    grade_item,
    item_of,
    learner_of,
    mapped,
    person,
)


def problems_of(tmp_path: Path, text: str, *, shipped: str | None = "moodle") -> list[str]:
    path = tmp_path / "academy.toml"
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_mapping(shipped, [path], timezone="Asia/Irkutsk")
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


# ruff: noqa: E501 - the files and messages of the table below are clearer unbroken

# --- problems ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[defaults]\nscales = []", "academy.toml:1: `format` is missing; write format = 1 on the first line"),
        ("format = 2", "academy.toml:1: this lms-sync reads files with format = 1"),
        ("format = 1\n[learner\n", "academy.toml:2: is not valid TOML: expected ']' at the end of a table declaration"),
        ("format = 1\n[grade_items]", "academy.toml:2: unknown key grade_items; did you mean grade_item?"),
        (
            'format = 1\n[learner.fields]\nsnils = { from = "profile.s", az = "snils" }',
            "academy.toml:3: unknown key learner.fields.snils.az; did you mean as?",
        ),
        (
            'format = 1\n[learner.fields.zzzz]\nfrom = "x"',
            "academy.toml:2: unknown key learner.fields.zzzz; known here: birth_date, citizenship, city, country, "
            "department, email, first_name, idnumber, last_name, organisation, snils",
        ),
        (
            'format = 1\n[learner.fields]\nemail = { from = "emial", as = "email" }',
            "academy.toml:3: learner.fields.email.from[1]: must be one of id, firstname, lastname, middlename, fullname, email, "
            "idnumber, institution, department, city, country, or profile.SHORTNAME for a custom profile field",
        ),
        (
            'format = 1\n[learner.fields]\nemail = { from = "email", as = "e-mail" }',
            "academy.toml:3: learner.fields.email.as: must name a converter: text, name, email, snils, date, date_epoch, "
            "date_text, integer, lookup, hours_in_title",
        ),
        (
            'format = 1\n[learner.fields]\nbirth_date = { from = "profile.b", as = "text" }',
            "academy.toml:2: learner.fields: birth_date is a date, which text does not give; write one of date, date_epoch, "
            "date_text",
        ),
        (
            'format = 1\n[learner.fields]\ncity = { from = "city", as = "lookup" }',
            'academy.toml:3: learner.fields.city: `table` and as = "lookup" belong together',
        ),
        (
            'format = 1\n[learner.fields]\ncity = { from = "city", as = "lookup", table = "citizenshipp" }',
            "academy.toml:3: there is no table [lookup.citizenshipp]; did you mean 'citizenship'?",
        ),
        (
            'format = 1\n[[learner.patronymic]]\nname = "x"\nhow = "guess"',
            "academy.toml:4: learner.patronymic[1].how must be 'field', 'firstname', 'firstname_by_ending', 'fullname' or 'none'",
        ),
        (
            'format = 1\n[[learner.patronymic]]\nname = "x"\nhow = "field"',
            'academy.toml:2: learner.patronymic[1]: `from` and how = "field" belong together',
        ),
        (
            'format = 1\n[[course.programme]]\nname = "x"\nidnumber = "A*"',
            "academy.toml:2: course.programme[1]: `programme_kind` is missing: write one of advanced_training, retraining, "
            "vocational, secondary_vocational, general, other",
        ),
        (
            'format = 1\n[[course.hours]]\nname = "x"\nhours = 72.5',
            "academy.toml:4: course.hours[1].hours must be a whole number",
        ),
        (
            'format = 1\n[[course.hours]]\nname = "x"\nhours = 72\nfrom = "fullname"\nas = "hours_in_title"',
            "academy.toml:2: course.hours[1]: write either hours = NUMBER or both `from` and `as`",
        ),
        (
            'format = 1\n[[course.hours]]\nname = "x"\nhours = 0',
            "academy.toml:4: course.hours[1].hours: input should be greater than or equal to 1",
        ),
        (
            'format = 1\n[[grade_item]]\nname = "x"\nattestation_kind = "last"',
            "academy.toml:4: grade_item[1].attestation_kind must be 'current', 'milestone', 'intermediate', 'final' or 'total'",
        ),
        (
            'format = 1\n[[grade_item]]\nattestation_kind = "final"',
            "academy.toml:2: grade_item[1].name is missing",
        ),
        (
            'format = 1\n[[grade_item]]\nname = "x"\nattestation_kind = "final"\ntitle = [\n  "a",\n  " ",\n]',
            "academy.toml:7: grade_item[1].title[2]: must not be blank",
        ),
        (
            'format = 1\n[[grade_item]]\nname = "x"\nattestation_kind = "final"\ntitle = []',
            "academy.toml:5: grade_item[1].title must not be empty",
        ),
        (
            'format = 1\n[[grade_item]]\nname = "x"\nattestation_kind = "final"\nis_scale = "yes"',
            "academy.toml:5: grade_item[1].is_scale must be true or false",
        ),
        (
            'format = 1\n[[grade_item]]\nname = 5\nattestation_kind = "final"',
            "academy.toml:3: grade_item[1].name must be a text in quotes",
        ),
        (
            'format = 1\n[[grade_item]]\nname = "x"\nattestation_kind = "final"\nscales = ["hundred-pont"]',
            "academy.toml:5: there is no [[scale]] named 'hundred-pont'; did you mean 'hundred-point'?",
        ),
        (
            'format = 1\n[defaults]\nscales = "mine"',
            "academy.toml:3: there is no [[scale]] named 'mine'",
        ),
        (
            'format = 1\n[[grade_item]]\nname = "finall"\nremove = true',
            "academy.toml:3: there is no rule 'finall' in [[grade_item]] to remove; did you mean 'final'?",
        ),
        (
            'format = 1\n[[grade_item]]\nname = "final"\nremove = true\ntitle = "x"',
            "academy.toml:2: grade_item[1]: a rule with remove = true has a name and nothing else, not title",
        ),
        (
            'format = 1\n[[control_form]]\nname = "x"\ncontrol_form = "exam"\n[[control_form]]\nname = "x"\ncontrol_form = "test"',
            "academy.toml:6: the name 'x' is used twice in [[control_form]]; rename one",
        ),
        (
            'format = 1\n[[scale]]\nname = "s"\nversion = "1"\nsource = "order"\nthresholds = [{ from_percent = 1, text = "a" }]',
            "academy.toml:2: scale[1]: the first threshold must have from_percent = 0",
        ),
        (
            'format = 1\n[[scale]]\nname = "s"\nversion = "1"\nsource = "order"\nthresholds = [\n'
            '{ from_percent = 0, text = "a" },\n{ from_percent = 100.5, text = "b" },\n]',
            "academy.toml:8: scale[1].thresholds[2].from_percent: input should be less than or equal to 100",
        ),
        (
            'format = 1\n[[scale]]\nname = "s"\nversion = "1"\nsource = "order"\nthresholds = [{ from_percent = 0, text = "a" }, '
            '{ from_percent = 60, text = "b" }, { from_percent = 60.0, text = "c" }]',
            "academy.toml:2: scale[1]: thresholds must increase from one step to the next",
        ),
        (
            'format = 1\n[[scale]]\nname = "s"\nversion = "1"\nsource = "order"\nwords = [{ words = "а", text = "a" }, '
            '{ words = ["б", "А"], text = "b" }]',
            "academy.toml:2: scale[1]: the word 'а' stands in two places",
        ),
        (
            'format = 1\n[[scale]]\nname = "s"\nversion = "1"\nsource = "order"',
            "academy.toml:2: scale[1]: a scale has either `words` or `thresholds`",
        ),
        (
            'format = 1\n[lookup.citizenship.values]\n"Чехия" = 203',
            "academy.toml:3: lookup.citizenship.values.Чехия must be a text in quotes",
        ),
        (
            'format = 1\n[lookup.citizenship.values]\n"Чехия" = "203"\n"ЧЕХИЯ" = "203"',
            "academy.toml:2: lookup.citizenship: the word 'чехия' stands in two entries (case and ё do not count)",
        ),
        (
            "format = 1\n[event]\n'\\x' = { acton = \"graded\" }",
            "academy.toml:3: event.\\x.action is missing\nacademy.toml:3: unknown key event.\\x.acton; did you mean action?",
        ),
        (
            "format = 1\n[event]\n'\\x' = { action = \"gradet\" }",
            "academy.toml:3: no file says how the action 'gradet' is called; add it to [action]; did you mean 'graded'?",
        ),
        (
            'format = 1\n[event]\n\'\\x\' = { action = "graded", object = "tablet" }',
            "academy.toml:3: no file says how the object 'tablet' is called; add it to [object]",
        ),
        (
            "format = 1\n[event]\n'\\x' = { action = \"Graded\" }",
            "academy.toml:3: event.\\x.action: a code is made of small Latin letters, digits and _, beginning with a letter",
        ),
        (
            'format = 1\n[event]\n\'\\x\' = { action = "graded", from = "course" }',
            "academy.toml:3: event.\\x: `from` needs `object`: say what kind of object has that id",
        ),
        (
            'format = 1\n[event]\n\'\\x\' = { action = "graded", object = "course", from = "person" }',
            "academy.toml:3: event.\\x.from: must be one of object, activity, course, or other.NAME for what else the LMS says "
            "of the event",
        ),
        (
            'format = 1\n[event]\n\'\\x\' = [\n  { action = "graded" },\n  { action = "enrolled", when = { a = 1 } },\n]',
            "academy.toml:3: event.\\x: only the last rule of an event may do without `when`: it fits always",
        ),
        (
            "format = 1\n[event]\n'\\x' = [\n  { action = \"graded\", when = { a = 1.5 } },\n]",
            "academy.toml:4: event.\\x[1].when.a: values are whole numbers, texts in quotes, true or false",
        ),
        ("format = 1\n[event]\n'\\x' = []", "academy.toml:3: event.\\x must not be empty"),
        ('format = 1\n[action]\ngraded = " "', "academy.toml:3: action.graded: must not be blank"),
    ],
)
def test_every_problem_names_its_line_and_what_to_write(tmp_path: Path, text: str, problem: str) -> None:
    assert problems_of(tmp_path, text) == problem.split("\n")


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ('version = "1"', 'version = "1"\nvalid_from = 2026-01-01', "has the same version '1'"),
        ('version = "1"', 'version = "2"', "has the same valid_from"),
    ],
)
def test_versions_of_a_scale_must_differ(tmp_path: Path, first: str, second: str, clash: str) -> None:
    steps = 'source = "order"\nthresholds = [{ from_percent = 0, text = "a" }]\n'
    text = f'format = 1\n[[scale]]\nname = "credit"\n{first}\n{steps}[[scale]]\nname = "credit"\n{second}\n{steps}'
    assert problems_of(tmp_path, text) == [
        f"academy.toml:8: scale 'credit' {clash} as another version of it; change one"
    ]


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("format = 1\nx = 1\n[defaults]\nscale = []\n", encoding="utf-8")
    (tmp_path / "b.toml").write_text("format = \n", encoding="utf-8")
    (tmp_path / "c.toml").write_bytes("format = 1\n# Приказ\n".encode("cp1251"))
    paths = [tmp_path / name for name in ("a.toml", "b.toml", "c.toml", "missing.toml")]
    with pytest.raises(ConfigError) as caught:
        load_mapping("canvas", paths, timezone="Asia/Nowhere")
    places = [problem.where.removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    assert sorted(places) == ["", "", "a.toml:2", "a.toml:4", "b.toml:1", "c.toml:2", "missing.toml"]
    words = str(caught.value)
    assert "there is no time zone 'Asia/Nowhere'" in words
    assert "no installed package ships a mapping named 'canvas'; installed are: moodle" in words


def test_files_that_are_sound_alone_are_checked_together(tmp_path: Path) -> None:
    text = 'format = 1\n[defaults]\nscales = ["five-point"]\n'
    assert problems_of(tmp_path, text, shipped=None) == [
        "academy.toml:3: there is no [[scale]] named 'five-point'",
        "no mapping file says where learner.fields.last_name comes from; add it",
        "no mapping file says where learner.fields.first_name comes from; add it",
    ]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "academy.toml"
    path.write_bytes(b'\xef\xbb\xbfformat = 1\r\n[[grade_item]]\r\nname = "mine"\r\nattestation_kind = "final"\r\n')
    assert item_of(load_mapping("moodle", [path], timezone="UTC")).rule == "mine"
    path.write_bytes(path.read_bytes() + b"x = 1\r\n")
    with pytest.raises(ConfigError, match=r"academy\.toml:5: unknown key grade_item\[1\]\.x"):
        load_mapping("moodle", [path], timezone="UTC")


# --- layers -----------------------------------------------------------------------------------------------------------


def test_a_new_rule_goes_before_the_shipped_and_a_later_file_before_an_earlier(overlay: Overlay) -> None:
    first = '[[grade_item]]\nname = "one"\ntitle = "экзамен"\nattestation_kind = "milestone"'
    second = '[[grade_item]]\nname = "two"\ntitle = "экзамен"\nattestation_kind = "final"'
    assert item_of(overlay(first), itemname="Экзамен").rule == "one"
    assert item_of(overlay(first, second), itemname="Экзамен").rule == "two"
    assert item_of(overlay(second, first), itemname="Экзамен").rule == "one"


def test_rules_of_one_file_keep_their_order(overlay: Overlay) -> None:
    rule = '[[grade_item]]\nname = "{}"\nattestation_kind = "final"\n'
    assert item_of(overlay(rule.format("one") + rule.format("two"))).rule == "one"


def test_a_rule_with_a_known_name_takes_that_rules_place(overlay: Overlay) -> None:
    mapping = overlay('[[grade_item]]\nname = "exam"\ntitle = "испытание"\nattestation_kind = "milestone"')
    assert item_of(mapping, itemname="Испытание").rule == "exam"
    assert item_of(mapping, itemname="Экзамен").rule == "current", "the shipped rule is gone"
    assert item_of(mapping, itemname="Рубежное испытание").rule == "milestone", "its place is the shipped one"


def test_a_rule_can_be_removed_and_given_anew_by_a_later_file(overlay: Overlay) -> None:
    removal = '[[grade_item]]\nname = "exam"\nremove = true'
    again = '[[grade_item]]\nname = "exam"\ntitle = "рубежный"\nattestation_kind = "final"'
    assert item_of(overlay(removal), itemname="Экзамен").rule == "current"
    assert item_of(overlay(removal, again), itemname="Рубежный").rule == "exam"


def test_learner_fields_are_replaced_one_by_one_and_can_be_emptied(overlay: Overlay) -> None:
    mapping = overlay('[learner.fields]\ndepartment = { from = "profile.unit" }\nemail = { from = [] }')
    learner = learner_of(mapping, profile={"unit": "Кафедра"})
    assert (learner.department, learner.email, learner.city) == ("Кафедра", "", "Иркутск")


def test_patronymic_by_the_academys_choice(overlay: Overlay) -> None:
    by_first_name = overlay('[[learner.patronymic]]\nname = "mine"\nhow = "firstname"')
    assert learner_of(by_first_name, firstname="Али Гасан").middle_name == "Гасан"
    by_full_name = overlay('[[learner.patronymic]]\nname = "mine"\nhow = "fullname"')
    learner = learner_of(by_full_name, firstname="Иван", lastname="Иванов", fullname="Иванов Иван Ильич")
    assert (learner.first_name, learner.middle_name) == ("Иван", "Ильич")


def test_a_scale_is_replaced_with_all_its_versions(overlay: Overlay) -> None:
    text = """
    [[scale]]
    name = "hundred-point"
    version = "order 12"
    valid_from = 2020-01-01
    source = "order 12"
    thresholds = [{ from_percent = 0, text = "мало" }, { from_percent = 50, text = "много" }]
    """
    mapping = overlay(text)
    (version,) = mapping.effective.scales["hundred-point"]
    assert version.version.version == "order 12"
    source = grade(grade_item(), graderaw=50)
    assert entry_of(mapping, source).mark_text == "много"


def test_lookup_entries_are_added_and_replaced_one_by_one(overlay: Overlay) -> None:
    text = '[lookup.citizenship]\notherwise = "reject"\n[lookup.citizenship.values]\n"рф" = "RUS"\n"Чехия" = "203"'
    mapping = overlay(text)
    found = [
        learner_of(mapping, profile={"citizenship": word}).citizenship for word in ("РФ", "Чехия", "Россия", "Юпитер")
    ]
    assert found == ["RUS", "203", "643", ""]


def test_defaults_are_replaced(overlay: Overlay) -> None:
    assert item_of(overlay("[defaults]\nscales = []")).scale == ""


def test_the_version_follows_what_decides_and_nothing_else(overlay: Overlay, shipped: Mapping) -> None:
    rule = '[[grade_item]]\nname = "x"\nattestation_kind = "final"\n'
    versions = [
        shipped.version,
        overlay(rule).version,
        overlay(rule.replace("final", "current")).version,
        overlay("", timezone="Europe/Moscow").version,
        overlay("[lookup.citizenship]\nvalues = { x = '1' }").version,
    ]
    assert len(set(versions)) == len(versions)
    assert overlay("# a remark\n\n" + rule).version == overlay(rule).version
    assert overlay("").version == shipped.version


_names = st.lists(st.sampled_from("abcd"), unique=True, max_size=4)


@given(files=st.lists(_names, min_size=1, max_size=4))
def test_the_order_of_rules_over_any_files(tmp_path_factory: pytest.TempPathFactory, files: list[list[str]]) -> None:
    """A model of the whole rule: known names keep their place, new ones go in front, in the order of their file."""
    directory = tmp_path_factory.mktemp("layers")
    expected: list[str] = []
    paths = []
    for number, rules in enumerate(files):
        path = directory / f"{number}.toml"
        body = "".join(
            f'[[control_form]]\nname = "{name}"\ntitle = "{number}"\ncontrol_form = "exam"\n' for name in rules
        )
        path.write_text("format = 1\n" + body)
        paths.append(path)
        expected = [name for name in rules if name not in expected] + expected
    base = directory / "base.toml"
    base.write_text(
        'format = 1\n[learner.fields]\nlast_name = { from = "lastname" }\nfirst_name = { from = "firstname" }'
    )
    placed = load_mapping(None, [base, *paths], timezone="UTC").effective.control_form
    assert [one.rule.name for one in placed] == expected
    for one in placed:
        assert one.rule.title == [str(max(number for number, rules in enumerate(files) if one.rule.name in rules))]


def test_a_course_without_any_rules_is_of_another_kind(tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text(
        'format = 1\n[learner.fields]\nlast_name = { from = "lastname" }\nfirst_name = { from = "firstname" }'
    )
    mapping = load_mapping(None, [base], timezone="UTC")
    assert course_of(mapping, idnumber="PK-1").programme_kind.value == "other"
    assert (item_of(mapping).rule, item_of(mapping).scale) == ("", "")
    assert mapped(mapping, person()).rule == ""
