"""The order of names in Russian lists.

Owns one sort key, after the order of the Unicode collation (and of Russian dictionaries) for the characters that names
are made of: Cyrillic before Latin, ё together with е and after it only where nothing else differs, й after и, letter
case last, a space before a hyphen before any letter. Other accents are left out of the first comparison.
A full collation (ICU) needs a compiled library that has no plain wheel.
"""

from __future__ import annotations

import unicodedata

_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_ORDER = {letter: (4, index) for index, letter in enumerate(_CYRILLIC)}
_HYPHENS = frozenset("-\u2010\u2011\u2012\u2013\u2014")
_APOSTROPHES = frozenset("'\u2019\u02bc`")

Key = tuple[tuple[tuple[int, int], ...], tuple[str, ...], str]


def sort_key(text: str) -> Key:
    """The key by which `text` stands in a Russian alphabetical list."""
    normal = unicodedata.normalize("NFC", " ".join(text.split()))
    letters = [letter for letter in normal.casefold() if letter not in _APOSTROPHES]
    base = "".join(map(_base, letters))
    return tuple(map(_place, base)), tuple(letters), normal.swapcase()


def name_key(*parts: str) -> tuple[Key, ...]:
    """The key of a name in parts (last, first, middle): a whole part is compared before the next one."""
    return tuple(map(sort_key, parts))


def _base(letter: str) -> str:
    if letter in _ORDER:
        return letter  # й keeps its breve; ё is not in the order and loses its dots
    return "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part))


def _place(letter: str) -> tuple[int, int]:
    if letter in _ORDER:
        return _ORDER[letter]
    if letter == " ":
        return 0, 0
    if letter in _HYPHENS:
        return 1, 0
    if letter.isdigit():
        return 3, ord(letter)
    return (6 if letter.isascii() and letter.isalpha() else 5 if letter.isalpha() else 2), ord(letter)
