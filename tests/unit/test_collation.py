"""The order of names in Russian lists."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.collation import name_key, sort_key

IN_ORDER = [
    ["Абаев", "Ежов", "Елкин", "Ёлкин", "Елков", "Жуков", "Яковлев"],
    ["Ивлев", "Исаев", "Йорданов", "Кузин"],
    ["Петров", "Петров Иван", "Петров-Водкин", "Петрова", "Петровский"],
    ["Яшин", "Adams", "Éclair", "Edwards", "Young"],
    ["иванов", "Иванов", "Иванова"],
    ["Д’Артаньян", "Дарья"],
]


@pytest.mark.parametrize("names", IN_ORDER, ids=lambda names: names[0])
def test_names_stand_as_a_russian_list_has_them(names: list[str]) -> None:
    shuffled = list(names)
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=sort_key) == names


def test_a_last_name_is_compared_whole_before_the_first() -> None:
    people = [("Петров", "Яков"), ("Петров-Водкин", "Андрей"), ("Петрова", "Анна"), ("Петров", "Алексей")]
    assert sorted(people, key=lambda person: name_key(*person)) == [
        ("Петров", "Алексей"),
        ("Петров", "Яков"),
        ("Петров-Водкин", "Андрей"),
        ("Петрова", "Анна"),
    ]


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert sort_key("Е\u0308лкин") == sort_key("Ёлкин")
    assert sort_key("И\u0306орданов") == sort_key("Йорданов")


@given(st.text(), st.text())
def test_different_names_never_tie_but_by_spaces_and_composition(first: str, second: str) -> None:
    import unicodedata

    def normal(text: str) -> str:
        return unicodedata.normalize("NFC", " ".join(text.split())).swapcase()

    assert (sort_key(first) == sort_key(second)) == (normal(first) == normal(second))
