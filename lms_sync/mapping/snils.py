"""СНИЛС: its written form and its check digits.

Owns the rule of the check digits (the Pension Fund's own; `docs/mapping.md` gives it in words). Must not know where
a number comes from.
"""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{2}")
_LAST_UNCHECKED = 1_001_998  # numbers up to 001-001-998 were given out before the check digits


def check_digits(number: str) -> int:
    """The two check digits of a number of nine digits: positions counted from the end, sum modulo 101, 100 as 00."""
    total = sum(int(digit) * weight for digit, weight in zip(number, range(9, 0, -1), strict=True))
    return total % 101 % 100


def normalise(text: str) -> str | None:
    """The number as `XXX-XXX-XXX XX`, or None when it is not eleven digits in a usual grouping."""
    if not _WRITTEN.fullmatch(text):
        return None
    digits = re.sub(r"\D", "", text)
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}"


def is_valid(normalised: str) -> bool:
    """Whether the check digits of `XXX-XXX-XXX XX` are right, or are not to be checked."""
    digits = re.sub(r"\D", "", normalised)
    number = int(digits[:9])
    return 0 < number <= _LAST_UNCHECKED or (number > 0 and int(digits[9:]) == check_digits(digits[:9]))
