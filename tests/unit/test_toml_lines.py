"""The lines of a TOML text: every key that the parser sees has one, whatever traps the text holds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.toml_lines import Lines
from lms_sync.toml_lines import Path as TomlPath

TRICKY = '''\
# [not.a.table]
a = "# not a comment = [" # b = 2
"quoted.key" = \'\'\'
c = 1
[also.not]\'\'\'
[ t . "x y" ] # remark
list = [ # one
  1, [2, 3],

  { k = "}", l.m = [4,
    5] }, """two
lines \\""" ]""",
]
d.e.f = 2026-01-01
[[arr]]
n = 1
[[arr.sub]]
o = {}
[[arr.sub]]
o = ''
[arr.sub.deep]
p = "ends with a quote\\\\"
q = """three quotes at the end: """""
[[arr]]
n = 2
last = true'''


def test_the_lines_of_a_text_full_of_traps() -> None:
    expected: dict[TomlPath, int] = {
        ("a",): 2,
        ("quoted.key",): 3,
        ("t", "x y"): 6,
        ("t", "x y", "list"): 7,
        ("t", "x y", "list", 0): 8,
        ("t", "x y", "list", 1, 1): 8,
        ("t", "x y", "list", 2): 10,
        ("t", "x y", "list", 2, "k"): 10,
        ("t", "x y", "list", 2, "l", "m", 1): 11,
        ("t", "x y", "list", 3): 11,
        ("t", "x y", "d", "e", "f"): 14,
        ("arr", 0): 15,
        ("arr", 0, "n"): 16,
        ("arr", 0, "sub", 0, "o"): 18,
        ("arr", 0, "sub", 1): 19,
        ("arr", 0, "sub", 1, "o"): 20,
        ("arr", 0, "sub", 1, "deep", "p"): 22,
        ("arr", 0, "sub", 1, "deep", "q"): 23,
        ("arr", 1, "n"): 25,
        ("arr", 1, "last"): 26,
        ("arr", 1, "absent", "below"): 24,
        ("nowhere",): 1,
    }
    lines = Lines(TRICKY)
    assert {path: lines.of(path) for path in expected} == expected
    written = [path for path in expected if path != ("nowhere",)]
    assert all(lines.find([str(part) for part in path]) == expected[path] for path in written), "an index as a text"


def test_what_is_not_written_has_the_line_of_its_parent_or_none() -> None:
    lines = Lines("a = 1\n[t]\nb = 2\n")
    assert [lines.find(path) for path in (("t", "absent"), ("absent",), ())] == [2, None, None]
    assert [lines.of(path) for path in (("t", "absent"), ("absent",), ())] == [2, 1, 1]


def test_windows_line_ends_count_once() -> None:
    assert Lines("a = 1\r\n[t]\r\nb = 2\r\n").find(("t", "b")) == 3


def every_path(value: object, path: TomlPath = ()) -> Iterator[TomlPath]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from every_path(member, (*path, key))


@pytest.mark.parametrize(
    "text", [TRICKY, (Path(__file__).parents[2] / "mappings/moodle.toml").read_text(encoding="utf-8")]
)
def test_every_path_that_the_parser_sees_has_a_line_that_shows_its_key(text: str) -> None:
    lines, rows = Lines(text), text.split("\n")
    for path in every_path(tomllib.loads(text)):
        assert tuple(map(str, path)) in lines._lines, path
        if isinstance(path[-1], str):
            assert path[-1] in rows[lines.of(path) - 1], path


_strings = st.sampled_from(
    ['"# ["', "'}'", '"""\n=\n"""', "'''\n[[x]]\n'''", '"\\""', "1", "[\n1,\n]", "{ a = 1, b = [2] }"]
)


@given(st.lists(st.tuples(st.booleans(), _strings), min_size=1, max_size=8))
def test_lines_after_any_values(values: list[tuple[bool, str]]) -> None:
    text, expected = "", {}
    table: TomlPath = ()
    for number, (header, value) in enumerate(values):
        if header:
            text += "[[rule]]\n"
            table = ("rule", (table[1] + 1) if table and isinstance(table[1], int) else 0)
        expected[(*table, f"key{number}")] = text.count("\n") + 1
        text += f"key{number} = {value} # remark\n"
    tomllib.loads(text)
    lines = Lines(text)
    assert {path: lines.of(path) for path in expected} == expected
