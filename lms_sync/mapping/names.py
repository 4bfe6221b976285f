"""Where a patronymic is found: four ways, each for one habit of keeping it in an LMS that has no field for it.

Owns the splitting of names. Must not know mapping files or records. Texts come in and go out as one line (see
`text.one_line`). Splitting never loses a character: the given name and the patronymic, joined by a blank, are what
was split.
"""

from __future__ import annotations

import re

_PARTICLES = {"оглы", "оглу", "кызы", "гызы", "улы", "уулу", "углы", "угли", "кизи", "заде"}
_PLACEHOLDERS = {"-", "–", "—", ".", "нет", "отсутствует", "без отчества"}
_ENDINGS = r"[\w'’]{2,}(?:вич|ич|вна|чна|шна)"
_JOINED = rf"[\w'’]+-(?:{'|'.join(sorted(_PARTICLES))})"  # Гасан-оглы
_PATRONYMIC = re.compile(f"{_ENDINGS}|{_JOINED}", re.IGNORECASE)


def split_by_ending(first_name: str) -> tuple[str, str]:
    """«Анна Мария Сергеевна» → («Анна Мария», «Сергеевна»): only a patronymic known by its ending is split off.

    Known endings are -вич, -ич, -вна, -чна and the particles оглы, кызы and their kin after a name («Гасан оглы»).
    """
    words = first_name.split()
    for length in (1, 2):
        if len(words) > length and _is_patronymic(words[-length:]):
            return " ".join(words[:-length]), " ".join(words[-length:])
    return " ".join(words), ""


def split_after_first_word(first_name: str) -> tuple[str, str]:
    """«Али Гасан» → («Али», «Гасан»): all that follows the first word, unless an ending says better."""
    given, patronymic = split_by_ending(first_name)
    if patronymic:
        return given, patronymic
    words = first_name.split()
    if len(words) < 2 or words[1].casefold() in _PARTICLES:
        return " ".join(words), ""
    return words[0], " ".join(words[1:])


def is_placeholder(patronymic: str) -> bool:
    """Whether what stands in a field for the patronymic says that the person has none: «-», «нет»."""
    return patronymic.casefold() in _PLACEHOLDERS


def without_patronymic(first_name: str, patronymic: str) -> str:
    """The given name without a patronymic that is known from elsewhere and repeated at its end."""
    words, tail = first_name.split(), patronymic.split()
    repeated = len(words) > len(tail) and _same(words[-len(tail) :], tail)
    return " ".join(words[: -len(tail)] if repeated else words)


def from_full_name(full_name: str, last_name: str, first_name: str) -> str:
    """What follows the given name in a display name that holds all three parts, in either order; else nothing."""
    words, last, first = full_name.split(), last_name.split(), first_name.split()
    if not last or not first:
        return ""
    for order in (_middle_last, _middle_between):
        if middle := order(words, last, first):
            return " ".join(middle)
    return ""


def _middle_last(words: list[str], last: list[str], first: list[str]) -> list[str]:
    head = last + first
    return words[len(head) :] if _same(words[: len(head)], head) else []


def _middle_between(words: list[str], last: list[str], first: list[str]) -> list[str]:
    middle = words[len(first) : -len(last)]
    return middle if middle and _same(words, first + middle + last) else []


def _is_patronymic(words: list[str]) -> bool:
    if len(words) == 2:
        return words[1].casefold() in _PARTICLES
    return _PATRONYMIC.fullmatch(words[0]) is not None


def _same(left: list[str], right: list[str]) -> bool:
    return [word.casefold() for word in left] == [word.casefold() for word in right]
