"""Forms, names and numbers as PHP and Moodle treat them."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.sandbox import php


def test_nested_names_become_arrays() -> None:
    text = urlencode([("a[0][name]", "x"), ("a[0][value]", "1"), ("a[1][name]", "y"), ("b", "ё & <")])
    parsed = php.parse_form(text, 1000)
    assert parsed == {"a": {"0": {"name": "x", "value": "1"}, "1": {"name": "y"}}, "b": "ё & <"}


def test_empty_brackets_number_themselves() -> None:
    assert php.parse_form("ids%5B%5D=7&ids[]=8", 1000) == {"ids": {"0": "7", "1": "8"}}


def test_variables_beyond_the_limit_vanish_without_a_word() -> None:
    text = "&".join(f"ids[{n}]={n}" for n in range(12))
    assert php.parse_form(text, 10) == {"ids": {str(n): str(n) for n in range(10)}}


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(), max_size=8))
def test_plain_forms_survive(fields: dict[str, str]) -> None:
    surrogates = any(0xD800 <= ord(char) <= 0xDFFF for value in fields.values() for char in value)
    if not surrogates:
        assert php.parse_form(urlencode(fields), 1000) == fields


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Скрытый курс & <архив>", "Скрытый курс &amp; "),
        ("Ж & \"к\" &amp; 'ё' 5 < 6 > 3", "Ж &amp; \"к\" &amp; 'ё' 5 &lt; 6 &gt; 3"),
        ("обычное имя", "обычное имя"),
    ],
)
def test_names_are_escaped_and_stripped_as_on_a_real_site(stored: str, shown: str) -> None:
    assert php.format_string(stored) == shown


@pytest.mark.parametrize(("text", "unclean"), [("Ира <b>", True), ("5 < 6", False), ("a & b", False), ("<", True)])
def test_a_tag_is_what_fails_a_list(text: str, unclean: bool) -> None:
    assert php.has_tags(text) is unclean


@given(st.decimals(min_value=-1000, max_value=1000, places=5))
def test_numbers_keep_their_value_and_lose_their_zeros(value: Decimal) -> None:
    written = php.to_json({"n": php.number(value)}).decode()
    assert Decimal(written[5:-1]) == value
    assert "." not in written or not written[5:-1].endswith("0")
    assert "E" not in written


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet="aЖ😀/\"\\\n<&é"),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="aё/"), inner)))  # fmt: skip
def test_json_is_ascii_and_means_the_same(value: object) -> None:
    written = php.to_json(value)
    assert written.isascii()
    assert b"/" not in written.replace(b"\\/", b"")
    assert json.loads(written) == value
