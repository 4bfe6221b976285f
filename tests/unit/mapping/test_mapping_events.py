"""Events of a log: which rule decides, whom an action concerns, and that no row is lost or makes it raise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.connector import Event, Events
from lms_sync.errors import ConfigError
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.lint import lint
from lms_sync.mapping.load import load_mapping
from lms_sync.records import Action, Rung
from tests.unit.mapping.samples import MOMENT, Overlay

MANUAL = Path(__file__).parents[3] / "docs" / "mapping.md"
STARTED = "\\mod_quiz\\event\\attempt_started"
GRADED = "\\core\\event\\user_graded"
COMPLETION = "\\core\\event\\course_module_completion_updated"
OWN = '[action]\nseen = "Осмотрено"\ntouched = "Тронуто"\n[object]\nthing = "вещь"\n[event]\n'


def event(name: str = STARTED, **changes: Any) -> Event:
    usual = Event(
        id=41, time=MOMENT, name=name, person=7, course=5, activity=12, object_type="quiz_attempts", object_id=77,
        crud="c", address="192.0.2.7", origin="web",
    )  # fmt: skip
    return usual._replace(**changes)


def action_of(mapping: Mapping, one: Event, rung: Rung = Rung.LOG) -> Action:
    mapped = mapping.actions(Events([one], rung))
    assert not mapped.rejections
    (action,) = mapped.actions
    return action


def code_of(mapping: Mapping, name: str, **changes: Any) -> str:
    return action_of(mapping, event(name, **changes)).action


# --- rows -------------------------------------------------------------------------------------------------------------


def test_every_field_has_its_place(shipped: Mapping) -> None:
    assert action_of(shipped, event(related_person=9, real_person=2)) == Action(
        key=f"41@{MOMENT}", occurred_at=MOMENT, utc_offset=480, learner="9", actor="7", impersonator="2",
        action="attempt_started", event=STARTED, course="5", activity="12", object_type="attempt", object_id="77",
        crud="c", address="192.0.2.7", origin="web", anonymous=False, rung="log",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("person", "related", "learner", "actor"),
    [
        (7, None, "7", None),
        (7, 7, "7", None),
        (7, 9, "9", "7"),
        (None, 9, "9", ""),
        (0, 0, "", ""),
        (None, None, "", ""),
        (-10, None, "", ""),
        ("ab", "cd", "cd", "ab"),
    ],
)
def test_whom_it_concerns_and_who_did_it(
    shipped: Mapping, person: Any, related: Any, learner: str, actor: str | None
) -> None:
    action = action_of(shipped, event(person=person, related_person=related))
    assert (action.learner, action.actor) == (learner, actor)


@pytest.mark.parametrize("rung", Rung)
def test_an_anonymous_event_names_nobody(shipped: Mapping, rung: Rung) -> None:
    one = event(anonymous=1, related_person=9, real_person=2)
    action = action_of(shipped, one, rung)
    assert (action.learner, action.actor, action.impersonator, action.address) == ("", "", "", "")
    assert (action.object_id, action.anonymous) == ("", True), "an attempt leads to its learner"
    viewed = action_of(shipped, event("\\mod_feedback\\event\\course_module_viewed", anonymous=True))
    assert (viewed.object_type, viewed.object_id) == ("activity", "12")


def test_a_derived_action_is_its_own_code(shipped: Mapping) -> None:
    one = event("submitted", id="submission/3/1790", object_type="submission", object_id=3, origin=None)
    action = action_of(shipped, one, Rung.DERIVED)
    assert (action.key, action.action, action.event, action.rung) == (
        "derived/submission/3/1790", "submitted", "", "derived",
    )  # fmt: skip
    assert (action.object_type, action.object_id, action.origin) == ("submission", "3", "")


def test_the_offset_is_the_sites_at_that_moment(overlay: Overlay) -> None:
    berlin = overlay("", timezone="Europe/Berlin")
    change = 1_792_890_000  # 2026-10-25T01:00:00Z, clocks go back
    offsets = [action_of(berlin, event(time=change + seconds)).utc_offset for seconds in (-1, 0)]
    assert offsets == [120, 60]
    lord_howe = overlay("", timezone="Australia/Lord_Howe")
    change = 1_791_041_400  # 2026-10-03T15:30:00Z, half an hour forward
    assert [action_of(lord_howe, event(time=change + seconds)).utc_offset for seconds in (-1, 0)] == [630, 660]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": 0}, "no_id"),
        ({"id": None}, "no_id"),
        ({"id": True}, "no_id"),
        ({"time": 0}, "no_time"),
        ({"time": None}, "no_time"),
        ({"time": "1790135919"}, "not_epoch"),
        ({"time": True}, "not_epoch"),
        ({"time": 10**12}, "out_of_range"),
        ({"name": ""}, "no_name"),
        ({"name": None}, "no_name"),
    ],
)
def test_what_cannot_be_kept_is_said_and_leaves_the_others(
    shipped: Mapping, changes: dict[str, Any], code: str
) -> None:
    mapped = shipped.actions(Events([event(), event(**changes), event(id=42)], Rung.LOG))
    assert [action.key for action in mapped.actions] == [f"41@{MOMENT}", f"42@{MOMENT}"]
    (rejection,) = mapped.rejections
    assert (rejection.kind, rejection.code) == ("action", code)
    assert rejection.message


_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(1, 50),
    st.text(),
    st.floats(),
    st.lists(st.integers(), max_size=1),
)
_names = st.one_of(st.sampled_from([STARTED, GRADED, COMPLETION, "\\mod_x\\event\\course_module_viewed"]), _values)
_others = st.one_of(_values, st.recursive(_values, lambda inner: st.dictionaries(st.text(), inner)).map(repr))
_times = st.one_of(_values, st.integers(MOMENT, MOMENT + 3))
_events = st.builds(Event, _values, _times, _names, *[_values] * 11, _others)


@given(rows=st.lists(_events, max_size=8), rung=st.sampled_from(Rung))
def test_no_value_makes_it_raise_and_no_row_is_dropped(shipped: Mapping, rows: list[Event], rung: Rung) -> None:
    mapped = shipped.actions(Events(rows, rung))
    assert len(mapped.actions) + len(mapped.rejections) == len(rows)
    for action in mapped.actions:
        texts = [value for value in action if isinstance(value, str)]
        assert len(action) == len(Action._fields) and all("\0" not in text for text in texts)
        assert "".join(texts).encode()  # no half characters


_identities = st.tuples(st.integers(1, 10**19), st.integers(MOMENT, MOMENT + 10**6))


@given(identities=st.sets(_identities, max_size=20))
def test_keys_differ_where_id_and_time_do(shipped: Mapping, identities: set[tuple[int, int]]) -> None:
    rows = [event(id=id_, time=time) for id_, time in identities]
    assert len({action.key for action in shipped.actions(Events(rows, Rung.LOG)).actions}) == len(identities)


@given(rows=st.lists(_events, max_size=8))
def test_a_row_means_the_same_in_any_company(shipped: Mapping, rows: list[Event]) -> None:
    together = shipped.actions(Events(rows, Rung.LOG)).actions
    alone = [action for row in rows for action in shipped.actions(Events([row], Rung.LOG)).actions]
    assert together == alone


# --- rules ------------------------------------------------------------------------------------------------------------


def test_an_event_that_no_rule_knows_keeps_its_name_and_object_and_is_counted(shipped: Mapping) -> None:
    rows = [event("\\tool_x\\event\\y"), event("\\tool_x\\event\\y", id=42), event()]
    mapped = shipped.actions(Events(rows, Rung.LOG))
    assert mapped.unknown == {"\\tool_x\\event\\y": 2}
    first = mapped.actions[0]
    assert (first.action, first.event, first.object_type, first.object_id) == (
        "\\tool_x\\event\\y", "\\tool_x\\event\\y", "quiz_attempts", "77",
    )  # fmt: skip


def test_the_academys_word_on_a_single_event_leaves_the_others(overlay: Overlay) -> None:
    mapping = overlay(OWN + f"'{STARTED}' = {{ action = \"seen\" }}")
    assert (code_of(mapping, STARTED), code_of(mapping, GRADED)) == ("seen", "graded")


def test_a_whole_name_is_asked_before_patterns_and_a_later_file_before_an_earlier(overlay: Overlay) -> None:
    viewed = "\\mod_page\\event\\course_module_viewed"
    pattern = OWN + "'\\mod_page\\*' = { action = \"seen\" }\n"
    whole = OWN + f"'{viewed}' = {{ action = \"touched\" }}\n"
    assert code_of(overlay(), viewed) == "activity_viewed"
    assert code_of(overlay(pattern), viewed) == "seen"
    assert code_of(overlay(pattern + f"'{viewed}' = {{ action = \"touched\" }}"), viewed) == "touched"
    assert code_of(overlay(whole, pattern), viewed) == "seen", "the later file is asked first"
    assert code_of(overlay(pattern, whole), viewed) == "touched"


def test_patterns_of_a_file_are_asked_in_its_order(overlay: Overlay) -> None:
    mapping = overlay(OWN + "'\\a*' = { action = \"seen\" }\n'\\a\\b*' = { action = \"touched\" }")
    assert code_of(mapping, "\\a\\bc") == "seen"


def test_a_pattern_fits_the_whole_name_letter_by_letter(overlay: Overlay) -> None:
    mapping = overlay(OWN + "'\\a*b.c' = { action = \"seen\" }")
    names = ["\\ab.c", "\\a\\x\\b.c", "\\a\nb.c", "\\abxc", "\\ab.cd", "\\AB.C"]
    assert [name for name in names if code_of(mapping, name) == "seen"] == names[:3]


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("", ("thing", "77")),
        (', from = "object"', ("thing", "77")),
        (', from = "activity"', ("thing", "12")),
        (', from = "course"', ("thing", "5")),
        (', from = "other.item"', ("thing", "900")),
        (', from = "other.nothing"', ("thing", "")),
    ],
)
def test_where_the_object_is_found(overlay: Overlay, place: str, found: tuple[str, str]) -> None:
    mapping = overlay(OWN + f'\'\\x\' = {{ action = "seen", object = "thing"{place} }}')
    action = action_of(mapping, event("\\x", other='{"item": "900"}'))
    assert (action.object_type, action.object_id) == found


@pytest.mark.parametrize("other", [None, "", "null", "[1]", '{"item"', '{"item": [1]}', "\ud800", "[" * 100_000])
def test_what_cannot_be_read_tells_no_object(overlay: Overlay, other: str | None) -> None:
    mapping = overlay(OWN + '\'\\x\' = { action = "seen", object = "thing", from = "other.item" }')
    assert action_of(mapping, event("\\x", other=other)).object_id == ""


@pytest.mark.parametrize(
    ("value", "code"), [(1, "seen"), ("1", "seen"), (2, "seen"), (True, "seen"), (0, "touched"), (None, "touched")]
)
def test_the_first_rule_whose_values_fit_decides(overlay: Overlay, value: Any, code: str) -> None:
    rules = '[{ action = "seen", when = { state = [1, "2", true] } }, { action = "touched" }]'
    mapping = overlay(OWN + f"'\\x' = {rules}")
    assert code_of(mapping, "\\x", other=json.dumps({"state": value})) == code
    assert code_of(mapping, "\\x", other=None) == "touched"


def test_where_no_value_fits_the_next_file_is_asked_and_at_last_the_name_stays(overlay: Overlay) -> None:
    own = OWN + f"'{STARTED}' = {{ action = \"seen\", when = {{ a = 1, b = 2 }} }}\n"
    own += "'\\x' = { action = \"seen\", when = { a = 1 } }"
    mapping = overlay(own)
    assert code_of(mapping, STARTED, other='{"a": 1, "b": 2}') == "seen"
    assert code_of(mapping, STARTED, other='{"a": 1}') == "attempt_started"
    assert code_of(mapping, "\\x", other='{"a": 3}') == "\\x"


@pytest.mark.parametrize(
    ("state", "code"), [(0, "activity_uncompleted"), (1, "activity_completed"), ("2", "activity_completed")]
)
def test_completion_is_told_by_its_state(shipped: Mapping, state: Any, code: str) -> None:
    action = action_of(shipped, event(COMPLETION, other=json.dumps({"completionstate": state})))
    assert (action.action, action.object_type, action.object_id) == (code, "activity", "12")


def test_a_change_of_events_is_a_change_of_the_mapping(overlay: Overlay) -> None:
    own = OWN + "'\\x' = { action = \"seen\" }"
    assert overlay(own).version != overlay(own.replace("'\\x'", "'\\y'")).version
    assert overlay(own).version == overlay(own.replace("Осмотрено", "Видено")).version, "a caption decides nothing"


def test_captions_are_replaced_one_by_one(overlay: Overlay) -> None:
    captions = overlay('[action]\ngraded = "Оценено"').effective.action_captions
    assert (captions["graded"], captions["enrolled"]) == ("Оценено", "Зачисление на курс")


def test_files_of_a_subject_belong_to_the_shipped_mapping(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    package = tmp_path / "mappings_of_another"
    package.mkdir()
    base = 'format = 1\n[learner.fields]\nlast_name = { from = "lastname" }\nfirst_name = { from = "firstname" }\n'
    rule = 'format = 1\n[[control_form]]\nname = "{}"\ncontrol_form = "exam"\n'
    for subject in "cabde":
        (package / f"other.{subject}.toml").write_text(rule.format(subject))
    for name, text in {
        "__init__.py": "", "other.toml": base, "other-more.toml": "not of this name", "others.c.toml": "nor this",
        "other.a.toml.bak": "nor that", "other.a.txt": "nor that",
    }.items():  # fmt: skip
        (package / name).write_text(text)
    metadata = tmp_path / "mappings_of_another-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mappings-of-another\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[lms_sync.mappings]\nother = mappings_of_another\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    placed = load_mapping("other", [], timezone="UTC").effective.control_form
    assert [one.rule.name for one in placed] == ["e", "d", "c", "b", "a"]
    assert placed[0].where == "mappings_of_another/other.e.toml:3"
    (package / "other.a.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"mappings_of_another/other\.a\.toml: cannot be read"):
        load_mapping("other", [], timezone="UTC")


# --- the manual, and what is hardly meant -----------------------------------------------------------------------------


def test_the_manuals_examples_load_and_are_above_suspicion(overlay: Overlay) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    section = text[text.index("## The action journal") : text.index("## What follows from the LMS alone")]
    own, completion = re.findall(r"```toml\n(.*?)```", section, re.S)
    mapping = overlay(own, completion)
    assert lint(mapping) == []
    joined = action_of(mapping, event("\\local_webinar\\event\\webinar_joined"))
    assert (joined.action, joined.object_type, joined.object_id) == ("webinar_joined", "activity", "12")
    assert code_of(mapping, "\\mod_hvp\\event\\attempt_submitted") == "package_used"
    assert code_of(mapping, COMPLETION, other='{"completionstate": 0}') == "activity_uncompleted"


@pytest.mark.parametrize(
    ("own", "suspicion"),
    [
        (
            '\'\\a*\' = { action = "seen" }\n\'\\ab*\' = { action = "touched", object = "thing" }',
            "event \\ab* never decides: \\a* (overlay-0.toml:8) fits first; move it up",
        ),
        (
            '\'\\x\' = { action = "seen", object = "thing" }',
            "no event has the action touched, which [action] names; drop it or correct the code",
        ),
        (
            "'\\x' = { action = \"seen\" }\n'\\y' = { action = \"touched\" }",
            "no event has the object thing, which [object] names; drop it or correct the code",
        ),
        (
            f'\'{STARTED}\' = {{ action = "seen", object = "thing" }}\n\'\\y\' = {{ action = "touched" }}',
            "no event becomes attempt_started, which lms-sync concludes by itself: it would be told twice; "
            "give the event that tells it this code",
        ),
    ],
)
def test_what_is_hardly_meant_is_said(overlay: Overlay, tmp_path: Path, own: str, suspicion: str) -> None:
    assert [one.message.replace(f"{tmp_path}/", "") for one in lint(overlay(OWN + own))] == [suspicion]


def test_the_shipped_table_is_above_suspicion_and_no_pattern_hides_another(shipped: Mapping, overlay: Overlay) -> None:
    assert lint(shipped) == []
    conditional = (
        '\'\\a*\' = { action = "seen", when = { a = 1 } }\n\'\\ab*\' = { action = "touched", object = "thing" }'
    )
    assert lint(overlay(OWN + conditional)) == [], "what the first leaves, the second may decide"
