"""Texts as the mapping stores and compares them: cleaning, folding, patterns.

Owns which characters may enter a record and what "the same text" means to a rule. Must not know any kind of record.
Nothing here unescapes or strips markup: a person's name that holds `&amp;` does so in the LMS's own database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

Matcher = Callable[[str], bool]

# Zero-width marks, the soft hyphen and the direction marks: invisible, and enough to make two equal names differ.
_INVISIBLE = dict.fromkeys([0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF])
_UNSTORABLE = dict.fromkeys(code for code in range(0x20) if code not in (0x09, 0x0A, 0x0D))
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_WILDCARDS = re.compile(r"[*?]")


def storable(text: str) -> str:
    """The text without edge blanks and without what no store can hold: control characters and halves of characters."""
    if text.isprintable():
        return text.strip()
    return _LONE_SURROGATE.sub("\ufffd", text.translate(_UNSTORABLE)).strip()


def one_line(text: str) -> str:
    """The text with every run of blanks (non-breaking ones too) as one blank and without invisible marks."""
    return " ".join(storable(text).translate(_INVISIBLE).split())


def fold(text: str) -> str:
    """The text as rules compare it: one line, without regard to case or to ё and е."""
    return one_line(text).casefold().replace("ё", "е")


def code_matcher(patterns: Sequence[str]) -> Matcher:
    """Matches a whole code (an idnumber) against any of the patterns; `*` stands for any run, `?` for one character."""
    return _any_of(f"{_glob(fold(pattern))}$" for pattern in patterns)


def phrase_matcher(patterns: Sequence[str]) -> Matcher:
    """Matches a title: a pattern with `*` or `?` is the whole title, another one is the beginning of a word in it.

    So `зачёт` is found in «Итоговый зачёт» and «Зачётная работа», and not in «Перезачёт».
    """
    return _any_of(_phrase(fold(pattern)) for pattern in patterns)


def _phrase(pattern: str) -> str:
    if _WILDCARDS.search(pattern):
        return f"{_glob(pattern)}$"
    word_start = r"(?<!\w)" if re.match(r"\w", pattern) else ""
    return rf"(?:.*{word_start})??{re.escape(pattern)}"


def _glob(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)


def _any_of(expressions: Iterable[str]) -> Matcher:
    expression = re.compile("|".join(f"(?:{one})" for one in expressions), re.DOTALL)
    return lambda text: expression.match(fold(text)) is not None
