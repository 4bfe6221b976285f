"""Splitting names, cleaning texts and matching patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_sync.mapping import names
from lms_sync.mapping.text import code_matcher, fold, one_line, phrase_matcher, storable


@pytest.mark.parametrize(
    ("first_name", "expected"),
    [
        ("Иван Иванович", ("Иван", "Иванович")),
        ("Анна Мария", ("Анна Мария", "")),
        ("Анна Мария Сергеевна", ("Анна Мария", "Сергеевна")),
        ("Анна-Мария Сергеевна", ("Анна-Мария", "Сергеевна")),
        ("Али Гасан оглы", ("Али", "Гасан оглы")),
        ("Лейла Гасан Кызы", ("Лейла", "Гасан Кызы")),
        ("Али Гасан-оглы", ("Али", "Гасан-оглы")),
        ("Пётр Ильич", ("Пётр", "Ильич")),
        ("Ольга Ильинична", ("Ольга", "Ильинична")),
        ("Инна Кузьминишна", ("Инна", "Кузьминишна")),
        ("ИВАН ИВАНОВИЧ", ("ИВАН", "ИВАНОВИЧ")),
        ("Гасан оглы", ("Гасан оглы", "")),
        ("Иванович", ("Иванович", "")),
        ("Джон Пол", ("Джон Пол", "")),
        ("", ("", "")),
    ],
)
def test_splitting_by_the_ending(first_name: str, expected: tuple[str, str]) -> None:
    assert names.split_by_ending(first_name) == expected


@pytest.mark.parametrize(
    ("first_name", "expected"),
    [
        ("Иван Иванович", ("Иван", "Иванович")),
        ("Али Гасан", ("Али", "Гасан")),
        ("Анна Мария Сергеевна", ("Анна Мария", "Сергеевна")),
        ("Али Гасан оглы", ("Али", "Гасан оглы")),
        ("Гасан оглы", ("Гасан оглы", "")),
        ("Анна-Мария", ("Анна-Мария", "")),
    ],
)
def test_splitting_after_the_first_word(first_name: str, expected: tuple[str, str]) -> None:
    assert names.split_after_first_word(first_name) == expected


_word = st.sampled_from(["Иван", "Анна", "Мария", "Иванович", "Сергеевна", "Гасан", "оглы", "Кызы", "Анна-Мария", "ич"])
_any_name = st.one_of(st.text(), st.lists(_word, max_size=5).map(" ".join))


@given(_any_name)
def test_splitting_never_loses_a_character(text: str) -> None:
    name = one_line(text)
    for split in (names.split_by_ending, names.split_after_first_word):
        given_name, patronymic = split(name)
        assert " ".join(part for part in (given_name, patronymic) if part) == name
        assert given_name or not name, "a given name must remain"


@pytest.mark.parametrize(
    ("full_name", "last_name", "first_name", "patronymic"),
    [
        ("Иванов Иван Иванович", "Иванов", "Иван", "Иванович"),
        ("Иван Иванович Иванов", "Иванов", "Иван", "Иванович"),
        ("Гасанов Али Гасан оглы", "Гасанов", "Али", "Гасан оглы"),
        ("Мамин Сибиряк Дмитрий Наркисович", "Мамин Сибиряк", "Дмитрий", "Наркисович"),
        ("Иван Иванов", "Иванов", "Иван", ""),
        ("Иванов Иван", "Иванов", "Иван", ""),
        ("И. И. Иванов", "Иванов", "Иван", ""),
        ("Иван Иван Иван", "Иван", "Иван", "Иван"),
        ("Кто-то другой вовсе", "Иванов", "Иван", ""),
        ("Иванов Иванович", "Иванов", "", ""),
    ],
)
def test_a_patronymic_in_the_display_name(full_name: str, last_name: str, first_name: str, patronymic: str) -> None:
    assert names.from_full_name(full_name, last_name, first_name) == patronymic


def test_a_patronymic_known_from_elsewhere_is_not_repeated() -> None:
    assert names.without_patronymic("Иван ИВАНОВИЧ", "Иванович") == "Иван"
    assert names.without_patronymic("Иванович", "Иванович") == "Иванович"
    assert names.without_patronymic("Иван Петрович", "Иванович") == "Иван Петрович"


# --- texts ------------------------------------------------------------------------------------------------------------


def test_a_name_is_one_clean_line_and_never_unescaped() -> None:
    assert one_line(" Анна\u00a0 \u200bМария\ufeff\tII\n") == "Анна Мария II"
    assert one_line('Ира &amp; "Q" <b>') == 'Ира &amp; "Q" <b>'


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_every_text_can_be_stored(text: str) -> None:
    stored = storable(text)
    stored.encode("utf-8")
    assert "\x00" not in stored


def test_half_a_character_is_marked_as_lost() -> None:
    assert storable("а\ud800б") == "а\ufffdб"


def test_a_text_keeps_its_lines_and_blanks() -> None:
    assert storable(" а\u00a0б\nв\x00 ") == "а\u00a0б\nв"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("зачёт", "Итоговый ЗАЧЕТ", True),
        ("зачет", "Зачётная работа", True),
        ("зачёт", "Перезачёт", False),
        ("промежуточн", "1. Промежуточная аттестация", True),
        ("*экзамен*", "Предэкзаменационный тест", True),
        ("экзамен*", "Итоговый экзамен", False),
        ("тест ?", "Тест 1", True),
        ("тест ?", "Тест 10", False),
        ("(тест)", "Экзамен(тест)", True),
        ("а.б", "аxб", False),
        ("итоговый тест", "Итоговый\u00a0 тест", True),
    ],
)
def test_phrases(pattern: str, text: str, fits: bool) -> None:
    assert phrase_matcher([pattern])(text) is fits


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("FINAL-*", "final-hr", True),
        ("FINAL", "FINAL-HR", False),
        ("FINAL", "SEMIFINAL", False),
        ("PK-?", "PK-12", False),
        ("[PK]", "P", False),
        ("[PK]", "[pk]", True),
        ("PK-*", "", False),
    ],
)
def test_codes(pattern: str, text: str, fits: bool) -> None:
    assert code_matcher([pattern])(text) is fits


@given(st.text(min_size=1).filter(lambda text: fold(text) and "*" not in fold(text) and "?" not in fold(text)))
def test_a_text_is_its_own_pattern(text: str) -> None:
    assert phrase_matcher([text])(text)
    assert phrase_matcher(["nothing else", text])(f"перед {text} после")
    assert code_matcher([text])(text)
